"""CSV files, in and out, that no spreadsheet takes for programs."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mlcourse.grading.files import write
from mlcourse.grading.layouts import as_name

Key = tuple[str, str, str]  # student, exercise, task
Marks = dict[Key, float]
Line = Mapping[str, str]
Table = tuple[list[str], Sequence[Line]]  # header and lines

#: Where a cell begins, for some spreadsheet; what makes it a formula there.
BEGIN, SIGN = r"(^|[;\t\n])", r"'* *[=+@\-\uff1d\uff0b\uff20\uff0d]"
FORMULA = re.compile(rf"{BEGIN}({SIGN})")


class TableError(Exception):
    """A roster or a table of marks that cannot be used; the text says what to do."""


def read_table(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """Return a CSV file's rows; raises TableError where a needed column is absent.

    A row that is shorter than the header is empty where it ends.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TableError(f"{path} is not UTF-8 text; save it as CSV UTF-8") from None
    reader = csv.DictReader(io.StringIO(text), restval="")
    try:
        found = reader.fieldnames or ()
        rows = list(reader)
    except csv.Error as error:
        raise TableError(f"{path}, after line {reader.line_num}: {error}") from None
    if absent := [name for name in needed if name not in found]:
        raise TableError(
            f"{path} has no column {', '.join(absent)}; its first line must name its "
            "columns, with commas between"
        )
    return rows


def read_marks(path: Path) -> Marks:
    """Return the points that a person gave, by student, exercise and task.

    A spreadsheet that has made 1.6 of task 01.6 is forgiven.
    """
    marks = {}
    for line in read_table(path, ("student", "exercise", "task", "points", "max")):
        if text := line["points"].strip():
            try:
                points = float(text)
                fits = 0 <= points <= float(line["max"] or 1000)
            except ValueError:
                fits = False
            if not fits:
                where = f"{line['student']}, task {line['task']}"
                raise TableError(
                    f"{path}: {text!r} points for {where}; expected 0 to {line['max']}"
                )
            task = line["task"].strip()
            task = f"0{task}" if task[1:2] == "." else task
            student = as_name(_bare(line["student"]))
            marks[student, line["exercise"].strip(), task] = points
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
    """Return text that no spreadsheet takes for a formula; a number stays one.

    Where a semicolon is read as the comma, a cell may begin within the text, too.

    >>> _cell("=1"), _cell("a;=1"), _cell("-1"), _cell("'=1"), _bare("''=1")
    ("'=1", "a;'=1", '-1', "''=1", "'=1")
    """
    if re.fullmatch(r"-?\d+(\.\d+)?", value):
        return value
    return FORMULA.sub(r"\1'\2", re.sub(r"\r\n?", "\n", value))


def _bare(value: str) -> str:
    """Return a cell as it was before _cell."""
    return re.sub(rf"{BEGIN}'({SIGN})", r"\1\2", value)
