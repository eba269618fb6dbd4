"""Tests for mlcourse.kernel.coordinates, and what all kernel maps share."""

import warnings
from functools import partial

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist, squareform
from sklearn.decomposition import PCA, KernelPCA
from sklearn.exceptions import PositiveSpectrumWarning
from sklearn.metrics.pairwise import PAIRWISE_KERNEL_FUNCTIONS, pairwise_kernels

from mlcourse.kernel import (
    KernelCoordinates,
    laplacian_kernel,
    median_gamma,
    polynomial_kernel,
    rbf_kernel,
)

KERNELS = {
    "rbf": {"gamma": 0.1},
    "laplacian": {"gamma": 0.2},
    "poly": {"gamma": 0.02, "degree": 2, "coef0": 0.7},
    "linear": {},
    "cosine": {},
}
each = pytest.mark.parametrize("kernel", KERNELS)


def square(K, diagonal_x, diagonal_y):
    return diagonal_x[:, None] + diagonal_y - 2 * K


def kernel_squares(kernel, X, Y):
    options = {"metric": kernel, "filter_params": True, **KERNELS[kernel]}
    diagonals = [np.diag(pairwise_kernels(Z, Z, **options)) for Z in (X, Y)]
    return square(pairwise_kernels(X, Y, **options), *diagonals)


def test_by_hand():
    # phi(x) = x^2: the images 0, 4, 1 have the mean 5/3, new images are 9 and 0.
    X = np.array([[0.0], [2.0], [-1.0]])
    fitted = KernelCoordinates(kernel="poly", degree=2, gamma=1.0, coef0=0.0).fit(X)
    z = fitted.transform(X) * np.sign(fitted.transform([[2.0]]))
    np.testing.assert_allclose(z, [[-5 / 3], [7 / 3], [-2 / 3]])
    np.testing.assert_allclose(fitted.eigenvalues_, [(25 + 49 + 4) / 9])
    new = fitted.transform([[3.0], [-2.0]])
    np.testing.assert_allclose(np.abs(new), [[22 / 3], [7 / 3]])


@each
def test_training_points_lie_as_far_apart_as_the_kernel_says(kernel, blobs):
    X, _ = blobs
    z = KernelCoordinates(kernel=kernel, **KERNELS[kernel]).fit_transform(X)
    squares = kernel_squares(kernel, X, X)
    atol = 1e-8 * squares.max()
    np.testing.assert_allclose(cdist(z, z, "sqeuclidean"), squares, atol=atol)


@each
def test_new_points_only_move_together(kernel, blobs, new):
    X, _ = blobs
    fitted = KernelCoordinates(kernel=kernel, **KERNELS[kernel]).fit(X)
    z = fitted.transform(new)
    squares = kernel_squares(kernel, new, new)
    assert (cdist(z, z, "sqeuclidean") <= squares + 1e-8 * squares.max()).all()
    if kernel == "rbf":  # far from all training points, everything is one point
        assert np.linalg.norm(z[-1] - z[-2]) < 0.1 < squares[-1, -2]


@each
def test_equals_scikit_learns_kernel_pca_up_to_signs(kernel, blobs, new):
    X, _ = blobs
    options = {"metric": kernel, "filter_params": True, **KERNELS[kernel]}
    K, k = (pairwise_kernels(Z, X, **options) for Z in (X, new))
    peer = KernelPCA(3, kernel="precomputed", eigen_solver="dense").fit(K)
    ours = KernelCoordinates(3, kernel=kernel, **KERNELS[kernel]).fit(X)
    np.testing.assert_allclose(ours.eigenvalues_, peer.eigenvalues_, rtol=1e-8)
    for Z, values in ((X, K), (new, k)):
        a, b = ours.transform(Z), peer.transform(values)
        a, b = a * np.sign(ours.transform(X[:1])), b * np.sign(peer.transform(K[:1]))
        np.testing.assert_allclose(a, b, atol=1e-8 * np.abs(a).max())


def test_equals_a_loop_over_its_formula(blobs, new):
    X, _ = blobs
    n = len(X)
    fitted = KernelCoordinates(kernel="rbf", gamma=0.1).fit(X)
    K = np.array([[np.exp(-0.1 * ((a - b) ** 2).sum()) for b in X] for a in X])
    H = np.eye(n) - 1 / n
    values, V = np.linalg.eigh(H @ K @ H)
    values, V = values[:0:-1], V[:, :0:-1]  # all but the 0 of H
    assert len(fitted.eigenvalues_) == n - 1
    for x, z in zip(new, fitted.transform(new), strict=True):
        k = np.array([np.exp(-0.1 * ((x - b) ** 2).sum()) for b in X])
        expected = V.T @ H @ (k - K.mean(axis=1)) / np.sqrt(values)
        np.testing.assert_allclose(np.abs(z), np.abs(expected), atol=1e-8)


