"""One exercise of 10 points, written for three graders, and submissions to it.

A question has a visible check, worth a point, and a hidden one. The same text of the
checks serves all graders, and the same answers are put into each one's notebook.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

Cell = dict[str, Any]
IMPORTS = "import numpy as np\nimport torch"
BLANK = 'raise NotImplementedError("your code")'


@dataclass(frozen=True)
class Question:
    """A function to write: its head and body, its checks, what the hidden one gives."""

    name: str
    head: str
    body: str
    visible: str
    hidden: str
    points: int

    def code(self, body: str) -> str:
        """The function with a body."""
        return f"{self.head}\n" + "\n".join(f"    {row}" for row in body.split("\n"))


DISTANCES = Question(
    "distances",
    "def distances(x, y):",
    "return np.sqrt(((x[:, None] - y) ** 2).sum(-1))",
    "got = distances(np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[0.0, 0.0]]))\n"
    'assert np.allclose(got, [[0.0], [5.0]]), "expected 0 and 5"',
    "rng = np.random.default_rng()\n"
    "x, y = rng.normal(size=(40, 8)), rng.normal(size=(30, 8))\n"
    "loop = [[float(np.linalg.norm(a - b)) for b in y] for a in x]\n"
    'assert np.allclose(distances(x, y), loop), "not what a loop over the rows gives"',
    3,
)
TRIPLETS = Question(
    "triplet_loss",
    "def triplet_loss(a, p, n, margin):",
    "return ((a - p).norm(dim=1) - (a - n).norm(dim=1) + margin).relu().mean()",
    "a, p, n = torch.tensor([[[0.0, 0.0]], [[3.0, 4.0]], [[6.0, 8.0]]])\n"
    'assert abs(float(triplet_loss(a, p, n, 6.0)) - 1) < 1e-5, "expected 5 - 10 + 6"',
    "a, p, n = torch.randn(3, 64, 16)\n"
    "gaps = [float((u - v).norm() - (u - w).norm()) for u, v, w in zip(a, p, n)]\n"
    "loop = sum(max(gap + 0.2, 0) for gap in gaps) / 64\n"
    "got = float(triplet_loss(a, p, n, 0.2))\n"
    'assert abs(got - loop) < 1e-4, "not the mean of the hinges"',
    2,
)
VOTE = Question(
    "vote",
    "def vote(labels):",
    "return min(set(labels), key=lambda c: (-labels.count(c), c))",
    'assert vote([2, 2, 1]) == 2, "two of three votes are for 2"',
    'assert vote([3, 1, 3, 1, 2]) == 1, "of two with as many votes the smaller wins"',
    2,
)
QUESTIONS = (DISTANCES, TRIPLETS, VOTE)

#: Bodies by kind of answer, a question each; and the points that they deserve.
RIGHT = [q.body for q in QUESTIONS]
LOOPS = [
    "found = np.zeros((len(x), len(y)))\n"
    "for i in range(len(x)):\n"
    "    for j in range(len(y)):\n"
    "        found[i, j] = sum((x[i, k] - y[j, k]) ** 2 for k in range(x.shape[1]))\n"
    "return found ** 0.5",
    "total = 0.0\n"
    "for i in range(len(a)):\n"
    "    total += max((a[i] - p[i]).norm() - (a[i] - n[i]).norm() + margin, 0)\n"
    "return total / len(a)",
    "counts = {}\n"
    "for label in sorted(labels):\n"
    "    counts[label] = counts.get(label, 0) + 1\n"
    "return max(counts, key=counts.get)",
]
WRONG = [
    "return ((x[:, None] - y) ** 2).sum(-1)",  # no root
    "return ((a - p).norm(dim=1) - (a - n).norm(dim=1) + margin).mean()",  # no hinge
    "return max(labels, key=labels.count)",  # the first of those with as many votes
]
RAISES = "return torch.stack([a, p, n]).distance().mean()"
BROKEN = "return np.sqrt(((x[:, None] - y) ** 2).sum(-1)"  # a bracket is not closed
WARNS = (
    "gaps = (a - p).norm(dim=1) - (a - n).norm(dim=1) + margin\n"
    "return torch.tensor([np.maximum(g.numpy()[None], 0) for g in gaps]).mean()"
)
KINDS: dict[str, tuple[Sequence[str], int]] = {
    "right": (RIGHT, 10),
    "wrong distances": ([WRONG[0], *RIGHT[1:]], 6),
    "right again": (RIGHT, 10),
    "wrong loss": ([RIGHT[0], WRONG[1], RIGHT[2]], 8),
    "loops": (LOOPS, 10),
    "wrong vote": ([*RIGHT[:2], WRONG[2]], 8),
    "blank": ([BLANK] * 3, 0),
    "right, third time": (RIGHT, 10),
    "no vote": ([*RIGHT[:2], BLANK], 7),
    "an exception": ([RIGHT[0], RAISES, RIGHT[2]], 7),
    "a syntax error": ([BROKEN, *RIGHT[1:]], 6),
    "right, with a warning": ([RIGHT[0], WARNS, RIGHT[2]], 10),
}


@dataclass(frozen=True)
class Answers:
    """What a student hands in."""

    student: str
    kind: str
    bodies: Sequence[str]
    points: int


def students(number: int) -> list[Answers]:
    """So many students, of each kind in turn."""
    kinds = islice(cycle(KINDS.items()), number)
    return [Answers(f"s{i:03d}", kind, *found) for i, (kind, found) in enumerate(kinds)]


def notebook(cells: Iterable[Cell]) -> Cell:
    """A notebook for the kernel ``python3``."""
    spec = {"name": "python3", "language": "python", "display_name": "Python 3"}
    meta = {"kernelspec": spec, "language_info": {"name": "python"}}
    return {"cells": [*cells], "metadata": meta, "nbformat": 4, "nbformat_minor": 4}


def cell(source: str, kind: str = "code", **metadata: object) -> Cell:
    """A cell that has not been run."""
    made: Cell = {"cell_type": kind, "source": source, "metadata": metadata}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def write(path: Path, content: Cell | str) -> None:
    """Write a text or a notebook, and the folders that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")


