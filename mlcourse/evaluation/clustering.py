"""Do clusters agree with classes? NMI, and its form corrected for chance."""

from jaxtyping import Int
from sklearn.metrics import (
    adjusted_mutual_info_score,
    normalized_mutual_info_score,
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
    check_partitions(labels, assignment)
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
    check_partitions(labels, assignment)
    return float(adjusted_mutual_info_score(labels.cpu(), assignment.cpu()))


def check_partitions(labels: Tensor, assignment: Tensor) -> None:
    """Raise TypeError or ValueError unless both are (n,) whole numbers, n >= 1."""
    check_labels(labels, max(1, len(labels)))
    check_labels(assignment, len(labels))
