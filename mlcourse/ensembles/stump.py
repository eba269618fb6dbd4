"""A decision stump: one feature, one threshold, one class on either side."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int


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
