"""mlcourse grade: a folder of submissions, to tables and feedback."""

import signal
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from mlcourse.cli._graded import report
from mlcourse.cli._say import course_root, fail
from mlcourse.grading.batch import BatchError, Plan, Rows, grade_folder
from mlcourse.grading.export import export
from mlcourse.grading.grades import Grade
from mlcourse.grading.layouts import as_name, students
from mlcourse.grading.results import ResultsError
from mlcourse.grading.sandbox import SandboxError
from mlcourse.grading.tables import (
    Key,
    Line,
    Marks,
    TableError,
    read_marks,
    read_table,
)
from mlcourse.grading.task import CheckError


def grade(
    submissions: Annotated[Path, typer.Argument(help="Folder of submitted notebooks.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of results; may exist.")],
    exercise: Annotated[
        str | None, typer.Option("--exercise", help="One exercise only, as 01.")
    ] = None,
    checks: Annotated[
        Path | None,
        typer.Option("--checks", help="Folder of the checks; default tests/autograde."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="So many at a time.")] = 2,
    isolation: Annotated[
        str, typer.Option("--isolation", help="auto, bwrap, landlock or none.")
    ] = "auto",
    limit: Annotated[
        float,
        typer.Option("--limit", min=0.1, help="Seconds for a call or cell."),
    ] = 20.0,
    roster: Annotated[
        Path | None,
        typer.Option("--roster", help="CSV: student_id, last_name, first_name, email."),
    ] = None,
    marks: Annotated[
        Path | None,
        typer.Option("--marks", help="written.csv with points given by a person."),
    ] = None,
) -> None:
    """Grade submitted notebooks, each in a confined process of its own.

    Run it again to go on after an interruption, for new submissions or with marks: what
    is graded already is kept. Exit code 0: all graded; 1: some could not be; 2: the
    input cannot be used.

    Examples: `mlcourse grade submitted --out graded`,
    `mlcourse grade submitted --out graded --marks graded/written.csv`.
    """

    def finish(rows: Rows) -> None:
        """Write what is made from the rows; marks are read again, hours later maybe."""
        done.append(export(out, rows.values(), people, _marks(out, marks)))

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _stop)
    done: list[tuple[list[Grade], list[Key]]] = []
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        known = _checks(checks or course_root() / "tests" / "autograde")
        people = _people(roster, submissions, out)
        _marks(out, marks)  # whatever is wrong with them, it is said before the work
        plan = Plan(
            submissions=submissions,
            out=out,
            checks=known,
            exercise=_named(exercise, known),
            jobs=jobs,
            isolation=isolation,
            limit=limit,
        )
        hidden = not console.is_terminal
        progress = Progress(*columns, console=console, transient=True, disable=hidden)
        with progress:
            bar = progress.add_task("", total=None)
            rows = grade_folder(
                plan,
                on_row=lambda i, n: progress.update(bar, completed=i, total=n),
                finish=finish,
            )
    except (BatchError, CheckError, ResultsError, SandboxError, TableError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or out}: {error.strerror or error}")
    except KeyboardInterrupt:
        fail("stopped; what is graded is kept, run the same command to go on", code=130)
    report(*done[0], out)
    raise typer.Exit(int(any(row["status"] != "graded" for row in rows.values())))


def _stop(number: int, frame: object) -> NoReturn:
    """End as after Ctrl-C, once: what is left over is removed in peace."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _checks(folder: Path) -> dict[str, Path]:
    """The instructor's checks, hidden ones too: never the students' copy."""
    found = {p.stem[5:]: p for p in sorted(folder.glob("test_[0-9][0-9]_*.py"))}
    if not found:
        fail(f"no checks test_NN_topic.py in {folder}; name their folder with --checks")
    return found


def _people(roster: Path | None, submissions: Path, out: Path) -> list[Line]:
    """The students on the roster, and those who have a folder."""
    people: list[Line] = [
        {**person, "student_id": name}
        for person in (read_table(roster, ["student_id"]) if roster else [])
        if (name := as_name(person["student_id"].strip()))
    ]
    listed = {person["student_id"] for person in people}
    there = students(submissions, out) if submissions.is_dir() else []
    return people + [{"student_id": name} for name in there if name not in listed]


def _marks(out: Path, given: Path | None) -> Marks:
    """The points given by hand; what is in written.csv is never lost."""
    kept = out / "written.csv"
    found = read_marks(kept) if kept.exists() else {}
    return found | (read_marks(given) if given else {})


def _named(number: str | None, known: dict[str, Path]) -> str | None:
    if number is None:
        return None
    for name in known:
        if number in (name, name[:2]) or number.zfill(2) == name[:2]:
            return name
    fail(f"no exercise {number}; there are {', '.join(known)}")
