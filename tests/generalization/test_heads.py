"""Heads: what comes out in which mode, and what shares parameters."""

import pytest
import torch
from torch import nn
from torch.nn.functional import normalize

from mlcourse.generalization import Heads


def heads(kept=None, trunk=None):
    generator = torch.Generator().manual_seed(3)
    parts = {"a": nn.Linear(4, 3), "b": nn.Linear(4, 2), "c": nn.Linear(4, 1)}
    for part in parts.values():
        for weight in part.parameters():
            weight.data = torch.randn(weight.shape, generator=generator)
    return Heads(trunk or nn.Flatten(), parts, kept=kept)


@pytest.fixture
def x(generator):
    return torch.randn(6, 2, 2, generator=generator)


def test_train_mode_gives_all_heads_side_by_side(x):
    psi = heads(kept={"b": 1.0})
    parts = [normalize(h(x.flatten(1)), dim=1) for h in psi.heads.values()]
    torch.testing.assert_close(psi(x), torch.cat(parts, dim=1))
    assert list(psi.each(x)) == ["a", "b", "c"]
    for ours, part in zip(psi.each(x).values(), parts, strict=True):
        torch.testing.assert_close(ours, part)


@pytest.mark.parametrize(
    "kept", [{"b": 1.0}, {"a": 1.0, "b": 2.0}, {"b": 2, "a": 1}, None]
)
def test_eval_mode_has_the_weighted_mean_of_the_cosines(x, kept):
    """sum w^2 cos / sum w^2, whatever the order of the heads."""
    psi = heads(kept=kept).eval()
    each, weights = psi.each(x), kept or {"a": 1, "b": 1, "c": 1}
    total = sum(w**2 for w in weights.values())
    cosines = sum(w**2 * each[n] @ each[n].T for n, w in weights.items()) / total
    z = psi(x)
    torch.testing.assert_close(z @ z.T, cosines)
    torch.testing.assert_close(z.norm(dim=1), torch.ones(6))
    assert z.shape[1] == sum(each[n].shape[1] for n in weights)


def test_only_one_head_shares_its_parameters_and_the_mode(x):
    psi = heads(kept={"a": 1.0}).eval()
    one = psi.only("b")
    assert not one.training
    torch.testing.assert_close(one(x), psi.each(x)["b"])
    assert one.heads["b"].weight is psi.heads["b"].weight
    assert {id(p) for p in one.parameters()} < {id(p) for p in psi.parameters()}
    assert psi.train().only("b").training


def test_the_trunk_is_passed_once_in_eval_and_in_train(x):
    class Counted(nn.Flatten):
        calls = 0

        def forward(self, x):
            Counted.calls += 1
            return super().forward(x)

    psi = heads(trunk=Counted())
    psi(x)
    psi.eval()(x)
    assert Counted.calls == 2


@pytest.mark.errors
@pytest.mark.parametrize(
    ("kept", "message"),
    [
        ({"d": 1.0}, r"some of the heads \['a', 'b', 'c'\], got \['d'\]"),
        ({}, "must name some of the heads"),
        ({"a": 0.0}, "the weight of a must be > 0, got 0.0"),
        ({"a": float("nan")}, "the weight of a must be > 0"),
    ],
)
def test_errors(kept, message):
    with pytest.raises(ValueError, match=message):
        heads(kept=kept)


@pytest.mark.errors
def test_more_errors():
    with pytest.raises(ValueError, match="heads must name at least one"):
        Heads(nn.Flatten(), {})
    with pytest.raises(ValueError, match="name must be one of .* got 'd'"):
        heads().only("d")
