"""Tests for mlcourse.linear.nca and its estimator."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.preprocessing import StandardScaler

from mlcourse.linear import LDA, NCA, _soft, nca_objective


def definition(L, X, same):
    """f by loop over the formula."""
    total = 0.0
    for i in range(len(X)):
        e = [np.exp(-(((X[i] - x) @ L.T) ** 2).sum()) for x in X]
        others = [j for j in range(len(X)) if j != i]
        total += sum(e[j] for j in others if same[i, j]) / sum(e[j] for j in others)
    return total


def standard(load):
    X, y = load(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.fixture
def point(blobs, rng):
    X, y = blobs
    return rng.normal(size=(2, 5)) * 0.1, X, y[:, None] == y


# --- values ---------------------------------------------------------------------------


def test_by_hand():
    # p_01 = e^{-1/4} / (e^{-1/4} + e^{-9/4}), p_10 = e^{-1/4} / (e^{-1/4} + e^{-1}).
    X, y = np.array([[0.0], [1.0], [3.0]]), np.array([0, 0, 1])
    value, _ = nca_objective(np.array([[0.5]]), X, y[:, None] == y)
    assert value == pytest.approx(1 / (1 + np.exp(-2)) + 1 / (1 + np.exp(-0.75)))


def test_is_the_loop(point):
    L, X, same = point
    assert nca_objective(L, X, same)[0] == pytest.approx(definition(L, X, same))


@pytest.mark.parametrize(
    ("load", "value"),
    [
        (load_iris, 122.091265),
        (load_wine, 168.259758),
        (load_breast_cancer, 539.993508),
    ],
)
def test_at_the_identity_and_as_scikit_learn(load, value):
    X, y = standard(load)
    same, eye = y[:, None] == y, np.eye(X.shape[1])
    found, gradient = nca_objective(eye, X, same)
    assert found == pytest.approx(value, abs=1e-6)
    peer = NeighborhoodComponentsAnalysis()
    peer.n_iter_ = 0
    loss, slope = peer._loss_grad_lbfgs(eye.ravel(), X, same, 1.0)
    assert found == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(gradient.ravel(), slope, atol=1e-11)


def test_blocks_change_nothing(point, monkeypatch):
    L, X, same = point
    value, gradient = nca_objective(L, X, same)
    monkeypatch.setattr(_soft, "BLOCK", 5 * len(X))
    again, slope = nca_objective(L, X, same)
    assert again == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(slope, gradient, atol=1e-11)


def test_far_and_equal_points_stay_finite(blobs):
    X, y = blobs
    X, y = np.r_[X, X[:5], X[:1] + 1e6], np.r_[y, 1 - y[:5] % 2, 0]
    for scale in (1e-6, 1.0, 1e4):
        value, gradient = nca_objective(scale * np.eye(5), X, y[:, None] == y)
        assert 0 <= value <= len(X)
        assert np.isfinite(gradient).all()


def test_far_from_the_origin_keeps_its_digits(point):
    L, X, same = point
    value, gradient = nca_objective(L, X, same)
    found = nca_objective(L, X + np.array([1e7, -3e7, 0, 0, 1e6]), same)
    assert found[0] == pytest.approx(value, rel=1e-6)
    np.testing.assert_allclose(found[1], gradient, atol=1e-5 * np.abs(gradient).max())


# --- gradient -------------------------------------------------------------------------


def test_gradient_is_finite_differences(point):
    L, X, same = point
    _, gradient = nca_objective(L, X, same)
    for k in np.ndindex(L.shape):
        step = np.zeros_like(L)
        step[k] = 1e-6
        up, down = (nca_objective(L + s, X, same)[0] for s in (step, -step))
        assert gradient[k] == pytest.approx((up - down) / 2e-6, rel=1e-6, abs=1e-7)


def test_gradient_is_autograd(point):
    L, X, same = point
    leaf = torch.tensor(L, requires_grad=True)
    Z = torch.tensor(X) @ leaf.T
    square = (Z[:, None] - Z).square().sum(dim=2).fill_diagonal_(torch.inf)
    (torch.softmax(-square, dim=1) * torch.tensor(same)).sum().backward()
    np.testing.assert_allclose(
        nca_objective(L, X, same)[1], leaf.grad.numpy(), rtol=1e-9, atol=1e-11
    )


# --- the estimator --------------------------------------------------------------------


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
@pytest.mark.parametrize("k", [None, 1])
def test_is_no_worse_than_scikit_learn(load, k):
    X, y = standard(load)
    same = y[:, None] == y
    ours = NCA(k).fit(X, y)
    peer = NeighborhoodComponentsAnalysis(k).fit(X, y)
    assert ours.objective_ >= nca_objective(peer.components_, X, same)[0] - 0.1
    assert ours.objective_ == pytest.approx(
        nca_objective(ours.components_, X, same)[0], abs=1e-6
    )


def test_starts_from_lda_where_it_has_as_many_axes_and_else_from_the_principal(blobs):
    """A tolerance that ends at once leaves the start."""
    X, y = blobs  # four classes: LDA has three axes
    for k in (1, 3):
        start = NCA(k, tol=1e9).fit(X, y)
        expected = LDA(k).fit(X, y).metric()
        np.testing.assert_allclose(start.metric(), expected, rtol=1e-9)
        assert start.n_iter_ == 1
    C = np.cov(X.T, ddof=0)
    unit = np.trace(C) / 5  # mean variance of a feature
    axes = np.linalg.eigh(C)[1][:, 1:]
    np.testing.assert_allclose(
        NCA(4, tol=1e9).fit(X, y).metric(), axes @ axes.T / unit, atol=1e-9 / unit
    )


def test_starts_short_of_saturation_with_many_features(rng):
    X, y = rng.normal(size=(200, 64)) * 3, np.arange(200) % 2
    metrics = [NCA(k, tol=1e9).fit(X, y).metric() for k in (16, 64)]
    # Square lengths of the start's rows: 1 for up to 16 axes, 16 / k beyond.
    unit = X.var(axis=0).mean()
    for M, length in zip(metrics, (1.0, 0.25), strict=True):
        assert np.linalg.eigvalsh(M)[-1] == pytest.approx(length / unit, rel=1e-9)


def test_rotation_turns_the_metric_and_units_scale_it(blobs, rotation):
    X, y = blobs
    M = NCA(tol=1e-3).fit(X, y).metric()
    turned = NCA(tol=1e-3).fit(X @ rotation, y).metric()
    np.testing.assert_allclose(
        rotation @ turned @ rotation.T, M, atol=1e-5 * np.abs(M).max()
    )
    np.testing.assert_allclose(
        100 * NCA(tol=1e-3).fit(10 * X, y).metric(), M, atol=1e-6 * np.abs(M).max()
    )


def test_rows_are_orthogonal_and_sorted(blobs):
    L = NCA(3).fit(*blobs).components_
    gram = L @ L.T
    np.testing.assert_allclose(gram, np.diag(np.diag(gram)), atol=1e-9 * gram.max())
    assert (np.diff(np.diag(gram)) <= 0).all()


def test_says_when_it_stopped_early():
    X, y = load_digits(return_X_y=True)
    with pytest.warns(ConvergenceWarning, match="after 2 steps"):
        NCA(max_iter=2).fit(X[:200], y[:200])


@pytest.mark.errors
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_iter": 0}, "max_iter must be >= 1 and tol > 0, got 0"),
        ({"tol": 0.0}, "tol > 0, got 200 and 0.0"),
        ({"n_components": 6}, "n_components must be from 1 to"),
    ],
)
def test_wrong_parameters_say_what_is_right(params, message, blobs):
    with pytest.raises(ValueError, match=message):
        NCA(**params).fit(*blobs)


@pytest.mark.errors
def test_labels_in_place_of_a_table_are_told_how_to_become_one(point):
    L, X, same = point
    labels = np.arange(len(X))  # (n,) would be multiplied into the columns
    with pytest.raises(ValueError, match=r"same \(56, 56\).*y\[:, None\] == y"):
        nca_objective(L, X, labels)
    with pytest.raises(ValueError, match=r"L must be \(k, 5\).* got \(5, 2\)"):
        nca_objective(L.T, X, same)
    with pytest.raises(ValueError, match="n >= 2"):
        nca_objective(L, X[:1], same[:1, :1])
