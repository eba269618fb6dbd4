"""Recall@k: is there a friend among the k nearest?"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_neighbours
from mlcourse.evaluation._ranking import count_matches, ranked_matches


def recall_at_k(
    dist: Float[Tensor, "n n"], labels: Int[Tensor, " n"], *, k: int = 1
) -> float:
    r"""Share of queries with a point of their class among their k nearest others.

    .. math::
        R@k = \frac{1}{|Q|} \sum_{i \in Q} \bigl[ \exists j \in N_k(i) : y_j = y_i
        \bigr], \quad Q = \{ i : \exists j \ne i, \; y_j = y_i \}

    Parameters
    ----------
    dist : (n, n), every point against all; any unit, only the order counts
    labels : (n,), any integers
    k : from 1 to n - 1

    Returns
    -------
    float from 0 to 1. The query is removed by its index, not by its distance. A query
        without any match cannot succeed: it is left out of Q, and stays an answer to
        others. Of equal distances the lower index comes first; if all are equal (a
        collapsed embedding) the value says nothing. O(n^2 log n) time.

    Raises
    ------
    TypeError, ValueError : unless dist is (n, n) without NaN, labels (n,) whole,
        1 <= k < n, and some query has a match

    Source: Jegou, Douze, Schmid, PAMI 33, 2011; for classes Oh Song et al., CVPR 2016.
    Not the recall of information retrieval: one match is enough.

    >>> dist = torch.tensor([[0.0, 2.0, 1.0], [2.0, 0.0, 3.0], [1.0, 3.0, 0.0]])
    >>> labels = torch.tensor([0, 0, 1])
    >>> recall_at_k(dist, labels, k=1), recall_at_k(dist, labels, k=2)
    (0.5, 1.0)
    """
    matches = count_matches(dist, labels)
    check_neighbours(k, len(dist) - 1, what="other points")
    hit = torch.zeros_like(matches, dtype=torch.bool)
    for rows, match in ranked_matches(dist, labels, depth=k):
        hit[rows] = match.any(dim=1)
    return hit[matches > 0].double().mean().item()
