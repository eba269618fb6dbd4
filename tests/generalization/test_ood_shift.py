"""ooDML: the splits step by step against a loop, and the score of a curve."""

import pytest
import torch

from mlcourse.generalization import (
    OODSplit,
    aggregated_score,
    frechet_distance,
    ood_splits,
)


def mean(rows):
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]


def norm(a, b):
    return sum((u - v) ** 2 for u, v in zip(a, b, strict=True)) ** 0.5


def leaving(m, own, other, resting, count):
    """Those whose distance to the other side, minus that to their own, is least."""
    to, home = mean([m[c] for c in other]), mean([m[c] for c in own])
    free = [c for c in sorted(own) if c not in resting]
    return sorted(free, key=lambda c: norm(m[c], to) - norm(m[c], home))[:count]


def by_loop(m, train, test, swaps, removals, count, rest):
    m, sides, come = m.tolist(), [set(train), set(test)], [[], []]
    found = [tuple(sorted(s) for s in sides)]
    for step in range(swaps + removals):
        out = [leaving(m, sides[k], sides[1 - k], come[k], count) for k in (0, 1)]
        for k in (0, 1):
            sides[k] = sides[k] - set(out[k])
        if step < swaps:
            for k in (0, 1):
                sides[k] = sides[k] | set(out[1 - k])
                come[k] = (come[k] + out[1 - k])[-rest:] if rest else []
        found.append(tuple(sorted(s) for s in sides))
    return found


@pytest.fixture
def means(generator):
    return torch.randn(24, 5, generator=generator, dtype=torch.float64)


def split(means, seed=0, **numbers):
    order = torch.randperm(len(means), generator=torch.Generator().manual_seed(seed))
    return order[:12], order[12:]


@pytest.mark.parametrize(
    ("swaps", "removals", "per_step", "rest"),
    [
        (8, 0, 2, 5),
        (3, 3, 1, 0),
        (5, 2, 2, 2),
        (0, 4, 2, 5),
        (0, 0, 1, 5),
        (7, 1, 3, 4),
    ],
)
def test_splits_are_a_loop_over_the_definition(means, swaps, removals, per_step, rest):
    train, test = split(means)
    got = ood_splits(means, train, test, swaps=swaps, removals=removals,
                     per_step=per_step, rest=rest)  # fmt: skip
    expected = by_loop(
        means, train.tolist(), test.tolist(), swaps, removals, per_step, rest
    )
    assert [(s.train.tolist(), s.test.tolist()) for s in got] == expected
    for k, s in enumerate(got):
        assert isinstance(s, OODSplit)
        assert s.swapped == per_step * min(k, swaps)
        assert s.removed == per_step * max(k - swaps, 0)
        distance = frechet_distance(means[s.train], means[s.test])
        assert s.distance == pytest.approx(distance)


def test_swaps_keep_the_sizes_and_the_union_and_removals_shrink_both(means):
    train, test = split(means)
    got = ood_splits(means, train, test, swaps=4, removals=3)
    for s in got:
        both = torch.cat([s.train, s.test])
        assert len(both.unique()) == len(both) == 24 - 2 * s.removed
        assert len(s.train) == len(s.test)
    assert set(got[-1].train.tolist()) < set(got[4].train.tolist())


@pytest.mark.parametrize("seed", range(5))
def test_shift_grows_until_groups_are_apart(seed):
    """Two groups, dealt at random: the distance rises to that of the groups."""
    g = torch.Generator().manual_seed(seed)
    group = torch.arange(40) % 2
    means = torch.randn(40, 4, generator=g) + 4.0 * group[:, None]
    order = torch.randperm(40, generator=g)
    got = ood_splits(means, order[:20], order[20:], swaps=14, per_step=1)
    distances = torch.tensor([s.distance for s in got])
    pure = frechet_distance(means[group == 0], means[group == 1])
    assert distances[0] < pure / 3
    assert distances.max() == pytest.approx(pure, rel=1e-6)
    rising = distances[: int(distances.argmax()) + 1].diff()
    assert (rising > 0).all()


