"""Soft neighbours p_ij, block by block, and the gradients of what is built on them."""

from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import Float

#: Numbers held at once: two blocks of rows of an (n, n) matrix stay in the cache.
BLOCK = 2**17


def soft_rows(
    Z: Float[np.ndarray, "n k"],
) -> Iterator[tuple[slice, Float[np.ndarray, "b n"], Float[np.ndarray, " b"]]]:
    r"""Rows of p_ij = exp(-|z_i - z_j|^2) / \sum_{k != i} ..., and log of that sum.

    p_ii is exactly 0. The largest term of a sum counts as 1, so no sum is ever 0.
    """
    n, norms = len(Z), np.square(Z).sum(axis=1)
    step = max(1, BLOCK // n)
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        own = np.arange(rows.stop - start)
        p = Z[rows] @ (2 * Z.T)
        p -= norms  # -|z_i - z_j|^2 up to a constant of the row
        p[own, own + start] = -np.inf
        top = p.max(axis=1)
        np.exp(np.subtract(p, top[:, None], out=p), out=p)
        total = p.sum(axis=1)
        p /= total[:, None]
        yield rows, p, np.log(total) + np.minimum(top - norms[rows], 0)


def laplacian_gradient(
    Z: Float[np.ndarray, "n k"],
    X: Float[np.ndarray, "n d"],
    weights: Iterable[tuple[slice, Float[np.ndarray, "b n"]]],
) -> Float[np.ndarray, "k d"]:
    r"""Gradient in L of \sum_{ij} W_ij |L(x_i - x_j)|^2 (Z = XL'), from rows of W."""
    Z1 = np.c_[Z, np.ones(len(Z))]  # the last column of a product is then W's sum
    product = np.zeros_like(Z1)
    for rows, W in weights:
        product[rows] += W @ Z1
        product += W.T @ Z1[rows]
    pull = product[:, -1:] * Z - product[:, :-1]
    gradient: Float[np.ndarray, "k d"] = 2 * pull.T @ X
    return gradient
