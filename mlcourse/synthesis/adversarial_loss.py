"""What a maker of hard negatives wants: near the anchor, near its origin, deceiving."""

from jaxtyping import Float
from torch import Tensor

from mlcourse.synthesis._parts import check_daml


def adversarial_loss(
    y_syn: Float[Tensor, "t d"],
    y_anchor: Float[Tensor, "t d"],
    y_neg: Float[Tensor, "t d"],
    d_syn: Float[Tensor, " t"],
    d_pos: Float[Tensor, " t"],
    *,
    margin: float | int = 1.0,
    reg: float | int = 1.0,
    adv: float | int = 50.0,
) -> Float[Tensor, ""]:
    r"""Mean of J_hard + lambda_1 J_reg + lambda_2 J_adv over synthetic negatives.

    .. math:: J_{\mathrm{gen}} = \frac1t \sum \underbrace{\lVert \tilde y^- - y
        \rVert^2}_{\text{hard}} + \lambda_1 \underbrace{\lVert \tilde y^- - y^-
        \rVert^2}_{\text{reg}} + \lambda_2 \underbrace{[D(\tilde y^-, y) - D(y^+, y)
        - m]_+}_{\text{adv}}

    Without the last term the best place is between the two:
    (y + lambda_1 y^-) / (1 + lambda_1).

    Parameters
    ----------
    y_syn, y_anchor, y_neg : (t, d), features: synthetic negatives, their anchors, and
        the negatives they were made of
    d_syn, d_pos : (t,), D: distances of the learned metric, not of features, from the
        anchors to the synthetic negatives and to the positives; squared in the paper
    margin : m > 0, of the triplet loss, in the unit of D; a synthetic negative with
        d_syn < d_pos + m violates the judgement, and J_adv asks no more of it
    reg, adv : lambda_1, lambda_2 >= 0

    Returns
    -------
    () : in the unit of y squared; 0 without triplets

    Raises
    ------
    ValueError : if margin <= 0, or a weight is negative

    Source: Duan, Zheng, Lin, Lu, Zhou, CVPR 2018, Sec. 3.2; its weights are 1 and 50.

    >>> import torch
    >>> y_syn, y, y_neg = torch.tensor([[[1.0, 0.0]], [[0.0, 0.0]], [[4.0, 0.0]]])
    >>> d = torch.tensor([1.75]), torch.tensor([0.5])
    >>> adversarial_loss(y_syn, y, y_neg, *d)  # 1 + 9 + 50 * 0.25
    tensor(22.5000)
    """
    check_daml(margin=margin, reg=reg, adv=adv)
    hard = (y_syn - y_anchor).square().sum()
    near = (y_syn - y_neg).square().sum()
    fooled = (d_syn - d_pos - margin).clamp(min=0).sum()
    total: Tensor = hard + reg * near + adv * fooled
    return total / max(len(y_syn), 1)
