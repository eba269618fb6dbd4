"""The miners beside pytorch-metric-learning 2.9: equal, or we say who is wrong."""

import warnings

import pytest
import torch
from torch.nn.functional import normalize

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from pytorch_metric_learning import miners

from mlcourse.distances import cosine, euclidean
from mlcourse.miners import (
    distance_weighted_triplets,
    easy_positive_triplets,
    ephn_triplets,
    epshn_triplets,
    hard_triplets,
    multi_similarity_pairs,
    nearest_semihard_triplets,
    semihard_triplets,
)

Y = torch.tensor([0, 3, 3, 1, 0, 5, 1, 0, 3, 0, 5, 1, 8, 3, 3, 0])


@pytest.fixture
def z(generator):
    return torch.randn(len(Y), 4, generator=generator, dtype=torch.float64)


@pytest.fixture
def dist(z):
    u = normalize(z)
    return euclidean(u, u)


def rows(*columns):
    """The peer's columns as sorted rows."""
    return sorted(torch.stack(columns, dim=1).tolist())


def test_semihard(z, dist):
    peer = miners.TripletMarginMiner(margin=0.2, type_of_triplets="semihard")
    T = semihard_triplets(dist, Y, margin=0.2)
    assert len(T) > 20
    assert T.tolist() == rows(*peer(z, Y))


def test_nearest_semihard(z, dist):
    """The peer has the whole band: sorted by distance, the first of each pair."""
    peer = miners.TripletMarginMiner(margin=0.2, type_of_triplets="semihard")
    T = sorted(rows(*peer(z, Y)), key=lambda t: dist[t[0], t[2]], reverse=True)
    nearest = sorted({(a, p): [a, p, n] for a, p, n in T}.values())
    assert nearest_semihard_triplets(dist, Y, margin=0.2).tolist() == nearest
    assert len(nearest) < len(T)


def test_the_peers_band_holds_its_far_end():
    """At d_an = d_ap + margin the loss is 0: (0, margin] there, (0, margin) here."""
    angle = torch.tensor([0.0, torch.pi / 3, torch.pi], dtype=torch.float64)
    z = torch.stack([angle.cos(), angle.sin()], dim=1)  # distances 1, sqrt 3, 2
    labels, u = torch.tensor([0, 0, 1]), normalize(z)
    d = euclidean(u, u)
    margin = (d[0, 2] - d[0, 1]).item()
    peer = miners.TripletMarginMiner(margin=margin, type_of_triplets="semihard")
    assert [0, 1, 2] in rows(*peer(z, labels))
    assert [0, 1, 2] not in semihard_triplets(d, labels, margin=margin).tolist()


def test_hard(z, dist):
    assert hard_triplets(dist, Y).tolist() == rows(*miners.BatchHardMiner()(z, Y))


def test_easy_positives(z, dist):
    a, p, _, n = miners.BatchEasyHardMiner("easy", "hard")(z, Y)
    assert ephn_triplets(dist, Y).tolist() == rows(a, p, n)
    a, p, _, n = miners.BatchEasyHardMiner("easy", "semihard")(z, Y)
    assert epshn_triplets(dist, Y).tolist() == rows(a, p, n)
    # the nearest of all that stand behind the positive
    T = easy_positive_triplets(dist, Y, margin=10).tolist()
    first = {}
    for a, p, n in T:
        if a not in first or dist[a, n] < dist[a, first[a][2]]:
            first[a] = [a, p, n]
    assert list(first.values()) == epshn_triplets(dist, Y).tolist()


def test_multi_similarity(z):
    for epsilon in (0.1, 0.5):
        S, D = multi_similarity_pairs(1 - cosine(z, z), Y, epsilon=epsilon)
        a1, p, a2, n = miners.MultiSimilarityMiner(epsilon=epsilon)(z, Y)
        assert (S.tolist(), D.tolist()) == (rows(a1, p), rows(a2, n))


def frequencies(T, n):
    """Share of each (a, n) among the draws."""
    counts = torch.zeros(n, n)
    counts.index_put_((T[:, 0], T[:, 2]), torch.ones(len(T)), accumulate=True)
    return counts / counts.sum(dim=1, keepdim=True).clamp(min=1)


def test_distance_weighted_in_few_dimensions(z, dist, generator):
    """400 batches: at least 400 draws an anchor, 5 standard deviations of a difference
    of two shares are less than 0.18."""
    with torch.random.fork_rng():
        torch.manual_seed(0)  # the peer has no generator
        peer = miners.DistanceWeightedMiner()
        theirs = [torch.stack(peer(z, Y), dim=1) for _ in range(400)]
    ours = [
        distance_weighted_triplets(dist, Y, dim=4, generator=generator)
        for _ in range(400)
    ]
    ours, theirs = (frequencies(torch.cat(T), len(Y)) for T in (ours, theirs))
    assert (ours - theirs).abs().max() < 0.18
    assert ours.max() > 0.3


def test_the_peer_loses_most_anchors_in_512_dimensions(generator):
    """It divides by the largest weight of the whole batch; the others underflow."""
    z = normalize(torch.randn(112, 512, generator=generator))
    labels = torch.arange(112) // 4
    z[4] = normalize(z[0] + 0.02 * z[4], dim=0)  # one near pair of strangers
    a = miners.DistanceWeightedMiner()(z, labels)[0]
    assert len(a.unique()) < 10
    T = distance_weighted_triplets(
        euclidean(z, z), labels, dim=512, generator=generator
    )
    assert T[:, 0].bincount().tolist() == [3] * 112
    assert (labels[T[:, 0]] != labels[T[:, 2]]).all()


def test_the_peer_draws_positives_with_replacement(generator):
    """So some pairs come twice and others never; here each comes once."""
    z = normalize(torch.randn(32, 8, generator=generator))
    labels = torch.arange(32) // 8
    with torch.random.fork_rng():
        torch.manual_seed(0)
        a, p, _ = miners.DistanceWeightedMiner()(z, labels)
    assert len(a) == 32 * 8
    assert len(torch.stack([a, p], dim=1).unique(dim=0)) < 32 * 6
    T = distance_weighted_triplets(euclidean(z, z), labels, dim=8, generator=generator)
    assert len(T[:, :2].unique(dim=0)) == len(T) == 32 * 7
