"""Every check is fair: it catches the wrong answers, it accepts the right ones."""

import ast
import contextlib
import importlib.util
import re
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from mlcourse.grading.aside import fresh_randomness
from mlcourse.grading.bank import load_bank, overlay
from mlcourse.grading.cells import run_cells
from mlcourse.grading.local import LocalAnswers
from mlcourse.grading.notebook import cell_source, code_cells, read_notebook
from mlcourse.grading.task import hidden_modules, load_checks
from mlcourse.grading.verdict import judge

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
CHECKS = {p.stem.removeprefix("test_"): p for p in sorted(HERE.glob("test_??_*.py"))}
HEADING = re.compile(
    r"^## Task (?P<task>\d\d\.\d+) (?P<title>.+?) (?P<stars>★[★☆]{2}) "
    r"\((?P<points>[\d.]+) points?, (?P<minutes>\d+) min\)$",
    re.MULTILINE,
)


def bank(exercise):
    path = HERE / f"bank_{exercise}.py"
    return load_bank(path) if path.exists() else []


ENTRIES = [
    pytest.param(
        name,
        entry,
        id=f"{entry.task}-{'right' if entry.right else 'wrong'}-{entry.number}",
    )
    for name in CHECKS
    for entry in bank(name)
]
exercises = pytest.mark.parametrize("exercise", CHECKS)


@cache
def checks(exercise):
    return load_checks(CHECKS[exercise])


@cache
def solution(exercise):
    """The solution's names, with the exercise's notebook run once."""
    cells = code_cells(read_notebook(ROOT / "solutions" / f"{exercise}.ipynb"))
    namespace, _, errors = run_cells(cells)
    assert not any(errors), [str(error) for error in errors if error]
    return namespace


@contextlib.contextmanager
def little_memory():
    """Let this process grow by 8 GiB at most, so that a huge table is refused.

    Without it, a system that promises more memory than it has would let a wrong answer
    fill it, and end the tests. Yields whether there is such a limit: on Linux there is.
    """
    if not sys.platform.startswith("linux"):
        yield False
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + 8 * 2**30
    lower = [most, *(v for v in before if v != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(lower), before[1]))
    try:
        yield True
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def verdicts(exercise, namespace, task=None):
    with fresh_randomness():  # of the answers too: each try draws anew
        answers = LocalAnswers(namespace)
    for check in checks(exercise):
        if task in (None, check.task):
            with fresh_randomness():
                verdict = judge(check, answers)
            yield verdict


def told(verdict):
    return f"{verdict.name}: {verdict.status}: {verdict.message}"


@pytest.mark.parametrize(("exercise", "entry"), ENTRIES)
def test_bank(exercise, entry):
    """A wrong answer loses a point with the intended words, a right one loses none.

    Inputs are drawn: where a slip does not show, or shows as another, it has two more
    tries. A right answer has none.
    """
    namespace = overlay(entry, solution(exercise))
    with little_memory() as limited:
        if entry.message == "allocate" and not limited:
            pytest.skip("no limit keeps this answer from filling the memory")
        for _ in range(1 if entry.right else 3):
            found = list(verdicts(exercise, namespace, entry.task))
            if any(entry.message in v.message for v in found):
                break
    assert found, f"there is no check of task {entry.task}"
    lost = [v for v in found if v.status != "passed"]
    assert not [told(v) for v in lost if v.status == "grader_error"]
    if entry.right:
        assert not lost, "\n".join(map(told, lost))
    else:
        assert lost, "no check catches it"
        assert any(entry.message in v.message for v in lost), (
            f"no message says {entry.message!r}:\n" + "\n".join(map(told, lost))
        )


@exercises
def test_bank_is_large_enough(exercise):
    """Five wrong and two right answers a task."""
    count = defaultdict(lambda: [0, 0])
    for entry in bank(exercise):
        count[entry.task][entry.right] += 1
    for task in sorted({check.task for check in checks(exercise)}):
        wrong, right = count[task]
        assert wrong >= 5, f"task {task} has {wrong} wrong answers, expected 5 or more"
        assert right >= 2, f"task {task} has {right} right answers, expected 2 or more"


@exercises
def test_solution_earns_every_point(exercise):
    lost = [v for v in verdicts(exercise, solution(exercise)) if v.status != "passed"]
    assert not lost, "\n".join(map(told, lost))


@exercises
def test_blank_notebook_is_not_attempted_and_raises_nothing(exercise):
    """The released stubs earn 0 points, politely, and run from top to bottom."""
    path = ROOT / "exercises" / f"{exercise}.ipynb"
    namespace, _, errors = run_cells(code_cells(read_notebook(path)))
    assert not any(errors), [str(error) for error in errors if error]
    for verdict in verdicts(exercise, namespace):
        assert verdict.status == "not_attempted", told(verdict)
        assert verdict.earned == 0


@exercises
def test_solution_imports_nothing_that_answers_it(exercise):
    """HIDES names modules that exist and that the notebook does without."""
    hidden = hidden_modules(CHECKS[exercise])
    assert all(importlib.util.find_spec(name) for name in hidden), hidden
    for cell in code_cells(read_notebook(ROOT / "solutions" / f"{exercise}.ipynb")):
        for name in imported(cell):
            assert not name.startswith(hidden), f"{name} is absent while grading"


