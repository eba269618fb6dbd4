"""AdaBoost: by hand, by loop, against scikit-learn's SAMME; its two facts."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_breast_cancer, load_digits, load_wine, make_moons
from sklearn.ensemble import AdaBoostClassifier
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlcourse.ensembles import AdaBoost, best_stump


class StumpTree(ClassifierMixin, BaseEstimator):
    """Our stump as scikit-learn's AdaBoost wants its learner."""

    def fit(self, X, y, sample_weight):
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.stump_ = best_stump(X, codes, sample_weight)
        return self

    def predict(self, X):
        return self.classes_[self.stump_.predict(X)]


def moons(seed):
    return make_moons(300, noise=0.3, random_state=seed)


DATA = {
    "digits": load_digits(return_X_y=True),
    "wine": load_wine(return_X_y=True),
    "breast cancer": load_breast_cancer(return_X_y=True),
    "moons": moons(0),
}
each = pytest.mark.parametrize("name", DATA)


@pytest.fixture(params=[0, 1, 2])
def rng(request):
    return np.random.default_rng(request.param)


# --- scikit-learn ---------------------------------------------------------------------


@pytest.mark.errors
@parametrize_with_checks([AdaBoost(n_rounds=5)])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@each
@pytest.mark.parametrize("weighted", [False, True])
def test_equals_scikit_learn_with_the_same_stumps(name, weighted):
    """Error, alpha and vote of each round, to the last prediction."""
    X, y = DATA[name]
    train, test = np.arange(len(y)) % 2 == 0, np.arange(len(y)) % 2 == 1
    weight = np.random.default_rng(3).exponential(size=len(y)) if weighted else None
    weight = weight[train] if weighted else None
    rounds = 20 if name == "digits" else 40
    peer = AdaBoostClassifier(StumpTree(), n_estimators=rounds)
    peer.fit(X[train], y[train], sample_weight=weight)
    ours = AdaBoost(n_rounds=rounds).fit(X[train], y[train], sample_weight=weight)
    np.testing.assert_allclose(ours.errors_, peer.estimator_errors_, atol=1e-9)
    np.testing.assert_allclose(2 * ours.alphas_, peer.estimator_weights_, atol=1e-8)
    stages = zip(
        ours.staged_predict(X[test]), peer.staged_predict(X[test]), strict=True
    )
    for mine, theirs in stages:
        assert np.array_equal(mine, theirs)


def test_many_stumps_read_digits(rng):
    X, y = DATA["digits"]
    rows = rng.permutation(len(y))
    train, test = rows[:1200], rows[1200:]
    score = AdaBoost(n_rounds=100).fit(X[train], y[train]).score(X[test], y[test])
    one = AdaBoost(n_rounds=1).fit(X[train], y[train]).score(X[test], y[test])
    assert score > 0.65
    assert one < 0.25


def test_works_in_a_pipeline_and_cross_validation():
    X, y = DATA["breast cancer"]
    pipe = make_pipeline(StandardScaler(), AdaBoost(n_rounds=20))
    assert cross_val_score(pipe, X, y, cv=3).min() > 0.9


# --- by hand, by loop -----------------------------------------------------------------


def test_two_rounds_by_hand():
    """Five points on a line, signs - + + - -, the third weighs double."""
    X, y = np.arange(1.0, 6)[:, None], np.array([-1, 1, 1, -1, -1])
    fitted = AdaBoost(n_rounds=2).fit(X, y, sample_weight=[1, 1, 2, 1, 1])
    assert fitted.stumps_[0][1:] == (3.5, 1, 0)  # wrong at 1, of weight 1/6
    assert fitted.alphas_[0] == pytest.approx(np.log(5) / 2)
    np.testing.assert_allclose(
        fitted.example_weights_[1], np.array([5, 1, 2, 1, 1]) / 10
    )
    assert fitted.stumps_[1][1:] == (1.5, 0, 1)  # wrong at 4 and 5, of weight 2/10
    assert fitted.errors_.tolist() == pytest.approx([1 / 6, 1 / 5])
    np.testing.assert_allclose(
        fitted.example_weights_[2], np.array([10, 2, 4, 8, 8]) / 32
    )
    first, second = np.log(5) / 2, np.log(4) / 2
    votes = [first - second, first + second, first + second, second - first]
    np.testing.assert_allclose(fitted.decision_function(X), [*votes, second - first])
    assert fitted.bound_.tolist() == pytest.approx(
        [2 * np.sqrt(5) / 6, 2 * np.sqrt(5) / 6 * 2 * np.sqrt(4) / 5]
    )


