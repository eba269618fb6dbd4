"""Other views of the same images: turned, resized and moved at random."""

import math

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from mlcourse._affine import resampled


def random_affine(
    x: Float[Tensor, "n c h w"],
    *,
    angle: float | int = 10.0,
    zoom: float | int = 1.1,
    shift: float | int = 2.0,
    generator: Generator,
) -> Float[Tensor, "n c h w"]:
    r"""Each image turned, resized and moved by an amount of its own.

    .. math:: x'(u) = x\bigl(R(-\phi)(u - t) / s\bigr), \qquad
        \phi \sim U(-a, a), \; \ln s \sim U(-\ln q, \ln q), \;
        t \sim U(-b, b)^2

    with u measured from the centre of the image.

    Parameters
    ----------
    x : (n, c, h, w), images
    angle : a >= 0, degrees, counter-clockwise as seen
    zoom : q >= 1
    shift : b >= 0, pixels
    generator : of the draws

    Returns
    -------
    (n, c, h, w) : by linear interpolation; beyond its border an image goes on as there

    Raises
    ------
    ValueError : if a number is out of its range, or x is no stack of images

    Source: Simard, Steinkraus, Platt, ICDAR 2003, without their elastic part.

    >>> x = torch.rand(2, 1, 5, 5, generator=torch.Generator().manual_seed(0))
    >>> kept = random_affine(x, angle=0, zoom=1, shift=0, generator=torch.Generator())
    >>> torch.allclose(kept, x, atol=1e-6)
    True
    """
    if x.ndim != 4:
        raise ValueError(f"x must be images (n, c, h, w), got shape {tuple(x.shape)}")
    if angle < 0 or zoom < 1 or shift < 0:
        raise ValueError(
            "angle and shift must be >= 0 and zoom >= 1, got "
            f"{angle}, {shift} and {zoom}"
        )
    draws = torch.rand(4, len(x), generator=generator, device=generator.device)
    turn, size, *move = (2 * draws - 1).to(x)
    h, w = x.shape[-2:]
    right, down = move[0] * shift * 2 / w, move[1] * shift * 2 / h
    return resampled(
        x,
        turn=turn * math.radians(angle),
        size=(size * math.log(zoom)).exp(),
        move=torch.stack([right, down], dim=1),
    )
