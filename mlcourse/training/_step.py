"""One step: embed a batch, compare, move the parameters against the gradient."""

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn


def step(
    psi: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    x: Tensor,
    codes: Tensor,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    mixed_precision: bool,
) -> float:
    """One step against the gradient; the loss before it."""
    device = next(psi.parameters()).device
    half = torch.float16 if device.type == "cuda" else torch.bfloat16
    with torch.autocast(device.type, dtype=half, enabled=mixed_precision):
        z = psi(x.to(device))
    value = loss(z.float() if mixed_precision else z, codes.to(device))
    if not value.isfinite():
        raise ValueError(
            f"the loss is {value.item()}: the embeddings have diverged; lower lr, or "
            "normalise the embeddings"
        )
    optimizer.zero_grad(set_to_none=True)
    cast(Any, scaler.scale(value)).backward()
    scaler.step(optimizer)
    scaler.update()
    return value.item()
