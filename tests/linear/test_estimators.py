"""What every learner of mlcourse.linear keeps, whatever it optimises."""

import inspect
import tracemalloc
import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import mlcourse.linear
from mlcourse.linear import LDA, MahalanobisLearner, Taxonomy

pytestmark = [
    # A learner that stops early must say so; on the inputs below it may.
    pytest.mark.filterwarnings("default::sklearn.exceptions.ConvergenceWarning"),
    # scikit-learn's own doubt about labels that are nearly all different.
    pytest.mark.filterwarnings("default:The number of unique classes:UserWarning"),
]

CLASSES = [
    found
    for name in mlcourse.linear.__all__
    if inspect.isclass(found := getattr(mlcourse.linear, name))
    and issubclass(found, BaseEstimator)
    and found is not MahalanobisLearner
]


def make(cls):
    """The learner as shipped, its randomness fixed where it has some."""
    seeded = "random_state" in cls().get_params()
    return cls(random_state=0) if seeded else cls()


LEARNERS = [make(cls) for cls in CLASSES]
METRICS = [e for e in LEARNERS if isinstance(e, MahalanobisLearner)]
each = pytest.mark.parametrize("learner", LEARNERS, ids=lambda e: type(e).__name__)
each_metric = pytest.mark.parametrize(
    "learner", METRICS, ids=lambda e: type(e).__name__
)


@pytest.fixture
def iris():
    X, y = load_iris(return_X_y=True)
    rows = np.r_[0:25, 50:70, 100:130]  # unequal classes
    return StandardScaler().fit_transform(X)[rows], y[rows]


def form(learner, X, y):
    """M of a fresh fit, in units of its own trace."""
    M = clone(learner).fit(X, y).metric()
    return M / np.trace(M)


# --- scikit-learn's contract, as shipped ----------------------------------------------


@pytest.mark.errors
@parametrize_with_checks(LEARNERS)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@each_metric
def test_works_in_a_grid_search_over_a_pipeline(learner, iris):
    X, y = iris
    pipe = make_pipeline(StandardScaler(), clone(learner), KNeighborsClassifier())
    search = GridSearchCV(pipe, {"kneighborsclassifier__n_neighbors": [1, 3]}, cv=3)
    search.fit(X, y)
    assert search.best_score_ > 0.8


@each_metric
def test_names_its_output(learner, iris):
    pandas = pytest.importorskip("pandas")
    X, y = iris
    table = pandas.DataFrame(X, columns=list("abcd"))
    out = clone(learner).set_output(transform="pandas").fit(table, y).transform(table)
    assert list(out.columns[:1]) == [f"{type(learner).__name__.lower()}0"]


@each
def test_parameters_after_the_first_are_keywords(learner):
    parameters = list(inspect.signature(type(learner)).parameters.values())
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters[1:])


# --- the learned map ------------------------------------------------------------------


@each_metric
def test_metric_is_psd_and_is_the_distance_after_transform(learner, iris):
    X, y = iris
    fitted = clone(learner).fit(X, y)
    M, Z = fitted.metric(), fitted.transform(X)
    assert np.array_equal(M, M.T) or np.allclose(M, M.T, rtol=0, atol=1e-15 * M.max())
    values = np.linalg.eigvalsh(M)
    assert values[-1] > 0
    assert values[0] >= -1e-10 * values[-1]
    delta = X[3] - X[60]
    square = ((Z[3] - Z[60]) ** 2).sum()
    assert square == pytest.approx(delta @ M @ delta, rel=1e-9)


@each_metric
def test_order_of_the_rows_changes_nothing(learner, iris, rng):
    X, y = iris
    order = rng.permutation(len(y))
    np.testing.assert_allclose(
        form(learner, X[order], y[order]), form(learner, X, y), atol=2e-4
    )


@each_metric
@pytest.mark.parametrize(
    "names", [np.array(["c", "a", "b"]), np.array([-1, 7, 2]), np.array(["", "é", "x"])]
)
def test_names_of_the_classes_change_nothing(learner, iris, names):
    if type(learner).__name__ == "MLKR":
        pytest.skip("its targets are numbers")
    X, y = iris
    np.testing.assert_allclose(
        form(learner, X, names[y]), form(learner, X, y), atol=2e-4
    )


@each_metric
def test_a_shift_changes_nothing(learner, iris):
    X, y = iris
    np.testing.assert_allclose(
        form(learner, X + 100.0, y), form(learner, X, y), atol=2e-4
    )


# --- degenerate inputs: a finite map, or an error in words ----------------------------


def constant(X, y):
    return np.c_[X, np.full(len(X), 3.7)], y


def collinear(X, y):
    return np.c_[X, X[:, 0] - 2 * X[:, 1]], y


def singleton(X, y):
    return np.r_[X, X[:1] + 5], np.r_[y, 9]


def duplicates(X, y):
    return np.r_[X, X[:30]], np.r_[y, y[:30]]


def all_equal(X, y):
    return np.ones_like(X), y


