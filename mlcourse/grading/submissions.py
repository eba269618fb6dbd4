"""Find the notebooks that were handed in, and read them as data."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from mlcourse.grading.notebook import (
    NotebookError,
    code_cells,
    guess_exercise,
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


def find(
    folder: Path, checks: Mapping[str, Path], *, only: str | None = None
) -> list[Submission]:
    """Return the submissions in ``folder``, one a student and exercise, in order.

    Layouts: ``<student>/<assignment>/<notebook>.ipynb`` (nbgrader's),
    ``<student>/<notebook>.ipynb`` and ``<student>.ipynb``. Of several notebooks of one
    student for one exercise the newest counts. ``only`` names an exercise.
    """
    newest: dict[tuple[str, str], Submission] = {}
    for student, path in _files(folder):
        found = _read(folder, student, path, checks, only)
        if only and found.exercise not in ("", only):
            continue
        key = (found.student, found.exercise)
        if other := newest.get(key):
            found, other = sorted((other, found), key=lambda s: s.submitted)[::-1]
            note = f"several notebooks: {found.file} graded, not {other.file}"
            found = replace(found, notes=(*found.notes, note))
        newest[key] = found
    exercises = {exercise for _, exercise in newest if exercise}
    if len(exercises) == 1:  # then the others can hardly be another
        for student, _ in [key for key in newest if not key[1]]:
            found = newest.pop((student, ""))
            (name,) = exercises
            newest.setdefault((student, name), replace(found, exercise=name))
    return [newest[key] for key in sorted(newest)]


def students(folder: Path) -> list[str]:
    """Return who has a folder of their own, with a notebook in it or without."""
    return [_text(entry.name) for entry in _entries(folder) if entry.is_dir()]


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield (student, notebook or link); a link is never followed."""
    for entry in _entries(folder):
        if entry.suffix == ".ipynb":
            yield entry.stem, entry
        elif entry.is_symlink():
            yield entry.name, entry
        elif entry.is_dir():
            for inner in _entries(entry):
                if inner.suffix == ".ipynb" or inner.is_symlink():
                    yield entry.name, inner
                elif inner.is_dir():
                    for path in _entries(inner):
                        if path.suffix == ".ipynb":
                            yield entry.name, path


def _entries(folder: Path) -> list[Path]:
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return []
    return [path for path in paths if not path.name.startswith((".", "__MACOSX"))]


def _read(
    folder: Path, student: str, path: Path, checks: Mapping[str, Path], only: str | None
) -> Submission:
    student = _text(student)
    file = _text(str(path.relative_to(folder)))
    named = only or next((name for name in checks if name in file), "")
    try:
        time = datetime.fromtimestamp(path.lstat().st_mtime, UTC).isoformat()
        raw = read_regular(path)
        sha256 = hashlib.sha256(raw).hexdigest()
    except (NotebookError, OSError) as error:
        return Submission(student, file, named, str(error))
    try:
        notebook = parse_notebook(raw, path.name)
        cells = [_text(source) for source in code_cells(notebook)]
    except NotebookError as error:
        return Submission(student, file, named, str(error), sha256, time)
    exercise = guess_exercise(path, notebook, checks) or named
    exercise = exercise or _by_names(cells, checks)
    if not exercise:
        problem = f"{path.name}: which exercise this is can be told from nothing in it"
    elif sum(map(len, cells)) > CODE:
        problem = f"{path.name} holds more than {CODE >> 20} MiB of code"
    else:
        problem = ""
    return Submission(student, file, exercise, problem, sha256, time, cells)


def _text(text: str) -> str:
    """Return text that can be written as UTF-8, whatever file name or cell it was."""
    return text.encode("utf-8", "backslashreplace").decode()


def _by_names(cells: list[str], checks: Mapping[str, Path]) -> str:
    """Return the exercise that asks for most of the functions defined; or nothing."""
    defined = set(re.findall(r"^def (\w+)", "\n".join(cells), re.MULTILINE))
    asked = {
        name: set(re.findall(r"\banswers\.(\w+)", path.read_text(encoding="utf-8")))
        for name, path in checks.items()
    }
    best = max(asked, key=lambda name: len(asked[name] & defined), default="")
    return best if best and asked[best] & defined else ""
