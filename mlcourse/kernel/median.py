"""The median heuristic: a kernel's unit of distance, read from the data."""

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import pdist


def median_gamma(X: Float[np.ndarray, "n d"], *, squared: bool = True) -> float:
    r"""Width of an RBF kernel that calls half of the pairs near and half far.

    .. math:: \gamma = 1 / \operatorname{median}_{i < j} \lVert x_i - x_j \rVert_2^2

    Parameters
    ----------
    X : (n, d), n >= 2
    squared : False gives the Laplacian kernel's, 1 / median of ||x_i - x_j||_1

    Returns
    -------
    gamma > 0, in units 1 / x^2 (1 / x for the Laplacian kernel)

    Raises
    ------
    ValueError : if half of the pairs or more are equal points, or n < 2.

    Source: Schölkopf, Smola, Learning with Kernels, 2002, as a starting point for
    cross-validation; a variant takes 1 / (2 median of the distance squared).

    >>> median_gamma(np.array([[0.0], [1.0], [4.0]]))  # squares 1, 9, 16
    0.1111111111111111
    """
    pairs = pdist(X, "sqeuclidean" if squared else "cityblock")
    middle = float(np.median(pairs)) if len(pairs) else 0.0
    if not middle > 0:
        raise ValueError(
            "the median heuristic needs two points or more, at least half of the pairs "
            f"different, got {len(X)} points with median distance 0; give gamma"
        )
    return 1 / middle
