"""Gradient reversal: what one part learns to do, the part before it unlearns."""

from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor


class _Reversal(torch.autograd.Function):
    """The identity, whose derivative is taken to be -weight."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: float | int) -> Tensor:
        """X itself."""
        ctx.weight = weight
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None]:
        """The slope, turned round."""
        return -ctx.weight * slope, None


def reverse_gradient(
    x: Float[Tensor, "*n"], *, weight: float | int = 1.0
) -> Float[Tensor, "*n"]:
    r"""The identity on the way forward; on the way back the gradient changes its sign.

    .. math:: r(x) = x, \qquad \frac{\partial L}{\partial x}
        := -\lambda \, \frac{\partial L}{\partial r}

    One step of descent on L(f(r(x))) then moves the parameters of f down the slope of
    L, and those that x was made of up the slope of lambda L: an adversary in one pass.

    Parameters
    ----------
    x : of any shape
    weight : lambda >= 0; 0 stops the gradient

    Returns
    -------
    x, to the bit

    Raises
    ------
    ValueError : if weight is negative, or not finite

    Source: Ganin, Lempitsky, ICML 2015, Sec. 3.1.

    >>> x = torch.tensor([3.0, -1.0], requires_grad=True)
    >>> reverse_gradient(x, weight=0.5).square().sum().backward()
    >>> x.grad  # 2 x without reversal
    tensor([-3.,  1.])
    """
    if not 0 <= weight < float("inf"):
        raise ValueError(
            f"weight must be finite and >= 0, got {weight}; the sign is already turned"
        )
    turned: Tensor = cast(Any, _Reversal).apply(x, weight)
    return turned
