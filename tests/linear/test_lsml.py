"""Tests for mlcourse.linear.lsml: the loop over its formula, weights included."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from class_pairs import pairs_from_codes
from mlcourse.linear import LSML, lsml
from mlcourse.linear._comparisons import all_quadruplets_loss, quadruplet_loss
from mlcourse.linear._pairsets import ClassPairs, ListedPairs


@pytest.fixture
def compared(blobs, rng):
    X, y = blobs
    S, D = pairs_from_codes(y)
    Q = np.c_[S[rng.integers(len(S), size=80)], D[rng.integers(len(D), size=80)]]
    return X / X.std(axis=0), Q, rng.uniform(0.1, 2.0, size=80)


def objective(M, X, Q, weights):
    """The loop: its value and its gradient in M."""
    value = np.trace(M) - np.linalg.slogdet(M)[1]
    gradient = np.eye(len(M)) - np.linalg.inv(M)
    for (a, b, c, d), w in zip(Q, weights, strict=True):
        u, v = X[a] - X[b], X[c] - X[d]
        d_ab, d_cd = np.sqrt(u @ M @ u), np.sqrt(v @ M @ v)
        if d_ab > d_cd:
            value += w * (d_ab - d_cd) ** 2
            gradient += w * (1 - d_cd / d_ab) * np.outer(u, u)
            gradient += w * (1 - d_ab / d_cd) * np.outer(v, v)
    return value, gradient


def test_by_hand():
    # With r = sqrt(w_2 / w_1), (2 sqrt(w_1) - sqrt(w_2))^2 + w_1 + w_2 - log w_1 w_2 is
    # stationary where 5 - 2 r = 1 / w_1 and 2 - 2 / r = 1 / w_2 = 1 / (r^2 w_1):
    # 2 r^2 - 2 r = 5 - 2 r, so r = sqrt(5 / 2).
    X = np.array([[0.0, 0], [2, 0], [0, 1]])
    M = lsml(X, [[0, 1, 0, 2]], tol=1e-14)
    r = np.sqrt(2.5)
    expected = np.diag([1 / (5 - 2 * r), r**2 / (5 - 2 * r)])
    np.testing.assert_allclose(M, expected, atol=1e-6)


def test_gradient_by_loop_vanishes_with_the_weights_in_it(compared):
    X, Q, w = compared
    M = lsml(X, Q, weights=w, tol=1e-13)
    root = np.linalg.cholesky(M)
    assert np.abs(root.T @ objective(M, X, Q, w)[1] @ root).max() < 1e-4
    assert np.abs(root.T @ objective(M, X, Q, w[::-1])[1] @ root).max() > 1e-2


def test_no_other_metric_is_lower(compared, rng):
    X, Q, w = compared
    M = lsml(X, Q, weights=w, tol=1e-12)
    best, root = objective(M, X, Q, w)[0], np.linalg.cholesky(M)
    for size in np.repeat([0.01, 0.1, 1.0], 20):
        B = size * rng.normal(size=(5, 5))
        step = root @ (np.eye(5) + B)
        assert objective(step @ step.T, X, Q, w)[0] > best


def test_a_weight_of_two_is_a_row_given_twice(compared):
    X, Q, _ = compared
    w = np.ones(len(Q))
    w[:30] = 2
    twice = lsml(X, np.r_[Q, Q[:30]], tol=1e-12)
    np.testing.assert_allclose(lsml(X, Q, weights=w, tol=1e-12), twice, atol=1e-5)


def test_small_weights_leave_the_prior(compared):
    X, Q, w = compared
    np.testing.assert_allclose(
        lsml(X, Q, weights=0 * w, tol=1e-14), np.eye(5), atol=1e-6
    )


def test_sorting_sums_over_every_quadruplet(blobs, rng):
    X, y = blobs
    X = np.r_[X, X[:2]]  # equal points of one class and, below, of two
    y = np.r_[y, y[0], (y[1] + 1) % 4]
    S, D = pairs_from_codes(y)
    Q = np.c_[np.repeat(S, len(D), axis=0), np.tile(D, (len(S), 1))]
    L = rng.normal(size=(3, 5))
    ab, cd = ListedPairs(X, Q[:, :2]), ListedPairs(X, Q[:, 2:])
    expected = quadruplet_loss(ab, cd, np.full(len(Q), 0.3))(L)
    near, far = (ClassPairs(X, y, same=same) for same in (True, False))
    for S_, D_ in ((near, far), (ListedPairs(X, S), ListedPairs(X, D))):
        found = all_quadruplets_loss(S_, D_, weight=0.3)(L)
        for got, want in zip(found, expected, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-6)


def test_sorting_where_every_comparison_is_wrong_or_none_is(blobs, rng):
    X, L = blobs[0], rng.normal(size=(3, 5))
    pairs = np.stack(np.triu_indices(len(X), k=1), axis=1)
    order = pairs[np.argsort(ListedPairs(X, pairs).squares(L))]
    short, long = order[:6], order[-9:]
    for S, D, none in ((long, short, False), (short, long, True)):
        a, b = np.repeat(S, len(D), axis=0), np.tile(D, (len(S), 1))
        expected = quadruplet_loss(ListedPairs(X, a), ListedPairs(X, b), np.ones(54))(L)
        found = all_quadruplets_loss(ListedPairs(X, S), ListedPairs(X, D), weight=1.0)
        for got, want in zip(found(L), expected, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-9)
        assert (expected[0] == 0) is none


def test_a_small_weight_counts(blobs):
    X, y = blobs
    X = X / X.std(axis=0)
    light, heavy = (LSML(weight=w, tol=1e-10).fit(X, y).metric() for w in (1e-9, 0.5))
    np.testing.assert_allclose(light, np.eye(5), atol=1e-4)
    assert np.abs(heavy - np.eye(5)).max() > 0.01


def test_estimator_uses_all_quadruplets(blobs):
    X, y = blobs
    X = X / X.std(axis=0)
    rows = np.r_[np.flatnonzero(y == 0)[:6], np.flatnonzero(y == 2)[:7]]
    X, y = X[rows], y[rows]
    S, D = pairs_from_codes(y)
    Q = np.c_[np.repeat(S, len(D), axis=0), np.tile(D, (len(S), 1))]
    fitted = LSML(weight=50.0, tol=1e-11).fit(X, y)
    expected = lsml(X, Q, weights=np.full(len(Q), 50 / len(Q)), tol=1e-11)
    np.testing.assert_allclose(fitted.metric(), expected, atol=1e-5)
    assert 0 <= fitted.duality_gap_ <= 1e-11


def test_gradient_of_the_losses_by_finite_differences(compared, rng):
    X, Q, w = compared
    y = rng.integers(3, size=len(X))
    losses = [
        quadruplet_loss(ListedPairs(X, Q[:, :2]), ListedPairs(X, Q[:, 2:]), w),
        all_quadruplets_loss(
            ClassPairs(X, y, same=True), ClassPairs(X, y, same=False), weight=0.01
        ),
    ]
    for loss in losses:
        L, step = rng.normal(size=(5, 5)), rng.normal(size=(5, 5))
        ahead, behind = (loss(L + eps * step)[0] for eps in (1e-6, -1e-6))
        slope = 2 * np.sum(L @ loss(L)[1] * step)
        assert (ahead - behind) / 2e-6 == pytest.approx(slope, rel=1e-6)


def test_rotations_rotate(compared, rotation):
    X, Q, w = compared
    turned = lsml(X @ rotation.T + 3, Q, weights=w)
    np.testing.assert_allclose(
        rotation.T @ turned @ rotation, lsml(X, Q, weights=w), atol=1e-4
    )


def test_far_from_the_prior_the_gap_is_the_true_one(blobs):
    # in a small unit tr M is nothing beside the rest: M is that of any smaller one
    X, y = blobs
    small, smaller = (LSML(tol=1e-10).fit(unit * X, y) for unit in (1e8, 1e11))
    assert 0 < small.duality_gap_ <= 1e-10
    np.testing.assert_allclose(
        1e6 * smaller.metric(), small.metric(), atol=1e-3 * small.metric().max()
    )


def test_comparisons_with_equal_points_stay_finite(compared):
    X, Q, _ = compared
    M = lsml(X, np.r_[Q, [[0, 1, 2, 2], [3, 3, 4, 5]]])
    assert np.isfinite(M).all()


def test_stopping_early_is_said(compared):
    X, Q, _ = compared
    with pytest.warns(ConvergenceWarning, match="^LSML stopped after 1 steps"):
        lsml(X, Q, max_iter=1)
    with pytest.warns(ConvergenceWarning, match="^LSML stopped after 1 steps"):
        LSML(max_iter=1).fit(X, np.arange(len(X)) % 3)


@pytest.mark.errors
def test_wrong_input_says_what_is_right(compared):
    X, Q, w = compared
    with pytest.raises(ValueError, match="Q must hold quadruplets"):
        lsml(X, Q[:, :3])
    with pytest.raises(ValueError, match="weights must be 80 finite numbers >= 0"):
        lsml(X, Q, weights=w[:5])
    with pytest.raises(ValueError, match=f"minimum {(-w).min()}"):
        lsml(X, Q, weights=-w)
    with pytest.raises(ValueError, match=r"80 finite numbers .* got shape \(0,\)$"):
        lsml(X, Q, weights=[])
    with pytest.raises(ValueError, match="weight must be > 0, got 0"):
        LSML(weight=0).fit(X[:4], [0, 0, 1, 1])
    with pytest.raises(ValueError, match="two of one class that differ"):
        LSML().fit(X[:3], [0, 1, 2])
