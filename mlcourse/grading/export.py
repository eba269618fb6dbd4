"""What is made from ``results.jsonl``: tables, feedback, files for other systems.

An error is never a grade: where a notebook was not graded, its score stays empty.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import correlation, mean

from mlcourse.grading.feedback import feedback
from mlcourse.grading.files import write
from mlcourse.grading.grades import Grade, by_numbers, grades, number, task_of
from mlcourse.grading.interop import NBGRADER, PERSON, gradescope, nbgrader
from mlcourse.grading.leaderboard import leaderboard
from mlcourse.grading.results import Row
from mlcourse.grading.tables import Line, Marks, write_table
from mlcourse.grading.words import clean

#: Lists and numbers in a message, with the space before them.
NUMBERS = re.compile(r"\s*\[[^\[\]]*\]|\s*[-+]?\d[\d.,]*(e[-+]?\d+)?(?<![.,])")
Table = tuple[list[str], list[dict[str, str]]]


def export(
    out: Path, rows: Iterable[Row], roster: Sequence[Line], marks: Marks
) -> None:
    """Write every table and page anew from the rows."""
    people = {line["student_id"]: line for line in roster}
    found = grades(rows, people, marks)
    for grade in found:
        if grade.row["status"] != "no_submission":
            name = f"{grade.row['exercise'] or 'unknown'}.html"
            page = feedback(grade)
            write(out / "feedback" / grade.row["student"] / name, page.encode())
    for student in sorted({grade.row["student"] for grade in found}):
        report = gradescope(g for g in found if g.row["student"] == student)
        text = json.dumps(report, indent=1)
        write(out / "gradescope" / f"{student}.json", text.encode())
    write_table(out / "grades.csv", *_summary(found, people))
    write_table(out / "items.csv", *_items([g for g in found if g.graded]))
    write_table(out / "written.csv", *_written(found, marks))
    header, lines = leaderboard(grade for grade in found if grade.graded)
    if lines:
        write_table(out / "leaderboard.csv", header, lines)
    write_table(out / "nbgrader.csv", NBGRADER, nbgrader(found, people))


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


def _items(grades: list[Grade]) -> Table:
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
        said = [clean(c["message"]) for c, _ in cases if c["message"]]
        heard = Counter(map(_kind, said))
        example = {_kind(message): message for message in reversed(said)}
        line = {"exercise": exercise, "task": first["task"], "check": first["title"]}
        line |= {
            "hidden": "yes" if first["hidden"] else "no",
            "submissions": str(len(cases)),
        }
        line |= {"points": number(first["points"]), "mean": f"{mean(earned):.3f}"}
        line["passed"] = f"{mean(c['status'] == 'passed' for c, _ in cases):.3f}"
        line["discrimination"] = f"{correlation(earned, rest):.2f}" if varied else ""
        for i, (kind, times) in enumerate(heard.most_common(3), start=1):
            line[f"message_{i}"] = f"{times} x {example[kind][:300]}"
        lines.append(line)
    lines.sort(key=lambda line: (line["exercise"], by_numbers(line["task"])))
    return header, lines


def _kind(message: str) -> str:
    """Return what the messages about one mistake share: all but the numbers.

    >>> _kind("row 3: got [0.5, -1e-3], expected 2. You forgot the root.")
    'row: got, expected. You forgot the root.'
    """
    _, cause, rest = message.partition("Likely mistake:")
    return cause + rest if cause else NUMBERS.sub("", message)


def _written(grades: list[Grade], marks: Marks) -> Table:
    """Return the written answers, the points given so far, room for the rest."""
    lines = []
    for grade in (g for g in grades if g.graded):
        for name, text in grade.row["written"].items():
            key = (grade.row["student"], grade.row["exercise"], task_of(name))
            if key[2] in grade.max:
                line = dict(zip(("student", "exercise", "task"), key, strict=True))
                line |= {"answer": text, "max": number(grade.max[key[2]])}
                line["points"] = number(marks[key]) if key in marks else ""
                lines.append(line)
    return ["student", "exercise", "task", "max", "points", "answer"], lines
