"""Tests for mlcourse.linear.itml: the paper's projections, pair by pair, decide."""

import itertools

import numpy as np
import pytest
from scipy.optimize import nnls
from sklearn.exceptions import ConvergenceWarning

from class_pairs import pairs_from_codes
from mlcourse.linear import ITML, itml
from mlcourse.linear._logdet import comfortable, divergence, logdet_minimum
from mlcourse.linear._pairsets import ClassPairs, ListedPairs
from mlcourse.linear._slack import slack_loss


@pytest.fixture
def judged(blobs):
    X, y = blobs
    S, D = pairs_from_codes(y)
    X = X / X.std(axis=0)
    return X, S[::13], D[::43]


def logdet(A, B):
    ratio = A @ np.linalg.inv(B)
    return np.trace(ratio) - np.linalg.slogdet(ratio)[1] - len(A)


def cyclic_projections(X, S, D, low, high, gamma, sweeps):
    """Algorithm 1 of Davis et al.: one exact Bregman projection a pair and sweep."""
    M = np.eye(X.shape[1])
    pairs = [(i, j, 1.0) for i, j in S] + [(i, j, -1.0) for i, j in D]
    xi = np.array([low if sign > 0 else high for *_, sign in pairs])
    lam = np.zeros(len(pairs))
    for _ in range(sweeps):
        for c, (i, j, sign) in enumerate(pairs):
            v = X[i] - X[j]
            p = v @ M @ v
            alpha = min(lam[c], sign * gamma / (gamma + 1) * (1 / p - 1 / xi[c]))
            lam[c] -= alpha
            xi[c] = 1 / (1 / xi[c] + sign * alpha / gamma)
            beta = sign * alpha / (1 - sign * alpha * p)
            M = M + beta * np.outer(M @ v, M @ v)
    return M


# --- values ---------------------------------------------------------------------------


def test_by_hand():
    # One pair an axis: 1/w_1 = 1 + 4 lam, with p = 4 w_1 > u = 1 and the slack's
    # lam = 1 - 1/p: w_1 = 2/5. On the other axis p = 9 w_2 < l = 16, and
    # 1/w_2 = 1 - 9 lam with lam = 1/p - 1/16: w_2 = 32/25.
    X = np.array([[0.0, 0], [2, 0], [0, 3]])
    M = itml(X, [[0, 1]], [[0, 2]], bounds=(1.0, 16.0), tol=1e-14)
    np.testing.assert_allclose(M, np.diag([0.4, 1.28]), atol=1e-6)


def test_loss_by_hand_and_one_bound_for_both():
    # Squares 4 > 2 of S, 1 < 2 of D: 0.5 (2 - log 2 - 1 + 0.5 + log 2 - 1) = 0.25.
    X = np.array([[0.0, 0], [2, 0], [0, 1]])
    S, D = (ListedPairs(X, np.array(pairs)) for pairs in ([[0, 1]], [[0, 2]]))
    value, slope = slack_loss(S, D, gamma=0.5, bounds=(2.0, 2.0))(np.eye(2))
    assert value == pytest.approx(0.25)
    np.testing.assert_allclose(slope, 0.5 * np.diag([4 * (1 / 2 - 1 / 4), 1 / 2 - 1]))


@pytest.mark.parametrize("gamma", [0.3, 1.0, 5.0])
def test_is_where_the_papers_projections_end(judged, gamma):
    X, S, D = judged
    expected = cyclic_projections(X, S, D, 3.0, 12.0, gamma, sweeps=400)
    M = itml(X, S, D, gamma=gamma, bounds=(3.0, 12.0), tol=1e-12)
    np.testing.assert_allclose(M, expected, atol=2e-5 * np.trace(expected))


def test_karush_kuhn_tucker(judged):
    # M^{-1} = I + sum_S lam vv' - sum_D lam vv', lam >= 0, lam = 0 inside the bounds,
    # and 1 / xi = 1 / xi_0 - sign lam / gamma meets the distance where lam > 0.
    X, S, D = judged
    low, high, gamma = 3.0, 12.0, 0.7
    M = itml(X, S, D, gamma=gamma, bounds=(low, high), tol=1e-13)
    total = np.eye(5)
    for pairs, sign, bound in ((S, 1, low), (D, -1, high)):
        for i, j in pairs:
            v = X[i] - X[j]
            p = v @ M @ v
            lam = max(0.0, sign * gamma * (1 / bound - 1 / p))
            total += sign * lam * np.outer(v, v)
    np.testing.assert_allclose(M @ total, np.eye(5), atol=1e-5)


def test_inverse_lies_in_the_cone_of_the_judgements(judged):
    X, S, D = judged
    M = itml(X, S, D, bounds=(3.0, 12.0), tol=1e-13)
    signed = [np.outer(X[i] - X[j], X[i] - X[j]).ravel() for i, j in S]
    signed += [-np.outer(X[i] - X[j], X[i] - X[j]).ravel() for i, j in D]
    target = (np.linalg.inv(M) - np.eye(5)).ravel()
    assert nnls(np.stack(signed, axis=1), target)[1] < 1e-5 * np.linalg.norm(target)


