"""Tests for mlcourse.kernel.explicit: the slide's form equals the KPCA trick."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA, KernelPCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlcourse.kernel import KernelMetric, kernelize, polynomial_kernel, rbf_kernel
from mlcourse.linear import DNE, LDA, LFDA, NCA

KERNELS = {
    "rbf": {"gamma": 0.1},
    "laplacian": {"gamma": 0.1},
    "poly": {"gamma": 0.02, "degree": 2, "coef0": 0.7},
    "linear": {},
}


def test_by_hand():
    # phi(x) = x^2: L = [2], so the distance is 2 |x^2 - y^2|.
    class Twice(BaseEstimator):
        def fit(self, z, y):
            return self

        def transform(self, z):
            return 2 * z - 5

    X = np.array([[0.0], [2.0], [-1.0]])
    metric = KernelMetric(Twice(), kernel="poly", degree=2, gamma=1.0, coef0=0.0)
    metric.fit(X, [0, 1, 0])
    np.testing.assert_allclose(
        metric.distance([[0.0], [3.0]], [[1.0], [2.0]]), [[2, 8], [16, 10]]
    )
    # U = 2 (mean-free images) / sqrt(their squares' sum) per unit: signs aside.
    phi = np.array([-5.0, 7.0, -2.0]) / 3
    np.testing.assert_allclose(np.abs(metric.U_), np.abs(2 * phi / (phi @ phi))[None])


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("learner", [None, LDA(), LFDA(reg=0.1), NCA(2), DNE(2)])
def test_explicit_u_and_the_kpca_trick_measure_the_same(kernel, learner, blobs, new):
    X, y = blobs
    options = {"kernel": kernel, "n_components": 4, **KERNELS[kernel]}
    metric = KernelMetric(learner, **options).fit(X, y)
    step = "passthrough" if learner is None else clone(learner)
    trick = kernelize(step, **options).fit(X, y)
    for A, B in ((X, X), (new, X), (new, new)):
        expected = cdist(trick.transform(A), trick.transform(B))
        np.testing.assert_allclose(
            metric.distance(A, B), expected, atol=1e-8 * expected.max()
        )
    assert metric.U_.shape[1] == len(X)


def test_distance_equals_a_loop_over_the_slides_formula(blobs, new):
    X, y = blobs
    metric = KernelMetric(LDA(), kernel="rbf", gamma=0.1, n_components=6).fit(X, y)
    U = metric.U_
    d = metric.distance(new, X[:5])
    for i, x in enumerate(new):
        for j, x2 in enumerate(X[:5]):
            k = np.array([np.exp(-0.1 * ((x - p) ** 2).sum()) for p in X])
            k2 = np.array([np.exp(-0.1 * ((x2 - p) ** 2).sum()) for p in X])
            square = (k - k2) @ U.T @ U @ (k - k2)
            assert d[i, j] == pytest.approx(square**0.5, abs=1e-9)
    np.testing.assert_allclose(
        metric.transform(new), rbf_kernel(new, X, gamma=0.1) @ U.T, atol=1e-12
    )


def test_rows_of_l_are_sums_of_images(blobs, new):
    """L' = Phi U' with images that can be written down: two-fold products."""
    X, y = blobs

    def phi(Z):
        rows = [np.r_[np.outer(z, z).ravel(), 2**0.5 * z, 1.0] for z in Z]
        return np.array(rows).T  # a column a point, as on the slide

    def kernel(A, B):
        return polynomial_kernel(A, B, degree=2)

    metric = KernelMetric(LFDA(reg=0.1), kernel=kernel).fit(X, y)
    L = metric.U_ @ phi(X).T
    z = (L @ phi(new)).T
    d = metric.distance(new, new)
    np.testing.assert_allclose(cdist(z, z), d, atol=1e-7 * d.max())


def test_without_a_learner_it_is_the_kernels_distance(blobs):
    X, _ = blobs
    K = rbf_kernel(X, X, gamma=0.1)
    expected = np.sqrt((2 - 2 * K).clip(min=0))
    metric = KernelMetric(kernel="rbf", gamma=0.1).fit(X)
    np.testing.assert_allclose(metric.distance(X, X), expected, atol=1e-7)
    assert metric.learner_ is None
    assert (np.diag(metric.distance(X, X)) == 0).all()


def test_l_is_read_from_any_linear_transform(blobs, new):
    X, y = blobs
    for learner in (
        PCA(3, whiten=True),
        LinearDiscriminantAnalysis(),
        make_pipeline(StandardScaler(), PCA(2)),
    ):
        metric = KernelMetric(learner, n_components=6).fit(X, y)
        z = kernelize(clone(learner), kernel="rbf", n_components=6).fit(X, y)
        expected = cdist(z.transform(new), z.transform(new))
        np.testing.assert_allclose(
            metric.distance(new, new), expected, atol=1e-8 * expected.max()
        )


def test_learner_is_cloned(blobs):
    X, y = blobs
    learner = LDA()
    metric = KernelMetric(learner).fit(X, y)
    assert not hasattr(learner, "components_")
    np.testing.assert_allclose(metric.learner_.components_.shape, (2, len(X) - 1))


def test_labels_are_needed_only_where_the_learner_needs_them():
    assert KernelMetric(LDA()).__sklearn_tags__().target_tags.required
    assert not KernelMetric(PCA()).__sklearn_tags__().target_tags.required
    assert not KernelMetric().__sklearn_tags__().target_tags.required


def test_works_in_a_grid_search_over_a_pipeline():
    X, y = load_iris(return_X_y=True)
    pipe = make_pipeline(
        StandardScaler(), KernelMetric(LFDA(reg=0.1)), KNeighborsClassifier(1)
    )
    grid = {
        "kernelmetric__gamma": [1e-6, 0.1],
        "kernelmetric__n_components": [8],
        "kernelmetric__learner__n_components": [1, 2],
    }
    search = GridSearchCV(pipe, grid, cv=3).fit(X, y)
    assert search.best_score_ > 0.9


@pytest.mark.errors
def test_a_curved_learner_is_refused(blobs):
    X, y = blobs
    with pytest.raises(ValueError, match="KernelPCA.transform"):
        KernelMetric(KernelPCA(2, kernel="rbf")).fit(X, y)


class Map(BaseEstimator):
    """z -> scale (z + bend z^2)."""

    def __init__(self, scale, bend):
        self.scale, self.bend = scale, bend

    def fit(self, z, y=None):
        return self

    def transform(self, z):
        return self.scale * (z + self.bend * z**2)


@pytest.mark.errors
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_whether_a_learner_is_linear_does_not_depend_on_its_unit(blobs, scale):
    X, _ = blobs
    metric, plain = (KernelMetric(lr, gamma=0.1) for lr in (Map(scale, 0.0), None))
    expected = scale * plain.fit(X).distance(X, X)
    atol = 1e-9 * scale
    np.testing.assert_allclose(metric.fit(X).distance(X, X), expected, atol=atol)
    with pytest.raises(ValueError, match=r"Map.transform\(z\) is off"):
        KernelMetric(Map(scale, 0.1), gamma=0.1).fit(X)


def test_a_learner_that_finds_nothing_gives_distance_0(blobs):
    X, _ = blobs
    assert (KernelMetric(Map(0.0, 0.0)).fit(X).distance(X, X) == 0).all()


def test_parameters_count_one_number_a_point_and_row(blobs):
    X, y = blobs
    metric = KernelMetric(LDA(1), n_components=5).fit(X, y)
    assert metric.U_.size == 1 * len(X)


def test_kernel_parameters_reach_the_kernel(blobs):
    X, _ = blobs
    options = {"gamma": 0.02, "degree": 4, "coef0": 0.3}
    metric = KernelMetric(kernel="poly", **options).fit(X)
    K = pairwise_kernels(X, X, metric="poly", **options)
    squares = np.diag(K)[:, None] + np.diag(K) - 2 * K
    np.testing.assert_allclose(
        metric.distance(X, X) ** 2, squares, atol=1e-7 * squares.max()
    )
