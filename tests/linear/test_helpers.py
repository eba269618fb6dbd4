"""Tests for the sums and coordinates under the closed forms."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.spatial.distance import cdist

from class_pairs import pairs_from_codes
from mlcourse.linear import _local, _quick_whitener, _scatter
from mlcourse.linear._descent import principal_start
from mlcourse.linear._judgements import as_indices
from mlcourse.linear._local import affinity, local_scatters, signed_neighbours
from mlcourse.linear._quick_whitener import quick_whitener
from mlcourse.linear._scatter import (
    group_means,
    label_scatters,
    laplacian_scatter,
    pair_scatter,
)
from mlcourse.linear._span import relative_axes, span
from mlcourse.linear._unit import white


def outer(delta):
    return np.outer(delta, delta)


# --- sums -----------------------------------------------------------------------------


def test_pair_scatter_is_its_loop_in_blocks_too(blobs, monkeypatch):
    X, y = blobs
    S, _ = pairs_from_codes(y)
    expected = sum(outer(X[i] - X[j]) for i, j in S)
    np.testing.assert_allclose(pair_scatter(X, S), expected, rtol=1e-12)
    monkeypatch.setattr(_scatter, "BLOCK", 35)  # 7 pairs at a time
    np.testing.assert_allclose(pair_scatter(X, S), expected, rtol=1e-12)


@pytest.mark.parametrize("kind", [np.asarray, csr_array])
def test_laplacian_scatter_is_its_loop(rng, kind):
    X, W = rng.normal(size=(7, 3)), rng.normal(size=(7, 7))
    W = W + W.T
    expected = 0.5 * sum(
        W[i, j] * outer(X[i] - X[j]) for i in range(7) for j in range(7)
    )
    np.testing.assert_allclose(laplacian_scatter(X, kind(W)), expected, atol=1e-12)


def test_label_scatters_are_those_of_all_pairs(blobs):
    X, y = blobs
    S, D = pairs_from_codes(y)
    similar, dissimilar, s, r = label_scatters(X, y)
    np.testing.assert_allclose(similar, pair_scatter(X, S), rtol=1e-10)
    np.testing.assert_allclose(dissimilar, pair_scatter(X, D), rtol=1e-10)
    assert (s, r) == (len(S), len(D))


def test_group_means_by_hand():
    X = np.array([[1.0, 0.0], [5.0, 6.0], [3.0, 2.0]])
    means, sizes = group_means(X, np.array([1, 0, 1]))
    assert means.tolist() == [[5.0, 6.0], [2.0, 1.0]]
    assert sizes.tolist() == [1, 2]


# --- coordinates ----------------------------------------------------------------------


def test_span_is_white_and_leaves_out_what_does_not_vary(blobs):
    X, _ = blobs
    wide = np.c_[X, np.full(len(X), 0.1), X[:, 0] - 3 * X[:, 2], 1e-3 * X[:, 1]]
    Z, W = span(wide + 1e3)
    assert W.shape == (5, 8)
    np.testing.assert_allclose(Z.T @ Z / len(Z), np.eye(5), atol=1e-12)
    np.testing.assert_allclose(Z, (wide - wide.mean(axis=0)) @ W.T, atol=1e-6)


def test_span_stays_white_where_features_nearly_agree(rng):
    X = rng.normal(size=(50, 3))
    for gap in (1e-4, 1e-5):
        near = np.c_[X[:, :2], X[:, 0] + gap * X[:, 2]]
        Z, W = span(near)
        assert len(W) == 3
        np.testing.assert_allclose(Z.T @ Z / 50, np.eye(3), atol=1e-12)


def test_span_takes_what_is_below_1e_minus_12_of_the_largest_variance_for_nothing(rng):
    f, g, h = rng.normal(size=(3, 500))
    X = np.c_[f, f + 1e-3 * g, f + 1e-3 * g + 1e-7 * h]  # 3, 1e-6, 1e-14
    assert len(span(X)[1]) == 2


@pytest.mark.parametrize("spread", [1, 1e2, 1e4])
def test_the_quick_way_to_white_is_the_careful_one(blobs, monkeypatch, spread):
    X = blobs[0] * np.r_[1, 3, 7, 2, 5]
    X[:, 1] += spread * X[:, 0]  # nearly one direction, where spread is large
    quick, W = span(X)
    monkeypatch.setattr(_quick_whitener, "WELL_CONDITIONED", 0)
    careful, V = span(X)
    for Z, map_ in ((quick, W), (careful, V)):
        np.testing.assert_allclose(Z.T @ Z / len(Z), np.eye(Z.shape[1]), atol=1e-9)
        np.testing.assert_allclose((X - X.mean(axis=0)) @ map_.T, Z, atol=1e-7)
    np.testing.assert_allclose(W.T @ W, V.T @ V, rtol=1e-7)


@pytest.mark.parametrize("scale", [1e-300, 1e-120, 1e120, 1e200])
def test_span_of_extreme_units_is_that_of_plain_ones(blobs, scale):
    X = blobs[0]
    Z, W = span(scale * X)
    np.testing.assert_allclose(Z.T @ Z / len(Z), np.eye(X.shape[1]), atol=1e-9)
    np.testing.assert_allclose((X - X.mean(axis=0)) @ (scale * W).T, Z, atol=1e-9)


def test_quick_whitener_wants_a_well_conditioned_covariance():
    W = quick_whitener(np.array([[4.0, 2.0], [2.0, 5.0]]))
    np.testing.assert_allclose(W, [[0.5, 0.0], [-0.25, 0.5]])
    for apart, is_quick in ((8e-6, True), (2e-6, False)):  # the bounds: 5e5, 2e6
        r = np.sqrt(1 - apart)
        assert (quick_whitener(np.array([[1, r], [r, 1]])) is not None) == is_quick
    assert quick_whitener(np.ones((2, 2))) is None  # no factor at all
    units = np.array([1e-90, 1e90])  # units do not count
    W = quick_whitener(np.array([[4.0, 2.0], [2.0, 5.0]]) * units * units[:, None])
    np.testing.assert_allclose(W * units, quick_whitener(np.array([[4, 2], [2, 5.0]])))
    for scale in (1e-120, 1e120):  # but for those whose squares may leave float64
        assert quick_whitener(np.diag([1.0, scale**2])) is None


def test_relative_axes_shrink_towards_all_the_data():
    values, axes = relative_axes(np.diag([0.5, 0.0]), reg=0.2)
    np.testing.assert_allclose(values, [0.2, 0.6])
    np.testing.assert_allclose(np.abs(axes), [[0, 1], [1, 0]])
    assert relative_axes(np.zeros((1, 1)), reg=0.0)[0].tolist() == [1e-8]


def test_principal_start_has_the_widest_axes_first_and_none_without_data(rng):
    X = rng.normal(size=(300, 3)) * [1.0, 10.0, 0.1]
    X = np.c_[X, np.full(300, 0.1)]
    Z, axes, unit = principal_start(X, 4)
    assert unit == pytest.approx(np.sqrt(X.var(axis=0).mean()))
    np.testing.assert_allclose(Z, (X - X.mean(axis=0)) / unit, atol=1e-12)
    np.testing.assert_allclose(
        np.abs(axes), np.eye(4)[[1, 0, 2, 3]] * [1, 1, 1, 0], atol=0.02
    )
    np.testing.assert_array_equal(principal_start(X, 2)[1], axes[:2])
    assert not axes[3].any()
    steep = rng.normal(size=(300, 3)) * [1.0, 1e-3, 1e-7]  # 1e-14 of a variance is none
    np.testing.assert_array_equal(
        principal_start(steep, 3)[1].any(axis=1), [True, True, False]
    )


def test_white_of_single_features_leaves_out_what_does_not_vary(rng):
    X = np.c_[rng.normal(size=(30, 2)) * [3, 0.1], np.full(30, 0.1)]
    Z, W = white(X, diagonal=True)
    expected = np.diag(1 / X.std(axis=0)[:2])
    np.testing.assert_allclose(W, np.c_[expected, np.zeros(2)], rtol=1e-12)
    np.testing.assert_allclose(Z, (X - X.mean(axis=0)) @ W.T, atol=1e-12)


# --- neighbours -----------------------------------------------------------------------


def test_affinity_is_its_loop(rng):
    X = rng.normal(size=(9, 3)) * [1, 5, 0.2]
    dist = cdist(X, X)
    sigma = [sorted(np.delete(dist[i], i))[3 - 1] for i in range(9)]
    expected = [
        [np.exp(-(dist[i, j] ** 2) / (sigma[i] * sigma[j])) for j in range(9)]
        for i in range(9)
    ]
    np.testing.assert_allclose(affinity(X, 3), expected, rtol=1e-9)
    far = X + np.array([1e6, -3e6, 1e5])
    np.testing.assert_allclose(affinity(far, 3), expected, rtol=1e-7)


def test_affinity_of_equal_points_is_its_limit():
    X = np.array([[0.0], [0.0], [0.0], [0.5]]) + 0.1
    A = affinity(X, 2)  # the first three have sigma 0
    assert A.tolist() == [[1, 1, 1, 0], [1, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 1]]
    assert affinity(X[:1], 7).tolist() == [[1.0]]


def test_affinity_near_equal_points_keeps_the_scale_of_the_others():
    X = np.array([[0.0], [0.0], [0.0], [0.5], [0.6], [0.8]])
    A = affinity(X, 2)  # sigma: 0, 0, 0, 0.3, 0.2, 0.3
    expected = np.exp(np.array([-(0.1**2) / 0.06, -(0.3**2) / 0.09]))
    np.testing.assert_allclose(A[3, 4:], expected, rtol=1e-9)
    assert A[0].tolist() == [1, 1, 1, 0, 0, 0]


def test_affinity_takes_the_farthest_in_a_small_class():
    X = np.array([[0.0], [1.0], [3.0]])
    assert affinity(X, 7)[0, 1] == pytest.approx(np.exp(-1 / (3 * 2)))


def test_local_scatters_are_their_pairwise_sums(blobs):
    X, y = blobs
    n, (Z, _) = len(X), span(X)
    groups = [np.flatnonzero(y == c) for c in range(4)]
    blocks = [affinity(X[g], 4) for g in groups]
    A = np.zeros((n, n))
    for g, block in zip(groups, blocks, strict=True):
        A[np.ix_(g, g)] = block
    size = np.bincount(y)[y]
    within, between = np.zeros((5, 5)), np.zeros((5, 5))
    for i in range(n):
        for j in range(n):
            same, C = y[i] == y[j], outer(Z[i] - Z[j]) / 2
            within += C * (A[i, j] / size[i] if same else 0)
            between += C * (A[i, j] * (1 / n - 1 / size[i]) if same else 1 / n)
    found, mixed = local_scatters(Z, groups, blocks)
    np.testing.assert_allclose(found, within / n, atol=1e-12)
    np.testing.assert_allclose(mixed - found, between / n, atol=1e-12)


@pytest.mark.parametrize("block", [1, 400, 2**22])
def test_signed_neighbours_are_their_loop(blobs, monkeypatch, block):
    monkeypatch.setattr(_local, "BLOCK", block)  # 1, 7 and all rows at a time
    X, y = blobs
    dist = cdist(X, X)
    n, k = len(X), 3
    expected = np.zeros((n, n))
    for i in range(n):
        for sign, others in ((1, y == y[i]), (-1, y != y[i])):
            allowed = [j for j in np.flatnonzero(others) if j != i]
            for j in sorted(allowed, key=lambda j: dist[i, j])[:k]:
                expected[i, j] = expected[j, i] = sign
    assert np.array_equal(signed_neighbours(X, y, k).toarray(), expected)


@pytest.mark.parametrize("k", [3, 4, 50])
def test_neighbours_end_with_the_points(k):
    X = np.array([[0.0], [1.0], [3.0], [7.0]])
    F = signed_neighbours(X, np.array([0, 0, 0, 0]), k).toarray()
    assert (1 - np.eye(4) == F).all()


def test_neighbours_of_a_small_class_are_all_of_it():
    X = np.array([[0.0], [1.0], [3.0], [7.0], [8.0], [9.5]])
    F = signed_neighbours(X, np.array([0, 0, 1, 1, 1, 1]), 2).toarray()
    assert F[0].tolist() == [0, 1, -1, -1, -1, -1]  # all four are near strangers of it
    assert F[1].tolist() == [1, 0, -1, -1, -1, -1]


def test_neighbours_at_distance_0_count():
    X = np.array([[0.1, 0.3], [0.1, 0.3], [0.1, 0.3], [4.0, 5.0]]) * 1e3
    F = signed_neighbours(X, np.array([0, 0, 1, 1]), 1).toarray()
    friends = np.kron(np.eye(2), [[0, 1], [1, 0]])
    assert np.array_equal(F, friends - np.kron([[0, 1], [1, 0]], np.ones((2, 2))))


def test_neighbours_at_one_distance_all_count():
    X = np.array([[0.0, 0], [1, 0], [0, 1], [-1, 0], [5, 5]])
    F = signed_neighbours(X, np.array([0, 0, 0, 0, 1]), 1).toarray()
    assert F[0].tolist() == [0, 1, 1, 1, -1]


# --- judgements -----------------------------------------------------------------------


def test_judgements_may_be_lists_tensors_or_nothing():
    torch = pytest.importorskip("torch")
    for rows in ([[0, 2]], torch.tensor([[0, 2]]), np.array([[0, 2]], "u1")):
        found = as_indices(rows, 3, name="S", width=2)
        assert found.dtype == np.int64
        assert found.tolist() == [[0, 2]]
    assert as_indices([], 3, name="T", width=3).shape == (0, 3)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [[0, 3]],
            "S must hold indices from 0 to n - 1 = 2, got 0 to 3; X has 3",
        ),
        ([[-1, 1]], "got -1 to 1"),
        ([0, 1], r"pairs \(i, j\) as rows of 2 integers, got shape \(2,\)"),
        ([[0, 1, 2]], r"got shape \(1, 3\)"),
        ([[0.5, 1.0]], "of float64"),
    ],
)
def test_wrong_judgements_are_named(rows, message):
    with pytest.raises(ValueError, match=message):
        as_indices(rows, 3, name="S", width=2)


@pytest.mark.errors
def test_equal_points_have_no_span():
    for n in range(2, 40):  # the mean of n numbers 0.3 is not always 0.3
        X = np.array([[0.3, -0.1]] * n)
        for use in (
            span,
            lambda X: principal_start(X, 1),
            lambda X: white(X, diagonal=True),
        ):
            with pytest.raises(ValueError, match=f"X holds {n} copies of one point"):
                use(X)


@pytest.mark.errors
def test_reg_is_a_share():
    for reg in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match=r"reg must be from 0 .* got"):
            relative_axes(np.eye(2), reg=reg)
