"""A network that has seen ImageNet, with an embedding layer for its classes."""

from collections.abc import Sequence

from torch import Generator, nn

from mlcourse.networks._init import initialise
from mlcourse.networks._ready import Standardise, WithoutNormUpdates
from mlcourse.networks.efficientnet import efficientnet_lite0
from mlcourse.networks.unit_sphere import UnitSphere


def pretrained(
    dim: int,
    *,
    backbone: nn.Module | None = None,
    mean: Sequence[float] = (127 / 255,) * 3,
    std: Sequence[float] = (128 / 255,) * 3,
    freeze_norm: bool = True,
    normalized: bool = True,
    generator: Generator,
) -> nn.Sequential:
    r"""Embedding of images on top of a trained backbone: the field's usual psi.

    .. math:: \psi(x) = W\, \phi\bigl((x - \mu) / \sigma\bigr) + b

    Parameters
    ----------
    dim : k, coordinates of the embedding
    backbone : phi, from images (n, 3, h, w) to (n, f), with the number f as its
        attribute ``num_features``, as ``timm.create_model(name, pretrained=True,
        num_classes=0)`` has it; None for ``efficientnet_lite0()``. It is trained on,
        not copied
    mean, std : mu, sigma of the three colours that the backbone was trained with, of
        images from 0 to 1
    freeze_norm : whether batch norms keep the statistics they came with, also in
        training: batches of a few classes are no fair sample
    normalized : whether ``UnitSphere`` comes last
    generator : of the weights of W; those of the backbone stay

    Returns
    -------
    nn.Sequential : from images (n, 3, h, w) or grey ones (n, 1, h, w), from 0 to 1, to
        (n, k). ``psi[1].requires_grad_(False)`` trains W alone.

    Raises
    ------
    ValueError : if dim < 1, or the backbone does not say its number of features
    ImportError : without a backbone and without the packages of ``efficientnet_lite0``

    Source: Roth, Milbich, Sinha, Gupta, Ommer, Cohen, ICML 2020 (ResNet-50 or
    Inception-BN, one linear layer, batch norms frozen); theirs have no bias.

    >>> import torch
    >>> phi = nn.Flatten()
    >>> phi.num_features = 12
    >>> psi = pretrained(4, backbone=phi, generator=torch.Generator().manual_seed(0))
    >>> psi(torch.rand(5, 1, 2, 2)).shape
    torch.Size([5, 4])
    """
    if dim < 1:
        raise ValueError(f"dim must be >= 1, got {dim}")
    backbone = efficientnet_lite0() if backbone is None else backbone
    features = getattr(backbone, "num_features", None)
    if not isinstance(features, int):
        raise ValueError(
            "backbone must have an attribute num_features, the number of columns it "
            f"returns, got {type(backbone).__name__} without one; set it by hand"
        )
    linear = nn.Linear(features, dim)
    initialise(linear, generator)
    body = WithoutNormUpdates(backbone) if freeze_norm else backbone
    last = [UnitSphere()] if normalized else []
    return nn.Sequential(Standardise(mean, std), body, linear, *last)
