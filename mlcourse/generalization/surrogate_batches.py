"""Batches of two halves: one for the classes, one for the surrogate clusters."""

from collections.abc import Iterable, Iterator

import torch
from jaxtyping import Int
from torch import Generator, Tensor
from torch.utils.data import Sampler

from mlcourse._check import check_positive
from mlcourse.generalization.surrogate_clusters import SurrogateClusters


class SurrogateBatches(Sampler[list[int]]):
    r"""Batch sampler that adds points of a few surrogate clusters to given batches.

    .. math:: \text{batch} = \bigl(\text{batch of classes}, \;
        x_{1, 1}, \dots, x_{1, m}, \dots, x_{g, 1}, \dots, x_{g, m} \bigr), \quad
        x_{c, j} \sim \begin{cases} \text{cluster } c & \text{if } u > \epsilon \\
        \text{the others} & \text{else} \end{cases}, \quad u \sim U(0, 1)

    The place in the second part says the cluster.

    Parameters
    ----------
    batches : lists of rows, such as ``ClassBalancedBatches``
    clusters : the hook with the assignment, read anew for each epoch
    groups, per_group : g, m >= 1, different clusters, and points of each without
        replacement; a cluster of fewer points is never drawn
    noise : epsilon, from 0 to 1, against a surrogate head that learns by heart
    generator : of the draws

    Attributes
    ----------
    batches, clusters, groups, per_group, noise, generator : as given

    Raises
    ------
    ValueError : if a number is out of its range, or too few clusters have m points

    Source: Roth, Brattoli, Ommer, ICCV 2019, in form: their code has a loader for each
    task, and 0.2 for the noise.

    >>> x, y = torch.tensor([[0.0], [1.0], [5.0], [9.0]]), torch.tensor([0, 0, 1, 1])
    >>> g = Generator().manual_seed(0)
    >>> c = SurrogateClusters(x, y, auxiliary=lambda: x, n_clusters=2, generator=g)
    >>> both = SurrogateBatches([[3]], c, groups=2, per_group=2, noise=0, generator=g)
    >>> [(b[0], sorted(b[1:3]) in ([0, 2], [1, 3]), len(b)) for b in both]
    [(3, True, 5)]
    """

    def __init__(
        self,
        batches: Iterable[list[int]],
        clusters: SurrogateClusters,
        *,
        groups: int,
        per_group: int,
        noise: float | int = 0.2,
        generator: Generator,
    ) -> None:
        check_positive(groups, "groups")
        check_positive(per_group, "per_group")
        if not 0 <= noise <= 1:
            raise ValueError(f"noise must be from 0 to 1, got {noise}")
        self.batches, self.clusters, self.generator = batches, clusters, generator
        self.groups, self.per_group, self.noise = groups, per_group, noise
        self._usable(clusters.assignment)

    def __iter__(self) -> Iterator[list[int]]:
        usable = self._usable(self.clusters.assignment)
        for batch in self.batches:
            groups = self._some(usable, self.groups).tolist()
            yield [*batch, *(row for c in groups for row in self._group(c))]

    def _group(self, c: int) -> list[int]:
        """Points of cluster c, some of them replaced by points of others."""
        inside, m = self.clusters.assignment == c, self.per_group
        own, other = (self._some(rows.nonzero().flatten(), m)
                      for rows in (inside, ~inside))  # fmt: skip
        g = self.generator
        swap = torch.rand(m, generator=g, device=g.device).cpu() < self.noise
        rows: list[int] = own.tolist()
        return torch.where(swap, other, own).tolist() if len(other) == m else rows

    def _some(self, values: Int[Tensor, " n"], m: int) -> Int[Tensor, " m"]:
        """At most m of the values, drawn without replacement."""
        g = self.generator
        order = torch.randperm(len(values), generator=g, device=g.device)
        return values[order.cpu()[:m]]

    def _usable(self, assignment: Int[Tensor, " n"]) -> Int[Tensor, " c"]:
        """Clusters of at least m points; error if there are fewer than g."""
        usable = (assignment.bincount() >= self.per_group).nonzero().flatten()
        if len(usable) < self.groups:
            raise ValueError(
                f"asked for {self.groups} clusters with {self.per_group} points each, "
                f"but only {len(usable)} have so many; ask for fewer of either"
            )
        return usable
