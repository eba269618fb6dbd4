"""The whitening map of groups of similar points."""

import numpy as np
from jaxtyping import Float, Int

from mlcourse.linear._psd import fixed_signs
from mlcourse.linear._scatter import group_means
from mlcourse.linear._span import relative_axes, span


def chunklet_map(
    X: Float[np.ndarray, "n d"], codes: Int[np.ndarray, " n"], *, reg: float
) -> Float[np.ndarray, "r d"]:
    """L of RCA, chunklets by code, the direction that separates them best first."""
    in_chunklet = np.bincount(codes)[codes] > 1
    if not in_chunklet.any():
        raise ValueError("RCA needs similar points: one pair in S, two of one class")
    Z, W = span(X)
    if not in_chunklet.all():
        Z, codes = Z[in_chunklet], np.unique(codes[in_chunklet], return_inverse=True)[1]
    within = Z
    within -= group_means(Z, codes)[0].take(codes, axis=0)
    variance, axes = relative_axes(within.T @ within / len(Z), reg=reg)
    return fixed_signs(axes / np.sqrt(variance)[:, None] @ W)
