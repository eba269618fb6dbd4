"""What t-SNE minimises: the map's neighbourhoods differ from the data's."""

import torch
from jaxtyping import Float
from torch import Tensor


def map_forces(
    y: Float[Tensor, "n k"], P: Float[Tensor, "n n"]
) -> tuple[Float[Tensor, "n n"], Float[Tensor, "n k"]]:
    """Similarities w_ij = 1 / (1 + |y_i - y_j|^2) on the map, and the gradient in y."""
    square = y.square().sum(dim=1)
    w = torch.addmm(square[:, None] + square, y, y.T, alpha=-2)  # |y_i - y_j|^2
    w.clamp_(min=0).add_(1).reciprocal_().fill_diagonal_(0)  # (n, n)
    pull = torch.div(w, -w.sum()).add_(P).mul_(w)  # (p_ij - q_ij) w_ij
    return w, 4 * (pull.sum(dim=1, keepdim=True) * y - pull @ y)


def tsne_objective(
    y: Float[Tensor, "n k"], P: Float[Tensor, "n n"]
) -> tuple[Float[Tensor, ""], Float[Tensor, "n k"]]:
    r"""KL divergence of the map from the data, and its gradient in the map.

    .. math::
        C = \sum_{i \ne j} p_{ij} \ln \frac{p_{ij}}{q_{ij}}, \quad
        q_{ij} = \frac{w_{ij}}{\sum_{k \ne l} w_{kl}}, \quad
        w_{ij} = \frac{1}{1 + \lVert y_i - y_j \rVert^2}
    .. math::
        \frac{\partial C}{\partial y_i}
            = 4 \sum_j (p_{ij} - q_{ij})\, w_{ij}\, (y_i - y_j)

    Parameters
    ----------
    y : (n, k), the map
    P : (n, n), symmetric, zero diagonal, sums to 1: :func:`joint_probabilities`

    Returns
    -------
    value : (), in nats, >= 0, and 0 only where q = p
    gradient : (n, k)

    Raises
    ------
    ValueError : if y is no matrix or P is not (n, n).

    Source: van der Maaten and Hinton, JMLR 9, 2008, Eq. 5 and Appendix A.

    >>> P = torch.tensor([[0.0, 0.3, 0.1], [0.3, 0.0, 0.1], [0.1, 0.1, 0.0]])
    >>> value, gradient = tsne_objective(torch.tensor([[0.0], [1.0], [3.0]]), P)
    >>> round(value.item(), 4), gradient.shape
    (0.0249, torch.Size([3, 1]))
    """
    if y.ndim != 2 or P.shape != (len(y), len(y)):
        raise ValueError(
            "expected a map y of shape (n, k) and P of shape (n, n), got "
            f"{tuple(y.shape)} and {tuple(P.shape)}"
        )
    w, gradient = map_forces(y, P)
    here = P > 0  # 0 ln 0 = 0
    ratio = P[here] / (w[here] / w.sum())
    return (P[here] * ratio.log()).sum(), gradient
