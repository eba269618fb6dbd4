"""The rounds of AdaBoost: fit, measure, reweight."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from mlcourse.ensembles.stump import Scan, Stump


class Round(NamedTuple):
    """What a round found, and the weights of the examples after it."""

    stump: Stump
    alpha: float
    error: float
    normalizer: float  # Z
    after: Float[np.ndarray, " n"]


def boost(
    X: Float[np.ndarray, "n d"],
    codes: Int[np.ndarray, " n"],
    weights: Float[np.ndarray, " n"],
    n_rounds: int,
) -> list[Round]:
    """At most n_rounds rounds; codes from 0 to C - 1, all weights > 0."""
    scan, rivals = Scan(X, codes), codes.max()  # C - 1
    D, rounds = weights / weights.sum(), list[Round]()
    for _ in range(n_rounds):
        stump = scan.best(D)
        wrong = stump.predict(X) != codes
        error = float(D[wrong].sum())
        if not error > 0:
            alpha = 1.0 + sum(found.alpha for found in rounds)
            rounds.append(Round(stump, alpha, 0.0, 0.0, D))
            break
        if error >= rivals / (rivals + 1) - 1e-10:
            break
        alpha = float(np.log((1 - error) / error * rivals)) / 2
        D = D * np.exp(np.where(wrong, alpha, -alpha))
        Z = float(D.sum())
        D = D / Z
        rounds.append(Round(stump, alpha, error, Z, D))
    if not rounds:
        raise ValueError(
            "no stump is better than chance on these points, so there is nothing to "
            "boost: their classes differ in no single feature; add products of features"
        )
    return rounds
