"""Regions of the data, and who is responsible for which from one time to the next."""

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from torch import Tensor

from mlcourse._check import check_points


def match_clusters(
    previous: Int[Tensor, " n"], current: Int[Tensor, " n"], *, n_clusters: int
) -> Int[Tensor, " n"]:
    r"""New clusters under the numbers of the old ones that they share most points with.

    .. math:: \pi = \arg\min_\pi \sum_j \lVert 1_{C_{\pi(j)}} - 1_{C'_j} \rVert_1
        = \arg\max_\pi \sum_j |C_{\pi(j)} \cap C'_j|

    over all permutations, by the Hungarian method.

    Parameters
    ----------
    previous, current : (n,), C and C', cluster numbers from 0 to K - 1 of the same
        points; what number a new cluster has means nothing
    n_clusters : K

    Returns
    -------
    (n,) : pi(C'), the same parts as current

    Raises
    ------
    ValueError : unless both are (n,) whole numbers from 0 to K - 1

    Source: Sanakoyeu, Tschernezki, Buechler, Ommer, CVPR 2019; Kuhn, Naval Research
    Logistics 2, 1955.

    >>> old, new = torch.tensor([[0, 0, 1, 1, 1, 2], [2, 2, 0, 0, 1, 1]])
    >>> match_clusters(old, new, n_clusters=3)
    tensor([0, 0, 1, 1, 2, 2])
    """
    for name, values in (("previous", previous), ("current", current)):
        low, high = (values.min(), values.max()) if len(values) else (0, 0)
        whole = values.shape == previous.shape and not values.is_floating_point()
        if not whole or low < 0 or high >= n_clusters:
            raise ValueError(
                f"{name} must be ({len(previous)},) cluster numbers from 0 to K - 1 = "
                f"{n_clusters - 1}, got shape {tuple(values.shape)} of {values.dtype}, "
                f"{low} to {high}"
            )
    previous, current = previous.long().cpu(), current.long()
    shared = torch.zeros(n_clusters, n_clusters, dtype=torch.int64)  # new, old
    one = torch.ones((), dtype=torch.int64)
    shared.index_put_((current.cpu(), previous), one, accumulate=True)
    _, old = linear_sum_assignment(shared.numpy(), maximize=True)
    return torch.as_tensor(old, device=current.device)[current]


def cluster(
    features: Float[Tensor, "n d"], *, n_clusters: int, random_state: int
) -> Int[Tensor, " n"]:
    r"""k-means of features at length 1.

    .. math:: \min_{C, \mu} \sum_i \lVert \hat y_i - \mu_{C(i)} \rVert^2, \qquad
        \hat y = y / \lVert y \rVert

    Parameters
    ----------
    features : (n, d), of all points
    n_clusters : K, from 1 to n
    random_state : seed of the first means

    Returns
    -------
    (n,) : cluster numbers from 0 to K - 1, of the best of five starts

    Raises
    ------
    ValueError : unless features are finite (n, d), n >= K >= 1

    Source: Sanakoyeu, Tschernezki, Buechler, Ommer, CVPR 2019, on the features before
    the embedding layer; scikit-learn's k-means.

    >>> y = torch.tensor([[1.0, 0.0], [9.0, 1.0], [0.0, 2.0]])
    >>> C = cluster(y, n_clusters=2, random_state=0)
    >>> (C[0] == C[1]).item(), (C[0] == C[2]).item()
    (True, False)
    """
    y = torch.nn.functional.normalize(check_points(features, "features"), dim=1)
    if not 1 <= n_clusters <= len(y):
        raise ValueError(
            f"n_clusters must be from 1 to the number of points, {len(y)}, got "
            f"{n_clusters}"
        )
    means = KMeans(n_clusters, n_init=5, max_iter=100, random_state=random_state)
    found: np.ndarray = means.fit_predict(y.detach().cpu().double().numpy())
    return torch.as_tensor(found, dtype=torch.int64)
