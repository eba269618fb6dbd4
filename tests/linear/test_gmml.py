"""Tests for mlcourse.linear.gmml."""

import numpy as np
import pytest
from scipy.linalg import fractional_matrix_power, sqrtm

from class_pairs import pairs_from_codes
from mlcourse.linear import GMML, gmml
from mlcourse.linear._geodesic import geodesic


def scatter(X, pairs):
    return sum(np.outer(X[i] - X[j], X[i] - X[j]) for i, j in pairs)


@pytest.fixture
def judged(blobs):
    X, y = blobs
    S, D = pairs_from_codes(y)
    return X, S[::7], D[::11]


def test_by_hand():
    # S = diag(2, 2); D = diag(9, 4): the mean of S^{-1} and D is diag(sqrt(9/2), ...).
    X = np.array([[0.0, 0], [1, 1], [1, -1], [3, 0], [0, 2]])
    M = gmml(X, [[0, 1], [0, 2]], [[0, 3], [4, 0]], reg=0.0)
    np.testing.assert_allclose(M, np.diag([np.sqrt(4.5), np.sqrt(2)]), atol=1e-12)


def test_solves_riccatis_equation(judged):
    X, S, D = judged
    M = gmml(X, S, D, reg=0.0)
    similar, dissimilar = scatter(X, S), scatter(X, D)
    np.testing.assert_allclose(
        M @ similar @ M, dissimilar, atol=1e-9 * np.abs(dissimilar).max()
    )


def test_is_the_minimum_of_its_objective(judged, rng):
    X, S, D = judged
    similar, dissimilar = scatter(X, S), scatter(X, D)

    def objective(M):
        return np.trace(M @ similar) + np.trace(np.linalg.solve(M, dissimilar))

    M = gmml(X, S, D, reg=0.0)
    half = np.linalg.cholesky(M)
    for _ in range(50):
        B = rng.normal(size=(5, 5))
        step = half @ (B + B.T) @ half.T
        assert objective(M + 0.02 * step) > objective(M)


@pytest.mark.parametrize("t", [0.0, 0.3, 0.5, 0.8, 1.0])
def test_geodesic_is_scipys(judged, t):
    X, S, D = judged
    similar, dissimilar = scatter(X, S), scatter(X, D)
    half = np.real(sqrtm(similar))
    inverse = np.linalg.inv(half)
    power = np.real(fractional_matrix_power(half @ dissimilar @ half, t))
    expected = inverse @ power @ inverse
    np.testing.assert_allclose(
        gmml(X, S, D, t=t, reg=0.0), expected, atol=1e-8 * np.abs(expected).max()
    )


def test_ends_of_the_geodesic(judged):
    X, S, D = judged
    np.testing.assert_allclose(
        gmml(X, S, D, t=0.0, reg=0.0), np.linalg.inv(scatter(X, S)), rtol=1e-6
    )
    np.testing.assert_allclose(gmml(X, S, D, t=1.0, reg=0.0), scatter(X, D), rtol=1e-6)


def test_exchanging_s_and_d_inverts(judged):
    X, S, D = judged
    M = gmml(X, S, D, t=0.3, reg=0.0)
    back = gmml(X, D, S, t=0.7, reg=0.0)  # S #_t D^{-1} = D^{-1} #_{1-t} S
    np.testing.assert_allclose(M @ back, np.eye(5), atol=1e-7)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_the_unit_of_the_points_does_not_matter_halfway(judged, unit):
    X, S, D = judged
    M = gmml(X, S, D)
    np.testing.assert_allclose(gmml(unit * X, S, D), M, rtol=1e-6)
    flat = np.diag([1.0, 0.0, 2.0])  # some eigenvalues are 0, in any unit
    with pytest.raises(ValueError, match="scatter of S is singular"):
        geodesic(unit**2 * flat, np.eye(3), t=0.5, reg=0.0)
    M = geodesic(unit**2 * np.eye(3), unit**2 * flat, t=0.5, reg=0.0)
    np.testing.assert_allclose(M, np.diag([1, 0, 2**0.5]), atol=1e-9)


def test_dissimilar_pairs_of_one_direction_give_no_nan(rng):
    B = rng.normal(size=(4, 4))
    D = np.outer(B[0], B[0])  # eigenvalues of round-off, some of them negative
    for t in (0.3, 0.5):
        M = geodesic(B @ B.T, D, t=t, reg=0.0)
        assert np.linalg.matrix_rank(M, tol=1e-4 * np.trace(M)) == 1
        assert np.isfinite(M).all()


def test_estimator_uses_all_pairs(blobs):
    X, y = blobs
    S, D = pairs_from_codes(y)
    np.testing.assert_allclose(
        GMML(t=0.4).fit(X, y).metric(), gmml(X, S, D, t=0.4), rtol=1e-7
    )


def test_reg_is_relative_to_the_mean_eigenvalue():
    M = geodesic(np.diag([4.0, 0.0]), np.diag([0.0, 6.0]), t=0.5, reg=0.1)
    # S + 0.2 I, D + 0.3 I
    np.testing.assert_allclose(M, np.diag([(0.3 / 4.2) ** 0.5, (6.3 / 0.2) ** 0.5]))


@pytest.mark.errors
@pytest.mark.parametrize(
    ("S", "D", "message"),
    [
        ([], [[0, 1]], "pairs in S whose two points differ"),
        ([[0, 1]], [], "pairs in D whose two points differ"),
        ([[0, 1]], [[0, 56]], "D must hold indices from 0 to n - 1 = 55"),
        ([[0, 1]], [[0, 2]], "scatter of S is singular; give reg > 0"),
    ],
)
def test_wrong_pairs_say_what_is_right(S, D, message, blobs):
    with pytest.raises(ValueError, match=message):
        gmml(blobs[0], S, D, reg=0.0)
