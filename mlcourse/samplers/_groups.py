"""The points class by class, and draws of some of each."""

import torch
from jaxtyping import Int
from torch import Generator, Tensor

from mlcourse._check import check_labels


class Groups:
    """The classes that have enough points, and a generator to draw them."""

    def __init__(
        self,
        labels: Int[Tensor, " n"],
        *,
        classes: int,
        per_class: int,
        n_batches: int,
        generator: Generator,
    ) -> None:
        check_labels(labels, len(labels))
        for name, number in (
            ("classes", classes), ("per_class", per_class), ("n_batches", n_batches),
        ):  # fmt: skip
            if number < 1:
                raise ValueError(f"{name} must be >= 1, got {number}")
        order = labels.cpu().argsort(stable=True)
        size = labels.cpu().unique(return_counts=True)[1]
        #: rows of each class, all classes in the order of their numbers
        self.rows = order.split(size.tolist())
        self.usable = (size >= per_class).nonzero().flatten()
        self.left_out = len(size) - len(self.usable)
        if len(self.usable) < classes:
            raise ValueError(
                f"asked for batches of {classes} classes with {per_class} points each, "
                f"but only {len(self.usable)} of {len(size)} classes have so many; "
                "ask for fewer classes, or for fewer points of each"
            )
        self.per_class, self.generator = per_class, generator

    def draw(self, classes: list[int]) -> list[int]:
        """Points of each of these classes, without replacement, class after class."""
        return torch.cat([
            self.rows[c][self.shuffled(len(self.rows[c]))[: self.per_class]]
            for c in classes
        ]).tolist()  # fmt: skip

    def shuffled(self, n: int) -> Int[Tensor, " n"]:
        """Numbers 0 to n - 1 in a drawn order."""
        return torch.randperm(
            n, generator=self.generator, device=self.generator.device
        ).cpu()
