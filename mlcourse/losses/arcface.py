"""ArcFace: the own angle must win by a margin."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_positive
from mlcourse.losses._logits import margin_softmax, own_cosine


def arcface_loss(
    cos: Float[Tensor, "n C"],
    labels: Int[Tensor, " n"],
    *,
    margin: float | int = 0.5,
    scale: float | int = 64.0,
    easy_margin: bool = False,
) -> Float[Tensor, ""]:
    r"""Mean cross-entropy of scaled cosines, the own angle enlarged by a margin.

    .. math::
        L = -\frac1n \sum_i \log \frac{e^{s \varphi(\theta_{iy_i})}}
            {e^{s \varphi(\theta_{iy_i})} + \sum_{c \ne y_i} e^{s \cos\theta_{ic}}},
        \quad \varphi(\theta) = \begin{cases} \cos(\theta + m) & \theta \le \pi - m \\
            \cos\theta - m \sin m & \text{beyond} \end{cases}

    Parameters
    ----------
    cos : (n, C), cosines of the angles between psi(x_i) and the class weights w_c
    labels : (n,), from 0 to C - 1
    margin : m in radians, from 0 to pi (other libraries: degrees)
    scale : s > 0
    easy_margin : the other continuation in use: phi = cos(theta + m) where theta is
        below 90 degrees, cos(theta) beyond

    Returns
    -------
    () : no unit, >= 0; 0 without points. Its gradient, infinite in the formula at
        theta = 0, is finite here: there the slope of phi is taken as cos m.

    Raises
    ------
    ValueError : unless cos is (n, C), labels (n,) from 0 to C - 1, scale > 0, and m in
        [0, pi]

    Source: Deng, Guo, Xue, Zafeiriou, CVPR 2019, eq. 3; the continuations are those of
    the authors' code.

    >>> cos = torch.tensor([[1.0, math.cos(0.5)]])
    >>> arcface_loss(cos, torch.tensor([0]), margin=0.5, scale=1.0)  # a tie: log 2
    tensor(0.6931)
    """
    check_positive(scale, "scale")
    if not 0 <= margin <= math.pi:
        raise ValueError(
            f"margin must be an angle from 0 to pi in radians, got {margin}; "
            "degrees are math.radians(degrees)"
        )
    cos, target, own = own_cosine(cos, labels)
    square = 1 - target * target
    inside = square > 0  # rounding also makes |cos| > 1
    sin = torch.where(inside, torch.where(inside, square, 1).sqrt(), 0)
    turned = target * math.cos(margin) - sin * math.sin(margin)  # cos(theta + m)
    if easy_margin:
        phi = torch.where(target > 0, turned, target)
    else:
        beyond = target < -math.cos(margin)
        phi = torch.where(beyond, target - margin * math.sin(margin), turned)
    return margin_softmax(scale * cos, scale * phi, own)
