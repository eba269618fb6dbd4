"""The cache folder, and arrays kept in it: whole or not at all."""

import hashlib
import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from platformdirs import user_cache_dir

Arrays = dict[str, np.ndarray]
_DIGEST = hashlib.sha256().digest_size  # bytes in front of the npz archive


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
    """Return the arrays of a file; None if there is none or its checksum is wrong."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(data[_DIGEST:]).digest() != data[:_DIGEST]:
        return None
    with np.load(io.BytesIO(data[_DIGEST:]), allow_pickle=False) as archive:
        return dict(archive)


def _store(path: Path, arrays: Arrays) -> None:
    """Write a file beside the path, then rename it: others see all of it or nothing."""
    body = io.BytesIO()
    np.savez(body, allow_pickle=False, **arrays)
    data = body.getvalue()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(".part", path.name, path.parent)
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(data).digest() + data)
        Path(part).replace(path)
    except OSError:
        Path(part).unlink(missing_ok=True)
    except BaseException:  # Ctrl-C: clean up, then stop
        Path(part).unlink(missing_ok=True)
        raise
