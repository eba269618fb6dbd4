"""The straight line between two metrics, on the curved space of metrics."""

import numpy as np
from jaxtyping import Float


def geodesic(
    S: Float[np.ndarray, "d d"],
    D: Float[np.ndarray, "d d"],
    *,
    t: float,
    reg: float,
) -> Float[np.ndarray, "d d"]:
    """S^{-1} #_t D with both matrices made positive definite."""
    if not 0 <= t <= 1:
        raise ValueError(f"t must be from 0 (S alone) to 1 (D alone), got {t}")
    eye = np.eye(len(S))
    for name, scatter in (("S", S), ("D", D)):
        if not np.trace(scatter) > 0:
            raise ValueError(f"the mean needs pairs in {name} whose two points differ")
    S = S + reg * np.trace(S) / len(S) * eye
    D = D + reg * np.trace(D) / len(D) * eye
    values, V = np.linalg.eigh(S)
    if values[0] <= 1e-15 * values[-1]:
        raise ValueError("the scatter of S is singular; give reg > 0, 1e-9 is enough")
    half, inverse = (V * np.sqrt(values)) @ V.T, (V / np.sqrt(values)) @ V.T
    values, V = np.linalg.eigh(half @ D @ half)
    power = (V * values.clip(min=0) ** t) @ V.T
    M: Float[np.ndarray, "d d"] = inverse @ power @ inverse
    symmetric: Float[np.ndarray, "d d"] = (M + M.T) / 2
    return symmetric
