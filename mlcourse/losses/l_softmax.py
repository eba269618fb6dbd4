"""L-Softmax: softmax classification with the own angle multiplied."""

from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.losses._angle import multiplied_angle
from mlcourse.losses._logits import margin_softmax, own_cosine
from mlcourse.losses._norms import as_norms


def l_softmax_loss(
    cos: Float[Tensor, "n C"],
    norms: Float[Tensor, " n"],
    weight_norms: Float[Tensor, " C"],
    labels: Int[Tensor, " n"],
    *,
    m: int = 4,
    annealing: float | int = 0.0,
) -> Float[Tensor, ""]:
    r"""Mean cross-entropy with the lengths of embeddings and of class weights kept.

    .. math::
        L = -\frac1n \sum_i \log \frac{e^{\lVert w_{y_i} \rVert \lVert x_i \rVert
            \psi(\theta_{iy_i})}}{e^{\lVert w_{y_i} \rVert \lVert x_i \rVert
            \psi(\theta_{iy_i})} + \sum_{c \ne y_i} e^{w_c^\top x_i}}
    .. math::
        \psi(\theta) = \frac{\lambda \cos\theta + (-1)^k \cos(m \theta) - 2 k}
            {1 + \lambda}, \quad
        \theta \in \bigl[\tfrac{k \pi}{m}, \tfrac{(k + 1) \pi}{m}\bigr]

    Parameters
    ----------
    cos : (n, C), cosines of the angles between x_i = psi(image i) and the weights w_c
    norms, weight_norms : (n,), (C,), lengths of the x_i and of the w_c, >= 0
    labels : (n,), from 0 to C - 1
    m : whole number >= 1; 1 is softmax
    annealing : lambda >= 0; large is softmax, 0 the full margin, which does not train
        from scratch: at 90 degrees psi is -3 and nearly flat for m = 4

    Returns
    -------
    () : no unit, >= 0; 0 without points

    Raises
    ------
    ValueError : unless cos is (n, C), the lengths (n,) and (C,) >= 0, labels (n,) from
        0 to C - 1, m a whole number >= 1, and lambda >= 0

    Source: Liu, Wen, Yu, Yang, ICML 2016, eqs. 4 to 6; lambda in its Sec. 3.4.

    >>> import torch
    >>> cos, one = torch.tensor([[0.5, -0.25]]), torch.tensor([1.0])
    >>> l_softmax_loss(cos, one, torch.tensor([1.0, 2.0]), torch.tensor([0]), m=2)
    tensor(0.6931)
    """
    cos, target, own = own_cosine(cos, labels)
    length = as_norms(norms, len(cos), "norms").to(cos.dtype)
    weight = as_norms(weight_norms, cos.shape[1], "weight_norms").to(cos.dtype)
    psi = multiplied_angle(target, m=m, annealing=annealing)
    own_scale = length * weight[own.squeeze(1)]
    return margin_softmax(length[:, None] * weight * cos, own_scale * psi, own)
