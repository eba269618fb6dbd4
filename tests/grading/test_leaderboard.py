"""What checks measure becomes a table; how long an answer took is measured outside."""

import csv
import json

import pytest

from mlcourse.grading import score
from mlcourse.grading.batch import Plan, grade_folder
from mlcourse.grading.export import export
from mlcourse.grading.local import LocalAnswers
from mlcourse.grading.score import scores
from mlcourse.grading.task import Check
from mlcourse.grading.verdict import judge

CHECKS = '''"""Checks of exercise 16."""

from mlcourse.grading import score, task


@task("16.1", points=1)
def test_reach(answers):
    """How far an answer goes

    Further.
    """
    before = answers.cpu_seconds()
    got = float(answers.reach())
    score(map_at_r=got, cpu_seconds=answers.cpu_seconds() - before)
    answers.memo["reached"] = got
    assert got > 0.5, "too short"


@task("16.1", points=1)
def test_other(answers):
    """Nothing measured

    Nothing.
    """
    assert answers.reach() > 0, "nothing"


@task("16.1", points=1)
def test_memo(answers):
    """What the first check kept

    The same.
    """
    if answers.memo:
        score(kept=answers.memo["reached"])
'''
BURN = """
import threading, time
def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
def reach():
    {start}
    time.process_time = time.perf_counter = lambda: 0.0
    return {value}
"""
THREAD = "t = threading.Thread(target=burn, args=(0.6,)); t.start(); t.join()"


@pytest.fixture
def handed_in(tmp_path):
    def hand_in(**sources):
        for student, source in sources.items():
            path = tmp_path / "in" / student / "16_capstone.ipynb"
            path.parent.mkdir(parents=True)
            cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": []}
            cell |= {"execution_count": None, "source": source}
            book = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
            path.write_text(json.dumps(book))
        checks = tmp_path / "checks" / "test_16_capstone.py"
        checks.parent.mkdir()
        checks.write_text(CHECKS)
        out = tmp_path / "out"
        rows = grade_folder(Plan(tmp_path / "in", out, {"16_capstone": checks}))
        export(out, rows.values(), [], {})
        return out

    return hand_in


def test_the_leaderboard_ranks_what_checks_told(handed_in):
    out = handed_in(
        ann="alias = 'owl'\ndef reach():\n    return 0.75",
        bob="def reach():\n    return 0.25",
        cid="alias = '=1+1'\ndef reach():\n    return 0.75",
        dan="def reach():\n    return 'far'",
    )
    text = (out / "leaderboard.csv").read_text()
    assert text.startswith("exercise,rank,student,alias,map_at_r,cpu_seconds,kept\n")
    lines = list(csv.DictReader(text.splitlines()))
    found = [(b["rank"], b["student"], b["alias"], b["map_at_r"]) for b in lines]
    assert found == [
        ("1", "ann", "owl", "0.7500"),
        ("1", "cid", "'=1+1", "0.7500"),
        ("3", "bob", "", "0.2500"),
    ]
    assert all(0 <= float(line["cpu_seconds"]) < 0.5 for line in lines)
    assert all(line["kept"] == line["map_at_r"] for line in lines)
    results = (out / "results.jsonl").read_text().splitlines()
    again = [json.loads(line) for line in results]
    assert all(row["checks"][1]["scores"] == {} for row in again)


def test_cpu_seconds_are_measured_outside_and_count_threads(handed_in):
    out = handed_in(
        eve=BURN.format(start="burn(0.6)", value=0.9),
        fay=BURN.format(start=THREAD, value=0.8),
    )
    lines = csv.DictReader((out / "leaderboard.csv").read_text().splitlines())
    used = {line["student"]: float(line["cpu_seconds"]) for line in lines}
    assert all(0.5 < seconds < 1.5 for seconds in used.values()), used


def test_without_a_score_there_is_no_leaderboard(handed_in):
    out = handed_in(gus="x = 1")
    assert not (out / "leaderboard.csv").exists()
    assert (out / "grades.csv").exists()


def test_a_score_is_kept_also_where_the_check_fails():
    def falls_short(answers):
        score(map_at_r=0.25)
        raise AssertionError("too little")

    verdict = judge(Check("t", "16.1", 1, False, "T", "H", falls_short), object())
    assert (verdict.status, verdict.scores) == ("failed", {"map_at_r": 0.25})
    score(map_at_r=1.0)  # outside of a check: kept nowhere
    assert verdict.scores == {"map_at_r": 0.25}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_score_is_finite(value):
    with scores() as told, pytest.raises(ValueError, match="finite"):
        score(map_at_r=value)
    assert told == {}


def test_local_cpu_seconds_grow():
    answers = LocalAnswers({})
    before = answers.cpu_seconds()
    sum(i * i for i in range(200_000))
    assert before < answers.cpu_seconds()
