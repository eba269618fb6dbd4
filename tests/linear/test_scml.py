"""Tests for mlcourse.linear.scml and its estimator: a linear programme, solved."""

import importlib

import numpy as np
import pytest
from scipy.optimize import linprog
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from mlcourse.linear import LDA, SCML, _bases, _compositional, scml
from mlcourse.linear._bases import (
    centres,
    discriminants,
    judged_discriminants,
    local_discriminants,
    unit_rows,
)
from mlcourse.linear._compositional import sparse_weights
from mlcourse.linear._impostors import stranger_neighbours
from mlcourse.linear._judged import Judged, near_triplets
from mlcourse.linear._programme import programme

BETA = 1e-3


def definition(w, B, X, T, beta):
    """The objective by loop over its formula."""
    total = 0.0
    for a, p, n in T:
        near, far = (w @ (B @ (X[a] - X[j])) ** 2 for j in (p, n))
        total += max(0.0, 1 + near - far)
    return total / len(T) + beta * sum(w)


def whole_programme(B, X, T, beta):
    """The least objective, of all triplets and all bases in one linear programme."""
    a, p, n = T.T
    Z = ((X[a] - X[p]) @ B.T) ** 2 - ((X[a] - X[n]) @ B.T) ** 2
    t, k = Z.shape
    cost = np.r_[t * beta * np.ones(k), np.ones(t)]
    found = linprog(cost, A_ub=np.c_[Z, -np.eye(t)], b_ub=-np.ones(t))
    return found.fun / t


@pytest.fixture
def judged(blobs, rng):
    """Points, triplets that no metric can all satisfy, unit bases."""
    X, y = blobs
    X = X / X.std(axis=0)
    B = rng.normal(size=(40, 5))
    B /= np.linalg.norm(B, axis=1, keepdims=True)
    return X, near_triplets(X, y, 3, 4), B


# --- values ---------------------------------------------------------------------------


def test_by_hand():
    # 1 + w_0 - 4 w_1 <= 0 at the least w_0 + w_1: w = (0, 1/4).
    X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    M = scml(X, [[0, 1, 2]], bases=np.eye(2))
    np.testing.assert_allclose(M, [[0, 0], [0, 0.25]], atol=1e-9)
    # A hinge of slope 4 pays for itself below beta = 4, and never above.
    kept, dropped = (scml(X, [[0, 1, 2]], bases=[[0, 3]], beta=b) for b in (3.9, 4.1))
    np.testing.assert_allclose(kept, [[0, 0], [0, 0.25]], atol=1e-9)
    assert not dropped.any()


def test_two_bases_share_by_hand():
    # x only parts the first triplet (9 w_0 >= 1), y only the second (4 w_1 >= 1).
    X = np.array([[0.0, 0.0], [0.0, 0.0], [3.0, 0.0], [0.0, 2.0]])
    M = scml(X, [[0, 1, 2], [0, 1, 3]], bases=np.eye(2), beta=1e-4)
    np.testing.assert_allclose(M, np.diag([1 / 9, 1 / 4]), atol=1e-9)


@pytest.mark.parametrize("beta", [1e-5, 1e-3, 1e-1])
def test_is_the_least_of_the_whole_programme(judged, beta):
    X, T, B = judged
    w, value, gap, _ = sparse_weights(
        Judged(X, T), B, beta=beta, tol=1e-7, max_iter=100
    )
    assert (w >= 0).all()
    assert gap <= 1e-7
    assert value == pytest.approx(definition(w, B, X, T, beta), rel=1e-9)
    assert value == pytest.approx(whole_programme(B, X, T, beta), rel=1e-6)
    M = scml(X, T, bases=B, beta=beta)
    np.testing.assert_allclose(M, (B.T * w) @ B, atol=1e-6 * np.abs(M).max())


def test_few_bases_have_a_weight_and_less_of_it_with_a_larger_beta(judged):
    X, T, B = judged
    found = [
        sparse_weights(Judged(X, T), B, beta=beta, tol=1e-6, max_iter=99)[0]
        for beta in (1e-4, 3e-2, 0.1, 9.0)
    ]
    sums = [w.sum() for w in found]
    assert sums[0] > sums[1] > sums[2] > sums[3] == 0
    assert 0 < np.count_nonzero(found[0]) < len(B) / 4


