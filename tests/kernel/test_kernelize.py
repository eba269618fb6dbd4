"""Tests for mlcourse.kernel.kernelize: the KPCA trick with every linear learner."""

import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist
from sklearn.base import clone
from sklearn.datasets import load_iris, make_circles
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, NeighborhoodComponentsAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlcourse.kernel import KernelCoordinates, Nystroem, kernelize, polynomial_kernel
from mlcourse.linear import DNE, ITML, LDA, LFDA, LMNN, NCA, RCA, Whitening

LEARNERS = [NCA(), LMNN(), LFDA(), DNE(), LDA(), RCA(), Whitening(), ITML()]
each = pytest.mark.parametrize("learner", LEARNERS, ids=lambda e: type(e).__name__)


def shape(distances):
    """Distances in units of their mean: the scale of some learners is arbitrary."""
    return distances / distances.mean()


@pytest.fixture
def iris():
    X, y = load_iris(return_X_y=True)
    return StandardScaler().fit_transform(X)[::3], y[::3]


@pytest.fixture
def rings():
    return make_circles(80, factor=0.5, noise=0.05, random_state=0)


# --- a linear kernel changes nothing --------------------------------------------------


@pytest.mark.parametrize(
    ("learner", "atol"),
    [
        (LDA(), 1e-10),
        (LFDA(), 1e-10),
        (DNE(), 1e-10),
        (RCA(), 1e-10),
        (Whitening(), 1e-10),
        (PCA(2), 1e-10),
        (LMNN(max_iter=5), 1e-6),  # steps repeat the round-off of the coordinates
        (NCA(max_iter=5), 1e-6),
    ],
    ids=lambda v: type(v).__name__ if hasattr(v, "fit") else "",
)
@pytest.mark.filterwarnings("default::sklearn.exceptions.ConvergenceWarning")
def test_linear_kernel_is_the_linear_learner(learner, atol, iris):
    X, y = iris
    plain = clone(learner).fit(X, y).transform(X)
    kernelised = kernelize(clone(learner), kernel="linear").fit(X, y).transform(X)
    np.testing.assert_allclose(shape(pdist(kernelised)), shape(pdist(plain)), atol=atol)


def test_polynomial_kernel_is_the_learner_on_monomials(iris):
    X, y = iris
    X = X[:, :2]
    a, b = X.T
    monomials = np.array([a**2, b**2, 2**0.5 * a * b, 2**0.5 * a, 2**0.5 * b]).T
    kernel = partial(polynomial_kernel, degree=2)
    for learner in (LDA(), LFDA(), DNE(3)):
        plain = clone(learner).fit(monomials, y).transform(monomials)
        ours = kernelize(clone(learner), kernel=kernel).fit(X, y).transform(X)
        np.testing.assert_allclose(pdist(ours), pdist(plain), rtol=1e-8)


# --- and a curved one does ------------------------------------------------------------


def leave_one_out(z, y):
    distances = cdist(z, z)
    np.fill_diagonal(distances, np.inf)
    return np.mean(y[distances.argmin(axis=1)] == y)


@pytest.mark.parametrize("learner", [NCA(1), LFDA(1), DNE(1), LDA(1)])
@pytest.mark.filterwarnings("default::sklearn.exceptions.ConvergenceWarning")
def test_one_curved_direction_parts_two_rings(learner, rings):
    X, y = rings
    plain = clone(learner).fit(X, y).transform(X)
    curved = kernelize(clone(learner), kernel="rbf", n_components=10).fit(X, y)
    assert leave_one_out(plain, y) < 0.9
    assert leave_one_out(curved.transform(X), y) > 0.97


@each
def test_every_learner_of_the_course_kernelises_in_one_line(learner, iris):
    X, y = iris
    fitted = kernelize(clone(learner), kernel="rbf", n_components=10).fit(X, y)
    z = fitted.transform(X[:7] + 0.1)
    assert len(z) == 7
    assert np.isfinite(z).all()
    assert leave_one_out(fitted.transform(X), y) > 0.85


def test_other_peoples_learners_serve_as_well(rings):
    X, y = rings
    learner = NeighborhoodComponentsAnalysis(1, random_state=0, init="pca")
    z = kernelize(learner, kernel="rbf", n_components=10).fit(X, y).transform(X)
    assert leave_one_out(z, y) > 0.97


# --- what a pipeline owes -------------------------------------------------------------


def test_parameters_reach_their_step():
    learner = NCA(2)
    pipe = kernelize(
        learner, kernel="poly", gamma=0.3, n_components=4, degree=5, coef0=0.1
    )
    assert [name for name, _ in pipe.steps] == ["kernel", "learner"]
    assert pipe["learner"] is learner
    assert type(pipe["kernel"]) is KernelCoordinates
    assert pipe["kernel"].get_params() == {
        "kernel": "poly",
        "gamma": 0.3,
        "n_components": 4,
        "degree": 5,
        "coef0": 0.1,
    }
    assert kernelize(learner, kernel="rbf")["kernel"].get_params() == (
        KernelCoordinates().get_params()
    )
    first = kernelize(learner, kernel="rbf", landmarks=7, random_state=3)["kernel"]
    assert type(first) is Nystroem
    assert (first.landmarks, first.random_state) == (7, 3)
    assert (first.degree, first.coef0) == (3, 1.0)


def test_grid_search_reaches_the_kernel_and_the_learner(iris):
    X, y = iris
    pipe = make_pipeline(
        StandardScaler(),
        kernelize(LFDA(reg=0.1), kernel="rbf", n_components=10),
        KNeighborsClassifier(1),
    )
    grid = {
        "pipeline__kernel__gamma": [1e-5, 0.1],
        "pipeline__kernel__n_components": [2, 10],
        "pipeline__learner__n_components": [1, 2],
    }
    search = GridSearchCV(pipe, grid, cv=3).fit(X, y)
    assert search.best_score_ > 0.9
    assert search.best_params_["pipeline__kernel__n_components"] == 10


def test_clone_forgets_what_was_learned(iris):
    X, y = iris
    pipe = kernelize(LDA(), kernel="rbf", n_components=6).fit(X, y)
    again = clone(pipe)
    assert not hasattr(again["kernel"], "weights_")
    assert np.array_equal(again.fit(X, y).transform(X), pipe.transform(X))


def test_names_of_the_classes_and_order_of_the_rows_change_nothing(iris, rng):
    X, y = iris
    order = rng.permutation(len(y))
    names = np.array(["c", "a", "b"])
    for learner in (LFDA(reg=0.1), LDA()):
        pipe = kernelize(learner, kernel="rbf", n_components=8)
        a = pdist(clone(pipe).fit(X, y).transform(X))
        b = pdist(clone(pipe).fit(X[order], names[y[order]]).transform(X))
        np.testing.assert_allclose(b, a, rtol=1e-6)


def test_chapter_needs_neither_torch_nor_the_linear_chapter():
    code = "import sys, mlcourse.kernel; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"torch", "mlcourse.linear", "matplotlib"}.isdisjoint(loaded)
