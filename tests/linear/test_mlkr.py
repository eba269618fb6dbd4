"""Tests for mlcourse.linear.mlkr."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from mlcourse.linear import MLKR
from mlcourse.linear._leave_one_out import mlkr_objective


@pytest.fixture
def task(rng):
    X = rng.normal(size=(40, 3)) + 5.0
    return X, X[:, 0] + 0.1 * rng.normal(size=40)


@pytest.fixture
def point(task, rng):
    return rng.normal(size=(2, 3)), *task


def definition(L, X, y):
    total = 0.0
    for i in range(len(X)):
        weight = [np.exp(-(((X[i] - x) @ L.T) ** 2).sum()) for x in X]
        weight[i] = 0.0
        total += (np.dot(weight, y) / sum(weight) - y[i]) ** 2
    return total


def test_by_hand():
    # Three points in line: each guess is the mean of two, by e^{-1} and e^{-4}.
    X, y = np.array([[0.0], [1.0], [2.0]]), np.array([0.0, 1.0, 5.0])
    a = 1 / (1 + np.exp(-3))
    guesses = [a * 1 + (1 - a) * 5, 2.5, a * 1]
    expected = guesses[0] ** 2 + 1.5**2 + (guesses[2] - 5) ** 2
    assert mlkr_objective(np.eye(1), X, y)[0] == pytest.approx(expected)


def test_is_the_loop(point):
    assert mlkr_objective(*point)[0] == pytest.approx(definition(*point))


def test_gradient_is_finite_differences(point):
    L, X, y = point
    _, gradient = mlkr_objective(L, X, y)
    for k in np.ndindex(L.shape):
        step = np.zeros_like(L)
        step[k] = 1e-6
        up, down = (mlkr_objective(L + s, X, y)[0] for s in (step, -step))
        assert gradient[k] == pytest.approx((up - down) / 2e-6, rel=1e-6, abs=1e-7)


def test_gradient_is_autograd(point):
    L, X, y = point
    leaf, target = torch.tensor(L, requires_grad=True), torch.tensor(y)
    Z = torch.tensor(X) @ leaf.T
    square = (Z[:, None] - Z).square().sum(dim=2).fill_diagonal_(torch.inf)
    (torch.softmax(-square, dim=1) @ target - target).square().sum().backward()
    np.testing.assert_allclose(
        mlkr_objective(L, X, y)[1], leaf.grad.numpy(), rtol=1e-9, atol=1e-10
    )


def test_finds_the_direction_that_matters(task):
    X, y = task
    M = MLKR().fit(X, y).metric()
    assert M[0, 0] > 50 * max(M[1, 1], M[2, 2])


def test_objective_is_the_error_over_the_variance(task):
    X, y = task
    fitted = MLKR(2).fit(X, y)
    share = definition(fitted.components_, X, y) / ((y - y.mean()) ** 2).sum()
    assert fitted.objective_ == pytest.approx(share, rel=1e-8)


def test_diabetes_and_what_held_out_points_say():
    X, y = load_diabetes(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    fitted = MLKR(2).fit(X[::2], y[::2])
    assert fitted.objective_ < 0.42  # the training error flatters
    Z, R = fitted.transform(X[::2]), fitted.transform(X[1::2])
    square = ((R[:, None] - Z) ** 2).sum(axis=2)
    weight = np.exp(square.min(axis=1, keepdims=True) - square)
    guess = weight @ y[::2] / weight.sum(axis=1)
    share = ((guess - y[1::2]) ** 2).mean() / y[1::2].var()
    assert share > fitted.objective_ + 0.3


def test_targets_may_hardly_differ(task):
    X, y = task
    M, small = MLKR().fit(X, y).metric(), MLKR().fit(X, 1e-3 * y / y.std()).metric()
    np.testing.assert_allclose(small, M, atol=1e-4 * M.max())


def test_units_of_x_and_y_change_nothing(task):
    X, y = task
    M = MLKR().fit(X, y).metric()
    np.testing.assert_allclose(
        100 * MLKR().fit(10 * X, 7 * y - 3).metric(), M, atol=1e-4 * M.max()
    )


def test_starts_from_the_first_principal_axes(task):
    X, y = task
    X = X * [1.0, 2.0, 3.0]
    fitted = MLKR(2, tol=1e9).fit(X, y)  # ends at once
    C = np.cov(X.T, ddof=0)
    axes, unit = np.linalg.eigh(C)[1][:, 1:], np.trace(C) / 3
    np.testing.assert_allclose(fitted.metric(), axes @ axes.T / unit, atol=1e-9)
    assert fitted.n_iter_ == 1


def test_two_points_guess_each_other():
    # Errors 5 and -5 whatever L is, over a variance of 2.5^2.
    assert MLKR().fit([[0.0], [1.0]], [3.0, 8.0]).objective_ == pytest.approx(4)


def test_far_from_the_origin_keeps_its_digits(point):
    L, X, y = point
    value, gradient = mlkr_objective(L, X, y)
    found = mlkr_objective(L, X + np.array([1e6, -3e6, 0]), y)
    assert found[0] == pytest.approx(value, rel=1e-6)
    np.testing.assert_allclose(found[1], gradient, atol=1e-5 * np.abs(gradient).max())


def test_says_when_it_stopped_early(task):
    with pytest.warns(ConvergenceWarning, match="after 1 steps"):
        MLKR(max_iter=1).fit(*task)


@pytest.mark.errors
def test_equal_targets_and_text_are_refused(task):
    X, y = task
    with pytest.raises(ValueError, match="one number only"):
        MLKR().fit(X, np.ones(len(y)))
    with pytest.raises(ValueError, match="could not convert"):
        MLKR().fit(X, ["a"] * len(y))