def test_linear_kernel_is_pca(blobs, new):
    X, _ = blobs
    ours = KernelCoordinates(kernel="linear").fit(X)
    peer = PCA().fit(X)
    np.testing.assert_allclose(
        np.abs(ours.transform(new)), np.abs(peer.transform(new)), atol=1e-10
    )


def test_more_features_than_points(rng):
    X = rng.normal(size=(8, 40))
    z = KernelCoordinates(kernel="linear").fit_transform(X)
    assert z.shape == (8, 7)
    np.testing.assert_allclose(pdist(z), pdist(X), rtol=1e-10)


@pytest.mark.parametrize("kernel", sorted(PAIRWISE_KERNEL_FUNCTIONS))
def test_every_name_of_scikit_learns_has_a_default_gamma(kernel, rng):
    X = rng.random((7, 3))
    K = pairwise_kernels(X, metric=kernel)
    fitted = KernelCoordinates(kernel=kernel)
    with warnings.catch_warnings():  # sigmoid is not definite
        warnings.simplefilter("ignore", PositiveSpectrumWarning)
        fitted.fit(X)
    if fitted.gamma_ is None:
        np.testing.assert_allclose(fitted.mean_, K.mean(axis=0))
    else:
        assert kernel in ("rbf", "laplacian")


def test_first_coordinates_are_a_prefix(blobs, new):
    X, _ = blobs
    every = KernelCoordinates().fit(X)
    some = KernelCoordinates(5).fit(X)
    assert some.transform(new).shape == (len(new), 5)
    np.testing.assert_allclose(
        some.transform(new), every.transform(new)[:, :5], atol=1e-12
    )
    assert KernelCoordinates(500).fit(X).transform(X).shape == (len(X), len(X) - 1)


def test_gamma_is_the_median_heuristics_of_the_training_points(blobs, new):
    X, _ = blobs
    for kernel, squared in [("rbf", True), ("laplacian", False)]:
        fitted = KernelCoordinates(kernel=kernel).fit(X)
        gamma = median_gamma(X, squared=squared)
        assert fitted.gamma_ == gamma
        given = KernelCoordinates(kernel=kernel, gamma=gamma).fit(X)
        assert np.array_equal(fitted.transform(new), given.transform(new))
        assert fitted.gamma is None
    assert KernelCoordinates(kernel="poly").fit(X).gamma_ is None


def test_names_and_functions_give_the_same(blobs, new):
    X, _ = blobs
    for name, kernel, options in [
        ("rbf", partial(rbf_kernel, gamma=0.1), {"gamma": 0.1}),
        ("laplacian", partial(laplacian_kernel, gamma=0.1), {"gamma": 0.1}),
        (
            "poly",
            partial(polynomial_kernel, degree=2, gamma=0.1, coef0=3.0),
            {"degree": 2, "gamma": 0.1, "coef0": 3.0},
        ),
    ]:
        a = KernelCoordinates(6, kernel=name, **options).fit(X).transform(new)
        b = KernelCoordinates(6, kernel=kernel).fit(X).transform(new)
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-9)


def test_order_shift_and_rotation_of_the_points_change_no_distance(blobs, new, rng):
    X, _ = blobs
    distances = pdist(KernelCoordinates().fit(X).transform(new))
    order = rng.permutation(len(X))
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    for move in (lambda Z: Z + 1e5, lambda Z: Z @ turn, lambda Z: 1000 * Z):
        again = KernelCoordinates().fit(move(X[order])).transform(move(new))
        np.testing.assert_allclose(pdist(again), distances, atol=1e-6)


def test_signs_do_not_depend_on_the_solver(blobs):
    X, _ = blobs
    weights = KernelCoordinates(6).fit(X).weights_
    assert (np.take_along_axis(weights, np.abs(weights).argmax(0)[None], 0) > 0).all()


# --- degenerate input -----------------------------------------------------------------


def test_constant_features_change_nothing(blobs, new):
    X, _ = blobs
    wide = [np.c_[Z, np.full(len(Z), 3.7)] for Z in (X, new)]
    a = KernelCoordinates().fit(X).transform(new)
    b = KernelCoordinates().fit(wide[0]).transform(wide[1])
    np.testing.assert_allclose(pdist(b), pdist(a), atol=1e-8)


