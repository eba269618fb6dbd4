"""The rounds of AdaBoost: fit, measure, reweight."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from mlcourse.ensembles._scan import Scan
from mlcourse.ensembles.stump import Stump


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
    if n_rounds < 1:
        raise ValueError(f"n_rounds must be >= 1, got {n_rounds}")
    rivals = int(codes.max(initial=-1))  # C - 1
    if rivals < 1:
        raise ValueError(
            f"AdaBoost needs at least 2 classes, got {rivals + 1} class among the "
            "points whose weight is > 0"
        )
    scan = Scan(X, codes)
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


def votes(
    X: Float[np.ndarray, "n d"],
    stumps: Sequence[Stump],
    alphas: Float[np.ndarray, " t"],
    n_classes: int,
) -> Iterator[Float[np.ndarray, "n c"]]:
    """Sums of alpha for each class, after each round: one array, which moves on."""
    total, row = np.zeros((len(X), n_classes)), np.arange(len(X))
    for stump, alpha in zip(stumps, alphas, strict=True):
        total[row, stump.predict(X)] += alpha
        yield total
