"""Which characters are classes of the glyphs, and to which script each belongs."""

from collections import Counter
from functools import cache

import numpy as np
import torch
from fontTools import unicodedata
from torch.nn.functional import avg_pool2d, normalize

from mlcourse.datasets._fonts import FONTS, characters_of
from mlcourse.datasets._raster import draw_upright

MIN_FONTS = 6
LOOKALIKE = 0.92  # cosine of two upright drawings
_REFERENCE = "DejaVuSans"  # the font in which characters are compared
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
    """Return all classes, in Unicode's order; of look-alikes only the first is one."""
    holders = Counter(c for font in FONTS for c in characters_of(font))
    held = [c for c, n in holders.items() if n >= MIN_FONTS and _is_candidate(c)]
    held.sort(key=lambda c: (is_accented(c), c))
    images = [draw_upright(c, _REFERENCE, side=28, ink=24) for c in held]
    x = torch.from_numpy(np.stack(images)).float()
    # Blurred, so that a thin stroke moved by one pixel still counts as the same stroke.
    x = normalize(avg_pool2d(x[:, None], 3, 1, 1).flatten(1))
    alike = (x @ x.T >= LOOKALIKE).numpy()
    kept: list[int] = []
    for i in range(len(held)):
        if not alike[i, kept].any():
            kept.append(i)
    return tuple(sorted(held[i] for i in kept))


def _is_candidate(character: str) -> bool:
    """Return whether the character has a shape of its own and is no mere variant."""
    return (
        unicodedata.category(character) in _CATEGORIES
        and unicodedata.block(character) not in _NO_SHAPE
        and "<" not in unicodedata.decomposition(character)  # as in ² = <super> 2
        and character in characters_of(_REFERENCE)
    )
