"""Batches of one region of the data each; the regions take turns."""

from collections.abc import Iterator
from itertools import cycle
from typing import Any

from jaxtyping import Float, Int
from torch import Generator, Tensor
from torch.utils.data import Sampler

from mlcourse._check import check_labels
from mlcourse.ensembles._pools import pools_of
from mlcourse.ensembles.division import Division


class ClusterBatches(Sampler[list[int]]):
    r"""Batch sampler of a ``Division``: a batch from each cluster in turn.

    .. math:: q(\text{batch } b) = q(\text{batch} \mid C = c_{b \bmod K}), \quad
        \text{at most } m \text{ points of a class, of classes with 2 or more in } C

    Parameters
    ----------
    labels : (n,), class of each point of the data set, any integers
    division : of these points; ``train`` refreshes it through this sampler
    classes, per_class : l, m >= 1: points of a cluster's classes, drawn in turn, until
        a batch has l m points or the cluster no more classes
    n_batches : batches in an epoch, >= 1
    generator : of the draws

    Attributes
    ----------
    cluster : whose batch came last, so that its learner can be trained with it; None
        where the points are not divided
    left_out : points without another of their class in their cluster, as of this epoch
    division : as given

    Raises
    ------
    ValueError : if a number is < 1, or no cluster has two points of a class
    RuntimeError : if batches are drawn before the first ``refresh``

    Source: Sanakoyeu, Tschernezki, Buechler, Ommer, CVPR 2019. There a cluster with
    few batches begins again; here all have as many.

    >>> import torch
    >>> g, labels = Generator().manual_seed(0), torch.tensor([0, 1, 0, 1, 0, 1, 0, 1])
    >>> batches = ClusterBatches(
    ...     labels, Division(merge_at=9, levels=(2,), generator=g), classes=2,
    ...     per_class=2, n_batches=2, generator=g,
    ... )
    >>> batches.refresh(torch.eye(2).repeat_interleave(4, dim=0))
    >>> sorted(sorted(batch) for batch in batches)
    [[0, 1, 2, 3], [4, 5, 6, 7]]
    """

    def __init__(
        self,
        labels: Int[Tensor, " n"],
        division: Division,
        *,
        classes: int,
        per_class: int,
        n_batches: int,
        generator: Generator,
    ) -> None:
        check_labels(labels, len(labels))
        if min(classes, per_class, n_batches) < 1:
            raise ValueError(
                "classes, per_class and n_batches must be >= 1, got "
                f"{(classes, per_class, n_batches)}"
            )
        self._labels, self.division, self.generator = labels.cpu(), division, generator
        self.classes, self.per_class, self.n_batches = classes, per_class, n_batches
        self.cluster: int | None = None
        self.left_out = 0

    def __len__(self) -> int:
        return self.n_batches

    def refresh(self, z: Float[Tensor, "n k"]) -> None:
        """Let the division look at all training points."""
        self.division.refresh(z)

    def __iter__(self) -> Iterator[list[int]]:
        if self.division.epoch < 0:
            raise RuntimeError("call refresh(z) before each epoch, as train does")
        where = self.division.clusters
        pools, self.left_out = pools_of(self._labels, where)
        for _, (c, pool) in zip(range(self.n_batches), cycle(pools), strict=False):
            self.cluster = None if where is None else c
            yield pool.draw(self.classes, self.per_class, self.generator)

    def state_dict(self) -> dict[str, Any]:
        """The division's."""
        return self.division.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Let the division go on from there."""
        self.division.load_state_dict(state)
