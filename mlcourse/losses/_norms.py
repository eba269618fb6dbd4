"""Lengths that scale the logits."""

from jaxtyping import Float
from torch import Tensor


def as_norms(norms: Tensor, n: int, name: str) -> Float[Tensor, " n"]:
    """The n lengths; error if they are not (n,) or one is negative."""
    if norms.shape != (n,) or (norms < 0).any():
        least = f", the least {norms.min().item():.4g}" if norms.numel() else ""
        raise ValueError(
            f"{name} must hold {n} lengths >= 0, shape ({n},), got "
            f"{tuple(norms.shape)}{least}; compute them as z.norm(dim=1)"
        )
    return norms
