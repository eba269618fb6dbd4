"""Tests for mlcourse.linear.lfda."""

import numpy as np
from scipy.linalg import eigh
from scipy.spatial.distance import cdist, pdist
from sklearn.datasets import load_iris
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from mlcourse.linear import LDA, LFDA, lfda


def definition(X, y, k):
    """S^lw, S^lb by loop over the definition, and the eigenpairs of scipy."""
    n, d = X.shape
    dist = cdist(X, X)
    sigma = np.zeros(n)
    for i in range(n):
        others = [j for j in range(n) if j != i and y[j] == y[i]]
        nearest = sorted(dist[i, others])
        sigma[i] = nearest[min(k, len(nearest)) - 1]
    within, between = np.zeros((d, d)), np.zeros((d, d))
    for i in range(n):
        for j in range(n):
            C = np.outer(X[i] - X[j], X[i] - X[j]) / 2
            if y[i] == y[j]:
                A = np.exp(-(dist[i, j] ** 2) / (sigma[i] * sigma[j]))
                size = (y == y[i]).sum()
                within += A / size * C
                between += A * (1 / n - 1 / size) * C
            else:
                between += C / n
    values, vectors = eigh(between, within)
    return values[::-1], vectors[:, ::-1].T


def two_sides(rng):
    """Class 0 in two groups on either side of class 1; the other axis is long."""
    X = rng.normal(size=(120, 2)) * [0.6, 4.0]
    X[:40, 0] -= 4
    X[40:80, 0] += 4
    return X, np.repeat([0, 0, 1], 40)


def test_is_the_definition(blobs):
    X, y = blobs
    values, vectors = definition(X, y, k=4)
    fitted = LFDA(n_neighbors=4).fit(X, y)
    k = (values > 0).sum()
    np.testing.assert_allclose(fitted.eigenvalues_, values[:k], rtol=1e-8)
    L = np.sqrt(len(X) * values[:k, None]) * vectors[:k]
    np.testing.assert_allclose(fitted.metric(), L.T @ L, rtol=1e-7)


def test_eigenvalues_on_iris():
    # Sugiyama's k = 7, standardised; an independent computation of the definition.
    X, y = load_iris(return_X_y=True)
    fitted = LFDA().fit(StandardScaler().fit_transform(X), y)
    np.testing.assert_allclose(
        fitted.eigenvalues_, [517.79022, 52.69599, 13.45775, 6.52263], rtol=1e-6
    )


def test_equal_affinities_give_lda(blobs, monkeypatch):
    X, y = blobs
    monkeypatch.setattr(lfda, "affinity", lambda X, k: np.ones((len(X), len(X))))
    local, fisher = LFDA(3).fit(X, y), LDA().fit(X, y)
    np.testing.assert_allclose(local.eigenvalues_, fisher.eigenvalues_, rtol=1e-9)
    weight = np.sqrt(fisher.eigenvalues_)[:, None]
    np.testing.assert_allclose(
        local.components_, weight * fisher.components_, atol=1e-9
    )


def test_order_of_the_rows_changes_nothing(blobs, rng):
    # What an affinity scaled along the wrong axis of its block fails.
    X, y = blobs
    M = LFDA(n_neighbors=3).fit(X, y).metric()
    for _ in range(3):
        order = rng.permutation(len(y))
        shuffled = LFDA(n_neighbors=3).fit(X[order], y[order]).metric()
        np.testing.assert_allclose(shuffled, M, rtol=1e-8)


def test_a_class_in_two_groups_is_kept_apart(rng):
    X, y = two_sides(rng)
    scores = {}
    for cls in (LDA, LFDA):
        Z = cls(1).fit_transform(X, y)
        vote = KNeighborsClassifier(1).fit(Z[::2], y[::2])
        scores[cls] = vote.score(Z[1::2], y[1::2])
    assert scores[LFDA] > 0.95
    assert scores[LDA] < 0.8


def test_a_small_class_takes_its_farthest_point_as_scale(blobs):
    X, y = blobs
    few = np.r_[np.flatnonzero(y == 2)[:3], np.flatnonzero(y == 1)]
    values, _ = definition(X[few], y[few], k=7)
    found = LFDA(n_neighbors=7).fit(X[few], y[few]).eigenvalues_
    np.testing.assert_allclose(found, values[values > 0], rtol=1e-7)


def test_a_class_of_one_point_is_only_pushed_away(blobs):
    X, y = blobs
    Z = LFDA().fit(np.r_[X, X[:1] + 40], np.r_[y, 9]).transform(X)
    assert np.isfinite(Z).all()


def test_many_equal_points(blobs):
    X, y = blobs
    X, y = np.repeat(X, 9, axis=0), np.repeat(y, 9)  # sigma_i = 0 for k = 7
    assert np.isfinite(LFDA().fit(X, y).components_).all()


def test_distances_scale_with_nothing(blobs):
    X, y = blobs
    np.testing.assert_allclose(
        pdist(LFDA().fit_transform(1e4 * X, y)), pdist(LFDA().fit_transform(X, y))
    )


def test_full_shrinkage_weighs_all_directions_by_the_mixed_scatter(blobs):
    X, y = blobs
    fitted = LFDA(reg=1.0).fit(X, y)
    assert (fitted.eigenvalues_ == 0).all()  # S^lw is all there is: nothing is between
    assert (fitted.components_ == 0).all()
    assert fitted.components_.shape == (5, 5)


def test_no_direction_is_useless_even_where_classes_lie_on_one_another(rng):
    # Equal means: LDA's lambdas are 0. A < 1 lets far points of a class part.
    X, y = np.repeat(rng.normal(size=(20, 3)), 2, axis=0), np.arange(40) % 2
    fitted = LFDA(n_neighbors=4).fit(X, y)
    assert fitted.components_.shape == (3, 3)
    assert (fitted.eigenvalues_ > 0.01).all()
    assert (np.diff(fitted.eigenvalues_) < 0).all()
    np.testing.assert_allclose(LDA().fit(X, y).eigenvalues_, 0, atol=1e-12)


def test_the_nearest_neighbour_alone_may_be_the_scale(blobs):
    X, y = blobs
    values, _ = definition(X, y, 1)
    found = LFDA(n_neighbors=1).fit(X, y).eigenvalues_
    np.testing.assert_allclose(found, values[: len(found)], rtol=1e-7)
