"""Drawing in proportion to weights whose logarithms alone can be held."""

import torch
from jaxtyping import Float
from torch import Generator, Tensor


def gumbel_like(log_w: Float[Tensor, "b n"], generator: Generator) -> Tensor:
    """Gumbel variables: argmax(log_w + them) is j with probability w_j / sum of w."""
    chance = torch.rand(  # float32 has too few different numbers near 1
        log_w.shape, generator=generator, device=generator.device, dtype=torch.float64
    )
    waiting = chance.clamp_(min=torch.finfo(chance.dtype).tiny).log_().neg_()
    return waiting.to(dtype=log_w.dtype).log_().neg_().to(log_w.device)


def check_weights(
    dist: Float[Tensor, "n n"], *, cutoff: float | int, max_dist: float | int
) -> None:
    """Raise ValueError unless the distances are of unit vectors, and 0 < cutoff < 2."""
    if len(dist) and not (dist.min() >= 0 and dist.max() < 2.01):
        raise ValueError(
            "dist must hold Euclidean distances of unit vectors, from 0 to 2, got "
            f"{dist.min().item():.4g} to {dist.max().item():.4g}; normalise first: "
            "z = torch.nn.functional.normalize(z), dist = euclidean(z, z)"
        )
    if not 0 < cutoff < 2:
        raise ValueError(f"cutoff must be between 0 and 2, got {cutoff}")
    if not max_dist > 0:
        raise ValueError(
            f"max_dist must be > 0, got {max_dist}; 1.4 is beta + margin of MarginLoss"
        )
