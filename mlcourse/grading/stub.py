"""From a solutions notebook to the exercise: the gaps are stubs, outputs are gone."""

import ast
import json
import re

from mlcourse.grading.files import source_digest
from mlcourse.grading.notebook import Notebook, cell_source

BEGIN = re.compile(r"^(\s*)# BEGIN SOLUTION\s*$")
END = re.compile(r"^\s*# END SOLUTION\s*$")
HEADING = re.compile(r"^#+ Task (\d\d\.\d+)\b", re.MULTILINE)

METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}


class ReleaseError(Exception):
    """A source that cannot be released; the text says where and why."""


def stub(notebook: Notebook, name: str) -> Notebook:
    """Return the students' notebook of the solutions ``notebook``, called ``name``.

    Lines from ``# BEGIN SOLUTION`` to ``# END SOLUTION`` become
    ``raise NotImplementedError("Task 01.2")`` within a function, and an empty value for
    each name that they assign outside of one. Cells tagged ``solution`` are dropped.
    """
    task = ""
    cells = []
    for number, cell in enumerate(notebook["cells"], start=1):
        tags = cell.get("metadata", {}).get("tags", [])
        source = cell_source(cell)
        if cell["cell_type"] == "markdown" and (found := HEADING.findall(source)):
            task = found[-1]
        if "solution" in tags:
            continue
        if cell["cell_type"] == "code":
            source = _with_gaps(source, task, f"{name}, cell {number}")
        kept = {
            "cell_type": cell["cell_type"],
            "id": cell.get("id", f"cell-{number:02d}"),
            "metadata": {"tags": tags} if tags else {},
            "source": source.splitlines(keepends=True),
        }
        if cell["cell_type"] == "code":
            kept |= {"execution_count": None, "outputs": []}
        if "attachments" in cell:
            kept["attachments"] = cell["attachments"]
        cells.append(kept)
    made = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    made["metadata"] = {**METADATA, "mlcourse": {"release": source_digest(made)}}
    return made


def serialise(notebook: Notebook) -> bytes:
    """Return a notebook's bytes, the same ones for the same notebook."""
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True)
    return (text + "\n").encode()


def _with_gaps(source: str, task: str, where: str) -> str:
    lines: list[str] = []
    block: list[str] = []
    indent: str | None = None
    for line in source.splitlines():
        begins = BEGIN.match(line)
        if begins and indent is None:
            if not task:
                raise ReleaseError(f"{where}: a solution before the first ## Task NN.M")
            indent, block = begins[1], []
        elif END.match(line) and indent is not None:
            lines += _gap(indent, block, task, where)
            indent = None
        elif re.search(r"\b(BEGIN|END)\b.*\bSOLUTION\b", line, re.IGNORECASE):
            raise ReleaseError(
                f"{where}: {line.strip()!r} does not pair up; each solution lies "
                "between the lines '# BEGIN SOLUTION' and '# END SOLUTION'"
            )
        else:
            (lines if indent is None else block).append(line)
    if indent is not None:
        raise ReleaseError(f"{where}: '# BEGIN SOLUTION' without '# END SOLUTION'")
    made = "\n".join(lines)
    if made != source:
        _check_syntax(made, where)
    return made


def _gap(indent: str, block: list[str], task: str, where: str) -> list[str]:
    if indent:
        return [f'{indent}raise NotImplementedError("Task {task}")']
    try:
        statements = ast.parse("\n".join(block)).body
    except SyntaxError as error:
        raise ReleaseError(f"{where}: {error.msg} in the solution") from None
    lines = []
    for statement in statements:
        if not isinstance(statement, ast.Assign) or not all(
            isinstance(target, ast.Name) for target in statement.targets
        ):
            raise ReleaseError(
                f"{where}: outside of a function, a solution may only assign to names; "
                "put other code into a function, with BEGIN and END within its body"
            )
        text = isinstance(statement.value, ast.Constant | ast.JoinedStr) and not (
            isinstance(statement.value, ast.Constant)
            and not isinstance(statement.value.value, str)
        )
        for target in statement.targets:
            assert isinstance(target, ast.Name)
            lines.append(f'{target.id} = ""' if text else f"{target.id} = None")
    return list(dict.fromkeys(lines))


def _check_syntax(source: str, where: str) -> None:
    code = "\n".join(
        "" if line.startswith(("%", "!")) else line for line in source.splitlines()
    )
    try:
        ast.parse(code)
    except SyntaxError as error:
        raise ReleaseError(f"{where}: without its solution, {error.msg}") from None
