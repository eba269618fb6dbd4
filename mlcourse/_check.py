"""The error messages of mlcourse, worded once: what was expected, what came, what to do."""

from torch import Tensor

_ROLES = {2: "pairs (i, j)", 3: "triplets (anchor, positive, negative)"}


def check_dist(dist: Tensor) -> None:
    """Raise ValueError unless dist is an (n, n) matrix."""
    if dist.ndim != 2 or dist.shape[0] != dist.shape[1]:
        raise ValueError(
            f"dist must be an (n, n) distance matrix, got shape {tuple(dist.shape)}; "
            "from embeddings z, compute it first: dist = euclidean(z, z)"
        )


def check_positive(value: float, name: str) -> None:
    """Raise ValueError unless value > 0."""
    if not value > 0:
        raise ValueError(f"{name} must be > 0, got {value}")