def test_no_other_weights_are_better_and_the_bound_says_so(judged, rng):
    X, T, B = judged
    w, value, gap, _ = sparse_weights(Judged(X, T), B, beta=BETA, tol=1e-7, max_iter=99)
    for size in (1e-3, 1e-2, 0.3):
        for _ in range(20):
            other = (w + size * w.max() * rng.normal(size=len(w))).clip(min=0)
            assert definition(other, B, X, T, BETA) >= value * (1 - gap)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_the_bound_holds_before_the_end(blobs, rounds):
    X, y = blobs
    T = near_triplets(X, y, 3, 10)
    early = SCML(max_iter=rounds, n_bases=60).fit(X, y)
    best = SCML(n_bases=60).fit(X, y)
    assert best.objective_ <= early.objective_ * (1 + 1e-9)
    assert early.objective_ * (1 - early.duality_gap_) <= best.objective_ * (1 + 1e-9)
    assert early.objective_ == pytest.approx(
        definition(early.weights_, early.bases_, X, T, 1e-5), rel=1e-9
    )


@pytest.mark.parametrize("beta", [1e-5, 1e-3, 1e-1])
def test_a_poor_start_gives_the_same_and_the_bound_holds_all_the_way(
    judged, beta, monkeypatch
):
    X, T, B = judged
    least, gaps = whole_programme(B, X, T, beta), []
    for size in (1.0, 10.0, 1e3):
        monkeypatch.setattr(
            _compositional,
            "rough_weights",
            lambda judged, B, cost, size=size: size * (np.arange(len(B)) == 0),
        )
        for rounds in (1, 2, 3, 4, 5, 100):
            _, value, gap, done = sparse_weights(
                Judged(X, T), B, beta=beta, tol=1e-7, max_iter=rounds
            )
            assert value * (1 - gap) <= least * (1 + 1e-9) <= value * (1 + 2e-9)
            assert done <= rounds
            gaps.append(gap)
        assert gaps[-1] <= 1e-7
        assert 1 < done < 20  # it ends there, and counted its rounds
        assert value == pytest.approx(least, rel=1e-6)
    assert max(gaps) > 1e-3  # the first rounds have something to prove


def test_before_the_first_round_no_base_has_a_weight(judged):
    X, T, B = judged
    w, *rest = sparse_weights(Judged(X, T), B, beta=BETA, tol=1e-7, max_iter=0)
    assert not w.any()
    assert rest == [1.0, 1.0, 0]  # every hinge is 1, nothing is proved, no round


def test_lengths_of_bases_and_repeated_triplets_change_nothing(judged, rng):
    X, T, B = judged
    M = scml(X, T, bases=B, beta=BETA)
    longer = B * rng.uniform(0.1, 9, size=(len(B), 1))
    np.testing.assert_allclose(
        scml(X, np.r_[T, T], bases=longer, beta=BETA), M, atol=1e-7 * M.max()
    )
    np.testing.assert_allclose(scml(X + 50, T, bases=B, beta=BETA), M, atol=1e-6)


def test_without_bases_takes_those_that_part_the_triplets(judged):
    X, T, _ = judged
    M = scml(X, T)
    assert np.linalg.eigvalsh(M)[0] >= -1e-10 * np.abs(M).max()
    delta = [X[T[:, 0]] - X[T[:, j]] for j in (1, 2)]
    near, far = (np.einsum("td,de,te->t", d, M, d) for d in delta)
    plain = np.mean([(d**2).sum(axis=1) for d in delta], axis=1)
    assert np.maximum(0, 1 + near - far).mean() < 1
    assert near.mean() / far.mean() < 0.7 * plain[0] / plain[1]


# --- what the programme is made of ----------------------------------------------------


def test_margins_slopes_and_columns_are_loops(judged, rng):
    X, T, B = judged
    L = rng.normal(size=(5, 5))
    alpha = rng.uniform(size=len(T))
    made = Judged(X, T)
    margins, slope = made.margins(L.T @ L), np.zeros((5, 5))
    columns = made.columns(np.array([7, 2]), B)
    for t, (a, p, n) in enumerate(T):
        near, far = X[a] - X[p], X[a] - X[n]
        by_hand = 1 + ((L @ near) ** 2).sum() - ((L @ far) ** 2).sum()
        assert margins[t] == pytest.approx(by_hand)
        slope += alpha[t] * (np.outer(near, near) - np.outer(far, far))
    np.testing.assert_allclose(made.slope(alpha), slope, atol=1e-10)
    a, p, n = T[2]
    by_hand = (B @ (X[a] - X[p])) ** 2 - (B @ (X[a] - X[n])) ** 2
    np.testing.assert_allclose(columns[1], by_hand, atol=1e-12)
    far = Judged(X + np.array([1e6, -3e6, 0, 0, 1e5]), T)
    np.testing.assert_allclose(far.columns(np.array([7, 2]), B), columns, atol=1e-7)


