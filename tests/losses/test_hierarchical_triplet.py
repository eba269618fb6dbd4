"""Tests for the triplet loss with a margin of each triplet."""

import pytest
import torch

from mlcourse.judgements import all_triplets
from mlcourse.losses import hierarchical_triplet_loss, triplet_loss
from mlcourse.losses._gaps import BLOCK


@pytest.fixture
def margins(labels, generator):
    return torch.rand(len(all_triplets(labels)), generator=generator).double()


def test_equals_a_loop(dist, labels, margins):
    T = all_triplets(labels)
    terms = [
        max(dist[a, p].item() - dist[a, n].item() + m, 0)
        for (a, p, n), m in zip(T.tolist(), margins.tolist(), strict=True)
    ]
    got = hierarchical_triplet_loss(dist, T, margins=margins)
    assert got.item() == pytest.approx(sum(terms) / len(terms), abs=1e-12)
    assert 0 < sum(t > 0 for t in terms) < len(terms)


def test_is_the_triplet_loss_where_all_margins_are_one(dist, labels):
    T, d = all_triplets(labels), [dist.clone().requires_grad_() for _ in range(2)]
    one = hierarchical_triplet_loss(d[0], T, margins=torch.full((len(T),), 0.4))
    other = triplet_loss(d[1], T, margin=0.4)
    one.backward()
    other.backward()
    torch.testing.assert_close(one, other)
    torch.testing.assert_close(d[0].grad, d[1].grad)


def test_gradient_is_that_of_finite_differences(dist, labels, margins):
    T, d = all_triplets(labels), dist.clone().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda d: hierarchical_triplet_loss(d, T, margins=margins), (d,)
    )


def test_each_block_of_triplets_has_its_own_margins():
    """More triplets than are summed at once."""
    n = BLOCK + 5
    T = torch.tensor([[0, 1, 2]]).repeat(n, 1)
    margins = torch.arange(n).double() / n
    dist = torch.zeros(3, 3, dtype=torch.float64)
    got = hierarchical_triplet_loss(dist, T, margins=margins)
    assert got.item() == pytest.approx(margins.mean().item())


def test_no_triplets_and_half_precision(dist):
    empty = torch.zeros(0, 3, dtype=torch.int64)
    d = dist.float().requires_grad_()
    loss = hierarchical_triplet_loss(d, empty, margins=torch.zeros(0))
    loss.backward()
    assert loss == 0
    assert d.grad.eq(0).all()
    T = torch.tensor([[0, 1, 2]])
    half = hierarchical_triplet_loss(dist.half(), T, margins=torch.tensor([9.0]))
    full = hierarchical_triplet_loss(dist, T, margins=torch.tensor([9.0]))
    assert half.dtype == torch.float32
    assert half.item() == pytest.approx(full.item(), rel=1e-3)


@pytest.mark.errors
@pytest.mark.parametrize("margins", [[0.1], [[0.1, 0.2]], [0.1, -0.2]])
def test_a_mistake_is_told(dist, margins):
    T = torch.tensor([[0, 1, 2], [1, 0, 2]])
    with pytest.raises(ValueError, match="one number >= 0 for each of the 2 triplets"):
        hierarchical_triplet_loss(dist, T, margins=torch.tensor(margins))
