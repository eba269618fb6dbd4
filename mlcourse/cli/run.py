"""mlcourse run: the lectures in order, each in a kernel of its own."""

import time
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from nbformat.reader import NotJSONError
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TaskID
from rich.table import Table

from mlcourse.cli._say import course_root, fail
from mlcourse.notebooks import CellError, run_notebook, save_notebook


def run(
    numbers: Annotated[
        list[str] | None,
        typer.Argument(help="Lectures to run, as 01 03; default: all."),
    ] = None,
    solutions: Annotated[
        bool, typer.Option("--solutions", help="Run the solutions instead.")
    ] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Keep the outputs in the notebook files.")
    ] = False,
) -> None:
    """Run lectures from the first cell to the last; print a table of times.

    Exit code 0: all ran; 1: a cell failed; 2: no such lecture.

    Examples: `mlcourse run`, `mlcourse run 01 03`, `mlcourse run 03 --update`,
    `mlcourse run --solutions`.
    """
    console = Console()
    table = Table("notebook", "cells", "seconds", "result", title="Notebooks")
    failed = False
    folder = course_root() / ("solutions" if solutions else "lectures")
    for path in _chosen(folder, numbers):
        start = time.perf_counter()
        quiet = not console.is_terminal
        with Progress(console=console, transient=True, disable=quiet) as progress:
            bar = progress.add_task(path.stem, total=None)
            advance = partial(_advance, progress, bar)
            try:
                notebook = run_notebook(path, on_cell=advance)
                result = "ran"
            except (CellError, NotJSONError) as error:
                failed, result = True, f"[red]{escape(str(error))}[/]"
            except KeyboardInterrupt:
                fail(f"stopped in {path.name}; nothing was changed", code=130)
        if update and result == "ran":
            try:
                save_notebook(notebook, path)
            except OSError as error:
                fail(f"{path}: {error.strerror}; its outputs stay as they were")
        cells = str(len(notebook.cells)) if result == "ran" else "-"
        seconds = f"{time.perf_counter() - start:.1f}"
        console.print(f"{path.stem}: {result}, {seconds} s")
        table.add_row(path.stem, cells, seconds, result)
    console.print(table)
    raise typer.Exit(int(failed))


def _advance(progress: Progress, bar: TaskID, done: int, total: int) -> None:
    progress.update(bar, completed=done, total=total)


def _chosen(folder: Path, numbers: list[str] | None) -> list[Path]:
    lectures = {p.name[:2]: p for p in sorted(folder.glob("[0-9][0-9]_*.ipynb"))}
    if not lectures:
        fail(f"no NN_topic.ipynb in {folder}; is the course complete there?")
    if missing := [n for n in numbers or [] if n.zfill(2) not in lectures]:
        fail(f"no notebook {', '.join(missing)}; there are {', '.join(lectures)}")
    return (
        [lectures[n.zfill(2)] for n in numbers] if numbers else list(lectures.values())
    )
