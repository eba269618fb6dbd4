"""S and D: absolute judgements, from class labels."""

import torch
from jaxtyping import Int
from torch import Tensor

from mlcourse.judgements._rows import Labels, as_labels

#: Cells of the (n, n) comparison at once: they fit a processor's cache.
BLOCK = 2**18


def similar_pairs(labels: Labels) -> Int[Tensor, "s 2"]:
    r"""Every unordered pair of points of one class.

    .. math:: S = \{ (i, j) : i < j,\; y_i = y_j \}

    Parameters
    ----------
    labels : (n,) integers; only whether two are equal counts

    Returns
    -------
    (s, 2) : int64, in lexicographic order; (0, 2) where no class has two points.
        O(n log n + s) time and memory.

    Raises
    ------
    TypeError, ValueError : if labels are no tensor, or not (n,) whole numbers.

    Source: Xing, Ng, Jordan, Russell, NIPS 2002, eq. 1 (there from a person).

    >>> similar_pairs(torch.tensor([5, 2, 5, 5])).tolist()
    [[0, 2], [0, 3], [2, 3]]
    """
    _, code, size = as_labels(labels).unique(return_inverse=True, return_counts=True)
    order = code.argsort(stable=True)  # class after class, in each by index
    place = order.argsort()
    later = size.cumsum(0)[code] - place - 1  # (n,): points of its class after it
    index = torch.arange(len(code), device=code.device)
    i = index.repeat_interleave(later)
    step = torch.arange(len(i), device=code.device) - (later.cumsum(0) - later)[i]
    return torch.stack([i, order[place[i] + 1 + step]], dim=1)


def dissimilar_pairs(labels: Labels) -> Int[Tensor, "r 2"]:
    r"""Every unordered pair of points of two classes.

    .. math:: D = \{ (i, j) : i < j,\; y_i \ne y_j \}

    Parameters
    ----------
    labels : (n,) integers; only whether two are equal counts

    Returns
    -------
    (r, 2) : int64, in lexicographic order; (0, 2) where there is one class only.
        O(n^2) time and memory: nearly every pair is dissimilar.

    Raises
    ------
    TypeError, ValueError : if labels are no tensor, or not (n,) whole numbers.

    Source: Xing, Ng, Jordan, Russell, NIPS 2002 (there from a person, and optional).

    >>> dissimilar_pairs(torch.tensor([5, 2, 5, 5])).tolist()
    [[0, 1], [1, 2], [1, 3]]
    """
    labels = as_labels(labels)
    n, size = len(labels), labels.unique(return_counts=True)[1]
    index = torch.arange(n, device=labels.device)
    # (2, r): each column in one piece, as losses read columns
    D = index.new_empty(2, (n * n - int(size.square().sum())) // 2)
    done = 0
    step = max(1, BLOCK // max(1, n))
    for start in range(0, n, step):
        i = index[start : start + step]
        apart = (labels[i, None] != labels) & (i[:, None] < index)
        row, j = apart.nonzero().unbind(dim=1)
        torch.add(row, start, out=D[0, done : done + len(j)])
        D[1, done : done + len(j)] = j
        done += len(j)
    return D.T
