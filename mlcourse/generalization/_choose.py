"""Even draws from 0 to n - 1 without some intervals, for many rows at once."""

import torch
from jaxtyping import Bool, Int
from torch import Generator, Tensor


def draw_outside(
    start: Int[Tensor, "k t"],
    size: Int[Tensor, "k t"],
    n: Int[Tensor, " t"],
    *,
    generator: Generator,
) -> tuple[Int[Tensor, " t"], Bool[Tensor, " t"]]:
    """Of the numbers outside of k intervals in ascending order, the floor(u m)-th.

    u: one uniform draw a row; m: how many numbers there are. Second: whether m > 0.
    """
    left = n - size.sum(dim=0)
    chance = torch.rand(
        len(left), generator=generator, device=generator.device, dtype=torch.float64
    )
    found = (chance.to(left.device) * left).long()
    for first, length in zip(start, size, strict=True):  # step over what is left out
        found = torch.where(found >= first, found + length, found)
    return found.clamp(max=n - 1), left > 0


def by_class(
    labels: Int[Tensor, " n"],
) -> tuple[Int[Tensor, " n"], Int[Tensor, " n"], Int[Tensor, " c"], Int[Tensor, " c"]]:
    """Number of each point's class; the points class by class; where each starts."""
    code = labels.unique(return_inverse=True)[1]
    size = code.bincount()
    return code, code.argsort(stable=True), size.cumsum(0) - size, size
