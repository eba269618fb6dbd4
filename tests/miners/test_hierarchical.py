"""Tests for violate_margins; the loss that takes them is in tests/losses."""

import itertools

import pytest
import torch
from torch.nn.functional import normalize

from mlcourse.judgements import all_triplets
from mlcourse.miners import violate_margins
from mlcourse.samplers import class_distances, class_tree

#: Class numbers 0 to 4 of 5, 4, 3, 2 and 1 points.
CODES = torch.tensor([2, 0, 0, 3, 2, 4, 3, 2, 0, 2, 1, 1, 0, 2, 1])


@pytest.fixture
def tree(generator):
    z = torch.randn(15, 4, generator=generator, dtype=torch.float64)
    dist = class_distances(normalize(z), CODES)
    return class_tree(dist, levels=8).joined, dist.diagonal()


def test_equals_a_loop(tree):
    joined, spread = tree
    T = all_triplets(CODES)
    got = violate_margins(T, CODES, joined=joined, spread=spread, beta=0.3)
    assert len(got) == len(T) > 100
    assert not got.requires_grad
    for (a, _, n), alpha in zip(T.tolist(), got.tolist(), strict=True):
        c, d = CODES[a].item(), CODES[n].item()
        expected = max(0.3 + joined[c, d].item() - spread[c].item(), 0)
        assert alpha == pytest.approx(expected, abs=1e-12)


def test_the_anchors_class_counts_not_the_negatives():
    """By hand: the tree is symmetric, the spread is not."""
    joined, spread = torch.tensor([[0.0, 2], [2, 0]]), torch.tensor([0.5, 1.5])
    T, labels = torch.tensor([[0, 1, 2], [2, 3, 0]]), torch.tensor([0, 0, 1, 1])
    got = violate_margins(T, labels, joined=joined, spread=spread)
    assert got.tolist() == pytest.approx([1.6, 0.6])


def test_never_below_0_and_grows_with_the_tree():
    T, labels = (
        torch.tensor([[0, 1, n] for n in (2, 3, 4)]),
        torch.tensor([0, 0, 1, 2, 3]),
    )
    joined = torch.zeros(4, 4)
    joined[0, 1:] = torch.tensor([0.2, 1.0, 3.0])
    joined = joined + joined.T
    spread = torch.full((4,), 0.7)
    got = violate_margins(T, labels, joined=joined, spread=spread, beta=0.1)
    assert got.tolist() == pytest.approx([0, 0.4, 2.4])


def test_a_class_of_one_point_may_be_a_negative_alone(tree):
    joined, spread = tree
    assert spread[4].isnan()
    T = torch.tensor([[0, 4, 5]])
    assert violate_margins(T, CODES, joined=joined, spread=spread).isfinite().all()
    empty = T[:0]
    assert violate_margins(empty, CODES, joined=joined, spread=spread).shape == (0,)


def test_class_names_without_gaps_are_asked_for(tree):
    """Any triplet of the batch: the order of T is the order of the margins."""
    joined, spread = tree
    T = all_triplets(CODES)
    order = torch.randperm(len(T), generator=torch.Generator().manual_seed(0))
    both = [violate_margins(t, CODES, joined=joined, spread=spread)
            for t in (T[order], T)]  # fmt: skip
    assert torch.equal(both[0], both[1][order])


def test_short_integers_are_class_numbers_too(tree):
    joined, spread = tree
    T = torch.tensor([[0, 4, 1], [1, 2, 10]])
    expected = violate_margins(T, CODES, joined=joined, spread=spread)
    got = violate_margins(T, CODES.to(torch.int8), joined=joined, spread=spread)
    assert torch.equal(got, expected)


@pytest.mark.errors
def test_a_mistake_is_told(tree):
    joined, spread = tree
    T = torch.tensor([[0, 4, 5]])
    with pytest.raises(ValueError, match="from 0 to C - 1 = 4"):
        violate_margins(T, CODES + 1, joined=joined, spread=spread)
    with pytest.raises(
        ValueError, match="one number for each of the C classes, got .5, 5. and .4,."
    ):
        violate_margins(T, CODES, joined=joined, spread=spread[1:])
    with pytest.raises(ValueError, match="cannot be an anchor's"):
        violate_margins(torch.tensor([[5, 5, 0]]), CODES, joined=joined, spread=spread)
    for row in itertools.permutations([0, 1, 15]):
        with pytest.raises(ValueError, match="T must hold indices"):
            violate_margins(torch.tensor([row]), CODES, joined=joined, spread=spread)
    with pytest.raises(
        ValueError, match="joined must be .C, C., .*got .3, 5. and .5,."
    ):
        violate_margins(T, CODES, joined=joined[:3], spread=spread)
