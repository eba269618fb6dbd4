"""Tests for mlcourse.linear.mmc: the certificate, by loop, decides."""

import warnings

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.datasets import load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning

from class_pairs import pairs_from_codes
from mlcourse.linear import MMC, mmc
from mlcourse.linear._pairsets import ListedPairs
from mlcourse.linear._power import spread_apart
from mlcourse.linear._scatter import pair_scatter


@pytest.fixture
def judged(blobs):
    X, y = blobs
    S, D = pairs_from_codes(y)
    return X, S[::7], D[::11]


def spread(M, X, D):
    """g by the loop over its formula, and its gradient."""
    g, gradient = 0.0, np.zeros_like(M)
    for i, j in D:
        delta = X[i] - X[j]
        distance = np.sqrt(delta @ M @ delta)
        g += distance
        gradient += np.outer(delta, delta) / (2 * distance)
    return g, gradient


def certificate(M, X, S, D):
    """The upper bound g / 2 + lambda_max(W^{-1/2} G W^{-1/2}), over g."""
    values, V = np.linalg.eigh(pair_scatter(X, S))
    half = (V / np.sqrt(values)) @ V.T
    g, gradient = spread(M, X, D)
    return (g / 2 + np.linalg.eigvalsh(half @ gradient @ half)[-1]) / g - 1


# --- values ---------------------------------------------------------------------------


def test_by_hand():
    # Sum over S of squares: 2 w_1 + 2 w_2 = 1; over D: 3 sqrt(w_1) + 2 sqrt(w_2), so
    # sqrt(w) is proportional to (3, 2): w = (9, 4) / 26.
    X = np.array([[0.0, 0], [1, 1], [1, -1], [3, 0], [0, 2]])
    S, D = [[0, 1], [0, 2]], [[0, 3], [4, 0]]
    M = mmc(X, S, D, diagonal=True, tol=1e-12)
    np.testing.assert_allclose(M, np.diag([9, 4]) / 26, atol=1e-6)


@pytest.mark.parametrize("diagonal", [False, True])
def test_similar_pairs_have_squares_that_sum_to_one(judged, diagonal):
    X, S, D = judged
    M = mmc(X, S, D, diagonal=diagonal)
    assert np.trace(M @ pair_scatter(X, S)) == pytest.approx(1, rel=1e-9)
    assert np.linalg.eigvalsh(M)[0] >= -1e-12 * np.trace(M)


def test_certificate_by_loop_closes(judged):
    X, S, D = judged
    assert -1e-12 <= certificate(mmc(X, S, D, tol=1e-6), X, S, D) <= 1.01e-6
    assert certificate(np.eye(5) / np.trace(pair_scatter(X, S)), X, S, D) > 0.1


def test_diagonal_certificate_by_loop_closes(judged):
    X, S, D = judged
    M = mmc(X, S, D, diagonal=True, tol=1e-6)
    assert np.array_equal(M, np.diag(np.diag(M)))
    g, gradient = spread(M, X, D)
    best = (np.diag(gradient) / np.diag(pair_scatter(X, S))).max()
    assert (g / 2 + best) / g - 1 <= 1.01e-6


def test_no_other_metric_spreads_further(judged, rng):
    X, S, D = judged
    scatter = pair_scatter(X, S)
    g, _ = spread(mmc(X, S, D, tol=1e-8), X, D)
    for rank in np.repeat([1, 2, 5], 30):
        L = rng.normal(size=(rank, 5)) @ np.linalg.cholesky(np.linalg.inv(scatter)).T
        other = L.T @ L / np.trace(L.T @ L @ scatter)
        assert spread(other, X, D)[0] < g


def test_diagonal_is_the_papers_objective_up_to_scale(judged):
    # Xing's diagonal form: the minimum over w >= 0 of sum_S d^2 - log sum_D d.
    X, S, D = judged
    squares_s = ((X[S[:, 0]] - X[S[:, 1]]) ** 2).sum(axis=0)
    squares_d = (X[D[:, 0]] - X[D[:, 1]]) ** 2

    def paper(u):
        w = u**2 / squares_s
        return w @ squares_s - np.log(np.sqrt(squares_d @ w + 1e-12).sum())

    found = minimize(paper, np.full(5, 0.4), method="BFGS", options={"gtol": 1e-7})
    w = found.x**2 / squares_s
    M = mmc(X, S, D, diagonal=True, tol=1e-10)
    assert w @ squares_s == pytest.approx(0.5, abs=1e-4)
    np.testing.assert_allclose(np.diag(M), 2 * w, atol=1e-3 * np.trace(M))


@pytest.mark.parametrize("load", [load_iris, load_wine])
@pytest.mark.parametrize("diagonal", [False, True])
def test_estimator_certifies_itself_by_default(load, diagonal):
    X, y = load(return_X_y=True)
    fitted = MMC(diagonal=diagonal).fit(X, y)
    assert 0 <= fitted.duality_gap_ <= 1e-4
    S, D = pairs_from_codes(y)
    M = fitted.metric()
    assert np.trace(M @ pair_scatter(X, S)) == pytest.approx(1, rel=1e-6)
    if not diagonal:
        assert certificate(M, X, S, D) <= 1.01e-4


