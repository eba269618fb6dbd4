"""ITML as an estimator: all that class labels imply."""

import numpy as np
from numpy.typing import ArrayLike

from mlcourse.linear._base import MahalanobisLearner, Taxonomy
from mlcourse.linear._logdet import comfortable, logdet_minimum
from mlcourse.linear._pairsets import ClassPairs
from mlcourse.linear._psd import root
from mlcourse.linear._slack import percentile_bounds, slack_loss


class ITML(MahalanobisLearner):
    r"""itml on all pairs of one class and of two; a step costs O(n^2 d), no list.

    .. math:: \min_{M \succ 0,\, \xi} D_{ld}(M, I) + \gamma \sum_{ij}
        D_{ld}(\xi_{ij}, \xi^0_{ij})

    Parameters
    ----------
    gamma, bounds, tol, max_iter : as in ``itml``

    Attributes
    ----------
    components_ : (d, d) = L, the root of M, largest eigenvalue first
    bounds_ : (u, l), the squared distances held to
    duality_gap_ : f is at most this share of 1 + f above its minimum
    n_iter_ : steps done

    Raises
    ------
    ValueError : with one class, or all points equal.

    Source: Davis, Kulis, Jain, Sra, Dhillon, ICML 2007 (20 C^2 random pairs there).

    >>> import numpy as np
    >>> X = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 3.0], [2.0, 5.0]])
    >>> ITML().fit(X, [0, 0, 1, 1]).metric().round(2) + 0.0
    array([[ 0.92, -0.44],
           [-0.44,  1.42]])
    """

    taxonomy = Taxonomy("weak", "global", ("d",), False, regularizer="LogDet")

    def __init__(
        self,
        *,
        gamma: float = 1.0,
        bounds: tuple[float, float] | None = None,
        tol: float = 1e-6,
        max_iter: int = 1000,
    ) -> None:
        self.gamma = gamma
        self.bounds = bounds
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: ArrayLike, y: ArrayLike) -> "ITML":
        """X (n, d), class labels y (n,)."""
        points, codes = self._labelled(X, y)
        Z, P = comfortable(points)
        S, D = (ClassPairs(Z, codes, same=same) for same in (True, False))
        bounds = self.bounds
        if bounds is None:
            bounds = percentile_bounds(S, D, np.linalg.inv(P))
        loss = slack_loss(S, D, gamma=self.gamma, bounds=bounds)
        self.bounds_ = bounds
        L, self.duality_gap_, self.n_iter_ = logdet_minimum(
            loss, P, name="ITML", tol=self.tol, max_iter=self.max_iter
        )
        self.components_ = root(L.T @ L)
        return self
