"""What is drawn, against its closed form.

The seeds are fixed. A p-value below 0.001 fails, so that a right miner would fail a
test with one seed in a thousand; each wrong rule listed at the end fails for certain.
"""

import math

import numpy as np
import pytest
import torch
from scipy.stats import beta, chisquare, kstest
from torch.nn.functional import normalize

from mlcourse.distances import euclidean
from mlcourse.miners import (
    distance_weighted_triplets,
    random_triplets,
    sphere_log_density,
)
from mlcourse.miners._draw import gumbel_like

DIMS = [16, 128, 512]
every_dim = pytest.mark.parametrize("dim", DIMS)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def quantile(level, dim):
    """Distance on the sphere that a share ``level`` of the pairs stays below."""
    k = (dim - 1) / 2
    return 2 * np.sqrt(beta.isf(level, k, k) * -1 + 1)


def log_density(d, dim):
    """Of d, from that of 1 - d^2 / 4, which is Beta distributed."""
    k = (dim - 1) / 2
    return beta.logpdf(1 - d**2 / 4, k, k) + np.log(d / 2)


def one_crowd(d_an, size=120):
    """A class of ``size`` points that all see others at the distances ``d_an``.

    Its size * (size - 1) positive pairs are as many independent draws.
    """
    n = size + len(d_an)
    dist = torch.full((n, n), 0.3, dtype=torch.float64)
    dist[:, size:] = torch.as_tensor(d_an)
    labels = torch.arange(n) - size
    labels[:size] = 1000
    return dist, labels


def drawn(T, size=120):
    """How often each other point was drawn by an anchor of the crowd."""
    return T[T[:, 0] < size, 2].sub(size).bincount().numpy()


def on_sphere(dim, seed, n=1024):
    """Distances of points that lie evenly on the sphere, in classes of two."""
    z = torch.randn(n, dim, generator=seeded(seed), dtype=torch.float64)
    z = normalize(z)
    return euclidean(z, z), torch.arange(n) // 2


# --- the density ----------------------------------------------------------------------


@pytest.mark.parametrize("dim", [2, 3, 4, 64, *DIMS])
def test_density_is_that_of_a_beta_variable(dim):
    d = np.linspace(0.01, 1.99, 67)
    ours = sphere_log_density(torch.as_tensor(d), dim=dim).numpy()
    np.testing.assert_allclose(ours, log_density(d, dim), rtol=1e-9, atol=1e-9)


def test_density_by_hand_in_two_and_three_dimensions():
    """On the circle d = 2 sin(angle / 2), on the sphere q(d) = d / 2."""
    d = torch.tensor([0.5, 1.0, 1.6], dtype=torch.float64)
    circle = 1 / (math.pi * (1 - d**2 / 4).sqrt())
    assert sphere_log_density(d, dim=2).exp().tolist() == pytest.approx(circle.tolist())
    assert sphere_log_density(d, dim=3).exp().tolist() == pytest.approx(
        [0.25, 0.5, 0.8]
    )


@pytest.mark.parametrize("dim", [2, 3, 4, 512])
def test_density_at_the_ends(dim):
    log_q = sphere_log_density(torch.tensor([0.0, 2.0]), dim=dim)
    assert not log_q.isnan().any()
    near = [{2: -math.log(math.pi)}, {2: math.inf, 3: 0.0}]
    expected = [end.get(dim, -math.inf) for end in near]
    assert log_q.tolist() == pytest.approx(expected)


@every_dim
def test_density_beyond_the_diameter_is_zero_and_half_precision_no_loss(dim):
    beyond = torch.tensor([2.001, 2.0])
    assert sphere_log_density(beyond, dim=dim).tolist() == [-math.inf, -math.inf]
    d = torch.tensor([0.3, 1.4], dtype=torch.float16)
    ours = sphere_log_density(d, dim=dim).tolist()
    assert ours == pytest.approx(log_density(d.double().numpy(), dim), rel=1e-4)


@every_dim
def test_random_points_are_all_about_sqrt_two_apart(dim):
    dist, _ = on_sphere(dim, seed=0)
    d = dist[0::2, 1::2].diagonal()  # 512 pairs without a common point
    k = (dim - 1) / 2
    assert kstest((1 - d**2 / 4).numpy(), beta(k, k).cdf).pvalue > 1e-3


