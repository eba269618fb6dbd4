"""Negatives between the anchor and the negatives that the data holds."""

import torch
from jaxtyping import Float
from torch import Tensor

from mlcourse.synthesis.hardness_lambda import hardness_lambda


def hardness_aware_negatives(
    z: Float[Tensor, "*#b k"],
    z_pos: Float[Tensor, "*#b k"],
    z_neg: Float[Tensor, "*#b k"],
    *,
    alpha: float | int = 90.0,
    j_avg: float | int,
) -> Float[Tensor, "*b k"]:
    r"""Negatives on the line to the anchor, the nearer the better the metric is.

    .. math:: \hat z^- = z + \lambda_0 (z^- - z)

    Parameters
    ----------
    z, z_pos, z_neg : (..., k), anchors, positives, negatives; shapes that broadcast
    alpha, j_avg : of ``hardness_lambda``, with Euclidean distances

    Returns
    -------
    (..., k) : no farther from z than z_neg and, unless that is, no nearer than z_pos.
        On the unit sphere they leave it. The gradient reaches z and z_neg.

    Raises
    ------
    ValueError : as ``hardness_lambda``

    Source: Zheng, Chen, Lu, Zhou, CVPR 2019, Sec. 3.2.

    >>> z = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 5.0]])
    >>> hardness_aware_negatives(*z, j_avg=0.0), hardness_aware_negatives(*z, j_avg=1e9)
    (tensor([0., 3.]), tensor([0., 5.]))
    """
    d_pos = torch.linalg.vector_norm(z - z_pos, dim=-1)
    d_neg = torch.linalg.vector_norm(z - z_neg, dim=-1)
    share = hardness_lambda(d_pos, d_neg, alpha=alpha, j_avg=j_avg)
    return z + share[..., None] * (z_neg - z)
