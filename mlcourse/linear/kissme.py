"""Keep it simple and straightforward: a likelihood ratio of two Gaussians."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlcourse.linear._base import MahalanobisLearner, Taxonomy
from mlcourse.linear._judgements import as_indices, as_points
from mlcourse.linear._psd import project_psd, root
from mlcourse.linear._scatter import label_scatters, pair_scatter
from mlcourse.linear._span import inverse, span


def kissme(
    X: Float[np.ndarray, "n d"], S: ArrayLike, D: ArrayLike, *, reg: float = 0.0
) -> Float[np.ndarray, "d d"]:
    r"""Metric of the test "similar or not?", each a Gaussian of differences.

    .. math:: M = \Pi_+ \bigl( \Sigma_S^{-1} - \Sigma_D^{-1} \bigr), \qquad
        \Sigma_S = \frac{1}{|S|} \sum_{(i, j) \in S} (x_i - x_j)(x_i - x_j)^\top

    Before the projection the squared distance is twice the log-likelihood ratio, up to
    a constant; it is negative where similar points differ more: Pi_+ cuts that.

    Parameters
    ----------
    X : (n, d)
    S, D : (s, 2), (r, 2) pairs (i, j) of similar and of dissimilar points, not empty
    reg : from 0 to 1; share of the covariance of all pairs' differences that is mixed
        into both covariances

    Returns
    -------
    (d, d) : M, in units 1 / x squared; 0 where S and D say nothing different. Rotations
        rotate it; other affine maps change what Pi_+ cuts.

    Raises
    ------
    ValueError : if X is no finite matrix, S or D is empty, or all points are equal.

    Source: Koestinger, Hirzer, Wohlhart, Roth, Bischof, CVPR 2012 (after PCA there;
    here directions without variance get weight 0, and where similar points never
    differ, they count as if they did by 1e-4 of all points' spread).

    >>> X = np.array([[0.0, 0.0], [1.0, 1.0], [3.0, 0.0], [1.0, -1.0]])
    >>> kissme(X, [[0, 1], [0, 3]], [[0, 2], [1, 2], [2, 3]]).round(3) + 0.0
    array([[0.824, 0.   ],
           [0.   , 0.   ]])
    """
    X = as_points(X)
    S = as_indices(S, len(X), name="S", width=2)
    D = as_indices(D, len(X), name="D", width=2)
    Z, W = span(X)
    if min(len(S), len(D)) == 0:
        raise ValueError(f"KISSME needs pairs in S and D, got {len(S)} and {len(D)}")
    similar = inverse(pair_scatter(Z, S) / len(S), W, reg=reg)
    return project_psd(similar - inverse(pair_scatter(Z, D) / len(D), W, reg=reg))


class KISSME(MahalanobisLearner):
    r"""kissme on all pairs of one class and of two; in O(n d^2), from class scatters.

    .. math:: M = \Pi_+ \bigl( \Sigma_S^{-1} - \Sigma_D^{-1} \bigr)

    Parameters
    ----------
    reg : from 0 to 1, as in ``kissme``

    Attributes
    ----------
    components_ : (d, d) = L, the root of M, largest eigenvalue first; cut rows are 0

    Raises
    ------
    ValueError : with one class, no class of two points, or all points equal.

    Source: Koestinger, Hirzer, Wohlhart, Roth, Bischof, CVPR 2012.

    >>> X = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 3.0], [2.0, 5.0]])
    >>> KISSME().fit(X, [0, 0, 1, 1]).metric().round(3)
    array([[ 0.163, -0.397],
           [-0.397,  0.969]])
    """

    taxonomy = Taxonomy("weak", "global", ("n", "d"), reduces_dimension=False)

    def __init__(self, *, reg: float = 0.0) -> None:
        self.reg = reg

    def fit(self, X: ArrayLike, y: ArrayLike) -> "KISSME":
        """X (n, d), class labels y (n,)."""
        points, codes = self._labelled(X, y)
        Z, W = span(points)
        similar, dissimilar, s, r = label_scatters(Z, codes)
        if s == 0:
            raise ValueError("KISSME needs similar points: two of one class")
        M = inverse(similar / s, W, reg=self.reg)
        self.components_ = root(M - inverse(dissimilar / r, W, reg=self.reg))
        return self
