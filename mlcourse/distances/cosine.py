"""Cosine distance: how different are two directions? Not a metric."""

from jaxtyping import Float
from torch import Tensor

from mlcourse.distances._points import as_points, directions
from mlcourse.distances.sqeuclidean import sqeuclidean


def cosine(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
    r"""One minus the cosine of the angle. Breaks the triangle inequality.

    .. math:: \Delta(x_i, y_j) = 1 - S_{ij}, \quad
        S_{ij} = \frac{x_i^\top y_j}{\lVert x_i \rVert \lVert y_j \rVert}, \quad
        1 - S_{ij} = \tfrac12 \Bigl\lVert \frac{x_i}{\lVert x_i \rVert}
            - \frac{y_j}{\lVert y_j \rVert} \Bigr\rVert^2

    Parameters
    ----------
    x, y : (n, d), (m, d), only their directions count; half and bfloat16 are computed
        in float32. The zero vector has no direction: it gets S = 0 with every other
        vector and S = 1 with itself.

    Returns
    -------
    (n, m) : no unit, from 0 (same direction) to 2 (opposite); float32 or float64.
        Computed by the last form, which does not cancel: the diagonal of ``cosine(x,
        x)`` is exactly 0. The gradient is 0 at 0, at 2, and at a zero vector.

    Raises
    ------
    TypeError, ValueError : unless x and y are tensors (n, d) and (m, d)

    Source: Salton, Wong, Yang, Comm. ACM 18, 1975 (S as a similarity of documents).

    >>> import torch
    >>> east = torch.tensor([[2.0, 0.0]])
    >>> others = torch.tensor([[0.0, 3.0], [-1.0, 0.0]])
    >>> cosine(east, others)
    tensor([[1., 2.]])
    """
    x, y = as_points(x, y)
    return (sqeuclidean(directions(x), directions(y)) / 2).clamp(max=2)
