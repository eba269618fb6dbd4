"""Tests for mlcourse.relations.grouping."""

import itertools

import pytest
import torch
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.metrics import adjusted_rand_score

from mlcourse.relations import group


def pairwise(x):
    return torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist")


def loop_over_merges(dist, n_groups):
    """Merge the two groups of smallest mean distance until n_groups are left."""
    groups = [[i] for i in range(len(dist))]
    while len(groups) > n_groups:
        a, b = min(
            itertools.combinations(groups, 2),
            key=lambda ab: dist[ab[0]][:, ab[1]].mean().item(),
        )
        groups = [g for g in groups if g not in (a, b)] + [a + b]
    return {frozenset(g) for g in groups}


def as_sets(labels):
    return {frozenset((labels == c).nonzero()[:, 0].tolist()) for c in labels.unique()}


# --- values ---------------------------------------------------------------------------


def test_value_by_hand():
    # 0 and 1 merge (1), then 6 and 8 (2); 3 is 2.5 from {0, 1} on average and 4 from
    # {6, 8}.
    line = torch.tensor([[3.0], [0.0], [8.0], [1.0], [6.0]])
    assert group(pairwise(line), n_groups=3).tolist() == [0, 1, 2, 1, 2]
    assert group(pairwise(line), n_groups=2).tolist() == [0, 0, 1, 0, 1]


def test_average_is_neither_single_nor_complete_linkage():
    # Then {0, 2} is formed first (1). {0, 2} to 1: single 2, average 3, complete 4.
    # {0, 2} to 3: single 2.5, average 2.7, complete 2.9. 1 to 3: 2.8.
    dist = torch.tensor(
        [[0.0, 2.0, 1.0, 2.5], [2.0, 0, 4, 2.8], [1, 4, 0, 2.9], [2.5, 2.8, 2.9, 0]]
    )
    # single merges 1 with {0, 2}; average merges 3 with {0, 2}; complete 1 with 3
    assert group(dist, n_groups=2).tolist() == [0, 1, 0, 0]


@pytest.mark.parametrize("n_groups", [1, 2, 5, 11, 12])
def test_equals_loop_over_the_definition(points, n_groups):
    dist = pairwise(points[:12])
    assert as_sets(group(dist, n_groups=n_groups)) == loop_over_merges(dist, n_groups)


def test_equals_scipy(points):
    dist = pairwise(points)
    tree = linkage(squareform(dist.numpy(), checks=False), method="average")
    expected = fcluster(tree, 7, criterion="maxclust")
    assert adjusted_rand_score(expected, group(dist, n_groups=7).numpy()) == 1.0


# --- what must not change it, what must -----------------------------------------------


def test_numbered_by_first_appearance(points):
    found = group(pairwise(points), n_groups=9).tolist()
    assert list(dict.fromkeys(found)) == list(range(9))


def test_order_of_the_points_and_unit_change_nothing(points, generator):
    dist = pairwise(points)
    order = torch.randperm(60, generator=generator)
    shuffled = group(7 * dist[order][:, order], n_groups=5)
    assert adjusted_rand_score(group(dist, n_groups=5)[order], shuffled) == 1.0


def test_one_point_is_one_group():
    one = group(torch.zeros(1, 1), n_groups=1)
    assert one.tolist() == [0]
    assert one.dtype == torch.int64


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
@pytest.mark.parametrize(
    ("dist", "n_groups", "message"),
    [
        (torch.ones(3, 2), 1, r"\(n, n\) distance matrix, got shape \(3, 2\)"),
        (torch.full((2, 2), torch.nan), 1, "must hold no NaN, got 4"),
        (torch.full((2, 2), torch.inf), 1, "must be finite everywhere"),
        (-torch.eye(2), 1, "minimum of -1; a similarity"),
        (torch.tensor([[0.0, 1.0], [3.0, 0.0]]), 1, "symmetric.*by up to 2; average"),
        (torch.zeros(2, 2), 3, "n_groups must be from 1 to the number of points, 2"),
        (torch.zeros(2, 2), 0, "n_groups must be from 1 to the number of points, 2"),
    ],
)
def test_wrong_input_says_what_and_why(dist, n_groups, message):
    with pytest.raises(ValueError, match=message):
        group(dist, n_groups=n_groups)
