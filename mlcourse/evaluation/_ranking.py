"""Ranked answers: for every query, is the answer at rank r of the query's class?"""

from collections.abc import Iterator

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mlcourse._check import check_dist, check_labels, check_queries

#: Rows of dist ranked at once, so that no second (n, n) array is held.
ROWS = 512


def count_matches(
    dist: Float[Tensor, "n n"], labels: Int[Tensor, " n"]
) -> Int[Tensor, " n"]:
    """R_i, the number of other points of query i's class; error unless some R_i > 0."""
    check_dist(dist)
    check_queries(dist)
    check_labels(labels, len(dist))
    _, index, size = labels.unique(return_inverse=True, return_counts=True)
    matches: Tensor = size[index] - 1
    if not matches.any():
        raise ValueError(
            f"no query has a match: the {len(labels)} labels are all different; "
            "give at least one class with two points"
        )
    return matches


def ranked_matches(
    dist: Float[Tensor, "n n"], labels: Int[Tensor, " n"], *, depth: int
) -> Iterator[tuple[slice, Bool[Tensor, "b r"]]]:
    """Blocks of rows, each with [the answer at rank 1..depth has the query's label].

    The query is removed by its index, whatever its distance. Of equal distances the
    lower index comes first.
    """
    index = torch.arange(len(dist), device=dist.device)
    for start in range(0, len(dist), ROWS):
        rows = slice(start, start + ROWS)
        order = dist[rows].argsort(dim=1, stable=True)  # (b, n)
        others = order[order != index[rows, None]].view(len(order), -1)  # (b, n - 1)
        yield rows, labels[others[:, :depth]] == labels[rows, None]
