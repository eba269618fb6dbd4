"""Triplet loss: the positive must be closer than the negative, by a margin."""

from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_positive, check_rows
from mlcourse.losses._logsumexp import log1p_exp
from mlcourse.losses._matrix import as_square, entries


def triplet_loss(
    dist: Float[Tensor, "n n"], T: Int[Tensor, "t 3"], *, margin: float = 0.2
) -> Float[Tensor, ""]:
    r"""Mean hinge over the relative judgements T.

    .. math::
        L(\Delta, T) = \frac{1}{|T|} \sum_{(a, p, n) \in T}
            [\Delta_{ap} - \Delta_{an} + m]_+

    Parameters
    ----------
    dist : (n, n), Delta(psi(x_i), psi(x_j))
    T : (t, 3), rows (a, p, n): "a is more similar to p than to n"
    margin : m > 0, in the unit of dist; FaceNet's 0.2 is meant for squared Euclidean
        distances of unit vectors, which reach 4

    Returns
    -------
    () : in the unit of dist; 0, with gradient 0, where T is empty. A value that stays
        at m means that all embeddings are equal. O(t) time and memory.

    Raises
    ------
    ValueError : unless dist is (n, n), T indexes it, and m > 0

    Source: Schroff, Kalenichenko, Philbin, FaceNet, CVPR 2015, eq. 3; there a sum.

    >>> import torch
    >>> dist = torch.tensor([[0.0, 1.0, 1.1], [1.0, 0.0, 3.0], [1.1, 3.0, 0.0]])
    >>> triplet_loss(dist, torch.tensor([[0, 1, 2], [1, 0, 2]]), margin=0.5)
    tensor(0.2000)
    """
    check_positive(margin, "margin")
    return (_gap(dist, T) + margin).clamp(min=0).sum() / max(len(T), 1)


def soft_triplet_loss(
    dist: Float[Tensor, "n n"], T: Int[Tensor, "t 3"]
) -> Float[Tensor, ""]:
    r"""Mean soft hinge over T: no margin to choose, and no triplet is ever done.

    .. math::
        L(\Delta, T) = \frac{1}{|T|} \sum_{(a, p, n) \in T}
            \log(1 + e^{\Delta_{ap} - \Delta_{an}})

    Parameters
    ----------
    dist : (n, n), Delta(psi(x_i), psi(x_j))
    T : (t, 3), rows (a, p, n): "a is more similar to p than to n"

    Returns
    -------
    () : no unit; 0, with gradient 0, where T is empty; log 2 if all distances are equal

    Raises
    ------
    ValueError : unless dist is (n, n) and T indexes it

    Source: Hermans, Beyer, Leibe, arXiv:1703.07737, 2017, "soft margin".

    >>> import torch
    >>> dist = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 3.0], [1.0, 3.0, 0.0]])
    >>> soft_triplet_loss(dist, torch.tensor([[0, 1, 2]]))
    tensor(0.6931)
    """
    return log1p_exp(_gap(dist, T)).sum() / max(len(T), 1)


def _gap(dist: Float[Tensor, "n n"], T: Int[Tensor, "t 3"]) -> Float[Tensor, " t"]:
    """Delta_ap - Delta_an of each triplet."""
    dist = as_square(dist, "dist")
    a, p, n = check_rows(T, name="T", width=3, n=len(dist)).unbind(dim=1)
    return entries(dist, a, p) - entries(dist, a, n)
