"""CosFace: the own cosine must win by a margin."""

from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_positive
from mlcourse.losses._logits import margin_softmax, own_cosine


def cosface_loss(
    cos: Float[Tensor, "n C"],
    labels: Int[Tensor, " n"],
    *,
    margin: float | int = 0.35,
    scale: float | int = 64.0,
) -> Float[Tensor, ""]:
    r"""Mean cross-entropy of scaled cosines, the own one lowered by a margin.

    .. math::
        L = -\frac1n \sum_i \log \frac{e^{s (\cos\theta_{iy_i} - m)}}
            {e^{s (\cos\theta_{iy_i} - m)} + \sum_{c \ne y_i} e^{s \cos\theta_{ic}}}

    Parameters
    ----------
    cos : (n, C), cosines of the angles between psi(x_i) and the class weights w_c
    labels : (n,), from 0 to C - 1
    margin : m, in the unit of a cosine
    scale : s > 0

    Returns
    -------
    () : no unit, >= 0; 0 without points

    Raises
    ------
    ValueError : unless cos is (n, C), labels (n,) from 0 to C - 1, and scale > 0

    Source: H. Wang et al., CVPR 2018, eq. 4 (as AM-Softmax: F. Wang et al., 2018).

    >>> import torch
    >>> cos = torch.tensor([[0.5, 0.25]])
    >>> cosface_loss(cos, torch.tensor([0]), margin=0.25, scale=1.0)  # a tie: log 2
    tensor(0.6931)
    """
    check_positive(scale, "scale")
    cos, target, own = own_cosine(cos, labels)
    return margin_softmax(scale * cos, scale * (target - margin), own)
