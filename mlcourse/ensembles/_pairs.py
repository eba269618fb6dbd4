"""Same class or not, for every two points of a batch."""

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from mlcourse._check import check_labels


def same_and_other(
    labels: Int[Tensor, " n"], n: int
) -> tuple[Bool[Tensor, "n n"], Bool[Tensor, "n n"]]:
    """Cells of two points of one class, without the diagonal, and of two classes."""
    check_labels(labels, n)
    same = labels[:, None] == labels
    other = ~same
    return same.fill_diagonal_(False), other


def check_square(sim: Tensor, name: str = "sim") -> Tensor:
    """In float32 or finer; ValueError unless the last two sides are n and n."""
    if sim.ndim < 2 or sim.shape[-1] != sim.shape[-2]:
        raise ValueError(
            f"{name} must be (n, n) similarities, every point against every point, got "
            f"shape {tuple(sim.shape)}"
        )
    return sim.to(torch.promote_types(sim.dtype, torch.float32))
