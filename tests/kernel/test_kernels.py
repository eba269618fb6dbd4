"""Tests for mlcourse.kernel.kernels and mlcourse.kernel.median."""

from itertools import combinations_with_replacement
from math import exp, factorial

import numpy as np
import pytest
from sklearn.metrics import pairwise

from mlcourse.kernel import (
    laplacian_kernel,
    linear_kernel,
    median_gamma,
    polynomial_kernel,
    rbf_kernel,
)


def loop(k, X, Y):
    return np.array([[k(x, y) for y in Y] for x in X])


FORMULAS = {
    "linear": (linear_kernel, lambda x, y: sum(x * y)),
    "poly": (
        lambda X, Y: polynomial_kernel(X, Y, degree=3, gamma=0.3, coef0=2.0),
        lambda x, y: (0.3 * sum(x * y) + 2.0) ** 3,
    ),
    "rbf": (
        lambda X, Y: rbf_kernel(X, Y, gamma=0.3),
        lambda x, y: exp(-0.3 * sum((x - y) ** 2)),
    ),
    "laplacian": (
        lambda X, Y: laplacian_kernel(X, Y, gamma=0.3),
        lambda x, y: exp(-0.3 * sum(abs(x - y))),
    ),
}
each = pytest.mark.parametrize("name", FORMULAS)


@each
def test_equals_a_loop_over_its_formula(name, rng):
    kernel, formula = FORMULAS[name]
    X, Y = rng.normal(size=(7, 3)), rng.normal(size=(5, 3)) + 1
    np.testing.assert_allclose(kernel(X, Y), loop(formula, X, Y), rtol=1e-12)


@each
def test_equals_scikit_learns(name, rng):
    X, Y = rng.normal(size=(7, 3)), rng.normal(size=(5, 3))
    peer = pairwise.pairwise_kernels(
        X, Y, name, filter_params=True, gamma=0.3, degree=3, coef0=2.0
    )
    np.testing.assert_allclose(FORMULAS[name][0](X, Y), peer, rtol=1e-12)


@each
def test_is_symmetric_and_positive_semi_definite(name, rng):
    X = rng.normal(size=(30, 3))
    K = FORMULAS[name][0](X, X)
    np.testing.assert_allclose(K, K.T, rtol=1e-14)
    values = np.linalg.eigvalsh(K)
    assert values[0] > -1e-12 * values[-1]


@each
def test_takes_lists_objects_and_float32_and_computes_in_float64(name, rng):
    kernel, _ = FORMULAS[name]
    X = rng.normal(size=(4, 3)).astype(np.float32)
    K = kernel(X, X)
    assert K.dtype == np.float64
    assert np.array_equal(K, kernel(X.tolist(), X.astype(np.float64)))
    as_objects = kernel(X.astype(object), X.astype(object))
    assert as_objects.dtype == np.float64
    assert np.array_equal(K, as_objects)


def test_by_hand():
    X, Y = [[1.0, 2.0]], [[3.0, 4.0], [1.0, 2.0]]  # products 11, 5; squares 8, 0
    assert linear_kernel(X, Y).tolist() == [[11, 5]]
    assert polynomial_kernel(X, Y, degree=2).tolist() == [[144, 36]]
    assert polynomial_kernel(X, Y, degree=3, gamma=2, coef0=0).tolist() == [
        [22**3, 10**3]
    ]
    assert rbf_kernel(X, Y, gamma=0.25).tolist() == [[exp(-2), 1]]
    assert laplacian_kernel(X, Y, gamma=0.25).tolist() == [[exp(-1), 1]]


def monomials(X, degree, coef0):
    """Every product of `degree` of the coordinates (and sqrt(coef0)), weighted."""
    X = np.c_[X, np.full(len(X), coef0**0.5)]
    columns = []
    for chosen in combinations_with_replacement(range(X.shape[1]), degree):
        ways = factorial(degree)
        for i in set(chosen):
            ways //= factorial(chosen.count(i))
        columns.append(ways**0.5 * X[:, chosen].prod(axis=1))
    return np.array(columns).T


@pytest.mark.parametrize(("degree", "coef0"), [(2, 1.0), (2, 0.5), (3, 1.0), (3, 0.0)])
def test_polynomial_kernel_is_the_product_of_monomials(rng, degree, coef0):
    X, Y = rng.normal(size=(6, 3)), rng.normal(size=(4, 3))
    phi = monomials(X, degree, coef0) @ monomials(Y, degree, coef0).T
    K = polynomial_kernel(X, Y, degree=degree, coef0=coef0)
    np.testing.assert_allclose(K, phi, rtol=1e-10, atol=1e-12)


def test_rbf_keeps_its_digits_far_from_the_origin():
    X = np.array([[0.0], [1e-3]])
    for shift in (0.0, 1e6):
        K = rbf_kernel(X + shift, X + shift, gamma=1e6)
        assert K[0, 0] == K[1, 1] == 1
        assert K[0, 1] == pytest.approx(exp(-1), rel=1e-6)


def test_median_gamma_by_hand():
    X = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 3.0]])  # squares 1, 10, 9
    assert median_gamma(X) == 1 / 9
    assert median_gamma(X, squared=False) == 1 / 3  # 1, 4, 3
    X = np.array([[0.0], [1.0], [3.0], [7.0]])  # squares 1 9 49 4 36 16
    assert median_gamma(X) == 1 / 12.5
    assert median_gamma(X.astype(np.float32)) == 1 / 12.5


def test_median_gamma_takes_the_unit_away(rng):
    X = rng.normal(size=(20, 3))
    for scale, shift in [(10.0, 0.0), (0.1, 5.0)]:
        Y = scale * X + shift
        a, b = median_gamma(X), median_gamma(Y)
        assert b * scale**2 == pytest.approx(a)
        np.testing.assert_allclose(
            rbf_kernel(Y, Y, gamma=b), rbf_kernel(X, X, gamma=a), rtol=1e-9
        )


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rbf_kernel([[1.0, 2.0]], [[1.0]], gamma=1), r"\(1, 2\) and \(1, 1\)"),
        (lambda: linear_kernel([1.0, 2.0], [[1.0, 2.0]]), "one row"),
        (lambda: linear_kernel([[1.0, 2.0]], [1.0, 2.0]), "one row"),
        (lambda: rbf_kernel([[1.0]], [[1.0]], gamma=0), "gamma must be > 0, got 0"),
        (lambda: laplacian_kernel([[1.0]], [[1.0]], gamma=-1), "gamma must be > 0"),
        (lambda: polynomial_kernel([[1.0]], [[1.0]], degree=0), "degree must be > 0"),
        (
            lambda: polynomial_kernel([[1.0]], [[1.0]], degree=2, gamma=0),
            "gamma must be > 0",
        ),
        (lambda: median_gamma(np.ones((4, 2))), "got 4 points with median distance 0"),
        (lambda: median_gamma(np.ones((1, 2))), "got 1 points"),
    ],
)
def test_errors_say_what_to_do(call, message):
    with pytest.raises(ValueError, match=message):
        call()
