"""Margins of triplets under M, their slope in M, and what each base adds to them."""

import numpy as np
from jaxtyping import Float, Int

from mlcourse.linear._impostors import stranger_neighbours, target_neighbours
from mlcourse.linear._pairsets import ListedPairs
from mlcourse.linear._psd import root


class Judged:
    """Margins 1 + d(a, p)^2 - d(a, n)^2 of triplets; each pair is measured once."""

    def __init__(self, X: Float[np.ndarray, "n d"], T: Int[np.ndarray, "t 3"]) -> None:
        self.X, self.T, n = X - X.mean(axis=0), T, len(X)
        self.sides = []
        for j in (1, 2):
            pairs, which = np.unique(T[:, 0] * n + T[:, j], return_inverse=True)
            listed = ListedPairs(self.X, np.stack(np.divmod(pairs, n), axis=1))
            self.sides.append((listed, which))

    def margins(self, M: Float[np.ndarray, "d d"]) -> Float[np.ndarray, " t"]:
        """1 + d(a, p)^2 - d(a, n)^2 under M; the hinge is its positive part."""
        L = root(M)
        near, far = (pairs.squares(L)[which] for pairs, which in self.sides)
        margins: Float[np.ndarray, " t"] = 1 + near - far
        return margins

    def slope(self, alpha: Float[np.ndarray, " t"]) -> Float[np.ndarray, "d d"]:
        """Sum of alpha (C_ap - C_an): the derivative in M of alpha'margins."""
        near, far = (
            pairs.scatter(np.bincount(which, alpha)) for pairs, which in self.sides
        )
        slope: Float[np.ndarray, "d d"] = near - far
        return slope

    def columns(
        self, rows: Int[np.ndarray, " m"], B: Float[np.ndarray, "k d"]
    ) -> Float[np.ndarray, "m k"]:
        """(b'(x_a - x_p))^2 - (b'(x_a - x_n))^2 of some triplets and some bases."""
        a, p, n = self.T[rows].T
        Z = self.X @ B.T
        columns: Float[np.ndarray, "m k"] = (Z[a] - Z[p]) ** 2 - (Z[a] - Z[n]) ** 2
        return columns


def near_triplets(
    X: Float[np.ndarray, "n d"], codes: Int[np.ndarray, " n"], k: int, m: int
) -> Int[np.ndarray, "t 3"]:
    """Each point with each of its k targets and each of its m nearest strangers."""
    targets, strangers = (
        target_neighbours(X, codes, k),
        stranger_neighbours(X, codes, m),
    )
    shape = len(X), k, m
    sides = (np.arange(len(X))[:, None, None], targets[:, :, None], strangers[:, None])
    T = np.stack([np.broadcast_to(side, shape) for side in sides], axis=3).reshape(
        -1, 3
    )
    found: Int[np.ndarray, "t 3"] = T[(T >= 0).all(axis=1)]
    return found
