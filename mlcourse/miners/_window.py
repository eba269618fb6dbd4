"""Which ranks of negatives are drawn, and how a controller moves them."""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Generator, Tensor

from mlcourse.miners._friends import below


@dataclass(frozen=True)
class Window:
    """Ranks r to r + width - 1 of depth; harder or easier by the triplets it gives."""

    width: int
    depth: int
    target: float | int
    gain: float | int

    def check(self, rank: float | int) -> None:
        """Raise ValueError unless a window that starts at rank makes sense."""
        for name, number in (
            ("rank", rank), ("width", self.width), ("gain", self.gain),
        ):  # fmt: skip
            if not number >= 1:
                raise ValueError(f"{name} must be >= 1, got {number}")
        if int(rank) + self.width - 1 > self.depth:
            raise ValueError(
                f"the window of ranks must end at depth = {self.depth} or before, got "
                f"ranks {int(rank)} to {int(rank) + self.width - 1}; give more depth"
            )
        if not 0 <= self.target <= 1:
            raise ValueError(f"target must be from 0 to 1, got {self.target}")

    def moved(self, rank: float, active: float) -> float:
        """Away from the anchor if too many triplets are active, else towards it."""
        rank *= self.gain if active > self.target else 1 / self.gain
        return min(max(rank, 1.0), self.depth - self.width + 1.0)

    def draw(self, rank: float, b: int, generator: Generator) -> Int[Tensor, " b"]:
        """Ranks from 0, even over the window."""
        return int(rank) - 1 + below(torch.full((b,), self.width), generator)