def test_triplets_are_all_nearest_with_all_nearest(blobs):
    X, y = blobs
    X, y = np.r_[X, X[:1] + 1], np.r_[y, 4]  # alone: never an anchor, may be a negative
    T = near_triplets(X, y, 2, 3)
    expected = set()
    for a in range(len(X)):
        order = [int(j) for j in np.argsort(((X - X[a]) ** 2).sum(axis=1)) if j != a]
        own = [j for j in order if y[j] == y[a]][:2]
        other = [j for j in order if y[j] != y[a]][:3]
        expected |= {(a, p, n) for p in own for n in other}
    assert {tuple(row) for row in T.tolist()} == expected
    assert len(T) == len(expected)


def test_fewer_strangers_than_asked_for_are_all_of_them():
    X, y = np.arange(5.0)[:, None], np.array([0, 0, 0, 1, 1])
    found = stranger_neighbours(X, y, 3)
    assert found.tolist() == [[3, 4, -1]] * 3 + [[2, 1, 0]] * 2


def test_discriminants_are_those_of_lda(blobs, monkeypatch):
    X, y = blobs
    monkeypatch.setattr(_bases, "RIDGE", 1e-12)
    lda = LDA().fit(X, y).components_
    mean = X.mean(axis=0)
    groups = [X[y == c] for c in range(4)]
    within = sum(len(g) * np.cov(g.T, ddof=0) for g in groups)
    between = sum(len(g) * np.outer(d, d) for g in groups for d in [g.mean(0) - mean])
    b = discriminants(within, between, 3)
    np.testing.assert_allclose(
        b, lda / np.linalg.norm(lda, axis=1, keepdims=True), atol=1e-6
    )
    assert len(discriminants(within, between, 5)) == 3  # no more part four means
    assert discriminants(np.zeros((2, 2)), np.zeros((2, 2)), 1).shape == (0, 2)


def test_ridge_is_a_share_of_the_mean_variance():
    # b is along (near + 0.1 * 9 / 2 * I)^{-1} (1, 1): 1 / (2 + 0.45) to 1 / (5 + 0.45).
    b = discriminants(np.diag([2.0, 5.0]), np.ones((2, 2)), 1)
    assert b[0, 0] / b[0, 1] == pytest.approx(5.45 / 2.45)


@pytest.mark.parametrize("unit", [1e-10, 1.0, 1e10])
def test_discriminants_are_as_many_as_asked_for_in_any_unit(unit):
    near, far = unit * np.eye(3), unit * np.diag([1.0, 3.0, 2.0])
    for k in (1, 2, 3, 9):
        np.testing.assert_allclose(
            discriminants(near, far, k), np.eye(3)[[1, 2, 0][:k]], atol=1e-12
        )
    flat = np.diag([1.0, 0.0, 2.0])  # nothing is far along y
    for share in (1e-6, 1.0, 1e6):
        b = discriminants(near, unit * share * flat, 3)
        np.testing.assert_allclose(b, np.eye(3)[[2, 0]], atol=1e-12)


def test_centres_start_in_the_middle_and_then_far_from_all_seeds(blobs):
    X, _ = blobs
    X = X / X.std(axis=0) + [0, 9, 0, -5, 0]
    for count in (2, 3, 6):
        seeds = [((X - X.mean(axis=0)) ** 2).sum(axis=1).argmin()]
        while len(seeds) < count:
            gaps = [min(((x - X[s]) ** 2).sum() for s in seeds) for x in X]
            seeds.append(int(np.argmax(gaps)))
        means = X[seeds]
        for _ in range(100):  # Lloyd's steps
            own = [((x - means) ** 2).sum(axis=1).argmin() for x in X]
            means = np.array([X[np.equal(own, c)].mean(axis=0) for c in range(count)])
        np.testing.assert_allclose(centres(X, count), means, atol=1e-9)


