"""Coordinates in which all the data are white, and nothing is known to be missing."""

import numpy as np
from jaxtyping import Float

#: A direction whose variance is below this share of the largest one (of the data with
#: every feature scaled to one range) is round-off: constant and collinear features.
NULL = 1e-12
#: Least share of the variance that counts as within: similar points that never differ
#: along a direction count as if they varied 1e-4 as much as all points do.
FLOOR = 1e-8
#: Above this bound of its condition number, a covariance is taken apart with care.
WELL_CONDITIONED = 1e6


def span(
    X: Float[np.ndarray, "n d"],
) -> tuple[Float[np.ndarray, "n r"], Float[np.ndarray, "r d"]]:
    """Z = (X - mean) W' with covariance I (ddof 0), and W: r <= d, no null directions.

    Scaling first makes the result independent of the features' units. Where directions
    are null or nearly so, the Cholesky factor of what the first pass left takes away
    its round-off. The rows of W lie in the span of the centred data: W'W is the
    pseudo-inverse of their covariance.
    """
    X = X - X[0]  # constant features become exactly 0
    X -= X.mean(axis=0)
    scale = np.maximum(X.max(axis=0), -X.min(axis=0))
    varies = scale > 0
    if not varies.any():
        raise ValueError(
            f"X holds {len(X)} copies of one point; a metric needs points that differ"
        )
    scale, points = scale[varies], X if varies.all() else X[:, varies]
    points /= scale
    covariance = points.T @ points / len(X)
    map_ = quick_whitener(covariance)
    if map_ is not None:
        Z, map_ = points @ map_.T, map_ / scale
    else:
        values, vectors = np.linalg.eigh(covariance)
        axes = vectors[:, values > NULL * values[-1]].T
        map_ = axes / np.sqrt(values[values > NULL * values[-1], None])
        Z = points @ map_.T
        rest = np.linalg.inv(np.linalg.cholesky(Z.T @ Z / len(Z)))  # nearly I
        Z, map_ = Z @ rest.T, rest @ map_ / scale
        if len(axes) < len(scale):
            basis = np.linalg.qr((axes * scale).T)[0]
            map_ = map_ @ basis @ basis.T
    W = np.zeros((len(map_), len(varies)))
    W[:, varies] = map_
    return Z, W


def quick_whitener(
    covariance: Float[np.ndarray, "d d"],
) -> Float[np.ndarray, "d d"] | None:
    """W with W C W' = I, from Cholesky's factor; None unless C is well conditioned."""
    try:
        W: Float[np.ndarray, "d d"] = np.linalg.inv(np.linalg.cholesky(covariance))
    except np.linalg.LinAlgError:
        return None
    # the largest eigenvalue is at most the trace, that of the inverse at most |W|^2
    return W if np.trace(covariance) * (W**2).sum() < WELL_CONDITIONED else None


def relative_axes(
    covariance: Float[np.ndarray, "r r"], *, reg: float
) -> tuple[Float[np.ndarray, " r"], Float[np.ndarray, "r r"]]:
    """Variances, least first, and axes (rows) of a covariance in span's coordinates.

    There the covariance of all points is I: (1 - reg) C + reg I shrinks towards it.
    """
    if not 0 <= reg <= 1:
        raise ValueError(
            f"reg must be from 0 (no shrinkage) to 1 (all the data's), got {reg}"
        )
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    shrunk: Float[np.ndarray, " r"] = (1 - reg) * values + reg
    return shrunk.clip(min=FLOOR), vectors.T


def inverse(
    covariance: Float[np.ndarray, "r r"], W: Float[np.ndarray, "r d"], *, reg: float
) -> Float[np.ndarray, "d d"]:
    """Inverse, in x, of a covariance of differences: of all points' it is 2 I in z."""
    variance, axes = relative_axes(covariance / 2, reg=reg)
    L = axes / np.sqrt(2 * variance)[:, None] @ W
    M: Float[np.ndarray, "d d"] = L.T @ L
    return M
