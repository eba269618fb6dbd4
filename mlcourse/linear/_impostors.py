"""Who should be near, who is too near: LMNN's targets and impostors, by blocks."""

import numpy as np
from jaxtyping import Float, Int
from sklearn.metrics.pairwise import euclidean_distances

#: Numbers held at once: distances of blocks of rows, coordinates of listed pairs.
BLOCK, LISTED = 2**19, 2**14


def target_neighbours(
    X: Float[np.ndarray, "n d"], codes: Int[np.ndarray, " n"], k: int
) -> Int[np.ndarray, "n k"]:
    """The k nearest points of one's own class, nearest first; -1 where there are fewer.

    Of points equally far, the one with the lesser coordinates is nearer: no row order.
    """
    return _nearest(X, codes, k, own=True)


def stranger_neighbours(
    X: Float[np.ndarray, "n d"], codes: Int[np.ndarray, " n"], k: int
) -> Int[np.ndarray, "n k"]:
    """The k nearest points of all other classes, in the same way."""
    return _nearest(X, codes, k, own=False)


def _nearest(
    X: Float[np.ndarray, "n d"], codes: Int[np.ndarray, " n"], k: int, *, own: bool
) -> Int[np.ndarray, "n k"]:
    found = np.full((len(X), k), -1)
    order = np.lexsort(X.T)
    for code in range(codes.max() + 1):
        group = order[codes[order] == code]
        among = order[(codes[order] == code) == own]
        centre = X[group].mean(axis=0)
        square = euclidean_distances(X[group] - centre, X[among] - centre, squared=True)
        unit = 1e-9 * square.max() or 1.0
        square = np.round(square / unit)  # ties, but for round-off
        if own:
            np.fill_diagonal(square, np.inf)
        there = min(k, len(among) - own)
        near = np.argsort(square, axis=1, kind="stable")[:, :there]
        found[group, :there] = among[near]
    return found


def square_lengths(
    Z: Float[np.ndarray, "n r"], i: Int[np.ndarray, " m"], j: Int[np.ndarray, " m"]
) -> Float[np.ndarray, " m"]:
    """|z_i - z_j|^2 of each pair, from the differences: exactly 0 for equal points."""
    square, step = np.empty(len(i)), max(1, LISTED // Z.shape[1])
    for start in range(0, len(i), step):
        some = slice(start, start + step)
        delta = Z[i[some]] - Z[j[some]]
        square[some] = np.einsum("ij,ij->i", delta, delta)
    return square


def strangers_within(
    Z: Float[np.ndarray, "n r"],
    codes: Int[np.ndarray, " n"],
    reach: Float[np.ndarray, " n"],
) -> tuple[Int[np.ndarray, " m"], Int[np.ndarray, " m"]]:
    """All (i, l) of two classes with |z_i - z_l|^2 < reach_i (up to round-off)."""
    n, norms = len(Z), np.square(Z).sum(axis=1)
    limit = reach + 1e-12 * (norms + norms.max()) - norms
    found, step = [], max(1, BLOCK // n)
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        square = Z[rows] @ (-2 * Z.T)
        square += norms
        near = square < limit[rows, None]
        near &= codes[rows, None] != codes
        found.append(np.flatnonzero(near) + start * n)
    i, other = np.divmod(np.concatenate(found), n)
    return i, other
