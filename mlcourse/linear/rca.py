"""Relevant component analysis: whiten what varies among similar points."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mlcourse.linear._base import MahalanobisLearner, Taxonomy
from mlcourse.linear._chunklets import chunklet_map
from mlcourse.linear._judgements import as_indices, as_points


def rca(
    X: Float[np.ndarray, "n d"], S: ArrayLike, *, reg: float = 0.0
) -> Float[np.ndarray, "d d"]:
    r"""Metric in which the points of a chunklet spread alike in every direction.

    .. math:: M = \hat C^{-1}, \qquad \hat C = \frac1p \sum_{j} \sum_{i \in c_j}
        (x_i - m_j)(x_i - m_j)^\top

    Chunklets c_j are the connected components of S: if a is like b and b like c, then
    a is like c. Points in no pair are in no chunklet; p points are in one.

    Parameters
    ----------
    X : (n, d)
    S : (s, 2) pairs (i, j) of similar points; repeating one changes nothing
    reg : from 0 to 1; share of the covariance of all points that is mixed into C

    Returns
    -------
    (d, d) : M, in units 1 / x squared. Directions in which no point varies get weight
        0. Where points vary but chunklets do not, C counts as 1e-8 of the variance of
        all points: such a direction separates them perfectly. Affine invariant.

    Raises
    ------
    ValueError : if X is no finite matrix, S is empty or holds no indices into X, or all
        points are equal.

    Source: Bar-Hillel, Hertz, Shental, Weinshall, JMLR 6, 2005.

    >>> X = np.array([[0.0, 0.0], [2.0, 0.0], [5.0, 1.0], [5.0, 5.0]])
    >>> rca(X, [[0, 1], [2, 3]]).round(6) + 0.0
    array([[2. , 0. ],
           [0. , 0.5]])
    """
    X = as_points(X)
    i, j = as_indices(S, len(X), name="S", width=2).T
    links = coo_array((np.ones(len(i)), (i, j)), shape=(len(X), len(X)))
    L = chunklet_map(X, connected_components(links, directed=False)[1], reg=reg)
    M: Float[np.ndarray, "d d"] = L.T @ L
    return M


class RCA(MahalanobisLearner):
    r"""rca with the classes as chunklets: M is the inverse within-class covariance.

    .. math:: L = \hat C^{-1/2}, \qquad L \hat C L^\top = I

    Parameters
    ----------
    n_components : int or None; the directions in which chunklets stand out most, the
        paper's reduction before whitening. None keeps all r = rank of the data.
    reg : from 0 to 1, as in ``rca``

    Attributes
    ----------
    components_ : (k, d) = L, the direction that separates the classes best first

    Raises
    ------
    ValueError : if no class has two points (a class of one point is no chunklet).

    Source: Bar-Hillel, Hertz, Shental, Weinshall, JMLR 6, 2005.

    >>> X = np.array([[0.0, 0.0], [2.0, 0.0], [5.0, 1.0], [5.0, 5.0]])
    >>> RCA().fit(X, ["a", "a", "b", "b"]).metric().round(6) + 0.0
    array([[2. , 0. ],
           [0. , 0.5]])
    """

    taxonomy = Taxonomy("weak", "global", ("n", "d"), reduces_dimension=False)

    def __init__(self, n_components: int | None = None, *, reg: float = 0.0) -> None:
        self.n_components = n_components
        self.reg = reg

    def fit(self, X: ArrayLike, y: ArrayLike) -> "RCA":
        """X (n, d), class labels y (n,)."""
        points, codes = self._labelled(X, y, min_classes=1)
        L = chunklet_map(points, codes, reg=self.reg)
        self.components_ = L[: self._n_rows(len(L), "the rank of the data")]
        return self