# --- random negatives -----------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("others", [9, 900])
def test_random_draws_every_negative_alike(seed, others):
    """14,280 draws: chi^2 with one degree of freedom less than there are negatives."""
    dist, labels = one_crowd(np.linspace(0.1, 1.9, others))
    T = random_triplets(dist, labels, generator=seeded(seed))
    counts = drawn(T)
    assert counts.sum() == 120 * 119
    assert chisquare(counts).pvalue > 1e-3


def test_random_draws_every_negative_alike_in_ragged_classes(labels, generator):
    """5,000 batches, as one chi^2 for each anchor; 15 anchors, p > 0.001 / 15."""
    n = len(labels)
    counts = torch.zeros(n, n)
    for _ in range(5000):
        T = random_triplets(torch.zeros(n, n), labels, generator=generator)
        counts.index_put_((T[:, 0], T[:, 2]), torch.ones(len(T)), accumulate=True)
    other = labels[:, None] != labels
    assert (counts[~other] == 0).all()
    for a in range(n):
        if (labels == labels[a]).sum() > 1:
            assert chisquare(counts[a, other[a]].numpy()).pvalue > 1e-3 / n


@every_dim
def test_distances_of_random_negatives_are_beta_distributed(dim):
    dist, labels = on_sphere(dim, seed=1)
    T = random_triplets(dist, labels, generator=seeded(2))
    d, k = dist[T[:, 0], T[:, 2]].numpy(), (dim - 1) / 2
    assert len(d) == 1024
    assert kstest(1 - d**2 / 4, beta(k, k).cdf).pvalue > 1e-3


def test_draws_of_one_anchor_are_independent():
    """Its first two positives get the same of 8 negatives in one of eight draws.

    120 anchors in 50 batches: 6,000 draws; 5 standard deviations are 0.021.
    """
    dist, labels = one_crowd(np.full(8, 1.0))
    generator = seeded(0)
    for miner, more in (
        (random_triplets, {}),
        (distance_weighted_triplets, {"dim": 9}),
    ):
        same = []
        for _ in range(50):
            T = miner(dist, labels, generator=generator, **more)
            T = T[T[:, 0] < 120].view(120, 119, 3)
            same.append(T[:, 0, 2] == T[:, 1, 2])
        assert torch.cat(same).double().mean().item() == pytest.approx(1 / 8, abs=0.021)


# --- distance-weighted negatives ------------------------------------------------------


def crowd_of(dim):
    """Negatives at seven quantiles of q, one nearer than the cutoff, one too far."""
    d_an = quantile(np.array([0.002, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.25, 0.6]), dim)
    cutoff = quantile(0.01, dim)
    log_w = -np.maximum(log_density(d_an[:-1], dim), log_density(cutoff, dim))
    share = np.exp(log_w - log_w.max())
    return d_an, cutoff, share / share.sum()


@every_dim
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_weighted_draws_follow_the_inverse_density(dim, seed):
    """14,280 draws, chi^2 with 7 degrees of freedom; the farthest is never drawn."""
    d_an, cutoff, share = crowd_of(dim)
    assert d_an[-1] > 1.4 > d_an[-2]
    dist, labels = one_crowd(d_an)
    T = distance_weighted_triplets(
        dist, labels, dim=dim, cutoff=cutoff, generator=seeded(seed)
    )
    counts = drawn(T)
    assert len(counts) == len(share)  # so the last index is never drawn
    assert counts.sum() == 120 * 119
    assert chisquare(counts, share * counts.sum()).pvalue > 1e-3


def test_wrong_rules_would_be_seen():
    """The same test refuses a sign, an exponent, squares, no cutoff and even draws."""
    dim = 16
    d_an, cutoff, share = crowd_of(dim)
    near = np.maximum(d_an[:-1], cutoff)
    wrong = {
        "sign": log_density(near, dim),
        "exponent": -log_density(near, dim) - 2 * np.log(near),
        "squares": -log_density(np.minimum(near**2, 1.99), dim),
        "no cutoff": -log_density(d_an[:-1], dim),
        "even": np.zeros(8),
    }
    for name, log_w in wrong.items():
        other = np.exp(log_w - log_w.max())
        other *= 120 * 119 / other.sum()
        assert chisquare(other, share * other.sum()).pvalue < 1e-9, name


