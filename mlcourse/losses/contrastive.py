"""Contrastive loss: similar pairs together, dissimilar pairs beyond a margin."""

from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_positive, check_rows
from mlcourse.losses._gaps import total_cost
from mlcourse.losses._matrix import as_square


def contrastive_loss(
    dist: Float[Tensor, "n n"],
    S: Int[Tensor, "s 2"],
    D: Int[Tensor, "r 2"],
    *,
    margin: float | int = 1.0,
) -> Float[Tensor, ""]:
    r"""Springs: S pulls at any length, D pushes while it is shorter than the margin.

    .. math::
        L(\Delta, S, D) = \frac{1}{|S| + |D|} \Bigl(
            \sum_{(i, j) \in S} \tfrac12 \Delta_{ij}^2
          + \sum_{(i, j) \in D} \tfrac12 [m - \Delta_{ij}]_+^2 \Bigr)

    Parameters
    ----------
    dist : (n, n), Delta(psi(x_i), psi(x_j)), not squared
    S, D : (s, 2), (r, 2), rows (i, j): similar, dissimilar
    margin : m > 0, in the unit of dist

    Returns
    -------
    () : in the unit of dist, squared; 0, with gradient 0, where S and D are empty

    Raises
    ------
    ValueError : unless dist is (n, n), pairs index it, and m > 0

    Source: Hadsell, Chopra, LeCun, CVPR 2006, eq. 4; there a sum over all pairs.

    >>> import torch
    >>> dist = torch.tensor([[0.0, 0.6, 0.8], [0.6, 0.0, 2.0], [0.8, 2.0, 0.0]])
    >>> S, D = torch.tensor([[0, 1]]), torch.tensor([[0, 2], [1, 2]])
    >>> contrastive_loss(dist, S, D)  # (0.36 + 0.04 + 0) / 2 / 3
    tensor(0.0667)
    """
    check_positive(margin, "margin")
    dist = as_square(dist, "dist")
    S = check_rows(S, name="S", width=2, n=len(dist))
    D = check_rows(D, name="D", width=2, n=len(dist))

    def pull(d: Tensor) -> tuple[Tensor, Tensor]:
        return d.square() / 2, d

    def push(d: Tensor) -> tuple[Tensor, Tensor]:
        inside = (margin - d).clamp_(min=0)
        return inside.square() / 2, -inside

    return total_cost(dist, (S, pull), (D, push)) / max(len(S) + len(D), 1)
