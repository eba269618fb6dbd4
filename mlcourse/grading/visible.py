"""From a checks file to the students' copy: what the visible checks need, no more."""

import ast
from collections.abc import Iterator
from pathlib import Path

from mlcourse.grading.stub import ReleaseError
from mlcourse.grading.task import hidden_points, load_checks

HEADER = (
    "# Written by `mlcourse release`: change the course's sources, not this file.\n"
)
#: Assignments that are read from outside and stay.
KEPT = ("HIDES",)


def visible_checks(path: Path) -> str:
    """Return the source of a checks file without hidden checks and their helpers.

    What stays: the visible checks, every top-level name that they use, directly or
    not, with the comments above it, and the imports of those.

    Raises
    ------
    ReleaseError
        if a visible check uses a helper named ``_hidden...``, or the file holds other
        statements than imports, assignments, functions and classes.
    """
    checks = load_checks(path)
    source = path.read_text(encoding="utf-8")
    body = ast.parse(source).body
    start = 1 if _is_docstring(body[0]) else 0
    definitions: dict[str, ast.stmt] = {}
    for statement in body[start:]:
        for name in _defined(statement, path):
            if name in definitions and isinstance(statement, ast.FunctionDef):
                raise ReleaseError(f"{path.name} defines {name} twice")
            definitions[name] = statement
    wanted = _closure([c.name for c in checks if not c.hidden], definitions)
    if leaks := sorted(name for name in wanted if name.startswith("_hidden")):
        raise ReleaseError(f"{path.name}: a visible check uses {', '.join(leaks)}")
    wanted |= {name for name in KEPT if name in definitions}
    chunks = [ast.unparse(body[0])] if start else []
    if start:
        chunks = ["\n".join(_lines(source, body[0].lineno, body[0].end_lineno))]
    pieces = list(_pieces(source, body[start:], wanted, path))
    hidden = hidden_points(path, checks)
    points = "".join(f'    "{task}": {value:g},\n' for task, value in hidden.items())
    ending = (
        f"\n#: What the hidden checks add, by task.\nHIDDEN_POINTS = {{\n{points}}}\n"
    )
    text = HEADER + "\n".join(chunks) + "\n" + "".join(pieces)
    return text + (ending if hidden else "")


def _pieces(
    source: str, body: list[ast.stmt], wanted: set[str], path: Path
) -> Iterator[str]:
    previous: ast.stmt | None = None
    for statement in body:
        if not wanted & set(_defined(statement, path)):
            continue
        first = min(
            [statement.lineno]
            + [d.lineno for d in getattr(statement, "decorator_list", [])]
        )
        if isinstance(statement, ast.Import | ast.ImportFrom):
            lines = [_import(statement, wanted)]
        else:
            lines = _comments(source, first)
            lines += _lines(source, first, statement.end_lineno)
        above = source.splitlines()[: first - 1 - len(_comments(source, first))]
        gap = max(_gap(previous, statement), _blank(above))
        yield "\n" * gap + "\n".join(lines) + "\n"
        previous = statement
    if previous is not None and not isinstance(previous, ast.Assign):
        yield "\n"


def _gap(previous: ast.stmt | None, statement: ast.stmt) -> int:
    """Return the blank lines between two statements, as ruff's formatter has them."""
    block = (ast.FunctionDef, ast.ClassDef)
    if isinstance(statement, block) or isinstance(previous, block):
        return 2
    return int(previous is None)


def _blank(lines: list[str]) -> int:
    """Return how many blank lines stand at the end."""
    return next((i for i, line in enumerate(reversed(lines)) if line.strip()), 0)


def _import(statement: ast.Import | ast.ImportFrom, wanted: set[str]) -> str:
    statement.names = [a for a in statement.names if _bound(a) in wanted]
    return ast.unparse(statement)


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _lines(source: str, first: int, last: int | None) -> list[str]:
    return source.splitlines()[first - 1 : last]


def _comments(source: str, first: int) -> list[str]:
    """Return the lines of comment that stand right above line ``first``."""
    lines = source.splitlines()[: first - 1]
    found: list[str] = []
    while lines and lines[-1].startswith("#"):
        found.insert(0, lines.pop())
    return found


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _defined(statement: ast.stmt, path: Path) -> list[str]:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [_bound(alias) for alias in statement.names]
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = (
            statement.targets
            if isinstance(statement, ast.Assign)
            else [statement.target]
        )
        return [
            node.id
            for target in targets
            for node in ast.walk(target)
            if isinstance(node, ast.Name)
        ]
    raise ReleaseError(
        f"{path.name}, line {statement.lineno}: a checks file holds imports, "
        "assignments, functions and classes only"
    )


def _closure(names: list[str], definitions: dict[str, ast.stmt]) -> set[str]:
    """Return ``names`` and all top-level names that they use, directly or not."""
    wanted: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in wanted or name not in definitions:
            continue
        wanted.add(name)
        if isinstance(definitions[name], ast.Import | ast.ImportFrom):
            continue
        waiting += [
            node.id
            for node in ast.walk(definitions[name])
            if isinstance(node, ast.Name)
        ]
    return wanted
