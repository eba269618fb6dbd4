"""Logarithms of sums of exponentials over a part of each row."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable

from mlcourse.losses._matrix import entries


class _Over(torch.autograd.Function):
    """Softmax kept from the forward pass: one multiplication is the gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, keep: Tensor, scale: float | int) -> Tensor:
        """Row by row, in one buffer of the size of x."""
        weight = torch.where(keep, x, -torch.inf if scale > 0 else torch.inf)
        weight *= scale
        top = weight.amax(dim=1, keepdim=True).clamp(min=torch.finfo(x.dtype).min)
        weight.sub_(top).exp_()
        total = weight.sum(dim=1, keepdim=True)
        ctx.scale = scale
        ctx.save_for_backward(weight.div_(total.clamp(min=1)))
        # an empty row: top is the smallest float and total 0
        return (top + total.clamp(min=1).log()).squeeze(1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        """d/dx_j = scale * softmax_j."""
        (weight,) = ctx.saved_tensors
        return weight * (ctx.scale * grad[:, None]), None, None


_over: Callable[[Tensor, Tensor, float], Tensor] = _Over.apply


def logsumexp_over(
    x: Float[Tensor, "n m"], keep: Bool[Tensor, "n m"], *, scale: float | int
) -> Float[Tensor, " n"]:
    """Per row log sum_j exp(scale x_j) over the kept j; of none, the smallest float.

    Finite where scale x is, with a finite gradient (0 where nothing is kept).
    """
    if x.shape[1] == 0:
        return x.new_full((len(x),), torch.finfo(x.dtype).min)
    return _over(x, keep, scale)


def log1p_exp(x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """The softplus log(1 + exp(x)), exact for large and small x."""
    return torch.logaddexp(x, x.new_zeros(()))


def grouped_logsumexp(
    x: Float[Tensor, " n"], group: Int[Tensor, " n"], n_groups: int
) -> Float[Tensor, " g"]:
    """The log sum exp(x_i) of each group; of an empty one, the smallest float."""
    lowest = torch.finfo(x.dtype).min
    top = x.new_full((n_groups,), lowest)
    top = top.scatter_reduce(0, group, x.detach(), "amax")
    total = x.new_zeros(n_groups).index_add(0, group, (x - top[group]).exp())
    return top + total.clamp(min=1).log()


def logsumexp_of_few(
    x: Float[Tensor, "n m"], keep: Bool[Tensor, "n m"], *, scale: float | int = 1.0
) -> Float[Tensor, " n"]:
    """As logsumexp_over, in time and memory of the kept entries: for positives."""
    i, j = keep.nonzero(as_tuple=True)
    return grouped_logsumexp(scale * entries(x, i, j), i, len(x))
