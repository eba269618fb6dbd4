"""The grader beside nbgrader and otter-grader: CPU and wall time for a class.

``python benchmarks/grading.py --nbgrader BIN --otter BIN`` takes the folders with the
peers' programs; a peer that is not named is left out. All grade the same answers to the
same exercise (``_exercise.py``), in one run; start-up counts. CPU time is of the whole
tree of processes. Every grader's points are compared with the points deserved. Prints a
Markdown table and writes ``benchmarks/grading.csv``; lines that are there already are
kept, so a run goes on where it stopped.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import _exercise as exercise
import _rows
from _exercise import Answers

from mlcourse.grading.processes import adopt_orphans, cpu_seconds

COLUMNS = (
    *("grader", "version", "submissions", "at_a_time", "cpu_s", "cpu_s_each"),
    *("wall_s", "wall_s_each", "set_up_cpu_s", "as_deserved"),
)
LOOK = 0.05  # seconds between two looks at the tree


@dataclass
class Spent:
    """CPU and wall seconds."""

    cpu: float = 0.0
    wall: float = 0.0


@dataclass
class Graded:
    """What a grader took, and the points that it gave."""

    grader: str
    version: str
    at_a_time: int
    points: dict[str, float] = field(default_factory=dict)
    set_up: Spent = field(default_factory=Spent)
    spent: Spent = field(default_factory=Spent)


class Watch:
    """Adds up the CPU time of all processes below this one, ended or not.

    Waiting for a process adds its time to its parent's, and orphans come to this
    process. What is killed with its name space, as a sandbox is, escapes that: so the
    tree is looked at while it lives, and where its sum has fallen, that is put back.
    """

    def __init__(self) -> None:
        self.total = 0.0
        self._last = self._tree()

    def look(self) -> None:
        """Add what has come since the last look."""
        now = self._tree()
        if now < self._last:  # or one was missed on its way from the living to the dead
            now = max(now, self._tree())
        self.total += max(0.0, now - self._last)
        self._last = now

    def _tree(self) -> float:
        return cpu_seconds(os.getpid()) - time.process_time()


def run(spent: Spent, *command: str | Path, cwd: Path) -> None:
    """Run a program and add what it and all its processes take."""
    start, watch = time.monotonic(), Watch()
    env = os.environ | {"PATH": f"{Path(command[0]).parent}:{os.environ['PATH']}"}
    env |= {"OMP_NUM_THREADS": "1"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    with (cwd / "log.txt").open("ab") as log:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=log, stderr=log)
        while process.poll() is None:
            time.sleep(LOOK)
            watch.look()
    spent.wall += time.monotonic() - start
    while orphans():
        time.sleep(LOOK)
        watch.look()
    watch.look()
    spent.cpu += watch.total
    if process.returncode:
        tail = (cwd / "log.txt").read_text(errors="replace")[-1500:]
        raise SystemExit(f"{command} ended with {process.returncode}:\n{tail}")


def orphans() -> bool:
    """Whether a process is left; what has ended is waited for."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def version(python: Path, package: str) -> str:
    """The version of a package in an environment."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    command = [python, "-c", code]
    return subprocess.run(
        command, check=True, capture_output=True, text=True
    ).stdout.strip()


def released(path: Path) -> exercise.Cell:
    """The notebook that a grader's own tool has made for students."""
    found: exercise.Cell = json.loads(path.read_text(encoding="utf-8"))
    return found


def ours(folder: Path, class_: list[Answers], jobs: int) -> Graded:
    """Grade by ``mlcourse grade``."""
    here = Path(sys.executable)
    done = Graded("mlcourse", version(here, "mlcourse"), jobs)
    exercise.write(folder / "checks/test_99_three.py", exercise.our_checks())
    stubs = exercise.our_notebook()
    for who in class_:
        path = folder / "submitted" / who.student / "99_three.ipynb"
        exercise.write(path, exercise.hand_in(stubs, who))
    options = ("--out", "graded", "--checks", "checks", "--jobs", str(jobs))
    run(
        done.spent,
        here.with_name("mlcourse"),
        "grade",
        "submitted",
        *options,
        cwd=folder,
    )
    with (folder / "graded/grades.csv").open(newline="") as file:
        done.points = {
            row["student"]: float(row["total"]) for row in csv.DictReader(file)
        }
    return done


