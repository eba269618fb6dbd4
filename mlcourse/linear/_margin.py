"""LMNN's minimum: round the kink, descend, list the impostors anew, round it less."""

from functools import partial

import numpy as np
from jaxtyping import Float

from mlcourse.linear._descent import descend
from mlcourse.linear._hinges import Hinges

#: Steps of the first round, and of any, before the impostors are sought again.
FIRST, MOST = 5, 40
#: Share of its reach by which a target may lengthen before the list lacks a triplet.
SLACK = 0.1


def least(
    hinges: Hinges, pull: Float[np.ndarray, "r r"], max_iter: int, tol: float
) -> tuple[Float[np.ndarray, "r r"], float, float, int, bool]:
    """L, its objective, the relative duality gap, steps taken, whether it settled.

    A round that made the objective worse (by impostors its list lacked) is cut in half
    until it did not, so the rounded objective never rises.
    """
    L, gamma, lower, steps, room = np.eye(len(pull)), 0.3, 0.0, 0, FIRST
    before = np.inf
    hinges.find(L, slack=SLACK)
    while True:
        at = partial(hinges, gamma=gamma)
        start = at(L)[0]
        room = min(room, max_iter - steps)
        new, _, taken = descend(at, L, max_iter=room, tol=1e-5 * gamma)
        steps += taken
        for _ in range(30):
            hinges.find(new, slack=SLACK)
            if at(new)[0] <= start:
                L = new
                break
            new, taken = (L + new) / 2, room
        else:
            taken = 0
            hinges.find(L, slack=SLACK)
        value = hinges(L, gamma=0.0)[0]
        lower = max(lower, hinges.lower_bound(L, pull, gamma=gamma))
        gap = (value - lower) / max(value, 1.0)
        settled = gap <= tol
        if taken < room:
            gained, before, gamma = before - value, value, gamma / 3
            settled |= gained <= tol / 10 * max(value, 1.0)
        if settled or steps >= max_iter:
            return L, value, gap, steps, settled
        room = min(2 * room, MOST)
