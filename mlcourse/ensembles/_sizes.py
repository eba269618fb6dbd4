"""Where one learner ends in an embedding, and the next begins."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor


def check_sizes(sizes: Sequence[int], k: int | None = None) -> list[int]:
    """As a list; ValueError unless all are >= 1 and, where k is given, add up to it."""
    if not sizes or min(sizes) < 1 or (k is not None and sum(sizes) != k):
        whole = "" if k is None else f", and add up to the {k} columns there are"
        raise ValueError(
            f"sizes must be one number >= 1 for each learner{whole}, got {tuple(sizes)}"
        )
    return list(sizes)


def shares_of(weights: Sequence[float | int] | None, n: int) -> Float[Tensor, " m"]:
    """Weights over their sum, in float64; None: 1/n each."""
    given = [1.0] * n if weights is None else list(weights)
    if len(given) != n or not all(w >= 0 for w in given) or not sum(given) > 0:
        raise ValueError(
            f"weights must be {n} numbers >= 0, one a learner, not all 0, got "
            f"{tuple(given)}"
        )
    alpha = torch.tensor(given, dtype=torch.float64)
    return alpha / alpha.sum()
