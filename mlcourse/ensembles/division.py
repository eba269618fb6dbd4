"""Divide: the data in clusters, drawn anew from time to time under the same numbers."""

from collections.abc import Callable, Sequence
from typing import Any

from jaxtyping import Float, Int
from torch import Generator, Tensor

from mlcourse.ensembles._division import check_division, divide


class Division:
    r"""An ``EpochHook`` that clusters all points every T epochs, until they merge.

    .. math:: C \leftarrow \pi(\text{k-means}(y)) \quad \text{in the epochs }
        0, T, 2T, \dots < \text{merge\_at}

    with pi of ``match_clusters``, so that a learner keeps its region.

    Parameters
    ----------
    levels : numbers of clusters after the first, second, ... division, each 1, 2, 4,
        ... times the one before; the last, K, stays. (4,): all at once. (1, 2, 4): top
        down, each cluster halved
    every : T >= 1
    merge_at : first epoch of the fine-tuning; from then on there is one region
    features : called at each division for y (n, d), such as the features before the
        embedding layer; None takes the embeddings that ``refresh`` gets
    generator : of the seeds of k-means
    on_split : called with (c, c') when half of cluster c becomes the new cluster c'

    Attributes
    ----------
    clusters : (n,), C: numbers from 0 to K - 1, before the last level only some of
        them; None before the first division and after the merger
    stability : share of points that kept their cluster, at each division but the first
    epoch : how often ``refresh`` was called, less 1

    Raises
    ------
    ValueError : if every is < 1, or levels are not such numbers

    Source: Sanakoyeu, Tschernezki, Buechler, Ommer, CVPR 2019; top down: Sanakoyeu, Ma,
    Tschernezki, Ommer, PAMI 2021.

    >>> import torch
    >>> division = Division(merge_at=2, levels=(2,), every=1, generator=Generator())
    >>> for _ in range(2):
    ...     division.refresh(torch.eye(2)[[0, 0, 1, 0]])
    >>> division.clusters[0] == division.clusters[3], division.stability
    (tensor(True), [1.0])
    """

    def __init__(
        self,
        *,
        levels: Sequence[int] = (4,),
        every: int = 2,
        merge_at: int,
        features: Callable[[], Tensor] | None = None,
        generator: Generator,
        on_split: Callable[[int, int], None] | None = None,
    ) -> None:
        check_division(levels, every)
        self.levels, self.every, self.merge_at = tuple(levels), every, merge_at
        self.features, self.on_split = features, on_split
        self.generator = generator
        self.clusters: Int[Tensor, " n"] | None = None
        self.stability: list[float] = []
        self.epoch = -1

    def refresh(self, z: Float[Tensor, "n k"]) -> None:
        """Another epoch begins: divide the points anew if it is time, or merge them."""
        self.epoch += 1
        if self.epoch >= self.merge_at:
            self.clusters = None
        elif self.epoch % self.every == 0:
            y = (z if self.features is None else self.features()).detach().cpu()
            at, last = self.epoch // self.every, len(self.levels) - 1
            before, now = (self.levels[min(max(i, 0), last)] for i in (at - 1, at))
            self.clusters, kept = divide(
                y, self.clusters, before=before, now=now,
                last=self.levels[-1], generator=self.generator, on_split=self.on_split,
            )  # fmt: skip
            self.stability += kept

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint has to keep."""
        return {"epoch": self.epoch, "clusters": self.clusters,
                "stability": list(self.stability)}  # fmt: skip

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.epoch, self.clusters = state["epoch"], state["clusters"]
        self.stability = list(state["stability"])
