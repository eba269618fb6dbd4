"""The instructor's grader, on a batch of honest, broken and hostile submissions."""

import csv
import json
import os
import re
import runpy
import signal
import socket
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from mlcourse.grading import sandbox

toy = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("toy.py"))))
NAMES = [*toy.PLAIN, *toy.hostile(Path(), 0)]
WORKS = {rung: not sandbox.probe(rung) for rung in ("bwrap", "landlock")}
RUNGS = [rung for rung, works in WORKS.items() if works]
confined = pytest.mark.skipif(not RUNGS, reason="neither bubblewrap nor Landlock works")
COMMAND = [sys.executable, "-c", "from mlcourse.cli import app; app()", "grade"]


class Classroom:
    """A folder with the toy exercise, submissions to it, and the grader to run."""

    def __init__(self, root):
        self.root = root
        self.submitted, self.out = root / "submitted", root / "graded"
        for path in (root / "checks", root / "solutions", self.submitted):
            path.mkdir(parents=True)
        (root / "checks" / "test_07_toy.py").write_text(toy.CHECKS)
        solution = "\n".join([f"# {toy.SECRET}", *toy.RIGHT])
        (root / "solutions" / "07_toy.py").write_text(solution)
        (root / "solutions" / "07_toy.ipynb").write_text(toy.notebook_text(toy.RIGHT))

    def hand_in(self, student, cells):
        path = self.submitted / student / "07_toy.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.write_text(toy.notebook_text(cells))
        return path

    def command(self, *options):
        where = [str(self.submitted), "--out", str(self.out)]
        checks = ["--checks", str(self.root / "checks")]
        return [*COMMAND, *where, *checks, "--limit", "2", *options]

    def grade(self, *options):
        return subprocess.run(
            self.command(*options), capture_output=True, text=True, timeout=280
        )

    def rows(self):
        lines = (self.out / "results.jsonl").read_text().splitlines()
        return {row["student"]: row for row in map(json.loads, lines)}

    def table(self, name):
        with (self.out / name).open() as file:
            return list(csv.DictReader(file))


def points(row):
    total = {}
    for check in row["checks"]:
        total[check["task"]] = total.get(check["task"], 0) + check["earned"]
    return total


def survivors():
    done = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True)
    return [line for line in done.stdout.splitlines() if "grading/worker.py" in line]


class Listener:
    """A service on this machine that no submission may reach."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def reached(self):
        self.socket.setblocking(False)
        try:
            self.socket.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@pytest.fixture(scope="module")
def listener():
    with (found := Listener()).socket:
        yield found


@pytest.fixture(scope="module")
def batch(tmp_path_factory, listener):
    """All submissions, graded once."""
    if not RUNGS:
        pytest.skip("neither bubblewrap nor Landlock works here")
    room = Classroom(tmp_path_factory.mktemp("batch").resolve())
    room.hand_in("aaa_first", toy.RIGHT)
    for student, (cells, _) in (
        toy.PLAIN | toy.hostile(room.root, listener.port)
    ).items():
        room.hand_in(student, cells)
    (room.submitted / "link").mkdir()
    link = room.submitted / "link" / "07_toy.ipynb"
    link.symlink_to(room.root / "solutions" / "07_toy.ipynb")
    (room.submitted / "linked_folder").symlink_to(room.root / "solutions")
    (room.submitted / "not_json.ipynb").write_text("{")
    (room.submitted / "not_utf8.ipynb").write_bytes(b'{"nbformat": 4, "x": "\xff"}')
    (room.submitted / "deep.ipynb").write_text("[" * 100_000)
    (room.submitted / "zzz_nothing").mkdir()
    os.mkfifo(room.submitted / "pipe.ipynb")
    nested = room.submitted / "nested" / "07_toy"
    nested.mkdir(parents=True)
    (nested / "answers.ipynb").write_text(toy.notebook_text(toy.RIGHT))
    room.started = time.time()
    room.done = room.grade()
    return room


@pytest.mark.parametrize("student", NAMES)
def test_every_submission_gets_what_it_deserves(batch, student):
    row = batch.rows()[student]
    told = {c["name"]: c["message"] for c in row["checks"]}
    assert row["status"] == "graded", row["reason"]
    assert points(row) == (toy.PLAIN | toy.hostile(Path(), 0))[student][1], told
