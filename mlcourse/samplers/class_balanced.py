"""Class-balanced batches: a few classes, the same number of points of each."""

from collections.abc import Iterator

import torch
from jaxtyping import Int
from torch import Generator, Tensor
from torch.utils.data import Sampler

from mlcourse._check import check_labels


class ClassBalancedBatches(Sampler[list[int]]):
    r"""Batch sampler in which every point has friends and strangers.

    .. math:: q(\text{batch}) : \; c_1, \dots, c_C \sim \text{classes}, \quad
        x_{c, 1}, \dots, x_{c, m} \sim \text{points of } c, \quad
        \text{both without replacement}

    Parameters
    ----------
    labels : (n,), class of each point of the data set, any integers
    classes : C >= 1, different classes in a batch
    per_class : m >= 1, different points of each; a class with fewer is never drawn
    n_batches : batches in an epoch, >= 1
    generator : of the draws. It moves on: the next epoch has other batches

    Attributes
    ----------
    left_out : number of classes that have fewer than m points

    Raises
    ------
    ValueError : if a number is < 1, or fewer than C classes have m points

    Source: Hermans, Beyer, Leibe, arXiv:1703.07737, 2017 ("P K" batches).

    >>> labels = torch.tensor([0, 0, 1, 1, 2])
    >>> batches = ClassBalancedBatches(
    ...     labels, classes=2, per_class=2, n_batches=3, generator=torch.Generator()
    ... )
    >>> [sorted(batch) for batch in batches], batches.left_out
    ([[0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3]], 1)
    """

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
        groups = order.split(size.tolist())
        self._groups = [group for group in groups if len(group) >= per_class]
        self.left_out = len(groups) - len(self._groups)
        if len(self._groups) < classes:
            raise ValueError(
                f"asked for batches of {classes} classes with {per_class} points each, "
                f"but only {len(self._groups)} of {len(groups)} classes have so many; "
                "ask for fewer classes, or for fewer points of each"
            )
        self.classes, self.per_class = classes, per_class
        self.n_batches, self.generator = n_batches, generator

    def __len__(self) -> int:
        return self.n_batches

    def __iter__(self) -> Iterator[list[int]]:
        for _ in range(self.n_batches):
            chosen = self._shuffled(len(self._groups))[: self.classes]
            batch = [
                self._groups[c][self._shuffled(len(self._groups[c]))[: self.per_class]]
                for c in chosen.tolist()
            ]
            yield torch.cat(batch).tolist()

    def _shuffled(self, n: int) -> Int[Tensor, " n"]:
        return torch.randperm(
            n, generator=self.generator, device=self.generator.device
        ).cpu()
