"""Another view of an image: turned, scaled, shifted, and noisy."""

import math

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from mlcourse._affine import resampled


class RandomWarp(nn.Module):
    r"""Layer that draws a view of each image while training, and does nothing after.

    .. math:: x'(u) = x\bigl( R(-\alpha) (u - t) / s \bigr) + \epsilon

    with angle alpha, scale s and shift t drawn evenly, and normal noise. Two views of
    an image are similar by construction: the one relation that needs no label.

    Parameters
    ----------
    angle : alpha is from -angle to angle, degrees
    scale : s is from 1 / scale to scale, evenly in log s; >= 1
    shift : t is up to this share of the sides, either way
    noise : standard deviation of epsilon
    generator : of the draws

    Attributes
    ----------
    angle, scale, shift, noise, generator : as given

    Raises
    ------
    ValueError : if scale < 1, or another number is < 0

    Source: Dosovitskiy, Springenberg, Riedmiller, Brox, NIPS 2014; Chen, Kornblith,
    Norouzi, Hinton, ICML 2020. Beyond the rim its pixels go on; bilinear in between.

    >>> warp = RandomWarp(angle=0, shift=0, noise=0, generator=torch.Generator())
    >>> x = torch.ones(1, 1, 4, 4)
    >>> torch.equal(warp.eval()(x), x)
    True
    """

    def __init__(
        self,
        *,
        angle: float | int = 15.0,
        scale: float | int = 1.0,
        shift: float | int = 0.1,
        noise: float | int = 0.05,
        generator: Generator,
    ) -> None:
        super().__init__()
        if scale < 1 or min(angle, shift, noise) < 0:
            raise ValueError(
                "scale must be >= 1, and angle, shift and noise >= 0, got "
                f"{scale}, {angle}, {shift} and {noise}"
            )
        self.angle, self.scale, self.shift = angle, scale, shift
        self.noise, self.generator = noise, generator

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """A view of each image; the images themselves in eval mode."""
        if not self.training:
            return x
        device = self.generator.device
        uniform = torch.rand(len(x), 4, generator=self.generator, device=device) * 2 - 1
        a, s, t = uniform.to(x).split((1, 1, 2), dim=1)
        view = resampled(
            x,
            turn=a[:, 0] * math.radians(self.angle),
            size=self.scale ** s[:, 0],
            move=2 * self.shift * t,
        )
        noise = torch.randn(x.shape, generator=self.generator, device=device)
        return view + self.noise * noise.to(x)
