"""The commands check and release, called as the console does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def mlcourse(course):
    """Run the command in the course's folder; return exit code, stdout and stderr."""

    def run(*args, cwd=course):
        command = [str(Path(sys.executable).with_name("mlcourse")), *args]
        done = subprocess.run(
            command,
            cwd=cwd,
            capture_output=True,
            text=True,
            env={**os.environ, "COLUMNS": "120", "PYTHONUTF8": "1"},
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


def test_check_by_task(course, mlcourse):
    code, out, _ = mlcourse("check", "solutions/01_relations.ipynb")
    assert code == 0
    assert "PASSED" in out
    assert "3 of 3 visible points" in out
    assert "Hidden checks add 3 points" in out
    mlcourse("release")
    code, out, _ = mlcourse("check", "exercises/01_relations.ipynb", "--task", "01.1")
    assert code == 1
    assert "NOT ATTEMPTED YET" in out
    assert "01.2" not in out
    assert "0 of 1 visible point." in out


def test_check_of_what_is_no_exercise_is_one_line(course, mlcourse):
    cell = {"cell_type": "markdown", "metadata": {}, "source": "# 01 Relations"}
    lecture = json.dumps({"nbformat": 4, "cells": [cell]}).encode()
    bad = {
        "nowhere.ipynb": (None, "does not exist"),
        "text.ipynb": (b"hello", "is not JSON"),
        "latin.ipynb": (b'"\xe9"', "is not UTF-8"),
        "other.ipynb": (
            json.dumps({"nbformat": 4, "cells": []}).encode(),
            "answers no known exercise: 01_relations",
        ),
        "01_relations.ipynb": (lecture, "is a lecture and asks no task"),
    }
    for name, (content, words) in bad.items():
        if content is not None:
            (course / name).write_bytes(content)
        code, out, err = mlcourse("check", name)
        assert (code, out, len(err.splitlines())) == (2, "", 1), err
        assert words in err
    code, out, _ = mlcourse("check", "solutions/01_relations.ipynb", "--task", "1.1")
    assert (code, "1 of 1 visible point" in out) == (0, True)
    code, _, err = mlcourse("check", "solutions/01_relations.ipynb", "--task", "01.9")
    assert (code, err) == (
        2,
        "no visible check of task 01.9; there are 01.1, 01.2, 01.3\n",
    )


def test_check_of_a_cell_that_never_ends(course, mlcourse):
    path = course / "exercises" / "01_relations.ipynb"
    path.parent.mkdir()
    cell = {"cell_type": "code", "source": "while True: pass"}
    path.write_text(json.dumps({"nbformat": 4, "cells": [cell]}))
    code, _, err = mlcourse("check", "exercises/01_relations.ipynb", "--seconds", "4")
    assert code == 1
    assert "01_relations.ipynb: code cell 1: your code did not finish within 4 s" in err


def test_release_and_verify(course, mlcourse):
    assert mlcourse("release", "--verify")[0] == 1
    code, out, _ = mlcourse("release")
    assert code == 0
    assert "wrote exercises/01_relations.ipynb" in out
    assert mlcourse("release")[1] == "up to date\n"
    assert mlcourse("release", "--verify")[0] == 0
    (course / "exercises" / "checks" / "test_01_relations.py").write_text("")
    code, _, err = mlcourse("release", "--verify")
    assert code == 1
    assert "exercises/checks/test_01_relations.py differs from its source" in err


def test_release_out_says_what_it_kept(course, mlcourse):
    assert mlcourse("release", "--out", "students")[0] == 0
    path = course / "students" / "exercises" / "01_relations.ipynb"
    path.write_text(path.read_text().replace("pair = None", "pair = (1, 2)"))
    source = course / "solutions" / "01_relations.ipynb"
    source.write_text(source.read_text().replace("Half", "Half new"))
    code, out, _ = mlcourse("release", "--out", "students")
    assert code == 0
    assert (
        "kept exercises/01_relations.ipynb as its owner changed it; the new version is "
        "01_relations.new.ipynb beside it, 1 of 3 answers carried over"
    ) in out


def test_release_of_a_faulty_source_is_one_line(course, mlcourse):
    (course / "tests" / "autograde" / "test_01_relations.py").write_text("def (")
    code, out, err = mlcourse("release")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "test_01_relations.py cannot be imported: SyntaxError" in err
    code, _, err = mlcourse("release", cwd=course.parent)
    assert code == 2
    (course / "solutions").rename(course / "elsewhere")
    code, _, err = mlcourse("release")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "no folder solutions/" in err


def test_release_to_where_nothing_can_be_written(course, mlcourse):
    (course / "file").touch()
    code, _, err = mlcourse("release", "--out", "file/folder")
    assert code == 2
    assert len(err.splitlines()) == 1
