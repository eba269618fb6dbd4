"""Grouping: merge what is close, from the distances alone."""

import torch
from jaxtyping import Float, Int
from sklearn.cluster import AgglomerativeClustering
from torch import Tensor

from mlcourse._check import (
    check_dist,
    check_neighbours,
    check_nonnegative,
    check_queries,
    check_symmetric,
)


def group(dist: Float[Tensor, "n n"], *, n_groups: int) -> Int[Tensor, " n"]:
    r"""Average linkage: start with n groups of one, merge the closest two, repeat.

    .. math::
        \Delta(A, B) = \frac{1}{|A|\,|B|} \sum_{i \in A} \sum_{j \in B} \Delta_{ij}

    Parameters
    ----------
    dist : (n, n), symmetric; the diagonal is not used
    n_groups : where to stop, from 1 to n

    Returns
    -------
    (n,) : group of each point, numbered in order of first appearance from 0.

    Raises
    ------
    ValueError : if dist is not square, symmetric, finite and >= 0, or n_groups is
        outside 1..n.

    Source: Sokal and Michener, Univ. Kansas Sci. Bull. 38, 1958; the merging is done by
    scikit-learn. k-means would need coordinates; linkage needs distances only.

    >>> line = torch.tensor([[5.0], [0.0], [6.0], [1.0]])
    >>> group(torch.cdist(line, line), n_groups=2)
    tensor([0, 1, 0, 1])
    """
    check_dist(dist)
    check_queries(dist)
    check_nonnegative(dist)
    check_symmetric(dist)
    check_neighbours(n_groups, len(dist), "n_groups", "points")
    if len(dist) == 1:
        return torch.zeros(1, dtype=torch.long, device=dist.device)

    linkage = AgglomerativeClustering(
        n_clusters=n_groups, metric="precomputed", linkage="average"
    )
    found = linkage.fit_predict(dist.detach().cpu().double().numpy()).tolist()
    number = {name: i for i, name in enumerate(dict.fromkeys(found))}
    return torch.tensor([number[name] for name in found], device=dist.device)
