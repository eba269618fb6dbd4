"""The mean of the points of each class."""

from jaxtyping import Float, Int
from torch import Tensor


def class_means(
    values: Float[Tensor, "n k"], codes: Int[Tensor, " n"]
) -> Float[Tensor, "c k"]:
    """Row c of class c; codes are the classes' numbers, 0 to C - 1, without a gap."""
    size = codes.bincount()
    total = values.new_zeros(len(size), values.shape[1]).index_add_(0, codes, values)
    return total / size[:, None]
