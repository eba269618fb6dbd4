"""Another point of the same class, drawn evenly."""

import torch
from jaxtyping import Int
from torch import Generator, Tensor

from mlcourse._check import check_labels
from mlcourse.miners.random import grouped


class Friends:
    """Draws q(p | a), even over the other points of the class of a, from all data."""

    def __init__(self, labels: Int[Tensor, " n"]) -> None:
        check_labels(labels, len(labels))
        _, name, count = labels.cpu().unique(return_inverse=True, return_counts=True)
        self.size = count[name]
        #: the points that are not alone in their class
        self.anchors = (self.size > 1).nonzero().flatten()
        if not len(self.anchors):
            raise ValueError(
                f"no two of the {len(labels)} points are of one class, so there are no "
                "positives; labels must be class numbers, not numbers of points"
            )
        self._order, self._start = grouped(name)
        self._place = self._order.argsort() - self._start  # of a point in its class

    def draw(self, a: Int[Tensor, " b"], generator: Generator) -> Int[Tensor, " b"]:
        """A positive of each anchor, which must not be alone in its class."""
        step = 1 + below(self.size[a] - 1, generator)
        return self._order[self._start[a] + (self._place[a] + step) % self.size[a]]


def below(count: Int[Tensor, " b"], generator: Generator) -> Int[Tensor, " b"]:
    """A whole number from 0 to count - 1 each."""
    chance = torch.rand(
        len(count), generator=generator, device=generator.device, dtype=torch.float64
    )
    return (chance.to(count.device) * count).long()


def shuffled(n: int, generator: Generator) -> Int[Tensor, " n"]:
    """Numbers 0 to n - 1 in a drawn order."""
    return torch.randperm(n, generator=generator, device=generator.device).cpu()
