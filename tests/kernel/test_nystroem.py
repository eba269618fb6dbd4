"""Tests for mlcourse.kernel.nystroem."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn import kernel_approximation

from mlcourse.kernel import (
    KernelCoordinates,
    Nystroem,
    kernelize,
    median_gamma,
    rbf_kernel,
)


def centred(K):
    return K - K.mean(axis=0) - K.mean(axis=1)[:, None] + K.mean()


def approximation(K, landmarks):
    """K_nm K_mm^+ K_mn."""
    root = np.linalg.pinv(K[np.ix_(landmarks, landmarks)], rcond=1e-10, hermitian=True)
    return K[:, landmarks] @ root @ K[landmarks]


def test_by_hand():
    # Linear kernel in one dimension: any landmark but 0 spans it.
    X = np.array([[3.0], [1.0], [-1.0], [5.0]])  # mean 2
    fitted = Nystroem(2, kernel="linear", random_state=0).fit(X)
    z = fitted.transform(X) * np.sign(fitted.transform([[100.0]]))
    np.testing.assert_allclose(z, X - 2)
    np.testing.assert_allclose(fitted.eigenvalues_, [1 + 1 + 9 + 9])
    assert np.array_equal(fitted.points_, X[fitted.indices_])
    assert len(set(fitted.indices_.tolist())) == 2


@pytest.mark.parametrize("m", [2, 10, 25])
def test_inner_products_are_those_of_the_formula(blobs, m):
    X, _ = blobs
    fitted = Nystroem(m, gamma=0.1, random_state=1).fit(X)
    K_hat = approximation(rbf_kernel(X, X, gamma=0.1), fitted.indices_)
    z = fitted.transform(X)
    np.testing.assert_allclose(z @ z.T, centred(K_hat), atol=1e-9)
    np.testing.assert_allclose(z.T @ z, np.diag(fitted.eigenvalues_), atol=1e-9)
    assert (np.diff(fitted.eigenvalues_) < 0).all()


def test_equals_scikit_learns_with_the_same_landmarks(blobs, new):
    X, _ = blobs
    ours = Nystroem(12, gamma=0.1, random_state=3).fit(X)
    peer = kernel_approximation.Nystroem(
        gamma=0.1, n_components=12, random_state=3
    ).fit(X)
    assert np.array_equal(peer.component_indices_, ours.indices_)
    np.testing.assert_allclose(
        pdist(ours.transform(new)), pdist(peer.transform(new)), atol=1e-8
    )


@pytest.mark.parametrize("kernel", ["rbf", "laplacian", "poly"])
def test_all_points_as_landmarks_give_the_full_kernels_coordinates(blobs, new, kernel):
    X, _ = blobs
    full = KernelCoordinates(5, kernel=kernel).fit(X)
    for m in (len(X), len(X) + 7):
        ours = Nystroem(m, n_components=5, kernel=kernel, random_state=0).fit(X)
        assert len(ours.points_) == len(X)
        np.testing.assert_allclose(ours.eigenvalues_, full.eigenvalues_, rtol=1e-8)
        a, b = ours.transform(new), full.transform(new)
        signs = np.sign(ours.transform(X[:1]) * full.transform(X[:1]))
        np.testing.assert_allclose(a * signs, b, atol=1e-6 * np.abs(b).max())


def test_more_landmarks_leave_less_error_and_never_lengthen_a_distance(blobs):
    X, _ = blobs
    K = rbf_kernel(X, X, gamma=0.1)
    exact = pdist(KernelCoordinates(gamma=0.1).fit_transform(X))
    errors = []
    for m in (5, 15, 30, len(X)):  # one order of landmarks: each set holds the last
        z = Nystroem(m, gamma=0.1, random_state=0).fit_transform(X)
        assert (pdist(z) <= exact + 1e-8).all()
        errors.append(np.linalg.norm(centred(K) - z @ z.T))
    assert errors[0] > errors[1] > errors[2] > 0.01
    assert errors[3] < 1e-8


def test_random_state_draws_the_landmarks(blobs):
    X, _ = blobs
    one, same, other = (
        Nystroem(5, random_state=s).fit(X) for s in (0, np.random.RandomState(0), 1)
    )
    assert np.array_equal(one.indices_, same.indices_)
    assert not np.array_equal(one.indices_, other.indices_)
    drawn = [set(Nystroem(5, random_state=s).fit(X).indices_) for s in range(60)]
    assert set.union(*drawn) == set(range(len(X)))


def test_gamma_is_the_median_heuristics_of_the_landmarks(blobs):
    X, _ = blobs
    fitted = Nystroem(7, random_state=0).fit(X)
    assert fitted.gamma_ == median_gamma(X[fitted.indices_])


def test_equal_landmarks_count_once(blobs):
    X, _ = blobs
    X = np.repeat(X[:6], 3, axis=0)
    z = Nystroem(18, gamma=0.1, random_state=0).fit_transform(X)
    assert z.shape == (18, 5)
    assert np.isfinite(z).all()


def test_is_the_first_step_of_kernelize_where_landmarks_are_given(blobs, new):
    X, _ = blobs
    options = {"kernel": "poly", "gamma": 0.02, "degree": 2, "coef0": 0.7}
    pipe = kernelize(
        "passthrough", landmarks=9, random_state=4, n_components=3, **options
    )
    alone = Nystroem(9, random_state=4, n_components=3, **options).fit(X)
    assert np.array_equal(pipe.fit(X).transform(new), alone.transform(new))
    assert alone.transform(new).shape == (len(new), 3)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"landmarks": 1}, "landmarks must be >= 2, got 1"),
        ({"n_components": 0}, "n_components must be >= 1 or None, got 0"),
        ({"gamma": -1.0}, "gamma must be > 0"),
    ],
)
def test_bad_parameters_say_what_to_do(blobs, options, message):
    with pytest.raises(ValueError, match=message):
        Nystroem(random_state=0, **options).fit(blobs[0])