def one_class(X, y):
    return X, np.zeros_like(y)


def all_different(X, y):
    return X, np.arange(len(y))


def more_features_than_points(X, y):
    rows = np.r_[0:4, 30:34, 60:64]
    wide = np.random.default_rng(1).normal(size=(12, 40))
    wide[:, :4] += X[rows]
    return wide, y[rows]


@each
@pytest.mark.parametrize(
    "spoil",
    [
        constant,
        collinear,
        singleton,
        duplicates,
        all_equal,
        one_class,
        all_different,
        more_features_than_points,
    ],
)
def test_degenerate_input_gives_a_finite_map_or_a_clear_error(learner, iris, spoil):
    X, y = spoil(*iris)
    fitted = refused = None
    try:
        fitted = clone(learner).fit(X, y)
    except ValueError as error:
        refused = error
    if refused is not None:
        assert spoil in (all_equal, one_class, all_different), str(refused)
        assert type(refused) is ValueError  # not numpy's LinAlgError
        assert len(str(refused)) > 30  # a sentence, not a code
    if isinstance(fitted, MahalanobisLearner):
        assert np.isfinite(fitted.components_).all()
        assert np.isfinite(fitted.transform(X)).all()


@each_metric
def test_float32_is_computed_in_float64(learner, iris):
    X, y = iris
    X = X.astype(np.float32)
    fitted = clone(learner).fit(X, y)
    assert fitted.components_.dtype == np.float64
    again = clone(learner).fit(X.astype(np.float64), y)
    assert np.array_equal(fitted.components_, again.components_)


@each
@pytest.mark.parametrize("spoil", [constant, collinear])
def test_a_direction_without_data_gives_a_metric_that_works(learner, iris, spoil):
    # Not merely finite: the classes that were apart stay apart.
    X, y = spoil(*iris)
    fitted = clone(learner).fit(X, y)
    if isinstance(fitted, MahalanobisLearner):
        Z = fitted.transform(X)
        assert KNeighborsClassifier(1).fit(Z[::2], y[::2]).score(Z, y) > 0.8


