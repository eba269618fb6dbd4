"""Easy positives: an anchor is pulled to its nearest friend alone."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_positive
from mlcourse.miners._band import in_band
from mlcourse.miners._batch import as_square, nearest, partners


@torch.no_grad()
def easy_positive_triplets(
    dist: Float[Tensor, "n n"], labels: Int[Tensor, " n"], *, margin: float | int
) -> Int[Tensor, "t 3"]:
    r"""The nearest positive of each anchor with each of its semi-hard negatives.

    .. math:: p(a) = \arg\min_{p \ne a,\; y_p = y_a} \Delta_{ap}, \qquad
        T = \{ (a, p(a), n) : y_n \ne y_a,\;
        \Delta_{a p(a)} < \Delta_{an} < \Delta_{a p(a)} + m \}

    A class may then keep several modes: only the farthest positives would merge them.

    Parameters
    ----------
    dist : (n, n), Delta(psi(x_i), psi(x_j)); row a is what anchor a sees
    labels : (n,), class of each point, any integers
    margin : m > 0, in the unit of dist; inf for every negative behind the positive

    Returns
    -------
    (t, 3) : rows (a, p, n) in lexicographic order, without a gradient; the lower index
        of equally near positives. O(n^2 + t).

    Raises
    ------
    ValueError : unless dist is finite (n, n), labels (n,) whole numbers, margin > 0

    Source: Xuan, Stylianou, Pless, WACV 2020, Sec. 3. Their EPSHN, here
    ``epshn_triplets``, takes the nearest of these negatives and has no margin. A copy
    of the anchor in the batch is its nearest positive, and teaches nothing: draw each
    point once, as ``ClassBalancedBatches`` does.

    >>> dist = torch.tensor([[0.0, 0.5, 0.2, 0.3], [0.5, 0, 0.4, 0.6],
    ...                      [0.2, 0.4, 0, 0.3], [0.3, 0.6, 0.3, 0]])
    >>> easy_positive_triplets(dist, torch.tensor([7, 7, 7, 2]), margin=0.2).tolist()
    [[0, 2, 3], [2, 0, 3]]
    """
    check_positive(margin, "margin")
    dist = as_square(dist, "dist")
    positive, negative = partners(labels, len(dist))
    p, has_positive = nearest(dist, positive)
    (a,) = has_positive.nonzero(as_tuple=True)
    return in_band(dist, negative, a, p[a], margin=margin)
