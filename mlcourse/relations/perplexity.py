"""How much of a neighbour: each row of distances becomes probabilities."""

from math import log

import torch
from jaxtyping import Float
from torch import Tensor

from mlcourse._check import (
    check_dist,
    check_nonnegative,
    check_perplexity,
    check_queries,
    check_symmetric,
)


def neighbour_probabilities(
    dist: Float[Tensor, "n n"], *, perplexity: float | int
) -> Float[Tensor, "n n"]:
    r"""Row i: the chance that i picks j as its neighbour; 0 on the diagonal.

    .. math::
        p_{j|i} = \frac{e^{-\beta_i \Delta_{ij}^2}}
                       {\sum_{k \ne i} e^{-\beta_i \Delta_{ik}^2}}, \quad
        \beta_i : \exp\Bigl(-\sum_j p_{j|i} \ln p_{j|i}\Bigr) = \text{perplexity}

    Parameters
    ----------
    dist : (n, n), symmetric, >= 0; squared in here. The diagonal is not used.
    perplexity : effective number of neighbours, 1 < perplexity < n - 1

    Returns
    -------
    (n, n) : float64, rows sum to 1. beta_i = 1 / (2 sigma_i^2) is found by bisection,
        to 1e-9 in perplexity. Where a point has more nearest twins (equal distances)
        than that, no beta_i reaches it: the row is then uniform over those twins.

    Raises
    ------
    ValueError : if dist is not square, symmetric, finite and >= 0, or perplexity is
        out of range.

    Source: Hinton and Roweis, NIPS 2002; van der Maaten and Hinton, JMLR 9, 2008.

    >>> line = torch.tensor([[0.0], [1.0], [3.0]])
    >>> neighbour_probabilities(torch.cdist(line, line), perplexity=1.5)[0]
    tensor([0.0000, 0.8597, 0.1403], dtype=torch.float64)
    """
    check_dist(dist)
    check_queries(dist)
    check_nonnegative(dist)
    check_symmetric(dist)
    check_perplexity(perplexity, len(dist))
    unit = dist.detach().double().clone().fill_diagonal_(0)
    energy = (unit / unit.max().clamp(min=1e-300)).square().fill_diagonal_(torch.inf)
    energy -= energy.min(dim=1, keepdim=True).values  # the nearest weighs exp(0) = 1
    energy.fill_diagonal_(0)  # (n, n), in [0, 1]

    beta = 1 / energy.mean(dim=1, keepdim=True).clamp(min=1e-30)  # (n, 1)
    low, high = torch.zeros_like(beta), torch.full_like(beta, torch.inf)
    for _ in range(200):
        p = torch.exp(-beta * energy).fill_diagonal_(0)
        total = p.sum(dim=1, keepdim=True)
        p /= total
        entropy = total.log() + beta * (p * energy).sum(dim=1, keepdim=True)
        if ((entropy.exp() - perplexity).abs() < 1e-9).all():
            break
        flat = entropy > log(perplexity)  # too many neighbours: raise beta
        low, high = torch.where(flat, beta, low), torch.where(flat, high, beta)
        beta = torch.where(high.isinf(), 2 * low, (low + high) / 2)
    return p
