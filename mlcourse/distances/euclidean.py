"""Euclidean distance: the straight line."""

import torch
from jaxtyping import Float
from torch import Tensor

from mlcourse.distances._points import as_points


def euclidean(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
    r"""Distance of every row of x to every row of y along the straight line. A metric.

    .. math:: \Delta(x_i, y_j) = \lVert x_i - y_j \rVert_2
        = \Bigl( \sum_k (x_{ik} - y_{jk})^2 \Bigr)^{1/2}

    Parameters
    ----------
    x, y : (n, d), (m, d), any one unit; half and bfloat16 are computed in float32

    Returns
    -------
    (n, m) : in the unit of x, float32 or float64. Exact where it matters: the diagonal
        of ``euclidean(x, x)`` is 0 and the matrix symmetric, at any size. The gradient
        at distance 0, where there is none, is taken as 0, and it has no further
        gradient. O(n m d) time, O(n m) memory.

    Raises
    ------
    TypeError, ValueError : unless x and y are tensors (n, d) and (m, d)

    Source: Euclid; the slide "(Pseudo) Metric". torch.cdist's default mode expands
    x^2 + y^2 - 2xy, which is faster and loses Delta(x, x) = 0 to rounding; we do not.

    >>> euclidean(torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0], [0.0, 2.0]]))
    tensor([[5., 2.]])
    """
    x, y = as_points(x, y)
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")
