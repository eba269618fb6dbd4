"""Small convolutional embedding for images of glyphs' size."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Generator, nn

from mlcourse.networks._init import initialise
from mlcourse.networks.unit_sphere import UnitSphere


def convnet(
    dim: int,
    *,
    channels: Sequence[int] = (1, 16, 32, 64),
    normalized: bool = True,
    generator: Generator,
) -> nn.Sequential:
    r"""Embedding of images: blocks of convolution, batch norm, ReLU and halving.

    .. math:: \psi = W\, \mathrm{mean}_{u, v} \circ \mathrm{block}_l \circ \cdots \circ
        \mathrm{block}_1, \qquad
        \mathrm{block} = \mathrm{pool}_{2} \circ [\cdot]_+ \circ \mathrm{norm} \circ
        \mathrm{conv}_{3 \times 3}

    Parameters
    ----------
    dim : k, coordinates of the embedding
    channels : of the image and after each block; every block halves the sides, so the
        image needs 2^(blocks) pixels a side
    normalized : whether ``UnitSphere`` comes last
    generator : of the first weights

    Returns
    -------
    nn.Sequential : from images (n, channels[0], h, w) to (n, k). In ``eval`` mode an
        image's embedding does not depend on its batch.

    Raises
    ------
    ValueError : with fewer than two channels, or a number < 1

    Source: LeCun, Bottou, Bengio, Haffner, Proc. IEEE 86, 1998; batch norm: Ioffe,
    Szegedy, ICML 2015; four such blocks are the usual network for Omniglot (Vinyals et
    al., NIPS 2016).

    >>> import torch
    >>> psi = convnet(16, generator=torch.Generator().manual_seed(0))
    >>> psi(torch.rand(5, 1, 28, 28)).shape
    torch.Size([5, 16])
    """
    if len(channels) < 2 or min(*channels, dim) < 1:
        raise ValueError(
            "channels must be (of the image, after each block ...), at least two, and "
            f"all numbers >= 1, got {tuple(channels)} and dim = {dim}"
        )
    layers: list[nn.Module] = []
    for i, o in pairwise(channels):
        layers += [nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o)]
        layers += [nn.ReLU(), nn.MaxPool2d(2)]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels[-1], dim)]
    net = nn.Sequential(*layers, *([UnitSphere()] if normalized else []))
    initialise(net, generator)
    return net
