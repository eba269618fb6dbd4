"""Coordinates in which all the data are white, and nothing is known to be missing."""

import numpy as np
from jaxtyping import Float

from mlcourse.linear._quick_whitener import quick_whitener

#: A direction whose variance is below this share of the largest one (of the data with
#: every feature scaled to one range) is round-off: constant and collinear features.
NULL = 1e-12
#: Least share of the variance that counts as within: similar points that never differ
#: along a direction count as if they varied 1e-4 as much as all points do.
FLOOR = 1e-8


def centred(X: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    """X less its mean; constant features become exactly 0, and may not be all."""
    X = X - X[0]
    if not X.any():
        raise ValueError(
            f"X holds {len(X)} copies of one point; a metric needs points that differ"
        )
    X -= X.mean(axis=0)
    return X


def span(
    X: Float[np.ndarray, "n d"],
) -> tuple[Float[np.ndarray, "n r"], Float[np.ndarray, "r d"]]:
    """Z = (X - mean) W' with covariance I (ddof 0), and W: r <= d, no null directions.

    Scaling first makes the result independent of the features' units. The rows of W
    lie in the span of the centred data: W'W is the pseudo-inverse of their covariance.
    """
    X = centred(X)
    with np.errstate(over="ignore", invalid="ignore"):  # inf: never quick
        W = quick_whitener(X.T @ X / len(X))
    return _span_with_care(X) if W is None else (X @ W.T, W)


def _span_with_care(
    X: Float[np.ndarray, "n d"],
) -> tuple[Float[np.ndarray, "n r"], Float[np.ndarray, "r d"]]:
    """Span of centred X where directions may be null, or nearly so.

    The Cholesky factor of what the first pass left takes away its round-off.
    """
    scale = np.maximum(X.max(axis=0), -X.min(axis=0))
    varies = scale > 0
    scale, points = scale[varies], X[:, varies] / scale[varies]
    values, vectors = np.linalg.eigh(points.T @ points / len(X))
    kept = values > NULL * values[-1]
    axes = vectors[:, kept].T
    map_ = axes / np.sqrt(values[kept, None])
    Z = points @ map_.T
    rest = np.linalg.inv(np.linalg.cholesky(Z.T @ Z / len(Z)))  # nearly I
    Z, map_ = Z @ rest.T, rest @ map_ / scale
    if len(axes) < len(scale):
        basis = np.linalg.qr((axes * scale).T)[0]
        map_ = map_ @ basis @ basis.T
    W = np.zeros((len(map_), len(varies)))
    W[:, varies] = map_
    return Z, W


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
    values, vectors = np.linalg.eigh(covariance)
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
