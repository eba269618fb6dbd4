"""One request: the missing bytes of a file, appended to those that are here."""

from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

#: Called with the bytes received so far and the bytes expected (0 where unknown).
Progress = Callable[[int, int], object]
_CHUNK = 1 << 16
_TIMEOUT = 30.0  # seconds without a byte


class DownloadError(OSError):
    """A file could not be fetched; the message is one line and says what to do."""


def receive(url: str, part: Path, *, by_hand: str, progress: Progress | None) -> None:
    """Append to the part what is missing, or write all of it if the server insists.

    Raises DownloadError for the network's failures, any other OSError for the disk's.
    """
    host = urlsplit(url).hostname
    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    try:
        response = urlopen(Request(url, headers=headers), timeout=_TIMEOUT)
    except HTTPError as error:
        error.close()
        if have and error.code == 416:  # no byte is missing: the checksum decides
            return
        answer = f"{error.code} {error.reason}"
        raise DownloadError(f"{host} answered {answer}; {by_hand}") from error
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise DownloadError(f"could not reach {host} ({reason}); {by_hand}") from error
    with response:
        if not _continues(response, have):
            have = 0
        with part.open("ab" if have else "wb") as file:
            _copy(response, file, have, host=f"{host}", progress=progress)


def _continues(response: HTTPResponse, have: int) -> bool:
    """Return whether the body starts at byte `have`: some servers send all again."""
    start = response.headers.get("Content-Range", "").removeprefix("bytes ")
    return response.status == 206 and start.startswith(f"{have}-")


def _copy(
    response: HTTPResponse,
    file: BinaryIO,
    have: int,
    *,
    host: str,
    progress: Progress | None,
) -> None:
    """Write the body chunk by chunk; raise DownloadError if it ends too early."""
    length = int(response.headers.get("Content-Length", 0))
    total = have + length if length else 0
    reason: object = "the connection was closed"
    while True:
        try:
            chunk = response.read(_CHUNK)
        except (OSError, HTTPException) as error:
            chunk, reason, total = b"", error, max(total, have + 1)
        if not chunk:
            break
        file.write(chunk)
        have += len(chunk)
        if progress is not None:
            progress(have, total)
    if have < total:
        raise DownloadError(
            f"{host} sent {have} of {total} bytes ({reason}); "
            "run it again: it goes on from there"
        )