@every_dim
def test_on_the_sphere_the_distances_drawn_are_uniform(dim):
    """Between the cutoff and the far end, where the sphere has points to draw."""
    near, far = quantile(0.02, dim), quantile(0.4, dim)
    dist, labels = on_sphere(dim, seed=3)
    T = distance_weighted_triplets(
        dist, labels, dim=dim, cutoff=near, max_dist=far, generator=seeded(4)
    )
    d = dist[T[:, 0], T[:, 2]].numpy()
    assert len(d) == 1024
    assert d.max() < far
    d = d[d >= near]
    assert len(d) > 700
    assert kstest((d - near) / (far - near), "uniform").pvalue > 1e-3


def test_what_is_nearer_than_the_cutoff_weighs_as_the_cutoff():
    dist, labels = one_crowd([0.0, 0.2, 0.5, 0.500001])
    T = distance_weighted_triplets(dist, labels, dim=128, generator=seeded(0))
    counts = drawn(T)
    assert len(counts) == 4
    assert chisquare(counts).pvalue > 1e-3


def test_golden_weights_in_64_dimensions():
    """Log-weights less log Z: 44.9 at 0.5, 8.8 at 1.0, -0.32 at 1.4."""
    d = torch.tensor([0.5, 1.0, 1.4], dtype=torch.float64)
    log_w = -sphere_log_density(d, dim=64) - math.log(0.3171)
    assert log_w.tolist() == pytest.approx([44.9, 8.8, -0.32], abs=0.05)


@pytest.mark.parametrize("max_dist", [0.25, 1, 1.5])
def test_only_negatives_nearer_than_max_dist_are_drawn(max_dist):
    dist, labels = one_crowd([0.2, 0.3, 0.99, 1.0, 1.4999, 1.5])
    T = distance_weighted_triplets(
        dist, labels, dim=4, max_dist=max_dist, generator=seeded(0)
    )
    nearer = [d for d in (0.2, 0.3, 0.99, 1.0, 1.4999, 1.5) if d < max_dist]
    assert len(drawn(T)) == len(nearer)
    assert drawn(T).min() > 100


def test_the_largest_of_many_draws_are_told_apart():
    """Equal ones go to the lower index: rounded to 2^-24, 30 of 1,000 are equal."""
    log_w = torch.zeros(1, 2**20)
    largest = gumbel_like(log_w, seeded(0)).topk(1000).values
    assert largest.dtype == torch.float32
    assert len(largest.unique()) > 995


# --- no anchor is lost ----------------------------------------------------------------


@every_dim
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_one_near_pair_costs_no_other_anchor_its_triplets(dim, dtype):
    dist, _ = on_sphere(dim, seed=5, n=112)
    labels = torch.arange(112) // 4
    dist[0, 4] = dist[4, 0] = 0.1  # two points of different classes
    T = distance_weighted_triplets(dist.to(dtype), labels, dim=dim, generator=seeded(0))
    assert T[:, 0].bincount().tolist() == [3] * 112
    assert (dist[T[:, 0], T[:, 2]] < 1.4).all()
    assert T[T[:, 0] == 0, 2].tolist() == [4, 4, 4]


@pytest.mark.parametrize("dim", [2, 3, 4, 512])
def test_a_lone_negative_is_drawn_wherever_it_lies(dim):
    labels = torch.tensor([0, 0, 1])
    for d in (0.0, 1e-6, 0.5, 1.4, 2.0, 2.005):  # the last by rounding
        dist = torch.full((3, 3), d)
        T = distance_weighted_triplets(
            dist, labels, dim=dim, max_dist=2.1, generator=seeded(0)
        )
        assert T.tolist() == [[0, 1, 2], [1, 0, 2]]


def test_only_an_anchor_without_a_negative_in_reach_is_left_out():
    labels = torch.tensor([0, 0, 1, 1])
    dist = torch.tensor(
        [[0, 0.1, 1.4, 1.5], [0.1, 0, 1.39, 1.5], [1, 1, 0, 1.9], [2, 2, 1.9, 0]]
    )
    T = distance_weighted_triplets(dist, labels, dim=512, generator=seeded(0))
    assert T[:, :2].tolist() == [[1, 0], [2, 3]]
    assert T[0, 2] == 2
