"""LSML as an estimator: all that class labels imply."""

import numpy as np
from numpy.typing import ArrayLike

from mlcourse.linear._base import MahalanobisLearner, Taxonomy
from mlcourse.linear._comparisons import all_quadruplets_loss
from mlcourse.linear._logdet import comfortable, logdet_minimum
from mlcourse.linear._pairsets import ClassPairs
from mlcourse.linear._psd import root


class LSML(MahalanobisLearner):
    r"""lsml on every pair of one class against every pair of two, by sorting.

    .. math:: \min_{M \succ 0} \frac{w}{|S| |D|} \sum_{(a, b) \in S} \sum_{(c, d) \in D}
        \bigl[ \lVert x_a - x_b \rVert_M - \lVert x_c - x_d \rVert_M \bigr]_+^2
        + \mathrm{tr} M - \log \det M

    Parameters
    ----------
    weight : w > 0, of all comparisons together; small stays near I. |S| counts pairs
        of points that differ
    tol, max_iter : as in ``lsml``; a step costs O(n^2 (d + log n))

    Attributes
    ----------
    components_ : (d, d) = L, the root of M, largest eigenvalue first
    duality_gap_ : f is at most this share of 1 + f above its minimum
    n_iter_ : steps done

    Raises
    ------
    ValueError : with one class, no class of two points that differ, or weight <= 0.

    Source: Liu, Guo, Zhang, Jojic, Wang, ICDM 2012 (a sample of the quadruplets there).

    >>> X = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0], [2.0, 2.0]])
    >>> LSML().fit(X, [0, 0, 1, 1]).metric().round(2) + 0.0
    array([[ 0.4, -0.4],
           [-0.4,  1.6]])
    """

    taxonomy = Taxonomy("weak", "global", ("d",), False, regularizer="LogDet")

    def __init__(
        self, *, weight: float = 1000.0, tol: float = 1e-6, max_iter: int = 1000
    ) -> None:
        self.weight = weight
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: ArrayLike, y: ArrayLike) -> "LSML":
        """X (n, d), class labels y (n,)."""
        points, codes = self._labelled(X, y)
        if not self.weight > 0:
            raise ValueError(f"weight must be > 0, got {self.weight}")
        Z, P = comfortable(points)
        S, D = (ClassPairs(Z, codes, same=same) for same in (True, False))
        differ = S.share * np.count_nonzero(S.squares(P))
        if differ == 0:
            raise ValueError("LSML needs similar points: two of one class that differ")
        each = self.weight / (differ * len(D.squares(P)))
        loss = all_quadruplets_loss(S, D, weight=each)
        L, self.duality_gap_, self.n_iter_ = logdet_minimum(
            loss, P, name="LSML", tol=self.tol, max_iter=self.max_iter
        )
        self.components_ = root(L.T @ L)
        return self
