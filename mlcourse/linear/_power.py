"""The largest sum of distances that a map of unit size can make."""

import warnings

import numpy as np
from jaxtyping import Float
from sklearn.exceptions import ConvergenceWarning

from mlcourse.linear._pairsets import PairSet


def spread_apart(
    D: PairSet,
    T: Float[np.ndarray, "d d"],
    *,
    diagonal: bool,
    tol: float,
    max_iter: int,
) -> tuple[Float[np.ndarray, "d d"], float, int]:
    r"""A T with ||A||_F = 1 and the largest g, its relative duality gap, and the steps.

    .. math:: g(A) = \sum_{(i, j) \in D} \lVert A \delta_{ij} \rVert, \qquad
        G = \sum_D \frac{\delta \delta^\top}{2 \lVert A \delta \rVert}, \qquad
        \delta_{ij} = T (x_i - x_j), \qquad
        A \leftarrow \frac{A G}{\lVert A G \rVert_F}

    g is convex in A, so its tangent 2 <A', A G> lies under it; the step is the highest
    point of the tangent on the sphere, and g never falls. In M = A'A, g is concave, and
    sqrt(t) <= (t / c + c) / 2 for any c > 0 bounds its maximum by
    g / 2 + lambda_max(G): the gap closes only at the global maximum.
    """
    A = np.eye(len(T)) / np.sqrt(len(T))
    gap, step = np.inf, 0
    for step in range(1, max_iter + 1):
        distance = np.sqrt(D.squares(A @ T))
        g = distance.sum()
        if not g > 0:
            raise ValueError("MMC needs pairs in D whose two points differ; got none")
        distance = np.maximum(distance, 1e-8 * distance.max())
        G = T @ D.scatter(0.5 / distance) @ T.T
        if diagonal:
            G = np.diag(np.diag(G))
        bound = distance.sum() / 2 + np.linalg.eigvalsh(G)[-1]
        gap = float(max(bound / g - 1, 0.0))
        if gap <= tol:
            return A @ T, gap, step
        A = A @ G
        A /= np.linalg.norm(A)
    warnings.warn(
        f"MMC stopped after max_iter = {max_iter} steps with a duality gap of "
        f"{gap:.1e} > tol = {tol:.1e}; raise max_iter, or scale the features",
        ConvergenceWarning,
        stacklevel=3,
    )
    return A @ T, gap, step
