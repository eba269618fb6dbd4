"""Index judgements as NumPy arrays: checked, or all that class labels imply."""

import numpy as np
from jaxtyping import Int
from numpy.typing import ArrayLike

_ROLES = {
    2: "pairs (i, j)",
    3: "triplets (anchor, positive, negative)",
    4: "quadruplets (a, b, c, d)",
}


def as_indices(
    rows: ArrayLike, n: int, *, name: str, width: int
) -> Int[np.ndarray, "t {width}"]:
    """Rows of ``width`` indices into n points; anything np.asarray takes."""
    found = np.asarray(rows)
    if found.size == 0:
        found = np.empty((0, width), dtype=np.int64)
    if found.ndim != 2 or found.shape[1] != width or found.dtype.kind not in "iu":
        raise ValueError(
            f"{name} must hold {_ROLES[width]} as rows of {width} integers, got shape "
            f"{found.shape} of {found.dtype}"
        )
    if len(found) and not (found.min() >= 0 and found.max() < n):
        raise ValueError(
            f"{name} must hold indices from 0 to n - 1 = {n - 1}, got "
            f"{found.min()} to {found.max()}; X has {n} rows"
        )
    return found.astype(np.int64)


def pairs_from_codes(
    codes: Int[np.ndarray, " n"],
) -> tuple[Int[np.ndarray, "s 2"], Int[np.ndarray, "r 2"]]:
    """S and D, every pair i < j of one class and of two, in lexicographic order."""
    pairs = np.stack(np.triu_indices(len(codes), k=1), axis=1)
    same = codes[pairs[:, 0]] == codes[pairs[:, 1]]
    return pairs[same], pairs[~same]
