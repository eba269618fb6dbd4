"""Negatives by a histogram over their distances: the form that a policy can bend."""

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from mlcourse.miners._batch import as_square, blocks, partners
from mlcourse.miners._draw import gumbel_like


@torch.no_grad()
def histogram_triplets(
    dist: Float[Tensor, "n n"],
    labels: Int[Tensor, " n"],
    *,
    edges: Float[Tensor, " edges"],
    weights: Float[Tensor, " bins"],
    generator: Generator,
) -> Int[Tensor, "t 3"]:
    r"""Every ordered positive pair once, each with a negative by its bin's weight.

    .. math:: q(n \mid a, p) \propto \pi_{k(\Delta_{an})} \; \text{over } y_n \ne y_a,
        \qquad e_k \le \Delta_{an} < e_{k+1}

    All negatives in a bin have its weight, so that of two bins of one weight the fuller
    is drawn more often.

    Parameters
    ----------
    dist : (n, n), Delta(psi(x_i), psi(x_j)); row a is what anchor a sees
    labels : (n,), class of each point, any integers
    edges : (K + 1,), e, ascending, in the unit of dist; beyond the first and the last
        no negative is drawn
    weights : (K,), pi >= 0, of which only ratios count
    generator : of the draws, one a pair, all independent

    Returns
    -------
    (t, 3) : rows (a, p, n) in the order of (a, p), without a gradient. An anchor has no
        rows if it has no positive, or no negative in a bin of weight > 0. O(n^2 s) time
        for s positives of an anchor, O(n^2) memory.

    Raises
    ------
    ValueError : unless dist is finite (n, n), labels (n,) whole numbers, and there is a
        weight >= 0 for each of the bins between ascending edges

    Source: Roth, Milbich, Ommer, CVPR 2020; there positives and the anchor may
    be drawn as negatives too.

    >>> dist = torch.tensor([[0.0, 0.5, 1.3, 0.7], [0.5, 0, 0.9, 1.3],
    ...                      [1.3, 0.9, 0, 1.5], [0.7, 1.3, 1.5, 0]])
    >>> histogram_triplets(
    ...     dist, torch.tensor([7, 7, 1, 2]), edges=torch.tensor([0.6, 0.8, 1.0, 1.4]),
    ...     weights=torch.tensor([0.0, 1.0, 0.0]), generator=torch.Generator(),
    ... )
    tensor([[1, 0, 2]])
    """
    dist = as_square(dist, "dist")
    positive, negative = partners(labels, len(dist))
    _check_bins(edges, weights)
    k = (
        torch.bucketize(dist.contiguous(), edges.to(dist), right=True) - 1
    )  # -1 or K: beyond
    inside = (k >= 0) & (k < len(weights))
    log_w = weights.to(dist).log()[k.clamp(0, len(weights) - 1)]
    log_w = log_w.masked_fill(~(negative & inside), -torch.inf)
    drawable = log_w.isfinite().any(dim=1)
    a, p = (positive & drawable[:, None]).nonzero(as_tuple=True)
    n = [
        (rows + gumbel_like(rows, generator)).argmax(dim=1)
        for rows in (log_w.index_select(0, block) for block in blocks(a, len(dist)))
        if len(rows)
    ]
    return torch.stack([a, p, torch.cat([a[:0], *n])]).T


def _check_bins(edges: Tensor, weights: Tensor) -> None:
    """Raise ValueError unless there is a weight >= 0 between ascending edges."""
    if edges.ndim != 1 or len(edges) < 2 or not (edges.diff() > 0).all():
        raise ValueError(f"edges must be two or more ascending numbers, got {edges}")
    right = weights.shape == (len(edges) - 1,)
    if not right or not ((weights >= 0) & weights.isfinite()).all():
        raise ValueError(
            f"weights must be one finite number >= 0 for each of the {len(edges) - 1} "
            f"bins, got shape {tuple(weights.shape)}: {weights}"
        )
