"""What batches are drawn from: the points of a cluster, class by class."""

import torch
from jaxtyping import Int
from torch import Generator, Tensor


class Pool:
    """Points of a cluster; one that is alone of its class is no use, and left out."""

    def __init__(self, rows: Int[Tensor, " m"], labels: Int[Tensor, " m"]) -> None:
        order = labels.argsort(stable=True)
        sizes = labels.unique(return_counts=True)[1].tolist()
        self.groups = [g for g in rows[order].split(sizes) if len(g) > 1]
        self.left_out = len(rows) - sum(len(g) for g in self.groups)

    def draw(self, classes: int, per_class: int, generator: Generator) -> list[int]:
        """A batch: at most per_class points of a class, until it is full."""
        batch: list[int] = []
        for c in shuffled(len(self.groups), generator).tolist():
            room = min(per_class, classes * per_class - len(batch))
            if room < min(per_class, 2):
                break
            group = self.groups[c]
            batch += group[shuffled(len(group), generator)[:room]].tolist()
        return batch


def shuffled(n: int, generator: Generator) -> Int[Tensor, " n"]:
    """Numbers 0 to n - 1 in a drawn order."""
    return torch.randperm(n, generator=generator, device=generator.device).cpu()


def pools_of(
    labels: Int[Tensor, " n"], clusters: Int[Tensor, " n"] | None
) -> tuple[list[tuple[int, Pool]], int]:
    """Clusters that have a similar pair, and how many points are left out of all."""
    where = torch.zeros_like(labels) if clusters is None else clusters
    pools = [
        (c, Pool((where == c).nonzero().flatten(), labels[where == c]))
        for c in where.unique().tolist()
    ]
    usable = [(c, pool) for c, pool in pools if pool.groups]
    if not usable:
        raise ValueError(
            "no cluster has two points of a class, so there is no similar pair; divide "
            "into fewer clusters, or give more points of each class"
        )
    return usable, sum(pool.left_out for _, pool in pools)
