"""How alike the points of a batch are, taught by one space to another."""

import torch
from jaxtyping import Float
from torch import Tensor

from mlcourse._check import check_positive


def similarity_distillation(
    sim: Float[Tensor, "n n"],
    target: Float[Tensor, "n n"],
    *,
    temperature: float | int = 1.0,
) -> Float[Tensor, ""]:
    r"""Divergence of a batch's similarities from those that a target space has.

    .. math:: L = \frac{T^2}{n} \sum_i \mathrm{KL}\bigl( \sigma(\bar S'_i / T)
        \,\|\, \sigma(S_i / T) \bigr)

    sigma: softmax over the row; S' bar: without a gradient.

    Parameters
    ----------
    sim, target : (n, n), S and S', cosines of the same n points in two spaces; the
        diagonal, 1 in both, counts like the rest
    temperature : T > 0, in the unit of a cosine

    Returns
    -------
    () : >= 0, no unit; 0 if the rows differ by a number each, or without points

    Raises
    ------
    ValueError : unless both are (n, n), and T > 0

    Source: Roth, Milbich, Ommer, Cohen, Ghassemi, ICML 2021.

    >>> import torch
    >>> sim, target = torch.eye(2), torch.ones(2, 2)
    >>> similarity_distillation(sim, target)  # log (1 + e) - log 2 - 1 / 2
    tensor(0.1201)
    """
    check_positive(temperature, "temperature")
    if sim.ndim != 2 or sim.shape[0] != sim.shape[1] or sim.shape != target.shape:
        raise ValueError(
            "sim and target must be (n, n) matrices of the same points, got "
            f"{tuple(sim.shape)} and {tuple(target.shape)}; they are z @ z.T of each"
        )
    finer = torch.promote_types(sim.dtype, torch.float32)
    log_p = (target.detach().to(finer) / temperature).log_softmax(dim=1)
    log_q = (sim.to(finer) / temperature).log_softmax(dim=1)
    divergence = (log_p.exp() * (log_p - log_q)).sum()
    return temperature**2 * divergence / max(len(sim), 1)
