"""Normalised softmax: classification by angles."""

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy

from mlcourse._check import check_classes, check_positive
from mlcourse.losses._matrix import as_float


def norm_softmax_loss(
    cos: Float[Tensor, "n C"],
    labels: Int[Tensor, " n"],
    *,
    temperature: float | int = 0.05,
) -> Float[Tensor, ""]:
    r"""Mean cross-entropy of cosines over a temperature, without bias.

    .. math::
        L = -\frac1n \sum_i \log \frac{e^{\cos\theta_{iy_i} / \tau}}
            {\sum_c e^{\cos\theta_{ic} / \tau}}

    Parameters
    ----------
    cos : (n, C), cosines of the angles between psi(x_i) and the class weights w_c
    labels : (n,), from 0 to C - 1
    temperature : tau > 0; 2 / tau must exceed log(C - 1), else L cannot come near 0

    Returns
    -------
    () : no unit, >= 0; 0 without points

    Raises
    ------
    ValueError : unless cos is (n, C), labels (n,) from 0 to C - 1, and tau > 0

    Source: Zhai, Wu, BMVC 2019, eq. 3. For unit vectors it is ProxyNCA++ with
    squared distances over 2 tau.

    >>> import torch
    >>> norm_softmax_loss(torch.tensor([[1.0, 0.0]]), torch.tensor([0]), temperature=1)
    tensor(0.3133)
    """
    check_positive(temperature, "temperature")
    cos = as_float(cos, "cos")
    check_classes(labels, *cos.shape)
    total = cross_entropy(cos / temperature, labels.long(), reduction="sum")
    return total / max(len(cos), 1)
