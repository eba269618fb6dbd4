"""Find the notebooks that were handed in, and read them as data."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from mlcourse.grading.layouts import as_name, as_text, handed_in
from mlcourse.grading.notebook import (
    NotebookError,
    code_cells,
    guess_exercise,
    is_lecture,
    parse_notebook,
    read_regular,
)

#: Bytes of code in one notebook; a course's exercise has a few thousand.
CODE = 2 << 20


@dataclass(frozen=True)
class Submission:
    """One student's notebook of one exercise; with a ``problem``, unreadable."""

    student: str
    file: str  # seen from the folder of submissions
    exercise: str = ""
    problem: str = ""
    sha256: str = ""
    submitted: str = ""
    cells: list[str] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    lecture: bool = False  # which counts only where there is nothing else


def find(
    folder: Path,
    checks: Mapping[str, Path],
    *,
    only: str | None = None,
    out: Path | None = None,
) -> list[Submission]:
    """Return the submissions in ``folder``, one a student and exercise, in order.

    Of several notebooks of one student for one exercise the newest counts. ``only``
    names an exercise; ``out``, the folder of results, is nobody's.
    """
    newest: dict[tuple[str, str], Submission] = {}
    for student, path, problem in handed_in(folder, out):
        found = _read(folder, student, path, problem, checks, only)
        if only and found.exercise not in ("", only):
            if path.parent != folder:
                continue  # of several exercises of one student, only this is asked for
            other = f"{path.name} answers {found.exercise}, not {only}"
            found = replace(found, exercise=only, problem=as_text(other))
        key = (found.student, found.exercise)
        if known := newest.get(key):
            found = _instead(
                *sorted((known, found), key=lambda s: (not s.lecture, s.submitted))
            )
        newest[key] = found
    exercises = {exercise for _, exercise in newest if exercise}
    if len(exercises) == 1:  # then the others can hardly be another
        (name,) = exercises
        for student, _ in [key for key in newest if not key[1]]:
            found, key = newest.pop((student, "")), (student, name)
            known = newest.get(key)
            found = replace(found, exercise=name)
            newest[key] = _instead(found, known) if known else found
    return [newest[key] for key in sorted(newest)]


def _instead(other: Submission, found: Submission) -> Submission:
    note = f"several notebooks: {found.file} graded, not {other.file}"
    return replace(found, notes=(*found.notes, note))


def _read(
    folder: Path,
    student: str,
    path: Path,
    problem: str,
    checks: Mapping[str, Path],
    only: str | None,
) -> Submission:
    student = as_name(student)
    file = as_text(str(path.relative_to(folder)))
    named = only or next((name for name in checks if name in file), "")
    if problem:
        return Submission(student, file, named, as_text(problem))
    try:
        raw = read_regular(path)
        sha256 = hashlib.sha256(raw).hexdigest()
    except NotebookError as error:
        return Submission(student, file, named, as_text(str(error)))
    time = _time(path)
    try:
        notebook = parse_notebook(raw, path.name)
        cells = [as_text(source) for source in code_cells(notebook)]
    except NotebookError as error:
        return Submission(student, file, named, as_text(str(error)), sha256, time)
    exercise = guess_exercise(path, notebook, checks) or named
    exercise = exercise or _by_names(cells, checks)
    if not exercise:
        problem = f"{path.name}: which exercise this is can be told from nothing in it"
    elif is_lecture(notebook):
        problem = f"{path.name} is a lecture, which asks no task; ask for the exercise"
    elif sum(map(len, cells)) > CODE:
        problem = f"{path.name} holds more than {CODE >> 20} MiB of code"
    found = Submission(student, file, exercise, as_text(problem), sha256, time, cells)
    return replace(found, lecture=is_lecture(notebook))


def _time(path: Path) -> str:
    """Return when a file was changed; empty where that is no date."""
    try:
        return datetime.fromtimestamp(path.lstat().st_mtime, UTC).isoformat()
    except (OSError, OverflowError, ValueError):
        return ""


def _by_names(cells: list[str], checks: Mapping[str, Path]) -> str:
    """Return the exercise that asks for most of the functions defined; or nothing."""
    defined = set(re.findall(r"^def (\w+)", "\n".join(cells), re.MULTILINE))
    asked = {
        name: set(re.findall(r"\banswers\.(\w+)", path.read_text(encoding="utf-8")))
        for name, path in checks.items()
    }
    best = max(asked, key=lambda name: len(asked[name] & defined), default="")
    return best if best and asked[best] & defined else ""
