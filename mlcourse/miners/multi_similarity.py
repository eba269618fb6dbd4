"""Multi-similarity mining: pairs that a pair of the other kind makes informative."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.miners._batch import as_square, partners


@torch.no_grad()
def multi_similarity_pairs(
    sim: Float[Tensor, "n n"],
    labels: Int[Tensor, " n"],
    *,
    epsilon: float | int = 0.1,
) -> tuple[Int[Tensor, "s 2"], Int[Tensor, "r 2"]]:
    r"""Positives farther than the nearest negative, and the other way round.

    .. math:: S = \{ (a, p) : S_{ap} < \max_{y_n \ne y_a} S_{an} + \epsilon \}, \qquad
        D = \{ (a, n) : S_{an} > \min_{p \ne a,\; y_p = y_a} S_{ap} - \epsilon \}

    Parameters
    ----------
    sim : (n, n), cosine similarities S(psi(x_i), psi(x_j)), not distances; row a is
        what anchor a sees
    labels : (n,), class of each point, any integers
    epsilon : slack in the unit of sim; the larger, the more pairs

    Returns
    -------
    S, D : (s, 2), (r, 2), ordered pairs (anchor, other) in lexicographic order, without
        a gradient; (i, j) and (j, i) may both be there, or one alone. An anchor without
        a positive or without a negative has no pairs. O(n^2).

    Raises
    ------
    ValueError : unless sim is finite (n, n) and labels (n,) whole numbers

    Source: Wang, Han, Huang, Dong, Scott, CVPR 2019, eqs. 11, 12; the mining inside
    ``multi_similarity_loss``.

    >>> sim = torch.tensor([[1.0, 0.9, 0.3, 0.7], [0.9, 1, 0.2, 0.95],
    ...                     [0.3, 0.2, 1, 0.1], [0.7, 0.95, 0.1, 1]])
    >>> S, D = multi_similarity_pairs(sim, torch.tensor([7, 7, 1, 2]))
    >>> S.tolist(), D.tolist()
    ([[1, 0]], [[1, 3]])
    """
    sim = as_square(sim, "sim")
    positive, negative = partners(labels, len(sim))
    if len(sim):
        least = torch.where(positive, sim, torch.inf).amin(dim=1, keepdim=True)
        most = torch.where(negative, sim, -torch.inf).amax(dim=1, keepdim=True)
        positive &= sim < most + epsilon
        negative &= sim > least - epsilon
    return positive.nonzero(), negative.nonzero()
