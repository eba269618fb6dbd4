"""The loop of every training here: a random batch, a gradient, a step of Adam."""

from collections.abc import Callable, Iterable

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor, nn


def descend(
    loss: Callable[[Int[Tensor, " b"]], Float[Tensor, ""]],
    parameters: Iterable[nn.Parameter],
    n: int,
    *,
    steps: int,
    batch: int,
    lr: float,
    generator: Generator,
) -> Float[Tensor, " steps"]:
    """Minimise loss(rows) over batches of n rows; return its value at every step.

    The rate rises to lr in the first 30 % of the steps and then falls to nearly 0.
    """
    check_training(n, steps=steps, batch=batch, lr=lr)
    optimizer = torch.optim.Adam(parameters, lr=lr)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps)
    values = []
    for _ in range(steps):
        rows = torch.randint(n, (batch,), generator=generator, device=generator.device)
        value = loss(rows)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        rate.step()
        values.append(value.detach())
    return torch.stack(values)


def check_training(n: int, *, steps: int, batch: int, lr: float) -> None:
    """Raise ValueError unless there are rows, and steps, batch and lr are positive."""
    if n == 0:
        raise ValueError("training needs at least one row of data, got 0 rows")
    for name, value in (("steps", steps), ("batch", batch), ("lr", lr)):
        if not value > 0:
            raise ValueError(f"{name} must be > 0, got {value}")
