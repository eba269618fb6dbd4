"""Tests for mlcourse.linear.mcml."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from mlcourse.linear import MCML
from mlcourse.linear._collapse import Collapse


def divergence(M, X, y):
    """Sum of KL(p0 | p) by loop over the formula."""
    total = 0.0
    for i in range(len(X)):
        mates = [j for j in range(len(X)) if j != i and y[j] == y[i]]
        e = np.array([np.exp(-(x - X[i]) @ M @ (x - X[i])) for x in X])
        e[i] = 0.0
        for j in mates:
            total += np.log(e.sum() / e[j] / len(mates)) / len(mates)
    return total


def standard(load):
    X, y = load(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.fixture
def small(blobs):
    X, y = blobs
    return np.r_[X, X[:1] + 1] / 5, np.r_[y, 4]  # the last is alone in its class


# --- values ---------------------------------------------------------------------------


def test_is_the_loop(small, rng):
    X, y = small
    L, collapse = rng.normal(size=(3, 5)) / 3, Collapse(*small)
    value = collapse(L)[0] - collapse.entropy
    assert value == pytest.approx(divergence(L.T @ L, X, y))
    assert collapse.certify(L @ np.eye(5))[0] == pytest.approx(value)


@pytest.mark.parametrize(
    ("load", "value"), [(load_iris, 612.7045), (load_wine, 761.695)]
)
def test_optimum_agrees_with_an_independent_solver(load, value):
    X, y = standard(load)
    sizes = np.bincount(y)[y]
    fitted = MCML(tol=1e-4).fit(X, y)
    total = fitted.objective_ + np.log(sizes - 1).sum()
    assert total == pytest.approx(value, abs=2e-3)
    assert fitted.duality_gap_ <= 1e-4


def test_optimum_of_thirty_points_is_the_conic_solvers():
    X, y = standard(load_iris)
    rows = np.r_[0:10, 50:60, 100:110]
    fitted = MCML(tol=1e-4).fit(X[rows], y[rows])
    assert fitted.objective_ + 30 * np.log(9) == pytest.approx(67.37083, abs=2e-4)
    assert fitted.objective_ == pytest.approx(
        divergence(fitted.metric(), X[rows], y[rows]), rel=1e-9
    )


# --- gradient, convexity, certificate -------------------------------------------------


def test_gradient_is_finite_differences_and_autograd(small, rng):
    X, y = small
    L, collapse = rng.normal(size=(3, 5)) / 3, Collapse(X, y)
    gradient = collapse(L)[1]
    for k in np.ndindex(L.shape):
        step = np.zeros_like(L)
        step[k] = 1e-6
        slope = (collapse(L + step)[0] - collapse(L - step)[0]) / 2e-6
        assert gradient[k] == pytest.approx(slope, rel=1e-5, abs=1e-5)
    leaf = torch.tensor(L, requires_grad=True)
    Z = torch.tensor(X) @ leaf.T
    square = (Z[:, None] - Z).square().sum(dim=2)
    same = torch.tensor((y[:, None] == y) & ~np.eye(len(y), dtype=bool))
    mates = same.sum(dim=1)
    pull = (square * same).sum(dim=1) / mates.clamp(min=1)
    logs = torch.logsumexp(-square.fill_diagonal_(torch.inf), dim=1)
    ((pull + logs) * (mates > 0)).sum().backward()
    np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=1e-9, atol=1e-9)


def test_no_metric_beats_the_bound(small, rng):
    X, y = small
    collapse = Collapse(X, y)
    fitted = MCML(tol=1e-5).fit(X, y)
    for _ in range(30):
        L = rng.normal(size=(5, 5)) * rng.uniform(0.05, 1.0)
        value, gap = collapse.certify(L)
        assert value >= fitted.objective_ * (1 - 1e-5)
        # and the bound from anywhere lies below the optimum
        assert value - gap * max(value, 1.0) <= fitted.objective_ + 1e-9


def test_features_mixed_linearly_give_the_same_distances(small, affinity):
    X, y = small
    M = MCML(tol=1e-5).fit(X, y).metric()
    mixed = MCML(tol=1e-5).fit(X @ affinity, y).metric()
    np.testing.assert_allclose(
        affinity @ mixed @ affinity.T, M, atol=1e-3 * np.abs(M).max()
    )


def test_says_when_it_stopped_early(small):
    with pytest.warns(ConvergenceWarning, match="after 2 steps with a gap of"):
        MCML(max_iter=2).fit(*small)


@pytest.mark.errors
def test_points_that_are_all_alone_are_refused(small):
    X, _ = small
    with pytest.raises(ValueError, match="two of one class"):
        MCML().fit(X[:9], list("abcdefghi"))
