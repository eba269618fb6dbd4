"""How far a negative is pulled to its anchor: the farther the metric has learned."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from mlcourse._check import check_positive


@torch.no_grad()
def hardness_lambda(
    d_pos: Float[Tensor, "*#b"],
    d_neg: Float[Tensor, "*#b"],
    *,
    alpha: float | int = 90.0,
    j_avg: float | int,
) -> Float[Tensor, "*b"]:
    r"""Share of its way to the anchor that a negative keeps.

    .. math:: \lambda_0 = \begin{cases} \dfrac{d^+ + (d^- - d^+)\,
        e^{-\alpha / J_{\mathrm{avg}}}}{d^-} & d^- > d^+ \\
        1 & \text{otherwise} \end{cases}

    Parameters
    ----------
    d_pos, d_neg : >= 0, distances of an anchor to its positive and its negative; shapes
        that broadcast
    alpha : > 0, in the unit of the loss: when J_avg falls below it, synthesis begins
    j_avg : >= 0, mean of the metric loss over the last batches; inf before the first

    Returns
    -------
    lambda_0 : from d+ / d- (J_avg = 0: the negative comes as near as the positive) to 1
        (J_avg = inf: it stays), without a gradient. It stays, too, where it is no
        farther than the positive, so that d- = 0 is never divided by.

    Raises
    ------
    ValueError : if a distance or j_avg is negative or NaN, or alpha <= 0

    Source: Zheng, Chen, Lu, Zhou, CVPR 2019, Sec. 3.2. Their code has alpha = 90, far
    above an N-pair loss of about 4, so that every negative is at its hardest as soon
    as there is a mean. There lambda_0 passes on a gradient; here it is a number.

    >>> d_pos, d_neg = torch.tensor(0.6), torch.tensor([1.2, 0.5])
    >>> hardness_lambda(d_pos, d_neg, alpha=7, j_avg=3.0)
    tensor([0.5485, 1.0000])
    """
    check_positive(alpha, "alpha")
    for name, value in (("d_pos", d_pos), ("d_neg", d_neg)):
        if not (value >= 0).all():
            raise ValueError(
                f"{name} must hold distances >= 0, got a minimum of "
                f"{value.min().item():.4g}; squares and similarities are none"
            )
    if not j_avg >= 0:
        raise ValueError(
            f"j_avg must be >= 0, got {j_avg}; it is the mean of a loss that is never "
            "negative, such as N-pair, and inf before there is one"
        )
    kept = math.exp(-alpha / j_avg) if j_avg > 0 else 0.0
    farther = d_neg > d_pos
    share = (d_pos + (d_neg - d_pos) * kept) / torch.where(farther, d_neg, 1.0)
    return torch.where(farther, share, 1.0)
