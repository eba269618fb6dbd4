"""From the bytes of an image file to the square that networks are evaluated on."""

import io

import numpy as np
import torch
from jaxtyping import Float32
from PIL import Image, ImageOps
from torch import Tensor


def decode(data: bytes, *, size: int, name: str) -> Float32[Tensor, "3 size size"]:
    """Return an image in RGB from 0 to 1: resized bilinearly, cropped to the middle.

    Raises ValueError, with the name of the file, where it is no whole image.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            colours = image.convert("RGB")
    except OSError as error:
        raise ValueError(
            f"{name} is damaged ({error}); unpack or fetch the data set anew"
        ) from error
    square = ImageOps.fit(colours, (size, size), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(square)).permute(2, 0, 1).float() / 255
