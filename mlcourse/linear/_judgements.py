"""What the cores on judgements take: points, and rows of their indices; checked."""

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

_ROLES = {
    2: "pairs (i, j)",
    3: "triplets (anchor, positive, negative)",
    4: "quadruplets (a, b, c, d)",
}


def as_points(X: ArrayLike) -> Float[np.ndarray, "n d"]:
    """X in float64; ValueError unless it is a finite (n, d) matrix."""
    points = np.asarray(X, dtype=np.float64)
    if points.ndim != 2 or 0 in points.shape:
        raise ValueError(
            "X must be an (n, d) matrix, one point a row, got shape "
            f"{points.shape}; of one feature it is X[:, None]"
        )
    if not np.isfinite(points).all():
        raise ValueError(
            f"X must be finite, got {int((~np.isfinite(points)).sum())} entries that "
            "are NaN or infinite; drop their rows, or fill them in first"
        )
    return points


def as_indices(
    rows: ArrayLike, n: int, *, name: str, width: int
) -> Int[np.ndarray, "t {width}"]:
    """Rows of ``width`` indices into n points; anything np.asarray takes."""
    found = np.asarray(rows)
    if found.size == 0:
        found = np.empty((0, width), dtype=np.int64)
    if found.ndim != 2 or found.shape[1] != width or found.dtype.kind not in "iu":
        raise ValueError(
            f"{name} must hold {_ROLES[width]} as rows of {width} integers, got shape "
            f"{found.shape} of {found.dtype}"
        )
    if len(found) and not (found.min() >= 0 and found.max() < n):
        raise ValueError(
            f"{name} must hold indices from 0 to n - 1 = {n - 1}, got "
            f"{found.min()} to {found.max()}; X has {n} rows"
        )
    return found.astype(np.int64)
