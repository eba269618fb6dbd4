"""What a row of results is worth, with the points that a person gave."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlcourse.grading.results import Row
from mlcourse.grading.tables import Marks


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

    @property
    def handed_in(self) -> bool:
        """Whether there was anything to grade."""
        return bool(self.row["status"] != "no_submission")

    @property
    def total(self) -> str:
        """The points in all; empty where there is no score."""
        return number(sum(self.points.values())) if self.graded else ""

    @property
    def out_of(self) -> str:
        """The points that could be earned."""
        return number(sum(self.max.values()))


def grades(rows: Iterable[Row], people: Iterable[str], marks: Marks) -> list[Grade]:
    """Return the grade of each student in each exercise; also who handed in nothing."""
    rows = list(rows)
    maxima = {row["exercise"]: _maxima(row) for row in rows if row["checks"]}
    there = {(row["student"], row["exercise"]) for row in rows}
    exercises = {exercise for _, exercise in there if exercise}
    students = {student for student, _ in there} | set(people)
    for student in students:
        for exercise in exercises:
            if (student, exercise) not in there:
                rows = [*rows, _no_submission(student, exercise)]
    rows = sorted(rows, key=lambda row: (row["student"], row["exercise"]))
    return [
        _grade(row, _maxima(row) or maxima.get(row["exercise"], {}), marks)
        for row in rows
    ]


def _maxima(row: Row) -> dict[str, float]:
    """Return the points of each task by the checks that this very row was graded by."""
    points: Counter[str] = Counter()
    for check in row["checks"]:
        points[check["task"]] += check["points"]
    return dict(points)


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
    tasks = [task_of(name) for name, text in row["written"].items() if text.strip()]
    unmarked = [t for t in tasks if t in points and t not in by_hand]
    return Grade(row, points, maxima, frozenset(by_hand), unmarked)


def task_of(name: str) -> str:
    """Return the task of a written answer: explain_01_6 belongs to 01.6."""
    return ".".join(name.split("_")[1:])


def number(value: float) -> str:
    """Return points as short text."""
    return f"{round(value, 4):g}"


def by_numbers(task: str) -> tuple[int, ...]:
    """Return what sorts tasks as a person would: 01.2 before 01.10."""
    return tuple(int(part) if part.isdigit() else 0 for part in task.split("."))
