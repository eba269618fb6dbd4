"""Anchor-neighbour batches: a few classes, each with the classes most like it."""

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor
from torch.utils.data import Sampler

from mlcourse.samplers._groups import Groups
from mlcourse.samplers.class_distances import class_distances


class HierarchicalBatches(Sampler[list[int]]):
    r"""Batch sampler of neighbouring classes, which looks at all points every epoch.

    .. math:: q(\text{batch}) : \; c_1, \dots, c_l \sim \text{classes}, \quad
        N(c) = \text{the } m - 1 \text{ classes } c' \text{ of least } d(c, c'), \quad
        t \text{ points of each class in } \bigcup_i \{c_i\} \cup N(c_i)

    Parameters
    ----------
    labels : (n,), class of each point of the data set, any integers
    classes : l >= 1, classes drawn evenly for a batch
    group : m >= 1, size of the group of each, itself included; 1 for random classes
    per_class : t >= 1, different points of each class; a class with fewer is never
        drawn
    n_batches : batches in an epoch, >= 1
    generator : of the draws

    Attributes
    ----------
    dist : (C, C), ``class_distances`` as of the last ``refresh``, all classes in the
        order of their numbers; feed them to ``class_tree``
    left_out : number of classes that have fewer than t points

    Raises
    ------
    ValueError : if a number is < 1, or fewer than l m classes have t points
    RuntimeError : if batches are drawn before the first ``refresh``

    Source: Ge, Huang, Dong, Scott, ECCV 2018. No class comes twice here: a
    group is taken from the classes that the batch does not have yet.

    >>> labels = torch.tensor([0, 0, 1, 1, 2, 2, 3, 3])
    >>> z = torch.tensor([0.0, 0.1, 5.0, 5.1, 0.2, 0.3, 5.2, 5.3])[:, None]
    >>> batches = HierarchicalBatches(
    ...     labels, classes=1, group=2, per_class=2, n_batches=3,
    ...     generator=torch.Generator().manual_seed(0),
    ... )
    >>> batches.refresh(z)
    >>> [sorted(batch) for batch in batches]  # classes 0 and 2, or 1 and 3
    [[0, 1, 4, 5], [2, 3, 6, 7], [2, 3, 6, 7]]
    """

    def __init__(
        self,
        labels: Int[Tensor, " n"],
        *,
        classes: int,
        group: int,
        per_class: int,
        n_batches: int,
        generator: Generator,
    ) -> None:
        self._groups = Groups(labels, per_class=per_class, n_batches=n_batches,
                              classes=classes * group, generator=generator)  # fmt: skip
        self.labels, self.classes, self.group = labels, classes, group
        self.n_batches, self.left_out = n_batches, self._groups.left_out
        self.dist: Float[Tensor, "c c"] | None = None

    def __len__(self) -> int:
        return self.n_batches

    def refresh(self, z: Float[Tensor, "n k"]) -> None:
        """Measure the distances of the classes anew, from all training points."""
        self.dist = class_distances(z, self.labels).cpu()

    def __iter__(self) -> Iterator[list[int]]:
        if self.dist is None:
            raise RuntimeError(
                "the batches have seen no embeddings yet: call refresh(z) with those "
                "of all training points before each epoch, as train does"
            )
        usable = self._groups.usable
        near = self.dist[usable][:, usable].fill_diagonal_(-1)  # oneself comes first
        for _ in range(self.n_batches):
            free = torch.zeros(len(usable), dtype=torch.float64)  # inf: taken
            chosen: list[int] = []
            for c in self._groups.shuffled(len(usable)).tolist():
                if len(chosen) == self.classes * self.group:
                    break
                if free[c] == 0:
                    found = (near[c] + free).argsort(stable=True)[: self.group]
                    free[found] = torch.inf
                    chosen += found.tolist()
            yield self._groups.draw(usable[chosen].tolist())
