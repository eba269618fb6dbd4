"""The slide's form: a matrix U of coefficients, one column a training point."""

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, clone
from sklearn.utils import get_tags
from sklearn.utils.validation import validate_data

from mlcourse.kernel._base import Kernel, KernelMap
from mlcourse.kernel._matrix import matrix_of
from mlcourse.kernel.coordinates import KernelCoordinates


class KernelMetric(KernelMap):
    r"""Distance whose every direction is a weighted sum of training images.

    .. math:: \Delta(x, x') = \lVert L (\phi(x) - \phi(x')) \rVert
        = \lVert U (k_x - k_{x'}) \rVert, \qquad L^\top = \Phi U^\top

    Parameters
    ----------
    learner : linear learner with fit(z, y) and transform, cloned; None takes L = I:
        the kernel's own distance
    n_components, kernel, gamma, degree, coef0 : as in KernelCoordinates

    Attributes
    ----------
    U_ : (r, n) = L Lambda^(-1/2) V' H: r times n numbers, however few r is
    learner_ : learner, fitted on the kernel coordinates z
    points_, gamma_ : (n, d) training points, gamma as used

    Raises
    ------
    ValueError : if learner.transform is not a matrix (plus a constant), or as
        KernelCoordinates.

    Notes
    -----
    fit is the KPCA trick; L is read from transform, so any linear learner serves. The
    feature-space matrix is Phi U'U Phi', not U'U. The same distances as
    ``kernelize(learner, ...)``, from k_x itself: H in U takes away what centring would.

    Source: Chatpatanasiri et al., Neurocomputing 73, 2010, section on KPCA trick.

    >>> X = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 4.0]])
    >>> metric = KernelMetric(kernel="linear").fit(X)
    >>> metric.U_.shape, metric.distance(X[:1], X).round(6)
    ((2, 3), array([[0., 5., 4.]]))
    """

    def __init__(
        self,
        learner: BaseEstimator | None = None,
        *,
        n_components: int | None = None,
        kernel: Kernel = "rbf",
        gamma: float | None = None,
        degree: int = 3,
        coef0: float = 1.0,
    ) -> None:
        self.learner = learner
        self.n_components = n_components
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> "KernelMetric":
        """X (n, d), labels y (n,) where the learner needs them."""
        points = validate_data(self, X, ensure_min_samples=2)
        options = self.get_params(deep=False)
        del options["learner"]
        coordinates = KernelCoordinates(**options)
        z = coordinates.fit_transform(points)
        self.points_, self.gamma_ = coordinates.points_, coordinates.gamma_
        self.mean_ = np.zeros(len(points))
        self.weights_, self.learner_ = coordinates.weights_, None
        if self.learner is not None:
            self.learner_ = clone(self.learner).fit(z, y)
            self.weights_ = self.weights_ @ matrix_of(self.learner_, z).T
        self.U_ = self.weights_.T
        return self

    def distance(self, X: ArrayLike, Y: ArrayLike) -> Float[np.ndarray, "n m"]:
        """||U (k_x - k_y)|| of each of X (n, d) with each of Y (m, d)."""
        d: Float[np.ndarray, "n m"] = cdist(self.transform(X), self.transform(Y))
        return d

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if self.learner is not None:
            tags.target_tags.required = get_tags(self.learner).target_tags.required
        return tags
