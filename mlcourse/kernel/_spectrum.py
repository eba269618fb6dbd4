"""The eigenvalues of a kernel matrix that count, and what is said of the others."""

import warnings

import numpy as np
from jaxtyping import Float
from scipy.linalg import eigh
from sklearn.exceptions import PositiveSpectrumWarning

#: Eigenvalues below this share of the largest are round-off: 1 / sqrt would blow it up.
NULL = 1e-10


def positive_part(
    K: Float[np.ndarray, "n n"], n_components: int | None = None
) -> tuple[Float[np.ndarray, " r"], Float[np.ndarray, "n r"]]:
    """Eigenvalues > 1e-10 of the largest, falling, n_components at most; eigenvectors.

    The largest entry of each eigenvector is positive. Says so where K is indefinite.
    """
    if n_components is not None and n_components < 1:
        raise ValueError(f"n_components must be >= 1 or None, got {n_components}")
    values, vectors = eigh((K + K.T) / 2)
    largest = values[-1]
    if not largest > 0:
        raise ValueError(
            "the kernel must tell at least two points apart, got equal values for all; "
            "are all points equal, or is gamma too small or too large?"
        )
    if values[0] < -NULL * largest:
        share = values.clip(max=0).sum() / -np.abs(values).sum()
        warnings.warn(
            "the kernel is not positive semi-definite: negative eigenvalues, "
            f"{share:.1%} of the spectrum, are set to 0; distances are then not quite "
            "the kernel's",
            PositiveSpectrumWarning,
            stacklevel=3,
        )
    kept = np.flatnonzero(values > NULL * largest)[::-1][:n_components]
    values, vectors = values[kept], vectors[:, kept]
    top = np.abs(vectors).argmax(axis=0)
    return values, vectors * np.sign(vectors[top, np.arange(len(kept))])
