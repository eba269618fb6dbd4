"""Minkowski distance: one family, from the city block to the largest difference."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from mlcourse._check import check_positive
from mlcourse.distances._points import as_points
from mlcourse.distances._powers import power_norm
from mlcourse.distances.euclidean import euclidean


def minkowski(
    x: Float[Tensor, "n d"], y: Float[Tensor, "m d"], *, p: float | int
) -> Float[Tensor, "n m"]:
    r"""The p-norm of every difference. A metric for p >= 1, and only for those.

    .. math:: \Delta_p(x_i, y_j) = \Bigl( \sum_k |x_{ik} - y_{jk}|^p \Bigr)^{1/p},
        \qquad \Delta_\infty(x_i, y_j) = \max_k |x_{ik} - y_{jk}|

    Parameters
    ----------
    x, y : (n, d), (m, d), any one unit; half and bfloat16 are computed in float32
    p : p > 0, no unit; ``math.inf`` is allowed. 1 is the city block, 2 is Euclid. With
        0 < p < 1 the formula is defined, the triangle inequality is not kept: allowed,
        so that it can be looked at.

    Returns
    -------
    (n, m) : in the unit of x, float32 or float64, exact zeros as in ``euclidean``.
        But for p = 2, which is ``euclidean``, differences are scaled by the largest
        before the power, so that none overflows. Where a difference is 0 the gradient
        is taken as 0. O(n m d) time, O(n m) memory.

    Raises
    ------
    ValueError : if p <= 0; TypeError, ValueError : unless x, y are (n, d) and (m, d)

    Source: Minkowski, Geometrie der Zahlen, 1896.

    >>> x, y = torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0]])
    >>> [minkowski(x, y, p=p).item() for p in (1, 2, math.inf)]
    [7.0, 5.0, 4.0]
    """
    check_positive(p, "p")
    if p == 2:
        return euclidean(x, y)
    x, y = as_points(x, y)
    if p in (1, math.inf):
        return torch.cdist(x, y, p=p)
    return power_norm(x, y, p)
