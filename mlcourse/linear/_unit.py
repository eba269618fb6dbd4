"""Coordinates in which the scatter of the similar pairs is the identity."""

import numpy as np
from jaxtyping import Float

from mlcourse.linear._span import centred, relative_axes, span


def white(
    X: Float[np.ndarray, "n d"], *, diagonal: bool
) -> tuple[Float[np.ndarray, "n r"], Float[np.ndarray, "r d"]]:
    """Z = (X - mean) W' with unit variances, and W; diagonal: one row a feature."""
    if not diagonal:
        return span(X)
    X = centred(X)
    varies = X.any(axis=0)
    W = np.diag(1 / np.where(varies, X.std(axis=0), 1.0))[varies]
    return X @ W.T, W


def unit_map(
    scatter: Float[np.ndarray, "r r"], n_pairs: int, *, diagonal: bool, reg: float
) -> Float[np.ndarray, "r r"]:
    """T with T (scatter of S) T' = I, in white coordinates.

    Any n_pairs pairs of white points scatter as 2 n_pairs I: reg shrinks towards it.
    """
    if n_pairs == 0:
        raise ValueError("MMC needs similar points: one pair in S, two of one class")
    if diagonal:
        scatter = np.diag(np.diag(scatter))
    variance, axes = relative_axes(scatter / (2 * n_pairs), reg=reg)
    unit: Float[np.ndarray, "r r"] = axes / np.sqrt(2 * n_pairs * variance)[:, None]
    return unit
