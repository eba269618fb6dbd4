"""Two cliques become one where each is the other's nearest."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mlcourse.selfsupervised.clique_similarity import clique_similarity
from mlcourse.selfsupervised.compact import compactness


@torch.no_grad()
def merge_cliques(
    sim: Float[Tensor, "n n"], member: Bool[Tensor, "k n"]
) -> Bool[Tensor, "k n"]:
    r"""Join two cliques that are each other's nearest, and as alike as their members.

    .. math:: l = \arg\max_m S_{km}, \quad k = \arg\max_m S_{lm}, \quad
        S_{kl} \ge \max(c_k, c_l)

    with S the ``clique_similarity`` and c the ``compactness``. So friends of a friend
    become friends, though never more than two cliques at a time.

    Parameters
    ----------
    sim : (n, n), similarities, symmetric
    member : (K, n), True where the point is in the clique

    Returns
    -------
    member : (K', n), K / 2 <= K' <= K, in the order of the first clique of each pair

    Raises
    ------
    ValueError : unless sim is symmetric (n, n), and each clique has a member

    Source: the step is that of Milbich, Ghori, Diego, Ommer, Pattern Recognition 102,
    2020, who consolidate subsets by transitivity; the rule is ours.

    >>> x = torch.tensor([0.0, 3.0, 1.0, 4.0, 8.0, 9.0])
    >>> member = torch.eye(3, dtype=torch.bool).repeat_interleave(2, dim=1)
    >>> merge_cliques(-(x[:, None] - x).abs(), member).int()
    tensor([[1, 1, 1, 1, 0, 0],
            [0, 0, 0, 0, 1, 1]], dtype=torch.int32)
    """
    inner = compactness(sim, member)
    if len(member) < 2:
        return member
    S = clique_similarity(sim, member).fill_diagonal_(-torch.inf)
    own, other = torch.arange(len(S), device=S.device), S.argmax(dim=1)
    mutual = (other[other] == own) & (
        S[own, other] >= torch.maximum(inner, inner[other])
    )
    joined = torch.where(mutual[:, None], member | member[other], member)
    return joined[~mutual | (own < other)]
