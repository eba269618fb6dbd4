"""What the losses share: checked matrices in float32 or finer, entries, masks."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mlcourse._check import check_labels


def as_float(values: Tensor, name: str) -> Tensor:
    """A matrix in float32 or finer, half precision included; error if it is none."""
    if not isinstance(values, Tensor) or values.ndim != 2:
        came = getattr(values, "shape", type(values).__name__)
        raise ValueError(
            f"{name} must be a matrix of floats, one row a point, got {came}; compute "
            "it from embeddings first, as in euclidean(z, z)"
        )
    return values.to(torch.promote_types(values.dtype, torch.float32))


def as_square(values: Tensor, name: str) -> Float[Tensor, "n n"]:
    """An (n, n) matrix in float32 or finer; error if it is none."""
    values = as_float(values, name)
    if values.shape[0] != values.shape[1]:
        raise ValueError(
            f"{name} must be (n, n), every point against every point, got "
            f"{tuple(values.shape)}; it holds one row and one column for each point"
        )
    return values


def entries(
    values: Float[Tensor, "n m"], i: Int[Tensor, " t"], j: Int[Tensor, " t"]
) -> Float[Tensor, " t"]:
    """values[i, j]; its gradient is added up much faster than that of indexing."""
    return values.flatten().index_select(0, torch.add(j, i, alpha=values.shape[1]))


def positives(labels: Int[Tensor, " n"], n: int) -> Bool[Tensor, "n n"]:
    """Cell [a, p]: of one class, and not one point."""
    return same_class(labels, n).fill_diagonal_(False)


def same_class(labels: Int[Tensor, " n"], n: int) -> Bool[Tensor, "n n"]:
    """Cell [i, j]: of one class; the diagonal is True."""
    check_labels(labels, n)
    return labels[:, None] == labels


def mean_over(
    values: Float[Tensor, " n"], keep: Bool[Tensor, " n"]
) -> Float[Tensor, ""]:
    """Mean of the kept values; 0, with gradient 0, where none is kept."""
    return torch.where(keep, values, 0).sum() / keep.sum().clamp(min=1)
