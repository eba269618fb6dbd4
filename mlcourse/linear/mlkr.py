"""Metric learning for kernel regression: near in the map means near in the target."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import validate_data

from mlcourse.linear._base import MahalanobisLearner, Taxonomy
from mlcourse.linear._descent import (
    check_steps,
    descend,
    principal_start,
    turned,
    warn_unless,
)
from mlcourse.linear._leave_one_out import mlkr_objective


class MLKR(MahalanobisLearner):
    r"""Linear map that lets each point's target be guessed from its neighbours'.

    .. math:: \min_L \sum_i (\hat y_i - y_i)^2, \quad \hat y_i = \sum_j p_{ij} y_j,
        \quad p_{ij} \propto e^{-\lVert L x_i - L x_j \rVert^2}, \quad p_{ii} = 0
    .. math:: \nabla = 4 L \sum_{ij} (\hat y_i - y_i)\, p_{ij}\, (\hat y_i - y_j)
        (x_i - x_j)(x_i - x_j)^\top

    Parameters
    ----------
    n_components : int or None, from 1 to d; None takes d
    max_iter : >= 1 steps of L-BFGS, from the first k principal axes
    tol : > 0; ends when a step lowers the objective by less than this share of
        the variance of y

    Attributes
    ----------
    components_ : (k, d) = L, in units 1 / x, orthogonal rows, longest first
    objective_ : mean squared leave-one-out error over the variance of y; 1 is as good
        as to say the mean. It is a training error: hold points out to judge.
    n_iter_ : steps taken

    Raises
    ------
    ValueError : with a parameter out of range, all points equal or all targets equal.

    Notes
    -----
    Not convex; overfits where d is large against n. Standardise X.
    O(n^2 k + n k d) time a step, O(n) memory beside a block.

    Source: Weinberger, Tesauro, AISTATS 2007 (kernel width 1, held in L).

    >>> X = np.array([[0.0, 2.0], [1.0, -1.0], [2.0, 1.0], [3.0, -2.0], [4.0, 0.0]])
    >>> mlkr = MLKR(tol=1e-9).fit(X, [0.0, 1.0, 2.0, 3.0, 4.0])
    >>> round(mlkr.objective_, 2)
    0.2
    """

    taxonomy = Taxonomy("full", "local", ("d",), reduces_dimension=True)

    def __init__(
        self,
        n_components: int | None = None,
        *,
        max_iter: int = 200,
        tol: float = 1e-5,
    ) -> None:
        self.n_components = n_components
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, X: ArrayLike, y: ArrayLike) -> "MLKR":
        """X (n, d), targets y (n,): numbers."""
        points, target = validate_data(
            self, X, y, dtype=np.float64, ensure_min_samples=2
        )
        check_steps(self.max_iter, self.tol)
        target = np.asarray(target, dtype=np.float64)
        target = target - target.mean()
        spread = np.sqrt(target @ target)
        if not spread > 0:
            raise ValueError("y holds one number only; nothing is near or far in it")
        points, axes, unit = principal_start(points, self._n_rows(points.shape[1]))
        target = target / spread

        def loss(L: np.ndarray) -> tuple[float, np.ndarray]:
            return mlkr_objective(L, points, target)

        L, value, steps = descend(loss, axes, max_iter=self.max_iter, tol=self.tol)
        warn_unless(steps < self.max_iter, f"stopped after {steps} steps")
        self.components_ = turned(L) / unit
        self.objective_, self.n_iter_ = value, max(1, steps)
        return self
