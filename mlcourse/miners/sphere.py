"""How far apart are two random points of a sphere? Nearly all at sqrt 2."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def sphere_log_density(dist: Float[Tensor, "*n"], *, dim: int) -> Float[Tensor, "*n"]:
    r"""Log of the density of the distance of two even draws from the unit sphere.

    .. math:: q(\delta) = \frac{1}{Z}\, \delta^{d - 2}
        \Bigl(1 - \frac{\delta^2}{4}\Bigr)^{\frac{d - 3}{2}}, \qquad
        Z = 2^{d - 2}\, B\bigl(\tfrac{d - 1}2, \tfrac{d - 1}2\bigr)

    The same says: :math:`1 - \delta^2 / 4` is Beta distributed, both parameters
    (d - 1) / 2. For large d, delta is nearly normal: sqrt 2, variance 1 / (2 d).

    Parameters
    ----------
    dist : any shape, from 0 to 2: Euclidean distances of unit vectors
    dim : d >= 2, dimension of the space that the sphere lies in

    Returns
    -------
    like dist : log q, in float32 or finer; -inf where q is 0

    Raises
    ------
    ValueError : unless dim >= 2

    Source: Wu, Manmatha, Smola, Kraehenbuehl, ICCV 2017, Sec. 4, who leave out Z.

    >>> sphere_log_density(torch.tensor([0.5, 1.0, 1.4142]), dim=128)
    tensor([-89.8690, -16.4789,   1.8478])
    """
    if not dim >= 2:
        raise ValueError(
            f"dim must be >= 2, got {dim}; it is the number of columns of z, "
            "of which the distances were computed"
        )
    dist = dist.to(torch.promote_types(dist.dtype, torch.float32))
    half = (dim - 1) / 2
    log_z = (dim - 2) * math.log(2) + 2 * math.lgamma(half) - math.lgamma(dim - 1)
    rest = (1 - dist.square() / 4).clamp(min=0)
    return torch.xlogy(dim - 2, dist) + torch.xlogy(half - 1, rest) - log_z
