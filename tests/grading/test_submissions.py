"""Whose file is which, and what is said of one that cannot be graded."""

import json
import os
import time
from pathlib import Path

import pytest

from mlcourse.grading import layouts, notebook
from mlcourse.grading.shortcuts import short_cuts
from mlcourse.grading.submissions import find


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "submitted"


@pytest.fixture
def checks(tmp_path):
    found = {}
    for name in ("01_relations", "02_features"):
        found[name] = tmp_path / f"test_{name}.py"
        found[name].write_text("", encoding="utf-8")
    return found


def hand_in(path, number="01", seconds=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    cell = {"cell_type": "markdown", "source": f"# Exercise {number}"}
    path.write_text(json.dumps({"nbformat": 4, "cells": [cell]}), encoding="utf-8")
    if seconds is not None:
        os.utime(path, (seconds, seconds))


def test_three_layouts_and_what_is_hidden(folder, checks):
    hand_in(folder / "ada" / "one.ipynb")
    hand_in(folder / "ben" / "01_relations" / "two.ipynb")
    hand_in(folder / "cem.ipynb")
    hand_in(folder / "dan" / ".ipynb_checkpoints" / "old.ipynb")
    found = find(folder, checks)
    assert [one.student for one in found] == ["ada", "ben", "cem"]
    assert {one.exercise for one in found} == {"01_relations"}
    assert layouts.students(folder) == ["ada", "ben", "dan"]


def test_a_folder_that_cannot_be_read_is_said(folder, checks, monkeypatch):
    hand_in(folder / "ada" / "one.ipynb")
    hand_in(folder / "ben" / "one.ipynb")
    (folder / "ben" / "locked").mkdir()
    (folder / "cem").mkdir()
    locked = {folder / "ben" / "locked", folder / "cem"}
    usual = Path.iterdir

    def iterdir(path):
        if path in locked:
            raise PermissionError(13, "Permission denied", str(path))
        return usual(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    ada, ben, cem = find(folder, checks)
    assert (ada.problem, ben.problem) == ("", "")
    assert ben.notes == ("several notebooks: ben/one.ipynb graded, not ben/locked",)
    assert cem.problem == "the folder cem cannot be read: Permission denied"
    locked.add(folder)
    with pytest.raises(PermissionError):
        find(folder, checks)


def test_something_that_is_no_notebook_is_not_nothing(folder, checks):
    (folder / "ada" / "01_relations").mkdir(parents=True)
    (folder / "ben" / "01_relations" / "once_more").mkdir(parents=True)
    (folder / "cem").mkdir()
    (folder / "cem" / "answers.zip").write_bytes(b"PK")
    said = {one.student: one.problem for one in find(folder, checks)}
    assert said == {
        "ben": "ben has no notebook, but 01_relations/once_more; ask for .ipynb",
        "cem": "cem has no notebook, but answers.zip; ask for .ipynb",
    }


def test_the_newest_counts_and_the_other_is_named(folder, checks):
    hand_in(folder / "ada" / "a.ipynb", seconds=2000)
    hand_in(folder / "ada" / "b.ipynb", seconds=1000)
    (found,) = find(folder, checks)
    assert found.notes == ("several notebooks: ada/a.ipynb graded, not ada/b.ipynb",)


def test_a_scratch_file_does_not_stand_in_for_the_exercise(folder, checks):
    hand_in(folder / "ada" / "mine.ipynb", seconds=1000)
    hand_in(folder / "ada" / "scratch.ipynb", number="", seconds=2000)
    (found,) = find(folder, checks)
    assert (found.file, found.problem) == ("ada/mine.ipynb", "")
    assert "not ada/scratch.ipynb" in found.notes[0]


def test_a_lecture_does_not_stand_in_for_the_exercise(folder, checks):
    """Somebody hands in the whole course."""
    for name in ("ada", "ben"):
        lecture = folder / name / "lectures" / "01_relations.ipynb"
        hand_in(lecture, seconds=2000)
        text = lecture.read_text(encoding="utf-8")
        text = text.replace("Exercise 01", "01 Relations")
        lecture.write_text(text, encoding="utf-8")
        os.utime(lecture, (2000, 2000))
    hand_in(folder / "ada" / "exercises" / "01_relations.ipynb", seconds=1000)
    ada, ben = find(folder, checks)
    assert (ada.file, ada.problem) == ("ada/exercises/01_relations.ipynb", "")
    assert "not ada/lectures/01_relations.ipynb" in ada.notes[0]
    assert "is a lecture, which asks no task" in ben.problem


def test_an_exercise_with_a_title_of_ones_own_is_no_lecture(folder, checks):
    cells = [
        {"cell_type": "markdown", "source": "# 01 Relations, by Ada"},
        {"cell_type": "markdown", "source": "# Exercise 01"},
        {"cell_type": "code", "source": 'check("01.1")'},
    ]
    hand_in(folder / "ada.ipynb")
    text = json.dumps({"nbformat": 4, "cells": cells})
    (folder / "ada.ipynb").write_text(text, encoding="utf-8")
    (ada,) = find(folder, checks)
    assert (ada.exercise, ada.problem) == ("01_relations", "")


def test_a_notebook_is_one_however_its_name_is_spelt(folder, checks):
    for name in ("ada/01.IPYNB", "ben/01.ipynb.txt", "cem.Ipynb", "dan.ipynb.json"):
        hand_in(folder / name)
    hand_in(folder / "eve.txt")
    found = find(folder, checks)
    assert [one.student for one in found] == ["ada", "ben", "cem", "dan"]
    assert [one.problem for one in found] == [""] * 4


def test_another_exercise_than_was_asked_for_is_said(folder, checks):
    hand_in(folder / "ada.ipynb", number="02")
    hand_in(folder / "ben" / "02.ipynb", number="02")
    hand_in(folder / "ben" / "01.ipynb")
    ada, ben = find(folder, checks, only="01_relations")
    assert ada.problem == "ada.ipynb answers 02_features, not 01_relations"
    assert (ben.file, ben.problem, ben.notes) == ("ben/01.ipynb", "", ())


def test_an_accent_may_be_written_in_two_ways(folder, checks):
    hand_in(folder / "Jose\u0301" / "01.ipynb")
    (found,) = find(folder, checks)
    assert [found.student] == layouts.students(folder) == ["Jos\u00e9"]


@pytest.mark.parametrize(
    "code",
    [
        "import torch\nt = u = torch\nu.cdist(x, x)",
        "import torch as t\ngetattr(t, 'cdist')(x, x)",
        "from importlib import import_module\nimport_module('sklearn.neighbors')",
        "__import__('sklearn.neighbors').neighbors",
        "from torch import cdist as d",
    ],
)
def test_a_short_cut_by_another_way_is_flagged(code):
    (found,) = short_cuts([code], ("torch.cdist", "sklearn.neighbors"))
    assert "code cell 1" in found
    assert not short_cuts([code], ("torch.cos", "sklearn.svm"))


def test_no_code_stops_the_search_for_short_cuts():
    calls = ["getattr" + "()" * 900, f"getattr(a, 0x{'f' * 10**5})", "getattr(*a, **b)"]
    assert short_cuts([*calls, "a = " * 900 + "1"], ("torch.cdist",)) == []


def test_a_flood_of_flags_hides_none_and_fills_no_table():
    many = "import torch\n" + "torch.cdist\n" * 500 + "import sklearn.neighbors"
    found = short_cuts([many], ("torch.cdist", "sklearn.neighbors"))
    assert len(found) == 5
    assert "uses sklearn.neighbors: code cell 1, line 502" in found
    assert found[-1] == "uses torch.cdist: 497 more places"


def test_the_folder_of_results_is_nobody(folder, checks, monkeypatch):
    hand_in(folder / "ada.ipynb")
    hand_in(folder / "graded" / "feedback" / "ada.ipynb")
    monkeypatch.chdir(folder)
    out = Path("graded")
    assert [one.student for one in find(Path(), checks, out=out)] == ["ada"]
    assert layouts.students(Path(), out) == []


def test_a_time_that_is_no_date_costs_nothing(folder, checks, monkeypatch):
    hand_in(folder / "ada.ipynb")
    state = os.stat_result((0,) * 8 + (10**15,) * 2)
    monkeypatch.setattr(Path, "lstat", lambda path: state)
    monkeypatch.setattr(Path, "is_symlink", lambda path: False)
    (found,) = find(folder, checks)
    assert (found.problem, found.submitted) == ("", "")


def test_a_name_that_is_no_text_can_be_written(folder, checks):
    folder.mkdir()
    try:
        (folder / "a\udcff.ipynb").write_text("{")
    except OSError:
        pytest.skip("this disk takes names of UTF-8 only")
    (found,) = find(folder, checks)
    assert (found.student + found.file + found.problem).encode()


def test_a_file_that_would_fill_the_memory_is_not_parsed(folder, checks):
    folder.mkdir()
    text = '{"nbformat": 4, "cells": [' + "[]," * notebook.VALUES_LIMIT + "1]}"
    (folder / "ada.ipynb").write_text(text)
    (folder / "zoe.ipynb").write_bytes(b" " * (notebook.SIZE_LIMIT + 1))
    ada, zoe = find(folder, checks)
    assert ada.problem == (
        "ada.ipynb holds more than 5,000,000 values; clear its outputs and save it"
    )
    assert zoe.problem == (
        "zoe.ipynb is larger than 128 MiB; clear its outputs and save it"
    )


def test_a_notebook_of_a_hundred_megabytes_is_read(folder, checks):
    folder.mkdir()
    picture = {"output_type": "display_data", "data": {"image/png": "A" * 100_000_000}}
    cell = {
        "cell_type": "code",
        "source": 'check("01.1")',
        "metadata": {},
        "outputs": [picture],
    }
    text = json.dumps({"nbformat": 4, "metadata": {}, "cells": [cell]})
    (folder / "ada.ipynb").write_text(text)
    (found,) = find(folder, checks)
    assert (found.problem, found.cells) == ("", ['check("01.1")'])


def test_blank_lines_take_no_time_and_move_no_line_number():
    started = time.process_time()
    cell = "\n" * 100_000 + "%matplotlib inline\nimport torch\ntorch.cdist"
    flagged = short_cuts([cell], ("torch.cdist",))
    assert flagged == ["uses torch.cdist: code cell 1, line 100003"]
    assert time.process_time() - started < 5
