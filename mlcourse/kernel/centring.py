"""Centring: move the origin of the feature space into the mean of the training set."""

import numpy as np
from jaxtyping import Float


def center_kernel(
    k: Float[np.ndarray, "m n"], K: Float[np.ndarray, "n n"]
) -> Float[np.ndarray, "m n"]:
    r"""Kernel of phi(x) - phi_bar, where phi_bar is the mean over the training set.

    .. math:: \bar k_x = H \bigl( k_x - \tfrac1n K \mathbf 1 \bigr), \qquad
        H = I - \tfrac1n \mathbf 1 \mathbf 1^\top

    Parameters
    ----------
    k : (m, n), k[a, i] = k(x_a, x_i) of any m points with the n training points;
        K itself for the training points, which gives H K H
    K : (n, n), kernel of the training points

    Returns
    -------
    (m, n), centred with the statistics of the training set alone

    Raises
    ------
    ValueError : if K is not square or k has not one column a training point.

    Source: Schölkopf, Smola, Müller, Neural Computation 10, 1998, appendix A.

    >>> X = np.array([[1.0], [3.0]])  # mean 2
    >>> center_kernel(X @ X.T, X @ X.T)
    array([[ 1., -1.],
           [-1.,  1.]])
    >>> center_kernel(np.array([[7.0]]) @ X.T, X @ X.T)  # 7 - 2 = 5
    array([[-5.,  5.]])
    """
    n = len(K)
    if K.shape != (n, n) or k.ndim != 2 or k.shape[1] != n:
        raise ValueError(
            "k must be (m, n) and K (n, n) for n training points, got shapes "
            f"{k.shape} and {K.shape}; a row of k is a point, a column a training point"
        )
    mean = K.mean(axis=0)
    centred: Float[np.ndarray, "m n"] = k - mean
    centred -= centred.mean(axis=1, keepdims=True)
    return centred
