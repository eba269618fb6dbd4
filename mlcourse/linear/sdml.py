"""Sparse distance metric learning: a graphical lasso on what the judgements say."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlcourse.linear._judgements import as_indices, as_points
from mlcourse.linear._lasso import judged_covariance, sparse_inverse
from mlcourse.linear._scatter import pair_scatter


def sdml(
    X: Float[np.ndarray, "n d"],
    S: ArrayLike,
    D: ArrayLike,
    *,
    balance: float = 0.9,
    alpha: float = 0.01,
    tol: float = 1e-4,
    max_iter: int = 100,
) -> Float[np.ndarray, "d d"]:
    r"""Metric near I, pulled by S, pushed by D, with few features that interact.

    .. math:: \min_{M \succ 0} \mathrm{tr} \bigl( (I + \eta K) M \bigr) - \log\det M
        + \alpha \sum_{k \ne l} |M_{kl}|, \qquad \eta = \frac{\text{balance}}{\rho(K)}
    .. math:: K = \frac{1}{|S|} \sum_{(i, j) \in S} \delta_{ij} \delta_{ij}^\top
        - \frac{1}{|D|} \sum_{(i, j) \in D} \delta_{ij} \delta_{ij}^\top, \qquad
        \delta_{ij} = x_i - x_j

    K has negative eigenvalues as soon as D spreads further; rho(K) is its largest
    absolute eigenvalue, so I + eta K stays positive definite, and the problem solvable.

    Parameters
    ----------
    X : (n, d)
    S, D : (s, 2), (r, 2) pairs (i, j) of similar and of dissimilar points
    balance : from 0 (M = I) to below 1; eigenvalues of I + eta K are 1 +- balance
    alpha : >= 0; large sets more entries of M off its diagonal to exactly 0
    tol, max_iter : of scikit-learn's graphical_lasso, which warns if it stops early

    Returns
    -------
    (d, d) : M, positive definite. Multiplying X by a number changes nothing; rotations
        change the distances where alpha > 0, as sparsity depends on the axes.

    Raises
    ------
    ValueError : if X is no finite matrix, balance is not in [0, 1) or alpha < 0.

    Source: Qi, Tang, Zha, Chua, Zhang, ICML 2009 (sums over S and D and a free eta
    there, which is often infeasible; here means, and eta as a share of the safe bound).

    >>> X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    >>> sdml(X, [[0, 1]], [[0, 2]], balance=0.8).round(3) + 0.0
    array([[0.833, 0.   ],
           [0.   , 5.   ]])
    """
    X = as_points(X)
    S = as_indices(S, len(X), name="S", width=2)
    D = as_indices(D, len(X), name="D", width=2)
    K = pair_scatter(X, S) / max(1, len(S)) - pair_scatter(X, D) / max(1, len(D))
    covariance = judged_covariance(K, balance=balance)
    return sparse_inverse(covariance, alpha=alpha, tol=tol, max_iter=max_iter)[0]
