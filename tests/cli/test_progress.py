"""Tests for mlcourse progress."""

import nbformat
import pytest

CHECKS = '''
"""Checks of exercise 09."""
from mlcourse.grading import task


@task("09.1", points=1)
def test_double(answers):
    """Twice

    Add it to itself."""
    assert answers.double(3) == 6, "double(3) is 6"


@task("09.2", points=2)
def test_half(answers):
    """Half

    Divide."""
    assert answers.half(3) == 1.5, "half(3) is 1.5"
'''
DOUBLE = "def double(x):\n    return x + x"
HALF = "def half(x):\n    raise NotImplementedError('Task 09.2')"


@pytest.fixture
def exercise(tmp_path):
    folder = tmp_path / "exercises"
    (folder / "checks").mkdir(parents=True)
    (folder / "checks" / "test_09_numbers.py").write_text(CHECKS)

    def write(*sources):
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        path = folder / "09_numbers.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        return folder

    return write


def test_shows_what_is_done_and_where_to_go_on(call, exercise):
    folder = exercise(DOUBLE, HALF)
    done = call("progress", folder)
    assert done.returncode == 0
    assert "09.1\N{NO-BREAK SPACE}✓" in done.stdout
    assert "09.2\N{NO-BREAK SPACE}○" in done.stdout
    assert "1 of 3" in done.stdout
    assert "Go on with task 09.2 in 09_numbers.ipynb." in done.stdout


def test_a_wrong_answer_is_begun(call, exercise):
    folder = exercise(DOUBLE.replace("+", "*"), HALF)
    assert "09.1\N{NO-BREAK SPACE}◐" in call("progress", folder).stdout


def test_all_done(call, exercise):
    folder = exercise(DOUBLE, "def half(x):\n    return x / 2")
    assert "Every visible check passes." in call("progress", folder).stdout


def test_endless_cell_costs_its_line_only(call, exercise):
    folder = exercise("while True: pass")
    done = call("progress", folder, "--seconds", 20)
    assert done.returncode == 0
    assert "code cell 1" in done.stdout


def test_no_exercises_is_one_line(call, tmp_path):
    done = call("progress", tmp_path)
    assert done.returncode == 2
    assert "no exercise NN_topic.ipynb" in done.stderr
