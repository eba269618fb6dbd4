"""Smooth-AP: average precision with a sigmoid for every comparison of ranks."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable

from mlcourse._check import check_positive
from mlcourse.losses._matrix import as_square, positives

#: Entries at once: they fit a processor's cache.
BLOCK = 2**16


class _Precisions(torch.autograd.Function):
    """Sum over queries of the smooth AP; its gradient is gathered on the way."""

    @staticmethod
    def forward(ctx: Any, sim: Tensor, positive: Tensor, temperature: float) -> Tensor:
        """Sum over q of the mean over i in P_q, added up in float64."""
        pairs, friend = positive.nonzero(), positive.to(sim.dtype)
        share = 1 / friend.sum(dim=1, keepdim=True)
        slopes = torch.zeros_like(sim)
        total = sim.new_zeros((), dtype=torch.float64)
        for q, i in (p.T for p in pairs.split(max(1, BLOCK // len(sim)))):
            row, friends = torch.arange(len(q), device=sim.device), friend[q]
            own, weight = sim[q, i][:, None], share[q]
            above = torch.sigmoid((sim[q] - own) / temperature)  # sigma_qij
            above[row, q] = above[row, i] = 0
            among = 1 + (above * friends).sum(dim=1, keepdim=True)
            rank = 1 + above.sum(dim=1, keepdim=True)
            total += (weight * among / rank).sum()
            if ctx.needs_input_grad[0]:
                pull = weight / rank / temperature
                slope = above * (1 - above) * pull * (friends - among / rank)
                slopes.index_add_(0, q, slope)
                slopes.index_put_((q, i), -slope.sum(dim=1), accumulate=True)
        ctx.save_for_backward(slopes)
        return total.to(sim.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """In sim alone."""
        (slopes,) = ctx.saved_tensors
        return grad * slopes, None, None


def smooth_ap_loss(
    sim: Float[Tensor, "n n"],
    labels: Int[Tensor, " n"],
    *,
    temperature: float | int = 0.01,
) -> Float[Tensor, ""]:
    r"""One minus the mean smooth average precision; a query is not in its own list.

    .. math::
        L = 1 - \operatorname*{mean}_{q : P_q \ne \emptyset} \frac{1}{|P_q|}
        \sum_{i \in P_q} \frac{1 + \sum_{j \in P_q \setminus i} \sigma_{qij}}
        {1 + \sum_{j \ne i, q} \sigma_{qij}}, \quad
        \sigma_{qij} = \frac{1}{1 + e^{(S_{qi} - S_{qj}) / \tau}}

    Parameters
    ----------
    sim : (n, n), similarities S(psi(x_q), psi(x_i))
    labels : (n,); P_q holds the other points of the label of q
    temperature : tau > 0, in the unit of sim; towards 0 the exact AP, and no gradient

    Returns
    -------
    () : from 0 to 1; 0 where no query has a positive. O(n^2 m) time, m the mean number
        of positives; O(n^2) memory.

    Raises
    ------
    ValueError : unless sim is (n, n), labels (n,) whole numbers, and tau > 0

    Source: Brown, Xie, Kalogeiton, Zisserman, ECCV 2020, eq. 8; there the query stands
    in its own list, at rank 1, which flatters every value.

    >>> sim = torch.tensor([[1.0, 0.5, 0.8], [0.5, 1.0, 0.2], [0.8, 0.2, 1.0]])
    >>> smooth_ap_loss(sim, torch.tensor([0, 0, 1]))  # AP 1/2 and 1
    tensor(0.2500)
    """
    check_positive(temperature, "temperature")
    sim = as_square(sim, "sim")
    positive = positives(labels, len(sim))
    if not positive.any():
        return sim.sum() * 0
    apply: Callable[..., Tensor] = _Precisions.apply
    return 1 - apply(sim, positive, temperature) / positive.any(dim=1).sum()
