"""What a check says about an answer."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mlcourse.grading.errors import (
    AnswerError,
    NotAttempted,
    OutOfTime,
    StudentError,
    Unsupported,
)
from mlcourse.grading.score import scores
from mlcourse.grading.task import Check

#: ``error`` is the student's, ``grader_error`` is ours and never costs a point unseen.
Status = Literal[
    "passed", "failed", "not_attempted", "error", "timeout", "grader_error"
]


@dataclass(frozen=True)
class Verdict:
    """One check's result: ``earned`` of ``points``, with a message for the student."""

    name: str
    task: str
    title: str
    hint: str
    points: int | float
    earned: int | float
    hidden: bool
    status: Status
    message: str
    seconds: float
    trace: str = ""  # of the student's exception, to be folded away
    scores: Mapping[str, float] = field(default_factory=dict)  # what it measured


def judge(check: Check, answers: object) -> Verdict:
    """Run one check on ``answers`` and say what came of it; never raises but Ctrl-C."""
    started = time.perf_counter()
    status: Status = "passed"
    message = trace = ""
    with scores() as told:
        try:
            check.function(answers)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            status, message = explain(error)
            trace = error.trace if isinstance(error, StudentError) else ""
    seconds = time.perf_counter() - started
    return verdict(check, status, message, seconds=seconds, trace=trace, scores=told)


def verdict(
    check: Check,
    status: Status,
    message: str,
    *,
    seconds: float,
    trace: str = "",
    scores: Mapping[str, float],
) -> Verdict:
    """Return what a status says about a check: all of its points, or none."""
    return Verdict(
        name=check.name,
        task=check.task,
        title=check.title,
        hint=check.hint,
        points=check.points,
        earned=check.points if status == "passed" else 0,
        hidden=check.hidden,
        status=status,
        message=message,
        seconds=seconds,
        trace=trace,
        scores=scores,
    )


def explain(error: BaseException) -> tuple[Status, str]:
    """Return the status and the sentence for what a check raised.

    >>> explain(AssertionError("got 2, expected 1"))
    ('failed', 'got 2, expected 1')
    >>> explain(NotAttempted("Task 01.2 is not written yet"))
    ('not_attempted', 'Task 01.2 is not written yet')
    >>> explain(KeyError("a"))[0]
    'grader_error'
    """
    if isinstance(error, AssertionError):
        return "failed", str(error)
    if isinstance(error, NotAttempted):
        return "not_attempted", str(error)
    if isinstance(error, OutOfTime):
        return "timeout", str(error)
    if isinstance(error, Unsupported):
        return "failed", str(error)
    if isinstance(error, AnswerError):
        return "error", str(error)
    return (
        "grader_error",
        f"the check itself stopped with {type(error).__name__}: {error}. This is not "
        "counted against you; please tell the person who runs the course",
    )
