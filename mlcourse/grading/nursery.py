"""Where students' processes come from: one sandbox that forks them, one at a time."""

import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import IO

from mlcourse.grading.processes import end
from mlcourse.grading.removal import empty
from mlcourse.grading.sandbox import Sandbox

#: Seconds for an interpreter to start on a busy machine; not the student's time.
START = 120


class Nursery:
    """A confined process that has imported what answers need; see nurse.py.

    Attributes
    ----------
    path : of the socket on which it takes callers
    box : the sandbox it is in
    """

    def __init__(
        self, box: Sandbox, *, errors: IO[bytes] | int = subprocess.DEVNULL
    ) -> None:
        self.box = box
        self._folder = Path(tempfile.mkdtemp(prefix="mlcourse-home-")).resolve()
        self.path = self._folder / "socket"
        self._home = self._folder / "home"
        try:
            self._home.mkdir()
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
                listener.bind(str(self.path))
                listener.listen()
                self._process = box.launch(listener, self._home, errors=errors)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it and everything in it."""
        end(self._process)
        with contextlib.suppress(OSError):
            empty(self._home)
        shutil.rmtree(self._folder, ignore_errors=True)


class Child:
    """A student's process, seen from the grader; ``channel`` is for the wire.

    Attributes
    ----------
    used : CPU seconds, as far as is known
    code : its exit code, minus a signal's number; None while it may run

    Raises
    ------
    OSError : if the nursery is no more
    """

    def __init__(self, nursery: Path) -> None:
        self.used = 0.0
        self.code: int | None = None
        self._control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel, theirs = socket.socketpair()
        with theirs:
            try:
                self._control.connect(str(nursery))
                socket.send_fds(self._control, [b"!"], [theirs.fileno()])
            except OSError:
                self._control.close()
                self.channel.close()
                raise

    def ask(self) -> float:
        """Return the CPU seconds that it has used so far."""
        if self.code is None:
            with contextlib.suppress(ConnectionError):
                self._control.send(b"?")
            self._hear(None)
        return self.used

    def wait(self, seconds: float) -> int | None:
        """Return its exit code; None if it still runs after so many seconds."""
        with contextlib.suppress(TimeoutError):
            if self.code is None:
                self._hear(seconds)
        return self.code

    def end(self) -> None:
        """End it; an idle one is given time to leave by itself."""
        self.channel.close()
        if self.wait(0.3) is None:
            with contextlib.suppress(ConnectionError):
                self._control.send(b"x")
            self.wait(START)
        self._control.close()

    def _hear(self, seconds: float | None) -> None:
        self._control.settimeout(seconds)
        try:
            said = self._control.recv(100).split()
        except ConnectionError:
            said = []
        if said:
            self.used = float(said[0])
        if len(said) != 1:  # the second is the exit code; without one, all is over
            self.code = int(said[1]) if said else -signal.SIGKILL
