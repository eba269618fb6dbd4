"""Tests for class distances, the tree of classes and the batches of neighbours."""

import itertools
import math

import pytest
import torch
from scipy.cluster.hierarchy import fcluster
from torch.nn.functional import normalize

from mlcourse.samplers import (
    EpochHook,
    HierarchicalBatches,
    class_distances,
    class_tree,
)

#: Classes of 1, 2, 3, ... 8 points, with gaps between their numbers, shuffled.
SIZES = torch.arange(1, 9)
LABELS = (5 * torch.arange(8) - 7).repeat_interleave(SIZES)
LABELS = LABELS[torch.randperm(36, generator=torch.Generator().manual_seed(1))]


@pytest.fixture(params=[0, 1, 2])
def z(request):
    """Unit vectors, a little gathered by class."""
    generator = torch.Generator().manual_seed(request.param)
    centre = torch.randn(8, 3, generator=generator, dtype=torch.float64)
    noise = torch.randn(36, 3, generator=generator, dtype=torch.float64)
    return normalize(centre[LABELS.unique(return_inverse=True)[1]] + 0.5 * noise)


# --- class distances ------------------------------------------------------------------


def by_loop(z, labels):
    classes = sorted(set(labels.tolist()))
    points = [[v.tolist() for v in z[labels == c]] for c in classes]
    dist = [[math.nan] * len(classes) for _ in classes]
    for p, q in itertools.product(range(len(classes)), repeat=2):
        if p == q:
            pairs = list(itertools.permutations(points[p], 2))
        else:
            pairs = list(itertools.product(points[p], points[q]))
        if pairs:
            total = sum(math.dist(a, b) ** 2 for a, b in pairs)
            dist[p][q] = total / len(pairs)
    return torch.tensor(dist, dtype=torch.float64)


def test_means_give_what_all_pairs_give(z):
    expected = by_loop(z, LABELS)
    assert expected[0, 0].isnan()  # one point
    got = class_distances(z, LABELS)
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-12, equal_nan=True)
    got = class_distances(3 * z + 10, LABELS)  # of any length, far from 0
    torch.testing.assert_close(got, 9 * expected, rtol=0, atol=1e-10, equal_nan=True)
    got = class_distances(z.float(), LABELS)
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-6, equal_nan=True)


def test_class_distances_by_hand():
    """Class 0: 0 and 2, class 1: 5. (25 + 9) / 2 = 17."""
    z = torch.tensor([[5.0], [0.0], [2.0]])
    found = class_distances(z, torch.tensor([1, 0, 0]))
    assert found[:, 0].tolist() == pytest.approx([4, 17])
    assert found[0, 1] == found[1, 0]


def test_names_and_order_of_the_points_change_no_class_distance(z):
    dist = class_distances(z, LABELS)
    order = torch.randperm(36, generator=torch.Generator().manual_seed(3))
    same = class_distances(z[order], 100 + 2 * LABELS[order])
    torch.testing.assert_close(same, dist, rtol=0, atol=1e-12, equal_nan=True)


def test_equal_points_are_at_0_and_nothing_is_nothing():
    z = torch.full((6, 4), 0.3)
    assert class_distances(z, torch.tensor([0, 0, 1, 1, 2, 2])).eq(0).all()
    empty = class_distances(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64))
    assert empty.shape == (0, 0)


# --- the tree -------------------------------------------------------------------------


def average_linkage(dist):
    """Joins by hand: the two nearest groups, by the mean over all their pairs."""
    groups, height = [[c] for c in range(len(dist))], torch.zeros(len(dist), len(dist))
    while len(groups) > 1:
        means = {
            (a, b): dist[groups[a]][:, groups[b]].mean().item()
            for a, b in itertools.combinations(range(len(groups)), 2)
        }
        a, b = min(means, key=means.__getitem__)
        for p, q in itertools.product(groups[a], groups[b]):
            height[p, q] = height[q, p] = means[a, b]
        groups[a] += groups.pop(b)
    return height


