"""A few labelled images of the test classes, and the rest to test with."""

import torch
from jaxtyping import Int
from torch import Generator, Tensor

from mlcourse._check import check_labels


def few_shot_episode(
    labels: Int[Tensor, " n"], *, shots: int, generator: Generator
) -> tuple[Int[Tensor, " s"], Int[Tensor, " q"]]:
    r"""Random points of each class to adapt to, and the rest to test with.

    .. math:: \text{support} = \bigcup_c \{ x_{c,1}, \dots, x_{c,s} \}, \qquad
        \text{query} = \text{all others}

    Parameters
    ----------
    labels : (n,), any integers; every class needs shots + 2 points, so that a query has
        a match
    shots : s >= 1; 2, 5 and 10 in the paper, in 10 episodes each
    generator : of the draws

    Returns
    -------
    support, query : rows, ascending

    Raises
    ------
    TypeError, ValueError : unless labels is (n,), shots >= 1, and classes large enough

    Source: Milbich, Roth, Sinha, Schmidt, Ghassemi, Ommer, NeurIPS 2021.

    >>> y = torch.tensor([3, 3, 3, 8, 8, 8])
    >>> support, query = few_shot_episode(y, shots=1, generator=Generator())
    >>> y[support].tolist(), y[query].tolist()
    ([3, 8], [3, 3, 8, 8])
    """
    check_labels(labels, len(labels))
    if shots < 1:
        raise ValueError(f"shots must be >= 1, got {shots}")
    size = labels.unique(return_counts=True)[1]
    if not len(size) or size.min() < shots + 2:
        raise ValueError(
            f"every class needs shots + 2 = {shots + 2} points, the smallest has "
            f"{int(size.min()) if len(size) else 0}"
        )
    drawn = torch.randperm(len(labels), generator=generator, device=generator.device)
    order = drawn.cpu()[labels.cpu()[drawn.cpu()].argsort(stable=True)]
    first = torch.cat([rows[:shots] for rows in order.split(size.tolist())])
    support = torch.zeros(len(labels), dtype=torch.bool)
    support[first] = True
    return support.nonzero().flatten(), (~support).nonzero().flatten()
