"""What the miners share: checked matrices, who may be whose partner, the nearest."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mlcourse._check import check_labels

#: Cells of the block of pairs times points that is looked at in one piece.
CELLS = 2**18


def as_square(values: Tensor, name: str) -> Float[Tensor, "n n"]:
    """A finite (n, n) matrix in float32 or finer; error if it is none."""
    square = isinstance(values, Tensor) and values.ndim == 2
    if not square or values.shape[0] != values.shape[1]:
        came = tuple(getattr(values, "shape", ())) or type(values).__name__
        raise ValueError(
            f"{name} must be an (n, n) matrix, every point against every point, got "
            f"{came}; from embeddings z, compute it first, as in euclidean(z, z)"
        )
    if not values.is_floating_point():
        raise ValueError(f"{name} must hold floats, got {values.dtype}")
    if len(values) and not all(end.isfinite() for end in values.aminmax()):
        raise ValueError(
            f"{name} must be finite, got {int((~values.isfinite()).sum())} entries "
            "that are NaN or infinite; leave the diagonal as it is, and look for the "
            "step of training that made the others"
        )
    return values.to(torch.promote_types(values.dtype, torch.float32))


def partners(
    labels: Int[Tensor, " n"], n: int
) -> tuple[Bool[Tensor, "n n"], Bool[Tensor, "n n"]]:
    """Cells [a, p]: of one class, and not one point; cells [a, n]: of two classes."""
    check_labels(labels, n)
    same = labels[:, None] == labels
    negative = ~same
    return same.fill_diagonal_(False), negative


def nearest(
    dist: Float[Tensor, "n n"], among: Bool[Tensor, "n n"]
) -> tuple[Int[Tensor, " n"], Bool[Tensor, " n"]]:
    """The nearest of each row, the first of equals, and whether there is one."""
    if not len(dist):
        return among.new_empty(0, dtype=torch.int64), among.new_empty(0)
    value, index = torch.where(among, dist, torch.inf).min(dim=1)
    return index, value < torch.inf


def one_each(
    p: Int[Tensor, " n"], n: Int[Tensor, " n"], keep: Bool[Tensor, " n"]
) -> Int[Tensor, "t 3"]:
    """The triplet of each anchor that is kept."""
    (a,) = keep.nonzero(as_tuple=True)
    return torch.stack([a, p[a], n[a]]).T


def blocks(a: Int[Tensor, " s"], n: int) -> tuple[Int[Tensor, " b"], ...]:
    """Anchors of pairs, so many at a time that pairs times points stays small."""
    return torch.split(a, max(CELLS // max(n, 1), 1))