@pytest.mark.parametrize("name", ["LMNN", "NCA"])
def test_memory_never_holds_a_vector_for_every_pair(name):
    n, d = 700, 60
    X = np.random.default_rng(0).normal(size=(n, d))
    y = np.arange(n) % 3
    X[:, 0] += 3 * y
    learner = getattr(mlcourse.linear, name)(max_iter=4, tol=1e-9)
    tracemalloc.start()
    with pytest.warns(ConvergenceWarning):
        learner.fit(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < n * n * d * 8 / 4  # 235 MB for all differences; a few (n, n) are 4 MB


# --- honest about the end -------------------------------------------------------------

ITERATIVE = [e for e in LEARNERS if "max_iter" in e.get_params()]
each_iterative = pytest.mark.parametrize(
    "learner", ITERATIVE, ids=lambda e: type(e).__name__
)


@each_iterative
def test_stopping_early_is_said_and_leaves_a_finite_map(learner):
    X, y = load_breast_cancer(return_X_y=True)
    X, y = StandardScaler().fit_transform(X)[::3], y[::3]
    early = clone(learner).set_params(max_iter=1, tol=1e-12)
    with pytest.warns(ConvergenceWarning, match="max_iter|did not converge"):
        early.fit(X, y)
    assert np.isfinite(early.components_).all()
    assert early.n_iter_ <= 2


@each_iterative
def test_a_looser_tolerance_ends_sooner(learner):
    X, y = load_breast_cancer(return_X_y=True)
    X, y = StandardScaler().fit_transform(X)[::3], y[::3]
    fine = 1e-9 if type(learner).__name__ == "SDML" else min(learner.tol, 1e-4)
    loose, strict = (clone(learner).set_params(tol=t).fit(X, y) for t in (0.9, fine))
    assert loose.n_iter_ < strict.n_iter_


@pytest.mark.parametrize(
    "learner",
    [e for e in METRICS if "n_components" in e.get_params()],
    ids=lambda e: type(e).__name__,
)
def test_n_components_is_the_number_of_rows(learner, iris):
    for k in (1, 2):
        fitted = clone(learner).set_params(n_components=k).fit(*iris)
        assert fitted.components_.shape == (k, 4)
        assert type(learner)(k).n_components == k


@each_iterative
def test_nothing_is_said_when_it_converged(learner, iris):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = clone(learner).fit(*iris)
    assert 1 <= fitted.n_iter_ < fitted.max_iter
    if hasattr(fitted, "duality_gap_"):
        assert 0 <= fitted.duality_gap_ <= fitted.tol


# --- its place in the map -------------------------------------------------------------


@pytest.mark.parametrize("cls", CLASSES)
def test_every_learner_has_its_place_in_the_taxonomy(cls):
    place = cls.taxonomy
    assert isinstance(place, Taxonomy)
    assert place.supervision in {"none", "weak", "full"}
    assert place.optimum in {"global", "local"}
    assert set(place.scales_with) <= {"n", "d"}
    assert place.form in {"linear", "linear similarity"}
    assert isinstance(place.reduces_dimension, bool)
    assert place.regularizer
    assert cls().__sklearn_tags__().target_tags.required == (
        place.supervision != "none"
    )


#: Table 3 of Bellet, Habrard, Sebban, arXiv:1306.6709v4: supervision, optimum,
#: two stars or more in n and in d, dimension reduction, regulariser.
SURVEY = {
    "MMC": ("weak", "global", (), False, "none"),
    "NCA": ("full", "local", ("d",), True, "none"),
    "MCML": ("full", "global", (), False, "none"),
    "LMNN": ("full", "global", ("n",), False, "none"),
    "RCA": ("weak", "global", ("n", "d"), False, "none"),
    "ITML": ("weak", "global", ("d",), False, "LogDet"),
    "SDML": ("weak", "global", ("d",), False, "LogDet + L1"),
    "OASIS": ("weak", "global", ("n", "d"), False, "Frobenius"),
}


@pytest.mark.parametrize("cls", [c for c in CLASSES if c.__name__ in SURVEY])
def test_the_surveys_own_methods_stand_where_it_puts_them(cls):
    place = cls.taxonomy
    assert (*place[:4], place.regularizer) == SURVEY[cls.__name__]


#: Methods that the table does not have, by our own judgement.
OTHERS = {
    "DNE": ("full", "global", ("d",), True, "none"),
    "GMML": ("weak", "global", ("n", "d"), False, "symmetrised LogDet"),
    "KISSME": ("weak", "global", ("n", "d"), False, "none"),
    "LDA": ("full", "global", ("n", "d"), True, "none"),
    "LFDA": ("full", "global", ("d",), True, "none"),
    "LSML": ("weak", "global", ("d",), False, "LogDet"),
    "MLKR": ("full", "local", ("d",), True, "none"),
    "SCML": ("full", "global", ("n", "d"), True, "L1 of weights"),
    "Whitening": ("none", "global", ("n", "d"), False, "none"),
}


def test_the_other_methods_stand_beside_them():
    others = [c for c in CLASSES if c.__name__ not in SURVEY]
    places = {c.__name__: c.taxonomy for c in others}
    found = {name: (*place[:4], place.regularizer) for name, place in places.items()}
    assert found == OTHERS


def test_one_learner_meets_its_judgements_one_by_one_and_learns_no_distance():
    places = {c.__name__: c.taxonomy for c in CLASSES}
    assert [name for name, place in places.items() if place.online] == ["OASIS"]
    assert all(isinstance(place.online, bool) for place in places.values())
    unlike = [name for name, place in places.items() if place.form != "linear"]
    assert unlike == ["OASIS"]


def test_metric_by_hand():
    class Given(MahalanobisLearner):
        taxonomy = Taxonomy("full", "global", (), reduces_dimension=True)

        def fit(self, X, y):
            self._labelled(X, y)
            self.components_ = np.array([[1.0, 2.0]])
            return self

    given = Given().fit([[0.0, 0.0], [1.0, 1.0]], [0, 1])
    assert given.transform(np.array([[3, 4]], dtype=object)).dtype == np.float64
    assert given.metric().tolist() == [[1.0, 2.0], [2.0, 4.0]]
    assert given.transform([[3.0, 4.0]]).tolist() == [[11.0]]
    assert given.get_feature_names_out().tolist() == ["given0"]


# --- what is checked for all ----------------------------------------------------------


@each_metric
def test_transform_refuses_other_features_and_remembers_its_own(learner, iris):
    fitted, name = clone(learner).fit(*iris), type(learner).__name__
    with pytest.raises(ValueError, match=f"X has 3 features, but {name} is expecting"):
        fitted.transform(iris[0][:, :3])
    assert fitted.n_features_in_ == 4


@pytest.mark.errors
@each_metric
def test_one_point_and_one_class_are_refused_by_name(learner, iris):
    X, y = iris
    name = type(learner).__name__
    with pytest.raises(ValueError, match=f"1 sample.* minimum of 2 .* by {name}"):
        clone(learner).fit(X[:1], y[:1])
    if name not in ("Whitening", "RCA", "MLKR"):
        with pytest.raises(
            ValueError, match=f"^{name} needs at least 2 classes, got 1"
        ):
            clone(learner).fit(X, np.zeros_like(y))


@pytest.mark.errors
@each
def test_numbers_are_no_classes(learner, iris):
    if learner.taxonomy.supervision == "none" or type(learner).__name__ == "MLKR":
        pytest.skip("takes no classes")
    X, y = iris
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        clone(learner).fit(X, y + 0.5 * (np.arange(len(y)) % 2))


def test_whole_numbers_are_classes_however_many_there_are():
    X = np.arange(60.0).reshape(30, 2) ** 2
    y = np.arange(30) // 2 * 2  # scikit-learn would warn of 15 classes in 30 points
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LDA().fit(X, np.r_[y[:-4], 90, 91, 92, 93])
