"""Who is near whom: the affinities of LFDA and the signed neighbours of DNE."""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_array, vstack
from sklearn.metrics.pairwise import euclidean_distances

from mlcourse.linear._scatter import laplacian_scatter

#: Distances held at once while neighbours are sought.
BLOCK = 2**22


def affinity(X: Float[np.ndarray, "m d"], k: int) -> Float[np.ndarray, "m m"]:
    """A of one class: each point's own scale is the distance to its k-th neighbour."""
    square = euclidean_distances(X - X.mean(axis=0), squared=True)
    square[square < 1e-13 * square.max()] = 0  # round-off between equal points
    k = min(k, len(X) - 1)
    sigma = np.sqrt(np.partition(square, k, axis=1)[:, k])  # index 0: the point itself
    if sigma.all():
        square /= -sigma  # in place: the block is the largest thing in memory
        square /= sigma[:, None]
    else:
        scale, ratio = np.outer(sigma, sigma), np.where(square > 0, np.inf, 0.0)
        square = -np.divide(square, scale, out=ratio, where=scale > 0)
    A: Float[np.ndarray, "m m"] = np.exp(square, out=square)
    return A


def local_scatters(
    Z: Float[np.ndarray, "n r"],
    groups: list[Int[np.ndarray, " _"]],
    blocks: Iterable[Float[np.ndarray, "_ _"]],
) -> tuple[Float[np.ndarray, "r r"], Float[np.ndarray, "r r"]]:
    """S^lw / n and (S^lw + S^lb) / n of white points, from A of each class."""
    n, r = Z.shape
    within, mixed = np.zeros((r, r)), np.eye(r)
    for g, A in zip(groups, blocks, strict=True):
        local, spread = laplacian_scatter(Z[g], A), Z[g] - Z[g].mean(axis=0)
        within += local / len(g) / n
        mixed -= (len(g) * spread.T @ spread - local) / n / n  # that of 1 - A
    return within, mixed


def signed_neighbours(
    X: Float[np.ndarray, "n d"], codes: Int[np.ndarray, " n"], k: int
) -> csr_array:
    """F of DNE, symmetric and sparse: 1 near in the class, -1 near in the others.

    All points at the k-th distance count, up to its round-off: no order of rows.
    """
    n, rows = len(X), max(1, BLOCK // len(X))
    round_off = 1e-13 * np.square(X).sum(axis=1).max()
    F = csr_array((n, n))
    for sign in (1, -1):
        found = []
        for start in range(0, n, rows):
            block = np.arange(start, min(start + rows, n))
            square = euclidean_distances(X[block], X, squared=True)
            allowed = (codes[block, None] == codes) == (sign > 0)
            allowed[np.arange(len(block)), block] = False  # no point is its own
            square[~allowed] = np.inf
            last = min(k, n - 1) - 1
            kth = np.partition(square, last, axis=1)[:, last, None]
            near = allowed & (square <= kth * (1 + 1e-9) + round_off)
            found.append(csr_array(near))
        near = vstack(found)
        F = F + sign * near.maximum(near.T)
    return F
