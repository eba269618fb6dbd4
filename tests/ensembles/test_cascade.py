"""HDC: which pairs reach which exit, and what they cost there."""

import math

import pytest
import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.miners import HDCMiner
from torch import nn

from mlcourse.ensembles import (
    MultiExit,
    exit_losses,
    hdc_loss,
    independent_pairs,
    nested_pairs,
    split_learners,
)
from mlcourse.judgements import dissimilar_pairs, similar_pairs
from mlcourse.losses import contrastive_loss

SIZES, SHARES = (1, 2, 3), (1.0, 0.5, 0.2)


def some_losses(generator, exits=3, pairs=37):
    return torch.rand(exits, pairs, generator=generator, dtype=torch.float64)


# --- which pairs ----------------------------------------------------------------------


@pytest.mark.parametrize("shares", [SHARES, (0.7, 0.3, 1.0), (1, 1, 1), (0.01, 1, 1)])
def test_nested_is_a_loop(generator, shares):
    losses = some_losses(generator)
    kept = nested_pairs(losses, shares=shares)
    alive = list(range(37))
    for k, share in enumerate(shares):
        ranked = sorted(sorted(alive), key=lambda p: -losses[k, p].item())
        alive = ranked[: math.ceil(share * len(alive))]
        assert kept[k].tolist() == alive


@pytest.mark.parametrize("shares", [SHARES, (0.7, 0.3, 1.0), (1, 1, 1), (0.01, 1, 1)])
def test_independent_is_a_loop(generator, shares):
    losses = some_losses(generator)
    kept = independent_pairs(losses, shares=shares)
    for k, share in enumerate(shares):
        ranked = sorted(range(37), key=lambda p: -losses[k, p].item())
        assert kept[k].tolist() == ranked[: math.ceil(share * 37)]


def test_by_hand_each_exit_has_its_own_mind():
    """What exit 2 finds hardest was dropped at exit 1, unless exits are independent."""
    losses = torch.tensor([[9.0, 1.0, 8.0, 7.0], [1.0, 9.0, 3.0, 2.0]])
    nested = nested_pairs(losses, shares=(0.75, 0.5))
    assert [rows.tolist() for rows in nested] == [[0, 2, 3], [2, 3]]
    alone = independent_pairs(losses, shares=(0.75, 0.5))
    assert [rows.tolist() for rows in alone] == [[0, 2, 3], [1, 2]]


def test_funnel_is_nested_and_monotone(generator):
    losses = some_losses(generator, pairs=200)
    kept = nested_pairs(losses, shares=SHARES)
    assert [len(rows) for rows in kept] == [200, 100, 20]
    for k in (1, 2):
        before, now = set(kept[k - 1].tolist()), set(kept[k].tolist())
        assert now < before
        dropped = sorted(before - now)
        assert losses[k, kept[k]].min() >= losses[k, dropped].max()


def test_shares_that_are_no_binary_fractions_are_counted_right():
    losses = torch.rand(1, 100, generator=torch.Generator().manual_seed(0))
    for percent in range(1, 101):
        (rows,) = nested_pairs(losses, shares=(percent / 100,))
        assert len(rows) == percent


def test_a_share_of_something_is_something_and_of_nothing_nothing():
    losses = torch.rand(2, 3, generator=torch.Generator().manual_seed(0))
    for choose in (nested_pairs, independent_pairs):
        assert [len(r) for r in choose(losses, shares=(0.01, 0.01))] == [1, 1]
        assert [len(r) for r in choose(losses[:, :0], shares=(0.5, 1))] == [0, 0]


def test_ties_keep_their_order():
    losses = torch.tensor([[1.0, 2, 1, 2, 1], [0.0, 0, 0, 0, 0]])
    first, second = nested_pairs(losses, shares=(0.6, 0.5))
    assert (first.tolist(), second.tolist()) == ([1, 3, 0], [0, 1])


