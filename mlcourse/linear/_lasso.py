"""The graphical lasso on a matrix that is made positive definite first."""

import numpy as np
from jaxtyping import Float
from sklearn.covariance import graphical_lasso


def judged_covariance(
    K: Float[np.ndarray, "d d"], *, balance: float
) -> Float[np.ndarray, "d d"]:
    """I + balance K / rho(K), rho the largest absolute eigenvalue; I where K = 0."""
    if not 0 <= balance < 1:
        raise ValueError(
            "balance must be from 0 to below 1: at 1 the matrix is singular and "
            f"beyond it the problem has no solution; got {balance}"
        )
    radius = np.abs(np.linalg.eigvalsh(K)).max()
    covariance: Float[np.ndarray, "d d"] = np.eye(len(K))
    return covariance + balance * K / radius if radius > 0 else covariance


def sparse_inverse(
    covariance: Float[np.ndarray, "d d"], *, alpha: float, tol: float, max_iter: int
) -> tuple[Float[np.ndarray, "d d"], int]:
    """M of the graphical lasso, and its sweeps."""
    if not alpha >= 0:
        raise ValueError(f"alpha, the weight of sparsity, must be >= 0, got {alpha}")
    if alpha == 0 or len(covariance) == 1:  # nothing to make sparse
        return np.linalg.inv(covariance), 1
    _, M, sweeps = graphical_lasso(
        covariance, alpha, tol=tol, enet_tol=tol, max_iter=max_iter, return_n_iter=True
    )
    return (M + M.T) / 2, sweeps
