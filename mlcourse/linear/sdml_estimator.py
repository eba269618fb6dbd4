"""SDML as an estimator: all that class labels imply."""

from numpy.typing import ArrayLike

from mlcourse.linear._base import MahalanobisLearner, Taxonomy
from mlcourse.linear._lasso import judged_covariance, sparse_inverse
from mlcourse.linear._psd import root
from mlcourse.linear._scatter import label_scatters


class SDML(MahalanobisLearner):
    r"""sdml on all pairs of one class and of two; in O(n d^2), from class scatters.

    .. math:: \min_{M \succ 0} \mathrm{tr} \bigl( (I + \eta K) M \bigr) - \log\det M
        + \alpha \sum_{k \ne l} |M_{kl}|

    Parameters
    ----------
    balance, alpha, tol, max_iter : as in ``sdml``

    Attributes
    ----------
    components_ : (d, d) = L, the root of M, largest eigenvalue first
    n_iter_ : sweeps of the graphical lasso

    Raises
    ------
    ValueError : with one class, no class of two points, or all points equal.

    Source: Qi, Tang, Zha, Chua, Zhang, ICML 2009.

    >>> import numpy as np
    >>> X = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 3.0], [2.0, 5.0]])
    >>> SDML().fit(X, [0, 0, 1, 1]).metric().round(2) + 0.0
    array([[ 0.91, -0.44],
           [-0.44,  9.87]])
    """

    taxonomy = Taxonomy("weak", "global", ("d",), False, regularizer="LogDet + L1")

    def __init__(
        self,
        *,
        balance: float = 0.9,
        alpha: float = 0.01,
        tol: float = 1e-4,
        max_iter: int = 100,
    ) -> None:
        self.balance = balance
        self.alpha = alpha
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: ArrayLike, y: ArrayLike) -> "SDML":
        """X (n, d), class labels y (n,)."""
        points, codes = self._labelled(X, y)
        similar, dissimilar, s, r = label_scatters(points, codes)
        if s == 0 or not (similar.any() or dissimilar.any()):
            raise ValueError(
                "SDML needs two points of one class, and points that differ"
            )
        covariance = judged_covariance(
            similar / s - dissimilar / r, balance=self.balance
        )
        M, self.n_iter_ = sparse_inverse(
            covariance, alpha=self.alpha, tol=self.tol, max_iter=self.max_iter
        )
        self.components_ = root(M)
        return self
