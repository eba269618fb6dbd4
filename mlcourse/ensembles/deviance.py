"""Binomial deviance: the loss of a pair, smooth and without an end."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import softplus

from mlcourse._check import check_positive
from mlcourse.ensembles._pairs import check_square, same_and_other


def binomial_deviance(
    sim: Float[Tensor, "n n"],
    labels: Int[Tensor, " n"],
    *,
    weights: Float[Tensor, "n n"] | None = None,
    beta1: float | int = 2.0,
    beta2: float | int = 0.5,
    cost: float | int = 25.0,
) -> Float[Tensor, ""]:
    r"""Mean over the positive pairs, plus mean over the negative ones.

    .. math:: L = \frac{1}{|S|} \sum_{ij \in S} w_{ij} \ln(1 + e^{-a_{ij}})
        + \frac{1}{|D|} \sum_{ij \in D} w_{ij} \ln(1 + e^{-a_{ij}}), \qquad
        a_{ij} = \begin{cases} \beta_1 (s_{ij} - \beta_2) & S \\
        -C \beta_1 (s_{ij} - \beta_2) & D \end{cases}

    Parameters
    ----------
    sim : (n, n), cosines
    labels : (n,), class of each point, any integers
    weights : (n, n), w >= 0 of each pair, such as a matrix of ``boosted_weights``; None
        takes 1. They do not change by what is divided
    beta1, beta2, cost : slope > 0, threshold, and C > 0, how much steeper it is for a
        negative pair

    Returns
    -------
    () : 0, with gradient 0, without pairs. Ordered pairs; the diagonal is none

    Raises
    ------
    ValueError : unless sim is (n, n), labels (n,), beta1 and cost > 0

    Source: Yi, Lei, Liao, Li, ICPR 2014; with these numbers: Opitz, Waltner, Possegger,
    Bischof, ICCV 2017, whose code divides by |S| + n instead of |S|.

    >>> sim = torch.tensor([[1.0, 0.9, 0.5], [0.9, 1.0, 0.5], [0.5, 0.5, 1.0]])
    >>> binomial_deviance(sim, torch.tensor([4, 4, 7]))  # ln(1 + e^-0.8) + ln 2
    tensor(1.0642)
    """
    sim = check_square(sim)
    S, D = same_and_other(labels, len(sim))
    value = softplus(-pair_argument(sim, S, beta1=beta1, beta2=beta2, cost=cost))
    value = value if weights is None else weights * value
    zero = torch.zeros_like(value)
    pull = torch.where(S, value, zero).sum() / S.sum().clamp(min=1)
    return pull + torch.where(D, value, zero).sum() / D.sum().clamp(min=1)


def pair_argument(
    sim: Float[Tensor, "*m n n"],
    S: Tensor,
    *,
    beta1: float | int,
    beta2: float | int,
    cost: float | int,
) -> Float[Tensor, "*m n n"]:
    """The a of each pair: large where the judgement is kept."""
    check_positive(beta1, "beta1")
    check_positive(cost, "cost")
    slopes = sim.new_tensor([-cost * beta1, beta1])  # in the precision of sim
    return torch.where(S, slopes[1], slopes[0]) * (sim - beta2)
