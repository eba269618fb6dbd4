"""MCML's objective in L, and a bound below it from its dual."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int

from mlcourse.linear._scatter import group_means
from mlcourse.linear._soft import laplacian_gradient, soft_rows


class Collapse:
    r"""<C0, M> + \sum_i log \sum_{k != i} exp(-d_ik^2) over points with a classmate.

    C0 is the scatter of p^0; the sum of KL(p^0 | p) is this less the entropy of p^0.
    """

    def __init__(
        self, X: Float[np.ndarray, "n d"], codes: Int[np.ndarray, " n"]
    ) -> None:
        means, sizes = group_means(X, codes)
        size = sizes[codes]
        within, others = X - means[codes], np.maximum(size - 1, 1)
        self.X, self.anchor = X, size > 1
        self.pull = (within * (2 * size / others)[:, None]).T @ within
        self.entropy = float(np.log(others).sum())

    def __call__(
        self, L: Float[np.ndarray, "k d"]
    ) -> tuple[float, Float[np.ndarray, "k d"]]:
        """The value and its gradient in L."""
        logs, push = self._soft(self.X @ L.T, self.X)
        pulled = L @ self.pull
        return float(np.vdot(pulled, L)) + logs, 2 * pulled - push

    def _soft(
        self, Z: Float[np.ndarray, "n k"], Y: Float[np.ndarray, "n d"]
    ) -> tuple[float, Float[np.ndarray, "k d"]]:
        r"""Sum of the logarithms, and 2 \sum p_ij (z_i - z_j)(y_i - y_j)'."""
        logs = np.zeros(len(Z))

        def weights() -> Iterator[tuple[slice, Float[np.ndarray, "b n"]]]:
            for rows, p, log in soft_rows(Z):
                logs[rows] = log
                p *= self.anchor[rows, None]
                yield rows, p

        gradient = laplacian_gradient(Z, Y, weights())
        return float(logs @ self.anchor), gradient

    def _nearest(self, Y: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "d d"]:
        """Scatter of the anchors and their nearest other points."""
        near = np.concatenate([p.argmax(axis=1) for _, p, _ in soft_rows(Y)])
        delta = (Y - Y[near])[self.anchor]
        scatter: Float[np.ndarray, "d d"] = delta.T @ delta
        return scatter

    def certify(self, L: Float[np.ndarray, "k d"]) -> tuple[float, float]:
        r"""Sum of KL at L, and how much less it can be, over max(the sum, 1).

        The dual: any q with C0 - \sum q_ij C_ij PSD bounds the value below, by its
        entropy. p at the minimum is such a q. Before, mix in as little as needed of the
        q that puts all weight on the nearest point, whose scatter is small.
        """
        value, gradient = self(L)
        kl, bound = value - self.entropy, self.entropy  # as KL >= 0
        variance, axes = np.linalg.eigh(self.pull)
        if variance[0] > 1e-12 * variance[-1]:
            A = axes / np.sqrt(variance)
            Y, eye = self.X @ A, np.eye(len(A))  # where C0 = I
            slack, least = self._slack(L, A), eye - self._nearest(Y)
            room, turn = np.linalg.eigh(least)
            if room[0] > 0:
                half = turn / np.sqrt(room)
                lack = max(0.0, -float(np.linalg.eigvalsh(half.T @ slack @ half)[0]))
                own = value - float(np.vdot(gradient, L)) / 2  # the entropy of p
                bound = max(bound, own / (1 + lack))
        return kl, (value - bound) / max(kl, 1.0)

    def _slack(
        self, L: Float[np.ndarray, "k d"], A: Float[np.ndarray, "d d"]
    ) -> Float[np.ndarray, "d d"]:
        r"""A'(C0 - \sum p_ij C_ij) A at L."""
        Z = self.X @ L.T
        weights = ((rows, p * self.anchor[rows, None]) for rows, p, _ in soft_rows(Z))
        scatter = laplacian_gradient(self.X, self.X, weights) / 2
        slack: Float[np.ndarray, "d d"] = A.T @ (self.pull - scatter) @ A
        return slack
