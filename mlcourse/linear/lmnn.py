"""Large margin nearest neighbours: friends pulled in, impostors pushed a margin out."""

import numpy as np
from numpy.typing import ArrayLike

from mlcourse.linear._base import MahalanobisLearner, Taxonomy
from mlcourse.linear._descent import check_steps, warn_unless
from mlcourse.linear._hinges import Hinges
from mlcourse.linear._impostors import target_neighbours
from mlcourse.linear._margin import least
from mlcourse.linear._psd import root
from mlcourse.linear._scatter import pair_scatter
from mlcourse.linear._span import relative_axes, span


class LMNN(MahalanobisLearner):
    r"""Metric in which a point's k targets are nearer, by 1, than any other class.

    .. math:: \min_M (1 - \mu) \sum_{i, j} d_M^2(x_i, x_j) + \mu \sum_{i, j}
        \sum_{l : y_l \ne y_i} \bigl[ 1 + d_M^2(x_i, x_j) - d_M^2(x_i, x_l) \bigr]_+

    j runs over the k nearest points of x_i's class, by the given X and once for all.

    Parameters
    ----------
    n_neighbors : k >= 1; a class with fewer others gives all of them
    mu : from 0 to 1, both left out; weight of the push
    max_iter : >= 1 steps of L-BFGS in all
    tol : > 0; ends where the duality gap is at most this, or where rounding the kink
        less gains less than a tenth of it

    Attributes
    ----------
    components_ : (d, d) = L, the root of M, its largest eigenvalue first
    objective_ : as above, at M; 1 - mu and mu count each pair and triplet
    duality_gap_ : no metric is better by more than this share of max(objective, 1)
    n_iter_ : steps taken

    Raises
    ------
    ValueError : with one class, no class of two points, a parameter out of range, or
        all points equal.

    Notes
    -----
    Convex in M; the kink of the hinge is rounded, less and less. Units of X matter for
    the choice of targets only. O(n^2 d) a search for impostors, then O(d) each; memory
    for the impostors.

    Source: Weinberger, Blitzer, Saul, NIPS 2005; Weinberger, Saul, JMLR 10, 2009
    (projected subgradients there; here L-BFGS on L, and a proof of the optimum).

    >>> X = np.array([[0.0, 0.0], [0.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    >>> lmnn = LMNN(n_neighbors=1).fit(X, [0, 0, 1, 1])
    >>> round(lmnn.objective_, 3), lmnn.duality_gap_ <= 1e-3
    (2.0, True)
    """

    taxonomy = Taxonomy("full", "global", ("n",), reduces_dimension=False)

    def __init__(
        self,
        *,
        n_neighbors: int = 3,
        mu: float = 0.5,
        max_iter: int = 1000,
        tol: float = 1e-3,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.mu = mu
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, X: ArrayLike, y: ArrayLike) -> "LMNN":
        """X (n, d), class labels y (n,)."""
        points, codes = self._labelled(X, y)
        check_steps(self.max_iter, self.tol)
        if self.n_neighbors < 1 or not 0 < self.mu < 1:
            raise ValueError(
                "n_neighbors must be >= 1 and mu between 0 and 1, got "
                f"{self.n_neighbors} and {self.mu}"
            )
        Z, W = span(points)
        targets = target_neighbours(points, codes, self.n_neighbors)
        pairs = np.argwhere(targets >= 0)
        if len(pairs) == 0:
            raise ValueError("LMNN needs similar points: two of one class")
        pairs[:, 1] = targets[targets >= 0]
        scatter = pair_scatter(Z, pairs)
        variance, axes = relative_axes(scatter / len(pairs), reg=0.0)
        A = axes / np.sqrt(variance)[:, None]  # the pull is now round
        hinges = Hinges(Z @ A.T, codes, targets, mu=self.mu)
        found = least(
            hinges, (1 - self.mu) * A @ scatter @ A.T, self.max_iter, self.tol
        )
        L, self.objective_, self.duality_gap_, self.n_iter_, settled = found
        warn_unless(settled, f"stopped after {self.n_iter_} steps")
        L = L @ A @ W
        self.components_ = root(L.T @ L)
        return self
