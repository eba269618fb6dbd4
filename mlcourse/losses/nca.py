"""NCA loss: the random neighbour should be of the right class."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.losses._logsumexp import logsumexp_of_few, logsumexp_over
from mlcourse.losses._matrix import as_square, mean_over, positives


def nca_loss(
    dist: Float[Tensor, "n n"], labels: Int[Tensor, " n"]
) -> Float[Tensor, ""]:
    r"""Mean surprise at the class of a random neighbour.

    .. math::
        L = \operatorname*{mean}_{i : P_i \ne \emptyset} (-\log p_i), \qquad
        p_i = \frac{\sum_{p \in P_i} e^{-\Delta_{ip}}}{\sum_{j \ne i} e^{-\Delta_{ij}}}

    Parameters
    ----------
    dist : (n, n), Delta(psi(x_i), psi(x_j)); the paper's is ``sqeuclidean``. It is the
        scale of dist that decides how many neighbours count: for unit vectors multiply
        it (9 is common), else the loss is nearly flat
    labels : (n,); P_i holds the other points of the label of i

    Returns
    -------
    () : no unit, >= 0; 0 where no anchor has a positive. O(n^2) memory.

    Raises
    ------
    ValueError : unless dist is (n, n) and labels (n,) whole numbers

    Source: Goldberger, Roweis, Hinton, Salakhutdinov, NIPS 2004, eq. 6 (the sum of the
    logarithms, there maximised; eq. 3, the sum of p_i, is ``mlcourse.linear.NCA``).

    >>> dist = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 4.0], [1.0, 4.0, 0.0]])
    >>> nca_loss(dist, torch.tensor([0, 0, 1]))  # (log 2 + log 1.05) / 2
    tensor(0.3709)
    """
    dist = as_square(dist, "dist")
    positive = positives(labels, len(dist))
    others = torch.ones_like(positive).fill_diagonal_(False)
    surprise = logsumexp_over(dist, others, scale=-1)
    surprise = surprise - logsumexp_of_few(dist, positive, scale=-1)
    return mean_over(surprise, positive.any(dim=1))
