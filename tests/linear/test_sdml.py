"""Tests for mlcourse.linear.sdml: the conditions of the lasso, entry by entry."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from class_pairs import pairs_from_codes
from mlcourse.linear import SDML, sdml


@pytest.fixture
def judged(blobs):
    X, y = blobs
    S, D = pairs_from_codes(y)
    return X / X.std(axis=0), S[::7], D[::11]


def judged_loop(X, S, D, balance):
    """I + eta K, from the loops over S and D."""
    K = sum(np.outer(X[i] - X[j], X[i] - X[j]) for i, j in S) / len(S)
    K = K - sum(np.outer(X[i] - X[j], X[i] - X[j]) for i, j in D) / len(D)
    return np.eye(len(K)) + balance * K / np.abs(np.linalg.eigvalsh(K)).max()


def test_by_hand():
    # K = diag(1, -4), rho = 4: I + 0.8 K / 4 = diag(1.2, 0.2).
    X = np.array([[0.0, 0], [1, 0], [0, 2]])
    M = sdml(X, [[0, 1]], [[0, 2]], balance=0.8)
    np.testing.assert_allclose(M, np.diag([1 / 1.2, 1 / 0.2]), rtol=1e-9)


def test_without_sparsity_is_the_inverse(judged):
    X, S, D = judged
    M = sdml(X, S, D, balance=0.7, alpha=0.0)
    np.testing.assert_allclose(M @ judged_loop(X, S, D, 0.7), np.eye(5), atol=1e-9)


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
def test_conditions_of_the_minimum(judged, alpha):
    # P - M^{-1} is -alpha sign(M) where M is not 0, and within +-alpha where it is.
    X, S, D = judged
    M = sdml(X, S, D, alpha=alpha, tol=1e-10, max_iter=500)
    slope = judged_loop(X, S, D, 0.9) - np.linalg.inv(M)
    np.testing.assert_allclose(np.diag(slope), 0, atol=1e-6)
    off = ~np.eye(5, dtype=bool)
    zero = off & (np.abs(M) < 1e-12)
    assert (np.abs(slope[zero]) <= alpha + 1e-6).all()
    live = off & ~zero
    assert live.any()
    assert zero.any() == (alpha > 0.05)
    np.testing.assert_allclose(slope[live], -alpha * np.sign(M[live]), atol=1e-6)


def test_more_sparsity_leaves_fewer_interactions(judged):
    counts = [
        np.count_nonzero(np.abs(sdml(*judged, alpha=alpha)) > 1e-12)
        for alpha in (0.0, 0.1, 1.0)
    ]
    assert counts[0] == 25 > counts[1] > counts[2] == 5


def test_estimator_uses_all_pairs(blobs):
    X, y = blobs
    S, D = pairs_from_codes(y)
    fitted = SDML(balance=0.8, alpha=0.02, tol=1e-9).fit(X, y)
    np.testing.assert_allclose(
        fitted.metric(), sdml(X, S, D, balance=0.8, alpha=0.02, tol=1e-9), rtol=1e-6
    )


def test_classes_of_equal_points_are_judged_too():
    # Similar pairs never differ; all dissimilar ones by (1, 2): K = -(1, 2)(1, 2)'.
    X = np.array([[0.0, 0], [0, 0], [1, 2], [1, 2]])
    M = SDML(alpha=0.0).fit(X, [0, 0, 1, 1]).metric()
    expected = np.eye(2) - 0.9 * np.outer([1, 2], [1, 2]) / 5
    np.testing.assert_allclose(M, np.linalg.inv(expected), rtol=1e-9)


def test_dominant_dissimilar_pairs_stay_feasible(judged):
    X, S, D = judged
    M = sdml(X, S[:1], D, balance=0.99, alpha=1e-3)
    assert np.linalg.eigvalsh(M)[0] > 0


@pytest.mark.parametrize("number", [1e-3, 100.0])
def test_a_number_times_x_changes_nothing(judged, number):
    X, S, D = judged
    np.testing.assert_allclose(sdml(number * X, S, D), sdml(X, S, D), rtol=1e-6)


def test_balance_zero_and_empty_judgements_are_the_prior(judged):
    X, S, D = judged
    np.testing.assert_allclose(sdml(X, S, D, balance=0.0), np.eye(5), atol=1e-9)
    np.testing.assert_allclose(sdml(X, [], []), np.eye(5), atol=1e-9)


def test_one_feature_has_nothing_to_make_sparse():
    X = np.array([[0.0], [1.0], [4.0]])
    # K = 1 - 16 < 0 and rho(K) = 15: M = 1 / (1 - balance).
    np.testing.assert_allclose(sdml(X, [[0, 1]], [[0, 2]], balance=0.6), [[2.5]])
    assert SDML().fit(X, [0, 0, 1]).n_iter_ == 1


def test_stopping_early_is_said(judged):
    with pytest.warns(ConvergenceWarning, match="did not converge"):
        sdml(*judged, tol=1e-15, max_iter=1)


@pytest.mark.errors
def test_wrong_numbers_say_what_is_right(judged):
    with pytest.raises(ValueError, match="balance must be from 0 to below 1"):
        sdml(*judged, balance=1.0)
    with pytest.raises(ValueError, match="alpha, the weight of sparsity, must be >= 0"):
        sdml(*judged, alpha=-0.1)
    with pytest.raises(ValueError, match="two points of one class, and points that"):
        SDML().fit(np.eye(3), [0, 1, 2])