def hand_in(released: Cell, who: Answers) -> Cell:
    """The released notebook, with answers in place of the stubs."""
    fill = {q.head: q.code(b) for q, b in zip(QUESTIONS, who.bodies, strict=True)}
    fill[IMPORTS] = f"{IMPORTS}  # {who.student}"
    cells = []
    for old in released["cells"]:
        text = "".join(old["source"])
        start = next((s for s in fill if text.startswith(s)), None)
        cells.append(old | {"source": fill.pop(start)} if start else old)
    assert not fill, f"no cell for {[*fill]}"
    return released | {"cells": cells}


def our_checks() -> str:
    """The checks file."""
    parts = [f'"""Checks of exercise 99."""\n\n{IMPORTS}\n']
    parts.append("from mlcourse.grading import task\n")
    for number, q in enumerate(QUESTIONS, start=1):
        for title, code, points in (
            ("seen", q.visible, 1),
            ("more", q.hidden, q.points),
        ):
            rows = [f"{q.name} = answers.{q.name}", *code.split("\n")]
            hidden = ", hidden=True" * (title == "more")
            parts.append(
                f'\n@task("99.{number}", points={points}{hidden})\n'
                f'def test_{q.name}_{title}(answers):\n    """{q.name}, {title}"""\n'
                + "".join(f"    {row}\n" for row in rows)
            )
    return "\n".join(parts)


def our_notebook() -> Cell:
    """The stubs."""
    title = cell("# Exercise 99 Three functions", "markdown")
    return notebook([title, cell(IMPORTS), *(cell(q.code(BLANK)) for q in QUESTIONS)])


def nbgrader_source() -> Cell:
    """The source of an assignment, with solutions and hidden tests."""

    def graded(code: str, name: str, points: int) -> Cell:
        if not points:
            return cell(code, nbgrader=_nbgrader(name) | {"solution": True})
        more = {"grade": True, "points": points, "locked": True}
        return cell(code, nbgrader=_nbgrader(name) | more)

    cells = [cell(IMPORTS)]
    for q in QUESTIONS:
        solution = f"### BEGIN SOLUTION\n{q.body}\n### END SOLUTION"
        hidden = f"### BEGIN HIDDEN TESTS\n{q.hidden}\n### END HIDDEN TESTS"
        cells.append(graded(q.code(solution), q.name, 0))
        cells.append(graded(q.visible, f"{q.name}_seen", 1))
        cells.append(graded(hidden, f"{q.name}_more", q.points))
    return notebook(cells)


def _nbgrader(name: str) -> dict[str, object]:
    plain = dict.fromkeys(("grade", "solution", "locked", "task"), False)
    return {"grade_id": name, "schema_version": 3, **plain}


def otter_source() -> Cell:
    """The master notebook."""

    def raw(text: str) -> Cell:
        return cell(text, "raw")

    def test(code: str, points: int, hidden: str) -> Cell:
        head = f'""" # BEGIN TEST CONFIG\npoints: {points}\nhidden: {hidden}\n'
        return cell(f'{head}""" # END TEST CONFIG\n{code}')

    cells = [raw("# ASSIGNMENT CONFIG\ngenerate: true"), cell(IMPORTS)]
    for q in QUESTIONS:
        solution = f"# BEGIN SOLUTION\n{q.body}\n# END SOLUTION"
        cells += [
            raw(f"# BEGIN QUESTION\nname: {q.name}"),
            cell(f"Write `{q.name}`.", "markdown"),
            raw("# BEGIN SOLUTION"),
            cell(q.code(solution)),
            raw("# END SOLUTION"),
            raw("# BEGIN TESTS"),
            test(q.visible, 1, "false"),
            test(q.hidden, q.points, "true"),
            raw("# END TESTS"),
            raw("# END QUESTION"),
        ]
    return notebook(cells)
