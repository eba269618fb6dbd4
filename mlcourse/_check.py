"""The error messages, worded once: what was expected, what came, what to do."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

_ROLES = {2: "pairs (i, j)", 3: "triplets (anchor, positive, negative)"}


def check_tensor(x: object, name: str) -> None:
    """Raise TypeError unless x is a tensor."""
    if not isinstance(x, Tensor):
        raise TypeError(
            f"{name} must be a torch tensor, got {type(x).__name__}; "
            f"convert it first: torch.as_tensor({name})"
        )


def check_dist(dist: Tensor) -> None:
    """Raise TypeError or ValueError unless dist is an (n, n) matrix."""
    check_tensor(dist, "dist")
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
    """Raise TypeError or ValueError unless dist is a (q, m) matrix without NaN."""
    check_tensor(dist, "dist")
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


def check_perplexity(perplexity: float | int, n: int) -> None:
    """Raise ValueError unless 1 < perplexity < n - 1."""
    if not 1 < perplexity < n - 1:
        raise ValueError(
            "perplexity must be greater than 1 and less than n - 1 = "
            f"{n - 1}, the number of other points, got {perplexity}; "
            "a third of n or less draws a useful map"
        )


def check_labels(labels: Tensor, n: int, what: str = "points") -> None:
    """Raise TypeError or ValueError unless labels holds n whole numbers."""
    check_tensor(labels, "labels")
    if labels.shape != (n,) or labels.is_floating_point() or labels.is_complex():
        raise ValueError(
            f"labels must be one whole number for each of the {n} {what}, shape "
            f"({n},), got {tuple(labels.shape)} of {labels.dtype}"
        )


def check_classes(labels: Tensor, n: int, n_classes: int) -> None:
    """Raise TypeError or ValueError unless labels holds n of 0 to n_classes - 1."""
    check_labels(labels, n)
    if n and not (labels.min() >= 0 and labels.max() < n_classes):
        raise ValueError(
            f"labels must be from 0 to C - 1 = {n_classes - 1}, one for each of the C "
            f"columns, got {int(labels.min())} to {int(labels.max())}; number the "
            "classes without gaps: labels.unique(return_inverse=True)[1]"
        )


def check_width(rows: Tensor, *, name: str, width: int) -> None:
    """Raise TypeError or ValueError unless rows are (t, width) whole numbers."""
    check_tensor(rows, name)
    if rows.ndim != 2 or rows.shape[1] != width or rows.is_floating_point():
        raise ValueError(
            f"{name} must hold {_ROLES[width]} as rows of {width} integers, got shape "
            f"{tuple(rows.shape)} of {rows.dtype}"
        )


def check_rows(rows: Tensor, *, name: str, width: int, n: int) -> Int[Tensor, "t w"]:
    """Rows in int64; error unless they are (t, width) indices of the n points."""
    check_width(rows, name=name, width=width)
    if len(rows):
        ends = [column.aminmax() for column in rows.unbind(dim=1)]
        low, high = int(min(e.min for e in ends)), int(max(e.max for e in ends))
        if low < 0 or high >= n:
            raise ValueError(
                f"{name} must hold indices from 0 to n - 1 = {n - 1}, got {low} to "
                f"{high}; dist has a row for each point"
            )
    return rows.to(torch.int64)


def check_points(z: Tensor, name: str) -> Float[Tensor, "n d"]:
    """Embeddings in float32 or finer; error unless they are a finite (n, d) matrix."""
    if not isinstance(z, Tensor) or z.ndim != 2 or not z.is_floating_point():
        came = getattr(z, "shape", type(z).__name__)
        raise ValueError(
            f"{name} must be an (n, d) matrix of floats, one embedding a row, got "
            f"{came}; images are x.flatten(1)"
        )
    if not z.isfinite().all():
        raise ValueError(
            f"{name} must be finite, got {int((~z.isfinite()).sum())} entries that are "
            "NaN or infinite; look for the step of training that made them"
        )
    return z.to(torch.promote_types(z.dtype, torch.float32))