def test_equals_pytorch_metric_learning_stage_by_stage(generator):
    """Its miner takes the pairs that are left as they are: sets of ordered pairs."""
    z = torch.randn(12, 6, generator=generator)
    labels = torch.arange(12) % 4
    parts = split_learners(z, sizes=SIZES)
    pull, push = exit_losses(z, labels, sizes=SIZES, margin=4)  # no negative is free
    S, D = similar_pairs(labels), dissimilar_pairs(labels)
    ours = [
        (S[p], D[n]) for p, n in zip(
            nested_pairs(pull, shares=SHARES), nested_pairs(push, shares=SHARES),
            strict=True,
        )
    ]  # fmt: skip
    left = (S[:, 0], S[:, 1], D[:, 0], D[:, 1])
    for k, share in enumerate(SHARES):
        miner = HDCMiner(filter_percentage=share, distance=LpDistance())
        miner.set_idx_externally(left, labels)
        left = miner(parts[k], labels)
        for mine, a, b in ((ours[k][0], *left[:2]), (ours[k][1], *left[2:])):
            theirs = {tuple(row) for row in torch.stack([a, b], dim=1).tolist()}
            assert {tuple(row) for row in mine.tolist()} == theirs


# --- what they cost -------------------------------------------------------------------


def test_losses_are_of_the_pairs_of_judgements(z, labels):
    pull, push = exit_losses(z, labels, sizes=SIZES, margin=1.5)
    for k, f in enumerate(split_learners(z, sizes=SIZES)):
        for row, pairs, value in (
            (pull[k], similar_pairs(labels), lambda d: d),
            (push[k], dissimilar_pairs(labels), lambda d: max(1.5 - d, 0)),
        ):
            square = [((f[i] - f[j]) ** 2).sum().item() for i, j in pairs.tolist()]
            assert row.tolist() == pytest.approx([value(d) for d in square])


def loss_by_loop(z, labels, shares, nested, margin):
    """Exit by exit: rank, cut, average what is not 0."""
    total = 0.0
    for losses in exit_losses(z, labels, sizes=SIZES, margin=margin):
        alive = list(range(losses.shape[1]))
        for k, share in enumerate(shares):
            pool = sorted(alive) if nested else range(losses.shape[1])
            ranked = sorted(pool, key=lambda p: -losses[k, p].item())
            alive = ranked[: math.ceil(share * len(ranked) - 1e-9)]
            values = [losses[k, p].item() for p in alive]
            total += sum(values) / max(sum(v > 0 for v in values), 1)
    return total


@pytest.mark.parametrize("margin", [0.7, 1.0, 2])
@pytest.mark.parametrize("choose", [nested_pairs, independent_pairs])
def test_loss_is_a_loop(z, labels, margin, choose):
    ours = hdc_loss(z, labels, sizes=SIZES, shares=SHARES, choose=choose, margin=margin)
    nested = choose is nested_pairs
    expected = loss_by_loop(z, labels, SHARES, nested, margin)
    assert ours.item() == pytest.approx(expected)


def test_without_a_cascade_it_is_the_contrastive_loss_of_every_exit(z, labels):
    """Of similar pairs, but for the half and the mean; no margin touches these."""
    S, none = similar_pairs(labels), torch.empty(0, 2, dtype=torch.int64)
    pull, push = exit_losses(z, labels, sizes=SIZES)
    expected = 0.0
    for k, f in enumerate(split_learners(z, sizes=SIZES)):
        dist = (f[:, None] - f).square().sum(dim=2).sqrt()
        kept = (pull[k] > 0).sum()
        mean = 2 * contrastive_loss(dist, S, none) * len(S) / kept.clamp(min=1)
        expected += mean + push[k].sum() / (push[k] > 0).sum().clamp(min=1)
    ours = hdc_loss(z, labels, sizes=SIZES, shares=(1, 1, 1))
    assert ours.item() == pytest.approx(expected.item())


