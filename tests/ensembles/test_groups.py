"""Learners side by side: cut, put together, heard as one."""

import pytest
import torch
from torch import nn

from mlcourse.ensembles import Independent, UnitGroups, concatenate, split_learners

SIZES = (1, 2, 3)


def cosine(f):
    """Cosine of every two rows, entry by entry."""
    return torch.stack(
        [torch.stack([(u @ v) / (u.norm() * v.norm()) for v in f]) for u in f]
    )


def test_split_is_columns_over_their_length(z):
    parts = split_learners(z, sizes=SIZES)
    for part, (a, b) in zip(parts, ((0, 1), (1, 3), (3, 6)), strict=True):
        for row, whole in zip(part, z, strict=True):
            piece = whole[a:b]
            torch.testing.assert_close(row, piece / (piece**2).sum().sqrt())


@pytest.mark.parametrize("weights", [None, (1, 2, 3), (0.2, 0.0, 0.05)])
def test_dot_product_is_the_weighted_mean_cosine(z, weights):
    parts = z.split(SIZES, dim=1)
    whole = concatenate(parts, weights=weights)
    w = [1 / 3] * 3 if weights is None else [w / sum(weights) for w in weights]
    mean = sum(a * cosine(part) for a, part in zip(w, parts, strict=True))
    torch.testing.assert_close(whole @ whole.T, mean)
    torch.testing.assert_close(whole.norm(dim=1), torch.ones(len(z)).double())


def test_by_hand():
    whole = concatenate(
        [torch.tensor([[0.0, -2.0]]), torch.tensor([[3.0, 4.0]])], weights=[1, 3]
    )
    assert whole.tolist() == [
        pytest.approx([0, -0.5, 0.75**0.5 * 0.6, 0.75**0.5 * 0.8])
    ]


def test_lengths_of_parts_change_nothing(z):
    parts = z.split(SIZES, dim=1)
    longer = [part * scale for part, scale in zip(parts, (7, 0.1, 3), strict=True)]
    torch.testing.assert_close(concatenate(longer), concatenate(parts))
    again = split_learners(concatenate(parts, weights=(3, 1, 1)), sizes=SIZES)
    for once, twice in zip(split_learners(z, sizes=SIZES), again, strict=True):
        torch.testing.assert_close(twice, once)


def test_a_part_of_0_stays_0_with_a_finite_gradient():
    z = torch.zeros(1, 3, requires_grad=True)
    whole = concatenate(z.split((1, 2), dim=1))
    whole.sum().backward()
    assert whole.tolist() == [[0, 0, 0]]
    assert z.grad.isfinite().all()


def test_as_a_layer_it_is_the_function(z):
    layer = UnitGroups(SIZES, weights=(1, 2, 3))
    assert torch.equal(layer(z), concatenate(z.split(SIZES, 1), weights=(1, 2, 3)))
    torch.testing.assert_close(UnitGroups((6,))(z), z / z.norm(dim=1, keepdim=True))
    assert list(layer.parameters()) == []


def test_half_precision_is_computed_in_single(z):
    half = z.half()
    assert torch.equal(UnitGroups(SIZES)(half), UnitGroups(SIZES)(half.float()))


def test_independent_networks_are_their_mean_cosine(generator):
    nets = [nn.Linear(5, k) for k in (2, 3, 4)]
    for p in nn.ModuleList(nets).parameters():
        p.data = torch.randn(p.shape, generator=generator, dtype=torch.float64)
    x = torch.randn(7, 5, generator=generator, dtype=torch.float64)
    psi = Independent(nets)
    z = psi(x)
    assert z.shape == (7, 9)
    mean = sum(cosine(net(x)) for net in nets) / 3
    torch.testing.assert_close(z @ z.T, mean)
    assert len(list(psi.parameters())) == 6
    weighted = Independent(nets, weights=(1, 0, 1))(x)
    expected = (cosine(nets[0](x)) + cosine(nets[2](x))) / 2
    torch.testing.assert_close(weighted @ weighted.T, expected)


def test_the_mean_of_embeddings_is_another_thing(z):
    """Averaging vectors instead of similarities: only alike where learners agree."""
    a, b = z[:, :3], z[:, 3:]
    whole = concatenate([a, b])
    mean = nn.functional.normalize(
        nn.functional.normalize(a) + nn.functional.normalize(b)
    )
    assert (whole @ whole.T - mean @ mean.T).abs().max() > 0.1


@pytest.mark.errors
@pytest.mark.parametrize("sizes", [(), (1, 2), (6, 0), (1, 2, 4), (-1, 7)])
def test_errors_of_sizes(z, sizes):
    with pytest.raises(ValueError, match="sizes must be one number >= 1 for each"):
        split_learners(z, sizes=sizes)


@pytest.mark.errors
def test_errors():
    part = torch.ones(2, 3)
    for weights in ((1,), (-1, 2), (0, 0), (1, float("nan"))):
        with pytest.raises(ValueError, match="weights must be 2 numbers >= 0"):
            concatenate([part, part], weights=weights)
        with pytest.raises(ValueError, match="weights must be 2 numbers >= 0"):
            UnitGroups((1, 2), weights=weights)
        with pytest.raises(ValueError, match="weights must be 2 numbers >= 0"):
            Independent([nn.Identity(), nn.Identity()], weights=weights)
    with pytest.raises(ValueError, match="a row each, got .2, 3. rows"):
        concatenate([part, torch.ones(3, 3)])
    with pytest.raises(ValueError, match="a part must be finite"):
        concatenate([part / 0])
    with pytest.raises(ValueError, match="z must be an .n, d. matrix of floats"):
        split_learners(part[0], sizes=(3,))
