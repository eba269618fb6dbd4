"""Which cliques to trust: the most compact ones, none of which share a point."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mlcourse._check import check_positive
from mlcourse.selfsupervised._members import check_member, check_sim, members_of
from mlcourse.selfsupervised.cliques import grow_cliques


@torch.no_grad()
def compactness(
    sim: Float[Tensor, "n n"], member: Bool[Tensor, "k n"]
) -> Float[Tensor, " k"]:
    r"""How alike the two least similar members of each clique are.

    .. math:: c_k = \min \{ s_{ij} : i, j \in C_k,\; i \ne j \}

    Parameters
    ----------
    sim : (n, n), similarities, symmetric; the diagonal is not used
    member : (K, n), True where the point is in the clique

    Returns
    -------
    (K,) : in the unit of sim; inf for a clique of one. O(K m^2) memory for m members

    Raises
    ------
    ValueError : unless sim is symmetric (n, n), and each clique has a member

    Source: the height of complete linkage: Sorensen, Biologiske Skrifter 5, 1948.

    >>> sim = torch.tensor([[1.0, 0.8, 0.3], [0.8, 1.0, 0.5], [0.3, 0.5, 1.0]])
    >>> compactness(sim, torch.tensor([[True, True, False], [True, True, True]]))
    tensor([0.8000, 0.3000])
    """
    sim = check_sim(sim)
    index = members_of(check_member(member, len(sim)))
    i, j = index[:, :, None], index[:, None, :]
    inner = torch.where(i == j, torch.inf, sim[i, j])
    return inner.flatten(1).amin(dim=1)


@torch.no_grad()
def compact_cliques(
    sim: Float[Tensor, "n n"], *, size: int, n_cliques: int
) -> Bool[Tensor, "k n"]:
    r"""Grow a clique from every point; keep the most compact ones that are disjoint.

    .. math:: C_{(1)}, C_{(2)}, \dots \text{ by falling } c, \qquad
        \text{keep } C_{(k)} \text{ if } C_{(k)} \cap C = \emptyset
        \text{ for all kept } C

    Parameters
    ----------
    sim : (n, n), similarities, symmetric
    size : members of each clique, from 2 to n
    n_cliques : K >= 1, how many to keep at most

    Returns
    -------
    member : (K, n), the most compact first; fewer rows where fewer are disjoint.
        O(n^2 size) time, O(n^2) memory

    Raises
    ------
    ValueError : unless sim is symmetric (n, n), and the numbers are in their range

    Source: Bautista, Sanakoyeu, Tikhoncheva, Ommer, NIPS 2016: compact cliques, so that
    an image has one label. That none overlap is ours; they keep what is common rare.

    >>> x = torch.tensor([0.0, 1.0, 2.1, 5.0, 5.5, 9.0])
    >>> sim = -(x[:, None] - x).abs()
    >>> compact_cliques(sim, size=2, n_cliques=2).int()  # not 1 and 2
    tensor([[0, 0, 0, 1, 1, 0],
            [1, 1, 0, 0, 0, 0]], dtype=torch.int32)
    """
    check_positive(n_cliques, "n_cliques")
    if size < 2:
        raise ValueError(f"size must be >= 2, got {size}; a point alone states nothing")
    member = grow_cliques(sim, torch.arange(len(sim), device=sim.device), size=size)
    order = compactness(sim, member).argsort(descending=True, stable=True)
    taken, kept = set[int](), list[int]()
    for k, points in zip(
        order.tolist(), members_of(member)[order].tolist(), strict=True
    ):
        if len(kept) == n_cliques:
            break
        if taken.isdisjoint(points):
            taken.update(points)
            kept.append(k)
    return member[kept]
