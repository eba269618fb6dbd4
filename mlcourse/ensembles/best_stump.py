"""The best stump for weighted points: a scan of each sorted feature."""

import numpy as np
from jaxtyping import Float, Int

from mlcourse.ensembles._scan import Scan
from mlcourse.ensembles.stump import Stump


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
