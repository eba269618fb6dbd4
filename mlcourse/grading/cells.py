"""Run a notebook's code cells in this process, without a kernel."""

import ast
import builtins
import contextlib
import linecache
import re
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from mlcourse.grading.aside import aside, streams, use_settings
from mlcourse.grading.blame import blame, message_of
from mlcourse.grading.errors import StudentError


class _Shell:
    """Magics without IPython: ``%%time`` runs its cell, the others do nothing."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace

    def run_line_magic(self, name: str, line: str = "", **kwargs: object) -> None:
        """Run the line under ``%time``, which only measures it."""
        if name == "time":
            self.run_cell_magic(name, "", line)

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        """Run the cell under a magic that only measures it."""
        if name in ("time", "timeit", "capture", "prun"):
            source = TransformerManager().transform_cell(cell)
            exec(compile(source, f"<{name}>", "exec"), self._namespace)

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Return what does nothing: no shell command is run, no hook is set."""
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None

    def getoutput(self, command: str) -> list[str]:
        """Return nothing: no shell command is run."""
        return []


def run_cells(
    cells: Iterable[str],
) -> tuple[dict[str, Any], dict[str, StudentError], list[StudentError | None]]:
    """Run code cells one by one in a new namespace, going on after a cell that fails.

    Returns the namespace, the errors by the names that the failing cells would have
    defined, and the error of each cell (None where it ran).
    """
    namespace: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
    shell = _Shell(namespace)
    transform = TransformerManager().transform_cell
    failed: dict[str, StudentError] = {}
    errors: list[StudentError | None] = []
    own = streams()
    for number, cell in enumerate(cells, start=1):
        error: StudentError | None = None
        namespace["get_ipython"] = lambda: shell  # IPython's own knows of no shell here
        try:
            with aside(own):
                source = transform(cell)
                place = f"<cell {number} of {id(namespace)}>"
                linecache.cache[place] = (
                    len(source),
                    None,
                    source.splitlines(True),
                    place,
                )
                _execute(source, place, namespace)
        except KeyboardInterrupt:
            raise
        except BaseException as raised:
            error = _cell_error(raised, namespace, number)
            for name in re.findall(
                r"^(?:def |class |from .*import |import )?(\w+)\s*(?:[(=:]|$)",
                cell,
                re.MULTILINE,
            ):
                failed.setdefault(name, error)
        errors.append(error)
    use_settings(own)  # as in a kernel, they outlive the cells
    return namespace, failed, errors


def _execute(source: str, place: str, namespace: dict[str, Any]) -> None:
    """Run a cell; where this machine lacks a package or a file, go on without it.

    ``from google.colab import drive`` or a ``os.chdir`` to a folder of one's own shall
    not cost the ``import torch`` below it.
    """
    try:
        exec(compile(source, place, "exec"), namespace)
    except (ImportError, OSError) as absent:
        _, line = list(traceback.walk_tb(absent.__traceback__))[1]
        for statement in ast.parse(source).body:
            if statement.lineno > line:
                alone = ast.Module([statement], type_ignores=[])
                with contextlib.suppress(Exception):
                    exec(compile(alone, place, "exec"), namespace)
        raise


def _cell_error(
    raised: BaseException, namespace: dict[str, Any], number: int
) -> StudentError:
    blamed = blame(raised, "", namespace)
    if not isinstance(blamed, StudentError):
        return StudentError("NotImplementedError", message_of(raised))
    where = blamed.where.replace("the cell", f"code cell {number}")
    error = StudentError(blamed.kind, blamed.message, where)
    error.trace = blamed.trace
    return error
