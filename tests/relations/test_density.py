"""Tests for mlcourse.relations.density."""

import math

import pytest
import torch
from scipy.stats import gaussian_kde
from sklearn.neighbors import KernelDensity

from mlcourse.relations import parzen_density, parzen_log_density


def pairwise(x, y):
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


# --- values ---------------------------------------------------------------------------


def test_value_by_hand():
    # Two references at distances 0 and 3, h = 2, d = 3.
    bump = 1 / (2**3 * (2 * math.pi) ** 1.5)
    expected = bump * (1 + math.exp(-9 / 8)) / 2
    found = parzen_density(torch.tensor([[0.0, 3.0]]).double(), bandwidth=2.0, dim=3)
    assert found.item() == pytest.approx(expected, rel=1e-14)


def test_equals_loop_over_the_formula(points):
    queries, h = points[:7] + 0.3, 0.8
    dist = pairwise(queries, points)
    loop = [
        sum(math.exp(-(float(d) ** 2) / (2 * h * h)) for d in row)
        / (60 * h**5 * (2 * math.pi) ** 2.5)
        for row in dist
    ]
    found = parzen_density(dist, bandwidth=h, dim=5)
    torch.testing.assert_close(
        found, torch.tensor(loop, dtype=torch.float64), rtol=1e-12, atol=0
    )


@pytest.mark.parametrize("h", [0.05, 0.7, 30.0])
def test_log_density_equals_scikit_learn(points, h):
    queries = torch.cat([points[:9] * 1.5, points[:3] + 40])
    found = parzen_log_density(pairwise(queries, points), bandwidth=h, dim=5)
    peer = KernelDensity(bandwidth=h, rtol=0, atol=0).fit(points.numpy())
    expected = torch.tensor(peer.score_samples(queries.numpy()))
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


def test_density_equals_scipy_after_whitening(points):
    # scipy uses the data's covariance: the density of L x times |det L| is that of x.
    peer = gaussian_kde(points.numpy().T, bw_method=0.6)
    covariance = torch.tensor(peer.covariance)  # times 0.6^2 already
    L = torch.linalg.inv(torch.linalg.cholesky(covariance))
    white = points @ L.T
    found = parzen_density(pairwise(white[:5], white), bandwidth=1.0, dim=5)
    expected = torch.tensor(peer(points[:5].numpy().T))
    torch.testing.assert_close(found * L.det().abs(), expected, rtol=1e-10, atol=0)


def test_integrates_to_one_on_a_line():
    grid = torch.linspace(-20, 20, 4001, dtype=torch.float64)[:, None]
    refs = torch.tensor([[-3.0], [0.0], [0.5]]).double()
    density = parzen_density(pairwise(grid, refs), bandwidth=0.9, dim=1)
    assert torch.trapezoid(density, dx=0.01).item() == pytest.approx(1, abs=1e-9)


# --- what must not change it, what must -----------------------------------------------


def test_no_underflow_before_it_must():
    # exp(-800) is below float64; a narrow bump (h = 1e-40, d = 10) lifts it back.
    dist = torch.tensor([[40e-40]], dtype=torch.float64)
    found = parzen_density(dist, bandwidth=1e-40, dim=10)
    expected = -800 - 10 * math.log(1e-40) - 5 * math.log(2 * math.pi)
    assert found.log().item() == pytest.approx(expected, rel=1e-12)


def test_far_queries_keep_their_order_in_the_logarithm():
    dist = torch.tensor([[1e3, 2e3], [1e4, 2e4]])
    assert (parzen_density(dist, bandwidth=1.0, dim=2) == 0).all()
    near, far = parzen_log_density(dist, bandwidth=1.0, dim=2).tolist()
    assert math.isfinite(far)
    assert near > far


def test_unit_of_distance(points):
    dist = pairwise(points, points)
    metres = parzen_density(dist, bandwidth=0.5, dim=5)
    centimetres = parzen_density(100 * dist, bandwidth=50.0, dim=5)
    torch.testing.assert_close(centimetres * 100**5, metres, rtol=1e-10, atol=0)


def test_leave_one_out_by_inf(points):
    dist = pairwise(points, points).fill_diagonal_(torch.inf)
    found = parzen_density(dist, bandwidth=0.7, dim=5) * 60 / 59
    others = pairwise(points[:1], points[1:])
    expected = parzen_density(others, bandwidth=0.7, dim=5)
    torch.testing.assert_close(found[:1], expected)


# --- gradient -------------------------------------------------------------------------


def test_gradient_matches_finite_differences(generator):
    dist = torch.rand(3, 4, generator=generator, dtype=torch.float64) + 0.1
    dist.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda d: parzen_density(d, bandwidth=0.6, dim=2), dist
    )


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
@pytest.mark.parametrize(
    ("dist", "bandwidth", "dim", "message"),
    [
        (torch.ones(3), 1.0, 1, r"got shape \(3,\)"),
        (torch.tensor([[torch.nan]]), 1.0, 1, "must hold no NaN, got 1"),
        (torch.tensor([[-0.5]]), 1.0, 1, "minimum of -0.5; a similarity"),
        (torch.ones(1, 1), 0.0, 1, "bandwidth must be > 0, got 0.0"),
        (torch.ones(1, 1), -1.0, 1, "bandwidth must be > 0, got -1.0"),
        (torch.ones(1, 1), math.nan, 1, "bandwidth must be > 0, got nan"),
        (torch.ones(1, 1), 1.0, 0, "dim must be > 0, got 0"),
    ],
)
def test_wrong_input_says_what_and_why(dist, bandwidth, dim, message):
    for density in (parzen_density, parzen_log_density):
        with pytest.raises(ValueError, match=message):
            density(dist, bandwidth=bandwidth, dim=dim)
