"""What class labels imply of pairs, in NumPy: the listed oracle of linear's tests."""

import numpy as np


def pairs_from_codes(codes):
    """S and D, every pair i < j of one class and of two, in lexicographic order."""
    pairs = np.stack(np.triu_indices(len(codes), k=1), axis=1)
    same = codes[pairs[:, 0]] == codes[pairs[:, 1]]
    return pairs[same], pairs[~same]
