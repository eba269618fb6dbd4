"""Tests for mlcourse.kernel.centring."""

import numpy as np
import pytest
from sklearn.preprocessing import KernelCenterer

from mlcourse.kernel import center_kernel, polynomial_kernel


def test_by_hand():
    K = np.array([[2.0, 0.0], [0.0, 4.0]])
    # Columns have the means 1 and 2; rows less these are (1, -2) and (-1, 2).
    assert center_kernel(K, K).tolist() == [[1.5, -1.5], [-1.5, 1.5]]
    # (5, 2) - (1, 2) = (4, 0), less its mean.
    assert center_kernel(np.array([[5.0, 2.0]]), K).tolist() == [[2.0, -2.0]]


def test_linear_kernel_centres_the_points(rng):
    X, new = rng.normal(size=(6, 3)) + 4, rng.normal(size=(4, 3))
    mean = X.mean(axis=0)
    K = X @ X.T
    centred = (X - mean) @ (X - mean).T
    np.testing.assert_allclose(center_kernel(K, K), centred, atol=1e-12)
    np.testing.assert_allclose(
        center_kernel(new @ X.T, K), (new - mean) @ (X - mean).T, atol=1e-12
    )


def test_equals_the_formula_with_h_and_scikit_learn(rng):
    X, new = rng.normal(size=(6, 3)), rng.normal(size=(4, 3))
    K, k = (polynomial_kernel(Z, X, degree=3) for Z in (X, new))
    H = np.eye(6) - 1 / 6
    np.testing.assert_allclose(center_kernel(K, K), H @ K @ H, atol=1e-11)
    one = np.array([H @ (row - K @ np.ones(6) / 6) for row in k])
    np.testing.assert_allclose(center_kernel(k, K), one, atol=1e-11)
    peer = KernelCenterer().fit(K).transform(k)
    np.testing.assert_allclose(center_kernel(k, K), peer, atol=1e-11)


def test_a_new_point_counts_for_itself_only(rng):
    X, new = rng.normal(size=(6, 3)), rng.normal(size=(4, 3))
    K, k = X @ X.T, new @ X.T
    np.testing.assert_allclose(
        center_kernel(k[:1], K), center_kernel(k, K)[:1], rtol=1e-12
    )


@pytest.mark.errors
@pytest.mark.parametrize(
    ("k", "K"),
    [
        (np.ones((2, 3)), np.ones((4, 4))),
        (np.ones((2, 4)), np.ones((4, 3))),
        (np.ones(4), np.ones((4, 4))),
    ],
)
def test_shapes_that_do_not_fit(k, K):
    with pytest.raises(ValueError, match=r"k must be \(m, n\) and K \(n, n\)"):
        center_kernel(k, K)