def nbgrader(folder: Path, class_: list[Answers], programs: Path) -> Graded:
    """Grade by ``nbgrader autograde``, one after another: it has no other way."""
    done = Graded("nbgrader", version(programs / "python", "nbgrader"), 1)
    program = programs / "nbgrader"
    exercise.write(folder / "source/three/three.ipynb", exercise.nbgrader_source())
    exercise.write(folder / "nbgrader_config.py", "")
    run(done.set_up, program, "generate_assignment", "three", cwd=folder)
    stubs = released(folder / "release/three/three.ipynb")
    for who in class_:
        path = folder / "submitted" / who.student / "three/three.ipynb"
        exercise.write(path, exercise.hand_in(stubs, who))
    run(done.spent, program, "autograde", "three", cwd=folder)
    run(Spent(), program, "export", cwd=folder)
    with (folder / "grades.csv").open(newline="") as file:
        done.points = {
            row["student_id"]: float(row["score"]) for row in csv.DictReader(file)
        }
    return done


def otter(folder: Path, class_: list[Answers], programs: Path) -> Graded:
    """Grade by ``otter run``, a program for each submission; no container."""
    done = Graded("otter-grader", version(programs / "python", "otter-grader"), 1)
    program = programs / "otter"
    exercise.write(folder / "three.ipynb", exercise.otter_source())
    run(done.set_up, program, "assign", "three.ipynb", "made", cwd=folder)
    stubs = released(folder / "made/student/three.ipynb")
    (rules,) = (folder / "made/autograder").glob("*.zip")
    for who in class_:
        place = folder / who.student
        exercise.write(place / "three.ipynb", exercise.hand_in(stubs, who))
        options = ("--no-logo", "-a", rules, "-o", place)
        run(done.spent, program, "run", *options, place / "three.ipynb", cwd=place)
        results = json.loads((place / "results.json").read_text())
        done.points[who.student] = sum(
            test.get("score", 0) for test in results["tests"]
        )
        print(
            f"otter {who.student}: {done.spent.cpu:.1f} CPU s so far", file=sys.stderr
        )
    return done


def verdicts(done: Graded, class_: list[Answers]) -> Iterator[str]:
    """What a grader gives to an answer and the answer does not deserve."""
    given: dict[str, set[float]] = {}
    deserved = {who.kind: who.points for who in class_}
    for who in class_:
        given.setdefault(who.kind, set()).add(
            done.points.get(who.student, float("nan"))
        )
    for kind, points in given.items():
        if points != {deserved[kind]}:
            shown = ", ".join(f"{p:g}" for p in sorted(points))
            yield f"{done.grader}, {kind}: {shown} instead of {deserved[kind]}"


def row(done: Graded, class_: list[Answers]) -> _rows.Row:
    """A line of the table."""
    number = len(class_)
    same = sum(done.points.get(who.student) == who.points for who in class_)
    figures = (
        *(done.grader, done.version, str(number), str(done.at_a_time)),
        *(f"{done.spent.cpu:.1f}", f"{done.spent.cpu / number:.2f}"),
        *(f"{done.spent.wall:.1f}", f"{done.spent.wall / number:.2f}"),
        *(f"{done.set_up.cpu:.1f}", f"{same} of {number}"),
    )
    return dict(zip(COLUMNS, figures, strict=True))


def main() -> None:
    """Grade, compare, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nbgrader", type=Path, help="folder of nbgrader's programs")
    parser.add_argument("--otter", type=Path, help="folder of otter's programs")
    parser.add_argument("--submissions", type=int, default=60)
    parser.add_argument("--otter-submissions", type=int, default=60)
    parser.add_argument("--alone", type=int, default=100, help="more, ours alone")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    adopt_orphans()
    class_, few = options.submissions, options.otter_submissions
    turns: list[tuple[str, int, Callable[[Path, list[Answers]], Graded]]] = [
        ("mlcourse", number, partial(ours, jobs=options.jobs))
        for number in (class_, options.alone)
    ]
    if options.nbgrader:
        programs = options.nbgrader.absolute()
        turns.append(("nbgrader", class_, partial(nbgrader, programs=programs)))
    if options.otter:
        programs = options.otter.absolute()
        turns.append(("otter-grader", few, partial(otter, programs=programs)))
    table = Path(__file__).with_suffix(".csv")
    rows = _rows.read(table)
    there = [(row["grader"], int(row["submissions"])) for row in rows]
    for name, number, grade in turns:
        if (name, number) in there:
            continue
        students = exercise.students(number)
        for these in (students[:1], students):  # the first leaves bytecode, as pip does
            with tempfile.TemporaryDirectory(prefix="grading-") as folder:
                done = grade(Path(folder).resolve(), these)
        rows.append(row(done, students))
        _rows.save(table, COLUMNS, rows)
        for text in verdicts(done, students):
            print(text, flush=True)
    for line in (COLUMNS, ["---"] * len(COLUMNS), *(row.values() for row in rows)):
        print("| " + " | ".join(line) + " |")
    print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
