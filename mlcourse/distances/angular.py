"""Angular distance: the arc between two directions on the sphere."""

import torch
from jaxtyping import Float
from torch import Tensor

from mlcourse.distances._points import as_points, directions
from mlcourse.distances.euclidean import euclidean


def angular(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
    r"""The angle between two vectors. A metric on directions.

    .. math:: \Delta(x_i, y_j) = \arccos S_{ij} =
        2 \operatorname{arctan2} \bigl( \lVert u_i - v_j \rVert, \lVert u_i + v_j \rVert
        \bigr), \quad u_i = \frac{x_i}{\lVert x_i \rVert}, \;
        v_j = \frac{y_j}{\lVert y_j \rVert}, \; S_{ij} = u_i^\top v_j

    Parameters
    ----------
    x, y : (n, d), (m, d), only their directions count; half and bfloat16 are computed
        in float32. The zero vector gets S = 0 (a right angle) with every other vector
        and S = 1 with itself.

    Returns
    -------
    (n, m) : radians, from 0 (same direction) to pi (opposite); float32 or float64.
        Computed by the second form: arccos has an infinite slope at S = 1 and S = -1,
        and there loses half of the digits. The diagonal of ``angular(x, x)`` is exactly
        0. The gradient is 0 at 0 and at pi (where there is none) and at a zero vector.
        On vectors, a pseudo-metric: x and 3x are at distance 0, up to rounding.

    Raises
    ------
    TypeError, ValueError : unless x and y are tensors (n, d) and (m, d)

    Source: Kahan, How Futile are Mindless Assessments of Roundoff, 2006 (arctan2 form).

    >>> east = torch.tensor([[2.0, 0.0]])
    >>> others = torch.tensor([[0.0, 3.0], [-1.0, 0.0]])
    >>> angular(east, others)
    tensor([[1.5708, 3.1416]])
    """
    x, y = as_points(x, y)
    u, v = directions(x), directions(y)
    return 2 * torch.atan2(euclidean(u, v), euclidean(u, -v))