def imported(cell):
    lines = [line for line in cell.splitlines() if not line.startswith(("%", "!"))]
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def sections(exercise):
    """The solution notebook's cells by task: what follows each task's heading."""
    found = {}
    current = None
    for cell in read_notebook(ROOT / "solutions" / f"{exercise}.ipynb")["cells"]:
        text = cell_source(cell)
        if cell["cell_type"] == "markdown":
            if match := re.search(r"^## Task (\d\d\.\d+)", text, re.MULTILINE):
                current = found.setdefault(match[1], [])
            elif re.search(r"^##? ", text, re.MULTILINE):
                current = None
        if current is not None:
            current.append(cell)
    return found


def written(exercise):
    """Return the tasks whose answer is a text, graded by hand."""
    return {
        task
        for task, cells in sections(exercise).items()
        if any(
            re.search(rf"^explain_{task.replace('.', '_')} =", cell_source(c), re.M)
            for c in cells
            if c["cell_type"] == "code"
        )
    }


@exercises
def test_a_statement_is_no_explanation(exercise):
    """The text of a written task, pasted, with its rubric and without, loses."""
    for task in sorted(written(exercise)):
        cells = [c for c in sections(exercise)[task] if c["cell_type"] == "markdown"]
        own = [
            c for c in cells if "solution" not in c.get("metadata", {}).get("tags", [])
        ]
        text = "\n\n".join(map(cell_source, own))
        story = re.sub(r"^\*Rubric\.\*.*$", "", text, flags=re.MULTILINE)
        story = re.sub(r"^The machine looks.*$", "", story, flags=re.MULTILINE)
        for pasted, said in ((text, "the rubric"), (story, "quotes from the task")):
            namespace = {f"explain_{task.replace('.', '_')}": pasted}
            (verdict,) = verdicts(exercise, namespace, task)
            assert verdict.status == "failed", told(verdict)
            assert said in verdict.message or task == "01.6", told(verdict)


@exercises
def test_every_check_belongs_to_a_task_and_starts_with_a_visible_one(exercise):
    tasks = sections(exercise)
    first = {}
    for check in checks(exercise):
        assert check.task in tasks, f"{check.name}: no heading '## Task {check.task}'"
        first.setdefault(check.task, check)
    for check in first.values():
        assert not check.hidden, f"{check.name}: a task's first check is visible"


@exercises
def test_every_task_has_what_a_task_needs(exercise):
    """Stars, points, minutes, objective, three hints, check cell, worked solution."""
    points = defaultdict(float)
    for check in checks(exercise):
        points[check.task] += check.points
    for task, cells in sections(exercise).items():
        text = "\n".join(cell_source(c) for c in cells if c["cell_type"] == "markdown")
        code = [cell_source(c) for c in cells if c["cell_type"] == "code"]
        heading = HEADING.search(text)
        assert heading, (
            f"task {task}: write its heading as '## Task {task} Title ★★☆ "
            "(2 points, 15 min)'"
        )
        if task not in written(exercise):
            assert float(heading["points"]) == points[task], (
                f"task {task}: {heading['points']} points in the heading, "
                f"{points[task]:g} in its checks"
            )
        assert "**Objective.**" in text, f"task {task} has no objective"
        for hint in ("Hint 1: direction", "Hint 2: formula", "Hint 3: code shape"):
            assert f"<summary>{hint}</summary>" in text, f"task {task} has no {hint}"
        assert f'check("{task}")' in code, f"task {task} has no cell check({task!r})"
        assert any("# BEGIN SOLUTION" in cell for cell in code), f"task {task}: no gap"
        assert any(
            "solution" in cell.get("metadata", {}).get("tags", []) for cell in cells
        ), f"task {task} has no worked solution (a cell with the tag 'solution')"


class OddAnswers(LocalAnswers):
    """Whatever is asked for, the answer is the same odd thing."""

    def __init__(self, odd):
        super().__init__({"odd": odd})

    def _find(self, name):
        odd = self._namespace["odd"]
        return odd if name.startswith("=") else lambda *args, **kwargs: odd

    def value(self, name):
        return super().value(f"={name}")


ODD = {
    "text": "seven",
    "truth": True,
    "number": 3,
    "nan": float("nan"),
    "huge": 10**300,
    "list": [],
    "ragged": [[1.0], [2.0, 3.0]],
    "nothings": [None, None],
    "pair": ("a", {"b": 1}),
    "dict": {"a": torch.zeros(3)},
    "empty": torch.zeros(0),
    "bool": torch.zeros(3, 3, dtype=torch.bool),
    "nans": torch.full((4, 4), torch.nan),
    "infinite": torch.full((7, 2), torch.inf),
    "array": np.zeros((2, 3, 4)),
    "half": torch.ones(3, 3, dtype=torch.bfloat16),
    "unsigned": torch.tensor([3], dtype=torch.uint64),
    "pair of arrays": (np.zeros((3, 3)), torch.zeros(3)),
    "negative": torch.full((5, 3), -(2**40)),
}


@exercises
@pytest.mark.parametrize("odd", ODD)
def test_an_odd_answer_fails_and_stops_no_check(exercise, odd):
    """A check says what it expected, whatever came: it never raises another error."""
    for check in checks(exercise):
        with fresh_randomness():
            verdict = judge(check, OddAnswers(ODD[odd]))
        assert verdict.status == "failed", told(verdict)
