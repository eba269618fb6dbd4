"""OASIS as an estimator: triplets drawn from class labels, at once or in parts."""

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from mlcourse.linear._base import Taxonomy
from mlcourse.linear._drawn import draw_triplets
from mlcourse.linear.oasis import oasis


class OASIS(BaseEstimator):
    r"""oasis on random triplets: anchor and positive of one class, negative of another.

    .. math:: s_W(x, y) = x^\top W y

    Parameters
    ----------
    C : > 0, as in ``oasis``
    n_triplets : drawn in every call of ``fit`` or ``partial_fit``; the anchor's class
        is uniform among those with two points, the rest uniform within
    random_state : int, numpy RandomState or None

    Attributes
    ----------
    similarity_matrix_ : (d, d) = W
    n_triplets_seen_ : over all calls since ``fit`` or the first ``partial_fit``

    Raises
    ------
    ValueError : with one class, or no class of two points (in one batch, too).

    Source: Chechik, Sharma, Shalit, Bengio, JMLR 11, 2010 (anchors uniform there).

    >>> X = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 1.0]])
    >>> learner = OASIS(n_triplets=500, random_state=0).fit(X, [0, 1, 0, 0])
    >>> s = learner.similarity(X[2:3], X[[0, 1]])
    >>> bool(s[0, 0] > s[0, 1] + 0.999)
    True
    """

    taxonomy = Taxonomy(
        "weak", "global", ("n", "d"), False, "linear similarity", "Frobenius", True
    )
    similarity_matrix_: Float[np.ndarray, "d d"]

    def __init__(
        self, C: float = 0.1, *, n_triplets: int = 20_000, random_state: Any = None
    ) -> None:
        self.C = C
        self.n_triplets = n_triplets
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> "OASIS":
        """X (n, d), class labels y (n,); W starts from the identity."""
        return self._learn(X, y, fresh=True)

    def partial_fit(self, X: ArrayLike, y: ArrayLike) -> "OASIS":
        """As ``fit``, from the W learned so far; classes may be new."""
        return self._learn(X, y, fresh=not hasattr(self, "similarity_matrix_"))

    def similarity(
        self, X: ArrayLike, Y: ArrayLike | None = None
    ) -> Float[np.ndarray, "n m"]:
        """s_W(x, y) for all rows of X (n, d) and Y (m, d); Y = None takes X."""
        check_is_fitted(self)
        left, right = (
            validate_data(self, points, reset=False, dtype=np.float64)
            for points in (X, X if Y is None else Y)
        )
        scores: Float[np.ndarray, "n m"] = left @ self.similarity_matrix_ @ right.T
        return scores

    def _learn(self, X: ArrayLike, y: ArrayLike, *, fresh: bool) -> "OASIS":
        points, y = validate_data(self, X, y, reset=fresh)
        check_classification_targets(y)
        codes = np.unique(np.asarray(y), return_inverse=True)[1]
        if fresh:
            self._random = check_random_state(self.random_state)
            self.n_triplets_seen_ = 0
        W = None if fresh else self.similarity_matrix_
        T = draw_triplets(codes, self.n_triplets, random=self._random)
        self.similarity_matrix_ = oasis(points, T, C=self.C, W=W)
        self.n_triplets_seen_ += len(T)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags
