"""Neighbourhood components analysis: the expected number of right votes."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float

from mlcourse.linear._soft import laplacian_gradient, soft_rows


def nca_objective(
    L: Float[np.ndarray, "k d"],
    X: Float[np.ndarray, "n d"],
    same: Bool[np.ndarray, "n n"],
) -> tuple[float, Float[np.ndarray, "k d"]]:
    r"""Expected number of points whose random neighbour has their class; to maximise.

    .. math:: f(L) = \sum_i p_i, \quad p_i = \sum_{j : y_j = y_i} p_{ij}, \quad
        p_{ij} = \frac{e^{-\lVert L x_i - L x_j \rVert^2}}
                      {\sum_{k \ne i} e^{-\lVert L x_i - L x_k \rVert^2}}
    .. math:: \nabla f = 2 L \sum_{ij} (p_i p_{ij} - [y_i = y_j]\, p_{ij})
                   (x_i - x_j)(x_i - x_j)^\top

    Parameters
    ----------
    L : (k, d), in units 1 / x
    X : (n, d), n >= 2
    same : (n, n), whether y_i = y_j; its diagonal says nothing, as p_ii = 0

    Returns
    -------
    float : f(L), from 0 to n
    (k, d) : its gradient in L. O(n^2 k + n k d) time, O(n) memory beside a block.

    Raises
    ------
    ValueError : unless L, X and same have these shapes: same is no list of labels.

    Source: Goldberger, Roweis, Hinton, Salakhutdinov, NIPS 2004.

    >>> X, y = np.array([[0.0], [1.0], [3.0]]), np.array([0, 0, 1])
    >>> value, gradient = nca_objective(np.array([[0.5]]), X, y[:, None] == y)
    >>> round(value, 3), gradient.round(3)
    (1.56, array([[1.494]]))
    """
    n, d = X.shape
    if L.ndim != 2 or L.shape[1] != d or same.shape != (n, n) or n < 2:
        raise ValueError(
            f"for X of shape {X.shape}, n >= 2 points, L must be (k, {d}) and same "
            f"({n}, {n}), got {L.shape} and {same.shape}; of labels: y[:, None] == y"
        )
    X = X - X.mean(axis=0)
    Z, p_right = X @ L.T, np.empty(len(X))

    def weights() -> Iterator[tuple[slice, Float[np.ndarray, "b n"]]]:
        for rows, p, _ in soft_rows(Z):
            right = p * same[rows]
            p_right[rows] = right.sum(axis=1)
            p *= p_right[rows, None]
            p -= right
            yield rows, p

    gradient = laplacian_gradient(Z, X, weights())
    return float(p_right.sum()), gradient
