"""How good a part was of late: the mean of its objective over a window of batches."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class RunningMean(nn.Module):
    """Mean of the last whole window of values; inf before there is one."""

    mean: Tensor
    total: Tensor
    count: Tensor

    def __init__(self, window: int) -> None:
        super().__init__()
        if window < 1:
            raise ValueError(f"window must be >= 1 batch, got {window}")
        self.window = window
        self.register_buffer("mean", torch.tensor(torch.inf))
        self.register_buffer("total", torch.tensor(0.0))
        self.register_buffer("count", torch.tensor(0))

    @torch.no_grad()
    def update(self, value: Float[Tensor, ""]) -> None:
        """Count a batch; a full window becomes the mean, and the next begins."""
        self.total += value
        self.count += 1
        if self.count == self.window:
            self.mean.copy_(self.total / self.window)
            self.total.zero_()
            self.count.zero_()
