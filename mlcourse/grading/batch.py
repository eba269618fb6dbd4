"""Grade a folder of submissions: each in processes of its own, each finished one kept.

``results.jsonl`` in the folder of results is the truth: one line a graded notebook,
written and synced before the next. Everything else there is made from it anew, so that
a run which was cut off, by whatever means, is completed by running it again.
"""

import contextlib
import tempfile
from collections import deque
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlcourse.grading import sandbox, view
from mlcourse.grading.alike import alike
from mlcourse.grading.copied import build, copy_font_cache
from mlcourse.grading.job import Job
from mlcourse.grading.pool import run
from mlcourse.grading.provenance import provenance, same
from mlcourse.grading.results import Row, append, only_writer, read_rows
from mlcourse.grading.submissions import Submission, find
from mlcourse.grading.tables import write_table
from mlcourse.grading.task import hidden_modules, written

Rows = dict[tuple[str, str], Row]


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
    plan: Plan,
    *,
    on_row: Callable[[int, int], object] = lambda done, total: None,
    finish: Callable[[Rows], object] = lambda rows: None,
) -> Rows:
    """Grade what is not graded yet; return the latest row by student and exercise.

    ``on_row(done, total)`` is called as rows come, ``finish(rows)`` at the end, while
    no other run may write to the folder of results.

    Raises
    ------
    BatchError, CheckError, sandbox.SandboxError
        if the folder, the checks or the isolation cannot be used; nothing is graded.
    ResultsError
        if the folder of results is another run's, or its results are damaged.
    """
    if not plan.submissions.is_dir():
        raise BatchError(f"{plan.submissions} is not a folder of submissions")
    found = find(plan.submissions, plan.checks, only=plan.exercise, out=plan.out)
    if not found:
        raise BatchError(
            f"no notebook in {plan.submissions}: expected <student>/<notebook>.ipynb, "
            "<student>/<assignment>/<notebook>.ipynb or <student>.ipynb"
        )
    if len(place := tempfile.gettempdir()) > 60:  # paths of sockets are limited
        raise BatchError(f"{place} is too long a name; set TMPDIR to a shorter one")
    isolation = sandbox.choose(plan.isolation)
    if isolation != "none":
        private = {path.parent for path in plan.checks.values()}
        for folder in (plan.submissions, plan.out, *private):
            sandbox.refuse_to_mount(folder)
    with only_writer(plan.out):
        latest = {(row["student"], row["exercise"]): row for row in read_rows(plan.out)}
        # Closed at once, whatever happens here: its processes and folders are gone.
        with contextlib.closing(_graded(plan, found, latest, isolation)) as graded:
            for done, row in enumerate(graded, start=1):
                if row is not latest.get((row["student"], row["exercise"])):
                    append(plan.out, row)
                    latest[row["student"], row["exercise"]] = row
                on_row(done, len(found))
        write_table(plan.out / "alike.csv", *alike(found))
        now = {(submission.student, submission.exercise) for submission in found}
        rows = {key: row for key, row in latest.items() if key[1] or key in now}
        finish(rows)
    return rows


def _graded(
    plan: Plan,
    found: list[Submission],
    latest: Mapping[tuple[str, str], Row],
    isolation: sandbox.Isolation,
) -> Generator[Row, None, None]:
    """Yield a row for each submission: the old one where nothing has changed."""
    todo: list[tuple[Row, Submission]] = []  # by exercise, for a nursery has but one
    for submission in found:
        old = latest.get((submission.student, submission.exercise))
        row = provenance(submission, plan.checks, plan.limit, isolation)
        if old and same(old, row):
            yield old
        elif submission.problem:
            yield row | {"status": "unreadable"}
        else:
            todo.append((row, submission))
    todo.sort(key=lambda waiting: waiting[1].exercise)
    with tempfile.TemporaryDirectory(prefix="mlcourse-grade-") as name:
        courses = {
            exercise: _course(Path(name).resolve() / exercise, plan.checks[exercise])
            for exercise in {submission.exercise for _, submission in todo}
        }
        boxes = {
            exercise: sandbox.Sandbox(isolation, course, _imports(exercise, todo))
            for exercise, course in courses.items()
        }
        jobs = deque((row, _job(plan, s, boxes[s.exercise])) for row, s in todo)
        yield from run(jobs, jobs=plan.jobs)


def _imports(exercise: str, todo: list[tuple[Row, Submission]]) -> tuple[str, ...]:
    """Return what to import once for all submissions to an exercise."""
    these = (submission for _, submission in todo if submission.exercise == exercise)
    return view.named(cell for submission in these for cell in submission.cells)


def _course(folder: Path, checks: Path) -> Path:
    """Make the course as workers see it while they answer these checks."""
    try:
        build(folder, hidden_modules(checks))
        copy_font_cache(folder)
    except OSError as error:
        reason = error.strerror or "is the disk full?"  # of many files, copytree's
        raise BatchError(
            f"no copy of the course can be written to {folder.parent} ({reason}): free "
            "some space there, or name another folder in TMPDIR"
        ) from None
    return folder


def _job(plan: Plan, submission: Submission, box: sandbox.Sandbox) -> Job:
    checks = plan.checks[submission.exercise]
    return Job(
        cells=submission.cells,
        checks=checks.resolve(),
        written=written(checks),
        box=box,
        limit=plan.limit,
    )