def test_nothing_violated_leaves_the_prior(judged):
    X, S, D = judged
    M = itml(X, S, D, bounds=(1e-3, 1e3), tol=1e-14)
    assert np.abs(M - np.eye(5)).max() > 0.1
    far = [(i, j) for i, j in D if ((X[i] - X[j]) ** 2).sum() > 12]
    near = [(i, j) for i, j in S if ((X[i] - X[j]) ** 2).sum() < 11]
    M = itml(X, near, far, bounds=(11.0, 12.0), tol=1e-14)
    np.testing.assert_allclose(M, np.eye(5), atol=1e-6)


def test_certificate_bounds_the_distance_to_the_minimum(judged, rng):
    X, S, D = judged
    best = itml(X, S, D, bounds=(3.0, 12.0), tol=1e-14)

    def f(M):
        value = logdet(M, np.eye(5))
        for pairs, sign, bound in ((S, 1, 3.0), (D, -1, 12.0)):
            for i, j in pairs:
                ratio = (X[i] - X[j]) @ M @ (X[i] - X[j]) / bound
                value += (ratio - np.log(ratio) - 1) * (sign * (ratio - 1) > 0)
        return value

    def slope(M):
        total = np.zeros((5, 5))
        for pairs, sign, bound in ((S, 1, 3.0), (D, -1, 12.0)):
            for i, j in pairs:
                v = X[i] - X[j]
                total += (
                    np.outer(v, v) * sign * max(0, sign * (1 / bound - 1 / (v @ M @ v)))
                )
        return total

    root = np.linalg.cholesky(best).T
    for size in (1e-3, 3e-3, 1e-2):
        L = (np.eye(5) + size * rng.normal(size=(5, 5))) @ root
        bound = divergence(L @ (np.eye(5) + slope(L.T @ L)) @ L.T)
        assert 0 < f(L.T @ L) - f(best) <= bound


def test_default_bounds_are_percentiles_of_squares(blobs):
    X, y = blobs
    S, D = pairs_from_codes(y)
    squares = ((X[:, None] - X[None]) ** 2).sum(axis=2)[np.triu_indices(len(X), 1)]
    fitted = ITML().fit(X, y)
    np.testing.assert_allclose(
        fitted.bounds_, np.percentile(np.repeat(squares, 2), [5, 95]), rtol=1e-9
    )
    expected = itml(X, S, D, bounds=fitted.bounds_)
    np.testing.assert_allclose(itml(X, S, D), expected, rtol=1e-6)


def test_estimator_uses_all_pairs(blobs):
    X, y = blobs
    S, D = pairs_from_codes(y)
    fitted = ITML(gamma=0.5, tol=1e-10).fit(X, y)
    assert 0 <= fitted.duality_gap_ <= 1e-10
    expected = itml(X, S, D, gamma=0.5, tol=1e-10)
    np.testing.assert_allclose(
        fitted.metric(), expected, atol=1e-5 * np.trace(expected)
    )


def test_slack_loss_is_its_sum(blobs):
    X, y = blobs
    S, D = (ClassPairs(X, y, same=same) for same in (True, False))
    value = 0.0
    for i, j in itertools.combinations(range(len(X)), 2):
        square = np.square(X[i] - X[j]).sum()
        if (square > 2.0) if y[i] == y[j] else (square < 9.0):
            ratio = square / (2.0 if y[i] == y[j] else 9.0)
            value += 0.7 * (ratio - np.log(ratio) - 1)
    found = slack_loss(S, D, gamma=0.7, bounds=(2.0, 9.0))(np.eye(5))[0]
    assert found == pytest.approx(value, rel=1e-9)


def test_estimator_heeds_its_bounds(judged, blobs):
    X, y = judged[0], blobs[1]
    S, D = pairs_from_codes(y)
    fitted = ITML(bounds=(3.0, 12.0), tol=1e-10).fit(X, y)
    assert fitted.bounds_ == (3.0, 12.0)
    expected = itml(X, S, D, bounds=(3.0, 12.0), tol=1e-10)
    np.testing.assert_allclose(
        fitted.metric(), expected, atol=1e-5 * np.trace(expected)
    )


@pytest.mark.errors  # an array is refused by the pass that checks types
def test_bounds_may_be_an_array(blobs):
    fits = (ITML(bounds=b).fit(*blobs) for b in ((3.0, 12.0), np.array([3.0, 12.0])))
    pair, array = (fit.components_ for fit in fits)
    np.testing.assert_array_equal(array, pair)


# --- gradient -------------------------------------------------------------------------


def test_gradient_of_the_loss_by_finite_differences(blobs, rng):
    X, y = blobs
    Z, _ = comfortable(X)
    S, D = (ClassPairs(Z, y, same=same) for same in (True, False))
    loss = slack_loss(S, D, gamma=0.7, bounds=(1.0, 9.0))
    L, step = rng.normal(size=(5, 5)), rng.normal(size=(5, 5))
    ahead, behind = (loss(L + eps * step)[0] for eps in (1e-6, -1e-6))
    slope = 2 * np.sum(L @ loss(L)[1] * step)
    assert (ahead - behind) / 2e-6 == pytest.approx(slope, rel=1e-6)


