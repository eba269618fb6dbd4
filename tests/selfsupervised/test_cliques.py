"""Tests for cliques: how they grow, which are kept, how compact they are."""

import pytest
import torch
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from mlcourse.selfsupervised import (
    clique_purity,
    compact_cliques,
    compactness,
    cosines,
    grow_cliques,
)


def members(member):
    return [row.nonzero().flatten().tolist() for row in member]


def grown(sim, exemplar, size, linkage=min):
    """The definition, one point after the other."""
    clique = [exemplar]
    while len(clique) < size:
        outside = [j for j in range(len(sim)) if j not in clique]
        clique.append(
            max(outside, key=lambda j: linkage(sim[i, j].item() for i in clique))
        )
    return sorted(clique)


def least(sim, clique):
    pairs = [sim[i, j].item() for i in clique for j in clique if i != j]
    return min(pairs, default=float("inf"))


# --- growing --------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 5, 30])
def test_growing_equals_a_loop(sim, size):
    exemplars = torch.tensor([4, 0, 29, 4])
    got = grow_cliques(sim, exemplars, size=size)
    assert members(got) == [grown(sim, e, size) for e in exemplars.tolist()]


def test_by_hand_a_chain_is_not_followed():
    """From 0 along a line of steps 1.0, 1.1, 1.2, and one point on the other side."""
    x = torch.tensor([0.0, 1.0, 2.1, 3.3, -1.3])
    sim = -(x[:, None] - x).abs()
    assert members(grow_cliques(sim, torch.tensor([0]), size=3)) == [[0, 1, 2]]
    # -1.3 is 2.3 from 1.0, and 2.1 is 2.1 from 0: with the maximum 3.3 would come next
    assert members(grow_cliques(sim, torch.tensor([0]), size=4)) == [[0, 1, 2, 3]]
    x[4] = -0.95
    sim = -(x[:, None] - x).abs()
    assert members(grow_cliques(sim, torch.tensor([0]), size=3)) == [[0, 1, 4]]
    assert grown(sim, 0, 4, max) == [0, 1, 2, 4]


def test_the_diagonal_is_not_used_and_nothing_is_changed(sim):
    exemplars = torch.arange(30)
    other, before = sim.clone().fill_diagonal_(-7), sim.clone()
    assert torch.equal(
        grow_cliques(sim, exemplars, size=4), grow_cliques(other, exemplars, size=4)
    )
    assert torch.equal(sim, before)


def test_names_of_the_points_do_not_matter(sim, generator):
    order = torch.randperm(30, generator=generator)
    got = grow_cliques(sim[order][:, order], torch.arange(30), size=4)
    expected = grow_cliques(sim, torch.arange(30), size=4)
    assert torch.equal(got, expected[order][:, order])


def test_planted_groups_are_found_by_all_of_their_points(planted):
    z, labels = planted
    far = z + 50 * torch.eye(8, dtype=z.dtype)[labels][:, :5] * (labels < 5)[:, None]
    keep = labels < 5
    member = grow_cliques(-torch.cdist(far[keep], far[keep]), torch.arange(50), size=10)
    assert torch.equal(member, labels[keep][:, None] == labels[keep])


# --- compactness ----------------------------------------------------------------------


def test_compactness_equals_a_loop(sim, member):
    expected = [least(sim, clique) for clique in members(member)]
    assert compactness(sim, member).tolist() == expected
    assert expected[1] == float("inf")


def test_compactness_is_the_height_of_complete_linkage(sim):
    """All points in one clique: where complete linkage makes its last join."""
    dist = (1 - sim).fill_diagonal_(0)
    height = linkage(squareform(dist.numpy()), method="complete")[-1, 2]
    assert 1 - compactness(sim, torch.ones(1, 30, dtype=torch.bool)).item() == (
        pytest.approx(height)
    )


def test_more_members_are_never_more_compact(sim):
    heights = torch.stack([
        compactness(sim, grow_cliques(sim, torch.arange(30), size=size))
        for size in range(2, 9)
    ])  # fmt: skip
    assert (heights[1:] <= heights[:-1]).all()


# --- the most compact -----------------------------------------------------------------


@pytest.mark.parametrize("n_cliques", [1, 3, 30])
def test_the_most_compact_equal_a_loop(sim, n_cliques):
    candidates = [grown(sim, e, 3) for e in range(30)]
    kept = []
    for clique in sorted(candidates, key=lambda clique: -least(sim, clique)):
        if all(set(clique).isdisjoint(other) for other in kept):
            kept.append(clique)
    got = compact_cliques(sim, size=3, n_cliques=n_cliques)
    assert members(got) == kept[:n_cliques]
    assert 3 < len(kept) <= 10


def test_kept_cliques_are_disjoint_and_fall_in_compactness(sim):
    member = compact_cliques(sim, size=4, n_cliques=30)
    assert member.sum(dim=0).max() == 1
    assert member.sum(dim=1).tolist() == [4] * len(member)
    heights = compactness(sim, member)
    assert (heights[1:] <= heights[:-1]).all()


def test_compact_cliques_are_purer_than_neighbourhoods(planted):
    z, labels = planted
    sim = cosines(z)
    member = compact_cliques(sim, size=4, n_cliques=6)
    near = grow_cliques(sim, torch.arange(80), size=2)  # each point and its nearest
    nearest = sim.fill_diagonal_(2).topk(4, dim=1).indices
    around = torch.zeros_like(sim, dtype=torch.bool).scatter_(1, nearest, True)
    purity = clique_purity(member, labels).mean()
    assert purity > clique_purity(around, labels).mean()
    assert purity >= 0.9
    assert torch.equal(near & around, near)  # the first to join is the nearest


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: grow_cliques(s, torch.tensor([0]), size=31), "size must be from 1"),
        (lambda s: grow_cliques(s, torch.tensor([0]), size=0), "size must be from 1"),
        (lambda s: grow_cliques(s, torch.tensor([30]), size=2), "rows of sim, from 0"),
        (lambda s: grow_cliques(s, torch.tensor([-1]), size=2), "rows of sim, from 0"),
        (lambda s: grow_cliques(s[:4], torch.tensor([0]), size=2), "sim must be an"),
        (
            lambda s: grow_cliques(s.triu(), torch.tensor([0]), size=2),
            "sim must be sym",
        ),
        (
            lambda s: grow_cliques(s * torch.nan, torch.tensor([0]), size=2),
            "sim must be",
        ),
        (lambda s: compact_cliques(s, size=1, n_cliques=2), "size must be"),
        (lambda s: compact_cliques(s, size=2, n_cliques=0), "n_cliques must be > 0"),
        (lambda s: compactness(s, torch.zeros(1, 30).bool()), "1 of 1 have none"),
        (lambda s: compactness(s, torch.zeros(1, 29).bool()), "member must be"),
        (lambda s: compactness(s, torch.ones(1, 30)), "member must be"),
    ],
)
def test_a_mistake_is_told(sim, call, message):
    with pytest.raises(ValueError, match=message):
        call(sim)
