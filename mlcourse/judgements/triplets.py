"""T: relative judgements, from class labels or from pairs."""

import torch
from jaxtyping import Int
from torch import Tensor

from mlcourse.judgements._rows import Labels, Rows, as_labels, as_rows, sort_rows

#: Triplets at once: their indices fit a processor's cache.
BLOCK = 2**16


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
    negatives = (~same).nonzero()[:, 1]  # of point 0, then of point 1, ...
    size = (n := len(labels)) - same.sum(dim=1)
    a, p = same.fill_diagonal_(False).nonzero().unbind(dim=1)
    count = size[a]
    # where the negatives of a pair's anchor start, less where its triplets start
    shift = (size.cumsum(0) - size)[a] - (count.cumsum(0) - count)
    # (3, t): each column in one piece, as losses read columns
    T = a.new_empty(3, int(count.sum()))
    done = 0
    for pair in torch.arange(len(a), device=a.device).split(max(1, BLOCK // (n + 1))):
        pair = pair.repeat_interleave(count[pair])
        block = T[:, done : done + len(pair)]
        place = torch.arange(done, done + len(pair), device=a.device) + shift[pair]
        for column, (values, index) in zip(
            block, ((a, pair), (p, pair), (negatives, place)), strict=True
        ):
            torch.index_select(values, 0, index, out=column)
        done += len(pair)
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
