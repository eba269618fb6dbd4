"""S and D: absolute judgements, from class labels."""

import torch
from jaxtyping import Int
from torch import Tensor

from mlcourse.judgements._rows import as_labels

#: Cells of the (n, n) comparison that are held at once.
BLOCK = 2**22


def similar_pairs(labels: Int[Tensor, " n"]) -> Int[Tensor, "s 2"]:
    r"""Every unordered pair of points of one class.

    .. math:: S = \{ (i, j) : i < j,\; y_i = y_j \}

    Parameters
    ----------
    labels : (n,) integers; only whether two are equal counts

    Returns
    -------
    (s, 2) : int64, in lexicographic order; (0, 2) where no class has two points.
        O(n^2) time, O(n + s) memory.

    Raises
    ------
    TypeError, ValueError : if labels are no tensor, or not (n,) whole numbers.

    Source: Xing, Ng, Jordan, Russell, NIPS 2002, eq. 1 (there from a person).

    >>> similar_pairs(torch.tensor([5, 2, 5, 5])).tolist()
    [[0, 2], [0, 3], [2, 3]]
    """
    return _pairs(as_labels(labels), same=True)


def dissimilar_pairs(labels: Int[Tensor, " n"]) -> Int[Tensor, "r 2"]:
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
    return _pairs(as_labels(labels), same=False)


def _pairs(labels: Tensor, *, same: bool) -> Int[Tensor, "t 2"]:
    """Pairs i < j, in blocks of rows i."""
    n = len(labels)
    index = torch.arange(n, device=labels.device)
    found = [index.new_empty((0, 2))]
    for i in index.split(max(1, BLOCK // max(1, n))):
        wanted = (labels[i, None] == labels) == same
        pairs = (wanted & (i[:, None] < index)).nonzero()
        found.append(pairs + pairs.new_tensor([int(i[0]), 0]))
    return torch.cat(found)
