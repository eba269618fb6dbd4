"""Random negatives: what every other miner is measured against."""

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from mlcourse.miners._batch import as_square, partners


@torch.no_grad()
def random_triplets(
    dist: Float[Tensor, "n n"], labels: Int[Tensor, " n"], *, generator: Generator
) -> Int[Tensor, "t 3"]:
    r"""Every ordered positive pair once, each with a negative drawn evenly.

    .. math:: q(n \mid a, p) = \frac{1}{|N_a|}, \qquad N_a = \{ n : y_n \ne y_a \}

    Parameters
    ----------
    dist : (n, n), looked at for its shape alone, so that miners can be exchanged
    labels : (n,), class of each point, any integers
    generator : of the draws, one a pair, all independent

    Returns
    -------
    (t, 3) : rows (a, p, n) in the order of (a, p), without a gradient; (0, 3) where
        no two points share a class, or all do. O(n^2).

    Raises
    ------
    ValueError : unless dist is finite (n, n) and labels (n,) whole numbers

    Source: the uniform sampling that Wu, Manmatha, Smola, Kraehenbuehl, ICCV 2017,
    Sec. 4, start from; there over all of the data, here over a batch.

    >>> dist = torch.zeros(4, 4)
    >>> labels = torch.tensor([7, 7, 1, 2])
    >>> T = random_triplets(dist, labels, generator=torch.Generator().manual_seed(0))
    >>> T.tolist()
    [[0, 1, 3], [1, 0, 3]]
    """
    n_points = len(as_square(dist, "dist"))
    positive, _ = partners(labels, n_points)
    size = positive.sum(dim=1) + 1  # (n,), of the class of each point
    a, p = (positive & (size < n_points)[:, None]).nonzero(as_tuple=True)
    others = (n_points - size)[a]
    chance = torch.rand(
        len(a), generator=generator, device=generator.device, dtype=torch.float64
    )
    place = (chance.to(a.device) * others).long()  # 0 <= place < others
    order, start = grouped(labels)
    place += torch.where(place < start[a], 0, size[a])  # step over the anchor's class
    return torch.stack([a, p, order[place]]).T


def grouped(labels: Int[Tensor, " n"]) -> tuple[Int[Tensor, " n"], Int[Tensor, " n"]]:
    """The points class by class, and where in that order the class of each begins.

    Classes come in the order of their first points, so that their names count nothing.
    """
    _, name = labels.unique(return_inverse=True)
    index = torch.arange(len(labels), device=labels.device)
    first = index.scatter_reduce(0, name, index, "amin", include_self=False)[name]
    order = first.argsort(stable=True)
    return order, torch.searchsorted(first[order], first)