def test_only_chosen_pairs_get_a_gradient(z, labels):
    z.requires_grad_()
    value = hdc_loss(z, labels, sizes=SIZES, shares=(1.0, 0.3, 0.01))
    (slope,) = torch.autograd.grad(value, z)
    pull, push = exit_losses(z.detach(), labels, sizes=SIZES)
    (p,) = nested_pairs(pull, shares=(1.0, 0.3, 0.01))[2].tolist()
    (n,) = nested_pairs(push, shares=(1.0, 0.3, 0.01))[2].tolist()
    touched = {
        *similar_pairs(labels)[p].tolist(),
        *dissimilar_pairs(labels)[n].tolist(),
    }
    rows = slope[:, 3:].abs().sum(dim=1).nonzero().flatten().tolist()
    assert set(rows) <= touched
    assert len(rows) >= 2


def test_gradient_is_a_finite_difference(z, labels):
    (slope,) = torch.autograd.grad(hdc_loss(z.requires_grad_(), labels, sizes=SIZES), z)
    z = z.detach()
    for i, a in ((0, 1), (4, 2), (7, 5), (9, 4)):
        step = torch.zeros_like(z)
        step[i, a] = 1e-7
        ends = [hdc_loss(z + s * step, labels, sizes=SIZES).item() for s in (1, -1)]
        expected = (ends[0] - ends[1]) / 2e-7
        assert slope[i, a].item() == pytest.approx(expected, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("rows", [[], [0], [1, 2, 3], [4, 4, 4]], ids=str)
def test_without_pairs(rows, generator):
    z = torch.randn(len(rows), 6, generator=generator).requires_grad_()
    value = hdc_loss(z, torch.tensor(rows, dtype=torch.int64), sizes=SIZES)
    (slope,) = torch.autograd.grad(value, z)
    assert slope.isfinite().all()
    assert len(rows) > 1 or value.item() == 0


def test_names_of_classes_and_lengths_change_nothing(z, labels):
    value = hdc_loss(z, labels, sizes=SIZES)
    torch.testing.assert_close(hdc_loss(4 * z, 7 * labels - 3, sizes=SIZES), value)


# --- the network ----------------------------------------------------------------------


def test_multi_exit_is_its_parts():
    blocks = [nn.Linear(4, 3), nn.Linear(3, 2), nn.Tanh()]
    heads = [nn.Linear(3, 2), nn.Identity(), nn.Linear(2, 1)]
    psi, x = MultiExit(blocks, heads), torch.randn(5, 4)
    y1 = blocks[0](x)
    y2 = blocks[1](y1)
    parts = psi(x).split((2, 2, 1), dim=1)
    assert torch.equal(parts[0], heads[0](y1))
    assert torch.equal(parts[1], y2)
    assert torch.equal(parts[2], heads[2](torch.tanh(y2)))
    assert len(list(psi.parameters())) == 8


def test_an_early_exit_does_not_train_later_blocks():
    psi = MultiExit([nn.Linear(4, 3), nn.Linear(3, 3)], [nn.Linear(3, 2)] * 2)
    psi(torch.randn(5, 4))[:, :2].sum().backward()
    assert psi.blocks[0].weight.grad.abs().sum() > 0
    assert (psi.blocks[1].weight.grad == 0).all()


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
def test_errors(z, labels):
    losses = torch.rand(2, 5)
    for choose in (nested_pairs, independent_pairs):
        with pytest.raises(ValueError, match="a row for each of the K exits"):
            choose(losses, shares=(1.0,))
        with pytest.raises(ValueError, match="a row for each of the K exits"):
            choose(losses[0], shares=(1.0,))
        for shares in ((1.0, 0.0), (1.0, 1.1), (-1, 1)):
            with pytest.raises(
                ValueError, match="shares must be above 0 and at most 1"
            ):
                choose(losses, shares=shares)
    with pytest.raises(ValueError, match="margin must be > 0"):
        hdc_loss(z, labels, sizes=SIZES, margin=0)
    with pytest.raises(ValueError, match="sizes must be one number >= 1"):
        hdc_loss(z, labels, sizes=(1, 2), shares=(1, 1))
    with pytest.raises(ValueError, match="labels must be one whole number"):
        exit_losses(z, labels[1:], sizes=SIZES)
    for blocks, heads in (([nn.Identity()], []), ([], [])):
        with pytest.raises(ValueError, match="heads must be one for each block"):
            MultiExit(blocks, heads)
