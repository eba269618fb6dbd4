"""Tests for nmi, ami, pair_f1, spectral_decay and density."""

import math
from collections import Counter
from itertools import combinations

import pytest
import torch

from mlcourse.evaluation import ami, density, nmi, pair_f1, spectral_decay


@pytest.fixture(params=[0, 1, 2])
def generator(request):
    return torch.Generator().manual_seed(request.param)


@pytest.fixture
def partitions(generator):
    classes = torch.randint(5, (40,), generator=generator)
    noise = torch.randint(3, (40,), generator=generator)
    return classes, classes * 2 + (noise == 0).long()


def entropy(counts, n):
    return -sum(c / n * math.log(c / n) for c in counts.values())


def test_nmi_equals_its_formula(partitions):
    y, a = (p.tolist() for p in partitions)
    n = len(y)
    h_y, h_a = entropy(Counter(y), n), entropy(Counter(a), n)
    both = entropy(Counter(zip(y, a, strict=True)), n)
    assert nmi(*partitions) == pytest.approx(2 * (h_y + h_a - both) / (h_y + h_a))


def test_pair_f1_equals_a_loop_over_pairs(partitions):
    y, a = (p.tolist() for p in partitions)
    pairs = list(combinations(range(len(y)), 2))
    found = sum(y[i] == y[j] and a[i] == a[j] for i, j in pairs)
    precision = found / sum(a[i] == a[j] for i, j in pairs)
    recall = found / sum(y[i] == y[j] for i, j in pairs)
    expected = 2 * precision * recall / (precision + recall)
    assert pair_f1(*partitions) == pytest.approx(expected)
    assert pair_f1(torch.arange(3), torch.arange(3)) == 1
    assert pair_f1(torch.arange(3), torch.zeros(3).long()) == 0


@pytest.mark.parametrize("measure", [nmi, ami, pair_f1])
def test_names_change_nothing_and_equal_partitions_give_one(partitions, measure):
    y, a = partitions
    assert measure(y, 7 - 3 * a) == pytest.approx(measure(y, a))
    assert measure(y, y + 5) == pytest.approx(1)


def test_chance_is_far_from_zero_for_nmi_and_at_zero_for_ami(generator):
    """2000 classes of 5: the reason why NMI must not be compared across data sets."""
    classes = torch.arange(1000) // 5
    clusters = classes[torch.randperm(1000, generator=generator)]
    assert nmi(classes, clusters) > 0.6
    assert abs(ami(classes, clusters)) < 0.02


def test_spectral_decay_equals_its_formula(generator):
    z = torch.randn(30, 6, generator=generator, dtype=torch.float64)
    s = torch.linalg.eigvalsh(z.T @ z).sqrt()
    expected = sum(math.log((1 / 6) / (v / s.sum())) for v in s) / 6
    assert spectral_decay(z) == pytest.approx(expected, rel=1e-9)
    assert spectral_decay(z.T) == pytest.approx(expected, rel=1e-9)
    assert spectral_decay(7 * z) == pytest.approx(expected, rel=1e-9)


def test_spectral_decay_at_the_ends():
    assert spectral_decay(torch.eye(5)) == pytest.approx(0, abs=1e-12)
    assert spectral_decay(torch.ones(1, 3)) == 0
    flat = spectral_decay(torch.ones(20, 3))  # rank 1: finite, and large
    # two of three values count as 20 eps times the largest
    assert flat == pytest.approx(-(2 * math.log(20 * 2.0**-52) + 3 * math.log(3)) / 3)


def test_density_equals_its_formula(generator):
    z = torch.randn(9, 4, generator=generator)
    labels = torch.tensor([1, 1, 1, 4, 4, 0, 0, 0, 3])
    spread, centers = [], []
    for c in (0, 1, 3, 4):
        points = z[labels == c].double()
        centers.append(points.mean(dim=0))
        pairs = [(p - q).norm().item() for p, q in combinations(points, 2)]
        spread += [sum(pairs) / len(pairs)] if pairs else []
    apart = [(p - q).norm().item() for p, q in combinations(centers, 2)]
    expected = (sum(spread) / 3) / (sum(apart) / 6)
    assert density(z, labels) == pytest.approx(expected)
    assert density(torch.eye(4)[labels % 4], labels) == 0


@pytest.mark.errors
@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("the embedding has collapsed", lambda: spectral_decay(torch.zeros(3, 2))),
        ("must be finite", lambda: spectral_decay(torch.full((2, 2), torch.inf))),
        ("matrix of floats", lambda: spectral_decay(torch.ones(3))),
        ("two different centres", lambda: density(torch.rand(2, 2), torch.arange(2))),
        ("got 0 classes", lambda: density(torch.rand(0, 2), torch.arange(0))),
        ("two different centres", lambda: density(
            torch.ones(4, 2), torch.tensor([0, 0, 1, 1]))),
        ("two different centres", lambda: density(
            torch.rand(3, 2), torch.zeros(3).long())),
        ("one whole number for each", lambda: density(torch.rand(3, 2), torch.rand(3))),
        ("one whole number for each of the 3", lambda: nmi(
            torch.arange(3), torch.arange(4))),
        ("one whole number", lambda: ami(torch.rand(3), torch.arange(3))),
        ("one whole number", lambda: pair_f1(torch.empty(0).long(), torch.arange(0))),
    ],
)  # fmt: skip
def test_a_mistake_is_told(message, call):
    with pytest.raises(ValueError, match=message):
        call()
