"""Are the relations right? What only someone who has the labels can tell."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mlcourse._check import check_labels, check_rows
from mlcourse.selfsupervised._members import check_member


def clique_purity(
    member: Bool[Tensor, "k n"], labels: Int[Tensor, " n"]
) -> Float[Tensor, " k"]:
    r"""Share of each clique that is of its most frequent class.

    .. math:: \text{purity}_k = \max_c \frac{|\{ i \in C_k : y_i = c \}|}{|C_k|}

    Parameters
    ----------
    member : (K, n), True where the point is in the clique
    labels : (n,), true classes, which no part of the learning has seen

    Returns
    -------
    (K,) : from 1 / |C_k| to 1; random cliques of m points from many classes are near
        1 / m, not near 0

    Raises
    ------
    ValueError : unless labels are (n,) whole numbers, and each clique has a member

    Source: Manning, Raghavan, Schuetze, Introduction to Information Retrieval, 2008,
    ch. 16, there over all clusters.

    >>> member = torch.tensor([[True, True, True, False], [False, False, True, True]])
    >>> clique_purity(member, torch.tensor([5, 5, 2, 2]))
    tensor([0.6667, 1.0000])
    """
    check_labels(labels, member.shape[1])
    check_member(member, len(labels))
    of_class = labels.unique(return_inverse=True)[1]
    one = torch.nn.functional.one_hot(of_class).float()
    points = member.float()
    return (points @ one).amax(dim=1) / points.sum(dim=1)


def right_shares(
    S: Int[Tensor, "s 2"], D: Int[Tensor, "r 2"], labels: Int[Tensor, " n"]
) -> tuple[float, float]:
    r"""How many similar pairs are of one class, and how many dissimilar ones are not.

    .. math:: \frac{|\{ (i, j) \in S : y_i = y_j \}|}{|S|}, \qquad
        \frac{|\{ (i, j) \in D : y_i \ne y_j \}|}{|D|}

    Parameters
    ----------
    S, D : (s, 2), (r, 2), pairs of points
    labels : (n,), true classes, which no part of the learning has seen

    Returns
    -------
    two floats from 0 to 1; 1 for a set without a pair, where nothing is wrong. Chance
        is 1 / C and 1 - 1 / C for C classes of one size

    Raises
    ------
    ValueError : unless labels are (n,) whole numbers, and S and D rows of them

    Source: the precision of either set, as in information retrieval.

    >>> S, D = torch.tensor([[0, 1], [1, 2]]), torch.tensor([[0, 2]])
    >>> right_shares(S, D, torch.tensor([3, 3, 7]))
    (0.5, 1.0)
    """
    check_labels(labels, len(labels))
    shares = []
    for name, pairs, alike in (("S", S, True), ("D", D, False)):
        i, j = labels[check_rows(pairs, name=name, width=2, n=len(labels))].unbind(1)
        right = (i == j) == alike
        shares.append(right.double().mean().item() if len(right) else 1.0)
    return shares[0], shares[1]
