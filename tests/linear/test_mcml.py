"""Tests for mlcourse.linear.mcml."""

import numpy as np
import pytest
import torch
from scipy.linalg import eigh
from sklearn.datasets import load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from mlcourse.linear import MCML, mcml
from mlcourse.linear._collapse import Collapse
from mlcourse.linear._descent import descend


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


def test_classes_of_two_are_pulled_together_too(rng):
    X, y = rng.normal(size=(9, 2)), np.array([0, 0, 1, 1, 2, 2, 2, 2, 3])
    L, collapse = rng.normal(size=(2, 2)), Collapse(X, y)
    assert collapse(L)[0] - collapse.entropy == pytest.approx(divergence(L.T @ L, X, y))
    step = np.array([[0.0, 1e-6], [0.0, 0.0]])
    slope = (collapse(L + step)[0] - collapse(L - step)[0]) / 2e-6
    assert collapse(L)[1][0, 1] == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("scale", [0.8, 1.0, 1.3])
def test_the_bound_is_the_entropy_of_a_feasible_mixture(rng, scale):
    # q = (p + t r) / (1 + t), r all on the nearest point, t the least with
    # C0 - sum q C >= 0: the dual is at least the entropy of p over 1 + t.
    y = np.repeat([0, 1, 2], [9, 12, 7])
    X = rng.normal(size=(28, 3)) + 0.6 * np.eye(3)[y]
    L = scale * MCML().fit(X, y).components_ + 0.05 * rng.normal(size=(3, 3))
    collapse, entropy, C0, P, N = Collapse(X, y), 0.0, 0, 0, 0
    white = np.linalg.cholesky(np.linalg.inv(collapse.pull)).T
    for i in range(28):
        delta = X - X[i]
        p = np.exp(-((delta @ L.T) ** 2).sum(axis=1)) * (np.arange(28) != i)
        p /= p.sum()
        entropy -= sum(v * np.log(v) for v in p if v > 0)
        mates = (y == y[i]) & (np.arange(28) != i)
        C0 = C0 + delta[mates].T @ delta[mates] / mates.sum()
        P = P + (delta.T * p) @ delta
        square = ((delta @ white.T) ** 2).sum(axis=1)
        square[i] = np.inf
        near = delta[square.argmin()]
        N = N + np.outer(near, near)
    t = max(0.0, -eigh(C0 - P, C0 - N, eigvals_only=True)[0])
    kl = divergence(L.T @ L, X, y)
    bound = max(entropy / (1 + t), collapse.entropy)
    found, gap = collapse.certify(L)
    assert found == pytest.approx(kl)
    assert bound > collapse.entropy  # the mixture says more than "KL >= 0"
    assert gap == pytest.approx((kl + collapse.entropy - bound) / max(kl, 1.0))


def test_what_proves_nothing_leaves_the_bound_that_kl_is_not_negative():
    # Classes without extent along x: C0 is singular. Below 1 the gap is the KL.
    X = np.array([[0.0, 0], [0, 1], [3, 0], [3, 1]])
    y = np.array([0, 0, 1, 1])
    for L in (np.eye(2), 0.3 * np.eye(2)):
        kl, gap = Collapse(X, y).certify(L)
        assert kl == pytest.approx(divergence(L.T @ L, X, y), rel=1e-9)
        assert gap == pytest.approx(kl / max(kl, 1.0))
    # Six points of which the nearest others scatter more than C0 along an axis.
    X = np.array([[0.0, 1], [2, 2], [3, 2], [0, 3], [4, 3], [4, 4]])
    assert Collapse(X, np.repeat([0, 1], 3)).certify(np.eye(2))[1] == 1.0


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_the_unit_of_the_points_does_not_change_the_bound(small, unit):
    X, y = small
    L = MCML().fit(X, y).components_
    found = Collapse(unit * X, y).certify(L / unit)
    assert found == pytest.approx(Collapse(X, y).certify(L), rel=1e-6)
    assert found[1] < 0.01


def test_extent_below_1e_minus_12_of_the_largest_proves_nothing(small):
    X, y = small
    L, scale = MCML().fit(X, y).components_, np.array([1e-7, 1e-2, 1, 1, 1])
    kl, gap = Collapse(X * scale, y).certify(L / scale)
    assert kl == pytest.approx(Collapse(X, y).certify(L)[0], rel=1e-6)
    assert gap == pytest.approx(1.0)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("max_iter", [1, 9, 12, 1000])
def test_steps_are_those_taken_and_no_more_than_allowed(small, monkeypatch, max_iter):
    taken = []

    def counted(objective, L, *, max_iter, tol):
        found = descend(objective, L, max_iter=max_iter, tol=100 * tol)  # more rounds
        taken.append(found[2])
        return found

    monkeypatch.setattr(mcml, "descend", counted)
    fitted = MCML(max_iter=max_iter, tol=1e-7).fit(*small)
    assert fitted.n_iter_ == sum(taken) <= max_iter
    assert len(taken) > 1 or max_iter == 1


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
