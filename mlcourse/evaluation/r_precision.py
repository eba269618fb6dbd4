"""R-precision: with R friends, how many of the R nearest are friends?"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.evaluation._ranking import count_matches, ranked_matches


def r_precision(dist: Float[Tensor, "n n"], labels: Int[Tensor, " n"]) -> float:
    r"""Share of matches among the R_i nearest others, mean over queries.

    .. math::
        \frac{1}{|Q|} \sum_{i \in Q} \frac{1}{R_i} \sum_{r=1}^{R_i}
        [\, y_{(r)} = y_i \,], \quad R_i = |\{ j \ne i : y_j = y_i \}|, \quad
        Q = \{ i : R_i > 0 \}

    where (r) is the r-th nearest other point of i.

    Parameters
    ----------
    dist : (n, n), every point against all; any unit, only the order counts
    labels : (n,), any integers

    Returns
    -------
    float from 0 to 1; 1 only if every class comes before all others. The query is
        removed by its index; queries without a match are left out of Q; of equal
        distances the lower index comes first. O(n^2 log n) time.

    Raises
    ------
    TypeError, ValueError : unless dist is (n, n) without NaN, labels (n,) whole, and
        some query has a match

    Source: Manning, Raghavan, Schuetze, Introduction to Information Retrieval, 2008,
    ch. 8; for metric learning Musgrave, Belongie, Lim, ECCV 2020.

    >>> line = torch.tensor([[0.0], [1.0], [2.5], [2.6], [10.0]])
    >>> r_precision((line - line.T).abs(), torch.tensor([0, 0, 0, 1, 2]))
    0.8333333333333334
    """
    matches = count_matches(dist, labels)
    depth = int(matches.max())
    rank = torch.arange(1, depth + 1, device=dist.device)
    found = torch.zeros_like(matches)
    for rows, match in ranked_matches(dist, labels, depth=depth):
        found[rows] = (match & (rank <= matches[rows, None])).sum(dim=1)
    asked = matches > 0
    return (found[asked].double() / matches[asked]).mean().item()
