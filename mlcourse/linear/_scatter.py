"""Sums of outer products of differences, never pair by pair where a sum will do."""

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import sparray

#: Numbers held at once when explicit pairs are summed in blocks.
BLOCK = 2**20


def pair_scatter(
    X: Float[np.ndarray, "n d"], pairs: Int[np.ndarray, "s 2"]
) -> Float[np.ndarray, "d d"]:
    r"""Sum over explicit pairs: \sum_{(i, j)} (x_i - x_j)(x_i - x_j)'."""
    total: Float[np.ndarray, "d d"] = np.zeros((X.shape[1], X.shape[1]))
    rows = max(1, BLOCK // X.shape[1])
    for start in range(0, len(pairs), rows):
        i, j = pairs[start : start + rows].T
        delta = X[i] - X[j]
        total += delta.T @ delta
    return total


def laplacian_scatter(
    X: Float[np.ndarray, "n d"], weights: Float[np.ndarray, "n n"] | sparray
) -> Float[np.ndarray, "d d"]:
    r"""1/2 \sum_{ij} W_ij (x_i - x_j)(x_i - x_j)', W symmetric: X'(diag(W1) - W) X."""
    degree = np.asarray(weights.sum(axis=1)).reshape(-1, 1)
    scatter: Float[np.ndarray, "d d"] = X.T @ (degree * X - weights @ X)
    return scatter


def group_means(
    X: Float[np.ndarray, "n d"], codes: Int[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, "C d"], Int[np.ndarray, " C"]]:
    """Mean and size of each group 0 to C - 1, none of them empty."""
    sizes = np.bincount(codes)
    starts = np.cumsum(sizes) - sizes
    sums = np.add.reduceat(X[np.argsort(codes, kind="stable")], starts)
    means: Float[np.ndarray, "C d"] = sums / sizes[:, None]
    return means, sizes


def label_scatters(
    X: Float[np.ndarray, "n d"], codes: Int[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, "d d"], Float[np.ndarray, "d d"], int, int]:
    r"""pair_scatter of all pairs of one class and of two, and their numbers, O(n d^2).

    Sums over pairs are class scatters W_c in disguise, with sizes n_c and means m_c:
    over S it is \sum_c n_c W_c, over D it is
    \sum_c (n - n_c) W_c + n n_c (m_c - m)(m_c - m)'.
    """
    means, sizes = group_means(X, codes)
    within, n = X - means[codes], len(X)
    spread = means - X.mean(axis=0)
    scatter_s = (within * sizes[codes][:, None]).T @ within
    scatter_d = (within * (n - sizes[codes])[:, None]).T @ within
    scatter_d = scatter_d + n * (spread * sizes[:, None]).T @ spread
    similar = int((sizes * (sizes - 1) // 2).sum())
    return scatter_s, scatter_d, similar, n * (n - 1) // 2 - similar
