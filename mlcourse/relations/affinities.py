"""Affinities of all pairs, the target that t-SNE draws."""

from jaxtyping import Float
from torch import Tensor

from mlcourse.relations.perplexity import neighbour_probabilities


def joint_probabilities(
    dist: Float[Tensor, "n n"], *, perplexity: float | int
) -> Float[Tensor, "n n"]:
    r"""Symmetric neighbour probabilities of all pairs; they sum to 1.

    .. math:: p_{ij} = \frac{p_{j|i} + p_{i|j}}{2n}

    Parameters
    ----------
    dist : (n, n), symmetric, >= 0; squared in here. The diagonal is not used.
    perplexity : effective number of neighbours, 1 < perplexity < n - 1

    Returns
    -------
    (n, n) : float64, symmetric, zero diagonal. Every point has a share of at least
        1 / (2n), so that an outlier is not left out of the map.

    Raises
    ------
    ValueError : as :func:`neighbour_probabilities`, which gives p_{j|i}.

    Source: van der Maaten and Hinton, JMLR 9, 2008, Sec. 3.1.

    >>> import torch
    >>> line = torch.tensor([[0.0], [1.0], [3.0]])
    >>> joint_probabilities(torch.cdist(line, line), perplexity=1.5).sum()
    tensor(1., dtype=torch.float64)
    """
    p = neighbour_probabilities(dist, perplexity=perplexity)
    return (p + p.T) / (2 * len(p))
