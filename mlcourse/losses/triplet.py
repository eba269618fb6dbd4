"""Triplet loss: the positive must be closer than the negative, by a margin."""

from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_positive
from mlcourse.losses._gaps import mean_cost
from mlcourse.losses._logsumexp import log1p_exp


def triplet_loss(
    dist: Float[Tensor, "n n"], T: Int[Tensor, "t 3"], *, margin: float | int = 0.2
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
        at m means that all embeddings are equal. O(t) time, O(n^2) memory
        beside T.

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

    def hinge(gap: Tensor) -> tuple[Tensor, Tensor]:
        value = gap.add_(margin).clamp_(min=0)
        return value, value.sign()

    return mean_cost(dist, T, hinge)


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
    return mean_cost(dist, T, lambda gap: (log1p_exp(gap), gap.sigmoid()))
