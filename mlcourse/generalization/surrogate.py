"""Labels that nobody gave: clusters of what classes share."""

import torch
from jaxtyping import Float, Int
from sklearn.cluster import KMeans
from torch import Generator, Tensor

from mlcourse._check import check_neighbours, check_points


def surrogate_labels(
    features: Float[Tensor, "n d"], *, n_clusters: int, generator: Generator
) -> Int[Tensor, " n"]:
    r"""Clusters by k-means, the best of five starts.

    .. math:: \arg\min_{c_1, \dots, c_n} \; \sum_i \lVert f_i - \mu_{c_i} \rVert^2

    Parameters
    ----------
    features : (n, d), such as those of ``class_standardize``
    n_clusters : from 1 to n; 30 to 150 in the paper
    generator : of the starts; it moves on by one draw

    Returns
    -------
    (n,) : from 0 to n_clusters - 1

    Raises
    ------
    ValueError : unless features is finite (n, d) and n_clusters from 1 to n

    Source: Roth, Brattoli, Ommer, ICCV 2019; k-means of scikit-learn.

    >>> features = torch.tensor([[0.0], [9.0], [0.1], [9.1]])
    >>> c = surrogate_labels(features, n_clusters=2, generator=Generator())
    >>> (c[0] == c[2]).item(), (c[1] == c[3]).item(), (c[0] == c[1]).item()
    (True, True, False)
    """
    points = check_points(features, "features").detach().cpu()
    check_neighbours(n_clusters, len(points), name="n_clusters", what="points")
    draw = torch.randint(2**31, (), generator=generator, device=generator.device)
    found = KMeans(n_clusters, n_init=5, random_state=int(draw)).fit(points.numpy())
    return torch.as_tensor(found.labels_, dtype=torch.int64)
