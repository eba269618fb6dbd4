"""MMC as an estimator: all that class labels imply."""

from numpy.typing import ArrayLike

from mlcourse.linear._base import MahalanobisLearner, Taxonomy
from mlcourse.linear._pairsets import ClassPairs
from mlcourse.linear._power import spread_apart
from mlcourse.linear._psd import root
from mlcourse.linear._scatter import label_scatters
from mlcourse.linear._unit import unit_map, white


class MMC(MahalanobisLearner):
    r"""mmc on all pairs of one class and of two; a step costs O(n^2 d), no list.

    .. math:: \max_{M \succeq 0} \sum_D \lVert \cdot \rVert_M
        \quad \text{s.t.} \quad \sum_S \lVert \cdot \rVert_M^2 = 1

    Parameters
    ----------
    diagonal, reg, tol, max_iter : as in ``mmc``

    Attributes
    ----------
    components_ : (d, d) = L, the root of M, largest eigenvalue first
    duality_gap_ : the objective is at most this share below its maximum
    n_iter_ : steps done

    Raises
    ------
    ValueError : with one class, no class of two points, or all points equal.

    Source: Xing, Ng, Jordan, Russell, NIPS 2002.

    >>> import numpy as np
    >>> X = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 3.0], [2.0, 5.0]])
    >>> MMC(diagonal=True).fit(X, [0, 0, 1, 1]).metric().round(3) + 0.0
    array([[0.  , 0.  ],
           [0.  , 0.25]])
    """

    taxonomy = Taxonomy("weak", "global", (), reduces_dimension=False)

    def __init__(
        self,
        *,
        diagonal: bool = False,
        reg: float = 0.0,
        tol: float = 1e-4,
        max_iter: int = 1000,
    ) -> None:
        self.diagonal = diagonal
        self.reg = reg
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: ArrayLike, y: ArrayLike) -> "MMC":
        """X (n, d), class labels y (n,)."""
        points, codes = self._labelled(X, y)
        Z, W = white(points, diagonal=self.diagonal)
        similar, _, s, _ = label_scatters(Z, codes)
        T = unit_map(similar, s, diagonal=self.diagonal, reg=self.reg)
        A, self.duality_gap_, self.n_iter_ = spread_apart(
            ClassPairs(Z, codes, same=False),
            T,
            diagonal=self.diagonal,
            tol=self.tol,
            max_iter=self.max_iter,
        )
        L = A @ W
        self.components_ = root(L.T @ L)
        return self
