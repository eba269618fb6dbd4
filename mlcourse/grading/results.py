"""``results.jsonl``: one line a graded notebook, synced before the next is graded."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class ResultsError(Exception):
    """A file of results that cannot be gone on with; the text says what to do."""


@contextlib.contextmanager
def only_writer(out: Path) -> Iterator[None]:
    """Hold a folder of results, and make it: no other run writes to it meanwhile."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ResultsError(
                f"another run is writing to {out}; wait for it, or name another --out"
            ) from None
        yield


def read_rows(out: Path) -> list[Row]:
    """Return the rows of ``results.jsonl``; a last line that was cut off is removed."""
    path = out / "results.jsonl"
    if not path.exists():
        return []
    *lines, torn = path.read_bytes().split(b"\n")
    if torn:
        os.truncate(path, path.stat().st_size - len(torn))
    try:
        return [json.loads(line) for line in lines]
    except ValueError as error:
        raise ResultsError(
            f"{path} is damaged ({error}); restore it, or move it away, to grade anew"
        ) from None


def append(out: Path, row: Row) -> None:
    """Add a row; when this returns it is on the disk."""
    with (out / "results.jsonl").open("ab") as file:
        file.write(json.dumps(row).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
