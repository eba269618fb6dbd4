"""Sums over pairs and triplets, in blocks: value and slope at once, O(n^2) memory."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable

from mlcourse._check import check_rows
from mlcourse.losses._matrix import as_square

#: Rows at once: their indices and gaps fit a processor's cache.
BLOCK = 2**16
#: From distances of pairs, or gaps of triplets, to each one's cost and its slope.
Cost = Callable[[Tensor], tuple[Tensor, Tensor]]


class _Total(torch.autograd.Function):
    """Total cost; its gradient is gathered on the way, as it costs one pass more."""

    @staticmethod
    def forward(ctx: Any, dist: Tensor, *lists: tuple[Tensor, Cost]) -> Tensor:
        """Sum of the costs, added up in float64."""
        entry, n = dist.flatten(), dist.shape[1]
        slopes = torch.zeros_like(entry)
        total = entry.new_zeros((), dtype=torch.float64)
        for rows, cost in lists:
            for block in rows.split(BLOCK):
                i, *others = block.unbind(dim=1)
                places = [torch.add(j, i, alpha=n) for j in others]
                gap = entry.index_select(0, places[0])
                for far in places[1:]:
                    gap -= entry.index_select(0, far)
                value, slope = cost(gap)
                total += value.sum()
                if ctx.needs_input_grad[0]:
                    for far in places[1:]:
                        slopes.index_add_(0, far, slope, alpha=-1)
                        places[0], slope = _sum_runs(places[0], slope)
                    slopes.index_add_(0, places[0], slope)
        ctx.save_for_backward(slopes.view_as(dist))
        return total.to(dist.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """In dist alone."""
        (slopes,) = ctx.saved_tensors
        return (grad * slopes, *(None for _ in ctx.needs_input_grad[1:]))


def _sum_runs(place: Tensor, slope: Tensor) -> tuple[Tensor, Tensor]:
    """Neighbours of one place, as those of an anchor and its positive, made one.

    Added to one cell by turns, each would wait for the one before it.
    """
    place, count = place.unique_consecutive(return_counts=True)
    return place, torch.segment_reduce(slope, "sum", lengths=count)


def total_cost(
    dist: Float[Tensor, "n n"], *lists: tuple[Int[Tensor, "_ w"], Cost]
) -> Float[Tensor, ""]:
    """Sum of cost(Delta_ij) over pairs, of cost(Delta_ap - Delta_an) over triplets."""
    apply: Callable[..., Tensor] = _Total.apply
    return apply(dist, *((rows, cost) for rows, cost in lists if len(rows)))


def mean_cost(
    dist: Float[Tensor, "n n"], T: Int[Tensor, "t 3"], cost: Cost
) -> Float[Tensor, ""]:
    """Mean over T of cost(Delta_ap - Delta_an); 0 where T is empty."""
    dist = as_square(dist, "dist")
    T = check_rows(T, name="T", width=3, n=len(dist))
    return total_cost(dist, (T, cost)) / max(len(T), 1)
