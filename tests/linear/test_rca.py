"""Tests for mlcourse.linear.rca."""

import numpy as np
import pytest

from class_pairs import pairs_from_codes
from mlcourse.linear import RCA, rca


def chunklet_covariance(X, chunklets):
    """The paper's C, by loop."""
    total, p = 0, 0
    for rows in chunklets:
        for i in rows:
            delta = X[i] - X[rows].mean(axis=0)
            total, p = total + np.outer(delta, delta), p + 1
    return total / p


def test_by_hand():
    # Chunklets {0, 1} and {2, 3}: deviations (+-1, 0) and (0, +-2); C = diag(1/2, 2).
    X = np.array([[0.0, 0], [2, 0], [5, 1], [5, 5], [40, -3]])
    M = rca(X, [[0, 1], [2, 3]])
    np.testing.assert_allclose(M, np.diag([2.0, 0.5]), atol=1e-14)


def test_is_the_inverse_of_the_loop(blobs):
    X, _ = blobs
    S = [[0, 3], [3, 9], [12, 14], [20, 21], [21, 22], [22, 23], [30, 31], [40, 8]]
    chunklets = [[0, 3, 9], [12, 14], [20, 21, 22, 23], [30, 31], [8, 40]]
    expected = np.linalg.inv(chunklet_covariance(X, chunklets))
    np.testing.assert_allclose(rca(X, S), expected, rtol=1e-8)


def test_what_follows_from_the_pairs_changes_nothing(blobs):
    X, _ = blobs
    chain = [[0, 1], [1, 2], [2, 3], [10, 11], [20, 25], [25, 30], [40, 41]]
    implied = [*chain, [0, 2], [3, 0], [1, 3], [30, 20], [1, 0]]
    np.testing.assert_allclose(rca(X, implied), rca(X, chain), rtol=1e-10)


def test_points_in_no_pair_count_for_nothing(blobs):
    X, _ = blobs
    S = [[i, i + 1] for i in range(0, 20, 2)]
    np.testing.assert_allclose(rca(X, S), rca(X[:20], S), rtol=1e-8)


def test_classes_are_chunklets(blobs):
    X, y = blobs
    S, _ = pairs_from_codes(y)
    M = RCA().fit(X, y).metric()
    np.testing.assert_allclose(M, rca(X, S), rtol=1e-9)
    groups = [np.flatnonzero(y == c) for c in range(4)]
    np.testing.assert_allclose(
        M, np.linalg.inv(chunklet_covariance(X, groups)), rtol=1e-8
    )


def test_the_points_of_a_class_are_white_after(blobs):
    X, y = blobs
    Z = RCA().fit_transform(X, y)
    within = np.concatenate([Z[y == c] - Z[y == c].mean(axis=0) for c in range(4)])
    np.testing.assert_allclose(within.T @ within / len(Z), np.eye(5), atol=1e-12)


def test_a_class_of_one_point_is_no_chunklet(blobs):
    X, y = blobs
    alone = RCA().fit(np.r_[X, X[:1] * 2], np.r_[y, 99]).metric()
    np.testing.assert_allclose(alone, RCA().fit(X, y).metric(), rtol=1e-8)


def test_the_first_direction_separates_best(blobs):
    X, y = blobs
    Z = RCA().fit_transform(X, y)
    between = [Z[y == c].mean(axis=0) for c in range(4)]
    sizes = np.bincount(y)[:, None]
    spread = (sizes * (np.array(between) - Z.mean(axis=0)) ** 2).sum(axis=0)
    assert (np.diff(spread) <= 1e-9).all()
    assert spread[0] > 10 * spread[3]


def test_where_similar_points_never_differ_counts_most():
    X = np.array([[0.0, 0, 1], [1, 0, 1], [0, 2, 1], [3, 2, 1]])
    M = rca(X, [[0, 1], [2, 3]])
    assert np.isfinite(M).all()
    assert M[1, 1] == pytest.approx(1e8, rel=1e-6)  # all vary by 1 there, S by 0
    assert (M[2] == 0).all()  # nothing varies there


def test_reg_1_is_whitening_of_all_the_data(blobs):
    X, y = blobs
    np.testing.assert_allclose(
        RCA(reg=1.0).fit(X, y).metric(),
        np.linalg.inv(np.cov(X.T, ddof=0)),
        rtol=1e-8,
    )
    half = (chunklet_covariance(X, [[0, 1, 2], [5, 6]]) + np.cov(X.T, ddof=0)) / 2
    S = [[0, 1], [1, 2], [5, 6]]
    np.testing.assert_allclose(rca(X, S, reg=0.5), np.linalg.inv(half), rtol=1e-8)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("S", "message"),
    [([], "one pair in S"), ([[0, 99]], "S must hold indices from 0 to n - 1 = 55")],
)
def test_wrong_pairs_say_what_is_right(S, message, blobs):
    with pytest.raises(ValueError, match=message):
        rca(blobs[0], S)


def test_one_class_is_one_chunklet(blobs):
    X, _ = blobs
    M = RCA().fit(X, np.zeros(len(X))).metric()
    np.testing.assert_allclose(M, np.linalg.inv(np.cov(X.T, ddof=0)), rtol=1e-8)
