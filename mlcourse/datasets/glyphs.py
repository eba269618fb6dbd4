"""Glyphs: many character classes with known factors, drawn from matplotlib's fonts."""

from dataclasses import dataclass, fields

import torch
from jaxtyping import Float32, Int64
from torch import Generator, Tensor

from mlcourse.datasets._alphabet import alphabet
from mlcourse.datasets._cache import Arrays, cached
from mlcourse.datasets._fonts import FONTS
from mlcourse.datasets._paint import make_glyphs
from mlcourse.datasets._recipe import Recipe


@dataclass(frozen=True, eq=False)
class GlyphImages:
    """n images of some of the characters, with the factors that made each of them."""

    x: Float32[Tensor, "n 1 size size"]  # in [0, 1]
    y: Int64[Tensor, " n"]  # index into characters
    script: Int64[Tensor, " n"]  # index into scripts
    font: Int64[Tensor, " n"]  # index into fonts
    angle: Float32[Tensor, " n"]  # degrees, counter-clockwise as seen
    scale: Float32[Tensor, " n"]  # ratio
    shift: Float32[Tensor, "n 2"]  # pixels, (right, down)
    polarity: Int64[Tensor, " n"]  # +1: ink is 1; -1: ink is 0


@dataclass(frozen=True, eq=False)
class Glyphs:
    """Three sets of images that share no class, and the names behind the numbers."""

    train: GlyphImages
    validation: GlyphImages
    test: GlyphImages
    characters: tuple[str, ...]
    scripts: tuple[str, ...]
    fonts: tuple[str, ...]


def glyph_classes() -> tuple[str, ...]:
    """Return every character that can be a class, in Unicode's order.

    A class is held by at least 6 of the 16 fonts; of characters that look alike
    (I, l, |; A and the Greek Alpha) only one is a class.

    >>> len(glyph_classes()) >= 1000
    True
    """
    return alphabet()


def glyphs(
    *,
    generator: Generator,
    n_classes: int = 200,
    per_class: int = 20,
    size: int = 28,
    mixed_polarity: bool = False,
) -> Glyphs:
    r"""Return images of characters; classes go 2 : 1 : 1 to train, validation, test.

    .. math::
        x(u) = \text{clip}\bigl(\text{ink}_{\text{character},\,\text{font}}
            (R(-\alpha)(u - t)/s) + \epsilon\bigr)

    with the font drawn from those that hold the character, angle :math:`\alpha` within
    20 degrees, scale s in [0.75, 1.15], shift t within size / 10 pixels, each uniform,
    and noise :math:`\epsilon \sim N(0, 0.05^2)`. One set of images, three notions of
    similarity: same character, same script, same font.

    Parameters
    ----------
    generator : moves on by one draw, the seed of classes, split and factors.
    n_classes : 4 to ``len(glyph_classes())``. Scripts take turns, so that each has as
        many classes as the next while it lasts; one with 4 or more is in every part.
    per_class : images per class.
    size : pixels a side, 8 or more.
    mixed_polarity : whether to invert every image with probability 1/2. Off by default:
        in raw pixels it hides the character, an image and its inverse being opposites.

    Returns
    -------
    Images and names, kept in the cache folder (``$MLCOURSE_CACHE`` or the user's).
    Equal arguments and an equal state of the generator give equal images.

    Raises
    ------
    ValueError : where n_classes, per_class or size is out of range.

    Source: the fonts DejaVu and STIX in matplotlib's wheel; ours in everything else.

    >>> generator = torch.Generator().manual_seed(0)
    >>> data = glyphs(n_classes=8, per_class=3, generator=generator)
    >>> data.train.x.shape, len(data.validation.y), len(data.test.y)
    (torch.Size([12, 1, 28, 28]), 6, 6)

    """
    seed = int(torch.randint(2**62, (), generator=generator, device=generator.device))
    recipe = Recipe(
        seed=seed,
        n_classes=n_classes,
        per_class=per_class,
        size=size,
        mixed_polarity=mixed_polarity,
    )
    arrays = cached(recipe.file_name(), lambda: make_glyphs(recipe))
    train, validation, test = (_images(arrays, part) for part in range(3))
    characters, scripts = (tuple(arrays[k].tolist()) for k in ("characters", "scripts"))
    return Glyphs(train, validation, test, characters, scripts, FONTS)


def _images(arrays: Arrays, part: int) -> GlyphImages:
    """Return the images of the classes in this part."""
    rows = arrays["part"] == part
    factors = {
        field.name: torch.from_numpy(arrays[field.name][rows])
        for field in fields(GlyphImages)
    }
    return GlyphImages(**factors | {"x": factors["x"].float() / 255})
