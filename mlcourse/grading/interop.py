"""The same grades for other systems: nbgrader's columns, Gradescope's results.json."""

from collections.abc import Iterable, Mapping
from typing import Any

from mlcourse.grading.feedback import shown
from mlcourse.grading.grades import Grade
from mlcourse.grading.tables import Line

NBGRADER = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name"),
    *("email", "raw_score", "late_submission_penalty", "score", "max_score"),
)
PERSON = ("last_name", "first_name", "email")


def gradescope(grades: Iterable[Grade]) -> dict[str, Any]:
    """Return Gradescope's results.json of one student; no score where not graded."""
    grades = list(grades)
    tests = []
    for grade in (g for g in grades if g.graded):
        for name in sorted(grade.by_hand):
            score = {"score": grade.points[name], "max_score": grade.max[name]}
            tests.append({"name": f"Task {name}", "number": name, **score})
        for check in grade.row["checks"]:
            if check["task"] not in grade.by_hand:
                seen = shown(check)
                lost = seen["message"] or seen["hint"]
                tests.append(
                    {
                        "name": seen["title"],
                        "number": seen["task"],
                        "score": seen["earned"],
                        "max_score": seen["points"],
                        "status": "passed" if seen["status"] == "passed" else "failed",
                        "output": "" if seen["status"] == "passed" else lost,
                        "output_format": "text",
                        "visibility": "visible",
                    }
                )
    problems = [
        f"{g.row['exercise']}: {g.row['status']}" for g in grades if not g.graded
    ]
    return {"output": "; ".join(problems), "visibility": "visible", "tests": tests}


def nbgrader(
    grades: Iterable[Grade], people: Mapping[str, Line]
) -> list[dict[str, str]]:
    """Return a line a grade; the score is empty where there is none."""
    lines = []
    for grade in grades:
        row, person = grade.row, people.get(grade.row["student"], {})
        line = {"assignment": row["exercise"], "student_id": row["student"]}
        line |= {"timestamp": row["submitted"], "late_submission_penalty": "0"}
        line |= {name: person.get(name, "") for name in PERSON}
        line |= {"raw_score": grade.total, "score": grade.total}
        lines.append(line | {"max_score": grade.out_of})
    return lines