@pytest.mark.parametrize("levels", [1, 5, 16])
def test_joined_is_the_first_threshold_above_the_join(z, levels):
    dist = class_distances(z, LABELS)
    tree = class_tree(dist, levels=levels)
    d_0 = dist.double().diagonal()[1:].mean().item()  # the class of one counts not
    steps = [d_0 + (4 - d_0) * i / levels for i in range(levels + 1)]
    assert tree.thresholds.tolist() == pytest.approx(steps, rel=1e-12)
    height = average_linkage(dist)
    for p, q in itertools.combinations(range(8), 2):
        expected = min(s for s in steps if height[p, q] <= s)
        assert tree.joined[p, q].item() == pytest.approx(expected)


def test_two_classes_of_equal_points_at_the_largest_distance():
    tree = class_tree(torch.tensor([[0.0, 4.0], [4.0, 0.0]]))
    assert tree.thresholds.tolist() == [i / 4 for i in range(17)]
    assert tree.joined.tolist() == [[0, 4], [4, 0]]


def test_joined_is_an_ultrametric(z):
    joined = class_tree(class_distances(z, LABELS)).joined
    assert torch.equal(joined, joined.T)
    assert joined.diagonal().eq(0).all()
    for p, q, r in itertools.product(range(8), repeat=3):
        assert joined[p, r] <= max(joined[p, q], joined[q, r])


def test_levels_agree_with_scipys_flat_clusters(z):
    tree = class_tree(class_distances(z, LABELS), levels=6)
    for threshold in tree.thresholds.tolist():
        group = fcluster(tree.linkage.numpy(), threshold, criterion="distance")
        together = torch.as_tensor(group)[:, None] == torch.as_tensor(group)
        assert torch.equal(tree.joined <= threshold, together)


def test_classes_of_one_kind_join_before_the_kinds_do():
    """Three far groups of three near classes."""
    centre = torch.eye(3, dtype=torch.float64).repeat_interleave(3, dim=0)
    generator = torch.Generator().manual_seed(0)
    near = 0.2 * torch.randn(9, 3, generator=generator, dtype=torch.float64)
    z = normalize((centre + near).repeat_interleave(5, dim=0)
                  + 0.02 * torch.randn(45, 3, generator=generator))  # fmt: skip
    labels = torch.arange(9).repeat_interleave(5)
    joined = class_tree(class_distances(z, labels)).joined
    kind = torch.arange(9) // 3
    alike = kind[:, None] == kind
    assert joined[alike].max() < joined[~alike].min()


# --- the batches ----------------------------------------------------------------------


def batches(z=None, *, classes=2, group=3, per_class=2, n_batches=40, seed=0):
    sampler = HierarchicalBatches(
        LABELS, classes=classes, group=group, per_class=per_class, n_batches=n_batches,
        generator=torch.Generator().manual_seed(seed),
    )  # fmt: skip
    if z is not None:
        sampler.refresh(z)
    return sampler


def test_every_batch_has_its_classes_and_no_point_twice(z):
    sampler = batches(z)
    assert isinstance(sampler, EpochHook)
    assert sampler.left_out == 1
    drawn = list(sampler)
    assert len(drawn) == len(sampler) == 40
    for batch in drawn:
        assert len(batch) == len(set(batch)) == 12
        _, size = LABELS[batch].unique(return_counts=True)
        assert size.tolist() == [2] * 6


def test_a_group_is_the_class_drawn_and_the_nearest_that_are_left(z):
    dist = by_loop(z, LABELS)
    names = LABELS.unique().tolist()
    firsts = []
    for batch in batches(z):
        order = [names.index(LABELS[row].item()) for row in batch[::2]]
        free = set(range(1, 8))  # the class of one point is never drawn
        for group in (order[:3], order[3:]):
            c = group[0]
            near = sorted(free - {c}, key=lambda q, c=c: dist[c, q].item())
            assert group == [c, *near[:2]]
            free -= set(group)
        firsts.append(order[0])
    assert set(firsts) == set(range(1, 8))


