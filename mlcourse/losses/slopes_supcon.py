"""Slopes in closed form: the supervised contrastive loss. No autograd."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.losses._matrix import positives


def supcon_slopes(
    sim: Float[Tensor, "n n"],
    labels: Int[Tensor, " n"],
    *,
    temperature: float | int = 0.1,
) -> Float[Tensor, "n n"]:
    r"""How hard ``supcon_loss`` pulls and pushes; an easy positive is pushed, too.

    .. math:: \frac{\partial L}{\partial S_{ij}} = \frac{1}{\tau A}
        \Bigl( p_{ij} - \frac{[j \in P_i]}{|P_i|} \Bigr), \qquad
        p_i = \mathrm{softmax}_{j \ne i}(S_{ij} / \tau)

    Parameters
    ----------
    sim, labels, temperature : as in ``supcon_loss``; A: anchors with a positive

    Returns
    -------
    (n, n) : its rows sum to 0; those of anchors without a positive are 0

    Source: Khosla et al., NeurIPS 2020, supplement.

    >>> supcon_slopes(torch.zeros(3, 3), torch.tensor([0, 0, 1]), temperature=1.0)[0]
    tensor([ 0.0000, -0.2500,  0.2500])
    """
    positive = positives(labels, len(sim))
    friends = positive.sum(dim=1, keepdim=True)
    itself = torch.eye(len(sim), dtype=torch.bool, device=sim.device)
    p = (sim / temperature).masked_fill(itself, -torch.inf).softmax(dim=1)
    share = positive.to(p.dtype) / friends.clamp(min=1)
    slopes = torch.where(friends > 0, p - share, 0)
    return slopes / (friends > 0).sum().clamp(min=1) / temperature
