"""``results.jsonl``: one line a graded notebook, synced before the next is graded."""

import json
import os
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class ResultsError(Exception):
    """A file of results that cannot be gone on with; the text says what to do."""


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
        raise ResultsError(f"{path} is damaged ({error}); restore it") from None


def append(out: Path, row: Row) -> None:
    """Add a row; when this returns it is on the disk."""
    with (out / "results.jsonl").open("ab") as file:
        file.write(json.dumps(row).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
