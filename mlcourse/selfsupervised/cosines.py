"""Similarities of all points, from features that may share a large common part."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from mlcourse._check import check_points


@torch.no_grad()
def cosines(z: Float[Tensor, "n d"]) -> Float[Tensor, "n n"]:
    r"""Cosine of the angle between two points, as seen from the mean of all.

    .. math:: s_{ij} = \frac{\langle z_i - \bar z,\; z_j - \bar z \rangle}
        {\lVert z_i - \bar z \rVert \, \lVert z_j - \bar z \rVert}

    Histograms have no negative entry, and a network that has hardly learned maps all
    images to nearly one point: without the mean all cosines would be close to 1.

    Parameters
    ----------
    z : (n, d), features or embeddings of the points

    Returns
    -------
    (n, n) : from -1 to 1, no unit, symmetric, 1 on the diagonal. O(n^2) memory

    Raises
    ------
    ValueError : unless z is a finite (n, d)

    Source: cosines after centring, as in PCA. Bautista, Sanakoyeu, Tikhoncheva, Ommer,
    NIPS 2016, start from scores of linear classifiers on HOG features, one a sample.

    >>> cosines(torch.tensor([[9.0, 9.0], [9.0, 11.0], [12.0, 10.0]])).round(decimals=2)
    tensor([[ 1.0000,  0.0000, -0.7100],
            [ 0.0000,  1.0000, -0.7100],
            [-0.7100, -0.7100,  1.0000]])
    """
    z = check_points(z, "z")
    unit = normalize(z - z.mean(dim=0))
    return (unit @ unit.T).clamp(-1, 1).fill_diagonal_(1)
