"""Which cliques should not meet in a batch: those that may be one class."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mlcourse.selfsupervised._members import check_member, check_sim, members_of
from mlcourse.selfsupervised.compact import compactness


@torch.no_grad()
def clique_similarity(
    sim: Float[Tensor, "n n"], member: Bool[Tensor, "k n"]
) -> Float[Tensor, "k k"]:
    r"""Mean similarity of the points of two cliques.

    .. math:: S_{kl} = \frac{1}{|C_k| \, |C_l|} \sum_{i \in C_k} \sum_{j \in C_l} s_{ij}

    A point that is in both counts with its similarity to itself.

    Parameters
    ----------
    sim : (n, n), similarities, symmetric, the diagonal too
    member : (K, n), True where the point is in the clique

    Returns
    -------
    (K, K) : in the unit of sim, symmetric

    Raises
    ------
    ValueError : unless sim is symmetric (n, n), and each clique has a member

    Source: Bautista, Sanakoyeu, Tikhoncheva, Ommer, NIPS 2016.

    >>> sim = torch.tensor([[1.0, 0.8, 0.3], [0.8, 1.0, 0.5], [0.3, 0.5, 1.0]])
    >>> member = torch.tensor([[True, True, False], [False, False, True]])
    >>> clique_similarity(sim, member)
    tensor([[0.9000, 0.4000],
            [0.4000, 1.0000]])
    """
    sim = check_sim(sim)
    share = check_member(member, len(sim)).to(sim)
    share = share / share.sum(dim=1, keepdim=True)
    return share @ sim @ share.T


@torch.no_grad()
def clashes(
    sim: Float[Tensor, "n n"], member: Bool[Tensor, "k n"]
) -> Bool[Tensor, "k k"]:
    r"""Pairs of cliques that contradict: a stranger is nearer than a friend.

    .. math:: \max_{i \in C_k,\, j \in C_l} s_{ij} > \min(c_k, c_l), \qquad k \ne l

    with c the ``compactness``. If both are in one batch, the labels pull points apart
    that are more alike than some that they pull together.

    Parameters
    ----------
    sim : (n, n), similarities, symmetric, the diagonal too
    member : (K, n), True where the point is in the clique

    Returns
    -------
    (K, K) : symmetric, False on the diagonal. O(K n) memory

    Raises
    ------
    ValueError : unless sim is symmetric (n, n), and each clique has a member

    Source: as in the code of Bautista et al., NIPS 2016, which asks one side only.

    >>> x = torch.tensor([0.0, 1.0, 1.5, 2.0, 7.0, 8.0])
    >>> member = torch.eye(3, dtype=torch.bool).repeat_interleave(2, dim=1)
    >>> clashes(-(x[:, None] - x).abs(), member).int()  # 1 and 1.5 are in two cliques
    tensor([[0, 1, 0],
            [1, 0, 0],
            [0, 0, 0]], dtype=torch.int32)
    """
    inner, index = compactness(sim, member), members_of(member)
    to_points = sim[index[:, 0]]  # (K, n), most similar member to each point
    for column in index.T[1:]:
        to_points = torch.maximum(to_points, sim[column])
    between = to_points[:, index[:, 0]]  # (K, K)
    for column in index.T[1:]:
        between = torch.maximum(between, to_points[:, column])
    return (between > torch.minimum(inner, inner[:, None])).fill_diagonal_(False)
