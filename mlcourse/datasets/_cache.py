"""The cache folder, and arrays kept in it: whole or not at all."""

import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from platformdirs import user_cache_dir

Arrays = dict[str, np.ndarray]


def cache_folder() -> Path:
    """Return the folder for data: $MLCOURSE_CACHE, or else the user's cache folder."""
    return Path(os.environ.get("MLCOURSE_CACHE") or user_cache_dir("mlcourse"))


def cached(name: str, make: Callable[[], Arrays]) -> Arrays:
    """Return the arrays kept under this name, made and kept now if there are none.

    A file that is damaged counts as absent. Where the cache cannot be written (disk
    full, folder read-only) the arrays are made again next time: no error, no warning.
    """
    path = cache_folder() / name
    arrays = _load(path)
    if arrays is None:
        arrays = make()
        _store(path, arrays)
    return arrays


def _load(path: Path) -> Arrays | None:
    """Return the arrays of a file, each verified by its checksum; None if in doubt."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except (OSError, EOFError, ValueError, AttributeError, NotImplementedError):
        return None  # absent, unreadable, or not an archive of arrays
    except (zipfile.BadZipFile, zlib.error):
        return None  # cut off or changed


def _store(path: Path, arrays: Arrays) -> None:
    """Write a file beside the path, then rename it: others see all of it or nothing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(".part", path.name, path.parent)
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        Path(part).replace(path)
    except OSError:
        Path(part).unlink(missing_ok=True)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
