"""Semi-hard negatives: behind the positive, but inside the margin."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_positive
from mlcourse.miners._band import in_band
from mlcourse.miners._batch import as_square, partners


@torch.no_grad()
def semihard_triplets(
    dist: Float[Tensor, "n n"], labels: Int[Tensor, " n"], *, margin: float | int
) -> Int[Tensor, "t 3"]:
    r"""Every triplet whose order is right already, but not by the margin.

    .. math:: T = \{ (a, p, n) : a \ne p,\; y_a = y_p \ne y_n,\;
        \Delta_{ap} < \Delta_{an} < \Delta_{ap} + m \}

    Parameters
    ----------
    dist : (n, n), Delta(psi(x_i), psi(x_j)); row a is what anchor a sees
    labels : (n,), class of each point, any integers
    margin : m > 0, in the unit of dist; give the margin of the loss, and to both the
        same distance: a margin of squared distances is another one

    Returns
    -------
    (t, 3) : rows (a, p, n) in lexicographic order, without a gradient; (0, 3) where
        there is none. O(n^2 s) time for s positives of an anchor, O(n^2 + t) memory.

    Raises
    ------
    ValueError : unless dist is finite (n, n), labels (n,) whole numbers, margin > 0

    Source: Schroff, Kalenichenko, Philbin, FaceNet, CVPR 2015, Sec. 3.2, who have
    squared distances and take one negative of the band for each (a, p); here all.

    >>> dist = torch.tensor([[0.0, 0.5, 0.6, 0.9], [0.5, 0, 0.4, 0.6],
    ...                      [0.6, 0.4, 0, 0.3], [0.9, 0.6, 0.3, 0]])
    >>> semihard_triplets(dist, torch.tensor([7, 7, 1, 2]), margin=0.2).tolist()
    [[0, 1, 2], [1, 0, 3]]
    """
    check_positive(margin, "margin")
    dist = as_square(dist, "dist")
    positive, negative = partners(labels, len(dist))
    a, p = positive.nonzero(as_tuple=True)
    return in_band(dist, negative, a, p, margin=margin)
