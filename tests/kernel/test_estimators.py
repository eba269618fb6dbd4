"""What every kernel map keeps: scikit-learn's contract, as shipped."""

import inspect

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlcourse.kernel import KernelCoordinates, KernelMetric, Nystroem
from mlcourse.linear import LDA

MAPS = [
    KernelCoordinates(),
    KernelCoordinates(2, kernel="laplacian"),
    KernelMetric(),
    KernelMetric(LDA(), kernel="poly", degree=2),
    Nystroem(random_state=0),
    Nystroem(3, kernel="linear", random_state=0),
]
each = pytest.mark.parametrize("cls", [KernelCoordinates, KernelMetric, Nystroem])


@pytest.mark.errors
@parametrize_with_checks(MAPS)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@each
def test_has_a_name_for_each_output(cls, blobs):
    names = cls(n_components=3).fit(blobs[0]).get_feature_names_out()
    assert names.tolist() == [f"{cls.__name__.lower()}{i}" for i in range(3)]


@each
def test_names_its_output(cls, blobs):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(blobs[0], columns=list("abcd"))
    out = cls().set_output(transform="pandas").fit(table).transform(table)
    assert list(out.columns[:2]) == [f"{cls.__name__.lower()}{i}" for i in (0, 1)]
    assert out.shape[1] == len(cls().fit(table).get_feature_names_out())


@each
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_small_dtypes_are_computed_in_float64(cls, dtype, rng):
    """The kernel squares X by itself: 200^2 does not fit in a byte."""

    def squares(X, Y):
        return np.outer((X**2).sum(axis=1), (Y**2).sum(axis=1)) + X @ Y.T

    X = (250 * rng.random(size=(9, 3))).astype(dtype)
    for kernel in (squares, "rbf", "poly"):
        maps = [cls(n_components=2, kernel=kernel) for _ in range(2)]
        if cls is Nystroem:
            maps = [m.set_params(random_state=0) for m in maps]
        small, wide = maps[0].fit(X), maps[1].fit(X.astype(np.float64))
        assert np.array_equal(small.transform(X), wide.transform(X.astype(np.float64)))


@each
def test_transform_refuses_other_features_and_remembers_its_own(cls, blobs):
    X, _ = blobs
    fitted = cls().fit(X)
    with pytest.raises(ValueError, match=f"X has 3 features, but {cls.__name__} is"):
        fitted.transform(X[:, :3])
    assert fitted.n_features_in_ == 4


@each
def test_two_points_are_enough_and_one_is_refused(cls):
    X = np.array([[0.0, 0.0], [3.0, 4.0]])
    z = cls(kernel="linear").fit(X).transform(X)
    assert np.linalg.norm(z[0] - z[1]) == pytest.approx(5)
    with pytest.raises(ValueError, match=rf"1 sample.* required by {cls.__name__}"):
        cls(kernel="linear").fit(X[:1])


@each
def test_parameters_after_the_first_are_keywords(cls):
    parameters = list(inspect.signature(cls).parameters.values())
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters[1:])


@each
def test_fit_leaves_its_input_alone(cls, blobs):
    X, _ = blobs
    before = X.copy()
    cls(kernel="poly").fit(X).transform(X)
    assert np.array_equal(X, before)


@each
def test_defaults_are_the_same_everywhere(cls):
    given = cls().get_params(deep=False)
    names = ("n_components", "kernel", "gamma", "degree", "coef0")
    assert [given[name] for name in names] == [None, "rbf", None, 3, 1.0]
    assert Nystroem().landmarks == 100
