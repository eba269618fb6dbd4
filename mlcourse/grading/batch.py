"""Grade a folder of submissions: each in processes of its own, each finished one kept.

``results.jsonl`` in the folder of results is the truth: one line a graded notebook,
written and synced before the next. Everything else there is made from it anew, so that
a run which was cut off, by whatever means, is completed by running it again.
"""

import fcntl
import hashlib
import json
import multiprocessing
import os
import platform
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import mlcourse
from mlcourse.grading import sandbox
from mlcourse.grading.job import Job
from mlcourse.grading.submissions import Submission, find, short_cuts
from mlcourse.grading.task import CheckError, flags, hidden_modules, written

Row = dict[str, Any]


class BatchError(Exception):
    """The input cannot be used; the text says what to do."""


@dataclass(frozen=True)
class Plan:
    """What to grade, with which checks, and how.

    Parameters
    ----------
    checks : checks files by exercise, as ``{"01_relations": path}``
    jobs : notebooks graded at the same time
    limit : seconds for one call or one cell
    """

    submissions: Path
    out: Path
    checks: Mapping[str, Path]
    exercise: str | None = None
    jobs: int = 2
    isolation: str = "auto"
    limit: float = 20.0


def grade_folder(
    plan: Plan, *, on_row: Callable[[int, int], object] = lambda done, total: None
) -> dict[tuple[str, str], Row]:
    """Grade what is not graded yet; return the latest row by student and exercise.

    Raises
    ------
    BatchError, CheckError, sandbox.SandboxError
        if the folder, the checks or the isolation cannot be used; nothing is graded.
    """
    if not plan.submissions.is_dir():
        raise BatchError(f"{plan.submissions} is not a folder of submissions")
    found = find(plan.submissions, plan.checks, only=plan.exercise)
    if not found:
        raise BatchError(
            f"no notebook in {plan.submissions}: expected <student>/<notebook>.ipynb, "
            "<student>/<assignment>/<notebook>.ipynb or <student>.ipynb"
        )
    isolation = sandbox.choose(plan.isolation)
    if isolation != "none":
        private = {path.parent for path in plan.checks.values()}
        for folder in (plan.submissions, plan.out, *private):
            sandbox.refuse_to_mount(folder)
    plan.out.mkdir(parents=True, exist_ok=True)
    with (plan.out / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BatchError(
                f"another run is writing to {plan.out}; wait for it"
            ) from None
        latest = {(row["student"], row["exercise"]): row for row in read_rows(plan.out)}
        for done, row in enumerate(_graded(plan, found, latest, isolation), start=1):
            if row is not latest.get((row["student"], row["exercise"])):
                _append(plan.out / "results.jsonl", row)
                latest[row["student"], row["exercise"]] = row
            on_row(done, len(found))
    now = {(submission.student, submission.exercise) for submission in found}
    return {key: row for key, row in latest.items() if key[1] or key in now}


def read_rows(out: Path) -> list[Row]:
    """Return the rows of ``results.jsonl``; a last line that was cut off is removed."""
    path = out / "results.jsonl"
    if not path.exists():
        return []
    *lines, torn = path.read_bytes().split(b"\n")
    if torn:
        os.truncate(path, path.stat().st_size - len(torn))
    try:
        return [json.loads(line) for line in lines]
    except ValueError as error:
        raise BatchError(f"{path} is damaged ({error}); restore it") from None


def _append(path: Path, row: Row) -> None:
    with path.open("ab") as file:
        file.write(json.dumps(row).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _graded(
    plan: Plan,
    found: list[Submission],
    latest: Mapping[tuple[str, str], Row],
    isolation: sandbox.Isolation,
) -> Iterator[Row]:
    """Yield a row for each submission: the old one where nothing has changed."""
    todo: deque[tuple[Row, Submission]] = deque()
    for submission in found:
        old = latest.get((submission.student, submission.exercise))
        row = _row(plan, submission, isolation)
        if old and _same(old, row):
            yield old
        elif submission.problem:
            yield row | {"status": "unreadable"}
        else:
            todo.append((row, submission))
    with tempfile.TemporaryDirectory(prefix="mlcourse-grade-") as name:
        courses = _Courses(Path(name).resolve(), plan.checks)
        yield from _run(todo, plan, lambda s: _job(plan, s, courses, isolation))


def _same(old: Row, new: Row) -> bool:
    keys = ("sha256", "checks_sha256", "limit")
    return (
        all(old[key] == new[key] for key in keys)
        and old["versions"]["mlcourse"] == new["versions"]["mlcourse"]
        and old["status"] != "grader_error"
        and (old["reason"] if old["status"] == "unreadable" else "") == new["reason"]
    )


def _row(plan: Plan, submission: Submission, isolation: str) -> Row:
    checks = plan.checks.get(submission.exercise)
    marked = flags(checks) + hidden_modules(checks) if checks else ()
    return {
        "student": submission.student,
        "exercise": submission.exercise,
        "status": "",
        "reason": submission.problem,
        "file": submission.file,
        "submitted": submission.submitted,
        "sha256": submission.sha256,
        "checks_sha256": _sha256(checks) if checks else "",
        "limit": plan.limit,
        "isolation": isolation,
        "versions": {
            "mlcourse": mlcourse.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "torch")},
        },
        "flags": [*submission.notes, *short_cuts(submission.cells, marked)],
        "checks": [],
        "written": {},
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class _Courses:
    """The course as workers see it, one an exercise, made when first asked for."""

    def __init__(self, folder: Path, checks: Mapping[str, Path]) -> None:
        self._folder = folder
        self._checks = checks

    def of(self, exercise: str) -> Path:
        folder = self._folder / exercise
        if not folder.exists():
            sandbox.build(folder, hidden_modules(self._checks[exercise]))
            sandbox.copy_font_cache(folder)
        return folder


def _job(
    plan: Plan, submission: Submission, courses: _Courses, isolation: sandbox.Isolation
) -> Job:
    checks = plan.checks[submission.exercise]
    return Job(
        cells=submission.cells,
        checks=checks.resolve(),
        written=written(checks),
        box=sandbox.Sandbox(isolation, courses.of(submission.exercise)),
        limit=plan.limit,
    )


def _run(
    todo: deque[tuple[Row, Submission]],
    plan: Plan,
    make: Callable[[Submission], Job],
) -> Iterator[Row]:
    """Yield the finished row of each job, ``plan.jobs`` of them at a time."""
    os.environ["OMP_NUM_THREADS"] = "1"  # of the server, which no one has started yet
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", "mlcourse.grading.plugin"])
    running: dict[Connection, tuple[ForkServerProcess, Row, float]] = {}
    try:
        while todo or running:
            while todo and len(running) < plan.jobs:
                row, submission = todo.popleft()
                job = make(submission)
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(target=_grade, args=(job, theirs))
                process.start()
                theirs.close()
                running[ours] = (process, row, time.monotonic() + job.patience)
            for connection in wait(list(running), timeout=1.0):
                assert isinstance(connection, Connection)
                process, row, _ = running.pop(connection)
                yield row | _result(connection, process)
            for process, _, until in running.values():
                if time.monotonic() > until:
                    process.kill()  # its connection then says so
    finally:
        for process, _, _ in running.values():
            process.kill()
            process.join()


def _grade(job: Job, connection: Connection) -> None:
    """Grade in a process forked from the server, which has imported all this."""
    from mlcourse.grading import plugin

    plugin.grade(job, connection)


def _result(connection: Connection, process: ForkServerProcess) -> Row:
    """Return what a process sent; if it sent nothing, that is our error."""
    with connection:
        try:
            result: Row = json.loads(connection.recv_bytes())
        except (EOFError, OSError):
            result = {"status": "grader_error"}
        process.join()
    if result.get("fatal"):
        raise CheckError(result["fatal"])
    if not result.get("checks"):
        died = f"the process that checks ended with {process.exitcode}"
        result = {"status": "grader_error", "reason": result.get("reason") or died}
    return result
