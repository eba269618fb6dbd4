"""Pixels: a character drawn upright in the middle, then turned, scaled and shifted."""

from functools import cache

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample

from mlcourse.datasets._fonts import font_path

_EM = 96  # pixels; drawn large once, then reduced
_MODE = Image.Resampling.BOX


@cache
def _font(font: str) -> ImageFont.FreeTypeFont:
    engine = ImageFont.Layout.BASIC
    return ImageFont.truetype(str(font_path(font)), _EM, layout_engine=engine)


def draw_upright(
    character: str, font: str, *, side: int, ink: int
) -> UInt8[np.ndarray, "side side"]:
    """Return the character centred in side x side pixels, its longer side = ink."""
    canvas = Image.new("L", (4 * _EM, 4 * _EM))
    draw = ImageDraw.Draw(canvas)
    draw.text((2 * _EM, 2 * _EM), character, 255, font=_font(font), anchor="mm")
    upright = Image.new("L", (side, side))
    box = canvas.getbbox()
    if box is not None:
        width, height = box[2] - box[0], box[3] - box[1]
        ratio = ink / max(width, height)
        size = max(1, round(ratio * width)), max(1, round(ratio * height))
        small = canvas.crop(box).resize(size, _MODE)
        upright.paste(small, ((side - size[0]) // 2, (side - size[1]) // 2))
    return np.asarray(upright)


def pose(
    upright: Float[Tensor, "n 1 twice twice"],
    *,
    angle: Float[Tensor, " n"],
    scale: Float[Tensor, " n"],
    shift: Float[Tensor, "n 2"],
) -> Float[Tensor, "n 1 size size"]:
    r"""Turn, scale and shift each image; the result has half the side of the input.

    .. math::
        \text{out}(u) = \text{in}\bigl(R(-\alpha)\,(u - t) / s\bigr)

    Parameters
    ----------
    angle : degrees, counter-clockwise as seen.
    scale : ratio.
    shift : (right, down), in pixels of the result.

    """
    n, _, twice, _ = upright.shape
    cos, sin = torch.cos(torch.deg2rad(angle)), torch.sin(torch.deg2rad(angle))
    inverse = torch.stack([cos, -sin, sin, cos], 1).view(n, 2, 2)
    inverse = inverse / scale.view(n, 1, 1)
    move = -inverse @ (shift.view(n, 2, 1) * 4 / twice)  # the image spans [-1, 1]
    grid = affine_grid(torch.cat([inverse, move], 2), [n, 1, twice, twice], False)
    return avg_pool2d(grid_sample(upright, grid, align_corners=False), 2)