def by_loop(X, codes, weights, rounds):
    """SAMME example by example, with every stump tried."""
    n, n_classes = len(codes), codes.max() + 1
    D = [w / sum(weights) for w in weights]
    alphas, errors, history = [], [], [list(D)]
    for _ in range(rounds):
        least, chosen = np.inf, None
        for j in range(X.shape[1]):
            values = np.unique(X[:, j])
            for theta in (values[1:] + values[:-1]) / 2:
                for left in range(n_classes):
                    for right in range(n_classes):
                        guess = [left if x[j] <= theta else right for x in X]
                        wrong = [guess[i] != codes[i] for i in range(n)]
                        error = sum(D[i] for i in range(n) if wrong[i])
                        if error < least - 1e-12:
                            least, chosen = error, wrong
        alpha = 0.5 * (np.log((1 - least) / least) + np.log(n_classes - 1))
        D = [D[i] * np.exp(alpha if chosen[i] else -alpha) for i in range(n)]
        D = [w / sum(D) for w in D]
        alphas.append(alpha)
        errors.append(least)
        history.append(D)
    return alphas, errors, history


@pytest.mark.parametrize("n_classes", [2, 3])
def test_rounds_are_a_loop_over_the_formula(rng, n_classes):
    X, codes = rng.normal(size=(14, 2)), np.arange(14) % n_classes
    weights = rng.exponential(size=14)
    fitted = AdaBoost(n_rounds=4).fit(X, codes, sample_weight=weights)
    alphas, errors, history = by_loop(X, codes, weights, 4)
    np.testing.assert_allclose(fitted.alphas_, alphas)
    np.testing.assert_allclose(fitted.errors_, errors)
    np.testing.assert_allclose(fitted.example_weights_, history)


# --- what is always so ----------------------------------------------------------------


@each
def test_a_stump_is_useless_on_the_weights_that_follow_it(name):
    """Its error under D_{t+1} is 1 - 1/C: 1/2 for two classes."""
    X, y = DATA[name]
    fitted = AdaBoost(n_rounds=30).fit(X, y)
    codes = np.searchsorted(fitted.classes_, y)
    chance = 1 - 1 / len(fitted.classes_)
    for stump, D in zip(fitted.stumps_, fitted.example_weights_[1:], strict=True):
        assert D[stump.predict(X) != codes].sum() == pytest.approx(chance, abs=1e-12)
        assert D.sum() == pytest.approx(1)


@each
@pytest.mark.parametrize("weighted", [False, True])
def test_the_bound_holds_in_every_round(name, weighted):
    X, y = DATA[name]
    rng = np.random.default_rng(5)
    weights = rng.exponential(size=len(y)) if weighted else np.ones(len(y))
    fitted = AdaBoost(n_rounds=30).fit(X, y, sample_weight=weights)
    k, e = len(fitted.classes_), fitted.errors_
    closed = np.cumprod(k * np.sqrt(e * (1 - e) / (k - 1)))
    np.testing.assert_allclose(fitted.bound_, closed)
    share = weights / weights.sum()
    for bound, guess in zip(fitted.bound_, fitted.staged_predict(X), strict=True):
        assert share[guess != y].sum() <= bound
    if k == 2:
        slack = np.exp(-2 * np.cumsum((0.5 - e) ** 2))
        assert (fitted.bound_ <= slack).all()
        assert fitted.bound_[-1] < 0.95


def test_the_bound_falls_and_the_training_error_with_it():
    X, y = moons(1)
    fitted = AdaBoost(n_rounds=200).fit(X, y)
    errors = [np.mean(guess != y) for guess in fitted.staged_predict(X)]
    assert errors[-1] < errors[0] / 2
    assert fitted.bound_[-1] < fitted.bound_[0] / 2


