"""Batch-hard: the worst of each anchor's friends, the worst of its strangers."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.miners._batch import as_square, nearest, one_each, partners


@torch.no_grad()
def hard_triplets(
    dist: Float[Tensor, "n n"], labels: Int[Tensor, " n"]
) -> Int[Tensor, "t 3"]:
    r"""One triplet an anchor: its farthest positive and its nearest negative.

    .. math:: p(a) = \arg\max_{p \ne a,\; y_p = y_a} \Delta_{ap}, \qquad
        n(a) = \arg\min_{y_n \ne y_a} \Delta_{an}

    Parameters
    ----------
    dist : (n, n), Delta(psi(x_i), psi(x_j)); row a is what anchor a sees
    labels : (n,), class of each point, any integers

    Returns
    -------
    (t, 3) : rows (a, p, n) in the order of a, without a gradient. Of equal distances
        the lower index is taken; an anchor without a positive or without a negative
        has no row. O(n^2).

    Raises
    ------
    ValueError : unless dist is finite (n, n) and labels (n,) whole numbers

    Source: Hermans, Beyer, Leibe, arXiv:1703.07737, 2017, eq. 5. From random weights
    it tends to collapse all points to one; then the triplet loss stays at its margin.

    >>> dist = torch.tensor([[0.0, 0.5, 0.7, 0.9], [0.5, 0, 0.4, 0.6],
    ...                      [0.7, 0.4, 0, 0.3], [0.9, 0.6, 0.3, 0]])
    >>> hard_triplets(dist, torch.tensor([7, 7, 7, 2])).tolist()
    [[0, 2, 3], [1, 0, 3], [2, 0, 3]]
    """
    dist = as_square(dist, "dist")
    positive, negative = partners(labels, len(dist))
    p, has_positive = nearest(-dist, positive)
    n, has_negative = nearest(dist, negative)
    return one_each(p, n, has_positive & has_negative)
