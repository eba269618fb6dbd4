"""Class-balanced batches: a few classes, the same number of points of each."""

from collections.abc import Iterator

from jaxtyping import Int
from torch import Generator, Tensor
from torch.utils.data import Sampler

from mlcourse.samplers._groups import Groups


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

    >>> import torch
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
        self._groups = Groups(labels, classes=classes, per_class=per_class,
                              n_batches=n_batches, generator=generator)  # fmt: skip
        self.left_out = self._groups.left_out
        self.classes, self.per_class = classes, per_class
        self.n_batches, self.generator = n_batches, generator

    def __len__(self) -> int:
        return self.n_batches

    def __iter__(self) -> Iterator[list[int]]:
        usable = self._groups.usable
        for _ in range(self.n_batches):
            chosen = usable[self._groups.shuffled(len(usable))[: self.classes]]
            yield self._groups.draw(chosen.tolist())
