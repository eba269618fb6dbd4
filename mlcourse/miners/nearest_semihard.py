"""FaceNet's semi-hard negatives: of those behind the positive the nearest alone."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_positive
from mlcourse.miners._batch import as_square, blocks, partners


@torch.no_grad()
def nearest_semihard_triplets(
    dist: Float[Tensor, "n n"], labels: Int[Tensor, " n"], *, margin: float | int
) -> Int[Tensor, "t 3"]:
    r"""Every ordered positive pair with the nearest of its semi-hard negatives.

    .. math:: n(a, p) = \arg\min_{y_n \ne y_a,\; \Delta_{an} > \Delta_{ap}} \Delta_{an}
        \quad \text{where } \Delta_{a n(a, p)} < \Delta_{ap} + m

    Of what ``semihard_triplets`` finds, one negative a pair: a mean over the whole band
    is mostly one over its far end.

    Parameters
    ----------
    dist : (n, n), Delta(psi(x_i), psi(x_j)); row a is what anchor a sees
    labels : (n,), class of each point, any integers
    margin : m > 0, in the unit of dist; inf for the nearest negative behind the
        positive, however far

    Returns
    -------
    (t, 3) : rows (a, p, n) in the order of (a, p), without a gradient; of equally near
        negatives the lower index. A pair with no negative in its band has no row.
        O(n^2 s) time for s positives of an anchor, O(n^2) memory.

    Raises
    ------
    ValueError : unless dist is finite (n, n), labels (n,) whole numbers, margin > 0

    Source: Schroff, Kalenichenko, Philbin, FaceNet, CVPR 2015, Sec. 3.2, on squared
    distances: one negative of the band for each (a, p), which they do not name. That it
    is the nearest, as in TensorFlow Addons, is our reading; where nothing is behind the
    positive, that code takes the farthest negative, and we none.

    >>> dist = torch.tensor([[0.0, 0.5, 0.7, 0.6], [0.5, 0, 0.4, 0.6],
    ...                      [0.7, 0.4, 0, 0.3], [0.6, 0.6, 0.3, 0]])
    >>> labels = torch.tensor([7, 7, 1, 2])
    >>> nearest_semihard_triplets(dist, labels, margin=0.3).tolist()
    [[0, 1, 3], [1, 0, 3]]
    """
    check_positive(margin, "margin")
    dist = as_square(dist, "dist")
    positive, negative = partners(labels, len(dist))
    others = torch.where(negative, dist, torch.inf)
    a, p = positive.nonzero(as_tuple=True)
    if not len(a):
        return a.new_empty(0, 3)
    found = []
    for a_, p_ in zip(blocks(a, len(dist)), blocks(p, len(dist)), strict=True):
        d_ap, d_an = dist[a_, p_, None], others.index_select(0, a_)  # (b, 1), (b, n)
        least, n = d_an.masked_fill_(d_an <= d_ap, torch.inf).min(dim=1)
        row = least < d_ap[:, 0] + margin
        found.append(torch.stack([a_[row], p_[row], n[row]]))
    return torch.cat(found, dim=1).T