def test_all_classes_are_drawn_first_alike(z):
    """7 classes, 3000 batches: 4.5 standard deviations are 0.029."""
    sampler = batches(z, classes=1, n_batches=3000)
    first = LABELS[torch.tensor(list(sampler))[:, 0]]
    share = [(first == c).float().mean().item() for c in LABELS.unique()[1:]]
    assert share == pytest.approx([1 / 7] * 7, abs=0.029)


def test_groups_of_one_are_random_classes(z):
    """Each of 7 classes in 3 of 7 batches: 5 standard deviations are 0.045."""
    drawn = torch.tensor(list(batches(z, classes=3, group=1, n_batches=3000)))
    for c in LABELS.unique()[1:]:
        share = (LABELS[drawn] == c).any(dim=1).float().mean().item()
        assert share == pytest.approx(3 / 7, abs=0.045)


def test_a_seed_repeats_them_and_they_follow_the_embeddings(z):
    state = torch.get_rng_state()
    sampler = batches(z)
    first, second = list(sampler), list(sampler)
    assert first != second
    again = batches(z)
    assert [list(again), list(again)] == [first, second]
    assert list(batches(z, seed=1)) != first
    assert list(batches(z.flip(0))) != first
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.errors
def test_a_mistake_is_told(z):
    with pytest.raises(RuntimeError, match=r"no embeddings yet: call refresh\(z\)"):
        next(iter(batches()))
    with pytest.raises(ValueError, match="only 7 of 8 classes have so many"):
        batches(classes=4, group=2)
    with pytest.raises(ValueError, match="classes must be >= 1, got 0"):
        batches(group=0)
    with pytest.raises(ValueError, match="whole number for each of the 35 points"):
        batches(z[1:])
    with pytest.raises(ValueError, match="z must be finite"):
        batches(z.log())
    with pytest.raises(ValueError, match="got 1 classes and nan"):
        class_tree(torch.full((1, 1), torch.nan))
    with pytest.raises(ValueError, match="and their mean inside"):
        class_tree(torch.full((3, 3), torch.nan))
    with pytest.raises(ValueError, match="normalise first"):
        class_tree(class_distances(5 * z, LABELS) * 1.0)
    with pytest.raises(ValueError, match="got 1 classes and 0.5"):
        class_tree(torch.tensor([[0.5]]))
    with pytest.raises(ValueError, match="and their mean inside"):
        class_tree(torch.tensor([[0.5, torch.nan], [torch.nan, 0.5]]))
    for inside in (4.0, 4.5):
        with pytest.raises(ValueError, match="from 0 to below 4, got 2 classes"):
            class_tree(torch.tensor([[inside, 1.0], [1.0, inside]]))
    with pytest.raises(ValueError, match="up to 4.5; normalise first"):
        class_tree(torch.tensor([[0.5, 4.5], [4.5, 0.5]]))
    with pytest.raises(ValueError, match="must be symmetric"):
        class_tree(torch.tensor([[0.1, 1.0], [2.0, 0.1]]))
    with pytest.raises(ValueError, match="levels must be >= 1"):
        class_tree(class_distances(z, LABELS), levels=0)
    with pytest.raises(ValueError, match=r"\(n, n\) distance matrix"):
        class_tree(torch.zeros(2, 3))


def test_a_common_part_of_any_direction_costs_no_digits():
    """Of lengths near 1e14 none is left of distances near 1, unless it is taken off."""
    labels = torch.arange(12) // 3
    seed = torch.Generator().manual_seed(0)
    z = torch.randn(12, 2, generator=seed, dtype=torch.float64)
    far = z + torch.tensor([1e7, -1e7], dtype=torch.float64)
    torch.testing.assert_close(
        class_distances(far, labels), class_distances(z, labels), rtol=0, atol=1e-6
    )
