"""Tests for mlcourse.linear.whitening."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.datasets import load_digits

from mlcourse.linear import Whitening


def test_by_hand():
    # Variances 8/3 and 2/3, covariance 4/3 - 4/3 = 0: M = diag(3/8, 3/2).
    X = np.array([[5.0, 5], [1, 5], [3, 6], [3, 4]])
    np.testing.assert_allclose(
        Whitening().fit(X).metric(), np.diag([3 / 8, 3 / 2]), atol=1e-14
    )


def test_is_the_inverse_covariance(blobs):
    X, _ = blobs
    fitted = Whitening().fit(X)
    inverse = np.linalg.inv(np.cov(X.T))
    np.testing.assert_allclose(fitted.metric(), inverse, rtol=1e-9)
    np.testing.assert_allclose(np.cov(fitted.transform(X).T), np.eye(5), atol=1e-11)


def test_its_distance_is_scipys_mahalanobis(blobs):
    X, _ = blobs
    peer = pdist(X, "mahalanobis", VI=np.linalg.inv(np.cov(X.T)))
    np.testing.assert_allclose(pdist(Whitening().fit_transform(X)), peer, rtol=1e-9)


def test_fewer_points_than_features_give_the_pseudo_inverse(rng):
    X = rng.normal(size=(6, 9))
    fitted = Whitening().fit(X)
    assert fitted.components_.shape == (5, 9)
    np.testing.assert_allclose(
        fitted.metric(), np.linalg.pinv(np.cov(X.T), rcond=1e-10), atol=1e-9
    )
    # All points are then equally far from each other: whitening says nothing.
    np.testing.assert_allclose(pdist(fitted.transform(X)), np.sqrt(10), rtol=1e-9)


def test_two_points_are_enough():
    # They differ by (3, 4): ddof 1 gives them a squared distance of 2.
    L = Whitening().fit([[0.0, 0], [3, 4]]).components_
    np.testing.assert_allclose(np.abs(L), [[0.06 * 2**1.5, 0.08 * 2**1.5]])


def test_digits_with_constant_pixels():
    X, _ = load_digits(return_X_y=True)
    fitted = Whitening().fit(X)
    assert fitted.components_.shape == (61, 64)
    constant = np.ptp(X, axis=0) == 0
    assert (fitted.components_[:, constant] == 0).all()
    np.testing.assert_allclose(np.cov(fitted.transform(X).T), np.eye(61), atol=1e-10)


@pytest.mark.errors
def test_equal_points_are_refused():
    with pytest.raises(ValueError, match="copies of one point"):
        Whitening().fit(np.ones((5, 2)))
