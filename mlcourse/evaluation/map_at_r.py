"""MAP@R: R-precision that also counts how early the friends come."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.evaluation._ranking import count_matches, ranked_matches


def map_at_r(dist: Float[Tensor, "n n"], labels: Int[Tensor, " n"]) -> float:
    r"""Precision at each match among the R_i nearest others, mean over queries.

    .. math::
        \frac{1}{|Q|} \sum_{i \in Q} \frac{1}{R_i} \sum_{r=1}^{R_i} P_i(r)
        [\, y_{(r)} = y_i \,], \quad
        P_i(r) = \frac{1}{r} \sum_{s=1}^{r} [\, y_{(s)} = y_i \,]

    where (r) is the r-th nearest other point of i, R_i the number of other points of
    its class, and Q the queries with R_i > 0.

    Parameters
    ----------
    dist : (n, n), every point against all; any unit, only the order counts
    labels : (n,), any integers

    Returns
    -------
    float from 0 to 1; never above R-precision. The query is removed by its index;
        queries without a match are left out of Q; of equal distances the lower index
        comes first. O(n^2 log n) time.

    Raises
    ------
    TypeError, ValueError : unless dist is (n, n) without NaN, labels (n,) whole, and
        some query has a match

    Source: Musgrave, Belongie, Lim, A Metric Learning Reality Check, ECCV 2020.

    >>> line = torch.tensor([[0.0], [1.0], [2.5], [2.6], [10.0]])
    >>> map_at_r((line - line.T).abs(), torch.tensor([0, 0, 0, 1, 2]))
    0.75
    """
    matches = count_matches(dist, labels)
    depth = int(matches.max())
    rank = torch.arange(1, depth + 1, device=dist.device)
    total = torch.zeros_like(matches, dtype=torch.float64)
    for rows, match in ranked_matches(dist, labels, depth=depth):
        precision = match.cumsum(dim=1).double() / rank  # (b, depth)
        counts = match & (rank <= matches[rows, None])
        total[rows] = (precision * counts).sum(dim=1)
    asked = matches > 0
    return (total[asked] / matches[asked]).mean().item()
