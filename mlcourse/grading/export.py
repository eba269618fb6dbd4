"""What is made from ``results.jsonl``: tables, feedback, files for other systems.

An error is never a grade: where a notebook was not graded, its score stays empty.
"""

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import correlation, mean
from typing import Any

import jinja2

from mlcourse.grading.files import write
from mlcourse.grading.words import WORDS, clean

Row = dict[str, Any]
Marks = dict[tuple[str, str, str], float]

NBGRADER = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name"),
    *("email", "raw_score", "late_submission_penalty", "score", "max_score"),
)
PERSON = ("last_name", "first_name", "email")


class TableError(Exception):
    """A roster or a table of marks that cannot be used; the text says what to do."""


@dataclass(frozen=True)
class Grade:
    """A row with the marks given by hand: points by task, what is still unmarked."""

    row: Row
    points: Mapping[str, float]
    max: Mapping[str, float]
    by_hand: frozenset[str]
    unmarked: Sequence[str]

    @property
    def graded(self) -> bool:
        """Whether there is a score at all."""
        return bool(self.row["status"] == "graded")


def read_table(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """Return a CSV file's rows; raises TableError where a needed column is absent."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path} cannot be read as UTF-8 text: {error}") from None
    reader = csv.DictReader(io.StringIO(text))
    if absent := [name for name in needed if name not in (reader.fieldnames or ())]:
        raise TableError(f"{path} has no column {', '.join(absent)}")
    return list(reader)


def read_marks(path: Path) -> Marks:
    """Return the points that a person gave, by student, exercise and task."""
    marks = {}
    for line in read_table(path, ("student", "exercise", "task", "points", "max")):
        if text := line["points"].strip():
            try:
                points = float(text)
                fits = 0 <= points <= float(line["max"])
            except ValueError:
                fits = False
            if not fits:
                where = f"{line['student']}, task {line['task']}"
                raise TableError(
                    f"{path}: {text!r} points for {where}; expected 0 to {line['max']}"
                )
            key = (_bare(line["student"]), line["exercise"], line["task"])
            marks[key] = points
    return marks


def export(
    out: Path, rows: Iterable[Row], roster: list[dict[str, str]], marks: Marks
) -> None:
    """Write every table and page anew from the rows."""
    people = {line["student_id"]: line for line in roster}
    grades = _grades(list(rows), people, marks)
    for grade in grades:
        if grade.row["status"] != "no_submission":
            exercise = grade.row["exercise"] or "unknown"
            page = _feedback(grade)
            write(
                out / "feedback" / grade.row["student"] / f"{exercise}.html",
                page.encode(),
            )
    for student in sorted({g.row["student"] for g in grades}):
        report = _gradescope([g for g in grades if g.row["student"] == student])
        text = json.dumps(report, indent=1)
        write(out / "gradescope" / f"{student}.json", text.encode())
    _table(out / "grades.csv", *_summary(grades, people))
    _table(out / "items.csv", *_items([g for g in grades if g.graded]))
    _table(out / "written.csv", *_written(grades, marks))
    _table(out / "nbgrader.csv", NBGRADER, _nbgrader(grades, people))


def _grades(rows: list[Row], people: Mapping[str, object], marks: Marks) -> list[Grade]:
    """Return the grade of each student in each exercise; also who handed in nothing."""
    maxima: dict[str, dict[str, float]] = {}
    for row in rows:
        if row["checks"]:
            points: Counter[str] = Counter()
            for check in row["checks"]:
                points[check["task"]] += check["points"]
            maxima[row["exercise"]] = dict(points)
    there = {(row["student"], row["exercise"]) for row in rows}
    exercises = {exercise for _, exercise in there if exercise}
    students = {student for student, _ in there} | set(people)
    for student in students:
        for exercise in exercises:
            if (student, exercise) not in there:
                rows = [*rows, _no_submission(student, exercise)]
    rows = sorted(rows, key=lambda row: (row["student"], row["exercise"]))
    return [_grade(row, maxima.get(row["exercise"], {}), marks) for row in rows]


def _no_submission(student: str, exercise: str) -> Row:
    empty = dict.fromkeys(("reason", "file", "submitted", "isolation"), "")
    named = {"student": student, "exercise": exercise, "status": "no_submission"}
    return named | empty | {"flags": [], "checks": [], "written": {}}


def _grade(row: Row, maxima: Mapping[str, float], marks: Marks) -> Grade:
    points: dict[str, float] = dict.fromkeys(maxima, 0.0)
    for check in row["checks"]:
        points[check["task"]] += check["earned"]
    by_hand = set()
    for name in points:
        mark = marks.get((row["student"], row["exercise"], name))
        if mark is not None:
            points[name] = mark
            by_hand.add(name)
    tasks = [_task_of(name) for name, text in row["written"].items() if text.strip()]
    unmarked = [t for t in tasks if t in points and t not in by_hand]
    return Grade(row, points, maxima, frozenset(by_hand), unmarked)


def _task_of(name: str) -> str:
    """Return the task of a written answer: explain_01_6 belongs to 01.6."""
    return ".".join(name.split("_")[1:])


def _number(value: float) -> str:
    return f"{round(value, 4):g}"


def _total(grade: Grade) -> str:
    return _number(sum(grade.points.values())) if grade.graded else ""


def _summary(
    grades: list[Grade], people: Mapping[str, Mapping[str, str]]
) -> tuple[list[str], list[dict[str, str]]]:
    tasks = sorted({task for grade in grades for task in grade.max}, key=_by_numbers)
    named = [name for name in PERSON if any(name in line for line in people.values())]
    header = ["student", *named, "exercise", "status", "total", "max", *tasks]
    lines = []
    for grade in grades:
        row, person = grade.row, people.get(grade.row["student"], {})
        line = {name: row[name] for name in ("student", "exercise", "status")}
        line |= {"isolation": row["isolation"], "reason": clean(row["reason"])}
        line |= {name: person.get(name, "") for name in named}
        line |= {"total": _total(grade), "max": _number(sum(grade.max.values()))}
        line["unmarked"] = " ".join(grade.unmarked) if grade.graded else ""
        line["flags"] = "; ".join([*row["flags"], *row.get("notes", [])])
        if grade.graded:
            line |= {task: _number(value) for task, value in grade.points.items()}
        lines.append(line)
    return [*header, "unmarked", "isolation", "flags", "reason"], lines


def _by_numbers(task: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in task.split("."))


def _feedback(grade: Grade) -> str:
    row = grade.row
    tasks = [
        {
            "id": name,
            "earned": _number(grade.points[name]),
            "max": _number(grade.max[name]),
            "by_hand": name in grade.by_hand,
            "checks": [_shown(c) for c in row["checks"] if c["task"] == name],
        }
        for name in sorted(grade.max, key=_by_numbers)
    ]
    sorry = (
        "The grader stopped, which is no fault of yours; your teacher has been told."
    )
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("feedback.html").render(
        student=row["student"],
        exercise=row["exercise"].replace("_", " ") or "unknown",
        file=row["file"],
        reason=sorry if row["status"] == "grader_error" else clean(row["reason"]),
        tasks=tasks if grade.graded else None,
        total=_total(grade),
        max=_number(sum(grade.max.values())),
        unmarked=grade.unmarked,
        notes=[clean(note) for note in row.get("notes", [])],
        words=WORDS,
    )


def _shown(check: Row) -> Row:
    """Return what a student sees of a check: of a hidden one no message, no input."""
    message = "" if check["hidden"] else clean(check["message"])
    return check | {"message": message, "hint": clean(check["hint"])}


def _gradescope(grades: list[Grade]) -> Row:
    """Return Gradescope's results.json of one student; no score where not graded."""
    tests = []
    for grade in (g for g in grades if g.graded):
        for name in grade.by_hand:
            score = {"score": grade.points[name], "max_score": grade.max[name]}
            tests.append({"name": f"Task {name}", "number": name, **score})
        for check in grade.row["checks"]:
            if check["task"] not in grade.by_hand:
                shown = _shown(check)
                lost = shown["message"] or shown["hint"]
                tests.append(
                    {
                        "name": shown["title"],
                        "number": shown["task"],
                        "score": shown["earned"],
                        "max_score": shown["points"],
                        "status": "passed" if shown["status"] == "passed" else "failed",
                        "output": "" if shown["status"] == "passed" else lost,
                        "output_format": "text",
                        "visibility": "visible",
                    }
                )
    problems = [
        f"{g.row['exercise']}: {g.row['status']}" for g in grades if not g.graded
    ]
    return {"output": "; ".join(problems), "visibility": "visible", "tests": tests}


def _items(grades: list[Grade]) -> tuple[list[str], list[dict[str, str]]]:
    """Return statistics of each check; discrimination is against the other points."""
    header = ["exercise", "task", "check", "hidden", "points", "submissions"]
    header += ["passed", "mean", "discrimination"]
    header += [f"message_{i}" for i in (1, 2, 3)]
    seen: dict[tuple[str, str], list[tuple[Row, float]]] = defaultdict(list)
    for grade in grades:
        total = sum(check["earned"] for check in grade.row["checks"])
        for check in grade.row["checks"]:
            seen[grade.row["exercise"], check["name"]].append(
                (check, total - check["earned"])
            )
    lines = []
    for (exercise, _), cases in seen.items():
        first, earned, rest = (
            cases[0][0],
            [c["earned"] for c, _ in cases],
            [r for _, r in cases],
        )
        varied = len(set(earned)) > 1 and len(set(rest)) > 1
        heard = Counter(clean(c["message"]) for c, _ in cases if c["message"])
        line = {"exercise": exercise, "task": first["task"], "check": first["title"]}
        line |= {
            "hidden": "yes" if first["hidden"] else "no",
            "submissions": str(len(cases)),
        }
        line |= {"points": _number(first["points"]), "mean": f"{mean(earned):.3f}"}
        line["passed"] = f"{mean(c['status'] == 'passed' for c, _ in cases):.3f}"
        line["discrimination"] = f"{correlation(earned, rest):.2f}" if varied else ""
        for i, (message, number) in enumerate(heard.most_common(3), start=1):
            line[f"message_{i}"] = f"{number} x {message[:300]}"
        lines.append(line)
    lines.sort(key=lambda line: (line["exercise"], _by_numbers(line["task"])))
    return header, lines


def _written(
    grades: list[Grade], marks: Marks
) -> tuple[list[str], list[dict[str, str]]]:
    """Return the written answers, the points given so far, room for the rest."""
    lines = []
    for grade in (g for g in grades if g.graded):
        for name, text in grade.row["written"].items():
            key = (grade.row["student"], grade.row["exercise"], _task_of(name))
            if key[2] in grade.max:
                line = dict(zip(("student", "exercise", "task"), key, strict=True))
                line |= {"answer": text, "max": _number(grade.max[key[2]])}
                line["points"] = _number(marks[key]) if key in marks else ""
                lines.append(line)
    return ["student", "exercise", "task", "max", "points", "answer"], lines


def _nbgrader(
    grades: list[Grade], people: Mapping[str, Mapping[str, str]]
) -> list[dict[str, str]]:
    lines = []
    for grade in grades:
        row, person = grade.row, people.get(grade.row["student"], {})
        line = {"assignment": row["exercise"], "student_id": row["student"]}
        line |= {"timestamp": row["submitted"], "late_submission_penalty": "0"}
        line |= {name: person.get(name, "") for name in PERSON}
        line |= {"raw_score": _total(grade), "score": _total(grade)}
        lines.append(line | {"max_score": _number(sum(grade.max.values()))})
    return lines


def _table(
    path: Path, header: Sequence[str], lines: Iterable[Mapping[str, str]]
) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", lineterminator="\n")
    writer.writeheader()
    for line in lines:
        writer.writerow({name: _cell(value) for name, value in line.items()})
    write(path, text.getvalue().encode())


def _cell(value: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _bare(value: str) -> str:
    """Return a cell as it was before _cell."""
    return value[1:] if value[:2] in ("'=", "'+", "'-", "'@", "'\t", "'\r") else value
