"""Whitening: the covariance of all points as the unit of distance."""

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from sklearn.utils.validation import validate_data

from mlcourse.linear._base import MahalanobisLearner, Taxonomy
from mlcourse.linear._psd import fixed_signs
from mlcourse.linear._span import span


class Whitening(MahalanobisLearner):
    r"""Mahalanobis' own metric; it sees no labels, so noise counts as much as signal.

    .. math:: M = \Sigma^{-1}, \qquad \Sigma = \frac{1}{n - 1}
        \sum_i (x_i - \bar x)(x_i - \bar x)^\top

    Parameters
    ----------
    None. ``fit(X, y=None)`` takes X (n, d) and ignores y.

    Attributes
    ----------
    components_ : (r, d) = L, in units 1 / x. r is the rank of the centred data:
        directions in which the data do not vary (constant or collinear features,
        n <= d) get weight 0, so M is the pseudo-inverse there.

    Raises
    ------
    ValueError : if all points are equal.

    Notes
    -----
    Affine maps x -> Ax + b leave all its distances as they are: the units of the
    features, their order and their correlations say nothing.

    Source: Mahalanobis, Proc. Nat. Inst. Sci. India 2, 1936.

    >>> import numpy as np
    >>> X = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> Whitening().fit(X).metric().round(3)
    array([[0.375, 0.   ],
           [0.   , 1.5  ]])
    """

    taxonomy = Taxonomy("none", "global", ("n", "d"), reduces_dimension=False)
    components_: Float[np.ndarray, "r d"]

    def fit(self, X: ArrayLike, y: Any = None) -> "Whitening":
        """X (n, d); y is ignored."""
        points = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        _, W = span(points)
        n = len(points)
        self.components_ = fixed_signs(W) * np.sqrt((n - 1) / n)  # ddof 0 to 1
        return self
