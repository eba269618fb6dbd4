"""Kernel regression's leave-one-out error as a function of the map."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from mlcourse.linear._soft import laplacian_gradient, soft_rows


def mlkr_objective(
    L: Float[np.ndarray, "k d"], X: Float[np.ndarray, "n d"], y: Float[np.ndarray, " n"]
) -> tuple[float, Float[np.ndarray, "k d"]]:
    """Sum of squared leave-one-out errors, and its gradient in L, as MLKR states it."""
    X = X - X.mean(axis=0)
    Z, residual = X @ L.T, np.empty(len(X))

    def weights() -> Iterator[tuple[slice, Float[np.ndarray, "b n"]]]:
        for rows, p, _ in soft_rows(Z):
            guess = p @ y
            residual[rows] = guess - y[rows]
            p *= guess[:, None] - y
            p *= 2 * residual[rows, None]
            yield rows, p

    gradient = laplacian_gradient(Z, X, weights())
    return float(residual @ residual), gradient
