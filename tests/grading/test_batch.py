"""The instructor's grader, on a batch of honest, broken and hostile submissions."""

import contextlib
import csv
import json
import os
import random
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from mlcourse.grading import batch as batch_of
from mlcourse.grading import interop, sandbox
from mlcourse.grading.export import export

toy = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("toy.py"))))
NAMES = [*toy.PLAIN, *toy.hostile(Path(), 0)]
WORKS = {rung: not sandbox.probe(rung) for rung in ("bwrap", "landlock")}
RUNGS = [rung for rung, works in WORKS.items() if works]
confined = pytest.mark.skipif(not RUNGS, reason="neither bubblewrap nor Landlock works")
pytestmark = pytest.mark.timeout(900)  # the batch is seventy submissions
PROGRAM = "from mlcourse.cli import app; app()"
COMMAND = [sys.executable, "-c", PROGRAM, "grade"]


class Classroom:
    """A folder with the toy exercise, submissions to it, and the grader to run."""

    def __init__(self, root):
        self.root, self.program = root, PROGRAM
        self.submitted, self.out = root / "submitted", root / "graded"
        for path in map(root.joinpath, ("checks", "solutions", "submitted")):
            path.mkdir(parents=True)
        # A short name: a socket lies in it, and a socket's path has at most 107 bytes.
        self.temporary = Path(tempfile.mkdtemp(prefix="mc-")).resolve()
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
        command = [sys.executable, "-c", self.program, "grade"]
        return [*command, *where, *checks, "--limit", "6", *options]

    def start(self, *options, **streams):
        here = os.environ | {"TMPDIR": str(self.temporary)}
        return subprocess.Popen(self.command(*options), text=True, env=here, **streams)

    def grade(self, *options):
        pipe = subprocess.PIPE
        with self.start(*options, stdout=pipe, stderr=pipe) as process:
            said = process.communicate(timeout=850)
        return subprocess.CompletedProcess(process.args, process.returncode, *said)

    def survivors(self):
        """Processes that were started for this classroom's submissions."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                found.append(path.read_bytes().decode(errors="replace"))
        return [line for line in found if f"{self.temporary}/mlcourse-" in line]

    def is_left_alone(self):
        """Whether no process is left, five seconds after all should be over."""
        until = time.monotonic() + 5
        while self.survivors() and time.monotonic() < until:
            time.sleep(0.05)
        return not self.survivors()

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
    (room.submitted / "huge.ipynb").write_text("{" + " " * 10**8 + "}")
    (room.submitted / "numbers.ipynb").write_text('{"nbformat": 4, "cells": [1, 2]}')
    (room.submitted / "empty.ipynb").write_text("")
    room.hand_in("other_tools", toy.RIGHT).write_text(toy.strange_notebook(toy.RIGHT))
    (room.submitted / "zzz_nothing").mkdir()
    os.mkfifo(room.submitted / "pipe.ipynb")
    nested = room.submitted / "nested" / "07_toy"
    nested.mkdir(parents=True)
    (nested / "answers.ipynb").write_text(toy.notebook_text(toy.RIGHT))
    room.done = room.grade()
    return room


@pytest.mark.parametrize("student", NAMES)
def test_every_submission_gets_what_it_deserves(batch, student):
    row = batch.rows()[student]
    told = {c["name"]: c["message"] for c in row["checks"]}
    assert row["status"] == "graded", row["reason"]
    assert points(row) == (toy.PLAIN | toy.hostile(Path(), 0))[student][1], told


def test_what_is_no_notebook_is_said_to_be_unreadable(batch):
    rows = batch.rows()
    bad = ["deep", "empty", "huge", "link", "linked_folder", "not_json", "not_utf8"]
    bad += ["numbers", "pipe"]
    assert [rows[name]["status"] for name in bad] == ["unreadable"] * len(bad)
    assert all(rows[name]["reason"] for name in bad)


def test_metadata_folders_and_a_missing_kernel_cost_nothing(batch):
    rows = batch.rows()
    assert points(rows["other_tools"]) == toy.FULL
    assert points(rows["nested"]) == toy.FULL


def test_an_error_is_never_a_zero(batch):
    table = {line["student"]: line for line in batch.table("grades.csv")}
    assert len(table) == len(NAMES) + 13
    assert table["right"] | {"total": "5", "max": "5"} == table["right"]
    assert table["zzz_nothing"]["status"] == "no_submission"
    assert {table[name]["total"] for name in ("link", "pipe", "zzz_nothing")} == {""}
    assert table["blank"]["total"] == "0"
    assert batch.done.returncode == 1, batch.done.stderr
    assert "07_toy.ipynb is a link" in " ".join(batch.done.stdout.split())


def test_every_row_says_how_the_code_was_confined(batch):
    assert {row["isolation"] for row in batch.rows().values()} == {RUNGS[0]}
    assert f"under {RUNGS[0]}" in batch.done.stdout


def test_nothing_outside_was_reached(batch, listener):
    assert not listener.reached()
    assert not batch.survivors()
    assert not Path("/tmp/pwned").exists()
    others = batch.submitted / "aaa_first" / "07_toy.ipynb"
    assert others.read_text() == toy.notebook_text(toy.RIGHT)
    assert (batch.root / "checks" / "test_07_toy.py").read_text() == toy.CHECKS
    assert not list(batch.root.rglob("*.link"))
    assert not list(batch.root.rglob("*.ipynbd"))
    assert not list(batch.temporary.iterdir())


def test_no_secret_reaches_a_student(batch):
    for path in (batch.out / "feedback").rglob("*.html"):
        page = path.read_text()
        assert toy.SECRET not in page
        assert "41.5" not in page
    for path in [*(batch.out / "gradescope").iterdir(), batch.out / "written.csv"]:
        assert toy.SECRET not in path.read_text()
    found = batch.rows()["searches"]["written"]["explain_07_3"]
    assert found in ("found: ", "")  # "" where the search was stopped at its limit


def test_flags_are_for_a_person(batch):
    rows = batch.rows()
    assert rows["short_cut"]["flags"] == ["uses torch.cdist: code cell 5, line 1"]
    assert "mlcourse.relations" in rows["hidden_module"]["flags"][0]
    assert "did not finish" in rows["loop_in_a_cell"]["notes"][0]


class Page(HTMLParser):
    """The elements of a page, with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_feedback_teaches_and_is_accessible(batch):
    text = (batch.out / "feedback" / "wrong" / "07_toy.html").read_text()
    page = Page(text)
    tags = [tag for tag, _ in page.found]
    assert ("html", {"lang": "en"}) in page.found
    assert tags.count("h1") == tags.count("main") == 1
    assert not {"script", "img", "link", "iframe"} & set(tags)
    assert any(a.get("name") == "viewport" for _, a in page.found)
    assert "Twice other numbers" in text  # the hidden check's title
    assert "Any number, also a fraction." in text  # and its hint
    assert "FAILED" in text
    assert "4 of 5 points" in text
    pages = list((batch.out / "feedback").rglob("*.html"))
    assert "double(3) must be 6" not in text
    assert len(pages) == len(batch.rows())
    unread = (batch.out / "feedback" / "not_json" / "07_toy.html").read_text()
    assert "No grade yet" in unread
    assert "not JSON" in unread


