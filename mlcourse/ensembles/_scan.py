"""The best stump on sorted points, for one set of weights after the other."""

import numpy as np
from jaxtyping import Bool, Float, Int

from mlcourse.ensembles.stump import Stump

#: Weights whose sums differ by less, as a share of all weight, count as equal.
TIE = 1e-12


class Scan:
    """Points sorted once by each feature, for many searches with other weights."""

    def __init__(
        self, X: Float[np.ndarray, "n d"], codes: Int[np.ndarray, " n"]
    ) -> None:
        self.order = np.ascontiguousarray(X.T).argsort(axis=1, kind="stable")  # (d, n)
        self.values = np.take_along_axis(X.T, self.order, axis=1)
        self.codes, self.sorted_codes = codes, codes[self.order]
        self.tied: Bool[np.ndarray, "d m"] = self.values[:, 1:] <= self.values[:, :-1]

    def best(self, weights: Float[np.ndarray, " n"]) -> Stump:
        """The first of all stumps with the least error."""
        total, w = np.bincount(self.codes, weights), weights[self.order]
        lefts, rights = np.zeros((2, *self.tied.shape))
        for c, all_of_c in enumerate(total):
            left = np.where(self.sorted_codes == c, w, 0).cumsum(axis=1)[:, :-1]
            np.maximum(lefts, left, out=lefts)
            np.maximum(rights, all_of_c - left, out=rights)
        right = np.where(self.tied, -np.inf, lefts + rights)  # weight judged right
        slack = TIE * total.sum()
        if self.tied.all():
            first = int((total >= np.max(total) - slack).argmax())
            return Stump(0, np.inf, first, first)
        j, i = divmod(int((right >= right.max() - slack).argmax()), right.shape[1])
        low, high = self.values[j, i : i + 2]
        middle = low / 2 + high / 2
        below = self.order[j, : i + 1]
        left = np.bincount(self.codes[below], weights[below], len(total))
        sides = (int((side >= np.max(side) - slack).argmax())
                 for side in (left, total - left))  # fmt: skip
        return Stump(j, float(middle if low <= middle < high else low), *sides)
