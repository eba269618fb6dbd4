"""The relations that groups and their batches state, as S and D."""

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from mlcourse.selfsupervised._members import check_member
from mlcourse.selfsupervised.assignment_cost import check_batches


@torch.no_grad()
def group_relations(
    member: Bool[Tensor, "k n"], batches: Int[Tensor, "b r"]
) -> tuple[Int[Tensor, "s 2"], Int[Tensor, "t 2"]]:
    r"""Similar inside a group; dissimilar in two groups of one batch; else unknown.

    .. math:: S = \{ (i, j) : \exists k,\; i, j \in C_k \}, \qquad
        D = \{ (i, j) : \exists b, k \ne l,\; X_{bk} = X_{bl} = 1,\;
        i \in C_k,\; j \in C_l \} \setminus S, \qquad i < j

    Parameters
    ----------
    member : (K, n), True where the point is in the group
    batches : (B, r), groups that meet, as from ``assign_cliques``: mutually distant

    Returns
    -------
    S, D : (s, 2), (t, 2), int64, in lexicographic order. All losses on pairs take them.
        O(n^2) memory

    Raises
    ------
    ValueError : unless each group has a member, and each row has different groups

    Source: Milbich, Ghori, Diego, Ommer, Pattern Recognition 102, 2020: groups give
    reliable similarities, their subsets reliable dissimilarities.

    >>> member = torch.eye(3, dtype=torch.bool).repeat_interleave(2, dim=1)[:, :5]
    >>> S, D = group_relations(member, torch.tensor([[0, 2]]))
    >>> S.tolist(), D.tolist()
    ([[0, 1], [2, 3]], [[0, 4], [1, 4]])
    """
    check_batches(batches, len(check_member(member, member.shape[1])))
    points = member.float()
    same = (points.T @ points) > 0
    apart = torch.zeros_like(same)
    for groups in batches:
        met = member[groups].any(dim=0)
        apart |= met & met[:, None]
    return same.triu(1).nonzero(), (apart & ~same).triu(1).nonzero()
