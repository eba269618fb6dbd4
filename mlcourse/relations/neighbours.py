"""Nearest neighbours: show the k nearest, and let them vote."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_labels, check_neighbours, check_queries


def retrieve(dist: Float[Tensor, "q m"], *, k: int) -> Int[Tensor, "q k"]:
    r"""The k nearest references of each query, nearest first.

    .. math::
        N_k(q) = (j_1, \dots, j_k), \quad
        \Delta_{q j_1} \le \dots \le \Delta_{q j_k} \le \Delta_{q j}
        \text{ for every other } j

    Parameters
    ----------
    dist : (q, m), queries x references; any unit, only the order counts. To leave the
        query out of its own list, put inf where query and reference are the same item.
    k : from 1 to m

    Returns
    -------
    (q, k) : column indices of dist. Of equal distances, the lower index comes first.

    Raises
    ------
    TypeError, ValueError : if dist is no matrix or holds NaN, or k is outside 1..m.

    Source: Cover and Hart, IEEE Trans. Inf. Theory 13, 1967.

    >>> retrieve(torch.tensor([[0.3, 0.1, 0.3, 0.2]]), k=3)
    tensor([[1, 3, 0]])
    """
    check_queries(dist)
    check_neighbours(k, dist.shape[1])
    return dist.argsort(dim=1, stable=True)[:, :k]


def knn_predict(
    dist: Float[Tensor, "q m"], labels: Int[Tensor, " m"], *, k: int
) -> Int[Tensor, " q"]:
    r"""The label that most of the k nearest references carry.

    .. math::
        \hat y(q) = \arg\max_c \sum_{j \in N_k(q)} [\, y_j = c \,]

    Parameters
    ----------
    dist, k : as for :func:`retrieve`
    labels : (m,), any integers

    Returns
    -------
    (q,) : predicted labels. Of labels with equally many votes, the smallest wins.

    Raises
    ------
    TypeError, ValueError : as :func:`retrieve`; and unless labels are a tensor, a whole
        number a reference.

    Source: Fix and Hodges, USAF report, 1951. Ties as in scikit-learn.

    >>> dist = torch.tensor([[0.1, 0.2, 0.3, 0.9]])
    >>> knn_predict(dist, torch.tensor([7, 4, 4, 7]), k=3)
    tensor([4])
    """
    nearest = retrieve(dist, k=k)
    check_labels(labels, dist.shape[1], "references, the columns of dist")
    classes, index = labels.unique(return_inverse=True)
    votes = nearest.new_zeros(len(dist), len(classes))
    votes.scatter_add_(1, index[nearest], torch.ones_like(nearest))
    winner: Tensor = classes[votes.argmax(dim=1)]
    return winner
