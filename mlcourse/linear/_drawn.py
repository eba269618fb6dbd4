"""Triplets drawn at random from class labels."""

import numpy as np
from jaxtyping import Int


def draw_triplets(
    codes: Int[np.ndarray, " n"], count: int, *, random: np.random.RandomState
) -> Int[np.ndarray, "t 3"]:
    """Rows (anchor, positive, negative): a class with two points, then three points.

    Every class of two or more is equally often the anchor's; within it anchor and
    positive are uniform and never the same point; the negative is uniform outside.
    """
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    starts = np.cumsum(sizes) - sizes
    usable = np.flatnonzero(sizes > 1)
    if len(sizes) < 2 or len(usable) == 0:
        raise ValueError(
            "triplets need two classes or more, one of them with two points or more; "
            f"got {len(sizes)} class(es), the largest of size {np.max(sizes)}"
        )
    if count < 1:
        raise ValueError(f"n_triplets must be >= 1, got {count}")
    drawn = usable[random.randint(len(usable), size=count)]
    size, start = sizes[drawn], starts[drawn]
    anchor = random.randint(size)
    positive = (anchor + 1 + random.randint(size - 1)) % size
    negative = random.randint(len(codes) - size)
    negative += np.where(negative >= start, size, 0)
    places = np.stack([start + anchor, start + positive, negative], axis=1)
    triplets: Int[np.ndarray, "t 3"] = order[places]
    return triplets
