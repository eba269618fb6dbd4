"""Local search over assignments: replace a clique, or exchange two between batches."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Swaps:
    """An assignment, and the sums from which the gain of a move is read off."""

    def __init__(
        self, batches: Array, S: Array, repeat: float | int, cover: float | int
    ) -> None:
        self.batches, self.repeat, self.cover = batches, repeat, cover
        self.S = S - np.diag(np.diag(S))
        self.X = np.zeros((len(batches), len(S)))
        np.put_along_axis(self.X, batches, 1.0, axis=1)
        self.near = self.X @ self.S  # (B, K), sum of S over the cliques of the batch
        self.beside = np.zeros_like(self.X)  # how many batches next to b hold k
        self.beside[1:] += self.X[:-1]
        self.beside[:-1] += self.X[1:]
        self.count = self.X.sum(axis=0)
        self._tolerance = 1e-9 * (1 + np.abs(self.S).sum())

    def one_pass(self) -> bool:
        """The best move of each place in turn, if it lowers the cost; did any?"""
        moved = False
        for b, c in np.ndindex(*self.batches.shape):
            k = int(self.batches[b, c])
            replaced, exchanged = self._replace(b, k), self._exchange(b, k)
            new, slot = int(np.argmin(replaced)), int(np.argmin(exchanged))
            if min(replaced[new], exchanged.flat[slot]) >= -self._tolerance:
                continue
            moved = True
            if replaced[new] <= exchanged.flat[slot]:
                self._put(b, c, new)
            else:
                other, place = divmod(slot, self.batches.shape[1])
                new = int(self.batches[other, place])
                self._put(b, c, new)
                self._put(other, place, k)
        return moved

    def _replace(self, b: int, k: int) -> Array:
        """Rise of the cost if clique k of batch b gives way to each other (K,)."""
        rise: Array = 2 * (self.near[b] - self.S[k] - self.near[b, k])
        rise += self.repeat * (self.beside[b] - self.beside[b, k])
        rise += self.cover * (float(self.count[k] == 1) - (self.count == 0))
        rise[self.X[b] > 0] = np.inf
        return rise

    def _exchange(self, b: int, k: int) -> Array:
        """Rise if k of b changes places with each clique of each other batch (B, r)."""
        them, other = self.batches, np.arange(len(self.batches))[:, None]
        rise: Array = 2 * (self.near[b, them] - self.near[b, k] - 2 * self.S[k, them])
        rise += 2 * (self.near[:, [k]] - self.near[other, them])
        rise += self.repeat * (self.beside[b, them] - self.beside[b, k])
        rise += self.repeat * (self.beside[:, [k]] - self.beside[other, them])
        rise -= 2 * self.repeat * (np.abs(other - b) == 1)  # they only change sides
        rise[(self.X[b, them] > 0) | (self.X[:, [k]] > 0)] = np.inf
        return rise

    def _put(self, b: int, c: int, new: int) -> None:
        """Clique new at place c of batch b, in all sums."""
        k = self.batches[b, c]
        self.batches[b, c] = new
        self.near[b] += self.S[new] - self.S[k]
        for clique, change in ((k, -1), (new, 1)):
            self.X[b, clique] += change
            self.count[clique] += change
            if b > 0:
                self.beside[b - 1, clique] += change
            if b + 1 < len(self.X):
                self.beside[b + 1, clique] += change
