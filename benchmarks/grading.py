"""The grader beside nbgrader and otter-grader: CPU and wall time for a class.

``python benchmarks/grading.py --nbgrader BIN --otter BIN`` takes the folders with the
peers' programs; a peer that is not named is left out. All grade the same answers to the
same exercise (``_exercise.py``), in one run; start-up counts. CPU time is of the whole
tree of processes. Every grader's points are compared with the points deserved. Prints a
Markdown table and writes ``benchmarks/grading.csv``.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import _exercise as exercise
import _rows
from _exercise import Answers

from mlcourse.grading.processes import adopt_orphans, cpu_seconds

COLUMNS = (
    *("grader", "version", "submissions", "at_a_time", "cpu_s", "cpu_s_each"),
    *("wall_s", "wall_s_each", "set_up_cpu_s", "as_deserved"),
)
LOOK = 0.1  # seconds between two looks at the tree


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


def tree() -> float:
    """CPU seconds of all processes below this one, ended or not."""
    return cpu_seconds(os.getpid()) - time.process_time()


def run(
    spent: Spent, *command: str | Path, cwd: Path, ok: Sequence[int] = (0,)
) -> None:
    """Run a program and add what it and all its processes take.

    Waiting adds up the time of what has ended, also of orphans, which come to this
    process. Only what is killed with its name space, as a sandbox is, escapes that: so
    the tree is looked at while it lives, and the most that was seen counts.
    """
    start, before = time.monotonic(), tree()
    bin_folder = Path(command[0]).parent
    env = os.environ | {"PATH": f"{bin_folder}:{os.environ['PATH']}"}
    env |= {"OMP_NUM_THREADS": "1"}
    with (cwd / "log.txt").open("ab") as log:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=log, stderr=log)
        most = before
        while process.poll() is None:
            most = max(most, tree())
            time.sleep(LOOK)
    spent.wall += time.monotonic() - start
    while orphans():
        most = max(most, tree())
        time.sleep(LOOK)
    spent.cpu += max(most, tree()) - before
    if process.returncode not in ok:
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
    all_, few = options.submissions, options.otter_submissions
    turns: list[tuple[int, Callable[[Path, list[Answers]], Graded]]] = []
    if options.nbgrader:
        bins = options.nbgrader.absolute()
        turns.append((all_, lambda folder, class_: nbgrader(folder, class_, bins)))
    if options.otter:
        programs = options.otter.absolute()
        turns.append((few, lambda folder, class_: otter(folder, class_, programs)))
    turns += [
        (number, lambda folder, class_: ours(folder, class_, options.jobs))
        for number in (all_, options.alone)
        if number
    ]
    print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS), flush=True)
    rows, wrong = [], []
    for number, grade in turns:
        class_ = exercise.students(number)
        with tempfile.TemporaryDirectory(prefix="grading-") as name:
            done = grade(Path(name).resolve(), class_)
        rows.append(row(done, class_))
        wrong += verdicts(done, class_)
        print("| " + " | ".join(rows[-1].values()) + " |", flush=True)
        _rows.save(Path(__file__).with_suffix(".csv"), COLUMNS, rows)
    print("", *wrong, f"load {os.getloadavg()[0]:.1f}", sep="\n")


if __name__ == "__main__":
    main()
