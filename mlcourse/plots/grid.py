"""A function of the plane, on a grid of places, as matplotlib's contours take it."""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Num
from torch import Tensor


def on_grid(
    of: Callable[[Tensor], Tensor],
    low: Sequence[float | int],
    high: Sequence[float | int],
    *,
    resolution: int,
    dtype: torch.dtype,
) -> tuple[Num[Tensor, " r"], Num[Tensor, " r"], Num[Tensor, "r r"]]:
    """Places x and y from low to high, and the values there, a row for each y.

    ``of`` maps all places at once, (r * r, 2), to as many values, in any shape.
    """
    x, y = (
        torch.linspace(a, b, resolution, dtype=dtype)
        for a, b in zip(low, high, strict=True)
    )
    return x, y, of(torch.cartesian_prod(x, y)).reshape(resolution, resolution).T
