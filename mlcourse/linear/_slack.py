"""ITML's loss: what crosses its bound pays a LogDet divergence."""

import numpy as np
from jaxtyping import Float

from mlcourse.linear._logdet import Loss
from mlcourse.linear._pairsets import PairSet


def percentile_bounds(
    S: PairSet, D: PairSet, metric: Float[np.ndarray, "k d"]
) -> tuple[float, float]:
    """5 % and 95 % of the squared distances over S and D, of points that differ."""
    squares = [
        np.repeat(found[found > 0], round(2 * pairs.share))
        for pairs in (S, D)
        for found in [pairs.squares(metric)]
    ]
    both = np.concatenate(squares)
    if len(both) == 0:
        raise ValueError("ITML needs pairs of points that differ; all have distance 0")
    lower, upper = np.percentile(both, [5, 95])
    return float(lower), float(upper)


def slack_loss(
    S: PairSet, D: PairSet, *, gamma: float, bounds: tuple[float, float]
) -> Loss:
    r"""Sum of gamma phi(p / bound) over pairs on the wrong side of a bound.

    .. math:: \varphi(t) = t - \log t - 1, \qquad p = \lVert x_i - x_j \rVert_M^2

    This is what is left of min over xi >= p of D_ld(xi, u) (S; xi <= p and l for D).
    Both are convex in p. Equal points keep distance 0 whatever M is: they pay nothing.
    """
    upper, lower = bounds
    if not gamma > 0:
        raise ValueError(f"gamma, the weight of the slack, must be > 0, got {gamma}")
    if not 0 < upper <= lower:
        raise ValueError(
            "bounds must be squared distances (u, l) with 0 < u <= l: similar pairs "
            f"below u, dissimilar pairs above l; got ({upper}, {lower})"
        )

    def loss(
        L: Float[np.ndarray, "k d"],
    ) -> tuple[float, Float[np.ndarray, "d d"]]:
        value, slope = 0.0, np.zeros((L.shape[1], L.shape[1]))
        for pairs, bound in ((S, upper), (D, lower)):
            squares = pairs.squares(L)
            wrong = squares > bound if pairs is S else squares < bound
            wrong &= squares > 0
            ratio = squares[wrong] / bound
            weights = np.zeros_like(squares)
            weights[wrong] = (1 - 1 / ratio) / bound
            scale = gamma * pairs.share
            value += scale * float((ratio - np.log(ratio) - 1).sum())
            slope = slope + scale * pairs.scatter(weights)
        return value, slope

    return loss
