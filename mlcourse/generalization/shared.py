"""Judgements about what classes share: three points of three classes."""

import torch
from jaxtyping import Int
from torch import Generator, Tensor

from mlcourse._check import check_labels, check_rows
from mlcourse.generalization._choose import by_class, draw_outside


@torch.no_grad()
def shared_triplets(
    T: Int[Tensor, "t 3"], labels: Int[Tensor, " n"], *, generator: Generator
) -> Int[Tensor, "s 3"]:
    r"""Let a random point of a third class play the positive of each triplet.

    .. math:: (a, p, n) \mapsto (a, p^*, n), \qquad
        p^* \sim \{ j : y_j \ne y_a, \; y_j \ne y_n \} \quad \text{evenly}

    Who is called positive is chance, so that no class can be learned from it: what
    lowers the loss is what varies alike in many classes.

    Parameters
    ----------
    T : (t, 3), rows (a, p, n) by any miner, with y_a != y_n
    labels : (n,), class of each point, any integers
    generator : of the draws, one a triplet

    Returns
    -------
    (s, 3) : rows (a, p*, n), all of three classes, in the order of T, without those for
        which there is no third class. O(t + n log n).

    Raises
    ------
    TypeError, ValueError : unless labels is (n,), T rows of it with y_a != y_n

    Source: Milbich, Roth, Brattoli, Ommer, TPAMI 2020 (inter-class). DiVA's code
    (ECCV 2020) calls this standard, with n by inverse distance density; its other
    variant, random, mines under permuted labels, which lets some friends play n.

    >>> labels = torch.tensor([4, 4, 6, 6, 9])
    >>> T = torch.tensor([[0, 1, 2], [2, 3, 1]])
    >>> shared_triplets(T, labels, generator=Generator()).tolist()
    [[0, 4, 2], [2, 4, 1]]
    """
    check_labels(labels, len(labels))
    a, _, n = check_rows(T, name="T", width=3, n=len(labels)).unbind(dim=1)
    bad = labels[a] == labels[n]
    if bad.any():
        raise ValueError(
            "T must hold negatives of another class than their anchors, got row "
            f"{T[bad][0].tolist()} of one class; is the order (a, p, n)?"
        )
    code, order, start, size = by_class(labels)
    both = torch.stack([code[a], code[n]]).sort(dim=0).values  # (2, t)
    everyone = torch.full_like(a, len(labels))
    found, some = draw_outside(start[both], size[both], everyone, generator=generator)
    return torch.stack([a[some], order[found[some]], n[some]], dim=1)
