"""Nyström's method: a few landmarks in place of all training points."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from mlcourse.kernel._base import Kernel, KernelMap
from mlcourse.kernel._spectrum import positive_part


class Nystroem(KernelMap):
    r"""Kernel coordinates of a kernel that only sees the landmarks.

    .. math:: \hat k(x, y) = k_x^\top K_{mm}^{+}\, k_y, \qquad
        k_x = \bigl( k(x, p_1), \dots, k(x, p_m) \bigr)

    Parameters
    ----------
    landmarks : int >= 2 = m; training points drawn without replacement, all if n < m
    n_components : int >= 1 or None; coordinates with the largest eigenvalues
    kernel, gamma, degree, coef0 : as in KernelCoordinates; the median is taken over
        the landmarks
    random_state : seed, RandomState or None, which draws the landmarks

    Attributes
    ----------
    indices_ : (m,), rows of X that are landmarks
    points_ : (m, d), the landmarks
    gamma_ : gamma as used, None where scikit-learn's default holds
    eigenvalues_ : (r,) of the centred approximate kernel matrix, largest first
    weights_, mean_ : (m, r), (m,): z(x) = weights_' (k_x - mean_)

    Raises
    ------
    ValueError : if the kernel sees all landmarks as equal, or a parameter is out of
        range.

    Notes
    -----
    Exact where all points are landmarks: then z is KernelCoordinates', up to signs.
    k - k_hat is itself a kernel, so distances can only be too short. O(nm (d + m))
    time, O(nm) memory; transform O(m (d + r)) a point.

    Source: Williams, Seeger, NIPS 2000, with K_mm's eigenvalues below 1e-10 of the
    largest left out; then centred and turned to principal axes, as in kernel PCA.

    >>> X = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 4.0]])
    >>> full = Nystroem(3, kernel="linear", random_state=0).fit_transform(X)
    >>> np.linalg.norm(full[0] - full[1]).round(6)
    np.float64(5.0)
    """

    def __init__(
        self,
        landmarks: int = 100,
        *,
        n_components: int | None = None,
        kernel: Kernel = "rbf",
        gamma: float | None = None,
        degree: int = 3,
        coef0: float = 1.0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.landmarks = landmarks
        self.n_components = n_components
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> "Nystroem":
        """X (n, d); y is ignored."""
        points = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        if self.landmarks < 2:
            raise ValueError(f"landmarks must be >= 2, got {self.landmarks}")
        order = check_random_state(self.random_state).permutation(len(points))
        self.indices_ = order[: self.landmarks]
        values, V = positive_part(self._keep(points[self.indices_]))
        root = V / np.sqrt(values)  # (m, r): root' k_x has inner products k_hat
        k = self._gram(points)
        self.mean_ = k.mean(axis=0)
        features = (k - self.mean_) @ root  # (n, r)
        self.eigenvalues_, axes = positive_part(
            features.T @ features, self.n_components
        )
        self.weights_ = root @ axes
        return self
