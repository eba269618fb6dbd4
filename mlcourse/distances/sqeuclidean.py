"""Squared Euclidean distance: easy to optimise, and no metric."""

from jaxtyping import Float
from torch import Tensor

from mlcourse.distances._points import as_points
from mlcourse.distances._squares import squares


def sqeuclidean(
    x: Float[Tensor, "n d"], y: Float[Tensor, "m d"]
) -> Float[Tensor, "n m"]:
    r"""Sum of squared differences. Keeps every ranking, breaks the triangle inequality.

    .. math:: \Delta(x_i, y_j) = \lVert x_i - y_j \rVert_2^2
        = \sum_k (x_{ik} - y_{jk})^2

    Parameters
    ----------
    x, y : (n, d), (m, d), any one unit; half and bfloat16 are computed in float32

    Returns
    -------
    (n, m) : in the unit of x, squared; float32 or float64. Computed from the
        differences, not by squaring a root: whole numbers stay whole. Smooth
        everywhere, with gradient 0 at distance 0. O(n m d) time, O(n m) memory.

    Raises
    ------
    TypeError, ValueError : unless x and y are tensors (n, d) and (m, d)

    Source: the slide "(Pseudo) Metric" calls it a (pseudo-)metric; that is a misprint.
    Three points on a line at 0, 1, 2 show it: 4 > 1 + 1.

    >>> import torch
    >>> line = torch.tensor([[0.0], [1.0], [2.0]])
    >>> sqeuclidean(line, line)
    tensor([[0., 1., 4.],
            [1., 0., 1.],
            [4., 1., 0.]])
    """
    x, y = as_points(x, y)
    return squares(x, y)
