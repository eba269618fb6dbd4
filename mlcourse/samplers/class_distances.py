"""How far apart are two classes? Their means and lengths say it."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_labels, check_points
from mlcourse._class_means import class_means


@torch.no_grad()
def class_distances(
    z: Float[Tensor, "n k"], labels: Int[Tensor, " n"]
) -> Float[Tensor, "c c"]:
    r"""Mean squared distance of the points of two classes, from means alone.

    .. math:: d(p, q) = \frac{1}{n_p n_q} \sum_{i \in p,\, j \in q} |z_i - z_j|^2
        = e_p + e_q - 2 \mu_p^\top \mu_q, \qquad
        d(p, p) = \frac{1}{n_p^2 - n_p} \sum_{i \ne j \in p} |z_i - z_j|^2
        = \frac{2 n_p}{n_p - 1} (e_p - |\mu_p|^2)

    with mu_p the mean of a class and e_p the mean squared length of its points.

    Parameters
    ----------
    z : (n, k), embeddings of all training points
    labels : (n,), class of each, any integers

    Returns
    -------
    (C, C) : in float64, classes in the order of their numbers; NaN at (p, p) for a
        class of one point. O(n k + C^2 k) instead of O(n^2 k).

    Raises
    ------
    ValueError : unless z is finite (n, k) and labels (n,) whole numbers

    Source: Ge, Huang, Dong, Scott, ECCV 2018. That means are enough is
    Huygens' theorem.

    >>> z = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    >>> class_distances(z, torch.tensor([4, 4, 7])).float()
    tensor([[2., 3.],
            [3., nan]])
    """
    z = check_points(z, "z").double()
    check_labels(labels, len(z))
    if not len(z):
        return z.new_empty(0, 0)
    z = z - z.mean(dim=0)  # moves no distance, and keeps digits
    _, codes, size = labels.to(z.device).unique(return_inverse=True, return_counts=True)
    mean = class_means(z, codes)
    energy = class_means(z.square().sum(dim=1, keepdim=True), codes).squeeze(1)
    dist: Tensor = (energy[:, None] + energy - 2 * mean @ mean.T).clamp_(min=0)
    spread = (energy - mean.square().sum(dim=1)).clamp(min=0) * 2 * size / (size - 1)
    dist.diagonal().copy_(torch.where(size > 1, spread, torch.nan))
    return dist
