"""Distance-weighted negatives: drawn so that all distances occur alike."""

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from mlcourse.miners._batch import as_square, blocks, partners
from mlcourse.miners._draw import check_weights, gumbel_like
from mlcourse.miners.sphere import sphere_log_density


@torch.no_grad()
def distance_weighted_triplets(
    dist: Float[Tensor, "n n"],
    labels: Int[Tensor, " n"],
    *,
    dim: int,
    cutoff: float | int = 0.5,
    max_dist: float | int = 1.4,
    generator: Generator,
) -> Int[Tensor, "t 3"]:
    r"""Every ordered positive pair once, each with a negative drawn by inverse density.

    .. math:: q(n \mid a, p) \propto \min\Bigl( \frac{1}{q(c)},
        \frac{1}{q(\Delta_{an})} \Bigr)\, [\Delta_{an} < \Delta_{\max}]
        \quad \text{over } y_n \ne y_a

    with q the density of ``sphere_log_density``. Among many points that lie evenly on
    the sphere, the distances drawn are uniform from c to the largest.

    Parameters
    ----------
    dist : (n, n), Euclidean distances of unit vectors, from 0 to 2
    labels : (n,), class of each point, any integers
    dim : d >= 2, dimension of the embedding
    cutoff : c, 0 < c < 2: nearer negatives get no larger weight; their gradients are
        mostly noise
    max_dist : > 0: farther ones are never drawn. Take the beta + margin of
        ``MarginLoss``, from where on a negative costs nothing; above 2 all can be drawn
    generator : of the draws, one a pair, all independent

    Returns
    -------
    (t, 3) : rows (a, p, n) in the order of (a, p), without a gradient. An anchor has
        no rows if it has no positive, or no negative nearer than max_dist; no other
        is lost. O(n^2 s) time for s positives of an anchor, O(n^2) memory.

    Raises
    ------
    ValueError : unless dist is (n, n) up to 2, labels (n,) whole numbers, and dim,
        cutoff, max_dist in their range

    Source: Wu, Manmatha, Smola, Kraehenbuehl, ICCV 2017, Sec. 4. Weights stay
    logarithms, so that none overflows in 512 dimensions: to draw, a Gumbel variable
    is added to each, and the largest sum wins.

    >>> dist = torch.tensor([[0.0, 0.5, 1.3, 1.5], [0.5, 0, 0.9, 1.3],
    ...                      [1.3, 0.9, 0, 1.5], [1.5, 1.3, 1.5, 0]])
    >>> g = torch.Generator().manual_seed(0)
    >>> labels = torch.tensor([7, 7, 1, 2])
    >>> distance_weighted_triplets(dist, labels, dim=128, generator=g).tolist()
    [[0, 1, 2], [1, 0, 2]]
    """
    dist = as_square(dist, "dist")
    check_weights(dist, cutoff=cutoff, max_dist=max_dist)
    positive, negative = partners(labels, len(dist))
    negative &= dist < max_dist
    largest = -sphere_log_density(dist.new_tensor(cutoff), dim=dim).item()
    log_w = -sphere_log_density(dist, dim=dim)  # (n, n), infinite at 0 or 2
    log_w = log_w.clamp(torch.finfo(log_w.dtype).min, largest)
    log_w = log_w.masked_fill(~negative, -torch.inf)
    a, p = (positive & negative.any(dim=1)[:, None]).nonzero(as_tuple=True)
    n = [
        (rows + gumbel_like(rows, generator)).argmax(dim=1)
        for rows in (log_w.index_select(0, block) for block in blocks(a, len(dist)))
        if len(rows)
    ]
    return torch.stack([a, p, torch.cat([a[:0], *n])]).T
