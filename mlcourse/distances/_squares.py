"""Sums of squared differences, without the (n, m, d) array of all differences."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from mlcourse.distances._points import rows_per_block


class Squares(torch.autograd.Function):
    r"""Squared Euclidean distances and their gradient, in blocks of rows of x.

    .. math:: f_{ij} = \sum_k (x_{ik} - y_{jk})^2, \quad
        \nabla_{x_i} = \sum_j 2 g_{ij} (x_i - y_j)

    Both come from the differences themselves: nothing cancels, and what is equal
    stays at 0. One buffer serves all blocks: fresh memory costs more than the sums.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Float[Tensor, "n d"], y: Float[Tensor, "m d"]
    ) -> Float[Tensor, "n m"]:
        """Values (n, m)."""
        ctx.save_for_backward(x, y)
        rows = rows_per_block(y)
        out = x.new_empty(len(x), len(y))
        buffer = x.new_empty(rows, *y.shape)
        for a, block in zip(out.split(rows), x.split(rows), strict=True):
            gap = torch.sub(block[:, None], y, out=buffer[: len(block)])
            torch.sum(gap.square_(), dim=2, out=a)
        return out

    @staticmethod
    def backward(
        ctx: Any, grad: Float[Tensor, "n m"]
    ) -> tuple[Float[Tensor, "n d"], Float[Tensor, "m d"]]:
        """Gradients in x (n, d) and y (m, d)."""
        x, y = ctx.saved_tensors
        rows = rows_per_block(y)
        of_x, of_y = [], torch.zeros_like(y)
        for g, block in zip((2 * grad).split(rows), x.split(rows), strict=True):
            gap = block[:, None] - y  # (b, m, d)
            of_x.append((g[:, None] @ gap)[:, 0])
            of_y = of_y - torch.einsum("bm,bmd->md", g, gap)
        return torch.cat(of_x), of_y


squares: Callable[[Tensor, Tensor], Tensor] = Squares.apply
