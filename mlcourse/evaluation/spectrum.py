"""How an embedding fills its space: spectral decay, and density of classes."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_labels, check_points


def spectral_decay(z: Float[Tensor, "n d"]) -> float:
    r"""Rho: how far the singular values are from all being equal.

    .. math:: \rho = \mathrm{KL}(\mathcal U \,\|\, \mathcal S)
        = \frac1D \sum_{k=1}^{D} \log \frac{1 / D}{s_k / \sum_l s_l}

    Parameters
    ----------
    z : (n, d), embeddings, not centred; D = min(n, d) singular values s_k

    Returns
    -------
    float >= 0, in nats; 0 if all directions are used alike, large if few are. The
        smallest singular values decide it: those below rounding, max(n, d) eps times
        the largest, count as just that, so that a rank below D gives a finite number.

    Raises
    ------
    ValueError : unless z is a finite (n, d) matrix with an entry that is not 0

    Source: Roth, Milbich, Sinha, Gupta, Ommer, Cohen, ICML 2020, Sec. 5.

    >>> round(spectral_decay(torch.diag(torch.tensor([3.0, 1.0]))), 4)
    0.1438
    """
    s = torch.linalg.svdvals(check_points(z, "z").detach().double())
    if not s.numel() or s[0] == 0:
        raise ValueError(
            "z must have an entry that is not 0, got "
            f"{tuple(z.shape)} zeros; the embedding has collapsed onto the origin"
        )
    s = s.clamp(min=float(s[0]) * max(z.shape) * torch.finfo(s.dtype).eps)
    share = s / s.sum()
    rho = -(share * len(share)).log().mean().item()
    return max(0.0, float(rho))


def density(z: Float[Tensor, "n d"], labels: Int[Tensor, " n"]) -> float:
    r"""Pi ratio: spread of the classes over the distance between them.

    .. math:: \frac{\pi_{\text{intra}}}{\pi_{\text{inter}}}
        = \frac{\operatorname{mean}_c \operatorname{mean}_{i < j \in c}
                \lVert z_i - z_j \rVert}
               {\operatorname{mean}_{c < c'} \lVert \mu_c - \mu_{c'} \rVert}

    Parameters
    ----------
    z : (n, d), embeddings
    labels : (n,), any integers; mu_c is the mean of the points of class c

    Returns
    -------
    float >= 0; 0 if every class has collapsed. Classes of one point have a centre, and
        no spread: they are left out above.

    Raises
    ------
    ValueError : unless z is a finite (n, d) matrix, labels (n,), some class has two
        points, and two classes differ in their centres

    Source: Roth, Milbich, Sinha, Gupta, Ommer, Cohen, ICML 2020, Sec. 5; its code takes
    cosine distances and centres of length 1.

    >>> z = torch.tensor([[0.0], [2.0], [10.0], [14.0]])
    >>> density(z, torch.tensor([0, 0, 1, 1]))  # (2 + 4) / 2 over 12 - 1
    0.2727272727272727
    """
    z = check_points(z, "z").detach().double()
    check_labels(labels, len(z))
    classes = [z[labels == label] for label in labels.unique()]
    spread = [torch.pdist(points).mean() for points in classes if len(points) > 1]
    centers = [points.mean(dim=0) for points in classes]
    apart = torch.pdist(torch.stack(centers)) if centers else z.new_empty(0)
    if not spread or not apart.numel() or not apart.mean() > 0:
        raise ValueError(
            f"density needs a class with two points and two different centres, got "
            f"{len(classes)} classes, {len(spread)} of them with two points or more"
        )
    return (torch.stack(spread).mean() / apart.mean()).item()