def test_feedback_shows_a_message_as_text_never_as_markup(batch):
    sick = "<img src=x onerror=alert(1)>"
    row = json.loads(json.dumps(batch.rows()["wrong"]))
    row["checks"][0] |= {"status": "failed", "earned": 0, "message": sick}
    out = batch.root / "again"
    export(out, [row | {"student": sick.replace("/", "")}], [], {})
    (page,) = out.rglob("*.html")
    assert "<img" not in page.read_text()


def test_statistics_of_the_checks(batch):
    by_check = {line["check"]: line for line in batch.table("items.csv")}
    others = by_check["Twice other numbers"]
    assert others["hidden"] == "yes"
    assert int(others["submissions"]) == len(NAMES) + 3
    assert 0 < float(others["passed"]) < 1
    assert -1 <= float(others["discrimination"]) <= 1
    assert " x " in others["message_1"]


def test_files_for_other_systems(batch):
    lines = batch.table("nbgrader.csv")
    assert list(lines[0]) == list(interop.NBGRADER)
    scores = {line["student_id"]: line["score"] for line in lines}
    assert (scores["right"], scores["blank"], scores["link"]) == ("5", "0", "")
    made = json.loads((batch.out / "gradescope" / "wrong.json").read_text())
    assert sum(test["score"] for test in made["tests"]) == 4
    assert sum(test["max_score"] for test in made["tests"]) == 5
    none = json.loads((batch.out / "gradescope" / "link.json").read_text())
    assert none["tests"] == []
    assert "score" not in none


