"""Clusters under their old numbers: the Hungarian method by all permutations."""

from itertools import permutations

import pytest
import torch
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from torch.nn.functional import normalize

from mlcourse.ensembles import cluster, match_clusters


def cost(previous, current, names):
    """L1 distance of indicators, cluster by cluster."""
    total = 0
    for new, old in enumerate(names):
        a, b = (previous == old).int(), (current == new).int()
        total += (a - b).abs().sum().item()
    return total


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_is_the_best_of_all_permutations(generator, k):
    previous, current = torch.randint(k, (2, 30), generator=generator)
    found = match_clusters(previous, current, n_clusters=k)
    best = min(cost(previous, current, names) for names in permutations(range(k)))
    assert cost(previous, found, range(k)) == best
    for names in permutations(range(k)):
        renamed = torch.tensor(names)[current]
        assert (renamed == previous).sum() <= (found == previous).sum()


def test_undoes_any_renaming(generator):
    previous = torch.randint(6, (50,), generator=generator)
    for _ in range(5):
        names = torch.randperm(6, generator=generator)
        found = match_clusters(previous, names[previous], n_clusters=6)
        assert torch.equal(found, previous)


def test_keeps_the_parts_as_they_are(generator):
    previous, current = torch.randint(4, (2, 40), generator=generator)
    found = match_clusters(previous, current, n_clusters=4)
    assert adjusted_rand_score(found, current) == pytest.approx(1)
    assert set(found.tolist()) <= set(range(4))


def test_a_direction_by_hand():
    """Cluster 0 becomes 2, 2 becomes 1, 1 becomes 0: no renaming is its own inverse."""
    previous = torch.tensor([2, 2, 2, 0, 0, 1, 1, 0])
    current = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2])
    found = match_clusters(previous, current, n_clusters=3)
    assert found.tolist() == [2, 2, 2, 0, 0, 1, 1, 1]


def test_empty_clusters_and_no_points():
    previous, current = torch.tensor([3, 3, 0]), torch.tensor([1, 1, 2])
    assert match_clusters(previous, current, n_clusters=4).tolist() == [3, 3, 0]
    none = torch.empty(0, dtype=torch.int64)
    assert match_clusters(none, none, n_clusters=2).tolist() == []


# --- k-means --------------------------------------------------------------------------


def planted(generator, n=20):
    """Three directions, of lengths that would mislead if they counted."""
    centres = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]])
    truth = torch.arange(3 * n) % 3
    y = centres[truth] + 0.1 * torch.randn(3 * n, 3, generator=generator)
    return y * torch.exp(2 * torch.randn(3 * n, 1, generator=generator)), truth


def test_finds_planted_directions(generator):
    y, truth = planted(generator)
    found = cluster(y, n_clusters=3, random_state=0)
    assert found.dtype == torch.int64
    assert adjusted_rand_score(found, truth) == 1


def test_same_seed_same_clusters(generator):
    y = torch.randn(60, 4, generator=generator)
    found = [cluster(y, n_clusters=5, random_state=s) for s in (0, 0)]
    assert torch.equal(*found)
    assert sorted(set(found[0].tolist())) == list(range(5))


def test_short_integers_are_cluster_numbers_too():
    old, new = torch.tensor([[0, 0, 1, 2], [2, 2, 0, 1]], dtype=torch.int8)
    assert match_clusters(old, new, n_clusters=3).tolist() == [0, 0, 1, 2]


def test_one_cluster_has_all_points():
    assert cluster(torch.randn(4, 2), n_clusters=1, random_state=0).tolist() == [0] * 4


def test_as_many_clusters_as_points_are_the_points():
    assert sorted(cluster(torch.eye(3), n_clusters=3, random_state=0)) == [0, 1, 2]


def test_five_starts_end_no_higher_than_the_first_and_once_lower(generator):
    y = normalize(torch.randn(60, 3, generator=generator, dtype=torch.float64), dim=1)

    def spread(found):
        parts = [y[found == k] for k in range(12)]
        return sum((part - part.mean(dim=0)).square().sum().item() for part in parts)

    lower = []
    for seed in range(6):
        best = spread(cluster(y, n_clusters=12, random_state=seed))
        first = KMeans(12, n_init=1, random_state=seed).fit_predict(y.numpy())
        lower.append(best < spread(torch.as_tensor(first)) - 1e-9)
        assert best < spread(torch.as_tensor(first)) + 1e-9
    assert any(lower)


@pytest.mark.errors
def test_errors():
    y = torch.randn(3, 2)
    for k in (0, 4):
        with pytest.raises(ValueError, match=f"the number of points, 3, got {k}"):
            cluster(y, n_clusters=k, random_state=0)
    with pytest.raises(ValueError, match="features must be finite"):
        cluster(y / 0, n_clusters=2, random_state=0)
    a = torch.tensor([0, 1, 2])
    with pytest.raises(ValueError, match="current must be .3,. cluster numbers"):
        match_clusters(a, a[1:], n_clusters=3)
    with pytest.raises(ValueError, match="previous must be .3,. cluster numbers"):
        match_clusters(a, a, n_clusters=2)
    with pytest.raises(ValueError, match="current must be .3,. cluster numbers"):
        match_clusters(a, a - 1, n_clusters=3)
    for pair in ((a.double(), a), (a, a.double())):
        with pytest.raises(ValueError, match=r"\(3,\) of torch.float64, 0"):
            match_clusters(*pair, n_clusters=3)