@pytest.mark.parametrize("diagonal", [False, True])
def test_estimator_uses_all_pairs(blobs, diagonal):
    X, y = blobs
    S, D = pairs_from_codes(y)
    fitted = MMC(diagonal=diagonal, reg=0.2, tol=1e-7).fit(X, y)
    expected = mmc(X, S, D, diagonal=diagonal, reg=0.2, tol=1e-7)
    np.testing.assert_allclose(
        fitted.metric(), expected, atol=1e-9 * np.trace(expected)
    )


@pytest.mark.parametrize("diagonal", [False, True])
def test_reg_mixes_in_the_scatter_of_any_pairs(judged, diagonal):
    X, S, D = judged
    M = mmc(X, S, D, diagonal=diagonal, reg=0.3)
    anyone = 2 * len(S) * np.cov(X.T, ddof=0)
    mixed = 0.7 * pair_scatter(X, S) + 0.3 * anyone
    assert np.trace(M @ mixed) == pytest.approx(1, rel=1e-9)


# --- invariances ----------------------------------------------------------------------


def test_affine_maps_change_no_distance(judged, affinity):
    X, S, D = judged
    M, mapped = mmc(X, S, D, tol=1e-8), mmc(X @ affinity.T + 3, S, D, tol=1e-8)
    np.testing.assert_allclose(
        affinity.T @ mapped @ affinity, M, atol=1e-6 * np.trace(M)
    )


def test_units_change_no_distance_of_the_diagonal_form(judged):
    X, S, D = judged
    units = np.array([1e3, 1.0, 1e-4, 7.0, 0.1])
    M = mmc(X, S, D, diagonal=True)
    scaled = mmc(X * units, S, D, diagonal=True)
    np.testing.assert_allclose(scaled * np.outer(units, units), M, rtol=1e-6)


def test_order_of_pairs_and_of_points_in_them_changes_nothing(judged, rng):
    X, S, D = judged
    again = mmc(X, rng.permutation(S)[:, ::-1], rng.permutation(D)[:, ::-1])
    np.testing.assert_allclose(again, mmc(X, S, D), rtol=1e-6, atol=1e-12)


def test_more_steps_never_lower_the_objective(judged):
    X, S, D = judged
    reached = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for steps in range(1, 9):
            M = mmc(X, S, D, tol=0.0, max_iter=steps)
            reached.append(spread(M, X, D)[0])
    assert (np.diff(reached) > -1e-9 * reached[-1]).all()


def test_is_as_many_power_steps_as_asked_for(judged):
    X, _, D = judged
    A = np.eye(5) / np.sqrt(5)
    for steps in range(4):
        expected, A = A, np.zeros((5, 5))
        for i, j in D:
            delta = X[i] - X[j]
            A += expected @ np.outer(delta, delta) / np.linalg.norm(expected @ delta)
        A /= np.linalg.norm(A)
        with pytest.warns(ConvergenceWarning, match=f"max_iter = {steps} steps"):
            found, _, taken = spread_apart(
                ListedPairs(X, D),
                np.eye(5),
                diagonal=False,
                tol=0.0,
                max_iter=steps,
            )
        assert taken == steps
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("unit", [1e-7, 1e7])
def test_the_unit_of_distance_changes_no_step(judged, unit):
    X, _, D = judged
    options = {"diagonal": False, "tol": 1e-3, "max_iter": 100}
    found = [
        spread_apart(ListedPairs(X, D), u * np.eye(5), **options) for u in (1, unit)
    ]
    np.testing.assert_allclose(found[1][0] / unit, found[0][0], rtol=1e-6, atol=1e-9)
    assert found[1][1] == pytest.approx(found[0][1], rel=1e-6)
    assert found[1][2] == found[0][2] > 1


def test_one_dissimilar_pair_may_be_near(blobs):
    X, y = blobs
    S, _ = pairs_from_codes(y)
    M = mmc(X, S, [[0, 1]])
    direction = np.linalg.solve(pair_scatter(X, S), X[0] - X[1])
    np.testing.assert_allclose(
        M / np.trace(M),
        np.outer(direction, direction) / (direction @ direction),
        atol=1e-2,
    )


# --- degenerate judgements, errors ----------------------------------------------------


def test_equal_points_in_d_and_too_few_pairs_in_s_stay_finite(blobs):
    X, _ = blobs
    X = np.r_[X, X[:1]]
    M = mmc(X, [[1, 2]], [[0, len(X) - 1], [3, 4], [5, 6]])
    assert np.isfinite(M).all()
    assert np.linalg.eigvalsh(M)[-1] > 0


def test_stopping_early_is_said(judged):
    X, S, D = judged
    with pytest.warns(ConvergenceWarning, match="duality gap of .* raise max_iter"):
        mmc(X, S, D, max_iter=1)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("S", "D", "message"),
    [
        ([], [[0, 1]], "needs similar points: one pair in S"),
        ([[0, 1]], [], "needs pairs in D whose two points differ"),
        ([[0, 1]], [[2, 2]], "needs pairs in D whose two points differ"),
        ([[0, 56]], [[0, 1]], "S must hold indices from 0 to n - 1 = 55"),
    ],
)
def test_wrong_pairs_say_what_is_right(S, D, message, blobs):
    with pytest.raises(ValueError, match=message):
        mmc(blobs[0], S, D)


@pytest.mark.errors
def test_wrong_reg_says_what_is_right(judged):
    with pytest.raises(ValueError, match="reg must be from 0"):
        mmc(*judged, reg=1.5)
