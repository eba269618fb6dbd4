"""Tests for mlcourse.linear._pairsets: two ways to the same sums."""

import numpy as np
import pytest

from class_pairs import pairs_from_codes
from mlcourse.linear import _pairsets
from mlcourse.linear._pairsets import ClassPairs, ListedPairs


def test_listed_pairs_by_loop(blobs, rng):
    X, y = blobs
    pairs, L = pairs_from_codes(y)[1][::17], rng.normal(size=(2, 5))
    weights = rng.normal(size=len(pairs))
    listed = ListedPairs(X, pairs)
    squares = [((L @ (X[i] - X[j])) ** 2).sum() for i, j in pairs]
    np.testing.assert_allclose(listed.squares(L), squares)
    scatter = sum(
        w * np.outer(X[i] - X[j], X[i] - X[j])
        for w, (i, j) in zip(weights, pairs, strict=True)
    )
    np.testing.assert_allclose(
        listed.scatter(weights), scatter, atol=1e-11 * np.abs(scatter).max()
    )


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("block", [2**20, 64])
def test_all_pairs_of_classes_are_the_listed_ones(blobs, rng, same, block, monkeypatch):
    monkeypatch.setattr(_pairsets, "BLOCK", block)
    X, y = blobs
    S, D = pairs_from_codes(y)
    L = rng.normal(size=(3, 5))
    listed, whole = ListedPairs(X, S if same else D), ClassPairs(X, y, same=same)

    def total(pairs):
        squares = pairs.squares(L)
        return (
            pairs.share * np.sqrt(squares).sum(),
            pairs.share * pairs.scatter(np.exp(-squares / squares.max())),
        )

    for found, expected in zip(total(whole), total(listed), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_far_from_the_origin_keeps_its_digits(blobs):
    X, y = blobs
    S, _ = pairs_from_codes(y)
    far = X + np.array([1e6, -3e6, 0, 0, 1e5])
    for near, moved in (
        (ListedPairs(X, S), ListedPairs(far, S)),
        (ClassPairs(X, y, same=True), ClassPairs(far, y, same=True)),
    ):
        squares = near.squares(np.eye(5))
        np.testing.assert_allclose(
            moved.squares(np.eye(5)), squares, rtol=1e-6, atol=1e-6
        )
        np.testing.assert_allclose(
            moved.scatter(squares), near.scatter(squares), rtol=1e-6
        )


def test_equal_points_are_at_distance_zero(blobs):
    X, y = blobs
    X, y = np.r_[X, X[:3]] + 1e3, np.r_[y, (y[:3] + 1) % 4]
    assert (ClassPairs(X, y, same=False).squares(np.eye(5)) == 0).sum() == 3
    inside = ClassPairs(X, y, same=True).squares(np.eye(5))
    assert (inside == 0).sum() == len(y)
