"""A check: one pytest function, written once, with its task and its points."""

import ast
import inspect
import re
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

#: Where the checks of an exercise lie, seen from a folder on the way up.
FOLDERS = ("checks", "exercises/checks", "tests/autograde")


class CheckError(Exception):
    """A checks file is absent or not as it should be: the course's fault."""


@dataclass(frozen=True)
class Check:
    """One check: what it is called, what it is worth, and what it does.

    ``title`` is the first paragraph of the function's docstring and ``hint`` the rest.
    """

    name: str
    task: str
    points: int | float
    hidden: bool
    title: str
    hint: str
    function: Callable[..., object]


def task(id: str, *, points: int | float, hidden: bool = False) -> pytest.MarkDecorator:
    """Mark a test as a check of task ``id``, worth ``points``.

    >>> @task("01.2", points=2)
    ... def test_vote(answers): ...
    >>> test_vote.pytestmark[0].args
    ('01.2',)
    """
    return pytest.mark.task(id, points=points, hidden=hidden)


def load_checks(path: Path) -> list[Check]:
    """Import the checks file ``path`` and return its checks in their order.

    Raises
    ------
    CheckError
        if the file cannot be imported, or a check has no title, no points, another
        argument than ``answers``, or an ``assert`` without a message.
    """
    source = path.read_text(encoding="utf-8")
    module = types.ModuleType(f"_mlcourse_checks_{path.stem}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    try:
        tree = ast.parse(source, filename=str(path))
        exec(compile(tree, str(path), "exec"), module.__dict__)
    except Exception as error:
        raise CheckError(
            f"{path.name} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and node.msg is None:
            raise CheckError(
                f"{path.name}, line {node.lineno}: this assert has no message; "
                "name the likely mistake and the section to re-read"
            )
    return list(_checks(path, module))


def _checks(path: Path, module: types.ModuleType) -> Iterator[Check]:
    for name, function in vars(module).items():
        if not name.startswith("test_") or not callable(function):
            continue
        marks = [m for m in getattr(function, "pytestmark", []) if m.name == "task"]
        where = f"{path.name}, {name}"
        if (
            len(marks) != 1
            or len(marks[0].args) != 1
            or "points" not in marks[0].kwargs
        ):
            raise CheckError(f'{where}: needs one @task("NN.M", points=...)')
        if list(inspect.signature(function).parameters) != ["answers"]:
            raise CheckError(f"{where}: a check takes one argument, answers")
        title, _, hint = inspect.cleandoc(function.__doc__ or "").partition("\n\n")
        if not title:
            raise CheckError(f"{where}: needs a docstring, its first line is the title")
        yield Check(
            name=name,
            task=marks[0].args[0],
            points=marks[0].kwargs["points"],
            hidden=marks[0].kwargs.get("hidden", False),
            title=" ".join(title.split()),
            hint=hint.strip(),
            function=function,
        )


def hidden_modules(path: Path) -> tuple[str, ...]:
    """Return ``HIDES`` of a checks file: the modules that answer the exercise."""
    return _names(path, "HIDES", "mlcourse.relations")


def flags(path: Path) -> tuple[str, ...]:
    """Return ``FLAGS`` of a checks file: library short cuts that a person looks at."""
    return _names(path, "FLAGS", "torch.cdist")


def _names(path: Path, constant: str, example: str) -> tuple[str, ...]:
    names = _literal(path, constant, ())
    if isinstance(names, tuple) and all(isinstance(name, str) for name in names):
        return names
    raise CheckError(f"{path.name}: {constant} must be a tuple of names, as {example}")


def _literal(path: Path, name: str, default: Any) -> Any:
    """Return the literal that the file assigns to ``name``, without running it."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name
            for target in node.targets
        ):
            return ast.literal_eval(node.value)
    return default


def known_checks(start: Path) -> dict[str, Path]:
    """Return the checks files seen from ``start`` upwards, by exercise.

    In each folder on the way up these are looked into: ``checks/``,
    ``exercises/checks/``, ``tests/autograde/``; the first file found of an exercise
    (``"01_relations"``) counts.
    """
    found: dict[str, Path] = {}
    start = start.resolve()
    for folder in (start, *start.parents):
        for place in FOLDERS:
            for path in sorted((folder / place).glob("test_[0-9][0-9]_*.py")):
                found.setdefault(path.stem.removeprefix("test_"), path)
    return dict(sorted(found.items()))


def find_checks(number: str, *, start: Path) -> Path:
    """Return the checks file of exercise ``number`` (``"01"``), seen from ``start``.

    Raises
    ------
    CheckError
        if there is none.
    """
    for name, path in known_checks(start).items():
        if name.startswith(f"{number}_"):
            return path
    raise CheckError(
        f"no checks of exercise {number} in {start} or above it: keep the notebook in "
        "the course's folder exercises, beside the folder checks"
    )


def hidden_points(path: Path, checks: list[Check]) -> dict[str, int | float]:
    """Return what hidden checks add, by task; the students' copy states it."""
    points: dict[str, int | float] = dict(_literal(path, "HIDDEN_POINTS", {}))
    for check in checks:
        if check.hidden:
            points[check.task] = points.get(check.task, 0) + check.points
    return points


def written(path: Path) -> tuple[str, ...]:
    """Return the written answers that a checks file asks for, as ``explain_01_6``."""
    found = re.findall(r"\bexplain_\d\d_\d+\b", path.read_text(encoding="utf-8"))
    return tuple(dict.fromkeys(found))
