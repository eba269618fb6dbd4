"""The page that a student gets: what passed, what did not, and what to do next."""

from pathlib import Path

import jinja2

from mlcourse.grading.grades import Grade, by_numbers, number
from mlcourse.grading.results import Row
from mlcourse.grading.words import WORDS, clean

SORRY = "The grader stopped, which is no fault of yours; your teacher is told."
PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
)


def feedback(grade: Grade) -> str:
    """Return the page as HTML, complete in itself."""
    row = grade.row
    tasks = [
        {
            "id": name,
            "earned": number(grade.points[name]),
            "max": number(grade.max[name]),
            "by_hand": name in grade.by_hand,
            "checks": [shown(c) for c in row["checks"] if c["task"] == name],
        }
        for name in sorted(grade.max, key=by_numbers)
    ]
    return PAGES.get_template("feedback.html").render(
        student=clean(row["student"]),
        exercise=row["exercise"].replace("_", " ") or "unknown",
        file=clean(row["file"]),
        reason=SORRY if row["status"] == "grader_error" else clean(row["reason"]),
        tasks=tasks if grade.graded else None,
        total=grade.total,
        max=grade.out_of,
        unmarked=grade.unmarked,
        notes=[clean(note) for note in row.get("notes", [])],
        words=WORDS,
    )


def shown(check: Row) -> Row:
    """Return what a student sees of a check: of a hidden one no message, no input."""
    message = "" if check["hidden"] else clean(check["message"])
    return check | {"message": message, "hint": clean(check["hint"])}
