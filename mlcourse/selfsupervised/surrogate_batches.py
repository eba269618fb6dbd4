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

    Before the first epoch s are weak similarities from elsewhere, as the network knows
    nothing yet; later they come from its embeddings.

    Parameters
    ----------
    sim : (n, n), similarities to start from, such as ``cosines(hog(x))``
    group : from similarities to members (K, n), such as ``compact_cliques``
    assign : from similarities and members to the groups of each batch (B, r), such as
        ``assign_cliques`` of their ``clique_similarity``
    per_group : m >= 1, points of a group in a batch. A smaller group is padded: each of
        its points comes again when all others have come
    n_batches : in an epoch, >= 1; the rows of the assignment in turn
    generator : of the draws
    similarity : from embeddings (n, k) to similarities (n, n)
    every : epochs between two groupings, >= 1

    Attributes
    ----------
    labels : (r m,), surrogate class of each point of the batch at hand: b r + c for
        place c of row b of the assignment. All losses and miners take them
    assignment : groups of each batch as of now
    found : members (K, n) of each grouping so far, the latest last
    epoch : epochs begun so far

    Raises
    ------
    ValueError : if a number is < 1, or group or assign gives anything else
    RuntimeError : if batches are drawn before the first ``refresh``

    Source: Bautista, Sanakoyeu, Tikhoncheva, Ommer, NIPS 2016; with k-means as
    ``group`` it is close to Caron, Bojanowski, Joulin, Douze, ECCV 2018.

    >>> x = torch.tensor([0.0, 0.1, 5.0, 5.1])
    >>> batches = SurrogateBatches(
    ...     -(x[:, None] - x).abs(), per_group=3, n_batches=1,
    ...     group=lambda sim: torch.tensor([[True, True, False, False]]),
    ...     assign=lambda sim, member: torch.tensor([[0]]),
    ...     generator=torch.Generator().manual_seed(0),
    ... )
    >>> batches.refresh(x[:, None])
    >>> [sorted(batch) for batch in batches], batches.labels.tolist()
    ([[0, 0, 1]], [0, 0, 0])
    """

    def __init__(
        self,
        sim: Float[Tensor, "n n"],
        *,
        group: Callable[[Tensor], Tensor],
        assign: Callable[[Tensor, Tensor], Tensor],
        per_group: int,
        n_batches: int,
        generator: Generator,
        similarity: Callable[[Tensor], Tensor] = cosines,
        every: int = 1,
    ) -> None:
        if min(per_group, n_batches, every) < 1:
            raise ValueError(f"per_group, n_batches and every must be >= 1, got "
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
            check_batches(self.assignment, len(self.found[-1]))
        self.epoch += 1

    def __iter__(self) -> Iterator[list[int]]:
        if not self.found:
            raise RuntimeError("call refresh(z) before each epoch, as train does")
        for turn in range(self.n_batches):
            b, r = turn % len(self.assignment), self.assignment.shape[1]
            self.labels = torch.arange(b * r, b * r + r).repeat_interleave(
                self.per_group
            )
            yield draw(
                self.found[-1][self.assignment[b]], self.per_group, self.generator
            )

    def state_dict(self) -> dict[str, Any]:
        """What the next epoch depends on."""
        return {"epoch": self.epoch, "found": self.found, "assignment": self.assignment}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.epoch, self.assignment = state["epoch"], state["assignment"]
        self.found = list(state["found"])
