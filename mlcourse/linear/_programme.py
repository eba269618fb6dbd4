"""A linear programme: weights of bases against hinges of triplets."""

import numpy as np
from jaxtyping import Float
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack


def programme(
    Z: Float[np.ndarray, "m k"],
    rest: Float[np.ndarray, " k"],
    n_rest: int,
    cost: Float[np.ndarray, " k"],
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " m"], float]:
    """Weights, and multipliers of m triplets and of the mean of the rest.

    min cost'v + sum xi  s.t.  xi >= 1 + Zv, xi >= 0: a hinge for each row of Z, and one
    for the mean of n_rest triplets, which is not above the sum of theirs.
    """
    m, k = Z.shape
    slack = csr_array(-eye_array(m + 1))
    found = linprog(
        np.r_[cost, np.ones(m), n_rest],
        A_ub=hstack([csr_array(np.r_[Z, rest[None]]), slack], format="csr"),
        b_ub=-np.ones(m + 1),
        bounds=(0, None),
        method="highs",
    )
    if found.status != 0:
        raise RuntimeError(f"SCML's linear programme failed: {found.message}")
    alpha = -found.ineqlin.marginals
    return found.x[:k], alpha[:m].clip(0, 1), float(min(alpha[m], n_rest))