def test_bases_are_local_and_of_two_scales():
    # Left, the classes differ along x; right, along y. 25 points of each class a side.
    rng = np.random.default_rng(3)
    middles = np.array([[0, 0], [1, 0], [40, 0], [40, 1]])
    X = 0.2 * rng.normal(size=(100, 2)) + np.repeat(middles, 25, axis=0)
    y = np.repeat([0, 1, 0, 1], 25)
    np.testing.assert_allclose(
        np.sort(centres(X, 2), axis=0), [[0.5, 0], [40, 0.5]], atol=0.1
    )
    B = local_discriminants(X, y, 4)
    assert B.shape == (4, 2)
    steep = np.sort(np.abs(B[:, 1]))
    assert (steep[:2] < 0.3).all()
    assert (steep[2:] > 0.95).all()
    assert not np.allclose(B[0], B[1], atol=1e-6)  # 10 and 20 points of a class


@pytest.mark.parametrize(
    ("d", "scales"), [(5, (10, 20)), (50, (10, 20)), (51, (20, 50))]
)
def test_bases_are_the_loop_over_centres_and_scales(d, scales, rng):
    y = np.repeat([0, 1], [15, 65])  # the counts differ: they weigh the means
    X = rng.normal(size=(80, d)) + y[:, None]
    expected = []
    for centre in centres(X, 3):
        near = np.argsort(((X - centre) ** 2).sum(axis=1))
        for scale in scales:
            some = [near[y[near] == c][:scale] for c in (0, 1)]
            mean = X[np.concatenate(some)].mean(axis=0)
            within, between = np.zeros((d, d)), np.zeros((d, d))
            for group in some:
                middle = X[group].mean(axis=0)
                within += sum(np.outer(x - middle, x - middle) for x in X[group])
                between += len(group) * np.outer(middle - mean, middle - mean)
            expected.append(discriminants(within, between, 1)[0])
    B = local_discriminants(X, y, 6)
    np.testing.assert_allclose(B, expected, atol=1e-7)


def test_bases_from_triplets_are_the_loop_over_regions_of_anchors(rng, monkeypatch):
    X = rng.normal(size=(60, 3)) * [1, 2, 3]
    T = np.c_[rng.permutation(60)[:40], rng.integers(0, 60, (40, 2))]
    middles = centres(X[np.unique(T[:, 0])], 3)  # 7 bases, 3 a region
    expected = []
    for r in range(3):
        near, far = np.zeros((3, 3)), np.zeros((3, 3))
        for a, p, n in T:
            if ((X[a] - middles) ** 2).sum(axis=1).argmin() == r:
                near += np.outer(X[a] - X[p], X[a] - X[p])
                far += np.outer(X[a] - X[n], X[a] - X[n])
        expected.append(discriminants(near, far, 3))
    B = judged_discriminants(X, T, 7)
    np.testing.assert_allclose(B, np.concatenate(expected)[:7], atol=1e-9)
    # 20 d of them by default.
    asked = []
    monkeypatch.setattr(
        importlib.import_module("mlcourse.linear.scml"),
        "judged_discriminants",
        lambda X, T, count: asked.append(count) or judged_discriminants(X, T, count),
    )
    M = scml(X, T, bases=judged_discriminants(X, T, 60))
    np.testing.assert_allclose(scml(X, T), M, atol=1e-12)
    assert asked == [60]


def test_given_bases_are_scaled_in_float64():
    found = unit_rows(np.array([[3, 4], [0, 2]], dtype=np.float32), 2)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, [[0.6, 0.8], [0, 1]], rtol=1e-15)


def test_centres_do_not_depend_on_the_order(blobs, rng):
    X, _ = blobs
    found = centres(X, 7)
    assert found.shape == (7, 5)
    again = centres(X[rng.permutation(len(X))], 7)
    np.testing.assert_allclose(again, found, atol=1e-9)
    assert len(centres(np.array([[0.0], [0.0], [1.0]]), 3)) == 2


