"""Parzen density: how crowded is it around a query?"""

from math import log, pi

from jaxtyping import Float
from torch import Tensor

from mlcourse._check import check_nonnegative, check_positive, check_queries


def parzen_log_density(
    dist: Float[Tensor, "q m"], *, bandwidth: float | int, dim: int
) -> Float[Tensor, " q"]:
    r"""Natural logarithm of the Parzen density; it stays finite in many dimensions.

    .. math::
        \ln \hat p(q) = \ln \sum_{j=1}^{m} \exp\Bigl(-\frac{\Delta_{qj}^2}{2 h^2}\Bigr)
            - \ln m - d \ln h - \tfrac{d}{2} \ln 2\pi

    Parameters
    ----------
    dist, bandwidth, dim : as for :func:`parzen_density`

    Returns
    -------
    (q,) : natural logarithm of the density, by logsumexp

    Raises
    ------
    ValueError : as :func:`parzen_density`

    Source: Parzen, Ann. Math. Stat. 33, 1962, with a Gaussian kernel.

    >>> import torch
    >>> parzen_log_density(torch.tensor([[100.0]]), bandwidth=1.0, dim=1)
    tensor([-5000.9189])
    """
    check_queries(dist)
    check_nonnegative(dist)
    check_positive(bandwidth, "bandwidth")
    check_positive(dim, "dim")
    log_volume = log(dist.shape[1]) + dim * (log(bandwidth) + 0.5 * log(2 * pi))
    return (-0.5 * (dist / bandwidth).square()).logsumexp(dim=1) - log_volume


def parzen_density(
    dist: Float[Tensor, "q m"], *, bandwidth: float | int, dim: int
) -> Float[Tensor, " q"]:
    r"""Mean of Gaussian bumps, one around each reference.

    .. math::
        \hat p(q) = \frac{1}{m\, h^d (2\pi)^{d/2}}
            \sum_{j=1}^{m} \exp\Bigl( -\frac{\Delta_{qj}^2}{2 h^2} \Bigr)

    Parameters
    ----------
    dist : (q, m), queries x references, Euclidean; inf removes a reference (but m
        still counts it: multiply by m / (m - 1) where one is left out).
    bandwidth : h > 0, in the unit of dist
    dim : d, dimension of the space in which the density is to integrate to 1

    Returns
    -------
    (q,) : density, in units of 1 / distance^d. Computed through its logarithm
        (:func:`parzen_log_density`), so no term underflows before the sum does.

    Raises
    ------
    ValueError : if dist is no matrix, is negative or NaN somewhere, or h or d <= 0.

    Source: Parzen, Ann. Math. Stat. 33, 1962, with a Gaussian kernel.

    >>> import torch
    >>> parzen_density(torch.tensor([[0.0, 2.0], [9.0, 9.0]]), bandwidth=1.0, dim=1)
    tensor([2.2647e-01, 1.0280e-18])
    """
    return parzen_log_density(dist, bandwidth=bandwidth, dim=dim).exp()
