"""AdaBoost: each learner looks hardest at what the one before it got wrong."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight as checked_weight
from sklearn.utils.validation import check_is_fitted, validate_data

from mlcourse.ensembles._rounds import boost, votes


class AdaBoost(ClassifierMixin, BaseEstimator):
    r"""Vote of stumps, each fitted to examples weighted by the mistakes before it.

    .. math::
        \epsilon_t = \sum_i D_t(i) [h_t(x_i) \ne y_i], \qquad
        \alpha_t = \tfrac12 \ln \frac{1 - \epsilon_t}{\epsilon_t} + \tfrac12 \ln (C - 1)
        \\ D_{t+1}(i) = \frac{1}{Z_t} D_t(i)\, e^{\pm \alpha_t}
        \quad (+: h_t(x_i) \ne y_i), \qquad
        H(x) = \arg\max_c \sum_t \alpha_t [h_t(x) = c]

    Two facts: under D_{t+1} the error of h_t is 1 - 1/C, so that it is of no more use;
    and H errs on a weight of at most Z_1 Z_2 ... Z_T of D_1.

    Parameters
    ----------
    n_rounds : T >= 1, at most so many stumps

    Attributes
    ----------
    classes_ : (C,), in order
    stumps_ : h_1 ... h_T; fewer once one is perfect, or none is better than chance
    alphas_, errors_ : (T,), alpha_t and epsilon_t
    example_weights_ : (T + 1, n), rows D_1 ... D_{T+1}, each of sum 1
    bound_ : (T,), Z_1, Z_1 Z_2, ...; with more than two classes it may exceed 1

    Raises
    ------
    ValueError : with one class, n_rounds < 1, or if no stump is better than chance

    Source: Freund, Schapire, JCSS 55, 1997; more than two classes: Zhu, Zou, Rosset,
    Hastie, Statistics and its Interface 2, 2009 (SAMME), whose alpha is twice ours, and
    so is scikit-learn's.

    >>> X = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    >>> boosted = AdaBoost(n_rounds=3).fit(X, [-1, 1, 1, -1, -1])
    >>> boosted.errors_, boosted.predict(X)
    (array([0.2       , 0.25      , 0.16666667]), array([-1,  1,  1, -1, -1]))
    """

    def __init__(self, n_rounds: int = 50) -> None:
        self.n_rounds = n_rounds

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> "AdaBoost":
        """X (n, d), classes y (n,); weights (n,) >= 0 are D_1 times a number."""
        points, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        weights = checked_weight(sample_weight, points, ensure_non_negative=True)
        weights = weights.astype(np.float64)
        seen = weights > 0
        self.classes_, codes = np.unique(np.asarray(y)[seen], return_inverse=True)
        rounds = boost(points[seen], codes, weights[seen], self.n_rounds)
        self.stumps_ = [found.stump for found in rounds]
        self.alphas_ = np.array([found.alpha for found in rounds])
        self.errors_ = np.array([found.error for found in rounds])
        self.bound_ = np.cumprod([found.normalizer for found in rounds])
        self.example_weights_ = np.zeros((len(rounds) + 1, len(points)))
        self.example_weights_[0] = weights / weights.sum()
        self.example_weights_[1:, seen] = [found.after for found in rounds]
        return self

    def _votes(self, X: ArrayLike) -> Iterator[Float[np.ndarray, "n c"]]:
        """Votes after each round."""
        check_is_fitted(self)
        points = validate_data(self, X, reset=False, dtype=np.float64)
        return votes(points, self.stumps_, self.alphas_, len(self.classes_))

    def decision_function(self, X: ArrayLike) -> Float[np.ndarray, "n ..."]:
        """Votes (n, C); of two classes (n,), those of the second less the first's."""
        *_, last = self._votes(X)
        return last[:, 1] - last[:, 0] if last.shape[1] == 2 else last

    def staged_predict(self, X: ArrayLike) -> Iterator[np.ndarray]:
        """Classes (n,) after each round; of equal votes the first class."""
        for now in self._votes(X):
            yield self.classes_[now.argmax(axis=1)]

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Classes (n,) after the last round."""
        *_, last = self._votes(X)
        return np.asarray(self.classes_[last.argmax(axis=1)])
