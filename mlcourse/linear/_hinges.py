"""LMNN's objective over pairs: k hinges share the distance to one impostor."""

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_array

from mlcourse.linear._impostors import square_lengths, strangers_within
from mlcourse.linear._scatter import laplacian_scatter


class Hinges:
    r"""(1 - mu) \sum |Lx_i - Lx_j|^2 + mu \sum h([1 + |..j|^2 - |..l|^2]) on a list.

    h is the hinge, its kink rounded to a parabola of width gamma. Triplets that the
    list of impostors lacks count 0, so ``find`` them anew where L has moved.
    """

    def __init__(
        self,
        X: Float[np.ndarray, "n d"],
        codes: Int[np.ndarray, " n"],
        targets: Int[np.ndarray, "n k"],
        *,
        mu: float,
    ) -> None:
        self.X, self.codes, self.mu = X, codes, mu
        self.known = targets >= 0
        self.i, self.j = np.nonzero(self.known)[0], targets[self.known]

    def _reach(self, Z: Float[np.ndarray, "n r"]) -> Float[np.ndarray, "n k"]:
        """1 + |z_i - z_j|^2 of each target; -inf where there is none."""
        reach = np.full(self.known.shape, -np.inf)
        reach[self.known] = 1 + square_lengths(Z, self.i, self.j)
        return reach

    def find(self, L: Float[np.ndarray, "r d"], *, slack: float) -> None:
        """List all (i, l) with a triplet that is violated, or would be were l nearer.

        slack is by how much more than 1 and the target's square that may be.
        """
        Z = self.X @ L.T
        reach = self._reach(Z).max(axis=1) * (1 + slack)
        self.near, self.far = strangers_within(Z, self.codes, reach)

    def weigh(
        self, L: Float[np.ndarray, "r d"], *, gamma: float
    ) -> tuple[float, float, csr_array]:
        r"""Value, sum of the multipliers, W: the value's derivative is \sum W_ij C_ij.

        Multipliers are mu h', from 0 to mu: at gamma = 0 the slope of the hinge itself.
        """
        Z, n = self.X @ L.T, len(self.X)
        reach = self._reach(Z)
        square = square_lengths(Z, self.near, self.far)
        value = (1 - self.mu) * float((reach[self.known] - 1).sum())
        pulls = np.full(self.known.shape, 1 - self.mu)
        pushes = np.zeros(len(square))
        for t in range(self.known.shape[1]):
            h = np.maximum(reach[self.near, t] - square, 0.0)
            slope = np.minimum(h / gamma, 1) if gamma > 0 else (h > 0) * 1.0
            value += self.mu * float(slope @ (h - gamma / 2 * slope))
            slope *= self.mu
            pulls[:, t] += np.bincount(self.near, slope, minlength=n)
            pushes += slope
        rows, columns = np.r_[self.i, self.near], np.r_[self.j, self.far]
        weights = np.r_[pulls[self.known], -pushes]
        W = csr_array((weights, (rows, columns)), shape=(n, n))
        return value, float(pushes.sum()), W

    def __call__(
        self, L: Float[np.ndarray, "r d"], *, gamma: float
    ) -> tuple[float, Float[np.ndarray, "r d"]]:
        """The value and its gradient in L."""
        value, _, W = self.weigh(L, gamma=gamma)
        Z1 = np.c_[self.X @ L.T, np.ones(len(self.X))]
        product = W @ Z1 + W.T @ Z1
        pull = product[:, -1:] * Z1[:, :-1] - product[:, :-1]
        return value, 2 * pull.T @ self.X

    def lower_bound(
        self,
        L: Float[np.ndarray, "r d"],
        pull: Float[np.ndarray, "d d"],
        *,
        gamma: float,
    ) -> float:
        """No metric has a lower objective: the multipliers, shrunk till they prove it.

        The dual: multipliers from 0 to mu with pull + sum of theirs PSD bound by their
        sum. 0 is such; so is the greatest share of those at L that keeps it PSD.
        """
        _, total, W = self.weigh(L, gamma=gamma)
        push = laplacian_scatter(self.X, W + W.T) - pull
        values, vectors = np.linalg.eigh(pull)
        if values[0] <= 1e-12 * values[-1]:
            return 0.0
        half = vectors / np.sqrt(values)
        least = float(np.linalg.eigvalsh(half.T @ push @ half)[0])
        return total / max(1.0, -least)