def test_a_weight_of_2_is_a_point_twice_and_of_0_is_none(rng):
    X, y = DATA["wine"]
    times = rng.integers(0, 3, size=len(y))
    weighted = AdaBoost(n_rounds=15).fit(X, y, sample_weight=times)
    repeated = AdaBoost(n_rounds=15).fit(np.repeat(X, times, 0), np.repeat(y, times))
    np.testing.assert_allclose(weighted.errors_, repeated.errors_, atol=1e-12)
    assert weighted.stumps_ == repeated.stumps_
    assert (weighted.example_weights_[:, times == 0] == 0).all()


def test_scale_of_weights_order_of_rows_and_monotone_features_change_nothing(rng):
    X, y = DATA["wine"]
    plain = AdaBoost(n_rounds=15).fit(X, y).predict(X)
    order = rng.permutation(len(y))
    turned = AdaBoost(n_rounds=15).fit(X[order], y[order])
    assert np.array_equal(turned.predict(X), plain)
    heavy = AdaBoost(n_rounds=15).fit(X, y, sample_weight=np.full(len(y), 7.0))
    assert np.array_equal(heavy.predict(X), plain)
    grown = AdaBoost(n_rounds=15).fit(np.exp(X / 1000), y)
    assert np.array_equal(grown.predict(np.exp(X / 1000)), plain)


def test_names_of_classes_change_nothing():
    X, y = DATA["breast cancer"]
    names = np.array(["malignant", "benign"])[y]  # the order of names is the reverse
    plain, named = (AdaBoost(n_rounds=11).fit(X, c) for c in (y, names))
    np.testing.assert_allclose(named.decision_function(X), -plain.decision_function(X))
    guess = np.array(["malignant", "benign"])[plain.predict(X)]
    assert np.array_equal(named.predict(X), guess)


# --- ends -----------------------------------------------------------------------------


def test_a_perfect_stump_ends_it():
    X, y = np.array([[1.0, 5.0], [2.0, 1.0], [9.0, 2.0]]), np.array([4, 4, 7])
    fitted = AdaBoost(n_rounds=50).fit(X, y)
    assert fitted.stumps_ == [(0, 5.5, 0, 1)]
    assert (fitted.errors_.tolist(), fitted.bound_.tolist()) == ([0], [0])
    assert fitted.alphas_[0] > 0
    assert fitted.predict(X).tolist() == [4, 4, 7]
    assert fitted.example_weights_ == pytest.approx(np.full((2, 3), 1 / 3))


def test_ends_when_no_stump_is_better_than_chance():
    """Three in four on either side are learned; on what follows all stumps err half."""
    X, y = np.repeat([[0.0], [1.0]], 4, axis=0), np.array([0, 0, 0, 1, 0, 1, 1, 1])
    fitted = AdaBoost(n_rounds=50).fit(X, y)
    assert fitted.stumps_ == [(0, 0.5, 0, 1)]
    assert fitted.errors_.tolist() == [0.25]
    assert fitted.example_weights_[1].tolist() == pytest.approx(
        [1 / 12, 1 / 12, 1 / 12, 1 / 4, 1 / 4, 1 / 12, 1 / 12, 1 / 12]
    )


def test_fewer_rounds_are_the_first_of_more():
    X, y = moons(2)
    few, many = (AdaBoost(n_rounds=t).fit(X, y) for t in (5, 9))
    assert many.stumps_[:5] == few.stumps_
    *_, fifth = list(many.staged_predict(X))[:5]
    assert np.array_equal(few.predict(X), fifth)


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
def test_errors():
    X, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    with pytest.raises(ValueError, match="no stump is better than chance"):
        AdaBoost().fit(X, y)  # XOR
    with pytest.raises(ValueError, match="n_rounds must be >= 1, got 0"):
        AdaBoost(n_rounds=0).fit(X, y)
    with pytest.raises(ValueError, match="at least 2 classes, got 1 class"):
        AdaBoost().fit(X, y, sample_weight=[1, 0, 0, 1])
    with pytest.raises(ValueError, match="[Nn]egative"):
        AdaBoost().fit(X, y, sample_weight=[1, -1, 1, 1])


def test_clone_keeps_the_number_of_rounds():
    assert clone(AdaBoost(n_rounds=3)).n_rounds == 3
