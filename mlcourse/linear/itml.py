"""Information-theoretic metric learning: nearest the prior, within two bounds."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlcourse.linear._judgements import as_indices, as_points
from mlcourse.linear._logdet import comfortable, logdet_minimum
from mlcourse.linear._pairsets import ListedPairs
from mlcourse.linear._slack import percentile_bounds, slack_loss


def itml(
    X: Float[np.ndarray, "n d"],
    S: ArrayLike,
    D: ArrayLike,
    *,
    gamma: float = 1.0,
    bounds: tuple[float, float] | None = None,
    tol: float = 1e-6,
    max_iter: int = 1000,
) -> Float[np.ndarray, "d d"]:
    r"""Metric of least divergence from I with S below one bound and D above another.

    .. math:: \min_{M \succ 0,\, \xi} D_{ld}(M, I) + \gamma \sum_{ij}
        D_{ld}(\xi_{ij}, \xi^0_{ij}) \quad \text{s.t.} \quad
        \lVert x_i - x_j \rVert_M^2 \le \xi_{ij} \ (S), \quad \ge \xi_{ij} \ (D)

    with D_ld(A, B) = tr(A B^{-1}) - log det(A B^{-1}) - d, xi^0 = u on S and l on D.

    Parameters
    ----------
    X : (n, d)
    S, D : (s, 2), (r, 2) pairs (i, j) of similar and of dissimilar points
    gamma : > 0; large holds the bounds harder, small stays nearer to I
    bounds : (u, l), squared distances, 0 < u <= l; None takes the 5th and the 95th
        percentile of the squared Euclidean distances over S and D
    tol : stop when f is certified to be within tol * (1 + f) of its minimum
    max_iter : steps of O((s + r) d + n d^2); ConvergenceWarning if they do not suffice

    Returns
    -------
    (d, d) : M, positive definite; I in directions in which no point varies. Rotations
        of X rotate it; other affine maps change the distances, as the prior is I.

    Raises
    ------
    ValueError : if X is no finite matrix, the bounds are not as above, gamma <= 0, or
        no two points differ.

    Source: Davis, Kulis, Jain, Sra, Dhillon, ICML 2007 (projections on one pair at a
    time there; here xi is solved for and f minimised in M, to the same optimum). Pairs
    of equal points are left out: no metric can part them.

    >>> X = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 3.0]])
    >>> itml(X, [[0, 1]], [[0, 2]], bounds=(1.0, 16.0)).round(2) + 0.0
    array([[0.4 , 0.  ],
           [0.  , 1.28]])
    """
    X = as_points(X)
    Z, P = comfortable(X)
    near = ListedPairs(Z, as_indices(S, len(X), name="S", width=2))
    far = ListedPairs(Z, as_indices(D, len(X), name="D", width=2))
    if bounds is None:
        bounds = percentile_bounds(near, far, np.linalg.inv(P))
    loss = slack_loss(near, far, gamma=gamma, bounds=bounds)
    L, _, _ = logdet_minimum(loss, P, name="ITML", tol=tol, max_iter=max_iter)
    M: Float[np.ndarray, "d d"] = L.T @ L
    return M
