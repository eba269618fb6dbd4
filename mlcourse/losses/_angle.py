"""psi(theta) of L-Softmax and SphereFace: the own angle, multiplied."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def multiplied_angle(
    cos: Float[Tensor, " n"], *, m: int, annealing: float | int
) -> Float[Tensor, " n"]:
    """(lambda cos + psi) / (1 + lambda), psi = (-1)^k cos(m theta) - 2 k.

    k counts the turns, theta in [k pi / m, (k + 1) pi / m]. cos(m theta) is Chebyshev's
    polynomial in cos theta, so no arccos and no infinite slope enters.
    """
    if m < 1 or m != int(m):
        raise ValueError(f"m must be a whole number >= 1, got {m}; the paper has 4")
    if not annealing >= 0:
        raise ValueError(f"annealing must be >= 0, got {annealing}")
    cos = cos.clamp(-1, 1)
    before, chebyshev = torch.ones_like(cos), cos
    for _ in range(int(m) - 1):
        before, chebyshev = chebyshev, 2 * cos * chebyshev - before
    turns = [math.cos(j * math.pi / m) for j in range(1, int(m))]
    k = (cos.detach()[:, None] < cos.new_tensor(turns)).sum(dim=1)
    psi = torch.where(k % 2 == 0, chebyshev, -chebyshev) - 2 * k
    return cos + (psi - cos) / (1 + annealing)  # also for infinity
