"""The cone of positive semi-definite matrices: onto it, and down to a map L."""

import numpy as np
from jaxtyping import Float


def project_psd(M: Float[np.ndarray, "d d"]) -> Float[np.ndarray, "d d"]:
    r"""Nearest positive semi-definite matrix, in the Frobenius norm.

    .. math:: \Pi_+(M) = V \max(\Lambda, 0) V^\top, \qquad
        \tfrac12 (M + M^\top) = V \Lambda V^\top

    Parameters
    ----------
    M : (d, d); only its symmetric part counts

    Returns
    -------
    (d, d) : symmetric; its smallest eigenvalue is >= 0 up to round-off. O(d^3) time.

    Raises
    ------
    ValueError : if M is not square or holds NaN or inf.

    Source: Higham, Linear Algebra Appl. 103, 1988, Theorem 2.1.

    >>> import numpy as np
    >>> project_psd(np.array([[0.0, 2.0], [2.0, 0.0]]))
    array([[1., 1.],
           [1., 1.]])
    """
    values, vectors = _eigh(M)
    half = vectors * np.sqrt(values.clip(min=0))
    projected: Float[np.ndarray, "d d"] = half @ half.T
    return projected


def root(M: Float[np.ndarray, "d d"]) -> Float[np.ndarray, "d d"]:
    r"""Map L of a form M: largest eigenvalue first, the sign of a row fixed.

    .. math:: L = \Lambda_+^{1/2} V^\top, \qquad L^\top L = \Pi_+(M)

    Negative eigenvalues count as 0; so L always exists, unlike Cholesky's factor.
    """
    values, vectors = _eigh(M)
    return fixed_signs((vectors * np.sqrt(values.clip(min=0))).T[::-1])


def fixed_signs(L: Float[np.ndarray, "k d"]) -> Float[np.ndarray, "k d"]:
    """Rows of L with their largest entry (in absolute value) made positive."""
    largest = np.take_along_axis(L, np.abs(L).argmax(axis=1)[:, None], axis=1)
    signed: Float[np.ndarray, "k d"] = np.where(largest < 0, -L, L)
    return signed


def _eigh(
    M: Float[np.ndarray, "d d"],
) -> tuple[Float[np.ndarray, " d"], Float[np.ndarray, "d d"]]:
    """Eigenvalues (ascending) and eigenvectors (columns) of the symmetric part of M."""
    M = np.asarray(M, dtype=np.float64)
    if M.ndim != 2 or M.shape[0] != M.shape[1]:
        raise ValueError(f"M must be a (d, d) matrix, got shape {M.shape}")
    if not np.isfinite(M).all():
        raise ValueError(
            "M must be finite, got inf or NaN; look for a division by a distance of 0"
        )
    values, vectors = np.linalg.eigh((M + M.T) / 2)
    return values, vectors
