"""Tests for mlcourse.linear.oasis: the closed form of one step, then many."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.base import clone
from sklearn.datasets import load_digits

from mlcourse.linear import OASIS, oasis
from mlcourse.linear._drawn import draw_triplets


@pytest.fixture
def triplets(blobs, rng):
    X, y = blobs
    T = draw_triplets(y, 300, random=np.random.RandomState(1))
    return X / X.std(axis=0), T


def hinge(W, X, a, p, n):
    return max(0.0, 1 - X[a] @ W @ X[p] + X[a] @ W @ X[n])


# --- values ---------------------------------------------------------------------------


def test_by_hand():
    # Loss 1 - (1, 2) . (0, -3) = 1 + 6 = 7; |a|^2 |p - n|^2 = 5 * 9 = 45.
    X = np.array([[1.0, 2.0], [4.0, 0.0], [4.0, 3.0]])
    step = np.outer([1.0, 2.0], [0.0, -3.0])
    np.testing.assert_allclose(oasis(X, [[0, 1, 2]], C=1.0), np.eye(2) + 7 / 45 * step)
    np.testing.assert_allclose(oasis(X, [[0, 1, 2]], C=0.1), np.eye(2) + 0.1 * step)


def test_by_hand_with_a_step_longer_than_the_loss():
    # Loss 1 - (0.1, 0.2) . (0, -0.3) = 1.06; |a|^2 |p - n|^2 = 0.05 * 0.09 < 1.
    X = np.array([[0.1, 0.2], [0.4, 0.0], [0.4, 0.3]])
    step = np.outer([0.1, 0.2], [0.0, -0.3])
    W = oasis(X, [[0, 1, 2]], C=1e3)
    np.testing.assert_allclose(W, np.eye(2) + 1.06 / 0.0045 * step)


def test_is_the_loop_over_its_formula(triplets):
    X, T = triplets
    W = np.eye(5)
    for a, p, n in T:
        V = np.outer(X[a], X[p] - X[n])
        W = W + min(0.05, hinge(W, X, a, p, n) / (V**2).sum()) * V
    np.testing.assert_allclose(oasis(X, T, C=0.05), W, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("C", [1e-4, 0.02, 1e3])
def test_loss_after_a_step_is_what_the_step_left(triplets, C):
    X, T = triplets
    before = oasis(X, T[:50])
    for a, p, n in T[50:70]:
        after = oasis(X, [[a, p, n]], C=C, W=before)
        size = (X[a] @ X[a]) * ((X[p] - X[n]) ** 2).sum()
        loss = hinge(before, X, a, p, n)
        left = max(0.0, loss - C * size)
        assert hinge(after, X, a, p, n) == pytest.approx(left, abs=1e-9)


@pytest.mark.parametrize("C", [0.01, 10.0])
def test_step_is_the_minimum_it_claims(triplets, C):
    X, T = triplets
    a, p, n = next(t for t in T if hinge(np.eye(5), X, *t) > 0)
    W = oasis(X, [[a, p, n]], C=C)

    def objective(flat):
        other = flat.reshape(5, 5)
        change = ((other - np.eye(5)) ** 2).sum() / 2
        return change + C * hinge(other, X, a, p, n)

    best = objective(W.ravel())
    for start in (W, np.eye(5)):
        found = minimize(objective, start.ravel(), method="Powell")
        assert found.fun >= best - 1e-9


def test_the_longest_step_is_a_tenth_unless_given(triplets):
    X, T = triplets
    W = oasis(0.3 * X, T)
    assert np.array_equal(W, oasis(0.3 * X, T, C=0.1))
    assert not np.array_equal(W, oasis(0.3 * X, T, C=0.11))


def test_a_satisfied_triplet_changes_nothing():
    X = np.array([[2.0, 0.0], [3.0, 0.0], [0.0, 3.0]])
    assert np.array_equal(oasis(X, [[0, 1, 2]]), np.eye(2))


def test_start_is_not_changed_in_place(triplets):
    X, T = triplets
    W = np.full((5, 5), 0.5)
    oasis(X, T, W=W)
    assert (W == 0.5).all()


@pytest.mark.errors  # whole numbers are refused by the pass that checks types
def test_start_may_hold_whole_numbers(triplets):
    X, T = triplets
    W = np.eye(5, dtype=int)
    assert np.array_equal(oasis(X, T, W=W), oasis(X, T))


def test_parts_in_order_are_the_whole(triplets):
    X, T = triplets
    half = oasis(X, T[:140])
    assert np.array_equal(oasis(X, T[140:], W=half), oasis(X, T))


# --- the estimator --------------------------------------------------------------------


def test_estimator_is_the_core_on_drawn_triplets(blobs):
    X, y = blobs
    fitted = OASIS(C=0.01, n_triplets=200, random_state=3).fit(X, y)
    T = draw_triplets(y, 200, random=np.random.RandomState(3))
    assert np.array_equal(fitted.similarity_matrix_, oasis(X, T, C=0.01))
    assert fitted.n_triplets_seen_ == 200


def test_similarity_by_loop(blobs):
    X, y = blobs
    fitted = OASIS(random_state=0).fit(X, y)
    W = fitted.similarity_matrix_
    s = fitted.similarity(X[:3], X[5:9])
    assert s.shape == (3, 4)
    assert s[2, 1] == pytest.approx(X[2] @ W @ X[6])
    assert fitted.similarity(X[:3])[0, 2] == pytest.approx(X[0] @ W @ X[2])


@pytest.mark.errors
def test_similarity_wants_the_features_that_it_learned_on(blobs):
    X, y = blobs
    fitted = OASIS(random_state=0).fit(X, y)
    for points in ((X[:, :2], None), (X, X[:, :2])):
        with pytest.raises(ValueError, match="2 features"):
            fitted.similarity(*points)
    for dtype in (np.float32, object):
        assert fitted.similarity(X.astype(dtype)).dtype == np.float64


def test_float32_is_computed_in_float64(blobs):
    X, y = blobs[0].astype(np.float32), blobs[1]
    W = OASIS(random_state=0).fit(X, y).similarity_matrix_
    assert W.dtype == np.float64
    again = OASIS(random_state=0).fit(X.astype(np.float64), y).similarity_matrix_
    assert np.array_equal(W, again)


def test_partial_fit_goes_on_and_fit_starts_again(blobs):
    X, y = blobs
    learner = OASIS(n_triplets=150, random_state=0)
    learner.partial_fit(X[:30], y[:30])
    first = learner.similarity_matrix_
    learner.partial_fit(X[30:], y[30:])
    random = np.random.RandomState(0)
    draw_triplets(y[:30], 150, random=random)
    T = draw_triplets(y[30:], 150, random=random)
    assert np.array_equal(learner.similarity_matrix_, oasis(X[30:], T, W=first))
    assert learner.n_triplets_seen_ == 300
    learner.fit(X, y)
    assert learner.n_triplets_seen_ == 150
    again = clone(learner).fit(X, y)
    assert np.array_equal(learner.similarity_matrix_, again.similarity_matrix_)


def test_estimator_heeds_c_and_a_single_triplet(blobs):
    X, y = blobs
    fitted = OASIS(1e-7, n_triplets=1, random_state=2).fit(X, y)
    T = draw_triplets(y, 1, random=np.random.RandomState(2))
    assert len(T) == fitted.n_triplets_seen_ == 1
    assert np.array_equal(fitted.similarity_matrix_, oasis(X, T, C=1e-7))
    assert not np.array_equal(fitted.similarity_matrix_, oasis(X, T))


@pytest.mark.errors
def test_parts_have_the_same_features(blobs):
    X, y = blobs
    learner = OASIS(random_state=0).partial_fit(X, y)
    with pytest.raises(ValueError, match="expecting 5 features"):
        learner.partial_fit(X[:, :2], y)


def mean_average_precision(scores, y):
    np.fill_diagonal(scores, -np.inf)
    hits = (y[np.argsort(-scores, axis=1)] == y[:, None])[:, :-1]
    precision = hits.cumsum(axis=1) / np.arange(1, len(y))
    return ((precision * hits).sum(axis=1) / hits.sum(axis=1)).mean()


def test_retrieves_digits_better_than_the_inner_product():
    X, y = load_digits(return_X_y=True)
    train, test = slice(0, 900), slice(900, 1400)
    X = X - X[train].mean(axis=0)
    X = X / np.linalg.norm(X, axis=1, keepdims=True)
    learner = OASIS(random_state=0).fit(X[train], y[train])
    learned = mean_average_precision(learner.similarity(X[test]), y[test])
    plain = mean_average_precision(X[test] @ X[test].T, y[test])
    assert learned > plain + 0.03


# --- randomness -----------------------------------------------------------------------


def test_draws_follow_the_seed_and_vary_with_it(blobs):
    X, y = blobs
    one, two, other = (
        OASIS(random_state=seed).fit(X, y).similarity_matrix_ for seed in (0, 0, 1)
    )
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_where_the_rows_of_other_classes_stand_changes_no_draw(rng):
    y = np.repeat([0, 1, 2], [50, 30, 70])
    mixed = rng.permutation(y)
    place = np.concatenate([[i for i in range(150) if mixed[i] == c] for c in range(3)])
    T, found = (
        draw_triplets(v, 99, random=np.random.RandomState(4)) for v in (y, mixed)
    )
    assert np.array_equal(found, place[T])


def test_drawn_triplets_are_valid_and_balanced():
    y = np.array([2, 0, 1, 0, 1, 1, 1, 3, 3, 1, 1])  # class 2 has one point
    T = draw_triplets(y, 60_000, random=np.random.RandomState(0))
    a, p, n = T.T
    assert (y[a] == y[p]).all()
    assert (a != p).all()
    assert (y[a] != y[n]).all()
    share = np.bincount(y[a], minlength=4) / len(T)
    np.testing.assert_allclose(share, [1 / 3, 1 / 3, 0, 1 / 3], atol=0.01)
    of_one = y[a] == 1
    pairs = np.unique(T[of_one][:, :2], axis=0, return_counts=True)[1]
    assert len(pairs) == 6 * 5
    np.testing.assert_allclose(pairs / of_one.sum(), 1 / 30, atol=0.01)
    outside = np.bincount(n[of_one], minlength=len(y))[y != 1] / of_one.sum()
    np.testing.assert_allclose(outside, 1 / 5, atol=0.02)


# --- degenerate inputs, errors --------------------------------------------------------


def test_no_direction_is_no_step():
    X = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 1.0], [2.0, 0.0]])
    W = oasis(X, [[0, 1, 3], [3, 1, 2]])  # anchor 0; positive = negative
    assert np.array_equal(W, np.eye(2))
    assert np.array_equal(oasis(X, []), np.eye(2))


@pytest.mark.errors
def test_wrong_input_says_what_is_right(triplets):
    X, T = triplets
    with pytest.raises(ValueError, match="C, the longest step, must be > 0, got 0"):
        oasis(X, T, C=0)
    with pytest.raises(ValueError, match=r"W must be \(5, 5\) for X with 5 features"):
        oasis(X, T, W=np.eye(4))
    with pytest.raises(ValueError, match="T must hold triplets"):
        oasis(X, T[:, :2])
    with pytest.raises(ValueError, match="got 2 class.es., the largest of size 1"):
        OASIS().fit(X[:2], [0, 1])
    with pytest.raises(ValueError, match="n_triplets must be >= 1, got 0"):
        OASIS(n_triplets=0).fit(X[:4], [0, 0, 1, 1])
