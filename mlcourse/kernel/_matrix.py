"""The matrix inside a fitted linear learner, whatever it calls it."""

from typing import Any

import numpy as np
from jaxtyping import Float


def matrix_of(learner: Any, z: Float[np.ndarray, "n m"]) -> Float[np.ndarray, "r m"]:
    """L such that learner.transform(z) = z L' + constant; column j is that of e_j."""
    m = z.shape[1]
    found = np.asarray(learner.transform(np.vstack([np.zeros(m), np.eye(m)])))
    L: Float[np.ndarray, "r m"] = (found[1:] - found[0]).T
    gap = np.abs(learner.transform(z) - (z @ L.T + found[0])).max()
    if gap > 1e-6 * np.abs(z @ L.T).max():
        raise ValueError(
            f"learner must be linear: {type(learner).__name__}.transform(z) is off "
            f"z @ L.T + constant by up to {gap:.4g}; take one of mlcourse.linear"
        )
    return L
