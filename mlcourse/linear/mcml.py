"""Maximally collapsing metric learning: each class one point, as nearly as it goes."""

import numpy as np
from numpy.typing import ArrayLike

from mlcourse.linear._base import MahalanobisLearner, Taxonomy
from mlcourse.linear._collapse import Collapse
from mlcourse.linear._descent import check_steps, descend, warn_unless
from mlcourse.linear._psd import root
from mlcourse.linear._span import span


class MCML(MahalanobisLearner):
    r"""Metric under which the soft neighbours of a point are its class, all alike.

    .. math:: \min_M \sum_i \mathrm{KL}(p^0_i \,\Vert\, p_i), \qquad
        p_{ij} \propto e^{-d_M^2(x_i, x_j)}, \quad p_{ii} = 0, \quad
        p^0_{ij} = \tfrac{[y_i = y_j, \, i \ne j]}{n_{y_i} - 1}
    .. math:: \nabla_M = \sum_{ij} (p^0_{ij} - p_{ij}) (x_i - x_j)(x_i - x_j)^\top

    Points that are alone in their class have no p^0: they are neighbours only.

    Parameters
    ----------
    max_iter : >= 1 steps of L-BFGS in all
    tol : > 0; ends where the duality gap is at most this, or where no step lowers the
        objective: few points may leave the optimum without a proof

    Attributes
    ----------
    components_ : (d, d) = L, the root of M, its largest eigenvalue first
    objective_ : sum of the divergences, in nats
    duality_gap_ : no metric is better by more than this share of max(objective, 1)
    n_iter_ : steps taken

    Raises
    ------
    ValueError : with one class, no class of two points, a parameter out of range, or
        all points equal.

    Notes
    -----
    Convex in M; scaling or mixing the features changes nothing. M often has low rank.
    O(n^2 d + d^3) time a step, O(n) memory beside a block.

    Source: Globerson, Roweis, NIPS 2005 (projected gradient there; here L-BFGS on L,
    and a proof of the optimum from the entropy dual).

    >>> X = np.array([[0.0, 0.0], [1.0, 3.0], [1.0, 0.0], [2.0, 2.0], [0.0, 1.0]])
    >>> mcml = MCML().fit(X, [0, 0, 1, 1, 1])
    >>> round(mcml.objective_, 2), mcml.duality_gap_ <= 1e-3
    (4.78, True)
    """

    taxonomy = Taxonomy("full", "global", (), reduces_dimension=False)

    def __init__(self, *, max_iter: int = 1000, tol: float = 1e-3) -> None:
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, X: ArrayLike, y: ArrayLike) -> "MCML":
        """X (n, d), class labels y (n,)."""
        points, codes = self._labelled(X, y)
        check_steps(self.max_iter, self.tol)
        if np.max(np.bincount(codes)) == 1:
            raise ValueError("MCML needs similar points: two of one class")
        Z, W = span(points)
        collapse = Collapse(Z, codes)
        L, steps, settle = np.eye(len(W)), 0, 1e-6
        while True:
            room = self.max_iter - steps
            L, _, taken = descend(collapse, L, max_iter=room, tol=settle)
            steps, settle = steps + taken, settle / 10
            value, gap = collapse.certify(L)
            done = gap <= self.tol or (settle < 1e-15 and steps < self.max_iter)
            if done or steps >= self.max_iter:
                break
        warn_unless(done, f"stopped after {steps} steps with a gap of {gap:.2g}")
        self.objective_, self.duality_gap_, self.n_iter_ = value, gap, steps
        L = L @ W
        self.components_ = root(L.T @ L)
        return self
