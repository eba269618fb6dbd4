"""Multi-similarity loss: a pair counts as much as it and its rivals are wrong."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mlcourse._check import check_positive
from mlcourse.losses._logsumexp import log1p_exp, logsumexp_of_few, logsumexp_over
from mlcourse.losses._matrix import as_square, same_class


def multi_similarity_loss(
    sim: Float[Tensor, "n n"],
    labels: Int[Tensor, " n"],
    *,
    alpha: float | int = 2.0,
    beta: float | int = 50.0,
    base: float | int = 0.5,
    epsilon: float | int | None = None,
) -> Float[Tensor, ""]:
    r"""Soft thresholds for positives and negatives of each anchor.

    .. math::
        L = \frac1n \sum_i \Bigl[
            \tfrac1\alpha \log\bigl(1 + \sum_{j \in P_i} e^{-\alpha (S_{ij} - b)}\bigr)
          + \tfrac1\beta \log\bigl(1 + \sum_{j \in N_i} e^{\beta (S_{ij} - b)}\bigr)
        \Bigr]

    With epsilon, only the negatives with :math:`S_{ij} > \min_{P_i} S - \epsilon` and
    the positives with :math:`S_{ij} < \max_{N_i} S + \epsilon` enter the sums.

    Parameters
    ----------
    sim : (n, n), cosine similarities S(psi(x_i), psi(x_j))
    labels : (n,); P_i holds the other points of the label of i, N_i the rest
    alpha, beta : > 0, sharpness on positives and on negatives
    base : b, the similarity at which weights turn; the paper prints 1, its code has 0.5
    epsilon : None, or slack of the mining, in the unit of sim; the paper has 0.1

    Returns
    -------
    () : >= 0. Mean over all n anchors; those without pairs count 0. O(n^2) memory.

    Raises
    ------
    ValueError : unless sim is (n, n), labels (n,) whole numbers, alpha and beta > 0

    Source: Wang, Han, Huang, Dong, Scott, CVPR 2019, eqs. 11, 14, 16.

    >>> sim = torch.tensor([[1.0, 0.9, 0.6], [0.9, 1.0, 0.4], [0.6, 0.4, 1.0]])
    >>> multi_similarity_loss(sim, torch.tensor([0, 0, 1]))
    tensor(0.1905)
    """
    check_positive(alpha, "alpha")
    check_positive(beta, "beta")
    sim = as_square(sim, "sim")
    same = same_class(labels, len(sim))
    negative, positive = ~same, same.fill_diagonal_(False)
    if epsilon is not None:
        positive, negative = mined(sim.detach(), positive, negative, epsilon)
    pull = alpha * base + logsumexp_of_few(sim, positive, scale=-alpha)
    push = logsumexp_over(sim, negative, scale=beta) - beta * base
    cost = log1p_exp(pull) / alpha + log1p_exp(push) / beta
    return cost.sum() / max(len(sim), 1)


def mined(
    sim: Float[Tensor, "n n"],
    positive: Bool[Tensor, "n n"],
    negative: Bool[Tensor, "n n"],
    epsilon: float | int,
) -> tuple[Bool[Tensor, "n n"], Bool[Tensor, "n n"]]:
    """The positives and negatives that a pair of the other kind makes informative."""
    if not len(sim):
        return positive, negative
    hardest = torch.where(positive, sim, torch.inf).amin(dim=1, keepdim=True)
    closest = torch.where(negative, sim, -torch.inf).amax(dim=1, keepdim=True)
    # not "nearer than": what is NaN stays, and makes the loss NaN
    return (
        positive & ~(sim >= closest + epsilon),
        negative & ~(sim <= hardest - epsilon),
    )
