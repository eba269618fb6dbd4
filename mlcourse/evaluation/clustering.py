"""Do clusters agree with classes? NMI, its corrected form, and F1 over pairs."""

from jaxtyping import Int
from sklearn.metrics import (
    adjusted_mutual_info_score,
    normalized_mutual_info_score,
    pair_confusion_matrix,
)
from torch import Tensor

from mlcourse._check import check_labels


def nmi(labels: Int[Tensor, " n"], assignment: Int[Tensor, " n"]) -> float:
    r"""Information that clusters and classes share, normalised by their mean entropy.

    .. math:: \mathrm{NMI} = \frac{2\, I(Y; A)}{H(Y) + H(A)}

    Parameters
    ----------
    labels : (n,), classes, any integers
    assignment : (n,), clusters, any integers

    Returns
    -------
    float from 0 to 1; 1 if the partitions are the same, whatever their names. Chance is
        not at 0: for classes of 5 points random clusters reach 0.8. Then see ``ami``.

    Raises
    ------
    TypeError, ValueError : unless both are (n,) whole numbers, n >= 1

    Source: Manning, Raghavan, Schuetze, Introduction to Information Retrieval, 2008,
    ch. 16; computed by scikit-learn.

    >>> import torch
    >>> classes, clusters = torch.tensor([0, 0, 1, 1]), torch.tensor([5, 5, 5, 7])
    >>> round(nmi(classes, clusters), 4)
    0.3437
    """
    _check(labels, assignment)
    return float(normalized_mutual_info_score(labels.cpu(), assignment.cpu()))


def ami(labels: Int[Tensor, " n"], assignment: Int[Tensor, " n"]) -> float:
    r"""NMI minus what chance gives: 0 for random clusters, whatever their number.

    .. math:: \mathrm{AMI} = \frac{I - \mathbb E[I]}
        {\tfrac12 (H(Y) + H(A)) - \mathbb E[I]}

    Parameters
    ----------
    labels : (n,), classes, any integers
    assignment : (n,), clusters, any integers

    Returns
    -------
    float at most 1; can be a little below 0

    Raises
    ------
    TypeError, ValueError : unless both are (n,) whole numbers, n >= 1

    Source: Vinh, Epps, Bailey, JMLR 11, 2010; computed by scikit-learn.

    >>> import torch
    >>> classes, clusters = torch.tensor([0, 0, 1, 1]), torch.tensor([5, 5, 5, 7])
    >>> round(ami(classes, clusters), 4)
    0.0
    """
    _check(labels, assignment)
    return float(adjusted_mutual_info_score(labels.cpu(), assignment.cpu()))


def pair_f1(labels: Int[Tensor, " n"], assignment: Int[Tensor, " n"]) -> float:
    r"""Harmonic mean of precision and recall over pairs of points.

    .. math:: F_1 = \frac{2 P R}{P + R}, \quad P = \Pr(y_i = y_j \mid a_i = a_j), \quad
        R = \Pr(a_i = a_j \mid y_i = y_j), \qquad i < j

    Parameters
    ----------
    labels : (n,), classes, any integers
    assignment : (n,), clusters, any integers

    Returns
    -------
    float from 0 to 1; 1 where neither a class nor a cluster has two points

    Raises
    ------
    TypeError, ValueError : unless both are (n,) whole numbers, n >= 1

    Source: Manning, Raghavan, Schuetze, 2008, ch. 16; for metric learning Oh Song et
    al., CVPR 2016. O(n + C K) time: from a table of counts, without listing pairs.

    >>> import torch
    >>> classes, clusters = torch.tensor([0, 0, 1, 1]), torch.tensor([5, 5, 5, 7])
    >>> pair_f1(classes, clusters)  # P = 1 / 3, R = 1 / 2
    0.4
    """
    _check(labels, assignment)
    (_, extra), (missed, found) = pair_confusion_matrix(labels.cpu(), assignment.cpu())
    wrong = int(extra) + int(missed)
    return 2 * int(found) / (2 * int(found) + wrong) if found or wrong else 1.0


def _check(labels: Tensor, assignment: Tensor) -> None:
    check_labels(labels, max(1, len(labels)))
    check_labels(assignment, len(labels))
