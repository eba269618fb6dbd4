"""What `mlcourse grade` prints at its end."""

from collections import Counter
from pathlib import Path
from statistics import mean

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mlcourse.grading.grades import Grade
from mlcourse.grading.tables import Key
from mlcourse.grading.words import clean, count


def report(found: list[Grade], idle: list[Key], out: Path) -> None:
    """Print what could not be graded, a table by exercise, and what to look at."""
    console = Console()
    found = [grade for grade in found if grade.handed_in]
    rows = [grade.row for grade in found]
    for row in rows:
        if row["status"] != "graded":
            said = clean(f"{row['file']}: {row['status']}: {row['reason']}")
            reason = escape(" ".join(said.split()))
            console.print(reason, soft_wrap=True, highlight=False)
    table = Table("exercise", "graded", "not graded", "mean", "of", title="Submissions")
    for exercise in sorted({row["exercise"] for row in rows}):
        these = [grade for grade in found if grade.row["exercise"] == exercise]
        graded = [grade for grade in these if grade.graded]
        totals = [sum(grade.points.values()) for grade in graded]
        average = f"{mean(totals):.1f}" if graded else "-"
        failed = str(len(these) - len(graded))
        of = these[0].out_of
        table.add_row(exercise or "unknown", str(len(graded)), failed, average, of)
    console.print(table)
    held = Counter(row["isolation"] for row in rows)
    said = ", ".join(f"{number} under {name}" for name, number in sorted(held.items()))
    console.print(f"Isolation: {said}.", highlight=False)
    if held["none"]:
        console.print("[bold red]none: students' code could do all that you can do.[/]")
    if flagged := sum(bool(row["flags"] or row.get("notes")) for row in rows):
        console.print(f"{flagged} with flags for a person to look at: see grades.csv.")
    if idle:
        first = escape(clean(", ".join(idle[0])))
        console.print(
            f"{count(len(idle), 'mark')} of no graded answer (as {first}): kept in "
            "written.csv, counted nowhere.",
            highlight=False,
        )
    console.print(f"Results in {out}: grades.csv, feedback/, items.csv, written.csv.")
