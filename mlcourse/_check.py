"""The error messages, worded once: what was expected, what came, what to do."""

from torch import Tensor

_ROLES = {2: "pairs (i, j)", 3: "triplets (anchor, positive, negative)"}


def check_dist(dist: Tensor) -> None:
    """Raise ValueError unless dist is an (n, n) matrix."""
    if dist.ndim != 2 or dist.shape[0] != dist.shape[1]:
        raise ValueError(
            f"dist must be an (n, n) distance matrix, got shape {tuple(dist.shape)}; "
            "from embeddings z, compute it first: dist = euclidean(z, z)"
        )


def check_positive(value: float | int, name: str) -> None:
    """Raise ValueError unless value > 0."""
    if not value > 0:
        raise ValueError(f"{name} must be > 0, got {value}")


def check_queries(dist: Tensor) -> None:
    """Raise ValueError unless dist is a (q, m) matrix without NaN."""
    if dist.ndim != 2 or 0 in dist.shape:
        raise ValueError(
            "dist must be a (q, m) matrix of distances, queries x references, got "
            f"shape {tuple(dist.shape)}; for one query, pass one row: dist[None]"
        )
    if dist.isnan().any():
        raise ValueError(
            "dist must hold no NaN, got "
            f"{int(dist.isnan().sum())}; look for NaN in the data it was computed from"
        )


def check_nonnegative(dist: Tensor) -> None:
    """Raise ValueError unless every entry of dist is >= 0."""
    if (dist < 0).any():
        raise ValueError(
            f"dist must be >= 0 everywhere, got a minimum of {dist.min().item():.4g}; "
            "a similarity (large = close) must first be turned into a distance"
        )


def check_symmetric(dist: Tensor) -> None:
    """Raise ValueError unless dist equals its transpose up to round-off."""
    if not dist.isfinite().all():
        raise ValueError(
            "dist must be finite everywhere, got inf or NaN; "
            "leave the diagonal as it is, a point is never its own neighbour here"
        )
    gap = (dist - dist.T).abs().max().item()
    if gap > 1e-5 * dist.abs().max().item():
        raise ValueError(
            "dist must be symmetric, but dist[i, j] and dist[j, i] differ by up to "
            f"{gap:.4g}; average the two: (dist + dist.T) / 2"
        )


def check_neighbours(k: int, m: int, name: str = "k", what: str = "references") -> None:
    """Raise ValueError unless 1 <= k <= m."""
    if not 1 <= k <= m:
        raise ValueError(
            f"{name} must be from 1 to the number of {what}, {m}, got {k}; "
            f"ask for fewer or give more {what}"
        )


def check_perplexity(perplexity: float, n: int) -> None:
    """Raise ValueError unless 1 < perplexity < n - 1."""
    if not 1 < perplexity < n - 1:
        raise ValueError(
            "perplexity must be greater than 1 and less than n - 1 = "
            f"{n - 1}, the number of other points, got {perplexity}; "
            "a third of n or less draws a useful map"
        )
