"""Sparse compositional metric learning: a few rank-one bases, each with a weight."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlcourse.linear._bases import judged_discriminants, unit_rows
from mlcourse.linear._compositional import sparse_weights
from mlcourse.linear._descent import check_steps, warn_unless
from mlcourse.linear._judged import Judged
from mlcourse.linear._judgements import as_indices, as_points


def scml(
    X: Float[np.ndarray, "n d"],
    T: ArrayLike,
    *,
    bases: ArrayLike | None = None,
    beta: float = 1e-5,
    tol: float = 1e-6,
    max_iter: int = 100,
) -> Float[np.ndarray, "d d"]:
    r"""Metric of few rank-one bases that keeps triplets in order by a margin.

    .. math:: \min_{w \ge 0} \frac{1}{|T|} \sum_{(a, p, n) \in T} \bigl[ 1 +
        d_w^2(x_a, x_p) - d_w^2(x_a, x_n) \bigr]_+ + \beta \sum_b w_b, \qquad
        M = \sum_b w_b \, b b^\top

    Parameters
    ----------
    X : (n, d)
    T : (t, 3) triplets (anchor, positive, negative), not empty
    bases : (K, d), rows of any length but 0, which are scaled to length 1; None takes
        local discriminants of T, d for each of 20 regions
    beta : > 0, in units x squared; large leaves fewer bases
    tol : stop when the objective is certified to be this close (relative) to the least
    max_iter : rounds; ConvergenceWarning if they do not suffice

    Returns
    -------
    (d, d) : M, positive semi-definite, of rank at most the number of weights that are
        not 0; 0 where no base keeps enough triplets in order.

    Raises
    ------
    ValueError : if X is no finite matrix, T is empty, holds no indices into X or equal
        points only, bases are not as above, or beta <= 0.

    Source: Shi, Bellet, Sha, AAAI 2014 (stochastic dual averaging there; here the
    linear programme that it is, on a growing part of T, with a proof of the optimum).

    >>> X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    >>> scml(X, [[0, 1, 2]], bases=np.eye(2)).round(3) + 0.0
    array([[0.  , 0.  ],
           [0.  , 0.25]])
    """
    X = as_points(X)
    T = as_indices(T, len(X), name="T", width=3)
    if len(T) == 0:
        raise ValueError("SCML needs triplets (anchor, positive, negative), got none")
    check_steps(max_iter, tol)
    if bases is None:
        B = judged_discriminants(X, T, 20 * X.shape[1])
    else:
        B = unit_rows(bases, X.shape[1])
    judged = Judged(X, T)
    w, _, gap, rounds = sparse_weights(judged, B, beta=beta, tol=tol, max_iter=max_iter)
    warn_unless(
        gap <= tol, f"SCML stopped after {rounds} rounds with a gap of {gap:.1e}"
    )
    M: Float[np.ndarray, "d d"] = (B.T * w) @ B
    return M
