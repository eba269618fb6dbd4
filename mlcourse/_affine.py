"""Images turned, resized and moved, each by an amount of its own."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample


def resampled(
    x: Float[Tensor, "n c h w"],
    *,
    turn: Float[Tensor, " n"],
    size: Float[Tensor, " n"],
    move: Float[Tensor, "n 2"],
) -> Float[Tensor, "n c h w"]:
    """x(R(-turn) (u - move) / size), by linear interpolation; the rim goes on beyond.

    Angles are in radians, counter-clockwise as seen; moves right and down, where the
    sides of an image are 2 long; u is measured from the centre.
    """
    n, (h, w) = len(x), x.shape[-2:]
    cos, sin = turn.cos() / size, turn.sin() / size
    A = torch.stack([cos, -sin * h / w, sin * w / h, cos], dim=1).view(n, 2, 2)
    look = torch.cat([A, -A @ move[:, :, None]], dim=2)  # where x' gets its pixels
    grid = affine_grid(look, list(x.shape), align_corners=False)
    return grid_sample(x, grid, padding_mode="border", align_corners=False)
