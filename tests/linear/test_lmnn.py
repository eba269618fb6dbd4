"""Tests for mlcourse.linear.lmnn."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from mlcourse.linear import LMNN, _impostors, _margin, lmnn
from mlcourse.linear._descent import descend
from mlcourse.linear._hinges import Hinges
from mlcourse.linear._impostors import strangers_within, target_neighbours
from mlcourse.linear._margin import SLACK, least
from mlcourse.linear._scatter import laplacian_scatter, pair_scatter


def definition(M, X, y, targets, mu=0.5):
    """Pull and push by loop over the formula."""
    pull = push = 0.0
    square = cdist(X, X, lambda a, b: (a - b) @ M @ (a - b))
    for i, j in np.argwhere(targets >= 0):
        j = targets[i, j]
        pull += square[i, j]
        for other in range(len(X)):
            if y[other] != y[i]:
                push += max(0.0, 1 + square[i, j] - square[i, other])
    return (1 - mu) * pull + mu * push


def standard(load):
    X, y = load(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.fixture
def small(blobs):
    X, y = blobs
    X, y = np.r_[X, X[:1] + 1], np.r_[y, 4]  # the last is alone in its class
    return X, y, target_neighbours(X, y, 3)


TOY = np.array([[0.0, 0.0], [0.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])

# --- values ---------------------------------------------------------------------------


def test_targets_impostors_and_pull_of_the_toy():
    # The four points that shogun's own tests use.
    y = np.array([0, 0, 1, 1])
    targets = target_neighbours(TOY, y, 1)
    assert targets.tolist() == [[1], [0], [3], [2]]
    pairs = np.c_[np.arange(4), targets]
    assert pair_scatter(TOY, pairs).tolist() == [[8.0, 0.0], [0.0, 2.0]]
    reach = 1 + ((TOY - TOY[targets[:, 0]]) ** 2).sum(axis=1)
    i, other = strangers_within(TOY, y, reach + 1e-6)  # those at the margin too
    triplets = {(0, 2), (0, 3), (2, 0), (2, 1), (3, 0), (3, 1)}
    assert {*zip(i.tolist(), other.tolist(), strict=True)} == triplets


@pytest.mark.parametrize(
    ("load", "value"), [(load_iris, 503.273653), (load_wine, 1475.424300)]
)
def test_at_the_identity(load, value):
    X, y = standard(load)
    hinges = Hinges(X, y, target_neighbours(X, y, 3), mu=0.5)
    eye = np.eye(X.shape[1])
    hinges.find(eye, slack=0.0)
    assert hinges(eye, gamma=0.0)[0] == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("slack", [0.0, 0.5])
def test_is_the_loop_in_any_blocks(small, slack, rng, monkeypatch):
    X, y, targets = small
    monkeypatch.setattr(_impostors, "BLOCK", 300)
    monkeypatch.setattr(_impostors, "LISTED", 35)
    for size in (0.03, 0.1, 0.5):
        L = size * rng.normal(size=(5, 5))
        hinges = Hinges(X, y, targets, mu=0.3)
        hinges.find(L, slack=slack)
        expected = definition(L.T @ L, X, y, targets, mu=0.3)
        assert hinges(L, gamma=0.0)[0] == pytest.approx(expected)


def test_targets_are_the_nearest_of_the_class(small):
    X, y, targets = small
    square = cdist(X, X, "sqeuclidean")
    for i in range(len(X)):
        mates = [j for j in np.argsort(square[i]) if j != i and y[j] == y[i]][:3]
        assert targets[i].tolist() == [*mates, *[-1] * (3 - len(mates))]
    far = X + np.array([1e7, -3e7, 0, 1e6, -1e6])  # offsets of 1e7 times the spread
    assert np.array_equal(target_neighbours(far, y, 3), targets)


@pytest.mark.parametrize("unit", [1e-8, 1.0])
def test_of_points_equally_far_the_one_with_lesser_coordinates_is_nearer(unit, rng):
    X = unit * rng.permutation([[i, j] for i in range(12) for j in range(12)])
    targets = target_neighbours(X, np.zeros(144, dtype=int), 10)
    for i, x in enumerate(X):
        square = np.round(((X - x) ** 2).sum(axis=1) / unit**2)
        order = np.lexsort((*X.T, square))  # by square, then the last coordinate
        assert targets[i].tolist() == [j for j in order if j != i][:10]


# --- gradient -------------------------------------------------------------------------


@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0])
def test_gradient_is_finite_differences(small, gamma, rng):
    X, y, targets = small
    L = 0.1 * rng.normal(size=(5, 5))
    hinges = Hinges(X, y, targets, mu=0.3)
    hinges.find(L, slack=0.5)
    gradient = hinges(L, gamma=gamma)[1]
    for k in np.ndindex(L.shape):
        step = np.zeros_like(L)
        step[k] = 1e-7
        up, down = (hinges(L + s, gamma=gamma)[0] for s in (step, -step))
        assert gradient[k] == pytest.approx((up - down) / 2e-7, rel=1e-4, abs=1e-2)


def test_rounding_the_kink_lowers_by_half_its_width_at_most(small, rng):
    X, y, targets = small
    L = 0.1 * rng.normal(size=(5, 5))
    hinges = Hinges(X, y, targets, mu=0.3)
    hinges.find(L, slack=0.0)
    exact, (rounded, total, _) = hinges(L, gamma=0.0)[0], hinges.weigh(L, gamma=0.2)
    active = hinges.weigh(L, gamma=0.0)[1] / 0.3
    assert 0 < exact - rounded <= 0.3 * 0.2 / 2 * active
    assert total <= 0.3 * active


# --- the optimum ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("load", "best_known", "peer"),
    [(load_iris, 234.2413, 234.57), (load_wine, 208.9245, 210.28)],
)
def test_is_at_least_as_good_as_what_peers_reach(load, best_known, peer):
    X, y = standard(load)
    fitted = LMNN().fit(X, y)
    assert fitted.objective_ < peer
    assert fitted.objective_ <= best_known * 1.005  # ties: other targets, other optimum
    assert fitted.duality_gap_ < 0.01
    targets = target_neighbours(X, y, 3)
    assert fitted.objective_ == pytest.approx(
        definition(fitted.metric(), X, y, targets), rel=1e-9
    )


def test_the_bound_holds_from_anywhere(small, rng):
    X, y, targets = small
    X = X - X.mean(axis=0)
    fitted = LMNN(tol=1e-4).fit(X, y)
    pairs = np.argwhere(targets >= 0)
    pairs[:, 1] = targets[targets >= 0]
    pull, positive = 0.5 * pair_scatter(X, pairs), 0
    hinges = Hinges(X, y, targets, mu=0.5)
    for _ in range(30):
        L = fitted.components_ + 0.03 * rng.normal(size=(5, 5)) * rng.uniform()
        hinges.find(L, slack=0.0)
        bound = hinges.lower_bound(L, pull, gamma=0.1)
        assert bound <= fitted.objective_ * (1 + 1e-9)
        assert hinges(L, gamma=0.0)[0] >= fitted.objective_ * (1 - fitted.duality_gap_)
        positive += bound > 0.05 * fitted.objective_
    assert positive  # it says something


def test_the_bound_is_the_largest_share_that_proves_it(small):
    """Bisect the share t of the multipliers for which pull - t push stays PSD."""
    X, y, targets = small
    X = X - X.mean(axis=0)
    hinges = Hinges(X, y, targets, mu=0.5)
    seen = set()
    for weight, gamma in ((1.0, 0.1), (5e-3, 0.1), (1e-9, 0.1), (1.0, 1e5)):
        L = 0.3 * np.eye(5)
        hinges.find(L, slack=0.0)
        pull = weight * 0.5 * pair_scatter(X, np.argwhere(y[:, None] == y))
        _, total, W = hinges.weigh(L, gamma=gamma)
        push = laplacian_scatter(X, W + W.T) - pull  # W holds pulls too
        low, high = 0.0, 1.0
        for _ in range(50):
            t = (low + high) / 2
            fine = np.linalg.eigvalsh(pull + t * push)[0] >= 0
            low, high = (t, high) if fine else (low, t)
        bound = hinges.lower_bound(L, pull, gamma=gamma)
        assert bound == pytest.approx(total * low, rel=1e-6)
        seen.add(low > 1 - 1e-9)
    assert seen == {False, True}
    for tiny in (0.0, 1e-14):  # round-off of the largest: nothing is proved
        flat = np.diag([tiny, 1e-4, 1e-4, 1e-4, 1])
        assert hinges.lower_bound(L, flat, gamma=0.1) == 0.0
    assert hinges.lower_bound(L, 1e-13 * np.eye(5), gamma=0.1) > 0.0  # in any unit


@pytest.mark.parametrize("mu", [0.2, 0.5, 0.9])
def test_the_gap_holds_however_early_it_stops(small, mu):
    X, y, _ = small
    best = LMNN(mu=mu, tol=1e-5).fit(X, y).objective_
    for steps in (1, 2, 4, 8, 12):
        with pytest.warns(ConvergenceWarning, match=f"after {steps} steps"):
            fitted = LMNN(mu=mu, tol=1e-9, max_iter=steps).fit(X, y)
        assert fitted.n_iter_ == steps
        value = fitted.objective_
        assert value - fitted.duality_gap_ * max(value, 1.0) <= best * (1 + 1e-9)


@pytest.mark.parametrize("mu", [0.2, 0.9])
def test_the_bound_is_given_the_pull_of_the_objective(small, mu, monkeypatch):
    X, y, targets = small
    seen = []

    def noted(hinges, pull, max_iter, tol):
        seen.append((hinges.X, pull))
        return least(hinges, pull, max_iter, tol)

    monkeypatch.setattr(lmnn, "least", noted)
    LMNN(mu=mu).fit(X, y)
    (Z, pull), pairs = seen[0], np.argwhere(targets >= 0)
    pairs[:, 1] = targets[targets >= 0]
    expected = (1 - mu) * pair_scatter(Z, pairs)
    np.testing.assert_allclose(pull, expected, atol=1e-9 * np.trace(expected))


class Wall(Hinges):
    """A slope down to 2 I, and a wall around I that is seen only where it is sought."""

    def __init__(self, width=0.0, steepness=1.0):
        self.sought, self.width, self.steepness = [], width, steepness

    def find(self, L, *, slack):
        self.sought.append((L.copy(), slack))
        self.wall = 1e9 * bool(np.abs(L - np.eye(2)).max() > self.width)

    def __call__(self, L, *, gamma):
        rest, slope = L - 2 * np.eye(2), self.steepness
        return slope * float((rest**2).sum()) + self.wall, slope * 2 * rest

    def lower_bound(self, L, pull, *, gamma):
        return 0.0


def test_a_round_that_only_made_it_worse_is_undone():
    wall = Wall()
    L, value, gap, _, settled = least(wall, np.eye(2), 100, 1e-3)
    assert np.array_equal(L, np.eye(2))
    assert (value, gap, settled) == (2.0, 1.0, True)
    assert np.array_equal(wall.sought[-1][0], L)
    assert {slack for _, slack in wall.sought} == {SLACK}
    trials = [L[0, 0] - 1 for L, _ in wall.sought[1:10]]
    np.testing.assert_allclose(trials, trials[0] / 2.0 ** np.arange(9))  # cut in half


def test_a_round_that_went_too_far_is_cut_in_half_until_it_did_not():
    wall = Wall(width=0.4)
    L, value, *_ = least(wall, np.eye(2), 1000, 1e-9)
    first = next(place[0, 0] for place, _ in wall.sought[1:] if place[0, 0] <= 1.4)
    assert 1.2 < first <= 1.4  # half of the first trial that was beyond
    assert value == pytest.approx(2 * (2 - L[0, 0]) ** 2)
    assert 1.399 < L[0, 0] <= 1.4  # and so on, up to the wall


def test_below_1_the_gap_is_not_relative():
    for steepness in (0.2, 50.0):  # values 0.4 and 100 at I
        _, value, gap, *_ = least(Wall(0.0, steepness), np.eye(2), 100, 1e-3)
        assert value == pytest.approx(2 * steepness)
        assert gap == pytest.approx(min(value, 1.0))


class Script(Hinges):
    """Nothing to descend; the exact objective and its bound follow a script."""

    def __init__(self, values, bounds):
        self.values, self.bounds = iter(values), iter(bounds)

    def find(self, L, *, slack):
        pass

    def __call__(self, L, *, gamma):
        return (0.0 if gamma > 0 else next(self.values)), np.zeros_like(L)

    def lower_bound(self, L, pull, *, gamma):
        return next(self.bounds)


@pytest.mark.parametrize("size", [0.5, 1.0, 200.0])
def test_ends_where_a_round_gains_less_than_a_tenth_of_tol(size):
    # Rounds gain, in units of tol / 10 = 1e-3 of max(value, 1): any, 3, 1.05, 0.97, 9.
    unit = 1e-3 * max(size, 1.0)
    values = (size - unit * np.cumsum([0, 3, 1.05, 0.97, 9, 0])).tolist()
    found = least(Script(values, [0.0] * 6), np.eye(2), 100, 1e-2)
    assert found[1] == values[3]
    assert found[4] is True


def test_ends_where_the_best_bound_so_far_is_within_tol():
    # A later bound may be worse; the gap is that to the best of them.
    values, bounds = [9.0, 5.0, 4.0, 3.0], [2.0, 3.97, 1.0, 0.0]
    found = least(Script(values, bounds), np.eye(2), 100, 1e-2)
    assert found[1:4] == (4.0, pytest.approx(0.03 / 4), 0)
    found = least(Script([4.0], [3.99]), np.eye(2), 100, 1e-2)
    assert found[1:3] == (4.0, pytest.approx(0.01 / 4))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("max_iter", [1, 7, 20, 1000])
def test_steps_are_those_taken_and_no_more_than_allowed(small, monkeypatch, max_iter):
    X, y, _ = small
    taken = []

    def counted(objective, L, *, max_iter, tol):
        found = descend(objective, L, max_iter=max_iter, tol=tol)
        taken.append(found[2])
        return found

    monkeypatch.setattr(_margin, "descend", counted)
    fitted = LMNN(max_iter=max_iter, tol=1e-6).fit(X, y)
    assert fitted.n_iter_ == sum(taken) <= max_iter
    assert len(taken) > 1 or max_iter < 5


def test_rotation_turns_the_metric_and_units_scale_it(small, rotation):
    X, y, _ = small
    M = LMNN(tol=1e-5).fit(X, y).metric()
    for other in (
        rotation @ LMNN(tol=1e-5).fit(X @ rotation, y).metric() @ rotation.T,
        1e4 * LMNN(tol=1e-5).fit(100 * X, y).metric(),
    ):
        np.testing.assert_allclose(other, M, atol=0.01 * np.abs(M).max())


def test_classes_far_apart_need_no_push():
    X = np.r_[TOY, TOY + 100.0]
    fitted = LMNN(n_neighbors=1).fit(X, np.repeat([0, 1], 4))
    assert fitted.objective_ < 1.0
    assert 0 <= fitted.duality_gap_ <= fitted.objective_


def test_many_features_without_variance():
    X, y = load_digits(return_X_y=True)
    fitted = LMNN(max_iter=200, tol=0.5).fit(X[:150], y[:150])
    assert np.isfinite(fitted.components_).all()
    assert fitted.objective_ >= 0


def test_says_when_it_stopped_early(small):
    X, y, _ = small
    with pytest.warns(ConvergenceWarning, match="after 2 steps"):
        LMNN(max_iter=2).fit(X, y)


@pytest.mark.errors
@pytest.mark.parametrize("params", [{"mu": 0.0}, {"mu": 1.0}, {"n_neighbors": 0}])
def test_wrong_parameters_say_what_is_right(params, small):
    X, y, _ = small
    with pytest.raises(ValueError, match="n_neighbors must be >= 1 and mu between"):
        LMNN(**params).fit(X, y)


@pytest.mark.errors
def test_points_that_are_all_alone_are_refused(small):
    with pytest.raises(ValueError, match="two of one class"):
        LMNN().fit(small[0][:9], list("abcdefghi"))
