"""ooDML: from one split of the classes to others of ever larger shift."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_points
from mlcourse.generalization._exchange import check_split, foreign, moved
from mlcourse.generalization.frechet import frechet_distance
from mlcourse.generalization.ood_split import OODSplit


def ood_splits(
    means: Float[Tensor, "c d"],
    train: Int[Tensor, " a"],
    test: Int[Tensor, " b"],
    *,
    swaps: int,
    removals: int = 0,
    per_step: int = 2,
    rest: int = 5,
) -> list[OODSplit]:
    r"""Exchange, then leave out, the classes that look most like the other side.

    .. math:: c^* = \arg\min_{c \in \text{train}} \;
        \lVert \mu_c - \bar\mu_{\text{test}} \rVert
        - \lVert \mu_c - \bar\mu_{\text{train}} \rVert

    and for test likewise. Every step purifies both sides, so that they drift apart.

    Parameters
    ----------
    means : (c, d), the mean of each class in a space that no split has trained
    train, test : (a,), (b,), rows of means, the split to begin with
    swaps, removals : >= 0, steps of the one kind, then of the other
    per_step : >= 1, classes of each side in a step
    rest : >= 0, classes of each side that moved last and stay for now

    Returns
    -------
    list of 1 + swaps + removals splits, the given one first. Fewer classes alone give
        a larger distance: compare those after removals with ``chance_distances``.

    Raises
    ------
    ValueError : if a class is on both sides or twice on one, or too few are left

    Source: Milbich, Roth, Sinha, Schmidt, Ghassemi, Ommer, NeurIPS 2021. In
    their code a removal is a swap that failed: one that lowers the distance is kept.

    >>> means = torch.tensor([[0.0], [1.0], [10.0], [2.0], [11.0], [12.0]])
    >>> splits = ood_splits(means, torch.tensor([0, 1, 2]), torch.tensor([3, 4, 5]),
    ...                     swaps=1, per_step=1)
    >>> [(s.train.tolist(), s.test.tolist(), round(s.distance, 1)) for s in splits]
    [([0, 1, 2], [3, 4, 5], 21.8), ([0, 1, 3], [2, 4, 5], 100.0)]
    """
    means = check_points(means, "means").detach().double()
    for name, number in (("swaps", swaps), ("removals", removals), ("rest", rest)):
        if number < 0:
            raise ValueError(f"{name} must be >= 0, got {number}")
    check_split(train, test, len(means), per_step)
    train, test = train.long(), test.long()
    sides = [train.sort().values, test.sort().values]
    come = [train[:0], test[:0]]  # to each side, the latest last
    splits: list[OODSplit] = []
    for step in range(1 + swaps + removals):
        if step:
            leave = [foreign(means, own, other, stay, per_step)
                     for own, other, stay in zip(sides, sides[::-1], come, strict=True)
                     ]  # fmt: skip
            arrive = leave[::-1] if step <= swaps else [train[:0], test[:0]]
            sides = [moved(*rows) for rows in zip(sides, leave, arrive, strict=True)]
            come = [torch.cat(rows)[-rest or len(means) :]
                    for rows in zip(come, arrive, strict=True)]  # fmt: skip
        swapped, removed = min(step, swaps), max(step - swaps, 0)
        distance = frechet_distance(means[sides[0]], means[sides[1]])
        numbers = swapped * per_step, removed * per_step
        splits.append(OODSplit(sides[0], sides[1], *numbers, distance))
    return splits
