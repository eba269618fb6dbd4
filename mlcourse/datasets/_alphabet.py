"""Which characters are classes of the glyphs, and to which script each belongs."""

from collections import Counter
from functools import cache

import numpy as np
import torch
from fontTools import unicodedata
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, normalize

from mlcourse.datasets._fonts import FONTS, characters_of
from mlcourse.datasets._raster import draw_upright

MIN_FONTS = 6
LOOKALIKE = 0.95  # cosine of two upright drawings
_PLAIN, _BOLD = "DejaVuSans", "DejaVuSans-Bold"  # in which they are compared
_CATEGORIES = {"Lu", "Ll", "Lt", "Lo", "Nd", "No", "Sm", "So", "Sc", "Po", "Ps", "Pe"}
_NO_SHAPE = {"Braille Patterns", "Box Drawing", "Block Elements", "Specials"}


def script_of(character: str) -> str:
    """Return the script of a letter, the kind of any other character.

    >>> [script_of(c) for c in "Aя7→∑☂"]
    ['Latin', 'Cyrillic', 'Digit', 'Arrow', 'Mathematics', 'Symbol']
    """
    if unicodedata.category(character) == "Nd":
        return "Digit"
    script = str(unicodedata.script_name(unicodedata.script(character)))
    if script not in {"Common", "Inherited"}:
        return script
    if "Arrow" in unicodedata.block(character):
        return "Arrow"
    return "Mathematics" if unicodedata.category(character) == "Sm" else "Symbol"


def is_accented(character: str) -> bool:
    """Return whether Unicode composes the character of a base and a mark."""
    return bool(unicodedata.decomposition(character))


@cache
def alphabet() -> tuple[str, ...]:
    """Return all classes in Unicode's order: of look-alikes one, a letter if it can."""
    holders = Counter(c for font in FONTS for c in characters_of(font))
    held = [c for c, n in holders.items() if n >= MIN_FONTS and _is_candidate(c)]
    held.sort(key=lambda c: (is_accented(c), unicodedata.category(c)[0] not in "LN", c))
    plain, bold = _drawings(held, _PLAIN), _drawings(held, _BOLD)
    cosine = torch.stack([plain @ plain.T, bold @ bold.T, plain @ bold.T])
    nearest = torch.maximum(cosine.amax(0), cosine[2].T)
    alike = (nearest >= LOOKALIKE).numpy()
    kept: list[int] = []
    for i in range(len(held)):
        if not alike[i, kept].any():
            kept.append(i)
    return tuple(sorted(held[i] for i in kept))


def _drawings(characters: list[str], font: str) -> Float[Tensor, "c pixels"]:
    """Return one upright drawing of each as a unit vector.

    Blurred, so that a thin stroke moved by one pixel still counts as the same stroke.
    """
    images = [draw_upright(c, font, side=28, ink=24) for c in characters]
    x = torch.from_numpy(np.stack(images)).float()
    return normalize(avg_pool2d(x[:, None], 3, 1, 1).flatten(1))


def _is_candidate(character: str) -> bool:
    """Return whether the character has a shape of its own and is no mere variant."""
    return (
        unicodedata.category(character) in _CATEGORIES
        and unicodedata.block(character) not in _NO_SHAPE
        and "<" not in unicodedata.decomposition(character)  # as in ² = <super> 2
        and all(character in characters_of(font) for font in (_PLAIN, _BOLD))
    )
