"""Batches of a class and of the points that are easily taken for it."""

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor
from torch.utils.data import Sampler

from mlcourse._class_means import class_means
from mlcourse.samplers._groups import Groups
from mlcourse.samplers.class_mined import check_funnel, class_mined_negatives


class ClassMiner(Sampler[list[int]]):
    r"""Batch sampler: some points of a class, with its ``class_mined_negatives``.

    .. math:: q(\text{batch}) : \; c \sim \text{classes}, \quad
        x_{1}, \dots, x_{t} \sim \text{points of } c, \quad
        n_1, \dots, n_m \sim H_c

    Parameters
    ----------
    labels : (n,), class of each point of the data set, any integers
    queries, per_class : classes c of a batch, and points t of each, >= 1
    classes, pool, negatives : K, size of H_c, m for each c: ``class_mined_negatives``
    n_batches : batches in an epoch, >= 1
    generator : of the draws
    signatures : (C, k), one a class in the order of their numbers, such as the
        parameter ``omega`` of ``Proxies``, read anew for each batch; None for the
        means of the classes, as of the last ``refresh``

    Attributes
    ----------
    left_out : number of classes that have fewer than t points; they are in P_c at most

    Raises
    ------
    ValueError : if a number is out of its range, or too few classes have t points
    RuntimeError : if batches are drawn before the first ``refresh``

    Source: Suh, Han, Kim, Lee, CVPR 2019: one class c, a triplet loss, and a softmax
    whose weights are the signatures. A point that two classes mine enters once.

    >>> batches = ClassMiner(
    ...     torch.tensor([0, 0, 1, 1, 2, 2]), queries=1, per_class=2, classes=1, pool=2,
    ...     negatives=2, n_batches=2, generator=torch.Generator().manual_seed(0),
    ... )
    >>> batches.refresh(torch.tensor([[1.0, 0.0], [1.0, 0.1], [1.0, 0.5], [1.0, 0.4],
    ...                               [0.0, 1.0], [0.1, 1.0]]))
    >>> [sorted(batch) for batch in batches]  # 2 is near 1 alone, 0 and 1 are near
    [[2, 3, 4, 5], [0, 1, 2, 3]]
    """

    def __init__(
        self,
        labels: Int[Tensor, " n"],
        *,
        queries: int,
        per_class: int,
        classes: int,
        pool: int,
        negatives: int,
        n_batches: int,
        generator: Generator,
        signatures: Float[Tensor, "c k"] | None = None,
    ) -> None:
        self._groups = Groups(labels, classes=queries, per_class=per_class,
                              n_batches=n_batches, generator=generator)  # fmt: skip
        self._numbers = classes, pool, negatives
        self._codes = labels.cpu().unique(return_inverse=True)[1]
        self.queries, self.n_batches, self.signatures = queries, n_batches, signatures
        self.left_out, self.generator = self._groups.left_out, generator
        self._z: Float[Tensor, "n k"] | None = None
        check_funnel(len(self._groups.rows), *self._numbers)

    def __len__(self) -> int:
        return self.n_batches

    def refresh(self, z: Float[Tensor, "n k"]) -> None:
        """Look at all training points: where they are, and the means of the classes."""
        self._z, self._means = z.cpu(), class_means(z.cpu(), self._codes)

    def __iter__(self) -> Iterator[list[int]]:
        if self._z is None:
            raise RuntimeError("call refresh(z) before each epoch, as train does")
        groups, (classes, pool, negatives) = self._groups, self._numbers
        for _ in range(self.n_batches):
            signatures = self._means if self.signatures is None else self.signatures
            order = groups.shuffled(len(groups.usable))[: self.queries]
            batch: list[int] = []
            for c in groups.usable[order].tolist():
                batch += groups.draw([c])
                batch += class_mined_negatives(
                    self._z, self._codes, torch.tensor(batch[-groups.per_class :]),
                    signatures.detach().cpu(), classes=classes, pool=pool,
                    negatives=negatives, generator=self.generator,
                ).tolist()  # fmt: skip
            yield list(dict.fromkeys(batch))
