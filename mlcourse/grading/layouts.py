"""Whose file is which, in a folder of what was handed in.

Layouts: ``<student>/<assignment>/<notebook>.ipynb`` (nbgrader's),
``<student>/<notebook>.ipynb`` and ``<student>.ipynb``.
"""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

#: The name of a notebook, also as browsers and Windows spell it.
NOTEBOOK = re.compile(r"(.+)\.ipynb(?:\.txt|\.json)?", re.IGNORECASE | re.DOTALL)


def students(folder: Path, out: Path | None = None) -> list[str]:
    """Return who has a folder of their own, with a notebook in it or without."""
    return [as_name(path.name) for path in _entries(folder, out) if path.is_dir()]


def handed_in(folder: Path, out: Path | None = None) -> Iterator[tuple[str, Path, str]]:
    """Yield a student, a notebook or link, and a problem; no link is followed.

    The problem is that of a folder: it cannot be read, or what is in it is no notebook.
    ``out``, the folder of results, is nobody's.
    """
    for entry in _entries(folder, out):
        if name := NOTEBOOK.fullmatch(entry.name):
            yield name[1], entry, ""
        elif entry.is_symlink():
            yield entry.name, entry, ""
        elif entry.is_dir():
            for path, problem in _of_one(entry):
                yield entry.name, path, problem


def as_text(text: str) -> str:
    """Return text that can be written as UTF-8, whatever file name or cell it was."""
    return text.encode("utf-8", "backslashreplace").decode()


def as_name(text: str) -> str:
    """Return text as the name of a person: the same for an é that is written as two.

    >>> as_name("Jose\u0301") == "Jos\u00e9"
    True
    """
    return unicodedata.normalize("NFC", as_text(text))


def _of_one(folder: Path) -> list[tuple[Path, str]]:
    inside = list(_inside(folder))
    found = [
        (path, problem)
        for path, problem in inside
        if problem
        or NOTEBOOK.fullmatch(path.name)
        or (path.is_symlink() and path.parent == folder)
    ]
    if inside and not found:
        other = inside[0][0].relative_to(folder)
        return [(folder, f"{folder.name} has no notebook, but {other}; ask for .ipynb")]
    return found


def _inside(folder: Path, depth: int = 2) -> Iterator[tuple[Path, str]]:
    """Yield what is in a folder and the folders in it; with a problem, unreadable."""
    try:
        paths = _entries(folder)
    except OSError as error:
        yield folder, f"the folder {folder.name} cannot be read: {error.strerror}"
        return
    for path in paths:
        file = NOTEBOOK.fullmatch(path.name) or path.is_symlink() or not path.is_dir()
        if file or depth == 1:
            yield path, ""
        else:
            yield from _inside(path, depth - 1)


def _entries(folder: Path, out: Path | None = None) -> list[Path]:
    """Return what is in a folder, but for the folder of results and what is hidden."""
    paths = sorted(folder.iterdir())
    shown = [path for path in paths if not path.name.startswith((".", "__MACOSX"))]
    return [path for path in shown if not out or path.resolve() != out.resolve()]
