"""More relations from those at hand: who is like a whole clique belongs to it."""

import torch
from jaxtyping import Bool, Float
from scipy.special import stdtr
from torch import Tensor

from mlcourse.selfsupervised._members import check_member, check_sim


@torch.no_grad()
def extend_cliques(
    sim: Float[Tensor, "n n"], member: Bool[Tensor, "k n"], *, level: float | int = 1e-3
) -> Bool[Tensor, "k n"]:
    r"""Add to a clique whom its members, on average, are too much like for chance.

    .. math:: a_{kj} = \frac{1}{|C_k|} \sum_{i \in C_k} s_{ij}, \qquad
        j \text{ joins } \arg\max_k a_{kj} \text{ if } \Pr(t_{\nu_k} > a_{kj}) < p

    with a t-distribution of the mean, variance and kurtosis that a_k has over the
    points outside clique k. Only points that are in no clique join.

    Parameters
    ----------
    sim : (n, n), similarities, symmetric
    member : (K, n), True where the point is in the clique
    level : p, from 0 to 1; 0 lets nobody in

    Returns
    -------
    member : (K, n), no clique smaller; disjoint cliques stay disjoint

    Raises
    ------
    ValueError : unless sim is symmetric (n, n), each clique has a member and leaves out
        four points or more, and level is from 0 to 1

    Source: the code of Bautista, Sanakoyeu, Tikhoncheva, Ommer, NIPS 2016, which fits t
    by likelihood to 500 of the a_kj; here it has their moments. A point that several
    cliques want is theirs there.

    >>> x = torch.cat([torch.linspace(-1, 1, 96), torch.tensor([5.0, 5.1, 5.2, 5.3])])
    >>> member = torch.zeros(1, 100, dtype=torch.bool)
    >>> member[0, [96, 97]] = True
    >>> extend_cliques(-(x[:, None] - x).abs(), member).nonzero()[:, 1].tolist()
    [96, 97, 98, 99]
    """
    sim = check_sim(sim).double()
    outside = ~check_member(member, len(sim))
    if not 0 <= level <= 1 or (outside.sum(dim=1) < 4).any():
        raise ValueError(
            "level must be from 0 to 1, and each clique must leave out four points or "
            f"more, got {level} and {len(sim)} points"
        )
    if not len(member):
        return member
    size = member.sum(dim=1, keepdim=True)
    average = member.double() @ sim / size  # (K, n)
    n = outside.sum(dim=1, keepdim=True)
    mean = (average * outside).sum(dim=1, keepdim=True) / n
    gap = average - mean
    square, fourth = ((gap**p * outside).sum(dim=1, keepdim=True) / n for p in (2, 4))
    excess = fourth / square.square() - 3  # 6 / (nu - 4) for t
    nu = 4 + 6 / excess.clamp(min=1e-9)
    scale = (square * (nu - 2) / nu).sqrt()
    chance = torch.as_tensor(stdtr(nu.cpu().numpy(), -(gap / scale).cpu().numpy())).to(
        sim.device
    )
    nearest = torch.zeros_like(member).scatter_(0, average.argmax(dim=0)[None], True)
    free = ~member.any(dim=0)
    return member | (nearest & free & (chance < level))
