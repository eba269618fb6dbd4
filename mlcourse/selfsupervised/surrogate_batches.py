"""Batches of surrogate classes, which are found anew from what the network learned."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Generator, Tensor
from torch.utils.data import Sampler

from mlcourse.selfsupervised._members import check_member, check_sim, draw
from mlcourse.selfsupervised.assignment_cost import check_batches
from mlcourse.selfsupervised.cosines import cosines


class SurrogateBatches(Sampler[list[int]]):
    r"""Batch sampler and epoch hook: group the points, share the groups out, learn.

    .. math:: s \to C \to X, \qquad
        q(\text{batch } b) : \; m \text{ points of each } C_k \text{ with } X_{bk} = 1

    Parameters
    ----------
    sim : (n, n), s for the first epoch, from elsewhere: psi knows nothing yet
    group : from similarities to members (K, n), such as ``compact_cliques``
    assign : from both to the groups of each batch (B, r), such as ``assign_cliques``
    per_group : m >= 1, points of a group in a batch; when all have come, they repeat
    n_batches : >= 1, in an epoch; they are the rows of the assignment in turn
    generator : of the draws
    similarity, every : from embeddings psi to s; epochs between two groupings, >= 1

    Attributes
    ----------
    labels : (r m,), surrogate class of each point of the batch at hand: b r + c for
        place c of row b of the assignment. All losses and miners take them
    assignment, epoch : groups of each batch as of now; epochs begun so far
    found : members (K, n) of each grouping so far, the latest last

    Raises
    ------
    ValueError, RuntimeError : if a number, group or batch is none; before ``refresh``

    Source: Bautista, Sanakoyeu, Tikhoncheva, Ommer, NIPS 2016; with k-means as
    ``group`` close to Caron, Bojanowski, Joulin, Douze, ECCV 2018.

    >>> batches = SurrogateBatches(
    ...     torch.eye(4), group=lambda sim: sim > 0, per_group=2, n_batches=1,
    ...     assign=lambda sim, member: torch.tensor([[3, 1]]),
    ...     generator=torch.Generator().manual_seed(0),
    ... )
    >>> batches.refresh(torch.zeros(4, 1))
    >>> list(batches), batches.labels.tolist()  # groups of one, padded
    ([[3, 3, 1, 1]], [0, 0, 1, 1])
    """

    def __init__(
        self, sim: Float[Tensor, "n n"], *, group: Callable[[Tensor], Tensor],
        assign: Callable[[Tensor, Tensor], Tensor], per_group: int, n_batches: int,
        generator: Generator, similarity: Callable[[Tensor], Tensor] = cosines,
        every: int = 1,
    ) -> None:  # fmt: skip
        if min(per_group, n_batches, every) < 1:
            raise ValueError("per_group, n_batches and every must be >= 1, got "
                             f"{per_group}, {n_batches} and {every}")  # fmt: skip
        self._sim, self._group, self._assign = check_sim(sim), group, assign
        self._similarity, self.per_group, self.every = similarity, per_group, every
        self.n_batches, self.generator, self.epoch = n_batches, generator, 0
        self.found: list[Bool[Tensor, "k n"]] = []
        self.assignment = self.labels = torch.empty(0, dtype=torch.int64)

    def __len__(self) -> int:
        return self.n_batches

    def refresh(self, z: Float[Tensor, "n k"]) -> None:
        """Group all points anew, and share the groups out to the batches."""
        if self.epoch % self.every == 0:
            sim = self._sim if self.epoch == 0 else self._similarity(z)
            member = check_member(self._group(sim), len(z))
            self.assignment = self._assign(sim, member).cpu()
            self.found.append(member.cpu())
            check_batches(self.assignment, len(member))
        self.epoch += 1

    def __iter__(self) -> Iterator[list[int]]:
        if not self.found:
            raise RuntimeError("call refresh(z) before each epoch, as train does")
        (B, r), m = self.assignment.shape, self.per_group
        for turn in range(self.n_batches):
            b = turn % B
            self.labels = torch.arange(b * r, b * r + r).repeat_interleave(m)
            yield draw(self.found[-1][self.assignment[b]], m, self.generator)

    def state_dict(self) -> dict[str, Any]:
        """What the next epoch depends on."""
        return {"epoch": self.epoch, "found": [*self.found], "rows": self.assignment}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.epoch, self.assignment = state["epoch"], state["rows"]
        self.found = list(state["found"])
