"""Kernel PCA as a system of coordinates: plain vectors with the kernel's distances."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import validate_data

from mlcourse.kernel._base import Kernel, KernelMap
from mlcourse.kernel._spectrum import positive_part
from mlcourse.kernel.centring import center_kernel


class KernelCoordinates(KernelMap):
    r"""Coordinates of phi(x) in the span of the training points' images.

    .. math:: z(x) = \Lambda^{-1/2} V^\top \bar k_x, \qquad
        \bar K = H K H = V \Lambda V^\top

    Parameters
    ----------
    n_components : int >= 1 or None; coordinates with the largest eigenvalues, None
        takes all above 1e-10 of the largest
    kernel : a name of scikit-learn's ("rbf", "laplacian", "poly", "linear", ...), or
        a function of X (n, d) and Y (m, d) that gives (n, m)
    gamma : > 0 or None; None is the median heuristic for "rbf" and "laplacian",
        scikit-learn's default for other names
    degree, coef0 : of "poly" (and coef0 of "sigmoid"); others ignore them

    Attributes
    ----------
    points_ : (n, d), the training points
    gamma_ : gamma as used, None where scikit-learn's default holds
    eigenvalues_ : (r,) = Lambda, largest first
    weights_ : (n, r) = H V Lambda^(-1/2)
    mean_ : (n,) = K1 / n, the mean of k_x over the training points

    Raises
    ------
    ValueError : if the kernel sees all points as equal, or a parameter is out of range.

    Notes
    -----
    With all coordinates, training points lie as far apart as the kernel says. New
    points lose what sticks out of the span, so their distances can only shrink. An
    indefinite kernel is cut to its positive part, with a PositiveSpectrumWarning.
    O(n^2 d + n^3) time, O(n^2) memory; transform O(n (d + r)) a point.

    Source: Schölkopf, Smola, Müller, Neural Computation 10, 1998. scikit-learn's
    KernelPCA gives the same z up to signs; here gamma is the median heuristic's.

    >>> X = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 4.0]])
    >>> z = KernelCoordinates(kernel="linear").fit_transform(X)
    >>> np.linalg.norm(z[0] - z[1]).round(6), z.shape
    (np.float64(5.0), (3, 2))
    """

    def __init__(
        self,
        n_components: int | None = None,
        *,
        kernel: Kernel = "rbf",
        gamma: float | None = None,
        degree: int = 3,
        coef0: float = 1.0,
    ) -> None:
        self.n_components = n_components
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0

    def fit(self, X: ArrayLike, y: Any = None) -> "KernelCoordinates":
        """X (n, d); y is ignored."""
        points = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        K = self._keep(points)
        values, V = positive_part(center_kernel(K, K), self.n_components)
        self.eigenvalues_, self.mean_ = values, K.mean(axis=0)
        self.weights_ = (V - V.mean(axis=0)) / np.sqrt(values)
        return self
