"""T: relative judgements, from class labels or from pairs."""

import torch
from jaxtyping import Int
from torch import Tensor

from mlcourse.judgements._rows import Labels, Rows, as_labels, as_rows, sort_rows


def all_triplets(labels: Labels) -> Int[Tensor, "t 3"]:
    r"""Every triplet that the classes imply: a is more similar to p than to n.

    .. math:: T = \{ (a, p, n) : a \ne p,\; y_a = y_p \ne y_n \}

    Parameters
    ----------
    labels : (n,) integers; only whether two are equal counts

    Returns
    -------
    (t, 3) : int64, in lexicographic order; (0, 3) where there is none. t grows as
        n^3 / C (1 - 1 / C) for C equal classes: for batches, not for data sets.
        O(n^2 + t) time and memory.

    Raises
    ------
    TypeError, ValueError : if labels are no tensor, or not (n,) whole numbers.

    Source: Schultz, Joachims, NIPS 2003 (relative comparisons; there from clicks).

    >>> all_triplets(torch.tensor([7, 7, 1])).tolist()
    [[0, 1, 2], [1, 0, 2]]
    """
    labels = as_labels(labels)
    same = labels[:, None] == labels
    anchors = (same.sum(dim=1) > 1).nonzero()[:, 0]  # the others have no positive
    same = same[anchors]
    negatives = (~same).nonzero()[:, 1]  # of the first anchor, of the second, ...
    same.scatter_(1, anchors[:, None], False)
    positives = same.nonzero()[:, 1]
    # a run of anchors with as many positives, and so as many negatives, fills a box
    wide, runs = same.sum(dim=1).unique_consecutive(return_counts=True)
    deep = len(labels) - 1 - wide
    size = runs * wide * deep
    # (3, t): each column in one piece, as losses read columns
    T = anchors.new_empty(3, int(size.sum()))
    for a, p, n, box in zip(
        anchors.split(runs.tolist()),
        positives.split((runs * wide).tolist()),
        negatives.split((runs * deep).tolist()),
        T.split(size.tolist(), dim=1),
        strict=True,
    ):
        box = box.view(3, len(a), len(p) // len(a), len(n) // len(a))
        box[0] = a[:, None, None]
        box[1] = p.view(len(a), -1, 1)
        box[2] = n.view(len(a), 1, box.shape[3])
    return T.T


def triplets_from_pairs(S: Rows, D: Rows) -> Int[Tensor, "t 3"]:
    r"""Every triplet that pairs imply: where S and D speak of one point, it is anchor.

    .. math:: T = \{ (a, p, n) : \{a, p\} \in S,\; \{a, n\} \in D \}

    Parameters
    ----------
    S, D : (s, 2), (r, 2) pairs (i, j) of similar and of dissimilar points, either way
        round, each once

    Returns
    -------
    (t, 3) : int64, in lexicographic order. O(s log s + r log r + t).

    Raises
    ------
    ValueError : if S or D are no rows of two integers.

    Source: the step from absolute to relative judgements in Schultz, Joachims, NIPS
    2003; there is none back: "more similar than" does not say "similar".

    >>> triplets_from_pairs([[0, 4]], [[1, 4], [4, 2], [1, 2]]).tolist()
    [[4, 0, 1], [4, 0, 2]]
    """
    S, D = as_rows(S, name="S", width=2), as_rows(D, name="D", width=2)
    positive = sort_rows(torch.cat([S, S.flip(1)]))  # (2s, 2): both ends are anchors
    negative = sort_rows(torch.cat([D, D.flip(1)]))
    anchor = positive[:, 0].contiguous()
    begin = torch.searchsorted(negative[:, 0].contiguous(), anchor)
    end = torch.searchsorted(negative[:, 0].contiguous(), anchor, right=True)
    count = end - begin  # (2s,): so many negatives of each (a, p)
    before = count.cumsum(0) - count
    step = torch.arange(int(count.sum()), device=count.device)
    row = (begin - before).repeat_interleave(count) + step
    pairs = positive.repeat_interleave(count, dim=0)
    return torch.cat([pairs, negative[row, 1:]], dim=1)
