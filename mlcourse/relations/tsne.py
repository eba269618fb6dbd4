"""t-SNE: a map on which neighbours stay neighbours."""

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from mlcourse.relations.affinities import joint_probabilities
from mlcourse.relations.tsne_objective import map_forces

#: Steps, exaggeration of p, momentum: first gather the groups, then arrange them.
_PHASES = ((250, 12.0, 0.5), (750, 1.0, 0.8))


def tsne(
    dist: Float[Tensor, "n n"], *, perplexity: float | int = 30.0, generator: Generator
) -> Float[Tensor, "n 2"]:
    r"""Place n points in the plane so that near pairs stay near.

    .. math::
        \arg\min_y \sum_{i \ne j} p_{ij} \ln \frac{p_{ij}}{q_{ij}(y)}

    with p from :func:`joint_probabilities` and q from :func:`tsne_objective`, by
    gradient descent with momentum and a gain for each coordinate: 250 steps in which p
    counts 12 times (early exaggeration, momentum 0.5), then 750 plain ones (0.8).

    Parameters
    ----------
    dist : (n, n), symmetric, >= 0, in any unit: a common factor changes nothing
    perplexity : effective number of neighbours, 1 < perplexity < n - 1
    generator : draws the first map, normal with standard deviation 1e-4

    Returns
    -------
    (n, 2) : the map, centred, in the dtype of dist (of whole numbers, the default one).
        Its scale, its rotation and the gaps between its groups carry no meaning.

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
    rate = max(len(P) / 48, 50.0)
    for steps, exaggeration, momentum in _PHASES:
        step, gain = torch.zeros_like(y), torch.ones_like(y)
        target = exaggeration * P
        for _ in range(steps):
            _, gradient = map_forces(y, target)
            onward = step * gradient < 0
            gain = torch.where(onward, gain + 0.2, gain * 0.8).clamp_(min=0.01)
            step = momentum * step - rate * gain * gradient
            y += step
        y -= y.mean(dim=0)
    return y.to(torch.result_type(dist, 1.0))
