"""Local Fisher discriminant analysis: classes may consist of several groups."""

import numpy as np
from numpy.typing import ArrayLike

from mlcourse.linear._base import MahalanobisLearner, Taxonomy
from mlcourse.linear._local import affinity, local_scatters
from mlcourse.linear._psd import fixed_signs
from mlcourse.linear._span import relative_axes, span


class LFDA(MahalanobisLearner):
    r"""LDA in which only near points of a class are asked to stay together.

    .. math:: S^{lb} w = \lambda S^{lw} w, \qquad
        S^{lw} = \tfrac12 \sum_{ij} \tfrac{[y_i = y_j]}{n_{y_i}} A_{ij} C_{ij}, \quad
        S^{lb} = \tfrac12 \sum_{ij} \Bigl( \tfrac{1}{n} -
            [y_i = y_j] \bigl( \tfrac{1 - A_{ij}}{n} + \tfrac{A_{ij}}{n_{y_i}} \bigr)
            \Bigr) C_{ij}
    .. math:: C_{ij} = (x_i - x_j)(x_i - x_j)^\top, \qquad
        A_{ij} = \exp \bigl( -\lVert x_i - x_j \rVert^2 / \sigma_i \sigma_j \bigr)

    Parameters
    ----------
    n_components : int or None, from 1 to the rank of the data; None takes all
    n_neighbors : k >= 1; sigma_i is the distance from x_i to its k-th nearest neighbour
        of its class, or to the farthest where the class has fewer
    reg : from 0 to 1; share of S^lb + S^lw that is mixed into S^lw

    Attributes
    ----------
    components_ : (k, d) = L, rows sqrt(lambda) w with w' S^lw w = n, largest first
    eigenvalues_ : (k,) = lambda

    Raises
    ------
    ValueError : with one class, a parameter out of range, or no two points that differ.

    Notes
    -----
    A = 1 gives LDA's scatters. As A <= 1, no lambda is negative. Where sigma_i sigma_j
    = 0 (k + 1 equal points), A is 1 for equal points and 0 for others, its limit.
    O(sum n_c^2 (d + k) + d^3) time.

    Source: Sugiyama, JMLR 8, 2007; sigma of Zelnik-Manor, Perona, NIPS 2004, k = 7.

    >>> square = np.array([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])
    >>> X = np.vstack([square - [9, 0], square + [9, 0], square])  # A, A, B between
    >>> lfda = LFDA(1, n_neighbors=3).fit(X, list("AAAAAAAABBBB"))
    >>> lfda.components_.round(2) + 0.0, lfda.eigenvalues_.round(2)
    (array([[13.16,  0.  ]]), array([56.29]))
    """

    taxonomy = Taxonomy("full", "global", ("d",), reduces_dimension=True)

    def __init__(
        self,
        n_components: int | None = None,
        *,
        n_neighbors: int = 7,
        reg: float = 0.0,
    ) -> None:
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.reg = reg

    def fit(self, X: ArrayLike, y: ArrayLike) -> "LFDA":
        """X (n, d), class labels y (n,)."""
        points, codes = self._labelled(X, y)
        if self.n_neighbors < 1:
            raise ValueError(f"n_neighbors must be >= 1, got {self.n_neighbors}")
        Z, W = span(points)
        groups = [np.flatnonzero(codes == c) for c in range(codes.max() + 1)]
        blocks = (
            affinity(points[g], self.n_neighbors) for g in groups
        )  # one at a time
        within, mixed = local_scatters(Z, groups, blocks)
        half = np.linalg.cholesky(mixed)
        ratio = np.linalg.solve(half, np.linalg.solve(half, within).T)
        variance, axes = relative_axes(ratio, reg=self.reg)
        values = 1 / variance - 1  # (mixed - within) / within, largest first
        k = self._n_rows(len(values), "the rank of the data")
        weights = np.sqrt(values.clip(min=0) / variance)[:k, None]
        self.components_ = fixed_signs(weights * axes[:k] @ np.linalg.solve(half, W))
        self.eigenvalues_ = values[:k]
        return self
