"""Cliques: a few images around an exemplar, each of them like each other."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mlcourse._check import check_neighbours
from mlcourse.selfsupervised._members import check_sim


@torch.no_grad()
def grow_cliques(
    sim: Float[Tensor, "n n"], exemplars: Int[Tensor, " k"], *, size: int
) -> Bool[Tensor, "k n"]:
    r"""Start from an exemplar, add whom all members are like, repeat.

    .. math:: C_1 = \{e\}, \qquad C_{t+1} = C_t \cup
        \Bigl\{ \arg\max_{j \notin C_t} \; \min_{i \in C_t} s_{ij} \Bigr\}

    The minimum is complete linkage. With a maximum in its place a clique becomes a
    chain, whose ends need not be alike.

    Parameters
    ----------
    sim : (n, n), similarities, symmetric; the diagonal is not used
    exemplars : (K,), points to start from
    size : members of each clique, from 1 to n

    Returns
    -------
    member : (K, n), True where the point is in the clique. Cliques may overlap.
        O(K n size) time, O(K n) memory

    Raises
    ------
    ValueError : unless sim is symmetric (n, n), and exemplars and size are in range

    Source: Bautista, Sanakoyeu, Tikhoncheva, Ommer, NIPS 2016: complete linkage. Their
    code takes the largest similarity to any member. No sequences of video here.

    >>> x = torch.tensor([0.0, 1.0, 1.9, -1.2, 9.0])
    >>> sim = -(x[:, None] - x).abs()
    >>> grow_cliques(sim, torch.tensor([0, 4]), size=3).int()  # not 0, 1, -1.2
    tensor([[1, 1, 1, 0, 0],
            [0, 1, 1, 0, 1]], dtype=torch.int32)
    """
    sim = check_sim(sim)
    check_neighbours(size, len(sim), "size", "points")
    if not ((exemplars >= 0) & (exemplars < len(sim))).all():
        raise ValueError(
            f"exemplars must be rows of sim, from 0 to {len(sim) - 1}, got "
            f"{int(exemplars.min())} to {int(exemplars.max())}"
        )
    rows = torch.arange(len(exemplars), device=sim.device)
    member = torch.zeros(len(rows), len(sim), dtype=torch.bool, device=sim.device)
    member[rows, exemplars] = True
    least = sim[exemplars]  # (K, n), to any member so far
    for _ in range(size - 1):
        new = least.masked_fill(member, -torch.inf).argmax(dim=1)
        member[rows, new] = True
        least = torch.minimum(least, sim[new])
    return member
