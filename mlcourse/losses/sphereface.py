"""SphereFace: the own angle, multiplied, must still be the smallest."""

from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.losses._angle import multiplied_angle
from mlcourse.losses._logits import margin_softmax, own_cosine
from mlcourse.losses._norms import as_norms


def sphereface_loss(
    cos: Float[Tensor, "n C"],
    norms: Float[Tensor, " n"],
    labels: Int[Tensor, " n"],
    *,
    m: int = 4,
    annealing: float | int = 0.0,
) -> Float[Tensor, ""]:
    r"""Mean cross-entropy with unit class weights and the embedding's own length.

    .. math::
        L = -\frac1n \sum_i \log \frac{e^{\lVert x_i \rVert \psi(\theta_{iy_i})}}
            {e^{\lVert x_i \rVert \psi(\theta_{iy_i})}
             + \sum_{c \ne y_i} e^{\lVert x_i \rVert \cos\theta_{ic}}}
    .. math::
        \psi(\theta) = \frac{\lambda \cos\theta + (-1)^k \cos(m \theta) - 2 k}
            {1 + \lambda}, \quad
        \theta \in \bigl[\tfrac{k \pi}{m}, \tfrac{(k + 1) \pi}{m}\bigr]

    Parameters
    ----------
    cos : (n, C), cosines of the angles between x_i = psi(image i) and the weights w_c
    norms : (n,), lengths of the x_i, >= 0
    labels : (n,), from 0 to C - 1
    m : whole number >= 1; 1 is plain softmax
    annealing : lambda >= 0; large is plain softmax, 0 the full margin. The authors go
        from 1000 to 5, ``annealed(step)``, and never to 0

    Returns
    -------
    () : no unit, >= 0; 0 without points

    Raises
    ------
    ValueError : unless cos is (n, C), norms (n,) >= 0, labels (n,) from 0 to C - 1, m a
        whole number >= 1, and lambda >= 0

    Source: Liu, Wen, Yu, Li, Raj, Song, CVPR 2017, eq. 7; lambda: the authors' code.

    >>> import torch
    >>> cos = torch.tensor([[0.5, -0.5]])  # 60 degrees, doubled: 120
    >>> sphereface_loss(cos, torch.tensor([3.0]), torch.tensor([0]), m=2)  # log 2
    tensor(0.6931)
    """
    cos, target, own = own_cosine(cos, labels)
    length = as_norms(norms, len(cos), "norms").to(cos.dtype)
    psi = multiplied_angle(target, m=m, annealing=annealing)
    return margin_softmax(length[:, None] * cos, length * psi, own)
