"""The nearest strangers of every point, among all of the data."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_labels, check_points
from mlcourse._neighbours import neighbours


@torch.no_grad()
def nearest_negatives(
    z: Float[Tensor, "n k"], labels: Int[Tensor, " n"], *, depth: int
) -> Int[Tensor, "n depth"]:
    r"""Rank the points of other classes by their distance from each point.

    .. math:: N_r(a) = \text{the } r\text{-th nearest of } \{ n : y_n \ne y_a \}
        \text{ to } a, \qquad r = 1, \dots, \text{depth}

    Parameters
    ----------
    z : (n, k), embeddings of all training points
    labels : (n,), class of each, any integers
    depth : how many strangers of each, from 1 to the number that every point has

    Returns
    -------
    (n, depth) : rows of z, the nearest first. The classes are looked at before the list
        is cut, so that a large class does not shorten it. Exact; O(n (depth + s))
        memory for s points of the largest class.

    Raises
    ------
    ValueError : unless z is finite (n, k), labels (n,) whole numbers, and each point
        has so many strangers

    Source: the search of Harwood, Kumar, Carneiro, Reid, Drummond, ICCV 2017, who walk
    along an approximate graph of neighbours (FANNG). Ours is FAISS' where it is
    installed, else scikit-learn's.

    >>> z = torch.tensor([[0.0], [1.0], [3.0], [6.0]])
    >>> nearest_negatives(z, torch.tensor([7, 7, 1, 1]), depth=2)
    tensor([[2, 3],
            [2, 3],
            [1, 0],
            [1, 0]])
    """
    z = check_points(z, "z")
    check_labels(labels, len(z))
    labels = labels.cpu()
    size = labels.unique(return_counts=True)[1]
    largest = int(size.max()) if len(size) else 0
    if not 1 <= depth <= len(z) - largest:
        raise ValueError(
            f"depth must be from 1 to {len(z) - largest}, the number of strangers that "
            f"a point of the largest class has, got {depth}"
        )
    found = neighbours(z, depth + largest - 1)
    friends = labels[found] == labels[:, None]
    order = friends.to(torch.uint8).argsort(dim=1, stable=True)[:, :depth]
    return found.gather(1, order).to(z.device)
