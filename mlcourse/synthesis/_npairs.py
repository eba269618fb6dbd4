"""N-pairs of a batch: an anchor and a positive of each class, and harder negatives."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.synthesis.hardness_negatives import hardness_aware_negatives


def npairs(labels: Int[Tensor, " b"]) -> tuple[Int[Tensor, " n"], Int[Tensor, " n"]]:
    """Rows of anchors and of positives: the first two points of each class.

    A class of one point has none; classes come in the order of their labels.
    """
    order = labels.argsort(stable=True)
    ranked = labels[order]
    first = ranked[1:] == ranked[:-1]  # of a class, as the next point
    first[1:] &= ranked[1:-1] != ranked[:-2]
    return order[:-1][first], order[1:][first]


def with_pulled(
    z: Float[Tensor, "b k"],
    labels: Int[Tensor, " b"],
    a: Int[Tensor, " n"],
    p: Int[Tensor, " n"],
    *,
    alpha: float | int,
    j_avg: float,
) -> tuple[Float[Tensor, "m k"], Int[Tensor, " m"]]:
    """All z, then for each anchor i every positive j as its hardness-aware negative.

    Where j = i it stays what it is, the anchor's positive; m = b + n^2.
    """
    pulled = hardness_aware_negatives(
        z[a, None], z[p, None], z[None, p], alpha=alpha, j_avg=j_avg
    )  # (n, n, k)
    hat = torch.cat([z, pulled.flatten(0, 1)])
    return hat, torch.cat([labels, labels[p].repeat(len(a))])
