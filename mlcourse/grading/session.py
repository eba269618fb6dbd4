"""One notebook under grading: the student's process, and how long it may take."""

import re
import tempfile
import time
from typing import Any

from mlcourse.grading import wire
from mlcourse.grading.errors import (
    AnswerError,
    Died,
    NotAttempted,
    OutOfTime,
    StudentError,
    Unsupported,
)
from mlcourse.grading.job import TASK, Job
from mlcourse.grading.nursery import START, Child, Nursery

#: So often may a cell hang or end the process before those that define nothing are
#: left out; twice as often, and the notebook is given up.
FAILURES = 4
DEFINES = re.compile(r"^(?:@|def |class |import |from |\w+ *[:=])", re.MULTILINE)
#: Characters of one text in an error.
TEXT = 1000
FORGED = "it sent something that is no answer"


class Session:
    """One notebook under grading: its process, started when needed, and its clock."""

    def __init__(self, job: Job) -> None:
        self.cells = list(job.cells)
        self.job = job
        self.limit = job.limit
        self.notes: list[str] = []
        self.used = 0.0  # CPU seconds of processes that have ended
        self.memo: dict[str, Any] = {}  # what checks keep for each other
        self._spent: dict[str, float] = {}
        self._end = time.monotonic() + job.seconds
        self._worker: Child | None = None
        self._failures = 0

    def ask(self, task: str, request: tuple[object, ...]) -> Any:
        """Return the plain data that the student's process answers.

        Raises
        ------
        AnswerError
            for whatever is the student's.
        """
        wire.encode(request)  # what cannot be sent is the check's fault, not an answer
        self.start()
        spent = self._spent.get(task, 0.0)
        now = time.monotonic()
        until = min(now + self.limit, now + TASK * self.limit - spent, self._end)
        try:
            reply = self._talk(request, until)
        finally:
            self._spent[task] = spent + time.monotonic() - now
        return _opened(reply)

    def cpu_seconds(self) -> float:
        """Return what the process has used; it is measured outside, not asked there."""
        self.start()
        assert self._worker
        return self._worker.ask()

    def close(self) -> None:
        """End the process."""
        if self._worker:
            self._worker.end()
            self.used += self._worker.used
            self._worker = None

    def _talk(self, message: object, until: float) -> Any:
        try:
            if message is not None:
                wire.send(self._channel, message, until=until)
            return wire.receive(self._channel, until=until)
        except TimeoutError:
            self.close()
            raise OutOfTime(self.limit) from None
        except (EOFError, ConnectionError):
            raise Died(self._last_words()) from None
        except wire.WireError as error:
            self.close()
            self.notes.append(f"{FORGED}: {error}")
            raise Died(FORGED) from None

    def start(self) -> None:
        """Start the process and run the cells, unless that is done.

        Raises
        ------
        Died
            if too many cells hang or end the process.
        RuntimeError
            if the process does not start at all, which is our fault.
        """
        while not self._worker:
            if self._failures > 2 * FAILURES or time.monotonic() > self._end:
                raise Died("too many of the notebook's cells hang or end it")
            self._launch()
            running = -1
            try:
                state = self._talk(self.cells, time.monotonic() + START)
                while not (isinstance(state, str) and state == "ready"):
                    if type(state) is not int or state != running + 1:
                        raise Died(FORGED)
                    running = state
                    until = min(time.monotonic() + self.limit, self._end)
                    state = self._talk(None, until)
            except (OutOfTime, Died) as error:
                self.close()
                if running < 0:
                    raise RuntimeError(self._diagnosis()) from None
                self._skip(running, error)

    def _skip(self, number: int, error: AnswerError) -> None:
        """Let a cell that hangs, or ends the process, fail at once from now on."""
        self._failures += 1
        reason = str(error).partition(":")[0].replace("your code", "this cell")
        self.notes.append(f"code cell {number + 1}: {error}")
        self.cells[number] = f"raise SystemError({reason!r})\n{self.cells[number]}"
        if self._failures > FAILURES:
            self.cells = [c if DEFINES.search(c) else "" for c in self.cells]

    def _launch(self) -> None:
        assert self.job.nursery
        try:
            self._worker = Child(self.job.nursery)
        except OSError:
            raise RuntimeError(self._diagnosis()) from None
        self._channel = self._worker.channel

    def _diagnosis(self) -> str:
        """Start a process without any student's code and return why it does not."""
        with tempfile.TemporaryFile() as errors:
            nursery = Nursery(self.job.box, errors=errors)
            try:
                child = Child(nursery.path)
                child.channel.close()
                child.wait(START)
            finally:
                nursery.stop()
            errors.seek(0)
            lines = errors.read(100_000).decode(errors="replace").strip().splitlines()
        return (
            f"the process for the student's code did not start: {(lines or ['?'])[-1]}"
        )

    def _last_words(self) -> str:
        assert self._worker
        code = self._worker.wait(2) or 0
        self.close()
        number = -code
        known = {9: "it was killed", 11: "it crashed", 6: "it was aborted"}
        known[24] = "it used up its CPU time"
        return known.get(number, f"exit code {code}" if code else "it left")


def _opened(reply: object) -> Any:
    """Return what a reply holds, or raise the answer's error that it names."""
    match reply:
        case (str(how), value) if how == "answer":
            return value
        case (str(how), tuple(texts)) if all(type(text) is str for text in texts):
            texts = tuple(text[:TEXT] for text in texts)
            if how == "StudentError" and len(texts) == 4:
                raise StudentError(*texts)
            if how == "NotAttempted" and len(texts) == 1:
                raise NotAttempted(*texts)
            if how == "Unsupported" and len(texts) == 1:
                raise Unsupported(*texts)
    raise Died(FORGED)
