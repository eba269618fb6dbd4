"""Tests for mlcourse.linear.kissme."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from class_pairs import pairs_from_codes
from mlcourse.linear import KISSME, kissme, project_psd


def covariance(X, pairs):
    return sum(np.outer(X[i] - X[j], X[i] - X[j]) for i, j in pairs) / len(pairs)


@pytest.fixture
def judged(blobs):
    X, y = blobs
    S, D = pairs_from_codes(y)
    return X, S[::7], D[::11]


def test_by_hand():
    # Sigma_S = diag(1, 1); Sigma_D = diag(14, 2) / 3: M = diag(11/14, max(-1/2, 0)).
    X = np.array([[0.0, 0], [1, 1], [3, 0], [1, -1]])
    M = kissme(X, [[0, 1], [0, 3]], [[0, 2], [1, 2], [2, 3]])
    S, D = np.eye(2), np.diag([17, 2]) / 3
    np.testing.assert_allclose(
        M, np.maximum(np.linalg.inv(S) - np.linalg.inv(D), 0), atol=1e-12
    )


def test_is_the_projected_difference_of_inverses(judged):
    X, S, D = judged
    difference = np.linalg.inv(covariance(X, S)) - np.linalg.inv(covariance(X, D))
    np.testing.assert_allclose(
        kissme(X, S, D), project_psd(difference), rtol=1e-6, atol=1e-10
    )


def test_is_the_likelihood_ratio_where_nothing_is_cut(rng):
    # Similar points differ less in every direction: Pi_+ has nothing to do.
    y = np.repeat(np.arange(40), 3)
    X = 5 * rng.normal(size=(40, 2))[y] + rng.normal(size=(120, 2)) * [1, 0.3]
    S, D = pairs_from_codes(y)
    M = kissme(X, S, D)
    similar = multivariate_normal(cov=covariance(X, S))
    dissimilar = multivariate_normal(cov=covariance(X, D))
    delta = rng.normal(size=(30, 2))
    ratio = dissimilar.logpdf(delta) - similar.logpdf(delta)
    square = np.einsum("ni,ij,nj->n", delta, M, delta)
    gap = 2 * ratio - square  # the constant: log of the determinants' ratio
    np.testing.assert_allclose(gap, gap[0], atol=1e-8)


def test_estimator_uses_all_pairs(blobs):
    X, y = blobs
    S, D = pairs_from_codes(y)
    fitted = KISSME().fit(X, y)
    np.testing.assert_allclose(
        fitted.metric(), kissme(X, S, D), atol=1e-8 * np.trace(fitted.metric())
    )


def test_exchanged_judgements_give_no_distance(rng):
    y = np.repeat(np.arange(40), 3)
    X = 5 * rng.normal(size=(40, 2))[y] + rng.normal(size=(120, 2))
    S, D = pairs_from_codes(y)
    assert np.array_equal(kissme(X, D, S), np.zeros((2, 2)))


def test_reg_mixes_in_the_covariance_of_all_differences(judged):
    X, S, D = judged
    both = 2 * np.cov(X.T, ddof=0)  # of x_i - x_j over all ordered pairs
    inverse_s = np.linalg.inv(0.8 * covariance(X, S) + 0.2 * both)
    inverse_d = np.linalg.inv(0.8 * covariance(X, D) + 0.2 * both)
    np.testing.assert_allclose(
        kissme(X, S, D, reg=0.2), project_psd(inverse_s - inverse_d), atol=1e-9
    )


@pytest.mark.errors
def test_empty_judgements_are_refused(blobs):
    X, _ = blobs
    with pytest.raises(ValueError, match="KISSME needs pairs in S and D, got 0 and 1"):
        kissme(X, [], [[0, 1]])
    with pytest.raises(ValueError, match="got 1 and 0"):
        kissme(X, [[0, 1]], [])
