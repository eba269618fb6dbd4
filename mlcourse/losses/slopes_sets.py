"""Slopes in closed form: losses of one set against another. No autograd."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.losses._matrix import positives, same_class


def npair_slopes(sim: Float[Tensor, "n n"]) -> Float[Tensor, "n n"]:
    r"""How hard ``npair_loss`` pulls (on the diagonal) and pushes.

    .. math:: \frac{\partial L}{\partial S_{ij}} = \frac1n
        \bigl( \mathrm{softmax}(S_i)_j - [i = j] \bigr)

    Parameters
    ----------
    sim : (n, n), as in ``npair_loss``

    Returns
    -------
    (n, n) : its rows sum to 0

    Source: Sohn, NIPS 2016: the slope of a cross-entropy.

    >>> npair_slopes(torch.zeros(2, 2))
    tensor([[-0.2500,  0.2500],
            [ 0.2500, -0.2500]])
    """
    return (sim.softmax(dim=1) - torch.eye(len(sim)).to(sim)) / max(len(sim), 1)


def generalized_lifted_structure_slopes(
    dist: Float[Tensor, "n n"], labels: Int[Tensor, " n"], *, margin: float | int = 1.0
) -> Float[Tensor, "n n"]:
    r"""How hard ``generalized_lifted_structure_loss`` pulls and pushes.

    .. math:: \frac{\partial L}{\partial \Delta_{ij}} = \frac{[L_i > 0]}{n}
        \begin{cases} \mathrm{softmax}_{P_i}(\Delta_i)_j & j \in P_i \\
        -\mathrm{softmax}_{N_i}(-\Delta_i)_j & j \in N_i \end{cases}

    Parameters
    ----------
    dist, labels, margin : as in ``generalized_lifted_structure_loss``

    Returns
    -------
    (n, n) : its rows sum to 0; those of anchors without loss are 0

    Source: Hermans, Beyer, Leibe, arXiv:1703.07737, 2017; differentiated here.

    >>> dist = torch.tensor([[0.0, 0.5, 1.0], [0.5, 0.0, 1.0], [1.0, 1.0, 0.0]])
    >>> generalized_lifted_structure_slopes(dist, torch.tensor([0, 0, 1]))[0]
    tensor([ 0.0000,  0.3333, -0.3333])
    """
    same = same_class(labels, len(dist))
    far = dist.masked_fill(same, torch.inf)
    near = dist.masked_fill(~same.fill_diagonal_(False), -torch.inf)
    loss = near.logsumexp(dim=1) + margin + (-far).logsumexp(dim=1)
    slopes = near.softmax(dim=1) - (-far).softmax(dim=1)
    return torch.where(loss[:, None] > 0, slopes, 0) / max(len(dist), 1)


def nca_slopes(
    dist: Float[Tensor, "n n"], labels: Int[Tensor, " n"]
) -> Float[Tensor, "n n"]:
    r"""How hard ``nca_loss`` pulls (above 0) and pushes (below 0).

    .. math:: \frac{\partial L}{\partial \Delta_{ij}} = \frac1A \Bigl(
        [j \in P_i] \frac{p_{ij}}{p_i} - p_{ij} \Bigr)

    Parameters
    ----------
    dist, labels : as in ``nca_loss``; A: anchors with a positive

    Returns
    -------
    (n, n) : its rows sum to 0; those of anchors without a positive are 0

    Source: Goldberger, Roweis, Hinton, Salakhutdinov, NIPS 2004, eq. 6, in Delta.

    >>> dist = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 4.0], [1.0, 4.0, 0.0]])
    >>> nca_slopes(dist, torch.tensor([0, 0, 1]))[0]
    tensor([ 0.0000,  0.2500, -0.2500])
    """
    positive = positives(labels, len(dist))
    itself = torch.eye(len(dist), dtype=torch.bool, device=dist.device)
    p = (-dist).masked_fill(itself, -torch.inf).softmax(dim=1)
    own = (-dist).masked_fill(~positive, -torch.inf).softmax(dim=1)
    asked = positive.any(dim=1)
    return torch.where(asked[:, None], own - p, 0) / asked.sum().clamp(min=1)
