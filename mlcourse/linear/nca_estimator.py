"""Neighbourhood components analysis: make the right neighbour likely."""

import numpy as np
from numpy.typing import ArrayLike

from mlcourse.linear._base import MahalanobisLearner, Taxonomy
from mlcourse.linear._descent import (
    check_steps,
    descend,
    principal_start,
    turned,
    warn_unless,
)
from mlcourse.linear.lda import LDA
from mlcourse.linear.nca import nca_objective


class NCA(MahalanobisLearner):
    r"""Linear map for 1-nearest-neighbour voting, softened so that it has a gradient.

    .. math:: \max_L \sum_i \sum_{j : y_j = y_i} p_{ij}, \qquad
        p_{ij} \propto e^{-\lVert L x_i - L x_j \rVert^2}, \quad p_{ii} = 0

    Parameters
    ----------
    n_components : int or None, from 1 to d; None takes d
    max_iter : >= 1 steps of L-BFGS; from LDA's k axes where it has as many, else from
        the principal axes
    tol : > 0; ends when a step gains less than this share of the objective

    Attributes
    ----------
    components_ : (k, d) = L, in units 1 / x, orthogonal rows, longest first
    objective_ : f(L), the expected number of right votes
    n_iter_ : steps taken

    Raises
    ------
    ValueError : with one class, a parameter out of range, or all points equal.

    Notes
    -----
    Not convex. On separable data longer maps are ever better: tol ends their growth,
    and only ratios of distances mean something. Standardise X.

    Source: Goldberger, Roweis, Hinton, Salakhutdinov, NIPS 2004.

    >>> X = np.array([[0.0, 0.0], [1.0, 4.0], [1.0, -5.0], [2.0, 1.0]])
    >>> nca = NCA(1).fit(X, [0, 0, 1, 1])
    >>> round(nca.objective_, 3)
    4.0
    """

    taxonomy = Taxonomy("full", "local", ("d",), reduces_dimension=True)

    def __init__(
        self,
        n_components: int | None = None,
        *,
        max_iter: int = 200,
        tol: float = 1e-6,
    ) -> None:
        self.n_components = n_components
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, X: ArrayLike, y: ArrayLike) -> "NCA":
        """X (n, d), class labels y (n,)."""
        points, codes = self._labelled(X, y)
        check_steps(self.max_iter, self.tol)
        points, axes, unit = principal_start(points, self._n_rows(points.shape[1]))
        # Mean square distances beyond 32 leave one neighbour a vote, and a flat slope.
        axes = axes * min(1.0, 4 / np.sqrt(len(axes)))
        if len(axes) <= codes.max():  # LDA has C - 1 axes or fewer
            discriminant = LDA().fit(points, codes).components_
            if len(axes) <= len(discriminant):
                axes = discriminant[: len(axes)]
        same = codes[:, None] == codes

        def loss(L: np.ndarray) -> tuple[float, np.ndarray]:
            value, gradient = nca_objective(L, points, same)
            return -value, -gradient

        L, value, steps = descend(loss, axes, max_iter=self.max_iter, tol=self.tol)
        warn_unless(steps < self.max_iter, f"stopped after {steps} steps")
        self.components_ = turned(L) / unit
        self.objective_, self.n_iter_ = -value, max(1, steps)
        return self
