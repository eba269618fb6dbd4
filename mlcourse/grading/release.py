"""From ``solutions/`` to ``exercises/``: one command, the same bytes every time."""

import re
from pathlib import Path

from mlcourse import trust
from mlcourse.grading import files
from mlcourse.grading.notebook import NotebookError, read_notebook
from mlcourse.grading.stub import ReleaseError, serialise, stub
from mlcourse.grading.visible import visible_checks
from mlcourse.readme import with_maps

EXERCISE = re.compile(r"\d\d_\w+")


def generate(root: Path) -> dict[str, bytes]:
    """Return what is derived from other files of the course, by path from ``root``.

    ``exercises/`` is, from ``solutions/NN_topic.ipynb`` and
    ``tests/autograde/test_NN_topic.py``; so are the maps of the README, and the record
    of the lectures.

    Raises
    ------
    ReleaseError
        if a source is absent, or cannot be released.
    """
    made: dict[str, bytes] = {}
    for path in sorted((root / "solutions").glob("*.ipynb")):
        name = path.stem
        if not EXERCISE.fullmatch(name):
            raise ReleaseError(f"solutions/{path.name}: expected a name NN_topic.ipynb")
        checks = root / "tests" / "autograde" / f"test_{name}.py"
        if not checks.is_file():
            raise ReleaseError(f"solutions/{path.name} has no checks: {checks.name}")
        try:
            notebook = read_notebook(path)
        except NotebookError as error:
            raise ReleaseError(f"solutions/{error}") from None
        made[f"exercises/{name}.ipynb"] = serialise(stub(notebook, path.name))
        made[f"exercises/checks/test_{name}.py"] = visible_checks(checks).encode()
    if not made:
        raise ReleaseError(f"no solutions/NN_topic.ipynb in {root}")
    if (root / "mlcourse" / "trust.py").is_file():
        made["mlcourse/released.json"] = trust.record(root)
    readme = root / "README.md"
    if readme.is_file():
        text = with_maps(readme.read_text(encoding="utf-8"), root)
        made["README.md"] = text.encode()
    return made


def differences(root: Path, made: dict[str, bytes]) -> list[str]:
    """Return one line for each derived file that is not as generated."""
    lines = []
    for name, content in made.items():
        path = root / name
        if not path.is_file():
            lines.append(f"{name} is missing")
        elif path.read_bytes() != content:
            lines.append(f"{name} differs from its source")
    present = [
        *(root / "exercises").glob("*.ipynb"),
        *(root / "exercises" / "checks").glob("*.py"),
    ]
    for path in sorted(present):
        if path.relative_to(root).as_posix() not in made:
            lines.append(f"{path.relative_to(root).as_posix()} has no source")
    return lines


def release(root: Path) -> list[str]:
    """Write ``exercises/`` from its sources; return the names of what changed.

    Raises
    ------
    ReleaseError
        before anything is written, if a notebook there holds someone's work.
    """
    made = generate(root)
    changed = [
        name
        for name, content in made.items()
        if not (root / name).exists() or (root / name).read_bytes() != content
    ]
    worked_in = [name for name in changed if not _pristine(root / name)]
    if worked_in:
        raise ReleaseError(
            f"{', '.join(worked_in)} was edited since its release; move it elsewhere "
            "(your answers stay yours), then run this again"
        )
    for name in changed:
        files.write(root / name, made[name])
    return changed


def _pristine(path: Path) -> bool:
    """Whether nobody changed a cell of this notebook since its release."""
    if path.suffix != ".ipynb" or not path.exists():
        return True
    try:
        notebook = read_notebook(path)
        stated = notebook["metadata"]["mlcourse"]["release"]
    except (NotebookError, KeyError, TypeError):
        return False
    return bool(stated == files.source_digest(notebook))