def test_a_second_run_grades_nothing_again_and_changes_nothing(batch):
    def content():
        files = [p for p in batch.out.rglob("*") if p.is_file() and p.name != ".lock"]
        return {path: path.read_bytes() for path in files}

    before, started = content(), time.monotonic()
    done = batch.grade()
    assert done.returncode == 1
    assert content() == before
    assert time.monotonic() - started < 60


@pytest.fixture
def room(tmp_path):
    room = Classroom(tmp_path.resolve())
    yield room
    shutil.rmtree(room.temporary)


@confined
def test_no_file_is_imported_from_where_the_grader_stands(room):
    """Of a teacher who has changed into a student's folder."""
    room.hand_in("ada", toy.RIGHT)
    spoilt = f"open({str(room.root / 'run')!r}, 'w')"
    for name in ("threading", "selectors", "json", "torch", "pytest", "mlcourse"):
        (room.submitted / "ada" / f"{name}.py").write_text(spoilt)
    script = room.root / "script" / "grade.py"
    script.parent.mkdir()
    script.write_text(f"if __name__ == '__main__':\n    {PROGRAM}")
    done = subprocess.run(
        [sys.executable, str(script), *room.command()[3:]],
        cwd=room.submitted / "ada",
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert points(room.rows()["ada"]) == toy.FULL
    assert not (room.root / "run").exists()


@confined
def test_a_run_killed_midway_is_completed_by_the_next(room):
    names = ["ada", "ben", "cem"]
    for name in names:
        room.hand_in(name, toy.RIGHT)
    results = room.out / "results.jsonl"
    first = room.start("--jobs", "1", stdout=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while not (results.exists() and results.read_bytes().count(b"\n")):
        assert time.monotonic() < until
        time.sleep(0.05)
    first.kill()
    first.wait()
    assert room.is_left_alone()
    kept = results.read_text()
    with results.open("a") as file:
        file.write('{"student": "torn')
    assert room.grade().returncode == 0
    text = results.read_text()
    assert text.startswith(kept)
    assert text.count("\n") == len(names)
    totals = [(line["student"], line["total"]) for line in room.table("grades.csv")]
    assert totals == [(name, "5") for name in names]


@confined
@pytest.mark.parametrize("seed", range(3))
def test_killed_at_random_points_it_ends_with_the_same_tables(room, seed):
    for name, cells in zip("abcde", (toy.RIGHT, toy.STUB) * 3, strict=False):
        room.hand_in(name, cells)
    started = time.monotonic()
    assert room.grade().returncode == 0
    whole = time.monotonic() - started
    names = ("grades.csv", "written.csv", "items.csv", "nbgrader.csv")
    before = [(room.out / name).read_bytes() for name in names]
    shutil.rmtree(room.out)
    draw, killed = random.Random(seed), 0
    while killed < 8:
        with room.start(stdout=subprocess.DEVNULL) as run:
            try:
                run.wait(draw.uniform(0, whole))
                break
            except subprocess.TimeoutExpired:
                run.kill()
                killed += 1
    assert room.is_left_alone()
    done = room.grade()
    assert done.returncode == 0, done.stderr
    assert [(room.out / name).read_bytes() for name in names] == before
    rows = (room.out / "results.jsonl").read_text().splitlines()
    assert sorted(json.loads(row)["student"] for row in rows) == list("abcde")


@confined
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopped_it_leaves_a_folder_that_can_be_gone_on_with(room, number):
    for name in ("ada", "ben"):
        room.hand_in(name, ["while True: pass", *toy.RIGHT])
    run = room.start("--limit", "100", stderr=subprocess.PIPE)
    until = time.monotonic() + 60
    while "mlcourse-grade-" not in " ".join(room.survivors()):
        assert time.monotonic() < until
        time.sleep(0.1)
    if number == signal.SIGINT:
        second = room.grade()
        assert (second.returncode, second.stderr.count("\n")) == (2, 1)
        assert "another run is writing to" in second.stderr
    run.send_signal(number)
    if number == signal.SIGTERM:
        run.send_signal(number)  # some programs send it twice
    said = run.communicate(timeout=60)[1]
    assert run.returncode == 130
    assert "run the same command to go on" in said
    assert said.count("\n") == 1
    assert room.is_left_alone()
    assert not list(room.temporary.glob("mlcourse-grade-*"))


FULL = """
import json
from mlcourse.cli import app
from mlcourse.grading import batch
usual, written = batch.append, []
def append(out, row):
    if written:
        with (out / "results.jsonl").open("a") as file:
            file.write(json.dumps(row)[:100])
        raise OSError(28, "No space left on device", str(out))
    written.append(row)
    usual(out, row)
batch.append = append
app()
"""


@confined
def test_a_full_disk_costs_nothing_that_was_written(room):
    for name in ("ada", "ben", "cem"):
        room.hand_in(name, toy.RIGHT)
    room.program = FULL
    done = room.grade()
    said = f"{room.out}: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, said)
    assert room.is_left_alone()
    assert not list(room.temporary.iterdir())
    kept = (room.out / "results.jsonl").read_text().splitlines()[0]
    room.program = PROGRAM
    assert room.grade().returncode == 0
    assert (room.out / "results.jsonl").read_text().startswith(kept)
    assert sorted(room.rows()) == ["ada", "ben", "cem"]


def test_no_room_for_a_copy_of_the_course_is_said(room, monkeypatch):
    room.hand_in("ada", toy.RIGHT)
    checks = {"07_toy": room.root / "checks" / "test_07_toy.py"}
    plan = batch_of.Plan(room.submitted, room.out, checks, isolation="none")

    def copy(source, target, *, follow_symlinks=True):
        raise OSError(28, "No space left on device", source)

    monkeypatch.setattr(shutil, "copy2", copy)
    monkeypatch.setattr(
        shutil.copytree, "__defaults__", (False, None, copy, False, False)
    )
    with pytest.raises(batch_of.BatchError, match=r"no copy.*some space.*TMPDIR"):
        batch_of.grade_folder(plan)


@confined
def test_marks_given_while_it_runs_are_kept(room):
    room.hand_in("ada", toy.RIGHT)
    assert room.grade().returncode == 0
    room.hand_in("ben", ["import time; time.sleep(4)", *toy.RIGHT])
    with room.start(stdout=subprocess.DEVNULL) as run:
        until = time.monotonic() + 60
        while not room.survivors():
            assert time.monotonic() < until
            time.sleep(0.05)
        written = (room.out / "written.csv").read_text()
        (room.out / "written.csv").write_text(written.replace(",1,,", ",1,0.5,"))
    assert run.returncode == 0
    totals = {line["student"]: line["total"] for line in room.table("grades.csv")}
    assert totals == {"ada": "4.5", "ben": "5"}
    marks = room.root / "marks.csv"
    head = "student,exercise,task,max,points\n"
    marks.write_text(f"{head}ben,07_toy,7.3,1,0\nzoe,07_toy,07.3,1,1\n")
    done = room.grade("--marks", str(marks))
    assert done.returncode == 0
    said = " ".join(done.stdout.split())
    assert "1 mark of no graded answer (as zoe, 07_toy, 07.3): kept" in said
    assert "4.2" in said  # the mean of 4.5 and 4, marks included
    points = {line["student"]: line["points"] for line in room.table("written.csv")}
    assert points == {"ada": "0.5", "ben": "0", "zoe": "1"}


@confined
def test_changes_marks_and_a_roster(room):
    paths = [room.hand_in(name, toy.STUB) for name in ("ada", "=ben")]
    roster = room.root / "roster.csv"
    people = "student_id,last_name,first_name,email\nada,Lovelace,Ada,a@b.c\neve,E,,\n"
    roster.write_text(people)
    for path in paths:
        path.write_text(toy.notebook_text(toy.RIGHT))
    assert room.grade("--roster", str(roster)).returncode == 0
    rows = {line["student"]: line for line in room.table("grades.csv")}
    assert rows["ada"]["last_name"] == "Lovelace"
    assert rows["eve"]["status"] == "no_submission"
    assert rows["ada"]["unmarked"] == "07.3"

    written = (room.out / "written.csv").read_text()
    (room.out / "written.csv").write_text(written.replace("07.3,1,,", "07.3,1,0.5,"))
    path = room.hand_in("ada", [*toy.RIGHT, "# changed"])
    path.touch()
    assert room.grade().returncode == 0  # the marks in written.csv are kept
    assert len((room.out / "results.jsonl").read_text().splitlines()) == 3
    rows = {line["student"]: line for line in room.table("grades.csv")}
    assert (rows["ada"]["total"], rows["'=ben"]["total"]) == ("4.5", "4.5")
    assert rows["ada"]["unmarked"] == ""
    assert "0.5" in (room.out / "written.csv").read_text()

    marks = room.root / "marks.csv"
    marks.write_text("student,exercise,task,max,points\nada,07_toy,07.3,1,7\n")
    done = room.grade("--marks", str(marks))
    assert done.returncode == 2
    assert "expected 0 to 1" in done.stderr


@pytest.mark.skipif(not WORKS["landlock"], reason="Landlock does not work here")
def test_landlock_holds_where_bubblewrap_is_absent(room, listener):
    first = room.hand_in("aaa_first", toy.RIGHT)
    every = toy.hostile(room.root, listener.port)
    names = ("searches", "vandal", "network", "kills", "daemon", "forged_frames")
    for name in names:
        room.hand_in(name, every[name][0])
    done = room.grade("--isolation", "landlock", "--limit", "5")
    assert done.returncode == 0, done.stderr
    rows = room.rows()
    assert {name: points(rows[name]) for name in names} == {
        name: every[name][1] for name in names
    }
    assert {row["isolation"] for row in rows.values()} == {"landlock"}
    assert first.read_text() == toy.notebook_text(toy.RIGHT)
    assert not listener.reached()
    assert not room.survivors()
    assert rows["searches"]["written"] == {"explain_07_3": "found: "}


def test_without_isolation_only_when_asked_and_said_in_every_row(room, monkeypatch):
    room.hand_in("ada", [*toy.RIGHT, toy.DAEMON])
    done = room.grade("--isolation", "none")
    assert done.returncode == 0, done.stderr
    assert points(room.rows()["ada"]) == toy.FULL
    assert room.table("grades.csv")[0]["isolation"] == "none"
    assert "all that you can do" in " ".join(done.stdout.split())
    assert not room.survivors()  # the one that had left its group, too
    monkeypatch.setattr(sandbox, "probe", lambda rung: "not here")
    with pytest.raises(sandbox.SandboxError, match="bubblewrap.*--isolation none"):
        sandbox.choose("auto")


@pytest.mark.errors
def test_input_that_cannot_be_used_is_one_line(room):
    done = room.grade()
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "expected <student>/<notebook>.ipynb" in done.stderr
    room.hand_in("ada", toy.RIGHT)
    broken = room.root / "checks" / "test_07_toy.py"
    broken.write_text("import not_there")
    done = room.grade("--isolation", "none")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "cannot be imported" in done.stderr
    done = room.grade("--exercise", "99")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_a_check_that_breaks_is_our_error_and_no_grade(room):
    checks = room.root / "checks" / "test_07_toy.py"
    checks.write_text(toy.CHECKS.replace("got = answers.double(3)", "got = 1 / 0"))
    room.hand_in("ada", toy.RIGHT)
    done = room.grade("--isolation", RUNGS[0] if RUNGS else "none")
    assert done.returncode == 1
    (line,) = room.table("grades.csv")
    assert (line["status"], line["total"]) == ("grader_error", "")
    assert "ZeroDivisionError" in line["reason"]
    page = (room.out / "feedback" / "ada" / "07_toy.html").read_text()
    assert "no fault of yours" in page


COURSE = Path(__file__).parents[2]


@confined
def test_the_course_s_own_solutions_and_stubs(tmp_path):
    names = [path.stem for path in sorted((COURSE / "solutions").glob("*.ipynb"))]
    for folder in ("solutions", "exercises"):
        for name in names:
            target = tmp_path / "submitted" / folder / name
            target.mkdir(parents=True)
            source = (COURSE / folder / f"{name}.ipynb").read_bytes()
            (target / f"{name}.ipynb").write_bytes(source)
    out = tmp_path / "graded"
    done = subprocess.run(
        [*COMMAND, str(tmp_path / "submitted"), "--out", str(out), "--limit", "60"],
        capture_output=True,
        text=True,
        cwd=COURSE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with (out / "grades.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 2 * len(names)
    for line in lines:
        full = line["student"] == "solutions"
        assert line["total"] == (line["max"] if full else "0"), line
