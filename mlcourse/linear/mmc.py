"""Mahalanobis metric for clustering: similar points near, dissimilar ones far."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlcourse.linear._judgements import as_indices, as_points
from mlcourse.linear._pairsets import ListedPairs
from mlcourse.linear._power import spread_apart
from mlcourse.linear._scatter import pair_scatter
from mlcourse.linear._unit import unit_map, white


def mmc(
    X: Float[np.ndarray, "n d"],
    S: ArrayLike,
    D: ArrayLike,
    *,
    diagonal: bool = False,
    reg: float = 0.0,
    tol: float = 1e-4,
    max_iter: int = 1000,
) -> Float[np.ndarray, "d d"]:
    r"""Metric with the largest sum of distances over D for its squares over S.

    .. math:: \max_{M \succeq 0} \sum_{(i, j) \in D} \lVert x_i - x_j \rVert_M
        \quad \text{s.t.} \quad \sum_{(i, j) \in S} \lVert x_i - x_j \rVert_M^2 = 1

    With squares over D, too, some best M would always have rank 1.

    Parameters
    ----------
    X : (n, d)
    S, D : (s, 2), (r, 2) pairs (i, j) of similar and of dissimilar points, not empty
    diagonal : True looks among diagonal M only: weights of the features
    reg : from 0 to 1; share of the scatter of any s pairs mixed into that of S
    tol : stop when the objective is certified to be this close (relative) to the best
    max_iter : steps of O(r d + n d^2 + d^3); ConvergenceWarning if they do not suffice

    Returns
    -------
    (d, d) : M, in units 1 / x squared; only its shape matters. Where similar points
        never differ, they count as if by 1e-4 of all points' spread: else there is no
        maximum. Affine invariant; diagonal: invariant to the features' units.

    Raises
    ------
    ValueError : if X is no finite matrix, S is empty, D has no points that differ, or
        reg is not in [0, 1].

    Source: Xing, Ng, Jordan, Russell, NIPS 2002 (objective and constraint exchanged
    there, the same M up to scale; projections, and Newton's steps if diagonal; here
    power steps in L: in the cone by construction, with a certificate at the end).

    >>> X = np.array([[0.0, 0.0], [1.0, 1.0], [3.0, 0.0], [1.0, -1.0]])
    >>> mmc(X, [[0, 1], [0, 3]], [[0, 2]]).round(3) + 0.0
    array([[0.5, 0. ],
           [0. , 0. ]])
    """
    X = as_points(X)
    S = as_indices(S, len(X), name="S", width=2)
    pairs = as_indices(D, len(X), name="D", width=2)
    Z, W = white(X, diagonal=diagonal)
    T = unit_map(pair_scatter(Z, S), len(S), diagonal=diagonal, reg=reg)
    A, _, _ = spread_apart(
        ListedPairs(Z, pairs), T, diagonal=diagonal, tol=tol, max_iter=max_iter
    )
    L = A @ W
    M: Float[np.ndarray, "d d"] = L.T @ L
    return M
