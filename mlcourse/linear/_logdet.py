"""Convex losses of distances, held in the cone and near a prior by a determinant."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning

#: A loss h of the map L: its value and its gradient in M = L'L.
Loss = Callable[[Float[np.ndarray, "d d"]], tuple[float, Float[np.ndarray, "d d"]]]


def comfortable(
    X: Float[np.ndarray, "n d"],
) -> tuple[Float[np.ndarray, "n d"], Float[np.ndarray, "d d"]]:
    """Z = (X - mean) P' in which L-BFGS is fast, and P = (I + covariance)^{-1/2}.

    Any invertible P serves; where round-off of the covariance exceeds I, more is added.
    """
    X = X - X[0]
    X = X - X.mean(axis=0)
    covariance = X.T @ X / len(X)
    least = max(1.0, 1e-13 * np.trace(covariance))
    P = np.linalg.inv(np.linalg.cholesky(least * np.eye(X.shape[1]) + covariance))
    return X @ P.T, P


def divergence(K: Float[np.ndarray, "d d"]) -> float:
    """LogDet divergence of K from I: tr K - log det K - d, inf outside the cone."""
    values = np.linalg.eigvalsh((K + K.T) / 2)
    if values[0] <= 0:
        return np.inf
    return float((values - 1 - np.log(values)).sum())


def logdet_minimum(
    loss: Loss, P: Float[np.ndarray, "d d"], *, name: str, tol: float, max_iter: int
) -> tuple[Float[np.ndarray, "d d"], float, int]:
    r"""L at the minimum over M = L'L of f, its gap over 1 + f, and the steps.

    .. math:: f(M) = D_{ld}(M, I) + h(M), \qquad D_{ld}(M, I) = \mathrm{tr} M -
        \log\det M - d, \qquad f(M) - f^* \le D_{ld}(L (I + \nabla h) L^\top, I)

    L-BFGS on 2 A, with L = A P and h given in z = P x; it starts with a step of length
    1 or less from 2 I, so A stays invertible. The bound holds for every convex
    h: f* is not below the minimum of D_ld plus h's tangent at M. That minimum has a
    closed form, M^{-1} = I + grad h, and its divergence is the bound.
    """
    d, prior = len(P), P @ P.T
    constant = d + 2 * np.linalg.slogdet(P)[1]
    gap = np.inf

    def evaluate(flat: Float[np.ndarray, " dd"]) -> tuple[float, Any]:
        nonlocal gap
        A = flat.reshape(d, d) / 2
        h, slope = loss(A)
        slope = prior + slope
        f = np.vdot(A @ P, A @ P) - 2 * np.linalg.slogdet(A)[1] - constant + h
        gap = divergence(A @ slope @ A.T) / (1 + f)
        return f, (A @ slope - np.linalg.inv(A).T).ravel()

    def stop_when_certain(_: Float[np.ndarray, " dd"]) -> None:
        if gap <= tol:
            raise StopIteration

    found = minimize(
        evaluate,
        2 * np.eye(d).ravel(),
        jac=True,
        method="L-BFGS-B",
        callback=stop_when_certain,
        options={
            "maxiter": max_iter,
            "maxfun": 20 * max_iter,
            "maxcor": 20,
            "ftol": 0,
            "gtol": 0,
        },
    )
    evaluate(found.x)
    if not gap <= tol:
        warnings.warn(
            f"{name} stopped after {found.nit} steps with a duality gap of {gap:.1e} > "
            f"tol = {tol:.1e}; raise max_iter (now {max_iter}), or standardise X",
            ConvergenceWarning,
            stacklevel=3,
        )
    return found.x.reshape(d, d) / 2 @ P, gap, found.nit
