"""mlcourse check: the visible checks on a notebook file, without opening it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mlcourse.cli._say import fail
from mlcourse.grading.notebook import (
    NotebookError,
    guess_exercise,
    is_lecture,
    read_notebook,
)
from mlcourse.grading.rehearse import StoppedError, rehearse
from mlcourse.grading.task import (
    CheckError,
    hidden_points,
    known_checks,
    load_checks,
)
from mlcourse.grading.verdict import Verdict
from mlcourse.grading.words import WORDS, clip, count


def check(
    notebook: Annotated[Path, typer.Argument(help="Your exercise notebook.")],
    task: Annotated[
        str | None, typer.Option("--task", help="One task only, as 01.2.")
    ] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", help="Time limit for the whole notebook.")
    ] = 120.0,
) -> None:
    """Run your notebook and its visible checks; print a table by task.

    Exit code 0: all passed; 1: not all; 2: this is no notebook of an exercise.

    Examples: `mlcourse check exercises/01_relations.ipynb`,
    `mlcourse check 01_relations.ipynb --task 01.2`.
    """
    try:
        path = _checks_of(notebook)
        visible = [c for c in load_checks(path) if not c.hidden]
        tasks = sorted({c.task for c in visible})
        if task is not None and task[1:2] == ".":
            task = f"0{task}"
        if task is not None and task not in tasks:
            fail(f"no visible check of task {task}; there are {', '.join(tasks)}")
        verdicts = [
            verdict
            for verdict in rehearse(notebook, path, seconds=seconds)
            if task in (None, verdict.task)
        ]
        hidden = hidden_points(path, load_checks(path))
    except (NotebookError, CheckError) as error:
        fail(str(error))
    except StoppedError as error:
        fail(f"{notebook.name}: {error}", code=1)
    except KeyboardInterrupt:
        fail("stopped; nothing was changed", code=130)
    _print(verdicts, sum(v for t, v in hidden.items() if task in (None, t)))
    raise typer.Exit(int(any(v.status != "passed" for v in verdicts)))


def _checks_of(notebook: Path) -> Path:
    content = read_notebook(notebook)
    if is_lecture(content):
        fail(
            f"{notebook.name} is a lecture and asks no task; its exercise is the "
            "notebook of that number in the folder exercises"
        )
    known = known_checks(notebook.parent) or known_checks(Path.cwd())
    if not known:
        fail(
            f"no checks found beside {notebook} or above it; keep the notebook in the "
            "course's folder exercises"
        )
    exercise = guess_exercise(notebook, content, known)
    if exercise is None:
        fail(f"{notebook.name} answers no known exercise: {', '.join(known)}")
    return known[exercise]


def _print(verdicts: list[Verdict], hidden: int | float) -> None:
    table = Table("task", "visible points", "result", "what to look at first")
    by_task: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_task.setdefault(verdict.task, []).append(verdict)
    for name, found in by_task.items():
        first = next((v for v in found if v.status != "passed"), found[0])
        earned = sum(v.earned for v in found)
        points = f"{earned:g} of {sum(v.points for v in found):g}"
        look = "" if first.status == "passed" else "\n".join(clip(first.message))
        table.add_row(name, points, WORDS[first.status], escape(look))
    console = Console()
    console.print(table)
    total = sum(v.earned for v in verdicts)
    visible = count(sum(v.points for v in verdicts), "visible point")
    console.print(f"{total:g} of {visible}.", end=" ")
    console.print(f"Hidden checks add {count(hidden, 'point')}." if hidden else "")
