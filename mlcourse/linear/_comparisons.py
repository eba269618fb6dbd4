"""LSML's loss: a distance that should be the smaller of two, and is not."""

import numpy as np
from jaxtyping import Float

from mlcourse.linear._logdet import Loss
from mlcourse.linear._pairsets import PairSet


def quadruplet_loss(
    near: PairSet, far: PairSet, weights: Float[np.ndarray, " q"]
) -> Loss:
    r"""Sum of w [d_ab - d_cd]_+^2, d not squared, over rows (ab of near, cd of far).

    Convex in M: a perspective of (1 - sqrt(t))_+^2, which is convex. The gradient is
    w (1 - d_cd / d_ab) C_ab + w (1 - d_ab / d_cd) C_cd, the weights included.
    """

    def loss(L: Float[np.ndarray, "k d"]) -> tuple[float, Float[np.ndarray, "d d"]]:
        d_ab, d_cd = np.sqrt(near.squares(L)), np.sqrt(far.squares(L))
        excess = weights * (d_ab - d_cd).clip(min=0)
        slope = near.scatter(_over(excess, d_ab)) - far.scatter(_over(excess, d_cd))
        return float(excess @ (d_ab - d_cd)), slope

    return loss


def all_quadruplets_loss(S: PairSet, D: PairSet, *, weight: float) -> Loss:
    """quadruplet_loss of every pair in S against every pair in D, each of that weight.

    Sorting makes it O((s + r) log r) instead of O(s r): a pair of S exceeds those of D
    that come before it, and their number, sum and sum of squares are all that matter.
    """
    scale = weight * S.share * D.share

    def loss(L: Float[np.ndarray, "k d"]) -> tuple[float, Float[np.ndarray, "d d"]]:
        a, b = np.sqrt(S.squares(L)), np.sqrt(D.squares(L))
        order_a, order_b = np.sort(a), np.sort(b)
        below = np.searchsorted(order_b, a)
        sums = np.r_[0.0, order_b.cumsum()][below]
        squares = np.r_[0.0, (order_b**2).cumsum()][below]
        value = float((below * a**2 - 2 * a * sums + squares).sum())
        above = np.searchsorted(order_a, b, side="right")
        excess_a = below * a - sums
        excess_b = order_a.sum() - np.r_[0.0, order_a.cumsum()][above]
        excess_b -= (len(a) - above) * b
        slope = S.scatter(_over(excess_a, a)) - D.scatter(_over(excess_b, b))
        return scale * value, scale * slope

    return loss


def _over(
    excess: Float[np.ndarray, " m"], distance: Float[np.ndarray, " m"]
) -> Float[np.ndarray, " m"]:
    """Excess / distance, 0 where the points are equal and the distance stays 0."""
    ratio: Float[np.ndarray, " m"] = np.zeros_like(excess)
    np.divide(excess, distance, out=ratio, where=distance > 0)
    return ratio
