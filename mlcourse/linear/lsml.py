"""Least-squares metric learning: of two distances, which should be the smaller."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlcourse.linear._comparisons import quadruplet_loss
from mlcourse.linear._judgements import as_indices, as_points
from mlcourse.linear._logdet import comfortable, logdet_minimum
from mlcourse.linear._pairsets import ListedPairs


def lsml(
    X: Float[np.ndarray, "n d"],
    Q: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    tol: float = 1e-6,
    max_iter: int = 1000,
) -> Float[np.ndarray, "d d"]:
    r"""Metric near I that keeps as many comparisons of two distances as it can.

    .. math:: \min_{M \succ 0} \sum_{(a, b, c, d) \in Q} w_{abcd} \bigl[
        \lVert x_a - x_b \rVert_M - \lVert x_c - x_d \rVert_M \bigr]_+^2
        + \mathrm{tr} M - \log \det M

    Parameters
    ----------
    X : (n, d)
    Q : (q, 4) quadruplets (a, b, c, d): a and b are closer than c and d
    weights : (q,), >= 0; None gives 1 to each. Small ones leave M near I
    tol : stop when f is certified to be within tol * (1 + f) of its minimum
    max_iter : steps of O(q d + n d^2); ConvergenceWarning if they do not suffice

    Returns
    -------
    (d, d) : M, positive definite; I in directions in which no point varies. Rotations
        of X rotate it; other affine maps change the distances, as the prior is I.

    Raises
    ------
    ValueError : if X is no finite matrix, Q holds no quadruplets of indices, or weights
        are not as above.

    Source: Liu, Guo, Zhang, Jojic, Wang, ICDM 2012 (weights that sum to 1 there, so
    the prior dominates; here they count as they are).

    >>> X = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    >>> lsml(X, [[0, 1, 0, 2]]).round(2) + 0.0
    array([[0.54, 0.  ],
           [0.  , 1.36]])
    """
    X = as_points(X)
    rows = as_indices(Q, len(X), name="Q", width=4)
    w = np.asarray(np.ones(len(rows)) if weights is None else weights, dtype=np.float64)
    if w.shape != (len(rows),) or not (np.isfinite(w).all() and (w >= 0).all()):
        raise ValueError(
            f"weights must be {len(rows)} finite numbers >= 0, one for each row of Q, "
            f"got shape {w.shape}" + (f", minimum {np.min(w)}" if w.size else "")
        )
    Z, P = comfortable(X)
    loss = quadruplet_loss(ListedPairs(Z, rows[:, :2]), ListedPairs(Z, rows[:, 2:]), w)
    L, _, _ = logdet_minimum(loss, P, name="LSML", tol=tol, max_iter=max_iter)
    M: Float[np.ndarray, "d d"] = L.T @ L
    return M
