"""General pair weighting: what a loss makes of each pair."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor


@torch.enable_grad()
def pair_weights(
    loss: Callable[[Tensor], Tensor], sim: Float[Tensor, "n m"]
) -> Float[Tensor, "n m"]:
    r"""How hard a loss pulls or pushes each pair: the size of its slope.

    .. math:: w_{ij} = \Bigl| \frac{\partial L}{\partial S_{ij}} \Bigr|

    Parameters
    ----------
    loss : function of the matrix alone, as in
        ``lambda S: multi_similarity_loss(S, labels)``
    sim : (n, m), similarities or distances, whatever loss takes. Each entry is a
        variable of its own: S_ij and S_ji both count

    Returns
    -------
    (n, m) : >= 0, in units of the loss by units of sim; without a gradient itself

    Raises
    ------
    ValueError : if loss returns no single number

    Source: Wang, Han, Huang, Dong, Scott, CVPR 2019, Sec. 3.1.

    >>> pair_weights(lambda S: (2 * S[0, 1] - S[1, 0]).exp(), torch.zeros(2, 2))
    tensor([[0., 2.],
            [1., 0.]])
    """
    point = sim.detach().clone().requires_grad_()
    value = loss(point)
    if value.numel() != 1:
        raise ValueError(
            f"loss must return one number, got shape {tuple(value.shape)}; "
            "take its mean or sum"
        )
    if not value.requires_grad:
        return torch.zeros_like(sim)
    (slope,) = torch.autograd.grad(value, point, allow_unused=True)
    return torch.zeros_like(sim) if slope is None else slope.abs()
