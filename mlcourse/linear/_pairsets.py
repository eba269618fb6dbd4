"""Many pairs at once: their squared distances under L, and their weighted scatter."""

from itertools import pairwise
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_array

from mlcourse.linear._scatter import BLOCK, laplacian_scatter

#: A squared distance below this share of the two squared norms is round-off.
ROUND_OFF = 1e-14


@runtime_checkable
class PairSet(Protocol):
    """Pairs (i, j) of rows of X; each distance stands for ``share`` of a pair."""

    share: float

    def squares(self, L: Float[np.ndarray, "k d"]) -> Float[np.ndarray, " m"]:
        """||L (x_i - x_j)||^2, one for each pair."""

    def scatter(self, weights: Float[np.ndarray, " m"]) -> Float[np.ndarray, "d d"]:
        """Sum of weights * (x_i - x_j)(x_i - x_j)'; ``share`` is not multiplied in."""


class ListedPairs:
    """Pairs from a list: O(m k) for distances, O(m d + n d^2) for a scatter."""

    share = 1.0

    def __init__(self, X: Float[np.ndarray, "n d"], pairs: Int[np.ndarray, "m 2"]):
        self.X = X - X.mean(axis=0)
        self.pairs = pairs

    def squares(self, L: Float[np.ndarray, "k d"]) -> Float[np.ndarray, " m"]:
        Z = self.X @ L.T
        found: Float[np.ndarray, " m"] = np.empty(len(self.pairs))
        step = max(1, BLOCK // len(L))
        for start in range(0, len(found), step):
            i, j = self.pairs[start : start + step].T
            delta = Z[i] - Z[j]
            found[start : start + step] = np.einsum("mk,mk->m", delta, delta)
        return found

    def scatter(self, weights: Float[np.ndarray, " m"]) -> Float[np.ndarray, "d d"]:
        W = csr_array((weights, tuple(self.pairs.T)), shape=(len(self.X),) * 2)
        return laplacian_scatter(self.X, W + W.T)


class ClassPairs:
    """All pairs of one class, each in both orders, or of two: matrix products only."""

    def __init__(
        self, X: Float[np.ndarray, "n d"], codes: Int[np.ndarray, " n"], *, same: bool
    ):
        order = np.argsort(codes, kind="stable")
        self.X = X[order] - X.mean(axis=0)
        self.share = 0.5 if same else 1.0
        ends = np.cumsum(np.bincount(codes)).tolist()
        self.blocks = []
        for start, end in pairwise([0, *ends]):
            other = slice(start, end) if same else slice(end, len(X))
            step = max(1, BLOCK // max(1, other.stop - other.start))
            self.blocks += [
                (slice(row, min(row + step, end)), other)
                for row in range(start, end, step)
            ]

    def squares(self, L: Float[np.ndarray, "k d"]) -> Float[np.ndarray, " m"]:
        Z = self.X @ L.T
        norms = np.einsum("nk,nk->n", Z, Z)
        found = [np.zeros(0)]
        for rows, others in self.blocks:
            both = norms[rows, None] + norms[others]
            square = both - 2 * (Z[rows] @ Z[others].T)
            found.append(np.where(square > ROUND_OFF * both, square, 0.0).ravel())
        return np.concatenate(found)

    def scatter(self, weights: Float[np.ndarray, " m"]) -> Float[np.ndarray, "d d"]:
        X, done = self.X, 0
        degree, product = np.zeros(len(X)), np.zeros_like(X)
        for rows, others in self.blocks:
            shape = rows.stop - rows.start, others.stop - others.start
            W = weights[done : done + shape[0] * shape[1]].reshape(shape)
            done += W.size
            degree[rows] += W.sum(axis=1)
            degree[others] += W.sum(axis=0)
            product[rows] += W @ X[others]
            product[others] += W.T @ X[rows]
        total: Float[np.ndarray, "d d"] = X.T @ (degree[:, None] * X - product)
        return total
