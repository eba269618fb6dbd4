"""Supervised contrastive loss: all positives at once against all others."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_positive
from mlcourse.losses._logsumexp import logsumexp_over
from mlcourse.losses._matrix import as_square, mean_over, positives


def supcon_loss(
    sim: Float[Tensor, "n n"],
    labels: Int[Tensor, " n"],
    *,
    temperature: float | int = 0.1,
) -> Float[Tensor, ""]:
    r"""Mean over positives outside the logarithm, all others in the denominator.

    .. math::
        L = \operatorname*{mean}_{i : P_i \ne \emptyset} \frac{-1}{|P_i|}
            \sum_{p \in P_i} \log \frac{e^{S_{ip} / \tau}}
            {\sum_{a \ne i} e^{S_{ia} / \tau}}

    Parameters
    ----------
    sim : (n, n), cosine similarities S(psi(x_i), psi(x_j))
    labels : (n,); P_i holds the other points of the label of i
    temperature : tau > 0, in the unit of sim

    Returns
    -------
    () : no unit. Its least value is no 0: log(m - 1) with m points a class; 0 where no
        anchor has a positive. O(n^2) memory.

    Raises
    ------
    ValueError : unless sim is (n, n), labels (n,) whole numbers, and tau > 0

    Source: Khosla et al., NeurIPS 2020, eq. 2; there a sum over anchors.

    >>> sim = torch.tensor([[1.0, 0.5, 0.4], [0.5, 1.0, 0.5], [0.4, 0.5, 1.0]])
    >>> supcon_loss(sim, torch.tensor([0, 0, 1]))  # (log 1.368 + log 2) / 2
    tensor(0.5032)
    """
    check_positive(temperature, "temperature")
    sim = as_square(sim, "sim")
    positive = positives(labels, len(sim))
    others = torch.ones_like(positive).fill_diagonal_(False)
    friends = positive.sum(dim=1)
    mean_sim = torch.where(positive, sim, 0).sum(dim=1) / friends.clamp(min=1)
    total = logsumexp_over(sim, others, scale=1 / temperature)
    return mean_over(total - mean_sim / temperature, friends > 0)
