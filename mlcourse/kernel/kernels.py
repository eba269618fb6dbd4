"""Four kernels: inner products after a map phi that is never written down."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist

from mlcourse.kernel._points import check_positive, points


def linear_kernel(X: ArrayLike, Y: ArrayLike) -> Float[np.ndarray, "n m"]:
    r"""The inner product itself: phi(x) = x.

    .. math:: k(x, y) = x^\top y

    Parameters: X (n, d), Y (m, d). Returns: (n, m), in units x^2.

    Source: Schölkopf, Smola, Müller, Neural Computation 10, 1998.

    >>> linear_kernel(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [0.0, -1.0]]))
    array([[11., -2.]])
    """
    x, y = points(X, Y)
    K: Float[np.ndarray, "n m"] = x @ y.T
    return K


def polynomial_kernel(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    degree: int,
    gamma: float | int = 1.0,
    coef0: float | int = 1.0,
) -> Float[np.ndarray, "n m"]:
    r"""All products of up to ``degree`` coordinates, without listing them.

    .. math:: k(x, y) = (\gamma\, x^\top y + c_0)^p

    Parameters: X (n, d), Y (m, d); degree = p >= 1; gamma > 0, in units 1 / x^2;
    coef0 = c_0 >= 0, 0 leaves only products of exactly p. Returns: (n, m).

    Source: Schölkopf, Smola, Müller, Neural Computation 10, 1998.

    >>> X, Y = np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [0.0, -1.0]])
    >>> polynomial_kernel(X, Y, degree=2)
    array([[144.,   1.]])
    """
    x, y = points(X, Y)
    check_positive(gamma, "gamma")
    check_positive(degree, "degree")
    K: Float[np.ndarray, "n m"] = (gamma * x @ y.T + coef0) ** degree
    return K


def rbf_kernel(
    X: ArrayLike, Y: ArrayLike, *, gamma: float | int
) -> Float[np.ndarray, "n m"]:
    r"""Gaussian (radial basis function): 1 for equal points, near 0 for far ones.

    .. math:: k(x, y) = \exp \bigl( -\gamma \lVert x - y \rVert^2 \bigr)

    Parameters: X (n, d), Y (m, d); gamma > 0, in units 1 / x^2.
    Returns: (n, m), from 0 to 1.

    Source: Schölkopf, Smola, Müller, Neural Computation 10, 1998. Each difference is
    squared by itself: |x|^2 - 2x'y + |y|^2 loses digits far from the origin.

    >>> X, Y = np.array([[0.0, 0.0]]), np.array([[0.0, 0.0], [1.0, 1.0]])
    >>> rbf_kernel(X, Y, gamma=0.5).round(3)
    array([[1.   , 0.368]])
    """
    check_positive(gamma, "gamma")
    K: Float[np.ndarray, "n m"] = np.exp(-gamma * cdist(*points(X, Y), "sqeuclidean"))
    return K


def laplacian_kernel(
    X: ArrayLike, Y: ArrayLike, *, gamma: float | int
) -> Float[np.ndarray, "n m"]:
    r"""Like the Gaussian, with a peak at 0 and the city-block distance.

    .. math:: k(x, y) = \exp \bigl( -\gamma \lVert x - y \rVert_1 \bigr)

    Parameters: X (n, d), Y (m, d); gamma > 0, in units 1 / x.
    Returns: (n, m), from 0 to 1.

    Source: Rahimi, Recht, NIPS 2007 (product of one-dimensional Laplacians).

    >>> X, Y = np.array([[0.0, 0.0]]), np.array([[0.0, 0.0], [1.0, 1.0]])
    >>> laplacian_kernel(X, Y, gamma=0.5).round(3)
    array([[1.   , 0.368]])
    """
    check_positive(gamma, "gamma")
    K: Float[np.ndarray, "n m"] = np.exp(-gamma * cdist(*points(X, Y), "cityblock"))
    return K
