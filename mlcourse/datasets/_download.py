"""Files fetched on request: resumed, verified, and put in place whole or not at all."""

import errno
import hashlib
from pathlib import Path

from mlcourse.datasets._http import DownloadError, Progress, receive


def require(
    path: Path,
    *,
    url: str,
    checksum: str,
    fetch: bool,
    progress: Progress | None = None,
    note: str = "",
) -> Path:
    """Return the path of a file that is there, or, if asked to, of one fetched now.

    The note ends an error that says how to get the file by hand.
    """
    if path.is_file():
        return path
    if fetch:
        return download(url, path, checksum=checksum, progress=progress, note=note)
    raise FileNotFoundError(
        f"{path.name} is not in {path.parent}; fetch it with download=True, "
        f"or get it from {url} by hand and put it there{note}"
    )


def verified(path: Path, checksum: str) -> Path:
    """Return the path of a file with this checksum; raise ValueError for another."""
    algorithm, expected, got = _compare(path, checksum)
    if got != expected:
        raise ValueError(
            f"{path} must have {algorithm} {expected}, got {got}: it is damaged, or "
            "another file under this name; delete it and get it again"
        )
    return path


def download(
    url: str,
    path: Path,
    *,
    checksum: str,
    progress: Progress | None = None,
    note: str = "",
) -> Path:
    """Fetch a file into PATH.part, going on where an earlier try ended; then rename it.

    Parameters
    ----------
    checksum : ``"md5:..."`` or ``"sha256:..."``, in hexadecimal digits.
    progress : called after every chunk.

    Raises
    ------
    DownloadError : no answer, a broken or a wrong one, or no room on the disk; in one
        line. There is never anything at the path but the whole file.

    """
    part = path.with_name(f"{path.name}.part")
    by_hand = f"get {path.name} from {url} by hand and put it in {path.parent}{note}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        receive(url, part, by_hand=by_hand, progress=progress)
        _verify(part, checksum, by_hand=by_hand)
        part.replace(path)
    except DownloadError:
        raise
    except OSError as error:
        if error.errno == errno.ENOSPC:
            part.unlink(missing_ok=True)
        reason = error.strerror or error
        message = f"could not write {path} ({reason}); make room or choose another root"
        raise DownloadError(message) from error
    return path


def _verify(part: Path, checksum: str, *, by_hand: str) -> None:
    """Remove the part and raise DownloadError unless it has this checksum."""
    algorithm, expected, got = _compare(part, checksum)
    if got != expected:
        part.unlink()
        raise DownloadError(
            f"what came was damaged and is removed: expected {algorithm} {expected}, "
            f"got {got}; run it again, or {by_hand}"
        )


def _compare(path: Path, checksum: str) -> tuple[str, str, str]:
    """Return the algorithm, and what it should give and gives for this file."""
    algorithm, _, expected = checksum.partition(":")
    with path.open("rb") as file:
        return algorithm, expected, hashlib.file_digest(file, algorithm).hexdigest()