# --- invariances ----------------------------------------------------------------------


def test_rotations_rotate_and_units_change_distances(judged, rotation):
    X, S, D = judged
    M, turned = itml(X, S, D), itml(X @ rotation.T + 3, S, D)
    np.testing.assert_allclose(rotation.T @ turned @ rotation, M, atol=1e-4)
    units = np.array([1.0, 2.0, 1.0, 5.0, 1.0])
    scaled = itml(X * units, S, D) * np.outer(units, units)
    assert np.abs(scaled / np.trace(scaled) - M / np.trace(M)).max() > 1e-3


def test_order_of_pairs_and_of_points_in_them_changes_nothing(judged, rng):
    X, S, D = judged
    again = itml(X, rng.permutation(S)[:, ::-1], rng.permutation(D)[:, ::-1])
    np.testing.assert_allclose(again, itml(X, S, D), atol=1e-5)


# --- degenerate judgements, errors ----------------------------------------------------


def test_equal_points_change_nothing(judged):
    X, S, D = judged
    X = np.r_[X, X[:1]]
    M = itml(X, S, D, bounds=(3.0, 12.0))
    again = itml(X, S, np.r_[D, [[0, len(X) - 1]]], bounds=(3.0, 12.0))
    np.testing.assert_allclose(again, M, rtol=1e-9)


def test_empty_judgements_leave_the_prior(judged):
    M = itml(judged[0], [], [], bounds=(1.0, 2.0), tol=1e-14)
    np.testing.assert_allclose(M, np.eye(5), atol=1e-6)


def test_stopping_early_is_said(judged):
    X, S, D = judged
    with pytest.warns(ConvergenceWarning, match="ITML stopped after 2 steps .* raise"):
        itml(X, S, D, max_iter=2)


def test_estimator_says_by_its_name_that_it_stopped_early(blobs):
    with pytest.warns(ConvergenceWarning, match="^ITML stopped after 1 steps"):
        ITML(max_iter=1).fit(*blobs)


def test_far_from_the_origin_keeps_its_digits(judged):
    X, S, D = judged
    far = X + np.array([1e6, -3e6, 0, 0, 1e5])
    np.testing.assert_allclose(
        itml(far, S, D, tol=1e-9), itml(X, S, D, tol=1e-9), atol=1e-3
    )


@pytest.mark.parametrize("unit", [1e-9, 1e6, 1e9, 1e30])
def test_unit_of_all_features_changes_nothing(judged, unit):
    # the default bounds have it too, and I is as near to M as before
    X, S, D = judged
    np.testing.assert_allclose(
        itml(unit * X, S, D, tol=1e-9), itml(X, S, D, tol=1e-9), atol=1e-3
    )


def test_collinear_features_of_any_unit_are_no_reason_to_stop(judged):
    Z, P = comfortable(1e9 * np.c_[judged[0], judged[0].sum(axis=1)])
    assert np.isfinite(P).all()
    assert Z.std(axis=0).max() < 2


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("steps", [1, 2])
def test_gap_of_a_linear_loss_is_the_true_one_over_1_and_the_value(steps):
    C = np.array([[2.0, 0.5], [0.5, 1.0]])
    L, gap, _ = logdet_minimum(
        lambda L: (float(np.trace(L @ C @ L.T)), C),
        np.eye(2),
        name="none",
        tol=1e-12,
        max_iter=steps,
    )
    f, least = (
        logdet(M, np.eye(2)) + np.trace(M @ C)
        for M in (L.T @ L, np.linalg.inv(np.eye(2) + C))
    )
    assert gap == pytest.approx((f - least) / (1 + f))
    assert gap > 1e-6


def test_certificate_of_a_linear_loss_is_exact():
    # h(M) = tr(C M): the minimum is (I + C)^{-1}, the bound the true gap.
    C = np.array([[2.0, 0.5], [0.5, 1.0]])
    L, gap, _ = logdet_minimum(
        lambda L: (float(np.trace(L @ C @ L.T)), C),
        np.eye(2),
        name="none",
        tol=1e-12,
        max_iter=100,
    )
    np.testing.assert_allclose(L.T @ L, np.linalg.inv(np.eye(2) + C), atol=1e-5)
    assert gap <= 1e-12


@pytest.mark.errors
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"bounds": (4.0, 1.0)}, r"squared distances \(u, l\) with 0 < u <= l"),
        ({"bounds": (0.0, 1.0)}, "with 0 < u <= l"),
        ({"gamma": 0.0}, "gamma, the weight of the slack, must be > 0"),
    ],
)
def test_wrong_numbers_say_what_is_right(changed, message, judged):
    with pytest.raises(ValueError, match=message):
        itml(*judged, **changed)


@pytest.mark.errors
def test_equal_points_alone_give_no_bounds(judged):
    with pytest.raises(ValueError, match="needs pairs of points that differ"):
        itml(judged[0], [[0, 0]], [])
