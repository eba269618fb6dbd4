"""Why an answer could not be used: one exception a reason, each with one sentence.

Both ways of running a check raise these and nothing else: in the student's kernel
(:mod:`mlcourse.grading.local`) and across the process boundary of the grader.
"""


class AnswerError(Exception):
    """Something about the student's answer, never about the check."""


class NotAttempted(AnswerError):
    """A stub, a missing name or an empty text: nothing to grade yet."""


class StudentError(AnswerError):
    """The student's code raised an exception.

    Parameters
    ----------
    kind : name of the exception's class
    message : its text
    where : the student's own line, such as ``line 3 of the cell``; may be empty
    name : the function that was called; empty when a cell was run
    """

    def __init__(
        self, kind: str, message: str, where: str = "", name: str = ""
    ) -> None:
        super().__init__(kind, message, where, name)
        self.kind = kind
        self.message = message
        self.where = where
        self.name = name
        #: The traceback as text, to be folded away; empty where there is none.
        self.trace = ""

    def __str__(self) -> str:
        """Return the sentence that the student reads."""
        what = f"your function {self.name}" if self.name else "your code"
        text = f": {self.message}" if self.message else ""
        place = f" ({self.where})" if self.where else ""
        return f"{what} raised {self.kind}{text}{place}"


class OutOfTime(AnswerError):
    """The student's code did not finish within ``seconds``."""

    def __init__(self, seconds: int | float) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def __str__(self) -> str:
        """Return the sentence that the student reads."""
        return (
            f"your code did not finish within {self.seconds:g} s: "
            "look for a loop that never ends, or for one that does too much"
        )


class Died(AnswerError):
    """The process that ran the student's code ended; ``reason`` says how."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        """Return the sentence that the student reads."""
        return f"your code ended its Python process: {self.reason}"


class Unsupported(AnswerError):
    """An answer that is not plain data; the text says what it is."""


def missing(name: str) -> NotAttempted:
    """Return the error for a name that the notebook does not define."""
    return NotAttempted(f"{name} is not defined yet: run its cell")


def empty(name: str) -> NotAttempted:
    """Return the error for a written answer that is still blank."""
    return NotAttempted(f"{name} is still empty: fill in your answer, run its cell")


def nothing(name: str) -> Unsupported:
    """Return the error for a function that returns None."""
    return Unsupported(f"your function {name} returned None: is its return missing?")
