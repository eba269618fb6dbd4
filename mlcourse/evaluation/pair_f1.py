"""Do clusters agree with classes? F1 over pairs of points."""

from jaxtyping import Int
from sklearn.metrics import pair_confusion_matrix
from torch import Tensor

from mlcourse.evaluation.clustering import check_partitions


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
    check_partitions(labels, assignment)
    (_, extra), (missed, found) = pair_confusion_matrix(labels.cpu(), assignment.cpu())
    wrong = int(extra) + int(missed)
    return 2 * int(found) / (2 * int(found) + wrong) if found or wrong else 1.0