def test_names_and_units_of_the_space_do_not_matter(means):
    train, test = split(means)
    one = ood_splits(means, train, test, swaps=6)
    two = ood_splits(3 * means + 7, train.flip(0), test, swaps=6)
    for a, b in zip(one, two, strict=True):
        assert torch.equal(a.train, b.train)
        assert b.distance == pytest.approx(9 * a.distance)


def test_both_sides_are_treated_alike(means):
    train, test = split(means)
    one = ood_splits(means, train, test, swaps=5, removals=2)
    two = ood_splits(means, test, train, swaps=5, removals=2)
    for a, b in zip(one, two, strict=True):
        assert torch.equal(a.train, b.test)
        assert torch.equal(a.test, b.train)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"swaps": -1}, "swaps must be >= 0, got -1"),
        ({"swaps": 1, "removals": -1}, "removals must be >= 0"),
        ({"swaps": 1, "rest": -1}, "rest must be >= 0"),
        ({"swaps": 1, "per_step": 0}, "per_step must be >= 1, got 0"),
        (
            {"swaps": 0, "removals": 6},
            "too few classes are left to move 2: a side has 2",
        ),
        ({"swaps": 2, "rest": 12, "per_step": 7}, "too few classes are left to move 7"),
    ],
)
def test_errors_of_numbers(means, change, message):
    with pytest.raises(ValueError, match=message):
        ood_splits(means, *split(means), **change)


@pytest.mark.errors
def test_errors_of_splits(means):
    train, test = split(means)
    for a, b, message in (
        (train, train, "a class is in train and in test, or twice"),
        (train[:1], test, "got 1 and 12"),
        (train, test + 24, "rows of the 24 means"),
        (train.double(), test, "must be class numbers"),
    ):
        with pytest.raises(ValueError, match=message):
            ood_splits(means, a, b, swaps=1)


# --- the score ------------------------------------------------------------------------


def test_score_by_hand():
    """Trapezoids over F = 2, 3, 7 scaled to 0, 0.2, 1; in any order."""
    F, a = (
        torch.tensor([7.0, 2.0, 3.0]).double(),
        torch.tensor([0.2, 0.9, 0.5]).double(),
    )
    expected = 0.2 * (0.9 + 0.5) / 2 + 0.8 * (0.5 + 0.2) / 2
    assert aggregated_score(F, a) == pytest.approx(expected)
    assert aggregated_score(10 * F - 3, a) == pytest.approx(expected)


def test_splits_of_one_distance_count_with_their_mean_in_any_order():
    """A split with three seeds: 0.2, 0.4 and 0.9 are 0.5 at F = 1."""
    F, a = torch.tensor([1.0, 1.0, 3.0, 1.0]), torch.tensor([0.2, 0.9, 0.3, 0.4])
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2]):
        assert aggregated_score(F[order], a[order]) == pytest.approx(0.4)


def test_a_constant_curve_scores_its_value_and_a_line_its_middle(generator):
    F = torch.rand(9, generator=generator).double()
    assert aggregated_score(F, torch.full((9,), 0.37).double()) == pytest.approx(0.37)
    line = 0.8 - 0.5 * (F - F.min()) / (F.max() - F.min())
    assert aggregated_score(F, line) == pytest.approx(0.55)


@pytest.mark.errors
def test_errors_of_the_score():
    F = torch.tensor([1.0, 2.0])
    with pytest.raises(ValueError, match="one a split, got shapes"):
        aggregated_score(F, F[:1])
    with pytest.raises(ValueError, match="must be finite numbers"):
        aggregated_score(F, F / 0)
    with pytest.raises(ValueError, match="must have two different values"):
        aggregated_score(torch.ones(3), torch.ones(3))


def test_short_integers_are_class_numbers_too(generator):
    means = torch.randn(12, 3, generator=generator).double()
    sides = torch.arange(12).view(2, 6)
    long = ood_splits(means, *sides, swaps=2)
    short = ood_splits(means, *sides.to(torch.int8), swaps=2)
    assert [s.distance for s in short] == [s.distance for s in long]
    assert torch.equal(short[2].train, long[2].train)
