"""Spread directions over the sphere as random ones would be."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize, relu

from mlcourse._check import check_points


def spread(z: Float[Tensor, "n k"]) -> Float[Tensor, ""]:
    r"""Make the first two moments of the cosines those of the uniform sphere.

    .. math:: R(\psi) = \overline{S}^2 + \bigl[\overline{S^2} - \tfrac1k\bigr]_+

    bars: means over i != j of the cosines S_ij of z_i and z_j.

    Parameters
    ----------
    z : (n, k), embeddings of any length

    Returns
    -------
    () : from 0 to 2 - 1/k, which is a collapsed embedding; 0 with fewer than 2 points

    Raises
    ------
    ValueError : unless z is a finite (n, k) matrix

    Source: Zhang, Yu, Kumar, Chang, ICCV 2017, eq. 5. There the means run over pairs of
    different classes alone; here over all, as R does not know the labels.

    >>> spread(torch.tensor([[2.0, 0.0], [0.0, 1.0]])), spread(torch.ones(3, 2))
    (tensor(0.), tensor(1.5000))
    """
    z = check_points(z, "z")
    n, k = z.shape
    if n < 2:
        return z.sum() * 0
    u = normalize(z, dim=1)
    sim = u @ u.T
    others = ~torch.eye(n, dtype=torch.bool, device=z.device)
    first, second = sim[others].mean(), sim[others].square().mean()
    return first.square() + relu(second - 1 / k)
