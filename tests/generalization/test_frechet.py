"""Frechet's distance: closed forms, scipy's root, and its bias with few points."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from scipy.stats import ortho_group

from mlcourse.generalization import chance_distances, frechet_distance


def by_scipy(x, y):
    """The formula, with the square root of the product of covariances."""
    x, y = x.numpy(), y.numpy()
    a, b = np.atleast_2d(np.cov(x.T)), np.atleast_2d(np.cov(y.T))
    root = sqrtm(a @ b)
    assert np.abs(np.imag(root)).max() < 1e-3
    return ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(a + b - 2 * np.real(root))


def exact(n, cov, mean, seed=0):
    """Points with exactly this mean and covariance."""
    x = torch.randn(n, len(cov), generator=torch.Generator().manual_seed(seed)).double()
    x = x - x.mean(dim=0)
    own = torch.linalg.cholesky(x.T @ x / (n - 1))
    L = torch.linalg.cholesky(cov)
    return torch.linalg.solve_triangular(own, x.T, upper=False).T @ L.T + mean


@pytest.mark.parametrize("d", [1, 3, 6])
def test_it_is_the_formula_with_scipys_root(generator, d):
    x = torch.randn(30, d, generator=generator).double()
    y = (
        2
        * torch.randn(20, d, generator=generator).double()
        @ torch.randn(d, d, generator=generator).double()
        + 1
    )
    assert frechet_distance(x, y) == pytest.approx(by_scipy(x, y), rel=1e-6)


@pytest.mark.parametrize(
    ("scale", "shift", "expected"), [(1.0, 0.0, 0.0), (1.0, 0.5, 1.0), (2.0, 0.0, 4.0)]
)
def test_closed_forms_of_gaussians_in_four_dimensions(scale, shift, expected):
    """Equal; a mean moved by a vector of length 1; deviations doubled: 4 (2 - 1)^2."""
    one = torch.eye(4).double()
    x, y = exact(50, one, 0.0), exact(40, scale**2 * one, shift, seed=1)
    assert frechet_distance(x, y) == pytest.approx(expected, abs=1e-10)


def test_closed_form_of_diagonal_covariances():
    """|shift|^2 + sum (sigma_x - sigma_y)^2, all different."""
    a, b = (
        torch.tensor([1.0, 2.0, 5.0]).double(),
        torch.tensor([3.0, 0.5, 4.0]).double(),
    )
    shift = torch.tensor([0.3, -1.0, 2.0]).double()
    x, y = exact(30, torch.diag(a**2), 0.0), exact(25, torch.diag(b**2), shift, seed=1)
    expected = (shift.square().sum() + (a - b).square().sum()).item()
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-10)


def test_symmetry_rotation_and_scale(generator):
    x, y = (
        torch.randn(9, 4, generator=generator),
        3 * torch.rand(7, 4, generator=generator),
    )
    x, y = x.double(), y.double()
    value = frechet_distance(x, y)
    assert frechet_distance(y, x) == pytest.approx(value)
    Q = torch.tensor(ortho_group.rvs(4, random_state=0))
    assert frechet_distance(x @ Q + 5, y @ Q + 5) == pytest.approx(value)
    assert frechet_distance(3 * x, 3 * y) == pytest.approx(9 * value)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-12)


def test_more_dimensions_than_points(generator):
    """Rank-deficient covariances, where a root of the product is ill-defined."""
    x, y = torch.randn(2, 5, 400, generator=generator).double()
    a, b = (torch.tensor(np.cov(part.T.numpy())) for part in (x, y))
    w, V = torch.linalg.eigh(a)
    half = V @ torch.diag(w.clamp(min=0).sqrt()) @ V.T
    root = torch.linalg.eigvalsh(half @ b @ half).clamp(min=0).sqrt().sum()
    between = (x.mean(0) - y.mean(0)).square().sum()
    expected = (between + a.trace() + b.trace() - 2 * root).item()
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("n", "expected"), [(20, 76), (50, 42), (98, 22.5), (200, 11)])
def test_bias_of_few_points(n, expected):
    """Two sets of one Gaussian N(0, I) in 64 dimensions: far from 0, as documented."""
    g = torch.Generator().manual_seed(n)
    values = [frechet_distance(*torch.randn(2, n, 64, generator=g)) for _ in range(8)]
    assert sum(values) / 8 == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize(("d", "expected"), [(8, 0.55), (16, 1.7)])
def test_bias_falls_faster_than_the_dimension(d, expected):
    """98 points, again of one Gaussian: a fortieth in an eighth of the dimensions."""
    g = torch.Generator().manual_seed(0)
    values = [frechet_distance(*torch.randn(2, 98, d, generator=g)) for _ in range(30)]
    assert sum(values) / 30 == pytest.approx(expected, rel=0.1)


# --- what chance gives ----------------------------------------------------------------


def test_chance_is_the_mean_over_all_splits():
    """Every split of six points into two and four, against many draws."""
    points = torch.tensor([[0.0, 1], [1, 4], [3, 0], [6, 2], [7, 7], [9, 3]]).double()
    every = []
    for i in range(6):
        for j in range(i):
            rest = [k for k in range(6) if k not in (i, j)]
            every.append(frechet_distance(points[[i, j]], points[rest]))
    g = torch.Generator().manual_seed(0)
    drawn = chance_distances(points, size=2, draws=1500, generator=g)
    assert drawn.mean().item() == pytest.approx(sum(every) / 15, rel=0.05)
    assert all(min(abs(v - e) for e in every) < 1e-9 for v in drawn.tolist())


def test_a_seed_repeats_it(generator):
    points, state = torch.randn(12, 3, generator=generator), torch.get_rng_state()

    def drawn(seed):
        g = torch.Generator().manual_seed(seed)
        return chance_distances(points, size=5, draws=4, generator=g).tolist()

    assert drawn(0) == drawn(0)
    assert drawn(0) != drawn(1)
    assert len(set(drawn(0))) == 4
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.errors
def test_errors():
    x = torch.zeros(3, 2)
    for pair in ((x[:1], x), (x, x[:1]), (x, torch.zeros(3, 1))):
        with pytest.raises(
            ValueError, match="two points or more each, of equally many"
        ):
            frechet_distance(*pair)
    with pytest.raises(ValueError, match="y must be finite"):
        frechet_distance(x, x / 0)
    g = torch.Generator()
    for size in (1, 2):
        with pytest.raises(ValueError, match="size must be from 2 to n - 2 = 1"):
            chance_distances(x, size=size, draws=1, generator=g)
    with pytest.raises(ValueError, match="draws must be >= 1, got 0"):
        chance_distances(torch.zeros(5, 2), size=2, draws=0, generator=g)


def test_many_points_in_few_dimensions_are_as_quick_as_their_covariances(generator):
    """20,000 points of each set: a matrix of one against the other would be 3 GB."""
    x = torch.randn(20_000, 3, generator=generator).double()
    y = 2 * torch.randn(20_000, 3, generator=generator).double()
    assert frechet_distance(x, y) == pytest.approx(by_scipy(x, y), rel=1e-6)
