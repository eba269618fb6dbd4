"""Discriminant neighbourhood embedding: near friends closer, near strangers apart."""

import numpy as np
from numpy.typing import ArrayLike

from mlcourse.linear._base import MahalanobisLearner, Taxonomy
from mlcourse.linear._local import signed_neighbours
from mlcourse.linear._psd import fixed_signs
from mlcourse.linear._scatter import laplacian_scatter


class DNE(MahalanobisLearner):
    r"""Projection that pulls neighbours of one class together and pushes others away.

    .. math:: \min_{P^\top P = I} \sum_{ij} F_{ij} \lVert P^\top (x_i - x_j) \rVert^2,
        \qquad X^\top (\mathrm{diag}(F 1) - F) X \, p = \lambda p, \quad \lambda < 0

    F_ij is 1 where x_i is one of the k nearest points of its class to x_j or the other
    way round, -1 where it is so among the points of other classes, 0 elsewhere.

    Parameters
    ----------
    n_components : int or None, from 1 to d; None takes the directions with lambda < 0,
        as the paper, or the one with the least lambda where there is none
    n_neighbors : k >= 1; a class with fewer others gives all of them

    Attributes
    ----------
    components_ : (k, d) = P', orthonormal rows, least lambda first
    eigenvalues_ : (k,) = lambda, in units of x squared

    Raises
    ------
    ValueError : with one class, n_components out of range, or k < 1.

    Notes
    -----
    Points at the distance of the k-th neighbour all count, so the order of the rows
    says nothing. Linear DNE often keeps one or two directions only: give n_components.
    O(n^2 d + d^3) time, O(n k) memory beside one block of distances.

    Source: Zhang, Xue, Sun, Guo, Lu, Pattern Recognition 41, 2008.

    >>> X = np.array([[0.0, 0.0], [1.0, 9.0], [5.0, 1.0], [6.0, 8.0]])
    >>> dne = DNE(n_neighbors=1).fit(X, [0, 0, 1, 1])
    >>> dne.components_.round(3), dne.eigenvalues_.round(2)
    (array([[ 0.996, -0.09 ]]), array([-49.44]))
    """

    taxonomy = Taxonomy("full", "global", ("d",), reduces_dimension=True)

    def __init__(
        self, n_components: int | None = None, *, n_neighbors: int = 5
    ) -> None:
        self.n_components = n_components
        self.n_neighbors = n_neighbors

    def fit(self, X: ArrayLike, y: ArrayLike) -> "DNE":
        """X (n, d), class labels y (n,)."""
        points, codes = self._labelled(X, y)
        if self.n_neighbors < 1:
            raise ValueError(f"n_neighbors must be >= 1, got {self.n_neighbors}")
        points = points - points.mean(axis=0)
        F = signed_neighbours(points, codes, self.n_neighbors)
        values, vectors = np.linalg.eigh(laplacian_scatter(points, F))
        k = self._n_rows(len(values))
        if self.n_components is None:
            k = max(1, int((values < -1e-12 * np.abs(values).max()).sum()))
        self.components_ = fixed_signs(vectors.T[:k])
        self.eigenvalues_ = values[:k]
        return self
