"""Two sets of points for a kernel, and the errors in words."""

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike


def points(
    X: ArrayLike, Y: ArrayLike
) -> tuple[Float64[np.ndarray, "n d"], Float64[np.ndarray, "m d"]]:
    """Both in float64; ValueError unless they are (n, d) and (m, d)."""
    x, y = np.asarray(X, dtype=np.float64), np.asarray(Y, dtype=np.float64)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        raise ValueError(
            "X and Y must be (n, d) and (m, d), points in rows with the same features, "
            f"got shapes {x.shape} and {y.shape}; for one point, pass one row: x[None]"
        )
    return x, y


def check_positive(value: float | int, name: str) -> None:
    """Raise ValueError unless value > 0."""
    if not value > 0:
        raise ValueError(f"{name} must be > 0, got {value}")
