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
def test_names_its_output(cls, blobs):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(blobs[0], columns=list("abcd"))
    out = cls().set_output(transform="pandas").fit(table).transform(table)
    assert list(out.columns[:2]) == [f"{cls.__name__.lower()}{i}" for i in (0, 1)]
    assert out.shape[1] == len(cls().fit(table).get_feature_names_out())


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