def test_duplicates_share_their_place_and_add_no_coordinate(blobs):
    X, _ = blobs
    fitted = KernelCoordinates(gamma=0.1).fit(np.r_[X, X[:10], X[:3]])
    z = fitted.transform(np.r_[X, X[:10]])
    assert z.shape[1] == len(X) - 1
    np.testing.assert_allclose(z[:10], z[len(X) :], atol=1e-12)
    squares = 2 - 2 * rbf_kernel(X, X, gamma=0.1)
    np.testing.assert_allclose(
        squareform(pdist(z[: len(X)], "sqeuclidean")), squares, atol=1e-9
    )


def test_float32_is_computed_in_float64(blobs, new):
    X, new = blobs[0].astype(np.float32), new.astype(np.float32)
    z = KernelCoordinates().fit(X).transform(new)
    assert z.dtype == np.float64
    again = KernelCoordinates().fit(X.astype(float)).transform(new.astype(float))
    assert np.array_equal(z, again)


def test_a_functions_float32_values_are_worked_on_in_float64(blobs, new):
    X, _ = blobs

    def coarse(A, B):
        return rbf_kernel(A, B, gamma=0.1).astype(np.float32)

    fitted = KernelCoordinates(5, kernel=coarse).fit(X)
    exact = KernelCoordinates(
        5, kernel=lambda A, B: coarse(A, B).astype(np.float64)
    ).fit(X)
    assert fitted.transform(new).dtype == np.float64
    assert np.array_equal(fitted.transform(new), exact.transform(new))


def test_two_points_have_one_coordinate():
    fitted = KernelCoordinates(kernel="linear").fit([[0.0, 0.0], [3.0, 4.0]])
    z = fitted.transform([[0.0, 0.0], [3.0, 4.0]])
    assert z.shape == (2, 1)
    assert abs(z[0, 0] - z[1, 0]) == pytest.approx(5)


def test_an_indefinite_kernel_is_cut_to_its_positive_part_and_said():
    X = np.arange(4.0)[:, None]

    def kernel(A, B):
        return -(np.abs(A - B.T) ** 3)

    with pytest.warns(PositiveSpectrumWarning, match="are set to 0") as w:
        fitted = KernelCoordinates(kernel=kernel).fit(X)
    assert len(w) == 1
    H = np.eye(4) - 1 / 4
    values, V = np.linalg.eigh(H @ kernel(X, X) @ H)
    assert values[0] < -0.1
    clipped = (V * values.clip(min=0)) @ V.T
    z = fitted.transform(X)
    np.testing.assert_allclose(z @ z.T, clipped, atol=1e-10)
    share = -values.clip(max=0).sum() / np.abs(values).sum()
    assert f"eigenvalues, {share:.1%} of the spectrum" in str(w[0].message)


def test_a_definite_kernel_warns_of_nothing(blobs, recwarn):
    for kernel in KERNELS:
        KernelCoordinates(kernel=kernel).fit(blobs[0])
    assert not recwarn.list


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gamma": 0.0}, "gamma must be > 0 or None, got 0.0"),
        ({"n_components": 0}, "n_components must be >= 1 or None, got 0"),
        ({"kernel": "precomputed"}, "pass the function"),
        ({"kernel": "rgb"}, "rgb"),
        ({"kernel": partial(rbf_kernel, gamma=1.0), "gamma": 2.0}, "bind it there"),
        ({"kernel": lambda X, Y: X[0] @ Y[0]}, r"of shape \(41, 41\), got shape \(\)"),
        ({"kernel": lambda X, Y: np.full((len(X), len(Y)), np.nan)}, "finite numbers"),
        ({"kernel": lambda X, Y: np.ones((len(X), len(Y)))}, "two points apart"),
    ],
)
def test_bad_parameters_say_what_to_do(blobs, options, message):
    with pytest.raises(ValueError, match=message):
        KernelCoordinates(**options).fit(blobs[0])


@pytest.mark.errors
def test_equal_points_have_no_unit_of_distance():
    with pytest.raises(ValueError, match="at least half of the pairs different"):
        KernelCoordinates().fit(np.ones((5, 2)))
    with pytest.raises(ValueError, match="two points apart"):
        KernelCoordinates(gamma=1.0).fit(np.ones((5, 2)))


def test_the_least_values_that_are_allowed(blobs):
    X, _ = blobs
    assert KernelCoordinates(1).fit(X).transform(X).shape == (len(X), 1)
    assert KernelCoordinates(gamma=1e-3).fit(X).gamma_ == 1e-3
