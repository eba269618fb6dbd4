"""All negatives in a band behind the positive, in blocks of pairs."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mlcourse.miners._batch import blocks


def in_band(
    dist: Float[Tensor, "n n"],
    negative: Bool[Tensor, "n n"],
    a: Int[Tensor, " s"],
    p: Int[Tensor, " s"],
    *,
    margin: float | int,
) -> Int[Tensor, "t 3"]:
    """Rows (a, p, n) with d_ap < d_an < d_ap + margin, pair after pair.

    O(n^2 + t) memory: no more than a block of pairs meets all points at once.
    """
    others = torch.where(negative, dist, torch.inf)
    found = []
    for a_, p_ in zip(blocks(a, len(dist)), blocks(p, len(dist)), strict=True):
        d_ap, d_an = dist[a_, p_, None], others.index_select(0, a_)  # (b, 1), (b, n)
        row, n = ((d_ap < d_an) & (d_an < d_ap + margin)).nonzero(as_tuple=True)
        found.append(torch.stack([a_[row], p_[row], n]))
    return torch.cat(found, dim=1).T
