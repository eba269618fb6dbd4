"""Shared and intra-class triplets: loops over their definitions, and even draws."""

from collections import Counter

import pytest
import torch
from scipy.stats import chisquare

from mlcourse.generalization import intra_class_triplets, shared_triplets
from mlcourse.judgements import all_triplets


class Told:
    """Draws that a test chose, in place of a generator's."""

    def __init__(self, monkeypatch, values):
        def rand(*shape, **more):
            assert tuple(shape) == (len(values),)
            return torch.tensor(values, dtype=torch.float64)

        monkeypatch.setattr(torch, "rand", rand)


def in_class_order(rows, labels):
    """Class by class, in a class by row."""
    return sorted(rows, key=lambda j: (labels[j], j))


def shared_by_loop(T, labels, chance):
    rows = []
    for (a, _, n), u in zip(T, chance, strict=True):
        third = [
            j for j in range(len(labels)) if labels[j] not in (labels[a], labels[n])
        ]
        if third:
            rows.append([a, in_class_order(third, labels)[int(u * len(third))], n])
    return rows


def intra_by_loop(labels, chance):
    pairs = [(a, p) for a in range(len(labels)) for p in range(len(labels))
             if a != p and labels[a] == labels[p]]  # fmt: skip
    rows = []
    for (a, p), u in zip(pairs, chance, strict=True):
        rest = [j for j in range(len(labels))
                if labels[j] == labels[a] and j not in (a, p)]  # fmt: skip
        if rest:
            rows.append([a, p, rest[int(u * len(rest))]])
    return rows


def draws(n, seed):
    g = torch.Generator().manual_seed(seed)
    chance = torch.rand(n, generator=g, dtype=torch.float64).tolist()
    chance[:2] = [0.0, 1 - 1e-9]
    return chance


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_shared_triplets_are_a_loop_over_the_definition(labels, seed, monkeypatch):
    T = all_triplets(labels)
    chance = draws(len(T), seed)
    Told(monkeypatch, chance)
    got = shared_triplets(T, labels, generator=torch.Generator()).tolist()
    assert got == shared_by_loop(T.tolist(), labels.tolist(), chance)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_intra_class_triplets_are_a_loop_over_the_definition(labels, seed, monkeypatch):
    pairs = int((labels[:, None] == labels).sum()) - len(labels)
    chance = draws(pairs, seed)
    Told(monkeypatch, chance)
    got = intra_class_triplets(labels, generator=torch.Generator()).tolist()
    assert got == intra_by_loop(labels.tolist(), chance)
    assert len(got) == 12 + 6  # of the classes of 4 and of 3; 2 points have no third


def test_shared_triplets_are_of_three_classes_and_keep_anchor_and_negative(
    labels, generator
):
    T = all_triplets(labels)
    got = shared_triplets(T, labels, generator=generator)
    classes = labels[got]
    assert all(len(set(row)) == 3 for row in classes.tolist())
    assert torch.equal(got[:, [0, 2]], T[:, [0, 2]])


def test_positives_are_drawn_evenly():
    """Points, not classes: fails a right draw once in 10 000 seeds."""
    labels = torch.tensor([9, 4, 4, 4, 7, 0])
    T = torch.tensor([[0, 0, 5]]).repeat(4000, 1)
    got = shared_triplets(T, labels, generator=torch.Generator().manual_seed(0))
    counts = Counter(got[:, 1].tolist())
    assert sorted(counts) == [1, 2, 3, 4]
    assert chisquare(list(counts.values())).pvalue > 1e-4


def test_third_points_are_drawn_evenly():
    labels = torch.tensor([3, 1, 3, 3, 1, 3, 3, 1])
    g = torch.Generator().manual_seed(0)
    counts = Counter(
        tuple(row)
        for _ in range(400)
        for row in intra_class_triplets(labels, generator=g).tolist()
    )
    assert len(counts) == 5 * 4 * 3 + 3 * 2 * 1
    of_five = [n for row, n in counts.items() if labels[row[0]] == 3]
    assert chisquare(of_five).pvalue > 1e-4


def test_names_of_classes_and_order_of_points_do_not_matter(labels):
    def found(y):
        return intra_class_triplets(y, generator=torch.Generator().manual_seed(3))

    assert torch.equal(found(labels), found(-7 * labels + 3))
    T = all_triplets(labels)
    g = [torch.Generator().manual_seed(3) for _ in range(2)]
    one = shared_triplets(T, labels, generator=g[0])
    two = shared_triplets(T, 7 * labels + 3, generator=g[1])
    assert torch.equal(one, two)


@pytest.mark.parametrize(
    ("rows", "n"), [([], 0), ([4], 0), ([1, 1], 0), ([1, 2, 3], 0), ([2, 2, 2], 6)]
)
def test_few_points(rows, n, generator):
    y = torch.tensor(rows, dtype=torch.int64)
    got = intra_class_triplets(y, generator=generator)
    assert got.shape == (n, 3)
    assert got.dtype == torch.int64


def test_two_classes_have_no_shared_triplet(generator):
    y = torch.tensor([0, 0, 1, 1])
    assert shared_triplets(all_triplets(y), y, generator=generator).shape == (0, 3)
    none = torch.zeros(0, 3).long()
    assert shared_triplets(none, y, generator=generator).shape == (0, 3)


def test_random_roles_pull_no_class_anywhere():
    """The mean direction in which a class is pulled falls as 1 / sqrt(draws)."""
    g = torch.Generator().manual_seed(0)
    labels = torch.arange(6).repeat_interleave(4)
    pulls = {}
    for draws_ in (20, 2000):
        total = torch.zeros(24)
        for _ in range(draws_):
            n = torch.randint(24, (24,), generator=g)
            a = torch.arange(24)
            T = torch.stack([a, a, n], dim=1)[labels != labels[n]]
            got = shared_triplets(T, labels, generator=g)
            total.index_add_(0, got[:, 1], torch.ones(len(got)))
            total.index_add_(0, got[:, 2], -torch.ones(len(got)))
        pulls[draws_] = (total / draws_).norm().item()
    assert pulls[2000] < pulls[20] / 5


def test_same_seed_same_triplets_and_no_global_draw(labels):
    state = torch.get_rng_state()
    T = all_triplets(labels)

    def drawn(seed):
        g = torch.Generator().manual_seed(seed)
        return [shared_triplets(T, labels, generator=g).tolist(),
                intra_class_triplets(labels, generator=g).tolist()]  # fmt: skip

    assert drawn(0) == drawn(0)
    assert drawn(0) != drawn(1)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.errors
def test_errors(labels):
    g = torch.Generator()
    with pytest.raises(ValueError, match=r"got row \[0, 1, 4\] of one class"):
        shared_triplets(torch.tensor([[0, 1, 4]]), labels, generator=g)
    with pytest.raises(ValueError, match="T must hold indices from 0 to n - 1 = 9"):
        shared_triplets(torch.tensor([[0, 1, 10]]), labels, generator=g)
    with pytest.raises(ValueError, match="labels must be one whole number"):
        intra_class_triplets(labels.double(), generator=g)
    with pytest.raises(TypeError, match="labels must be a torch tensor"):
        intra_class_triplets([1, 2], generator=g)
