"""Descent on L: where it starts, how it ends, and saying so when it did not end."""

import warnings
from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning

from mlcourse.linear._psd import fixed_signs
from mlcourse.linear._span import centred

Objective = Callable[[np.ndarray], tuple[float, np.ndarray]]


def principal_start(
    X: Float[np.ndarray, "n d"], k: int
) -> tuple[Float[np.ndarray, "n d"], Float[np.ndarray, "k d"], float]:
    """X centred and in units of the features' mean spread, its first k axes, the unit.

    Axes without variance are 0: a direction never seen gets no weight.
    """
    X = centred(X)
    unit = np.sqrt(np.square(X).mean())
    X /= unit
    variance, axes = np.linalg.eigh(X.T @ X)
    axes = np.where(variance > 1e-12 * variance[-1], axes, 0.0).T[::-1]
    return X, axes[:k], float(unit)


def descend(
    objective: Objective, L: Float[np.ndarray, "k d"], *, max_iter: int, tol: float
) -> tuple[Float[np.ndarray, "k d"], float, int]:
    """L-BFGS until a step lowers the objective by less than tol of it (of 1 if less).

    It also ends where no entry of the gradient exceeds tol. Returns L, value, steps.
    """

    def flat(v: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = objective(v.reshape(L.shape))
        return value, gradient.ravel()

    end = minimize(
        flat, L.ravel(), jac=True, method="L-BFGS-B", tol=tol,
        options={"maxiter": max_iter, "maxfun": 2 * max_iter + 20},
    )  # fmt: skip
    return end.x.reshape(L.shape), float(end.fun), int(end.nit)


def check_steps(max_iter: int, tol: float) -> None:
    """Raise ValueError unless both can end a descent."""
    if max_iter < 1 or not tol > 0:
        raise ValueError(f"max_iter must be >= 1 and tol > 0, got {max_iter} and {tol}")


def warn_unless(converged: bool, what: str) -> None:
    """ConvergenceWarning with what to do, pointing at the call of fit."""
    if not converged:
        warnings.warn(
            f"{what}; raise max_iter or tol, or standardise X",
            ConvergenceWarning,
            stacklevel=3,
        )


def turned(L: Float[np.ndarray, "k d"]) -> Float[np.ndarray, "k d"]:
    """The same distances from orthogonal rows, the longest first."""
    _, lengths, axes = np.linalg.svd(L, full_matrices=False)
    return fixed_signs(lengths[:, None] * axes)
