"""A course of one exercise, small enough to see all of it."""

import json

import pytest

CHECKS = '''"""Checks of exercise 01."""

import math

import torch

from mlcourse.grading import task

HIDES = ("mlcourse.relations",)

# SECRET: 7 is prime
_hidden_x = 7.0
LIMIT = 2


@task("01.1", points=1)
def test_half(answers):
    """Half of four

    Divide it by two.
    """
    got = answers.half(torch.tensor([4.0]))
    assert got == 2, f"half(4) is {got}, expected 2: did you <double> it?"


# SECRET: try 7
@task("01.1", points=1, hidden=True)
def test_half_of_others(answers):
    """Half of other numbers

    Try several.
    """
    assert answers.half(_hidden_x) == math.prod([0.5, _hidden_x]), "not the half"


def used_by_hidden_only(x):
    """SECRET."""
    return x + LIMIT


@task("01.2", points=2, hidden=True)
def test_secret_of_two(answers):
    """A hidden one

    Look again.
    """
    assert used_by_hidden_only(answers.value("pair")[0]) == 3, "wrong pair"


@task("01.2", points=1)
def test_pair(answers):
    """A pair of numbers

    Two of them.
    """
    assert len(answers.value("pair")) == 2, "expected two numbers"


@task("01.3", points=1)
def test_text(answers):
    """A written answer

    A sentence.
    """
    assert len(answers.value("explain_01_3")) > 5, "too short"
'''


def cell(kind, source, number, **metadata):
    made = {"cell_type": kind, "id": f"c{number}", "metadata": metadata}
    made["source"] = source.splitlines(keepends=True)
    if kind == "code":
        output = {"output_type": "stream", "name": "stdout", "text": "SECRET"}
        made |= {"execution_count": 3, "outputs": [output]}
    return made


def notebook_of(cells):
    """Return a notebook of (kind, source) or (kind, source, metadata)."""
    made = [cell(*c[:2], i, **(c[2] if c[2:] else {})) for i, c in enumerate(cells)]
    return {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


SOLUTION = [
    ("markdown", "# Exercise 01 Relations"),
    ("code", "import torch\n\nfrom mlcourse.grading import check"),
    ("markdown", "## Task 01.1 Half ★☆☆ (2 points, 5 min)"),
    (
        "code",
        'def half(x):\n    """Half of x."""\n    # BEGIN SOLUTION\n'
        "    SECRET = x / 2\n    return SECRET\n    # END SOLUTION",
    ),
    ("code", 'check("01.1")'),
    ("markdown", "worked SECRET", {"tags": ["solution"]}),
    ("markdown", "## Task 01.2 Pair ★☆☆ (3 points, 5 min)"),
    ("code", '# BEGIN SOLUTION\npair = (1, len("SECRET"))\n# END SOLUTION'),
    ("code", 'check("01.2")'),
    ("markdown", "## Task 01.3 Why ★☆☆ (1 point, 5 min)"),
    ("code", '# BEGIN SOLUTION\nexplain_01_3 = """SECRET text"""\n# END SOLUTION'),
    ("code", 'check("01.3")'),
]


@pytest.fixture
def course(tmp_path):
    """The root of a course with one exercise, not yet released."""
    root = tmp_path / "course"
    for folder in ("solutions", "tests/autograde", "lectures", "mlcourse"):
        (root / folder).mkdir(parents=True)
    text = json.dumps(notebook_of(SOLUTION))
    (root / "solutions" / "01_relations.ipynb").write_text(text, encoding="utf-8")
    checks = root / "tests" / "autograde" / "test_01_relations.py"
    checks.write_text(CHECKS, encoding="utf-8")
    (root / "lectures" / "01_relations.ipynb").write_text(
        json.dumps(notebook_of([("code", "1 + 1")])), encoding="utf-8"
    )
    (root / "mlcourse" / "__init__.py").write_text("", encoding="utf-8")
    (root / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    return root


@pytest.fixture
def write_notebook(tmp_path):
    """Write cells as a notebook file and return its path."""

    def write(cells, name="answers.ipynb"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        made = notebook_of([("code", c) if isinstance(c, str) else c for c in cells])
        path.write_text(json.dumps(made), encoding="utf-8")
        return path

    return write
