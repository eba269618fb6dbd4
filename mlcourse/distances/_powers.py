"""The p-norm of all differences, without the (n, m, d) array of them."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from mlcourse.distances._points import rows_per_block


class PowerNorm(torch.autograd.Function):
    r"""Minkowski distances and their gradient, in blocks of rows of x.

    .. math:: f_{ij} = m_{ij} \Bigl( \sum_k (|x_{ik} - y_{jk}| / m_{ij})^p
        \Bigr)^{1/p}, \quad \frac{\partial f_{ij}}{\partial x_{ik}} =
        \operatorname{sign}(x_{ik} - y_{jk}) (|x_{ik} - y_{jk}| / f_{ij})^{p - 1}

    with m the largest difference of the pair, so that no power overflows. Where a
    difference is 0 its slope, infinite for p < 1, is taken as 0.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Float[Tensor, "n d"], y: Float[Tensor, "m d"], p: float | int
    ) -> Float[Tensor, "n m"]:
        """Values (n, m); one buffer serves all blocks, as fresh memory is slow."""
        rows = rows_per_block(y)
        out = x.new_empty(len(x), len(y))
        buffer = x.new_empty(rows, *y.shape)
        for a, block in zip(out.split(rows), x.split(rows), strict=True):
            gap = torch.sub(block[:, None], y, out=buffer[: len(block)]).abs_()
            largest = gap.amax(dim=2)  # (b, m)
            gap.div_(torch.where(largest > 0, largest, 1)[:, :, None]).pow_(p)
            torch.sum(gap, dim=2, out=a)
            a.pow_(1 / p).mul_(largest)
        ctx.save_for_backward(x, y, out)
        ctx.p = p
        return out

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, grad: Float[Tensor, "n m"]
    ) -> tuple[Float[Tensor, "n d"], Float[Tensor, "m d"], None]:
        """Gradients in x (n, d) and y (m, d)."""
        x, y, dist = ctx.saved_tensors
        rows = rows_per_block(y)
        of_x, of_y = torch.empty_like(x), torch.zeros_like(y)
        for start in range(0, len(x), rows):
            block = slice(start, start + rows)
            gap = x[block, None] - y  # (b, m, d)
            ratio = gap.abs() / torch.where(dist[block] > 0, dist[block], 1)[..., None]
            slope = torch.where(gap == 0, 0, gap.sign() * ratio ** (ctx.p - 1))
            slope *= grad[block, :, None]
            of_x[block] = slope.sum(dim=1)
            of_y -= slope.sum(dim=0)
        return of_x, of_y, None


power_norm: Callable[[Tensor, Tensor, float | int], Tensor] = PowerNorm.apply
