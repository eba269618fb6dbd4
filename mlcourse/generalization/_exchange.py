"""Which classes of a side look most like those of the other."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def foreign(
    means: Float[Tensor, "c d"],
    own: Int[Tensor, " a"],
    other: Int[Tensor, " b"],
    resting: Int[Tensor, " r"],
    count: int,
) -> Int[Tensor, " count"]:
    """Of own, without those resting, the least (distance to other - distance to own).

    Distances are those of a class mean to the mean of a side's; the first of equals.
    """
    free = own[~torch.isin(own, resting)]
    if len(free) < count or len(own) < count + 2:
        raise ValueError(
            f"too few classes are left to move {count}: a side has {len(own)}, "
            f"{len(resting)} of which moved last; ask for fewer steps"
        )
    to_other, to_own = (
        (means[free] - means[side].mean(dim=0)).norm(dim=1) for side in (other, own)
    )
    return free[(to_other - to_own).argsort(stable=True)[:count]]


def moved(
    side: Int[Tensor, " a"], leave: Int[Tensor, " l"], arrive: Int[Tensor, " m"]
) -> Int[Tensor, " b"]:
    """The side without those that leave, with those that arrive, ascending."""
    return torch.cat([side[~torch.isin(side, leave)], arrive]).sort().values


def check_split(
    train: Int[Tensor, " a"], test: Int[Tensor, " b"], n: int, per_step: int
) -> None:
    """Raise ValueError unless both are rows of n means, two or more, none twice."""
    both = torch.cat([train, test])
    if both.ndim != 1 or both.is_floating_point():
        raise ValueError("train and test must be class numbers, (a,) and (b,) integers")
    if min(len(train), len(test)) < 2 or both.min() < 0 or both.max() >= n:
        raise ValueError(
            f"train and test must hold two or more rows of the {n} means each, got "
            f"{len(train)} and {len(test)}"
        )
    if len(both.unique()) < len(both):
        raise ValueError("a class is in train and in test, or twice in one of them")
    if per_step < 1:
        raise ValueError(f"per_step must be >= 1, got {per_step}")
