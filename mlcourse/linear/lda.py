"""Linear discriminant analysis: whiten within the classes, keep what parts them."""

import numpy as np
from numpy.typing import ArrayLike

from mlcourse.linear._base import MahalanobisLearner, Taxonomy
from mlcourse.linear._psd import fixed_signs
from mlcourse.linear._scatter import group_means
from mlcourse.linear._span import relative_axes, span


class LDA(MahalanobisLearner):
    r"""Directions along which the class means spread most, in units of the classes.

    .. math:: S_b w = \lambda S_w w, \quad L S_w L^\top = I, \qquad
        S_w = \frac1n \sum_i (x_i - m_{y_i})(x_i - m_{y_i})^\top, \quad
        S_b = \frac1n \sum_c n_c (m_c - m)(m_c - m)^\top

    Parameters
    ----------
    n_components : int or None, from 1 to min(C - 1, rank of the data); None takes all
    reg : from 0 to 1; share of the covariance of all points that is mixed into S_w

    Attributes
    ----------
    components_ : (k, d) = L, in units 1 / x, the most discriminative direction first
    eigenvalues_ : (k,) = lambda, between over within variance

    Raises
    ------
    ValueError : with one class, n_components or reg out of range, or no two points
        that differ.

    Notes
    -----
    Affine invariant. Where the classes have no extent but differ (as n - C < d
    implies), S_w counts as 1e-8 of the variance of all points. The same distances as
    after scikit-learn's LinearDiscriminantAnalysis, up to one scale.

    Source: Fisher, Annals of Eugenics 7, 1936; Rao, J. R. Stat. Soc. B 10, 1948.

    >>> X = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 3.0], [2.0, 5.0]])
    >>> lda = LDA().fit(X, [0, 0, 1, 1])
    >>> lda.components_.round(3), lda.eigenvalues_.round(3)
    (array([[-1.,  2.]]), array([16.]))
    """

    taxonomy = Taxonomy("full", "global", ("n", "d"), reduces_dimension=True)

    def __init__(self, n_components: int | None = None, *, reg: float = 0.0) -> None:
        self.n_components = n_components
        self.reg = reg

    def fit(self, X: ArrayLike, y: ArrayLike) -> "LDA":
        """X (n, d), class labels y (n,)."""
        points, codes = self._labelled(X, y)
        Z, W = span(points)
        means, _ = group_means(Z, codes)
        within = Z - means[codes]
        variance, axes = relative_axes(within.T @ within / len(Z), reg=self.reg)
        largest = min(len(means) - 1, len(W))
        k = self._n_rows(largest, "min(classes - 1, rank of the data)")
        L = axes[:k] / np.sqrt(variance[:k, None]) @ W
        self.components_ = fixed_signs(L)
        self.eigenvalues_ = 1 / variance[:k] - 1  # all - within = between
        return self
