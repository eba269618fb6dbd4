"""A decision stump: one feature, one threshold, one class on either side."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

#: Weights whose sums differ by less, as a share of all weight, count as equal.
TIE = 1e-12


class Stump(NamedTuple):
    r"""The weakest learner that learns anything: is this feature large?

    .. math:: h(x) = \begin{cases} l & x_j \le \theta \\ r & x_j > \theta \end{cases}

    Parameters
    ----------
    feature, threshold : j, theta; theta = inf where no feature has two values
    left, right : l, r, class numbers

    Attributes
    ----------
    feature, threshold, left, right : as given

    Source: Iba, Langley, ICML 1992.

    >>> Stump(1, 0.5, left=2, right=0).predict(np.array([[9.0, 0.5], [9.0, 0.6]]))
    array([2, 0])
    """

    feature: int
    threshold: float
    left: int
    right: int

    def predict(self, X: Float[np.ndarray, "n d"]) -> Int[np.ndarray, " n"]:
        """Class numbers of points X (n, d)."""
        return np.where(X[:, self.feature] <= self.threshold, self.left, self.right)


def best_stump(
    X: Float[np.ndarray, "n d"],
    codes: Int[np.ndarray, " n"],
    weights: Float[np.ndarray, " n"],
) -> Stump:
    r"""The stump with the least weighted error, by a scan of each sorted feature.

    .. math:: \min_{j, \theta, l, r} \sum_i w_i [h(x_i) \ne y_i] = \sum_i w_i -
        \max_{j, \theta} \Bigl( \max_l \sum_{i : x_{ij} \le \theta,\, y_i = l} w_i +
        \max_r \sum_{i : x_{ij} > \theta,\, y_i = r} w_i \Bigr)

    Parameters
    ----------
    X : (n, d), finite
    codes : (n,), class numbers from 0 to C - 1
    weights : (n,), >= 0, not all 0; a point of weight 0 is not seen

    Returns
    -------
    Stump : theta halfway between two neighbouring values. Of equal errors the first
        feature, the lowest threshold, the lowest classes. O(n d log n + n d C) time,
        O(n d) memory.

    Raises
    ------
    ValueError : if no weight is > 0

    Source: Freund, Schapire, JCSS 55, 1997, ask of a weak learner this error; trees in
    scikit-learn minimise Gini's impurity instead.

    >>> X = np.array([[1.0, 3.0], [2.0, 1.0], [4.0, 2.0], [5.0, 0.0]])
    >>> best_stump(X, np.array([1, 1, 0, 1]), np.array([1.0, 1.0, 3.0, 2.0]))
    Stump(feature=1, threshold=1.5, left=1, right=0)
    """
    seen = weights > 0
    if not seen.any():
        raise ValueError("weights must be >= 0 and not all 0, got none that is > 0")
    return Scan(X[seen], codes[seen]).best(weights[seen])


class Scan:
    """Points sorted once by each feature, for many searches with other weights."""

    def __init__(
        self, X: Float[np.ndarray, "n d"], codes: Int[np.ndarray, " n"]
    ) -> None:
        self.order = np.ascontiguousarray(X.T).argsort(axis=1, kind="stable")  # (d, n)
        self.values = np.take_along_axis(X.T, self.order, axis=1)
        self.codes, self.sorted_codes = codes, codes[self.order]
        self.tied: Bool[np.ndarray, "d m"] = self.values[:, 1:] <= self.values[:, :-1]

    def best(self, weights: Float[np.ndarray, " n"]) -> Stump:
        """The first of all stumps with the least error."""
        total, w = np.bincount(self.codes, weights), weights[self.order]
        lefts, rights = np.zeros((2, *self.tied.shape))
        for c, all_of_c in enumerate(total):
            left = np.where(self.sorted_codes == c, w, 0).cumsum(axis=1)[:, :-1]
            np.maximum(lefts, left, out=lefts)
            np.maximum(rights, all_of_c - left, out=rights)
        right = np.where(self.tied, -np.inf, lefts + rights)  # weight judged right
        slack = TIE * total.sum()
        if self.tied.all():
            return Stump(0, np.inf, *2 * [int((total >= total.max() - slack).argmax())])
        j, i = divmod(int((right >= right.max() - slack).argmax()), right.shape[1])
        low, high = self.values[j, i : i + 2]
        middle = low / 2 + high / 2
        below = self.order[j, : i + 1]
        left = np.bincount(self.codes[below], weights[below], len(total))
        sides = (int((side >= side.max() - slack).argmax())
                 for side in (left, total - left))  # fmt: skip
        return Stump(j, float(middle if low <= middle < high else low), *sides)
