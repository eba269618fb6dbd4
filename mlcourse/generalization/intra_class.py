"""Judgements inside of a class: what its own points differ in."""

import torch
from jaxtyping import Int
from torch import Generator, Tensor

from mlcourse._check import check_labels
from mlcourse.generalization._choose import by_class, draw_outside


@torch.no_grad()
def intra_class_triplets(
    labels: Int[Tensor, " n"], *, generator: Generator
) -> Int[Tensor, "t 3"]:
    r"""Every ordered pair of a class once, each with a third point of that class.

    .. math:: (a, p, n), \qquad y_a = y_p, \; a \ne p, \qquad
        n \sim \{ j : y_j = y_a, \; j \ne a, \; j \ne p \} \quad \text{evenly}

    Who is called positive is chance, as with ``shared_triplets``; here the class says
    nothing at all, as all three are of it.

    Parameters
    ----------
    labels : (n,), class of each point, any integers; classes of one or two points have
        no triplet
    generator : of the draws, one a pair

    Returns
    -------
    (t, 3) : rows (a, p, n) in the order of (a, p). O(n^2).

    Raises
    ------
    TypeError, ValueError : unless labels is (n,) whole numbers

    Source: Milbich, Roth, Bharadhwaj, Sinha, Bengio, Ommer, Cohen, ECCV 2020 (intra-
    class features). Their code draws all three with replacement.

    >>> labels = torch.tensor([5, 8, 5, 8, 5])
    >>> intra_class_triplets(labels, generator=Generator()).tolist()
    [[0, 2, 4], [0, 4, 2], [2, 0, 4], [2, 4, 0], [4, 0, 2], [4, 2, 0]]
    """
    check_labels(labels, len(labels))
    code, order, start, size = by_class(labels)
    same = (code[:, None] == code).fill_diagonal_(False)
    a, p = same.nonzero(as_tuple=True)
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order), device=order.device)
    both = torch.stack([place[a], place[p]]).sort(dim=0).values - start[code[a]]
    found, some = draw_outside(
        both, torch.ones_like(both), size[code[a]], generator=generator
    )
    n = order[(start[code[a]] + found)[some]]
    return torch.stack([a[some], p[some], n], dim=1)
