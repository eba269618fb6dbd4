"""Fully connected embedding: linear maps with a kink in between."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Generator, nn

from mlcourse.networks._init import initialise
from mlcourse.networks.unit_sphere import UnitSphere


def mlp(
    sizes: Sequence[int], *, normalized: bool = True, generator: Generator
) -> nn.Sequential:
    r"""Embedding with fully connected layers; with two sizes it is psi(x) = L x + b.

    .. math:: \psi(x) = W_l\, \sigma(\cdots \sigma(W_1 x + b_1) \cdots) + b_l, \qquad
        \sigma(t) = [t]_+

    Parameters
    ----------
    sizes : (d, hidden ..., k), numbers of coordinates from input to embedding
    normalized : whether ``UnitSphere`` comes last
    generator : of the first weights

    Returns
    -------
    nn.Sequential : from (n, ...) with d numbers a point to (n, k)

    Raises
    ------
    ValueError : with fewer than two sizes, or one < 1

    Source: Rumelhart, Hinton, Williams, Nature 323, 1986; first weights as in He,
    Zhang, Ren, Sun, ICCV 2015.

    >>> import torch
    >>> psi = mlp((784, 64, 16), generator=torch.Generator().manual_seed(0))
    >>> psi(torch.rand(5, 1, 28, 28)).shape
    torch.Size([5, 16])
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(
            f"sizes must be (d, ..., k), at least two numbers >= 1, got {tuple(sizes)}"
        )
    layers: list[nn.Module] = [nn.Flatten()]
    for d, k in pairwise(sizes):
        layers += [nn.Linear(d, k), nn.ReLU()]
    layers[-1] = UnitSphere() if normalized else nn.Identity()
    net = nn.Sequential(*layers)
    initialise(net, generator)
    return net
