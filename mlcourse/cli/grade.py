"""mlcourse grade: a folder of submissions, to tables and feedback."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from mlcourse.cli._say import course_root, fail
from mlcourse.grading.batch import BatchError, Plan, grade_folder
from mlcourse.grading.export import export
from mlcourse.grading.results import ResultsError, Row
from mlcourse.grading.sandbox import SandboxError
from mlcourse.grading.submissions import students
from mlcourse.grading.tables import TableError, read_marks, read_table
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
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        known = _checks(checks or course_root() / "tests" / "autograde")
        people = read_table(roster, ["student_id"]) if roster else []
        listed = {person["student_id"] for person in people}
        there = students(submissions) if submissions.is_dir() else []
        people += [{"student_id": name} for name in there if name not in listed]
        given = marks or out / "written.csv"  # never written over without being read
        points = read_marks(given) if marks or given.exists() else {}
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
                plan, on_row=lambda i, n: progress.update(bar, completed=i, total=n)
            )
        export(out, rows.values(), people, points)
    except (BatchError, CheckError, ResultsError, SandboxError, TableError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or out}: {error.strerror or error}")
    except KeyboardInterrupt:
        fail("stopped; what is graded is kept, run the same command to go on", code=130)
    _report(list(rows.values()), out)
    raise typer.Exit(int(any(row["status"] != "graded" for row in rows.values())))


def _checks(folder: Path) -> dict[str, Path]:
    """The instructor's checks, hidden ones too: never the students' copy."""
    found = {p.stem[5:]: p for p in sorted(folder.glob("test_[0-9][0-9]_*.py"))}
    if not found:
        fail(f"no checks test_NN_topic.py in {folder}; name their folder with --checks")
    return found


def _named(number: str | None, known: dict[str, Path]) -> str | None:
    if number is None:
        return None
    for name in known:
        if number in (name, name[:2]) or number.zfill(2) == name[:2]:
            return name
    fail(f"no exercise {number}; there are {', '.join(known)}")


def _report(rows: list[Row], out: Path) -> None:
    console = Console()
    for row in rows:
        if row["status"] != "graded":
            reason = escape(f"{row['file']}: {row['status']}: {row['reason']}")
            console.print(reason, soft_wrap=True, highlight=False)
    table = Table("exercise", "graded", "not graded", "mean", "of", title="Submissions")
    for exercise in sorted({row["exercise"] for row in rows}):
        these = [row for row in rows if row["exercise"] == exercise]
        graded = [row for row in these if row["status"] == "graded"]
        numbers = [sum(c["earned"] for c in row["checks"]) for row in graded]
        of = sum(c["points"] for c in graded[0]["checks"]) if graded else 0
        average = f"{sum(numbers) / len(numbers):.1f}" if graded else "-"
        failed = str(len(these) - len(graded))
        name = exercise or "unknown"
        table.add_row(name, str(len(graded)), failed, average, f"{of:g}")
    console.print(table)
    held = Counter(row["isolation"] for row in rows)
    said = ", ".join(f"{number} under {name}" for name, number in sorted(held.items()))
    console.print(f"Isolation: {said}.", highlight=False)
    if held["none"]:
        console.print("[bold red]none: students' code could do all that you can do.[/]")
    if flagged := sum(bool(row["flags"] or row.get("notes")) for row in rows):
        console.print(f"{flagged} with flags for a person to look at: see grades.csv.")
    console.print(f"Results in {out}: grades.csv, feedback/, items.csv, written.csv.")
