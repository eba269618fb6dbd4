"""Lifted structure: a positive pair against all negatives of both its ends."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.losses._logsumexp import logsumexp_of_few, logsumexp_over
from mlcourse.losses._matrix import as_square, entries, same_class


def lifted_structure_loss(
    dist: Float[Tensor, "n n"], labels: Int[Tensor, " n"], *, margin: float | int = 1.0
) -> Float[Tensor, ""]:
    r"""Half the mean squared hinge over positive pairs.

    .. math::
        L = \frac{1}{2 |P|} \sum_{(i, j) \in P} [J_{ij}]_+^2, \quad
        J_{ij} = \log\Bigl(\sum_{k \in N_i} e^{m - \Delta_{ik}}
               + \sum_{k \in N_j} e^{m - \Delta_{jk}}\Bigr) + \Delta_{ij}

    Parameters
    ----------
    dist : (n, n), symmetric; the paper's embeddings are not normalised
    labels : (n,); P holds the pairs i < j of one label, N_i the points of other labels
    margin : m, in the unit of dist

    Returns
    -------
    () : >= 0; 0 without positive pairs, or without negatives. O(n^2) memory: the sums
        of i and of j are computed once a point, not once a pair.

    Raises
    ------
    ValueError : unless dist is (n, n) and labels (n,) whole numbers

    Source: Oh Song, Xiang, Jegelka, Savarese, CVPR 2016, eq. 4.

    >>> dist = torch.tensor([[0.0, 0.5, 1.0], [0.5, 0.0, 1.0], [1.0, 1.0, 0.0]])
    >>> lifted_structure_loss(dist, torch.tensor([0, 0, 1]))  # (log 2 + 0.5)^2 / 2
    tensor(0.7118)
    """
    dist = as_square(dist, "dist")
    same = same_class(labels, len(dist))
    push = margin + logsumexp_over(dist, ~same, scale=-1)  # (n,)
    i, j = same.triu(diagonal=1).nonzero(as_tuple=True)
    far = torch.logaddexp(push.index_select(0, i), push.index_select(0, j))
    hinge = (far + entries(dist, i, j)).relu()
    return hinge.dot(hinge) / max(2 * len(i), 1)


def generalized_lifted_structure_loss(
    dist: Float[Tensor, "n n"], labels: Int[Tensor, " n"], *, margin: float | int = 1.0
) -> Float[Tensor, ""]:
    r"""One soft farthest positive against one soft nearest negative an anchor.

    .. math::
        L = \frac1n \sum_i \Bigl[ \log \sum_{p \in P_i} e^{\Delta_{ip}}
          + \log \sum_{k \in N_i} e^{m - \Delta_{ik}} \Bigr]_+

    Parameters
    ----------
    dist : (n, n), Delta(psi(x_i), psi(x_j))
    labels : (n,); P_i holds the other points of the label of i, N_i the rest
    margin : m, in the unit of dist

    Returns
    -------
    () : >= 0, mean over all n anchors; one without positives or negatives counts 0

    Raises
    ------
    ValueError : unless dist is (n, n) and labels (n,) whole numbers

    Source: Hermans, Beyer, Leibe, arXiv:1703.07737, 2017, eq. 9.

    >>> dist = torch.tensor([[0.0, 0.5, 1.0], [0.5, 0.0, 1.0], [1.0, 1.0, 0.0]])
    >>> generalized_lifted_structure_loss(dist, torch.tensor([0, 0, 1]))  # 2 * 0.5 / 3
    tensor(0.3333)
    """
    dist = as_square(dist, "dist")
    same = same_class(labels, len(dist))
    push = margin + logsumexp_over(dist, ~same, scale=-1)
    pull = logsumexp_of_few(dist, same.fill_diagonal_(False))
    return (pull + push).clamp(min=0).sum() / max(len(dist), 1)
