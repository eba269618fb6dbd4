"""t-SNE: a map on which neighbours stay neighbours."""

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from mlcourse.relations.affinities import joint_probabilities
from mlcourse.relations.tsne_objective import map_forces

_STEPS, _EARLY = 1000, 250  # gradient steps in all, and with exaggerated attraction
_EXAGGERATION = 12.0


def tsne(
    dist: Float[Tensor, "n n"], *, perplexity: float = 30.0, generator: Generator
) -> Float[Tensor, "n 2"]:
    r"""Place n points in the plane so that near pairs stay near.

    .. math::
        \arg\min_y \sum_{i \ne j} p_{ij} \ln \frac{p_{ij}}{q_{ij}(y)}

    with p from :func:`joint_probabilities` and q from :func:`tsne_objective`, by 1000
    steps of gradient descent with momentum (0.5, after 250 steps 0.8) and a gain for
    each coordinate; in the first 250 steps p counts 12 times (early exaggeration).

    Parameters
    ----------
    dist : (n, n), symmetric, >= 0, in any unit: a common factor changes nothing
    perplexity : effective number of neighbours, 1 < perplexity < n - 1
    generator : draws the first map, normal with standard deviation 1e-4

    Returns
    -------
    (n, 2) : the map, centred, in the dtype of dist. Its scale, its rotation and the
        gaps between its groups carry no meaning.

    Raises
    ------
    ValueError : if dist is not square, symmetric, finite and >= 0, or perplexity is out
        of range.

    Source: van der Maaten and Hinton, JMLR 9, 2008. Exaggeration (12, paper 4) and the
    learning rate (n / 48, at least 50; paper 100) follow scikit-learn. O(n^2) a step.

    >>> line = torch.tensor([[0.0], [0.1], [0.2], [7.0], [7.1], [7.2]])
    >>> y = tsne(torch.cdist(line, line), perplexity=2.0, generator=torch.Generator())
    >>> y.shape
    torch.Size([6, 2])
    """
    P = joint_probabilities(dist, perplexity=perplexity)
    y = 1e-4 * torch.randn(len(P), 2, generator=generator, device=generator.device)
    y = y.to(P)  # float64
    step, gain = torch.zeros_like(y), torch.ones_like(y)
    rate = max(len(P) / (4 * _EXAGGERATION), 50.0)
    for t in range(_STEPS):
        early = t < _EARLY
        _, gradient = map_forces(y, P * _EXAGGERATION if early else P)
        same_way = step * gradient < 0
        gain = torch.where(same_way, gain + 0.2, gain * 0.8).clamp_(min=0.01)
        step = (0.5 if early else 0.8) * step - rate * gain * gradient
        y += step
        y -= y.mean(dim=0)
    return y.to(dist.dtype)
