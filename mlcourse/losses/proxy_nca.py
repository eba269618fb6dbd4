"""ProxyNCA: one learned point stands for each class."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy

from mlcourse._check import check_classes
from mlcourse.losses._matrix import as_float


def proxy_nca_loss(
    dist: Float[Tensor, "n C"],
    labels: Int[Tensor, " n"],
    *,
    include_positive: bool = False,
) -> Float[Tensor, ""]:
    r"""Mean surprise at the own proxy among the other proxies.

    .. math::
        L = -\frac1n \sum_i \log \frac{e^{-\Delta(x_i, p_{y_i})}}
            {\sum_{c \ne y_i} e^{-\Delta(x_i, p_c)}}

    with ``include_positive`` the sum runs over all proxies (ProxyNCA++).

    Parameters
    ----------
    dist : (n, C), Delta(psi(x_i), p_c); the paper's is ``sqeuclidean`` of vectors of
        one norm. ProxyNCA++ takes unit vectors and multiplies it by 9
    labels : (n,), from 0 to C - 1
    include_positive : whether the own proxy is in the denominator. Without it the pull
        never ends and L has no lower bound of 0; with it L = log(1 + e^L without)

    Returns
    -------
    () : no unit; 0 without points, and without a second proxy

    Raises
    ------
    ValueError : unless dist is (n, C) and labels (n,) from 0 to C - 1

    Source: Movshovitz-Attias, Toshev, Leung, Ioffe, Singh, ICCV 2017, eq. 5; Teh,
    DeVries, Taylor, ECCV 2020, eq. 6. The slide lacks the minus sign.

    >>> dist = torch.tensor([[1.0, 2.0, 2.0]])
    >>> proxy_nca_loss(dist, torch.tensor([0]))  # 1 - (2 - log 2)
    tensor(-0.3069)
    >>> proxy_nca_loss(dist, torch.tensor([0]), include_positive=True)
    tensor(0.5514)
    """
    dist = as_float(dist, "dist")
    check_classes(labels, *dist.shape)
    if dist.shape[1] < 2 or not len(dist):
        return dist.sum() * 0
    if include_positive:
        return cross_entropy(-dist, labels.long())
    own = labels.long()[:, None]
    others = (-dist).scatter(1, own, -torch.inf)
    return (dist.gather(1, own).squeeze(1) + others.logsumexp(dim=1)).mean()
