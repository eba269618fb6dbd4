"""Read a notebook that someone else saved: as data, with errors of one line."""

import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

#: Larger files are refused. A notebook with many pictures has a few megabytes.
SIZE_LIMIT = 128 * 2**20
#: As objects, JSON may take thirty times its bytes: no more lists and items than these.
VALUES_LIMIT = 5_000_000

Notebook = dict[str, Any]


class NotebookError(Exception):
    """A file that is no readable notebook; the text says why and what to do."""


def read_notebook(path: Path, *, limit: int = SIZE_LIMIT) -> Notebook:
    """Return the notebook in ``path`` as plain JSON data, in nbformat 4's shape.

    Links, pipes and devices are not followed; at most ``limit`` bytes are read.

    Raises
    ------
    NotebookError
        with one line that names the file, what is wrong and what to do.
    """
    return parse_notebook(read_regular(path, limit), path.name)


def parse_notebook(raw: bytes, name: str) -> Notebook:
    """Return the notebook in the bytes of the file ``name``; see read_notebook."""
    again = "download it again, or save it again from JupyterLab"
    if not raw.strip():
        raise NotebookError(f"{name} is empty; {again}")
    if sum(map(raw.count, (b",", b"[", b"{"))) > VALUES_LIMIT:
        raise NotebookError(
            f"{name} holds more than {VALUES_LIMIT:,} values; clear its outputs and "
            "save it"
        )
    try:
        notebook = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise NotebookError(
            f"{name} is not UTF-8 text (byte {error.start}); {again}"
        ) from None
    except RecursionError:
        raise NotebookError(f"{name} is nested too deeply; {again}") from None
    except ValueError as error:
        raise NotebookError(f"{name} is not JSON: {error}; {again}") from None
    problem = _shape_problem(notebook)
    if problem:
        raise NotebookError(f"{name} is not a notebook: {problem}; {again}")
    assert isinstance(notebook, dict)
    return notebook


def read_regular(path: Path, limit: int = SIZE_LIMIT) -> bytes:
    """Return the bytes of a plain file; links, pipes and devices are refused."""
    name = path.name
    flags = os.O_RDONLY
    for extra in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, extra, 0)  # not every system has every flag
    try:
        if path.is_symlink():
            raise NotebookError(f"{name} is a link; give the notebook file itself")
        handle = os.open(path, flags)
    except FileNotFoundError:
        raise NotebookError(f"{path} does not exist; check the name") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise NotebookError(f"{name} cannot be opened: {reason}") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise NotebookError(f"{name} is not a file; give the notebook's .ipynb")
    with os.fdopen(handle, "rb") as file:
        try:
            raw = file.read(limit + 1)
        except OSError as error:
            raise NotebookError(f"{name} cannot be read: {error.strerror}") from None
    if len(raw) > limit:
        raise NotebookError(
            f"{name} is larger than {limit // 2**20} MiB; clear its outputs and save it"
        )
    return raw


def _shape_problem(notebook: object) -> str:
    if not isinstance(notebook, dict) or "nbformat" not in notebook:
        return "it has no nbformat"
    if notebook["nbformat"] != 4:
        version = str(notebook["nbformat"])[:20]
        return f"its format is {version}, expected 4"
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        return "it has no list of cells"
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
            return f"cell {number} has no type"
        source = cell.get("source")
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            continue
        if not isinstance(source, str):
            return f"cell {number} has no text"
    return ""


def cell_source(cell: dict[str, Any]) -> str:
    """Return a cell's text, which nbformat keeps as one string or as lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def code_cells(notebook: Notebook) -> list[str]:
    """Return the text of every code cell, in order."""
    return [cell_source(c) for c in notebook["cells"] if c["cell_type"] == "code"]


def is_lecture(notebook: Notebook) -> bool:
    """Whether a notebook is a lecture: its title begins with a number, no cell checks.

    A student may write such a title, too, above the exercise.
    """
    texts = [cell_source(cell) for cell in notebook["cells"]]
    titled = bool(re.match(r"# \d\d ", "".join(texts[:1])))
    return titled and not any(re.search(r"^check\(", t, re.MULTILINE) for t in texts)


def guess_exercise(path: Path, notebook: Notebook, known: Iterable[str]) -> str | None:
    """Return which of the ``known`` exercises (``"01_relations"``) a notebook answers.

    What the notebook says decides: its title ``# Exercise 01`` and its ``Task 01.2``
    and ``check("01.2")``; where that is silent, the file's name.
    """
    by_number = {name[:2]: name for name in known}
    votes: Counter[str] = Counter()
    for cell in notebook["cells"]:
        source = cell_source(cell)
        if cell["cell_type"] == "code":
            found = re.findall(r"check\(\s*[\"'](\d\d)\.\d+[\"']", source)
        else:
            found = re.findall(r"^#+ (?:Exercise|Task) (\d\d)\b", source, re.MULTILINE)
        votes.update(number for number in found if number in by_number)
    if votes:
        return by_number[votes.most_common(1)[0][0]]
    for name in by_number.values():
        if name in path.name:
            return name
    named = re.search(r"(?<!\d)(\d\d)(?!\d)", path.stem)
    return by_number.get(named[1]) if named else None
