"""What a flow is trained to lower: the negative log-likelihood."""

import math

from jaxtyping import Float
from torch import Tensor


def negative_log_likelihood(
    v: Float[Tensor, "n d"], log_det: Float[Tensor, " n"]
) -> Float[Tensor, ""]:
    r"""Mean of -log p(x), where v = f(x) is standard normal and f invertible.

    .. math:: \frac1n \sum_i \tfrac12 \lVert v_i \rVert^2
        + \tfrac d2 \log 2\pi - \log \lvert \det J_f(x_i) \rvert

    Parameters
    ----------
    v : (n, d), n >= 1
    log_det : (n,), log |det J_f| at every x

    Returns
    -------
    scalar, in nats; for x with a unit it shifts by d log of the unit.

    Raises
    ------
    ValueError : unless there is one log_det for every row of v, and one row.

    Source: the change of variables; as a loss Dinh, Krueger, Bengio, NICE, 2015. The
    paper drops the constant, which makes its values incomparable between dimensions.

    >>> import torch
    >>> round(negative_log_likelihood(torch.zeros(1, 2), torch.zeros(1)).item(), 4)
    1.8379
    """
    if v.ndim != 2 or len(v) == 0 or log_det.shape != v.shape[:1]:
        raise ValueError(
            "v must be (n, d) with n >= 1, and log_det (n,), one value a row, got "
            f"shapes {tuple(v.shape)} and {tuple(log_det.shape)}"
        )
    constant = v.shape[1] / 2 * math.log(2 * math.pi)
    return ((v**2).sum(dim=1) / 2 + constant - log_det).mean()
