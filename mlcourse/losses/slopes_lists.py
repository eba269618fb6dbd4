"""Slopes in closed form: losses in which an anchor's pairs compete. No autograd."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.losses._matrix import same_class


def multi_similarity_slopes(
    sim: Float[Tensor, "n n"],
    labels: Int[Tensor, " n"],
    *,
    alpha: float | int = 2.0,
    beta: float | int = 50.0,
    base: float | int = 0.5,
) -> Float[Tensor, "n n"]:
    r"""How hard ``multi_similarity_loss`` pulls (below 0) and pushes (above 0).

    .. math:: \frac{\partial L}{\partial S_{ij}} = \frac1n \begin{cases}
        -\bigl(e^{\alpha (S_{ij} - b)} + \sum_{k \in P_i} e^{-\alpha (S_{ik} - S_{ij})}
        \bigr)^{-1} & j \in P_i \\
        \bigl(e^{\beta (b - S_{ij})} + \sum_{k \in N_i} e^{\beta (S_{ik} - S_{ij})}
        \bigr)^{-1} & j \in N_i \end{cases}

    Parameters
    ----------
    sim, labels, alpha, beta, base : as in ``multi_similarity_loss`` without mining

    Returns
    -------
    (n, n) : 0 on the diagonal

    Source: Wang, Han, Huang, Dong, Scott, CVPR 2019, eqs. 12 and 13.

    >>> multi_similarity_slopes(torch.full((2, 2), 0.5), torch.tensor([0, 0]))
    tensor([[ 0.0000, -0.2500],
            [-0.2500,  0.0000]])
    """
    same = same_class(labels, len(sim))
    negative, positive = ~same, same.fill_diagonal_(False)
    push = _against_one(beta * (sim - base), negative)
    pull = _against_one(-alpha * (sim - base), positive)
    return (push - pull) / max(len(sim), 1)


def info_nce_slopes(
    sim: Float[Tensor, "n n"],
    labels: Int[Tensor, " n"],
    *,
    temperature: float | int = 0.1,
) -> Float[Tensor, "n n"]:
    r"""How hard ``info_nce_loss`` pulls (below 0) and pushes (above 0).

    .. math:: \frac{\partial L}{\partial S_{ip}} = -\frac{1 - q_{ip}}{\tau |P|}, \quad
        \frac{\partial L}{\partial S_{ik}} = \frac{\mathrm{softmax}_{N_i}(S_i / \tau)_k}
        {\tau |P|} \sum_{p \in P_i} (1 - q_{ip}), \quad
        q_{ip} = \frac{e^{S_{ip} / \tau}}
        {e^{S_{ip} / \tau} + \sum_{k \in N_i} e^{S_{ik} / \tau}}

    Parameters
    ----------
    sim, labels, temperature : as in ``info_nce_loss``; p in P_i, k in N_i

    Returns
    -------
    (n, n) : its rows sum to 0, pull against push

    Source: van den Oord, Li, Vinyals, arXiv:1807.03748, 2018; differentiated here.

    >>> info_nce_slopes(torch.zeros(3, 3), torch.tensor([0, 0, 1]), temperature=1.0)
    tensor([[ 0.0000, -0.2500,  0.2500],
            [-0.2500,  0.0000,  0.2500],
            [ 0.0000,  0.0000,  0.0000]])
    """
    same = same_class(labels, len(sim))
    z, negative = sim / temperature, ~same
    positive = same.fill_diagonal_(False)
    rivals = z.masked_fill(~negative, -torch.inf)
    wrong = torch.sigmoid(rivals.logsumexp(dim=1, keepdim=True) - z) * positive
    push = torch.where(negative, rivals.softmax(dim=1), 0) * wrong.sum(dim=1)[:, None]
    return (push - wrong) / positive.sum().clamp(min=1) / temperature


def _against_one(z: Float[Tensor, "n n"], keep: Tensor) -> Float[Tensor, "n n"]:
    """The softmax over the kept entries of each row and one entry more, at 0."""
    z = torch.where(keep, z, -torch.inf)
    return (z - torch.logaddexp(z.logsumexp(dim=1), z.new_zeros(()))[:, None]).exp()
