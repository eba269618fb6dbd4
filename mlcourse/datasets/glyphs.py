"""Glyphs: many character classes with known factors, drawn from matplotlib's fonts."""

from dataclasses import dataclass

import torch
from jaxtyping import Float32, Int64
from torch import Generator, Tensor

from mlcourse.datasets._alphabet import alphabet, is_accented, script_of
from mlcourse.datasets._fonts import FONTS, characters_of
from mlcourse.datasets._raster import draw_upright, pose


@dataclass(frozen=True)
class GlyphImages:
    """n images of some of the characters, with the factors that made each of them."""

    x: Float32[Tensor, "n 1 size size"]  # in [0, 1]
    y: Int64[Tensor, " n"]  # index into characters
    script: Int64[Tensor, " n"]  # index into scripts
    font: Int64[Tensor, " n"]  # index into fonts
    angle: Float32[Tensor, " n"]  # degrees, counter-clockwise
    scale: Float32[Tensor, " n"]  # ratio
    shift: Float32[Tensor, "n 2"]  # pixels, (right, down)
    polarity: Int64[Tensor, " n"]  # +1: ink is 1; -1: ink is 0


@dataclass(frozen=True)
class Glyphs:
    """Three sets of images that share no class, and the names of classes and factors."""

    train: GlyphImages
    validation: GlyphImages
    test: GlyphImages
    characters: tuple[str, ...]
    scripts: tuple[str, ...]
    fonts: tuple[str, ...]


def glyph_classes() -> tuple[str, ...]:
    """Return every character that can be a class, in the order of Unicode."""
    return alphabet()


def glyphs(
    *,
    generator: Generator,
    n_classes: int = 200,
    per_class: int = 20,
    size: int = 28,
    mixed_polarity: bool = False,
) -> Glyphs:
    """Return images of characters: half of the classes to train, a quarter to validate."""
    seed = int(torch.randint(2**62, (), generator=generator, device=generator.device))
    g = torch.Generator().manual_seed(seed)
    characters = _choose(n_classes, g)
    scripts = tuple(sorted({script_of(c) for c in characters}))
    script = torch.tensor([scripts.index(script_of(c)) for c in characters])

    y = torch.arange(n_classes).repeat_interleave(per_class)
    n = len(y)
    held = [
        [f for f, name in enumerate(FONTS) if c in characters_of(name)]
        for c in characters
    ]
    u = torch.rand(n, generator=g).tolist()
    font = torch.tensor(
        [held[c][int(v * len(held[c]))] for c, v in zip(y.tolist(), u, strict=True)]
    )
    angle = 20 * (2 * torch.rand(n, generator=g) - 1)
    scale = 0.75 + 0.4 * torch.rand(n, generator=g)
    shift = size / 14 * (2 * torch.rand(n, 2, generator=g) - 1)
    polarity = torch.ones(n, dtype=torch.int64)
    if mixed_polarity:
        polarity -= 2 * torch.randint(2, (n,), generator=g)

    pairs = list(zip(y.tolist(), font.tolist(), strict=True))
    ink = round(2 * size * 18 / 28)
    upright = {
        (c, f): torch.from_numpy(
            draw_upright(characters[c], FONTS[f], side=2 * size, ink=ink).copy()
        )
        for c, f in set(pairs)
    }
    parts = []
    for rows in torch.arange(n).split(1000):
        pixels = torch.stack([upright[pairs[i]] for i in rows.tolist()])[:, None] / 255
        parts.append(
            pose(pixels, angle=angle[rows], scale=scale[rows], shift=shift[rows])
        )
    x = torch.cat(parts)
    x = torch.where(polarity.view(n, 1, 1, 1) > 0, x, 1 - x)
    x = (x + 0.05 * torch.randn(x.shape, generator=g)).clamp(0, 1)
    x = (255 * x).round() / 255

    part = _deal(script, g)[y]
    images = []
    for p in range(3):
        r = part == p
        images.append(
            GlyphImages(
                x[r],
                y[r],
                script[y][r],
                font[r],
                angle[r],
                scale[r],
                shift[r],
                polarity[r],
            )
        )
    return Glyphs(*images, characters, scripts, FONTS)


def _choose(n_classes: int, generator: Generator) -> tuple[str, ...]:
    """Draw classes script by script in turn; accented letters come last."""
    order = torch.randperm(len(alphabet()), generator=generator).tolist()
    shuffled = sorted((alphabet()[i] for i in order), key=is_accented)
    turn: dict[str, int] = {}
    ranked = []
    for c in shuffled:
        s = script_of(c)
        turn[s] = turn.get(s, -1) + 1
        ranked.append((turn[s], c))
    ranked.sort(key=lambda r: r[0])
    return tuple(sorted(c for _, c in ranked[:n_classes]))


def _deal(script: Tensor, generator: Generator) -> Tensor:
    """Return the part of each class: 0 train, 1 validation, 2 test; script by script."""
    order = torch.randperm(len(script), generator=generator)
    order = order[torch.argsort(script[order], stable=True)]
    part = torch.empty_like(script)
    part[order] = torch.tensor([0, 1, 0, 2]).repeat(len(script))[: len(script)]
    return part
