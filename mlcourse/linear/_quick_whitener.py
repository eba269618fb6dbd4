"""The map that whitens a well-conditioned covariance, without eigenvectors."""

import numpy as np
from jaxtyping import Float

#: Above this bound of its condition number, a covariance is taken apart with care.
WELL_CONDITIONED = 1e6
#: Outside 1 / EXTREME to EXTREME, the squares of a feature may leave float64.
EXTREME = 1e100


def quick_whitener(
    covariance: Float[np.ndarray, "d d"],
) -> Float[np.ndarray, "d d"] | None:
    """W with W C W' = I, from Cholesky's factor; None unless C is well conditioned.

    Condition is that of the correlations: the features' units do not count.
    """
    scale = np.sqrt(covariance.diagonal())
    if not 1 / EXTREME < scale.min() <= scale.max() < EXTREME:
        return None
    correlation = covariance / scale / scale[:, None]
    try:
        W: Float[np.ndarray, "d d"] = np.linalg.inv(np.linalg.cholesky(correlation))
    except np.linalg.LinAlgError:
        return None
    # the largest eigenvalue is at most the trace d, that of the inverse at most |W|^2
    return W / scale if len(W) * (W**2).sum() < WELL_CONDITIONED else None
