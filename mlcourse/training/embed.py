"""All images through a network, in blocks, without a gradient."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mlcourse.datasets import Photographs


@torch.no_grad()
def embed(
    psi: nn.Module, x: Float[Tensor, "n ..."] | Photographs, *, chunk: int = 1024
) -> Float[Tensor, "n k"]:
    """Embeddings of x, in eval mode; the mode that psi was in comes back.

    ``Photographs`` are decoded block by block.

    >>> embed(nn.Flatten(), torch.ones(3, 2, 2)).shape
    torch.Size([3, 4])
    """
    device = next((p.device for p in psi.parameters()), x.device)
    was_training = psi.training
    psi.eval()
    try:
        return torch.cat([psi(part.to(device)).to(x.device) for part in x.split(chunk)])
    finally:
        psi.train(was_training)
