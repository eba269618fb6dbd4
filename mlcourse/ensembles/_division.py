"""One division of the data: cluster, match with the last one, halve on the way down."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from mlcourse.ensembles.clusters import cluster, match_clusters


def divide(
    y: Float[Tensor, "n d"],
    old: Int[Tensor, " n"] | None,
    *,
    before: int,
    now: int,
    last: int,
    generator: Generator,
    on_split: Callable[[int, int], None] | None,
) -> tuple[Int[Tensor, " n"], list[float]]:
    """Clusters in their old numbers, and, unless first, how many points kept theirs.

    k of them have the numbers 0, last / k, 2 last / k, ..., so that of two halves one
    keeps the number of the whole, and the other has a new one.
    """
    found, spacing, kept = by_means(y, before, generator), last // before, list[float]()
    if old is not None:
        old = old // spacing
        found = match_clusters(old, found, n_clusters=before)
        kept.append((found == old).double().mean().item())
    found = found * spacing
    while spacing > last // now:
        spacing //= 2
        whole = found.clone()
        for c in whole.unique().tolist():
            (rows,) = (whole == c).nonzero(as_tuple=True)
            if len(rows) > 1:
                found[rows] += by_means(y[rows], 2, generator) * spacing
            if on_split is not None:
                on_split(c, c + spacing)
    return found, kept


def by_means(
    y: Float[Tensor, "m d"], k: int, generator: Generator
) -> Int[Tensor, " m"]:
    """k-means from a drawn seed; one cluster needs none."""
    if k == 1:
        return torch.zeros(len(y), dtype=torch.int64)
    seed = torch.randint(2**31, (), generator=generator, device=generator.device)
    return cluster(y, n_clusters=k, random_state=int(seed))


def check_division(levels: Sequence[int], every: int) -> None:
    """Raise ValueError unless every is >= 1, and levels double."""
    if every < 1:
        raise ValueError(f"every must be >= 1 epoch, got {every}")
    if (
        not levels
        or min(levels) < 1
        or not all(_is_doubled(a, b) for a, b in pairwise(levels))
    ):
        raise ValueError(
            "levels must be numbers of clusters, each 1, 2, 4, ... times the one "
            f"before, got {tuple(levels)}"
        )


def _is_doubled(a: int, b: int) -> bool:
    """Whether b is a times a power of 2."""
    return b % a == 0 and (b // a).bit_count() == 1
