"""Batches of cliques, one clique after the other, none of them taken back."""

import numpy as np
import torch
from torch import Generator

from mlcourse.selfsupervised._swaps import Array


def greedy(
    S: Array,
    B: int,
    r: int,
    repeat: float | int,
    cover: float | int,
    generator: Generator,
) -> Array:
    """Batch after batch, clique after clique, what costs least; ties by a draw."""
    count, last = np.zeros(len(S)), np.zeros(len(S))
    batches = np.empty((B, r), dtype=np.int64)
    for b in range(B):
        order = torch.randperm(len(S), generator=generator, device=generator.device)
        drawn = order.cpu().numpy()
        chosen, near = np.zeros(len(S)), np.zeros(len(S))
        for c in range(r):
            rise = count + last if c == 0 else 2 * near + repeat * last
            rise = rise - cover * (count == 0) * (c > 0)
            rise[chosen > 0] = np.inf
            k = drawn[rise[drawn].argmin()]
            batches[b, c], chosen[k] = k, 1
            near = near + S[k]
        count, last = count + chosen, chosen
    return batches
