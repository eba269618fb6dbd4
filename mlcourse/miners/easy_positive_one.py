"""Easy positives with one negative each: the hardest, or the hardest behind them."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.miners._batch import as_square, nearest, one_each, partners


@torch.no_grad()
def ephn_triplets(
    dist: Float[Tensor, "n n"], labels: Int[Tensor, " n"]
) -> Int[Tensor, "t 3"]:
    r"""Easy positive, hard negative: the nearest of either kind, one triplet an anchor.

    .. math:: p(a) = \arg\min_{p \ne a,\; y_p = y_a} \Delta_{ap}, \qquad
        n(a) = \arg\min_{y_n \ne y_a} \Delta_{an}

    Parameters
    ----------
    dist : (n, n), Delta(psi(x_i), psi(x_j)); row a is what anchor a sees
    labels : (n,), class of each point, any integers

    Returns
    -------
    (t, 3) : rows (a, p, n) in the order of a, without a gradient; of equal distances
        the lower index. O(n^2).

    Raises
    ------
    ValueError : unless dist is finite (n, n) and labels (n,) whole numbers

    Source: Xuan, Stylianou, Pless, WACV 2020, Sec. 3 (EPHN).

    >>> dist = torch.tensor([[0.0, 0.5, 0.2], [0.5, 0, 0.4], [0.2, 0.4, 0]])
    >>> ephn_triplets(dist, torch.tensor([7, 7, 2])).tolist()
    [[0, 1, 2], [1, 0, 2]]
    """
    dist = as_square(dist, "dist")
    positive, negative = partners(labels, len(dist))
    p, has_positive = nearest(dist, positive)
    n, has_negative = nearest(dist, negative)
    return one_each(p, n, has_positive & has_negative)


@torch.no_grad()
def epshn_triplets(
    dist: Float[Tensor, "n n"], labels: Int[Tensor, " n"]
) -> Int[Tensor, "t 3"]:
    r"""Easy positive, semi-hard negative: the nearest negative behind the positive.

    .. math:: p(a) = \arg\min_{p \ne a,\; y_p = y_a} \Delta_{ap}, \qquad
        n(a) = \arg\min_{y_n \ne y_a,\; \Delta_{an} > \Delta_{a p(a)}} \Delta_{an}

    Parameters
    ----------
    dist : (n, n), Delta(psi(x_i), psi(x_j)); row a is what anchor a sees
    labels : (n,), class of each point, any integers

    Returns
    -------
    (t, 3) : rows (a, p, n) in the order of a, without a gradient; of equal distances
        the lower index. An anchor all of whose negatives are nearer than its positive
        has no row. O(n^2).

    Raises
    ------
    ValueError : unless dist is finite (n, n) and labels (n,) whole numbers

    Source: Xuan, Stylianou, Pless, WACV 2020, Sec. 3 (EPSHN). Their code also drops
    anchors whose best cosine is not above 0, and positives with a cosine above 0.9999.

    >>> dist = torch.tensor([[0.0, 0.3, 0.2], [0.3, 0, 0.4], [0.2, 0.4, 0]])
    >>> epshn_triplets(dist, torch.tensor([7, 7, 2])).tolist()
    [[1, 0, 2]]
    """
    dist = as_square(dist, "dist")
    positive, negative = partners(labels, len(dist))
    p, has_positive = nearest(dist, positive)
    behind = dist > dist.gather(1, p[:, None])
    n, has_negative = nearest(dist, negative & behind)
    return one_each(p, n, has_positive & has_negative)
