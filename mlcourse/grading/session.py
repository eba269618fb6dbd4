"""One notebook under grading: the student's process, and how long it may take."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO, Any

from mlcourse.grading import wire
from mlcourse.grading.errors import (
    AnswerError,
    Died,
    NotAttempted,
    OutOfTime,
    StudentError,
    Unsupported,
)
from mlcourse.grading.job import START, TASK, Job
from mlcourse.grading.processes import cpu_seconds, end

#: So many cells may hang or end the process before the notebook is given up.
BAD_CELLS = 4
#: Characters of one text in an error.
TEXT = 1000
FORGED = "it sent something that is no answer"


class Session:
    """One notebook under grading: its process, started when needed, and its clock."""

    def __init__(self, job: Job) -> None:
        self.cells = list(job.cells)
        self.box = job.box
        self.limit = job.limit
        self.notes: list[str] = []
        self.memo: dict[str, Any] = {}  # what checks keep for each other
        self._spent: dict[str, float] = {}
        self._end = time.monotonic() + job.seconds
        self._worker: subprocess.Popen[bytes] | None = None
        self._bad: set[int] = set()

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
        """Return what the process has used; it is measured here, not asked there."""
        self.start()
        assert self._worker
        return cpu_seconds(self._worker.pid)

    def close(self) -> None:
        """End the process and everything that it started; forget its folder."""
        if self._worker:
            self._channel.close()  # an idle worker leaves by itself, its CPU time known
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._worker.wait(timeout=0.3)
            end(self._worker)
            shutil.rmtree(self._home, ignore_errors=True)
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
            if len(self._bad) > BAD_CELLS or time.monotonic() > self._end:
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
        self._bad.add(number)
        reason = str(error).partition(":")[0].replace("your code", "this cell")
        self.notes.append(f"code cell {number + 1}: {error}")
        self.cells[number] = f"raise SystemError({reason!r})\n{self.cells[number]}"

    def _launch(self, errors: IO[bytes] | int = subprocess.DEVNULL) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="mlcourse-home-")).resolve()
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._worker = self.box.launch(theirs, self._home, errors=errors)

    def _diagnosis(self) -> str:
        """Start the process without any student's code and return why it does not."""
        with tempfile.TemporaryFile() as errors:
            self._launch(errors)
            self._channel.shutdown(socket.SHUT_RDWR)
            assert self._worker
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._worker.wait(timeout=START)
            self.close()
            errors.seek(0)
            lines = errors.read(100_000).decode(errors="replace").strip().splitlines()
        return (
            f"the process for the student's code did not start: {(lines or ['?'])[-1]}"
        )

    def _last_words(self) -> str:
        assert self._worker
        try:
            code = self._worker.wait(timeout=2)
        except subprocess.TimeoutExpired:
            code = 0
        self.close()
        number = -code if code < 0 else code - 128
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
