"""Tests for mlcourse.linear.dne."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from mlcourse.linear import DNE


def objective(P, X, y, k):
    """Sum of F_ij |P'(x_i - x_j)|^2 by loop over neighbours."""
    dist, n = cdist(X, X), len(X)
    F = np.zeros((n, n))
    for i in range(n):
        for sign, same in ((1, True), (-1, False)):
            allowed = [j for j in range(n) if j != i and (y[j] == y[i]) == same]
            for j in sorted(allowed, key=lambda j: dist[i, j])[:k]:
                F[i, j] = F[j, i] = sign
    Z = X @ P.T
    return (F * cdist(Z, Z, "sqeuclidean")).sum()


def test_by_hand():
    # k = 1: friends (0, 1), (2, 3) differ by (1, 9), (1, 7); strangers (0, 2), (1, 3),
    # by (5, 1), (5, -1). Friends minus strangers: [[2 - 50, 16], [16, 130 - 2]].
    X = np.array([[0.0, 0], [1, 9], [5, 1], [6, 8]])
    fitted = DNE(n_neighbors=1).fit(X, [0, 0, 1, 1])
    values, vectors = np.linalg.eigh([[-48.0, 16.0], [16.0, 128.0]])
    np.testing.assert_allclose(fitted.eigenvalues_, values[:1])
    assert np.abs(fitted.components_ @ vectors[:, 0]) == pytest.approx(1)


def test_value_is_twice_the_sum_of_the_eigenvalues(blobs):
    X, y = blobs
    for k in (1, 4):
        fitted = DNE(n_neighbors=k).fit(X, y)
        value = objective(fitted.components_, X, y, k)
        assert value == pytest.approx(2 * fitted.eigenvalues_.sum(), rel=1e-9)


def test_no_other_projection_is_better(blobs, rng):
    X, y = blobs
    fitted = DNE(2, n_neighbors=3).fit(X, y)
    best = objective(fitted.components_, X, y, 3)
    for _ in range(20):
        other = np.linalg.qr(rng.normal(size=(5, 2)))[0].T
        assert objective(other, X, y, 3) > best


def test_rows_are_orthonormal_and_only_negative_ones_stay(blobs):
    X, y = blobs
    fitted = DNE().fit(X, y)
    P = fitted.components_
    np.testing.assert_allclose(P @ P.T, np.eye(len(P)), atol=1e-12)
    assert (fitted.eigenvalues_ < 0).all()
    every = DNE(5).fit(X, y).eigenvalues_
    assert (every[len(P) :] >= 0).all()
    assert (np.diff(every) > 0).all()


def test_far_from_the_origin_keeps_its_digits(blobs):
    X, y = blobs
    far = X + np.array([1e6, -3e6, 0, 0, 1e5])
    M = DNE(3).fit(X, y).metric()
    np.testing.assert_allclose(DNE(3).fit(far, y).metric(), M, atol=1e-6)


def test_a_direction_without_data_is_not_negative(blobs):
    X, y = blobs
    wide = np.c_[X, np.zeros(len(X)), np.zeros(len(X))]  # its lambda is 0
    assert len(DNE().fit(wide, y).components_) == len(DNE().fit(X, y).components_)


def test_one_direction_stays_where_none_is_negative():
    # Strangers coincide, friends do not: every direction costs something.
    X = np.array([[0.0, 0], [0, 0], [3, 1], [3, 1], [1, 4], [1, 4]])
    fitted = DNE(n_neighbors=1).fit(X, [0, 1] * 3)
    assert fitted.components_.shape == (1, 2)
    assert fitted.eigenvalues_[0] > 0


def test_ties_count_whatever_the_order_of_the_rows(rng):
    X = np.array([[i, j] for i in range(5) for j in range(4)], dtype=float)
    y = (X[:, 0] > 1.5).astype(int)
    expected = DNE(n_neighbors=2).fit(X, y)
    for _ in range(5):
        order = rng.permutation(len(y))
        found = DNE(n_neighbors=2).fit(X[order], y[order])
        np.testing.assert_allclose(found.metric(), expected.metric(), atol=1e-12)
