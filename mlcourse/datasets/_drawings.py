"""Omniglot's archives, read in place: nothing is ever unpacked."""

import io
import re
import zipfile
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

_SIDE = 105  # pixels, of every drawing
_MEMBER = re.compile(r"[^/]+/([^/]+)/character(\d+)/\d+_(\d+)\.png")

#: Alphabet, character within it, drawer within it (from 1).
Key = tuple[str, str, int]
Drawings = dict[Key, UInt8[np.ndarray, "size size"]]


def read_drawings(path: Path, *, size: int) -> Drawings:
    """Return every drawing of an archive, ink = 255, by alphabet, character and drawer.

    Raises ValueError where the archive is damaged or holds other images.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".png")]
            return {_key(name, path): _read(archive, name, size=size) for name in names}
    except (zipfile.BadZipFile, zlib.error, EOFError, UnidentifiedImageError) as error:
        raise ValueError(
            f"{path} is damaged ({error}); delete it and fetch it again"
        ) from error


def _key(name: str, path: Path) -> Key:
    """Return what the name of a member says: ARCHIVE/Greek/character01/0394_07.png."""
    match = _MEMBER.fullmatch(name)
    if match is None:
        raise ValueError(
            f"{path} must hold ALPHABET/characterNN/XXXX_YY.png, got {name}; "
            "is it another archive under this name?"
        )
    alphabet, character, drawer = match.groups()
    return alphabet, character, int(drawer)


def _read(
    archive: zipfile.ZipFile, name: str, *, size: int
) -> UInt8[np.ndarray, "size size"]:
    """Return one drawing, reduced by area; in the file the ink is 0, the paper 1."""
    with Image.open(io.BytesIO(archive.read(name))) as image:
        if image.size != (_SIDE, _SIDE):
            raise ValueError(
                f"{archive.filename} must hold images of {_SIDE} x {_SIDE} pixels, "
                f"got {image.size[0]} x {image.size[1]} in {name}"
            )
        paper = image.convert("L").resize((size, size), Image.Resampling.BOX)
    return 255 - np.asarray(paper)
