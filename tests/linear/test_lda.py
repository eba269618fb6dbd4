"""Tests for mlcourse.linear.lda."""

import numpy as np
import pytest
from scipy.linalg import eigh
from scipy.spatial.distance import pdist
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from mlcourse.linear import LDA, RCA


def scatters(X, y):
    classes = np.unique(y)
    within = sum((y == c).sum() * np.cov(X[y == c].T, ddof=0) for c in classes)
    return within / len(X), np.cov(X.T, ddof=0) - within / len(X)


def test_by_hand():
    # Within: variances 1 and 1/2, covariance 1/2; means (1, 0) and (1, 4).
    X = np.array([[0.0, 0], [2, 0], [0, 3], [2, 5]])
    fitted = LDA().fit(X, [0, 0, 1, 1])
    np.testing.assert_allclose(fitted.components_, [[-1.0, 2.0]], atol=1e-12)
    np.testing.assert_allclose(fitted.eigenvalues_, [16.0])


@pytest.mark.parametrize("load", [load_iris, load_wine])
def test_solves_the_generalised_eigenproblem(load):
    X, y = load(return_X_y=True)
    fitted = LDA().fit(X, y)
    within, between = scatters(X, y)
    values = eigh(between, within, eigvals_only=True)[::-1][:2]
    np.testing.assert_allclose(fitted.eigenvalues_, values, rtol=1e-8)
    L = fitted.components_
    np.testing.assert_allclose(L @ within @ L.T, np.eye(2), atol=1e-10)
    np.testing.assert_allclose(
        between @ L.T, within @ L.T * values, atol=1e-8 * np.abs(between @ L.T).max()
    )


@pytest.mark.parametrize("load", [load_iris, load_wine])
@pytest.mark.parametrize("solver", ["svd", "eigen"])
def test_distances_are_scikit_learns(load, solver):
    X, y = load(return_X_y=True)
    ours = pdist(LDA().fit_transform(X, y))
    peer = pdist(LinearDiscriminantAnalysis(solver=solver).fit(X, y).transform(X))
    # Up to scale: versions differ in the degrees of freedom of S_w.
    np.testing.assert_allclose(ours / ours[0], peer / peer[0], rtol=1e-7)


def test_digits_too_with_constant_pixels():
    X, y = load_digits(return_X_y=True)
    peer = LinearDiscriminantAnalysis(n_components=9).fit(X, y).transform(X[:99])
    ours, peer = pdist(LDA().fit(X, y).transform(X[:99])), pdist(peer)
    np.testing.assert_allclose(ours / ours[0], peer / peer[0], rtol=1e-6)


def test_is_rca_without_the_directions_that_part_nothing(blobs):
    X, y = blobs
    np.testing.assert_allclose(
        np.abs(LDA().fit(X, y).components_),
        np.abs(RCA(3).fit(X, y).components_),
        rtol=1e-8,
    )


def test_a_class_of_one_point_counts_as_a_mean(blobs):
    X, y = blobs
    X, y = np.r_[X, X[:1] + 30], np.r_[y, 4]
    within, between = np.zeros((5, 5)), np.zeros((5, 5))
    for c in range(5):
        delta = X[y == c] - X[y == c].mean(axis=0)
        within += delta.T @ delta / len(X)
    between = np.cov(X.T, ddof=0) - within
    values = eigh(between, within, eigvals_only=True)[::-1][:4]
    np.testing.assert_allclose(LDA().fit(X, y).eigenvalues_, values, rtol=1e-8)


def test_more_features_than_points_collapses_the_classes(rng):
    X, y = rng.normal(size=(12, 40)), np.arange(12) % 3
    Z = LDA().fit_transform(X, y)
    spread = max(pdist(Z[y == c]).max() for c in range(3))
    assert spread < 1e-6 * pdist(Z).max()


def test_reg_mixes_in_all_the_data(blobs):
    X, y = blobs
    within, between = scatters(X, y)
    mixed = 0.7 * within + 0.3 * (within + between)
    L = LDA(reg=0.3).fit(X, y).components_
    np.testing.assert_allclose(L @ mixed @ L.T, np.eye(3), atol=1e-10)