# --- the estimator --------------------------------------------------------------------


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
def test_is_proved_optimal_sparse_and_no_worse_than_plain_distances(load):
    X, y = load(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    train, test = slice(0, None, 2), slice(1, None, 2)
    fitted = SCML().fit(X[train], y[train])
    assert fitted.duality_gap_ <= 1e-6
    assert np.count_nonzero(fitted.weights_) < len(fitted.weights_) / 4
    vote = KNeighborsClassifier(3)
    plain = vote.fit(X[train], y[train]).score(X[test], y[test])
    Z = fitted.transform(X)
    assert vote.fit(Z[train], y[train]).score(Z[test], y[test]) >= plain - 0.01


def test_metric_is_the_weighted_sum_of_its_bases(blobs):
    X, y = blobs
    fitted = SCML(n_bases=30).fit(X, y)
    B, w = fitted.bases_, fitted.weights_
    assert B.shape == (30, 5)
    np.testing.assert_allclose(np.linalg.norm(B, axis=1), 1)
    M = sum(v * np.outer(b, b) for v, b in zip(w, B, strict=True))
    np.testing.assert_allclose(fitted.metric(), M, atol=1e-12 * np.abs(M).max())
    T = near_triplets(X, y, 3, 10)
    assert fitted.objective_ == pytest.approx(whole_programme(B, X, T, 1e-5), rel=1e-5)


def test_one_neighbour_one_impostor_and_one_basis_are_enough(blobs):
    fitted = SCML(n_neighbors=1, n_impostors=1, n_bases=1).fit(*blobs)
    assert fitted.bases_.shape == (1, 5)


def test_number_of_bases_by_default(blobs):
    X, y = blobs
    assert len(SCML().fit(X, y).bases_) == 100  # 20 d
    few = np.r_[np.flatnonzero(y == 1)[:4], np.flatnonzero(y == 3)[:4]]
    assert len(SCML().fit(X[few], y[few]).bases_) == 16  # 2 (C - 1) a point


def test_a_class_of_one_point_only_pushes(blobs):
    X, y = blobs
    X = X / X.std(axis=0)
    fitted = SCML().fit(np.r_[X, X[:1] + 0.1], np.r_[y, 9])
    assert np.isfinite(fitted.components_).all()
    assert fitted.duality_gap_ <= 1e-6


def test_a_beta_too_large_leaves_no_metric(blobs):
    fitted = SCML(beta=1e9).fit(*blobs)
    assert not fitted.metric().any()
    assert fitted.objective_ == 1.0
    assert fitted.duality_gap_ == pytest.approx(0.0, abs=1e-12)


def test_says_when_it_stopped_early(blobs):
    with pytest.warns(ConvergenceWarning, match="stopped after 1 rounds"):
        SCML(max_iter=1, tol=1e-12, n_bases=60).fit(*blobs)
    X, y = blobs
    T = near_triplets(X, y, 3, 10)
    with pytest.warns(ConvergenceWarning, match="SCML stopped after 1 rounds with a"):
        scml(X, T, max_iter=1, tol=1e-12)


@pytest.mark.errors
def test_a_programme_without_a_minimum_says_so():
    with pytest.raises(RuntimeError, match="SCML's linear programme failed: "):
        programme(-np.ones((1, 1)), np.zeros(1), 1, -np.ones(1))


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"bases": np.ones((3, 4))}, r"bases must be \(K, 5\), finite, no row all 0"),
        ({"bases": np.zeros((3, 5))}, "no row all 0"),
        ({"bases": np.eye(5)[[0, 1]] * [[1], [0]]}, "no row all 0"),
        ({"bases": np.full((3, 5), np.nan)}, "finite"),
        ({"beta": 0.0}, "beta, the weight of sparsity, must be > 0, got 0"),
        ({"max_iter": 0}, "max_iter must be >= 1"),
        ({"T": []}, "SCML needs triplets"),
        ({"T": [[0, 1, 999]]}, "T must hold indices from 0 to"),
    ],
)
def test_wrong_input_of_the_core_says_what_is_right(params, message, judged):
    X, T, _ = judged
    with pytest.raises(ValueError, match=message):
        scml(X, **{"T": T, **params})


@pytest.mark.errors
@pytest.mark.parametrize("name", ["n_neighbors", "n_impostors", "n_bases"])
def test_wrong_numbers_of_the_estimator_say_what_is_right(name, blobs):
    with pytest.raises(ValueError, match="n_bases must be >= 1, got"):
        SCML(**{name: 0}).fit(*blobs)


@pytest.mark.errors
def test_points_that_are_all_alone_are_refused(blobs):
    with pytest.raises(ValueError, match="two of one class"):
        SCML().fit(blobs[0][:9], list("abcdefghi"))


@pytest.mark.errors
def test_equal_points_have_no_base():
    X = np.ones((3, 2))
    for fit in (lambda: scml(X, [[0, 1, 2]]), lambda: SCML().fit(X, [0, 0, 1])):
        with pytest.raises(ValueError, match="SCML needs points that differ"):
            fit()
