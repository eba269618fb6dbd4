"""Everything that the images of the glyphs depend on, and the name it gives them."""

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from PIL import features

_SOURCES = ("_alphabet", "_classes", "_fonts", "_paint", "_raster", "splits")
#: The code that draws, as it was imported: other code, other images, other names.
_CODE = b"".join(Path(__file__).with_name(f"{s}.py").read_bytes() for s in _SOURCES)
_PACKAGES = ("fonttools", "matplotlib", "numpy", "pillow", "torch")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What to draw; equal recipes give equal images."""

    seed: int
    n_classes: int
    per_class: int
    size: int
    mixed_polarity: bool

    def __post_init__(self) -> None:
        """Raise ValueError where a number is too small."""
        for name, least in (("n_classes", 4), ("per_class", 1), ("size", 8)):
            if getattr(self, name) < least:
                value = getattr(self, name)
                raise ValueError(f"{name} must be at least {least}, got {value}")

    def file_name(self) -> str:
        """Return the name in the cache, of recipe and tools."""
        tools = [f"{package} {version(package)}" for package in _PACKAGES]
        tools.append(f"freetype {features.version('freetype2')}")
        digest = hashlib.sha256(repr((self, tools)).encode() + _CODE).hexdigest()
        return f"glyphs-{digest[:20]}.cache"
