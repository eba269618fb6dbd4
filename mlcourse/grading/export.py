"""What is made from ``results.jsonl``: tables, feedback, files for other systems.

An error is never a grade: where a notebook was not graded, its score stays empty.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mlcourse.grading.feedback import feedback
from mlcourse.grading.files import write
from mlcourse.grading.grades import Grade, by_numbers, grades, number, task_of
from mlcourse.grading.interop import NBGRADER, PERSON, gradescope, nbgrader
from mlcourse.grading.items import items
from mlcourse.grading.leaderboard import leaderboard
from mlcourse.grading.results import Row
from mlcourse.grading.tables import Key, Line, Marks, Table, write_table
from mlcourse.grading.words import clean


def export(
    out: Path, rows: Iterable[Row], roster: Sequence[Line], marks: Marks
) -> tuple[list[Grade], list[Key]]:
    """Write every table and page anew from the rows; return grades and idle marks.

    A mark counts nothing where no graded answer is its own: of a student whose notebook
    is unreadable by now, or whose name is another. Such marks are kept as well.
    """
    people = {line["student_id"]: line for line in roster}
    found = grades(rows, people, marks)
    write_table(out / "written.csv", *_written(found, marks))
    pages = {out / "feedback" / _page(g): g for g in found if g.handed_in}
    for path in set(out.glob("feedback/*/unknown.html")) - set(pages):
        path.unlink()  # by now it is known which exercise this was
    for path, grade in pages.items():
        write(path, feedback(grade).encode())
    for student in sorted({grade.row["student"] for grade in found}):
        report = gradescope(g for g in found if g.row["student"] == student)
        text = json.dumps(report, indent=1)
        write(out / "gradescope" / f"{_file(student)}.json", text.encode())
    write_table(out / "grades.csv", *_summary(found, people))
    write_table(out / "items.csv", *items(g for g in found if g.graded))
    header, lines = leaderboard(grade for grade in found if grade.graded)
    if lines:
        write_table(out / "leaderboard.csv", header, lines)
    write_table(out / "nbgrader.csv", NBGRADER, nbgrader(found, people))
    graded = {(*_whose(g), task) for g in found if g.graded for task in g.max}
    return found, sorted(marks.keys() - graded)


def _whose(grade: Grade) -> tuple[str, str]:
    return grade.row["student"], grade.row["exercise"]


def _page(grade: Grade) -> str:
    student, exercise = _whose(grade)
    return f"{_file(student)}/{exercise or 'unknown'}.html"


def _file(student: str) -> str:
    """Return what a student's files are called: the name, if it can be a file's.

    >>> _file("ada"), _file("../ada")
    ('ada', '.._ada-60088279')
    """
    plain = student.replace("/", "_").replace("\0", "_").encode()
    if plain == student.encode() and 0 < len(plain) <= 100 and student[0] != ".":
        return student
    mark = hashlib.sha256(student.encode()).hexdigest()[:8]
    return f"{plain[:100].decode(errors='ignore')}-{mark}"


def _summary(grades: list[Grade], people: Mapping[str, Line]) -> Table:
    tasks = sorted({task for grade in grades for task in grade.max}, key=by_numbers)
    named = [name for name in PERSON if any(name in line for line in people.values())]
    header = ["student", *named, "exercise", "status", "total", "max", *tasks]
    lines = []
    for grade in grades:
        row, person = grade.row, people.get(grade.row["student"], {})
        line = {name: row[name] for name in ("student", "exercise", "status")}
        line |= {"isolation": row["isolation"], "reason": clean(row["reason"])}
        line |= {name: person.get(name, "") for name in named}
        line |= {"total": grade.total, "max": grade.out_of}
        line["unmarked"] = " ".join(grade.unmarked) if grade.graded else ""
        line["flags"] = "; ".join([*row["flags"], *row.get("notes", [])])
        if grade.graded:
            line |= {task: number(value) for task, value in grade.points.items()}
        lines.append(line)
    return [*header, "unmarked", "isolation", "flags", "reason"], lines


def _written(grades: list[Grade], marks: Marks) -> Table:
    """Return the written answers and the points given, with room for more of them.

    All marks are there, also those of answers that are not there now.
    """
    answers: dict[Key, str] = {}
    most: dict[tuple[str, str], float] = {}
    for grade in grades:
        _, exercise = whose = _whose(grade)
        most |= {(exercise, task): points for task, points in grade.max.items()}
        for name, text in grade.row["written"].items() if grade.graded else ():
            if task_of(name) in grade.max:
                answers[*whose, task_of(name)] = text
    lines = []
    for key in [*answers, *sorted(marks.keys() - answers.keys())]:
        line = dict(zip(("student", "exercise", "task"), key, strict=True))
        line["max"] = number(most[key[1:]]) if key[1:] in most else ""
        line["points"] = number(marks[key]) if key in marks else ""
        lines.append(line | {"answer": answers.get(key, "")})
    return ["student", "exercise", "task", "max", "points", "answer"], lines
