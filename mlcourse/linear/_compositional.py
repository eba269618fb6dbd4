"""SCML's weights: a linear programme, solved on the triplets and bases that matter."""

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import minimize

from mlcourse.linear._judged import Judged
from mlcourse.linear._programme import programme

#: Widths of the rounded kinks with which the rough weights are sought, one by one.
KINKS = (1.0, 0.1, 0.03)
#: Triplets of the first programme for each base in it: those nearest to their kink.
SHARE = 3


def rough_weights(
    judged: Judged, B: Float[np.ndarray, "k d"], cost: Float[np.ndarray, " k"]
) -> Float[np.ndarray, " k"]:
    """Weights near the optimum, by L-BFGS on hinges with rounded kinks."""

    def rounded(
        v: Float[np.ndarray, " k"], gamma: float
    ) -> tuple[float, Float[np.ndarray, " k"]]:
        h = judged.margins((B.T * v) @ B).clip(min=0)
        slope = np.minimum(h / gamma, 1)
        value = float(slope @ (h - gamma / 2 * slope)) / len(h)
        return value + float(cost @ v), cost + along(judged.slope(slope / len(h)), B)

    v: Float[np.ndarray, " k"] = np.full(len(B), 1 / len(B))
    for gamma in KINKS:
        v = minimize(
            rounded, v, args=(gamma,), jac=True, method="L-BFGS-B",
            bounds=[(0, None)] * len(v),
            options={"maxiter": 60, "ftol": 1e-6, "gtol": 0},
        ).x  # fmt: skip
    return v


def along(
    G: Float[np.ndarray, "d d"], B: Float[np.ndarray, "k d"]
) -> Float[np.ndarray, " k"]:
    """The value b'Gb of every base."""
    found: Float[np.ndarray, " k"] = np.einsum("kd,kd->k", B @ G, B)
    return found


def sparse_weights(
    judged: Judged,
    B: Float[np.ndarray, "k d"],
    *,
    beta: float,
    tol: float,
    max_iter: int,
) -> tuple[Float[np.ndarray, " k"], float, float, int]:
    r"""The w of least beta \sum w + mean hinge, that value, its relative gap, rounds.

    Each round solves the programme of some triplets and some bases, then adds those on
    which it was wrong. Its multipliers alpha, from 0 to 1 / t, bound the objective
    from below by their sum, once shrunk until beta + b'(\sum alpha C) b >= 0 for all b.
    """
    if not beta > 0:
        raise ValueError(f"beta, the weight of sparsity, must be > 0, got {beta}")
    if len(B) == 0:
        raise ValueError("SCML needs points that differ; no base was found")
    t, size = len(judged.T), np.sqrt(np.square(judged.X @ B.T).mean(axis=0))
    size = np.where(size > 1e-8 * size.max(), size, 1.0)  # no pair differs along b
    B, cost = B / size[:, None], beta / size**2
    w, v = np.zeros(len(B)), rough_weights(judged, B, cost)
    h = judged.margins((B.T * v) @ B)
    slope = (h / KINKS[-1]).clip(0, 1) / t
    used = (v > 0) | (cost + along(judged.slope(slope), B) < 0)
    kinked = np.sort(np.abs(h))[: SHARE * max(1, int(used.sum()))][-1]
    single: Bool[np.ndarray, " t"] = np.abs(h) <= kinked
    rest = (h > 0) & ~single
    best, lower, rounds = 1.0, 0.0, 0  # of w = 0
    while best - lower > tol * best and rounds < max_iter:
        rounds += 1
        rows, n_rest = np.flatnonzero(single), max(1, int(rest.sum()))
        mean = along(judged.slope(rest / n_rest), B)
        v = np.zeros(len(B))
        v[used], own, others = programme(
            judged.columns(rows, B[used]), mean[used], n_rest, t * cost[used]
        )
        alpha = rest * (others / n_rest / t)
        alpha[rows] = own / t
        h = judged.margins((B.T * v) @ B)
        value = float(cost @ v + h.clip(min=0).mean())
        if value < best:
            best, w = value, v
        reduced = cost + along(judged.slope(alpha), B)
        shrink = 1 / max(1.0, float((1 - reduced / cost).max()))
        lower = max(lower, shrink * float(alpha.sum()))
        wrong = ((h > 0) & ~single & ~rest) | ((h < 0) & rest)
        single, rest, used = single | wrong, rest & ~wrong, used | (reduced < 0)
    return w / size**2, best, (best - lower) / best, rounds
