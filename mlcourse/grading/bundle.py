"""The students' folder: what they get, and how a new release spares their work."""

import ast
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlcourse.grading import files
from mlcourse.grading.notebook import (
    Notebook,
    NotebookError,
    cell_source,
    code_cells,
    read_notebook,
)
from mlcourse.grading.release import generate
from mlcourse.grading.stub import ReleaseError, serialise

#: What goes into a bundle beside the exercises, where the course has it.
FILES = (
    "README.md LICENSE CITATION.cff CHANGELOG.md pyproject.toml constraints.txt "
    "environment.yml Makefile tasks.py"
).split()
FOLDERS = ("lectures", "mlcourse")
#: Remembers in a bundle what was written there: a fingerprint a file.
MEMORY = ".mlcourse-release.json"


@dataclass(frozen=True)
class Delivery:
    """What became of one file: written, unchanged, or the student's own and spared."""

    name: str
    beside: str = ""
    carried: int = 0
    gaps: int = 0


def contents(root: Path) -> dict[str, bytes]:
    """Return every file of a student's bundle, by its path."""
    made = {
        name: (root / name).read_bytes() for name in FILES if (root / name).is_file()
    }
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root)
            hidden = any(part.startswith((".", "__pycache__")) for part in name.parts)
            if path.is_file() and not hidden and path.suffix != ".pyc":
                made[name.as_posix()] = path.read_bytes()
    return made | generate(root)


def deliver(root: Path, out: Path) -> list[Delivery]:
    """Write the bundle into ``out``; return what was not simply written.

    A file that its owner changed since the last release is never touched: the new
    version is written beside it, an exercise with the answers carried over by name.

    Raises
    ------
    ReleaseError
        if ``out`` holds files but no earlier release.
    """
    made = contents(root)
    before = _memory(out)
    spared = []
    for name, content in made.items():
        path = out / name
        if not path.exists():
            files.write(path, content)
        elif path.read_bytes() != content:
            old, new = files.digest(path), _digest_of(name, content)
            if old == new:  # a notebook that was only run
                continue
            if old == before.get(name):
                files.write(path, content)
            elif new == before.get(name):
                spared.append(Delivery(name))
            else:
                spared.append(_beside(path, name, content))
    memory = {name: _digest_of(name, content) for name, content in made.items()}
    text = json.dumps({"files": memory}, indent=1, sort_keys=True) + "\n"
    files.write(out / MEMORY, text.encode())
    return spared


def _memory(out: Path) -> dict[str, str]:
    if not out.exists():
        return {}
    if not out.is_dir():
        raise ReleaseError(f"{out} is a file; name a folder for the bundle")
    try:
        stored = json.loads((out / MEMORY).read_text(encoding="utf-8"))["files"]
        return {str(name): str(value) for name, value in stored.items()}
    except FileNotFoundError:
        if all(path.name.startswith(".") for path in out.iterdir()):
            return {}
        raise ReleaseError(
            f"{out} holds files but no earlier release ({MEMORY}); name an empty folder"
        ) from None
    except (ValueError, KeyError, AttributeError, TypeError):
        raise ReleaseError(
            f"{out / MEMORY} is damaged; write the bundle into an empty folder"
        ) from None


def _digest_of(name: str, content: bytes) -> str:
    return files.content_digest(content, notebook=name.endswith(".ipynb"))


def _beside(path: Path, name: str, content: bytes) -> Delivery:
    """Write the new version beside ``path``, under a name that is free."""
    carried = gaps = 0
    if name.startswith("exercises/") and path.suffix == ".ipynb":
        content, carried, gaps = _with_answers(content, path)
    number = 1
    while True:
        suffix = ".new" if number == 1 else f".new-{number}"
        free = path.with_name(f"{path.stem}{suffix}{path.suffix}")
        if not free.exists():
            files.write(free, content)
        elif free.read_bytes() != content:
            number += 1
            continue
        return Delivery(name, free.name, carried, gaps)


def _with_answers(content: bytes, old: Path) -> tuple[bytes, int, int]:
    """Return the new exercise with the old one's answers, how many, and of how many.

    An answer is carried over where it is safe: one cell of the old notebook, and only
    one, defines exactly the names of the gap, with the same arguments.
    """
    notebook: Notebook = json.loads(content)
    try:
        cells = code_cells(read_notebook(old))
    except NotebookError:
        cells = []
    defined = [(cell, dict(_signatures(cell))) for cell in cells]
    times = Counter(name for _, names in defined for name in names)
    carried = gaps = 0
    for cell in notebook["cells"]:
        source = cell_source(cell)
        names = dict(_signatures(source))
        if cell["cell_type"] != "code" or not is_gap(source):
            continue
        gaps += 1
        for answer, found in defined:
            if (
                found == names
                and all(times[n] == 1 for n in names)
                and answer != source
            ):
                cell["source"] = answer.splitlines(keepends=True)
                carried += not is_gap(answer)
    return serialise(notebook), carried, gaps


def is_gap(source: str) -> bool:
    """Whether a cell of an exercise waits for an answer."""
    if 'raise NotImplementedError("Task ' in source:
        return True
    return any(
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and node.value.value in ("", None)
        for node in _body(source)
    )


def _signatures(source: str) -> Iterator[tuple[str, str]]:
    """Return what a cell defines at its top level: names with their arguments."""
    for node in _body(source):
        if isinstance(node, ast.FunctionDef):
            yield node.name, ast.unparse(node.args)
        elif isinstance(node, ast.ClassDef):
            yield node.name, "class"
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                yield ast.unparse(target), ""


def _body(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError):
        return []
