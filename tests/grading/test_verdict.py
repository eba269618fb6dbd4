import pytest

from mlcourse.grading.errors import (
    Died,
    NotAttempted,
    OutOfTime,
    StudentError,
    Unsupported,
    missing,
    nothing,
)
from mlcourse.grading.task import Check
from mlcourse.grading.verdict import explain, judge


def check_of(function):
    return Check("test_x", "01.1", 2, True, "Title", "Hint", function)


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (AssertionError("got 2"), "failed", "got 2"),
        (NotAttempted("later"), "not_attempted", "later"),
        (missing("f"), "not_attempted", "f is not defined yet: run its cell"),
        (nothing("f"), "failed", "your function f returned None"),
        (Unsupported("a set"), "failed", "a set"),
        (OutOfTime(20.0), "timeout", "did not finish within 20 s"),
        (Died("signal 9"), "error", "ended its Python process: signal 9"),
        (
            StudentError("ValueError", "no", "line 3 of the cell", "f"),
            "error",
            "your function f raised ValueError: no (line 3 of the cell)",
        ),
        (StudentError("KeyError", ""), "error", "your code raised KeyError"),
        (ZeroDivisionError("x"), "grader_error", "not counted against you"),
        (SystemExit(1), "grader_error", "not counted against you"),
    ],
)
def test_every_end_of_a_check(error, status, message):
    assert explain(error)[0] == status
    assert message in explain(error)[1]

    def raises(answers):
        raise error

    verdict = judge(check_of(raises), object())
    assert (verdict.status, verdict.earned, verdict.points) == (status, 0, 2)
    assert message in verdict.message


def test_a_check_that_returns_is_passed():
    verdict = judge(check_of(lambda answers: None), object())
    assert (verdict.status, verdict.earned, verdict.message) == ("passed", 2, "")
    assert (verdict.title, verdict.hint, verdict.hidden) == ("Title", "Hint", True)
    assert 0 <= verdict.seconds < 1


def test_control_c_is_the_users():
    def interrupted(answers):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge(check_of(interrupted), object())
