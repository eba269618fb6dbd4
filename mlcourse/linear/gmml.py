"""Geometric mean metric learning: halfway from what S asks to what D asks."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlcourse.linear._base import MahalanobisLearner, Taxonomy
from mlcourse.linear._geodesic import geodesic
from mlcourse.linear._judgements import as_indices, as_points
from mlcourse.linear._psd import root
from mlcourse.linear._scatter import label_scatters, pair_scatter


def gmml(
    X: Float[np.ndarray, "n d"],
    S: ArrayLike,
    D: ArrayLike,
    *,
    t: float = 0.5,
    reg: float = 1e-9,
) -> Float[np.ndarray, "d d"]:
    r"""Metric on the geodesic from the inverse scatter of S to the scatter of D.

    .. math:: M = S^{-1} \#_t D = S^{-1/2} (S^{1/2} D S^{1/2})^t S^{-1/2}, \qquad
        S = \sum_{(i, j) \in S} (x_i - x_j)(x_i - x_j)^\top, \quad D \text{ likewise}

    At t = 1/2 it minimises tr(MS) + tr(M^{-1} D), and solves M S M = D.

    Parameters
    ----------
    X : (n, d)
    S, D : (s, 2), (r, 2) pairs (i, j) of similar and of dissimilar points, not empty
    t : from 0 (M = S^{-1}: similar pairs alone) to 1 (M = D: dissimilar pairs alone)
    reg : >= 0; added to S and D on the diagonal, in units of their mean eigenvalue

    Returns
    -------
    (d, d) : M, positive definite. Rotations of X rotate it; other affine maps change
        the distances, as S enters inverted and D does not.

    Raises
    ------
    ValueError : if X is no finite matrix, S or D is empty or of equal points only, t is
        not in [0, 1], or S is singular and reg = 0.

    Source: Zadeh, Hosseini, Sra, ICML 2016 (a prior M_0 there; here the identity,
    scaled with S and with D).

    >>> X = np.array([[0.0, 0.0], [1.0, 1.0], [3.0, 0.0], [1.0, -1.0]])
    >>> gmml(X, [[0, 1], [0, 3]], [[0, 2], [1, 3]], reg=0.0).round(3) + 0.0
    array([[2.121, 0.   ],
           [0.   , 1.414]])
    """
    X = as_points(X)
    similar = pair_scatter(X, as_indices(S, len(X), name="S", width=2))
    dissimilar = pair_scatter(X, as_indices(D, len(X), name="D", width=2))
    return geodesic(similar, dissimilar, t=t, reg=reg)


class GMML(MahalanobisLearner):
    r"""gmml on all pairs of one class and of two; in O(n d^2), from the class scatters.

    .. math:: M = S^{-1} \#_t D

    Parameters
    ----------
    t, reg : as in ``gmml``; tune t in [0.3, 0.7]

    Attributes
    ----------
    components_ : (d, d) = L, the root of M, its largest eigenvalue first

    Raises
    ------
    ValueError : with one class, or no class of two points that differ.

    Source: Zadeh, Hosseini, Sra, ICML 2016 (a sample of the pairs there).

    >>> X = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 3.0], [2.0, 5.0]])
    >>> GMML().fit(X, [0, 0, 1, 1]).metric().round(2) + 0.0
    array([[ 1.32, -0.81],
           [-0.81,  4.85]])
    """

    taxonomy = Taxonomy(
        "weak", "global", ("n", "d"), False, regularizer="symmetrised LogDet"
    )

    def __init__(self, *, t: float = 0.5, reg: float = 1e-9) -> None:
        self.t = t
        self.reg = reg

    def fit(self, X: ArrayLike, y: ArrayLike) -> "GMML":
        """X (n, d), class labels y (n,)."""
        points, codes = self._labelled(X, y)
        similar, dissimilar, _, _ = label_scatters(points, codes)
        self.components_ = root(geodesic(similar, dissimilar, t=self.t, reg=self.reg))
        return self
