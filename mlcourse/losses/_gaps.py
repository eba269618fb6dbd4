"""Sums over triplets, in blocks: value and gradient in one pass, O(n^2) memory."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable

from mlcourse._check import check_rows
from mlcourse.losses._matrix import as_square

#: Triplets at once: their indices and gaps fit a processor's cache.
BLOCK = 2**16
#: From gaps to the cost of each triplet and its slope.
Cost = Callable[[Tensor], tuple[Tensor, Tensor]]


class _Total(torch.autograd.Function):
    """Total cost; its gradient is gathered on the way, as it costs one pass more."""

    @staticmethod
    def forward(ctx: Any, dist: Tensor, T: Tensor, cost: Cost) -> Tensor:
        """Sum of the costs, added up in float64."""
        entry, n = dist.flatten(), dist.shape[1]
        slopes = torch.zeros_like(entry)
        total = entry.new_zeros((), dtype=torch.float64)
        for block in T.split(BLOCK):
            a, p, k = block.unbind(dim=1)
            near, far = torch.add(p, a, alpha=n), torch.add(k, a, alpha=n)
            value, slope = cost(
                entry.index_select(0, near).sub_(entry.index_select(0, far))
            )
            total += value.sum()
            if ctx.needs_input_grad[0]:
                slopes.index_add_(0, near, slope).index_add_(0, far, slope, alpha=-1)
        ctx.save_for_backward(slopes.view_as(dist))
        return total.to(dist.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        """In dist alone."""
        (slopes,) = ctx.saved_tensors
        return grad * slopes, None, None


_total: Callable[[Tensor, Tensor, Cost], Tensor] = _Total.apply


def mean_cost(
    dist: Float[Tensor, "n n"], T: Int[Tensor, "t 3"], cost: Cost
) -> Float[Tensor, ""]:
    """Mean over T of cost(Delta_ap - Delta_an); 0 where T is empty."""
    dist = as_square(dist, "dist")
    T = check_rows(T, name="T", width=3, n=len(dist))
    return _total(dist, T, cost) / max(len(T), 1)
