"""The images of the glyphs: every random factor is drawn here, then painted."""

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from mlcourse.datasets._alphabet import script_of
from mlcourse.datasets._cache import Arrays
from mlcourse.datasets._classes import choose
from mlcourse.datasets._fonts import FONTS, characters_of
from mlcourse.datasets._raster import draw_upright, pose
from mlcourse.datasets._recipe import Recipe
from mlcourse.datasets.splits import deal_classes

ANGLE = 20.0  # degrees, to either side
SCALE = (0.75, 1.15)
SHIFT = 0.1  # of the image's side, in every direction
INK = 0.6  # of the image's side: the longer side of a character at scale 1
NOISE = 0.05  # standard deviation


def make_glyphs(recipe: Recipe) -> Arrays:
    """Return the arrays of all images; equal recipes give equal arrays."""
    g = torch.Generator().manual_seed(recipe.seed)
    characters = choose(recipe.n_classes, generator=g)
    scripts = tuple(sorted({script_of(c) for c in characters}))
    script = torch.tensor([scripts.index(script_of(c)) for c in characters])
    part = deal_classes(script, generator=g)
    held = torch.tensor([[c in characters_of(f) for f in FONTS] for c in characters])

    y = torch.arange(recipe.n_classes).repeat_interleave(recipe.per_class)  # (n,)
    n = len(y)
    font = torch.multinomial(held[y].float(), 1, generator=g)[:, 0]
    angle = ANGLE * (2 * torch.rand(n, generator=g) - 1)
    scale = SCALE[0] + (SCALE[1] - SCALE[0]) * torch.rand(n, generator=g)
    shift = SHIFT * recipe.size * (2 * torch.rand(n, 2, generator=g) - 1)
    polarity = torch.ones(n, dtype=torch.int64)
    if recipe.mixed_polarity:
        polarity -= 2 * torch.randint(2, (n,), generator=g)

    pairs, pair = torch.stack([y, font], 1).unique(dim=0, return_inverse=True)
    upright = _upright(characters, pairs, size=recipe.size)
    parts = []
    for rows in torch.arange(n).split(1000):  # bounds the memory of the grids
        ink = upright[pair[rows]]
        x = pose(ink, angle=angle[rows], scale=scale[rows], shift=shift[rows])
        x = torch.where(polarity[rows].view(-1, 1, 1, 1) > 0, x, 1 - x)
        x = (x + NOISE * torch.randn(x.shape, generator=g)).clamp(0, 1)
        parts.append((255 * x).round().to(torch.uint8))

    tensors = {"x": torch.cat(parts), "y": y, "part": part[y], "script": script[y]}
    tensors |= {"font": font, "angle": angle, "scale": scale, "shift": shift}
    tensors |= {"polarity": polarity}
    names = {"characters": np.array(characters), "scripts": np.array(scripts)}
    return {key: value.numpy() for key, value in tensors.items()} | names


def _upright(
    characters: tuple[str, ...], pairs: Int64[Tensor, "m 2"], *, size: int
) -> Float32[Tensor, "m 1 twice twice"]:
    """Return every (character, font) once, upright, at twice the size."""
    ink = round(2 * INK * size)
    images = [
        draw_upright(characters[c], FONTS[f], side=2 * size, ink=ink)
        for c, f in pairs.tolist()
    ]
    return torch.from_numpy(np.stack(images))[:, None] / 255
