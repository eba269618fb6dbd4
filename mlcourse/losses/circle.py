"""Circle loss: pairs that are far from their optimum get more of the gradient."""

from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_positive
from mlcourse.losses._logsumexp import grouped_logsumexp, log1p_exp, logsumexp_over
from mlcourse.losses._matrix import as_square, entries, mean_over, same_class


def circle_loss(
    sim: Float[Tensor, "n n"],
    labels: Int[Tensor, " n"],
    *,
    m: float | int = 0.25,
    gamma: float | int = 64.0,
) -> Float[Tensor, ""]:
    r"""Soft comparison of all positives with all negatives of an anchor, re-weighted.

    .. math::
        L_i = \log\Bigl[1 + \sum_{k \in N_i} e^{\gamma a_{ik} (S_{ik} - m)}
              \sum_{p \in P_i} e^{-\gamma a_{ip} (S_{ip} - 1 + m)}\Bigr]
    .. math::
        a_{ip} = [1 + m - S_{ip}]_+, \qquad a_{ik} = [S_{ik} + m]_+
        \quad \text{(without gradient)}

    Parameters
    ----------
    sim : (n, n), cosine similarities S(psi(x_i), psi(x_j))
    labels : (n,); P_i holds the other points of the label of i, N_i the rest
    m : relaxation; the boundary is the circle S_n^2 + (S_p - 1)^2 = 2 m^2
    gamma : > 0, scale

    Returns
    -------
    () : mean over the anchors with L_i > 0; an anchor without positives or without
        negatives has L_i = 0. Values near 100 are normal at the start. O(n^2) memory.

    Raises
    ------
    ValueError : unless sim is (n, n), labels (n,) whole numbers, and gamma > 0

    Source: Sun et al., CVPR 2020, eqs. 4 to 8.

    >>> import torch
    >>> sim = torch.tensor([[1.0, 0.75, 0.25], [0.75, 1.0, 0.25], [0.25, 0.25, 1.0]])
    >>> circle_loss(sim, torch.tensor([0, 0, 1]))  # on the circle: log 2
    tensor(0.6931)
    """
    check_positive(gamma, "gamma")
    sim = as_square(sim, "sim")
    same = same_class(labels, len(sim))
    negative, positive = ~same, same.fill_diagonal_(False)
    push = (sim.detach() + m).clamp(min=0) * (sim - m)
    i, p = positive.nonzero(as_tuple=True)
    near = entries(sim, i, p)
    pull = -gamma * (1 + m - near.detach()).clamp(min=0) * (near - (1 - m))
    rise = logsumexp_over(push, negative, scale=gamma)
    rise = rise + grouped_logsumexp(pull, i, len(sim))
    loss = log1p_exp(rise)  # the smallest float plus anything real gives 0
    return mean_over(loss, ~(loss <= 0))  # NaN stays NaN
