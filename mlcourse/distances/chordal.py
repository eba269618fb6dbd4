"""Chordal distance: the straight line between two directions on the sphere."""

from jaxtyping import Float
from torch import Tensor

from mlcourse.distances._points import as_points, directions
from mlcourse.distances.euclidean import euclidean


def chordal(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
    r"""Euclidean distance of the normalised vectors. A metric on directions.

    .. math:: \Delta(x_i, y_j) = \sqrt{2 - 2 S_{ij}} =
        \Bigl\lVert \frac{x_i}{\lVert x_i \rVert}
            - \frac{y_j}{\lVert y_j \rVert} \Bigr\rVert, \quad
        S_{ij} = \frac{x_i^\top y_j}{\lVert x_i \rVert \lVert y_j \rVert}

    Parameters
    ----------
    x, y : (n, d), (m, d), only their directions count; half and bfloat16 are computed
        in float32. The zero vector gets S = 0 with every other vector, S = 1 with
        itself.

    Returns
    -------
    (n, m) : no unit, from 0 (same direction) to 2 (opposite); float32 or float64.
        Computed by the second form: near 0 in float32 the first is wrong by 3e-4 and
        more, the second by 1e-7; the diagonal of ``chordal(x, x)`` is exactly 0. The
        gradient is 0 at 0 (where there is none), at 2, and at a zero vector.
        On vectors, a pseudo-metric: x and 3x are at distance 0, up to rounding.

    Raises
    ------
    TypeError, ValueError : unless x and y are tensors (n, d) and (m, d)

    Source: elementary; it is Delta of most deep metric learning (Wu et al., ICCV 2017).

    >>> import torch
    >>> east = torch.tensor([[2.0, 0.0]])
    >>> others = torch.tensor([[0.0, 3.0], [-1.0, 0.0]])
    >>> chordal(east, others)
    tensor([[1.4142, 2.0000]])
    """
    x, y = as_points(x, y)
    return euclidean(directions(x), directions(y)).clamp(max=2)
