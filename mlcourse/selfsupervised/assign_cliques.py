"""Which cliques make a batch: far from each other, and all of them in turn."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from mlcourse._check import check_neighbours, check_positive
from mlcourse.selfsupervised._greedy import greedy
from mlcourse.selfsupervised._members import check_sim
from mlcourse.selfsupervised._swaps import Swaps
from mlcourse.selfsupervised.assignment_cost import assignment_cost


class Assignment(NamedTuple):
    """What ``assign_cliques`` gives: cliques of each batch, and E after each pass."""

    batches: Int[Tensor, "b r"]
    costs: list[float]


@torch.no_grad()
def assign_cliques(
    similarity: Float[Tensor, "k k"],
    *,
    n_batches: int,
    per_batch: int,
    generator: Generator,
    repeat: float | int = 1.0,
    cover: float | int = 1.0,
) -> Assignment:
    r"""Batches of mutually distant cliques: greedy, then moves that lower the cost.

    .. math:: \min_{X \in \{0, 1\}^{B \times K}} E(X)
        \quad \text{s.t. } X \mathbf 1 = r \mathbf 1

    with E as in ``assignment_cost``. Each batch starts with a clique that is used
    least, and takes what adds least to E. Then, place by place, a clique gives way to
    another, or two cliques change places, while that lowers E.

    Parameters
    ----------
    similarity : (K, K) = S, as from ``clique_similarity``
    n_batches, per_batch : B >= 1, and r from 1 to K
    generator : of the order in which equally good cliques come
    repeat, cover : lambda_1 and lambda_2. If B r = K, a large lambda_2 makes the
        batches a partition of the cliques

    Returns
    -------
    batches : (B, r), int64, different cliques in a row
    costs : E of the greedy start, then after each pass; it never rises, and the last
        pass found nothing to move

    Raises
    ------
    ValueError : unless S is symmetric, and the numbers are in their range

    Source: Bautista, Sanakoyeu, Tikhoncheva, Ommer, NIPS 2016, who relax X to [0, 1].
    The search is ours; where it ends, no single move lowers E, but two at once may.

    >>> S = torch.eye(4)
    >>> S[0, 1] = S[1, 0] = S[2, 3] = S[3, 2] = 0.9  # two classes, two cliques of each
    >>> found = assign_cliques(
    ...     S, n_batches=2, per_batch=2, generator=torch.Generator().manual_seed(0)
    ... )
    >>> found.batches.sort(dim=1).values.tolist(), found.costs
    ([[0, 3], [1, 2]], [0.0, 0.0])
    """
    S = check_sim(similarity).cpu().double()
    check_positive(n_batches, "n_batches")
    check_neighbours(per_batch, len(S), "per_batch", "cliques")
    start = greedy(S.numpy(), n_batches, per_batch, repeat, cover, generator)
    search = Swaps(start, S.numpy(), repeat, cover)

    def cost() -> float:
        found = torch.as_tensor(search.batches)
        return assignment_cost(found, S, repeat=repeat, cover=cover)

    costs, moved = [cost()], True
    while moved:
        moved = search.one_pass()
        costs.append(cost())
    return Assignment(torch.as_tensor(search.batches).to(similarity.device), costs)
