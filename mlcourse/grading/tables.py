"""CSV files, in and out, that no spreadsheet takes for programs."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mlcourse.grading.files import write

Marks = dict[tuple[str, str, str], float]
Line = Mapping[str, str]


class TableError(Exception):
    """A roster or a table of marks that cannot be used; the text says what to do."""


def read_table(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """Return a CSV file's rows; raises TableError where a needed column is absent."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path} cannot be read as UTF-8 text: {error}") from None
    reader = csv.DictReader(io.StringIO(text))
    if absent := [name for name in needed if name not in (reader.fieldnames or ())]:
        raise TableError(f"{path} has no column {', '.join(absent)}")
    return list(reader)


def read_marks(path: Path) -> Marks:
    """Return the points that a person gave, by student, exercise and task."""
    marks = {}
    for line in read_table(path, ("student", "exercise", "task", "points", "max")):
        if text := line["points"].strip():
            try:
                points = float(text)
                fits = 0 <= points <= float(line["max"])
            except ValueError:
                fits = False
            if not fits:
                where = f"{line['student']}, task {line['task']}"
                raise TableError(
                    f"{path}: {text!r} points for {where}; expected 0 to {line['max']}"
                )
            key = (_bare(line["student"]), line["exercise"], line["task"])
            marks[key] = points
    return marks


def write_table(path: Path, header: Sequence[str], lines: Iterable[Line]) -> None:
    """Write the lines below the header, the old file whole until the very end."""
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", lineterminator="\n")
    writer.writeheader()
    for line in lines:
        writer.writerow({name: _cell(value) for name, value in line.items()})
    write(path, text.getvalue().encode())


def _cell(value: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _bare(value: str) -> str:
    """Return a cell as it was before _cell."""
    return value[1:] if value[:2] in ("'=", "'+", "'-", "'@", "'\t", "'\r") else value
