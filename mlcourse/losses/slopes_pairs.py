"""Slopes in closed form: losses of pairs and of triplets. No autograd."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_rows
from mlcourse.losses._matrix import entries


def contrastive_slopes(
    dist: Float[Tensor, "n n"],
    S: Int[Tensor, "s 2"],
    D: Int[Tensor, "r 2"],
    *,
    margin: float | int = 1.0,
) -> Float[Tensor, "n n"]:
    r"""How hard ``contrastive_loss`` pulls and pushes: as hard as the spring is long.

    .. math:: \frac{\partial L}{\partial \Delta_{ij}} = \frac{1}{|S| + |D|}
        \begin{cases} \Delta_{ij} & (i, j) \in S \\
        -[m - \Delta_{ij}]_+ & (i, j) \in D \end{cases}

    Parameters
    ----------
    dist, S, D, margin : as in ``contrastive_loss``

    Returns
    -------
    (n, n) : 0 where no judgement speaks; repeated pairs add up

    Raises
    ------
    ValueError : unless S and D index dist

    Source: Hadsell, Chopra, LeCun, CVPR 2006, Sec. 2.2.

    >>> dist = torch.tensor([[0.0, 0.6], [0.6, 0.0]])
    >>> none = torch.empty(0, 2, dtype=torch.int64)
    >>> contrastive_slopes(dist, torch.tensor([[0, 1]]), none)
    tensor([[0.0000, 0.6000],
            [0.0000, 0.0000]])
    """
    S, D = (
        check_rows(p, name=c, width=2, n=len(dist)) for p, c in ((S, "S"), (D, "D"))
    )
    pull = entries(dist, S[:, 0], S[:, 1])
    push = -(margin - entries(dist, D[:, 0], D[:, 1])).clamp(min=0)
    return _placed(dist, torch.cat([S, D]), torch.cat([pull, push])) / max(
        len(S) + len(D), 1
    )


def triplet_slopes(
    dist: Float[Tensor, "n n"], T: Int[Tensor, "t 3"], *, margin: float | int = 0.2
) -> Float[Tensor, "n n"]:
    r"""How hard ``triplet_loss`` pulls and pushes: once a triplet that is violated.

    .. math:: \frac{\partial L}{\partial \Delta_{ap}} = \frac{\#\{n : (a, p, n)
        \text{ violated}\}}{|T|}, \qquad
        \frac{\partial L}{\partial \Delta_{an}} = -\frac{\#\{p : (a, p, n)
        \text{ violated}\}}{|T|}

    Parameters
    ----------
    dist, T, margin : as in ``triplet_loss``; violated: Delta_ap - Delta_an + m > 0

    Returns
    -------
    (n, n) : whole numbers over |T|

    Raises
    ------
    ValueError : unless T indexes dist

    Source: Wang, Han, Huang, Dong, Scott, CVPR 2019, Sec. 3.2, on cosines.

    >>> dist = torch.tensor([[0.0, 1.0, 1.1], [1.0, 0.0, 3.0], [1.1, 3.0, 0.0]])
    >>> triplet_slopes(dist, torch.tensor([[0, 1, 2], [1, 0, 2]]))[0]
    tensor([ 0.0000,  0.5000, -0.5000])
    """
    T = check_rows(T, name="T", width=3, n=len(dist))
    a, p, n = T.unbind(dim=1)
    violated = T[entries(dist, a, p) - entries(dist, a, n) + margin > 0]
    one = dist.new_ones(len(violated))
    slopes = _placed(dist, violated[:, :2], one) - _placed(dist, violated[:, ::2], one)
    return slopes / max(len(T), 1)


def _placed(
    like: Float[Tensor, "n n"], pairs: Int[Tensor, "t 2"], values: Float[Tensor, " t"]
) -> Float[Tensor, "n n"]:
    """Zeros of the shape of ``like`` with the values added at their pairs."""
    place = pairs[:, 0] * like.shape[1] + pairs[:, 1]
    return torch.zeros_like(like).flatten().index_add(0, place, values).view_as(like)
