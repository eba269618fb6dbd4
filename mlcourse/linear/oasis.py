"""Online learning of a bilinear similarity, one triplet at a time."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlcourse.linear._judgements import as_indices, as_points


def oasis(
    X: Float[np.ndarray, "n d"],
    T: ArrayLike,
    *,
    C: float = 0.1,
    W: Float[np.ndarray, "d d"] | None = None,
) -> Float[np.ndarray, "d d"]:
    r"""Similarity after one passive-aggressive step for each triplet, in their order.

    .. math:: s_W(x, y) = x^\top W y, \qquad
        \ell = [1 - s_W(a, p) + s_W(a, n)]_+, \qquad
        W \leftarrow W + \tau \, a (p - n)^\top, \qquad
        \tau = \min\Bigl( C, \frac{\ell}{\lVert a \rVert^2 \lVert p - n \rVert^2} \Bigr)

    The step is the minimum of 1/2 ||W' - W||_F^2 + C times the triplet's new loss: the
    least change that satisfies it, as far as C allows.

    Parameters
    ----------
    X : (n, d); not centred: the origin matters, and so do the lengths of the points
    T : (t, 3) triplets (anchor, positive, negative)
    C : > 0; the longest step, in units 1 / x^4
    W : (d, d) to start from; None is the identity

    Returns
    -------
    (d, d) : W, in general neither symmetric nor positive semi-definite: s_W is a
        similarity (large = close), not a metric. Depends on the order of T.

    Raises
    ------
    ValueError : if X is no finite matrix, C <= 0, W is not (d, d), or T holds no
        indices into X.

    Source: Chechik, Sharma, Shalit, Bengio, JMLR 11, 2010; the step is that of
    Crammer, Dekel, Keshet, Shalev-Shwartz, Singer, JMLR 7, 2006 (PA-I).

    >>> X = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> oasis(X, [[0, 1, 2]], C=5.0)
    array([[-1.,  0.],
           [ 0.,  1.]])
    """
    X = as_points(X)
    T = as_indices(T, len(X), name="T", width=3)
    d = X.shape[1]
    if not C > 0:
        raise ValueError(f"C, the longest step, must be > 0, got {C}")
    learned = np.array(np.eye(d) if W is None else W, dtype=np.float64)
    if learned.shape != (d, d):
        raise ValueError(
            f"W must be ({d}, {d}) for X with {d} features, got shape {learned.shape}"
        )
    lengths = np.einsum("nd,nd->n", X, X)
    for a, p, n in T:
        anchor, gain = X[a], X[p] - X[n]
        loss = 1 - anchor @ learned @ gain
        size = lengths[a] * (gain @ gain)
        if loss > 0 and size > 0:
            learned += np.outer(min(C, loss / size) * anchor, gain)
    return learned
