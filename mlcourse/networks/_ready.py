"""What a trained backbone needs around it: its scale, and norms left alone."""

from collections.abc import Sequence
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Standardise(nn.Module):
    """(x - mu) / sigma for each colour; a grey image becomes three equal ones."""

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).reshape(-1, 1, 1))
        self.register_buffer("std", torch.tensor(std).reshape(-1, 1, 1))

    def forward(self, x: Float[Tensor, "n _ h w"]) -> Float[Tensor, "n c h w"]:
        """Images in the backbone's scale."""
        return (x - cast(Tensor, self.mean)) / cast(Tensor, self.std)


class WithoutNormUpdates(nn.Sequential):
    """A backbone whose batch norms stay in eval mode; their slopes are trained."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__(backbone)
        self.train()

    def train(self, mode: bool = True) -> "WithoutNormUpdates":
        """Set the mode of all parts but the batch norms, which stay in eval mode."""
        super().train(mode)
        for part in self.modules():
            if isinstance(part, nn.modules.batchnorm._BatchNorm):
                part.eval()
        return self
