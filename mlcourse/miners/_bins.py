"""Bins of distances and their weights: how they start, and how they are bent."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

#: No bin's weight falls below this, so that each can come back.
FLOOR = 1e-4


def even_bins(
    bins: int,
    support: tuple[float | int, float | int],
    start: tuple[float | int, float | int],
) -> tuple[Float[Tensor, " edges"], Float[Tensor, " bins"]]:
    """Edges of equal bins, and weights that are even where their middle is in start."""
    if not (bins >= 1 and 0 <= support[0] < support[1]):
        raise ValueError(
            "bins must be >= 1, and support two ascending distances >= 0, got "
            f"{bins} and {support}"
        )
    edges = torch.linspace(support[0], support[1], bins + 1)
    middle = (edges[:-1] + edges[1:]) / 2
    inside = (start[0] <= middle) & (middle <= start[1])
    if not inside.any():
        raise ValueError(
            f"start must hold the middle of a bin, got {start} with bins from "
            f"{support[0]} to {support[1]}, {edges[1] - edges[0]:.4g} wide"
        )
    return edges, normalised(inside.float())


def factors(
    decrease: float | int, keep: float | int, increase: float | int
) -> Float[Tensor, " 3"]:
    """The three factors that a weight can get."""
    if not 0 < decrease < keep < increase:
        raise ValueError(
            "actions must be three ascending factors > 0, got "
            f"{(decrease, keep, increase)}; the middle one is 1 to keep a weight"
        )
    return torch.tensor([decrease, keep, increase])


def bent(
    pi: Float[Tensor, " bins"], actions: Int[Tensor, " bins"], by: Tensor
) -> Float[Tensor, " bins"]:
    """Each weight times its factor, of sum 1 again."""
    return normalised(pi * by[actions])


def normalised(pi: Float[Tensor, " bins"]) -> Float[Tensor, " bins"]:
    """Of sum 1, none below the floor by more than the sum makes it."""
    pi = (pi / pi.sum()).clamp(min=FLOOR)
    return pi / pi.sum()
