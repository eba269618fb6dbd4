"""The tree of classes: the more alike two of them are, the earlier they are joined."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.spatial.distance import squareform
from torch import Tensor

from mlcourse._check import check_dist, check_nonnegative


class ClassTree(NamedTuple):
    """What ``class_tree`` gives; ``linkage`` is what scipy's ``dendrogram`` draws."""

    linkage: Float[Tensor, "steps 4"]
    thresholds: Float[Tensor, " levels"]
    joined: Float[Tensor, "c c"]


def class_tree(dist: Float[Tensor, "c c"], *, levels: int = 16) -> ClassTree:
    r"""Join the nearest classes first; each pair meets at one of L + 1 thresholds.

    .. math:: d_0 = \frac1C \sum_p d(p, p), \qquad
        d_l = d_0 + \frac{l}{L} (4 - d_0), \qquad
        d_{\mathcal H}(p, q) = \min \{ d_l : h(p, q) \le d_l \}

    with h the height at which average linkage joins p and q, and 4 the largest squared
    distance of unit vectors. A class whose d(p, p) is NaN does not count in d_0.

    Parameters
    ----------
    dist : (C, C), as from ``class_distances`` of unit vectors
    levels : L >= 1

    Returns
    -------
    linkage : (C - 1, 4), the joins, from the lowest
    thresholds : (L + 1,), d_0 to d_L
    joined : (C, C), d_H, 0 on the diagonal. An ultrametric: no d_H(p, r) is larger than
        both d_H(p, q) and d_H(q, r)

    Raises
    ------
    ValueError : if there are fewer than two classes, none of which has two points, if
        dist is not symmetric within [0, 4], or levels < 1

    Source: Ge, Huang, Dong, Scott, ECCV 2018; average linkage is scipy's.

    >>> dist = torch.tensor([[0.5, 1.0, 3.0], [1.0, 0.5, 2.0], [3.0, 2.0, 0.5]])
    >>> tree = class_tree(dist, levels=7)
    >>> tree.thresholds.tolist()
    [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]
    >>> tree.joined.tolist()  # 0 and 1 join at 1.0, and 2 joins them at 2.5
    [[0.0, 1.0, 2.5], [1.0, 0.0, 2.5], [2.5, 2.5, 0.0]]
    """
    between, d_0 = _checked(dist, levels)
    steps = linkage(squareform(between.numpy()), method="average")
    height = torch.as_tensor(squareform(cophenet(steps)))
    share = torch.linspace(0, 1, levels + 1, dtype=torch.float64)
    thresholds = d_0 + share * (4 - d_0)
    level = torch.searchsorted(thresholds, height).clamp(max=levels)
    joined = thresholds[level].fill_diagonal_(0)
    return ClassTree(torch.as_tensor(steps), thresholds, joined)


def _checked(dist: Tensor, levels: int) -> tuple[Tensor, float]:
    """Distances of different classes, and d_0; error if either makes no sense."""
    check_dist(dist)
    dist = dist.detach().cpu().double()
    between = dist.clone().fill_diagonal_(0)
    check_nonnegative(between)
    d_0 = dist.diagonal().nanmean().item()
    gap = (between - between.T).abs()
    if (gap > 1e-5).any() or (between > 4.0001).any():
        raise ValueError(
            "dist must be symmetric and at most 4, the largest squared distance of "
            f"unit vectors, got up to {between.max().item():.4g}; normalise first: "
            "class_distances(torch.nn.functional.normalize(z), labels)"
        )
    if len(dist) < 2 or not between.isfinite().all() or not 0 <= d_0 < 4:
        raise ValueError(
            "dist must be finite distances of two classes or more, and their mean "
            f"inside the classes from 0 to below 4, got {len(dist)} classes and {d_0}; "
            "class_distances of unit vectors are, where a class has two points"
        )
    if levels < 1:
        raise ValueError(f"levels must be >= 1, got {levels}")
    return (between + between.T) / 2, d_0
