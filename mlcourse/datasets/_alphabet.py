"""Which characters are classes of the glyphs, and to which script each belongs."""

from collections import Counter
from functools import cache

import numpy as np
from fontTools import unicodedata

from mlcourse.datasets._fonts import FONTS, characters_of
from mlcourse.datasets._raster import draw_upright

MIN_FONTS = 6
LOOKALIKE = 0.9  # cosine of two upright drawings of 24 x 24 pixels
_CATEGORIES = {"Lu", "Ll", "Lt", "Lo", "Nd", "No", "Sm", "So", "Sc", "Po", "Ps", "Pe"}
_NO_SHAPE = {"Braille Patterns", "Box Drawing", "Block Elements", "Specials"}


def script_of(character: str) -> str:
    """Return the script of a letter, the kind of any other character."""
    category = unicodedata.category(character)
    if category == "Nd":
        return "Digit"
    script = unicodedata.script_name(unicodedata.script(character))
    if script not in {"Common", "Inherited"}:
        return str(script)
    if "Arrow" in unicodedata.block(character):
        return "Arrow"
    return {"S": "Symbol", "P": "Punctuation"}.get(
        "Mathematics" if category == "Sm" else category[0],
        "Mathematics" if category == "Sm" else "Symbol",
    )


def is_accented(character: str) -> bool:
    """Return whether Unicode composes the character of a letter and a mark."""
    return bool(unicodedata.decomposition(character))


def _is_candidate(character: str) -> bool:
    return (
        unicodedata.category(character) in _CATEGORIES
        and unicodedata.block(character) not in _NO_SHAPE
        and "<" not in unicodedata.decomposition(character)
    )


@cache
def alphabet() -> tuple[str, ...]:
    """Return all classes, in the order of Unicode; of look-alikes the first stays."""
    holders = Counter(c for font in FONTS for c in characters_of(font))
    held = [c for c, n in holders.items() if n >= MIN_FONTS and _is_candidate(c)]
    held = [c for c in held if c in characters_of("DejaVuSans")]
    held.sort(key=lambda c: (is_accented(c), c))
    images = [draw_upright(c, "DejaVuSans", side=24, ink=24).ravel() for c in held]
    x = np.asarray(images, dtype=np.float32)
    norm = np.linalg.norm(x, axis=1, keepdims=True)
    cosine = (x / np.maximum(norm, 1)) @ (x / np.maximum(norm, 1)).T
    kept: list[int] = []
    for i in range(len(held)):
        if norm[i] > 0 and not (cosine[i, kept] >= LOOKALIKE).any():
            kept.append(i)
    return tuple(sorted(held[i] for i in kept))
