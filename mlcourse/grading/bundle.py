"""The students' folder: what they get, and how a new release spares their work."""

import json
from dataclasses import dataclass
from pathlib import Path

from mlcourse.grading import files
from mlcourse.grading.carry import with_answers
from mlcourse.grading.release import generate
from mlcourse.grading.stub import ReleaseError

#: What goes into a bundle beside the exercises, where the course has it.
FILES = (
    "README.md",
    "LICENSE",
    "CITATION.cff",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "pyproject.toml",
    "constraints.txt",
    "environment.yml",
    "Makefile",
    "tasks.py",
)
FOLDERS = ("benchmarks", "docs", "lectures", "mlcourse")
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
    if not before:  # cut off from here on, it is a release that can be gone on with
        files.write(out / MEMORY, b'{"files": {}}\n')
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
        content, carried, gaps = with_answers(content, path)
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
