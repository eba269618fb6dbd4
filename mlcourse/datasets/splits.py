"""Three sets of classes: to learn from, to choose by, and never seen."""

import torch
from jaxtyping import Int64
from torch import Generator, Tensor

#: 0 train, 1 validation, 2 test: dealt like cards, half of the classes to train.
_PARTS = (0, 1, 0, 2)


def deal_classes(
    group: Int64[Tensor, " c"], *, generator: Generator
) -> Int64[Tensor, " c"]:
    """Return the part of each class (0, 1 or 2), dealt group by group in random order.

    Any four classes of a group reach all three parts; in all, train gets half.

    >>> group = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
    >>> part = deal_classes(group, generator=torch.Generator().manual_seed(0))
    >>> part[:4].bincount().tolist(), part[4:].bincount().tolist()
    ([2, 1, 1], [2, 1, 1])
    """
    order = torch.randperm(len(group), generator=generator)
    order = order[torch.argsort(group[order], stable=True)]
    part = torch.empty_like(order)
    part[order] = torch.tensor(_PARTS).repeat(len(group))[: len(group)]
    return part


def split_classes(
    y: Int64[Tensor, " n"], group: Int64[Tensor, " n"], *, generator: Generator
) -> tuple[Int64[Tensor, " t"], Int64[Tensor, " v"], Int64[Tensor, " s"]]:
    """Return the rows of the training, the validation and the test classes.

    Parameters
    ----------
    y : class of each row.
    group : what to spread over all three sets, such as the alphabet; one a class.

    Returns
    -------
    Three index tensors; no class is in two of them.

    Raises
    ------
    ValueError : unless there is one group a row, and the same for all of a class.

    >>> y = torch.tensor([7, 7, 3, 3, 5, 5, 9, 9])
    >>> generator = torch.Generator().manual_seed(0)
    >>> train, validation, test = split_classes(y, 0 * y, generator=generator)
    >>> len(train), len(validation), len(test)
    (4, 2, 2)
    """
    if y.ndim != 1 or group.shape != y.shape:
        raise ValueError(
            "y and group must hold one number each a row, shape (n,), got "
            f"{tuple(y.shape)} and {tuple(group.shape)}"
        )
    classes, index = y.unique(return_inverse=True)
    group_of = group.new_empty(len(classes)).scatter_(0, index, group)
    if (group_of[index] != group).any():
        raise ValueError("group must be the same for all rows of a class; it is not")
    part = deal_classes(group_of, generator=generator)[index]
    train, validation, test = (torch.where(part == p)[0] for p in range(3))
    return train, validation, test
