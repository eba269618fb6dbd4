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
    positive, negative = partners(labels, len(as_square(dist, "dist")))
    of_all = negative.nonzero()[:, 1]  # the negatives of point 0, then of point 1, ...
    count = negative.sum(dim=1)
    a, p = (positive & (count > 0)[:, None]).nonzero(as_tuple=True)
    chance = torch.rand(
        len(a), generator=generator, device=generator.device, dtype=torch.float64
    )
    place = (chance.to(a.device) * count[a]).long()  # 0 <= place < count
    return torch.stack([a, p, of_all[(count.cumsum(0) - count)[a] + place]]).T
