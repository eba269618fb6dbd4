"""mlcourse progress: the exercises at a glance, and where to go on."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mlcourse.cli._say import course_root, fail
from mlcourse.grading.notebook import NotebookError
from mlcourse.grading.rehearse import StoppedError, rehearse
from mlcourse.grading.task import CheckError, known_checks
from mlcourse.grading.verdict import Verdict

#: A task's mark: all its visible checks passed, some did not, none was attempted.
DONE, BEGUN, OPEN = "✓", "◐", "○"


def progress(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Where your notebooks are; default: exercises."),
    ] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", help="Time limit for each notebook.")
    ] = 120.0,
) -> None:
    """Run the visible checks of all your exercises; print one line for each.

    Exit code 0: shown; 2: no exercises there.

    Example: `mlcourse progress`.
    """
    folder = folder or course_root() / "exercises"
    try:
        known = known_checks(folder)
    except CheckError as error:
        fail(str(error))
    found = [
        (n, folder / f"{n}.ipynb") for n in known if (folder / f"{n}.ipynb").exists()
    ]
    if not found:
        fail(f"no exercise NN_topic.ipynb in {folder}; name the folder of yours")
    table = Table("exercise", "tasks", "visible points", title="Your exercises")
    console, going_on = Console(), ""
    for name, path in found:
        try:
            verdicts = rehearse(path, known[name], seconds=seconds)
        except (NotebookError, StoppedError) as error:
            table.add_row(name, escape(str(error)), "-")
            continue
        except KeyboardInterrupt:
            fail("stopped; nothing was changed", code=130)
        marks = _marks(verdicts)
        earned, points = (
            sum(v.earned for v in verdicts),
            sum(v.points for v in verdicts),
        )
        row = "  ".join(
            f"{task}\N{NO-BREAK SPACE}{mark}" for task, mark in marks.items()
        )
        table.add_row(name, row, f"{earned:g} of {points:g}")
        left = [task for task, mark in marks.items() if mark != DONE]
        going_on = going_on or (
            f"Go on with task {left[0]} in {path.name}." if left else ""
        )
    console.print(table)
    console.print(f"{DONE} all visible checks passed   {BEGUN} begun   {OPEN} open")
    console.print(going_on or "Every visible check passes.")


def _marks(verdicts: list[Verdict]) -> dict[str, str]:
    by_task: dict[str, set[str]] = {}
    for verdict in verdicts:
        by_task.setdefault(verdict.task, set()).add(verdict.status)
    known = {frozenset({"passed"}): DONE, frozenset({"not_attempted"}): OPEN}
    return {task: known.get(frozenset(s), BEGUN) for task, s in by_task.items()}
