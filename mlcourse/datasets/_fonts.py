"""The sixteen fonts of the glyphs: where they lie and which characters they hold."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fontTools.ttLib import TTFont

#: Complete text fonts of matplotlib's wheel; the others hold parts or placeholders.
FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-BoldOblique",
    "DejaVuSans-Oblique",
    "DejaVuSansMono",
    "DejaVuSansMono-Bold",
    "DejaVuSansMono-BoldOblique",
    "DejaVuSansMono-Oblique",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "DejaVuSerif-BoldItalic",
    "DejaVuSerif-Italic",
    "STIXGeneral",
    "STIXGeneralBol",
    "STIXGeneralBolIta",
    "STIXGeneralItalic",
)


def font_path(font: str) -> Path:
    """Return the font's file, found without importing matplotlib."""
    spec = find_spec("matplotlib")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        path = Path(folder, "mpl-data", "fonts", "ttf", f"{font}.ttf")
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"the font {font}.ttf of matplotlib was not found; "
        "install matplotlib from its wheel: pip install --force-reinstall matplotlib"
    )


@cache
def characters_of(font: str) -> frozenset[str]:
    """Return the characters for which the font has a glyph of its own."""
    with TTFont(font_path(font), lazy=True) as ttf:
        return frozenset(chr(code) for code in ttf.getBestCmap())
