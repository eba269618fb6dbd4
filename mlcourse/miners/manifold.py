"""Mining on manifolds: positives and negatives without any label."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mlcourse._check import check_neighbours, check_points, check_positive
from mlcourse._neighbours import neighbours
from mlcourse.miners._walks import Walks

#: Cells of the block of anchors times points that is looked at in one piece.
CELLS = 2**19


class Pools(NamedTuple):
    """What ``manifold_pools`` gives: pairs, and what the similar ones weigh."""

    S: Int[Tensor, "s 2"]
    D: Int[Tensor, "r 2"]
    weights: Float[Tensor, " s"]


@torch.no_grad()
def manifold_pools(
    z: Float[Tensor, "n d"],
    *,
    positives: int = 50,
    negatives: int = 100,
    pool: int = 50,
    k: int = 30,
    power: float | int = 3,
    alpha: float | int = 0.99,
) -> Pools:
    r"""Far but on the manifold: similar. Near but off it: dissimilar.

    .. math:: P^+(r) = N^m_k(r) \setminus N^e_k(r), \qquad
        P^-(r) = N^e_{k'}(r) \setminus N^m_{k'}(r)

    with N^e the nearest others by distance, N^m those of largest
    ``manifold_similarity`` f_r > 0.

    Parameters
    ----------
    z : (n, d), embeddings that mean something already, of all training points
    positives, negatives : k, k' < n; k below the number of points that are alike
    pool : >= 1, most pairs of a kind that an anchor keeps: by f for S, distance for D
    k, power, alpha : of ``manifold_similarity``

    Returns
    -------
    S, D : (s, 2), (r, 2), pairs (anchor, other), anchor by anchor, the most alike first
    weights : (s,), f of the pairs of S, by which their triplets count

    Raises
    ------
    ValueError : unless z is finite (n, d), and the numbers are in their range

    Source: Iscen, Tolias, Avrithis, Chum, CVPR 2018; numbers of their birds.

    >>> z = torch.tensor([[0.0, 0.0], [0.3, 0.0], [0.6, 0.0], [0.9, 0.0],  # a chain
    ...                   [0.3, 0.35], [0.3, 0.36], [0.3, 0.37]])  # and a heap
    >>> S, D, _ = manifold_pools(z, positives=2, negatives=2, k=2)
    >>> S.tolist(), D.tolist()
    ([[0, 2]], [[0, 4]])
    """
    z = check_points(z, "z")
    for name, number in (("positives", positives), ("negatives", negatives)):
        check_neighbours(number, len(z) - 1, name, "other points")
    check_positive(pool, "pool")
    near = neighbours(z, max(positives, negatives))
    walks = Walks(z, k=k, power=power, alpha=alpha)
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    for anchors in torch.arange(len(z)).split(max(CELLS // len(z), 1)):
        f = walks.similarity(anchors)
        f[torch.arange(len(anchors)), anchors] = 0  # nobody is an own neighbour
        like, order = f.sort(dim=1, descending=True, stable=True)
        order = torch.where(like > 0, order, anchors[:, None])  # no walk arrives
        S, D = order[:, :positives], near[anchors, :negatives]
        far = _without(S, near[anchors, :positives], anchors, len(z), pool)
        off = _without(D, order[:, :negatives], anchors, len(z), pool)
        pairs = [torch.stack([anchors[keep.nonzero()[:, 0]], other[keep]], dim=1)
                 for other, keep in ((S, far), (D, off))]  # fmt: skip
        found.append((pairs[0], pairs[1], like[:, :positives][far]))
    return Pools(*(torch.cat(part).to(z.device) for part in zip(*found, strict=True)))


def _without(
    found: Int[Tensor, "b k"],
    others: Int[Tensor, "b l"],
    anchors: Int[Tensor, " b"],
    n: int,
    pool: int,
) -> Bool[Tensor, "b k"]:
    """The first of those found that are neither among the others nor the anchor."""
    taken = torch.zeros(len(found), n, dtype=torch.bool)
    taken.scatter_(1, others, True).scatter_(1, anchors[:, None], True)
    keep = ~taken.gather(1, found)
    return keep & (keep.cumsum(dim=1) <= pool)
