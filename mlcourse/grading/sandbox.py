"""Where a student's code runs: a process that sees the interpreter and nothing else.

A ladder of isolations, the first that works is taken: ``bwrap`` (bubblewrap: own view
of the files, no network, own process numbers), ``landlock`` (the kernel's file rules)
and, only when asked for, ``none``. With the first two a seccomp filter refuses sockets,
new processes, signals to others and changes to the files of others. Limits on memory,
CPU, files and processes hold always. Whether a rung works is found by trying it.
"""

import contextlib
import json
import os
import resource
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from mlcourse.grading import view
from mlcourse.grading.copied import bare
from mlcourse.grading.processes import end

Isolation = Literal["bwrap", "landlock", "none"]

FILES = 64 << 20  #: bytes of one file, and of all files under bwrap
LIMITS = (
    (resource.RLIMIT_AS, 4 << 30),
    (resource.RLIMIT_CPU, 600),  # seconds in the life of one process
    (resource.RLIMIT_FSIZE, FILES),
    (resource.RLIMIT_NPROC, 4096),
    (resource.RLIMIT_NOFILE, 256),
    (resource.RLIMIT_CORE, 0),
)
SHARED = ("/dev/shm",)  #: under bwrap a folder of its own, writable
BWRAP = (
    *("--unshare-all", "--unshare-user", "--disable-userns"),
    *("--uid", "65534", "--gid", "65534", "--cap-drop", "ALL", "--dev", "/dev"),
    *("--die-with-parent", "--new-session", "--proc", "/proc", "--remount-ro", "/proc"),
    *("--size", str(FILES), "--tmpfs", *SHARED),
)


class SandboxError(Exception):
    """The isolation that was asked for does not work here; the text says what to do."""


@dataclass(frozen=True)
class Sandbox:
    """One way to run workers.

    ``course`` is the folder that copied.py wrote; ``imports`` are imported once.
    """

    isolation: Isolation
    course: Path
    imports: tuple[str, ...] = ()

    def launch(
        self,
        channel: socket.socket,
        home: Path,
        *,
        secret: Path | None = None,
        errors: IO[bytes] | int = subprocess.DEVNULL,
    ) -> subprocess.Popen[bytes]:
        """Start a nurse that takes callers on ``channel``, may write in ``home`` only.

        With a ``secret`` it tries to break out and says there what was possible.
        """
        order = {
            "starter": 0 if self.isolation == "bwrap" else os.getpid(),
            "secret": secret and str(secret),
            "fd": channel.fileno(),
            "course": str(self.course),
            "imports": self.imports,
            "path": [str(self.course), *map(str, view.site_folders())],
            "limits": LIMITS,
            "landlock": self._landlock_rules(home),
            "seccomp": self.isolation != "none",
            "empties": [str(home), *SHARED[: self.isolation == "bwrap"]],
        }
        worker = str(self.course / "mlcourse/grading/worker.py")
        python = (view.python(), "-I", "-S", "-B")
        return subprocess.Popen(
            [*self._prefix(home), *python, worker, json.dumps(order)],
            pass_fds=[channel.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
            cwd=None if self.isolation == "bwrap" else home,
            env=view.environment(home),
        )

    def _landlock_rules(self, home: Path) -> dict[str, list[str]] | None:
        if self.isolation != "landlock":
            return None
        read = [*view.without_course(), *map(Path, view.DEVICES), self.course]
        return {
            "read": [str(path) for path in read if path.exists()],
            "list": [str(path) for path in view.readable() if path.is_dir()],
            "write": [str(home), "/dev/null"],
        }

    def _prefix(self, home: Path) -> list[str]:
        if self.isolation != "bwrap":
            return []
        flags = [shutil.which("bwrap") or "bwrap", *BWRAP]
        for path in view.readable():
            if path.is_symlink() and path.parent == Path("/"):
                flags += ["--symlink", str(path.readlink()), str(path)]
            else:
                flags += ["--ro-bind", str(path), str(path)]
        for ours in (
            p for s in view.site_folders() for p in s.iterdir() if view.ours(p)
        ):
            hide = ["--tmpfs"] if ours.is_dir() else ["--ro-bind", "/dev/null"]
            flags += [*hide, str(ours), *(["--remount-ro", str(ours)] * ours.is_dir())]
        flags += ["--ro-bind", str(self.course), str(self.course), "--dir", str(home)]
        flags += ["--size", str(FILES), "--tmpfs", str(home), "--chdir", str(home)]
        return [*flags, "--remount-ro", "/dev", "--remount-ro", "/", "--"]


def choose(wanted: str) -> Isolation:
    """Return the isolation to use: the one wanted, or the first that works.

    Raises
    ------
    SandboxError
        if the wanted one does not work here, or ``auto`` finds none that does.
    """
    if wanted == "none":
        return "none"
    reasons = []
    rungs: tuple[Isolation, ...] = ("bwrap", "landlock")
    for rung in rungs:
        if wanted in ("auto", rung):
            if not (reason := probe(rung)):
                return rung
            reasons.append(f"{rung}: {reason}")
    if not reasons:
        raise SandboxError(f"no isolation {wanted!r}: auto, bwrap, landlock or none")
    raise SandboxError(
        f"students' code cannot be confined here ({'; '.join(reasons)}). Install "
        "bubblewrap, or grade on Linux 5.13 or newer; --isolation none does without"
    )


def probe(isolation: Isolation) -> str:
    """Return why an isolation does not hold here; empty if it does."""
    with tempfile.TemporaryDirectory(prefix="mlcourse-probe-") as name:
        folder = Path(name).resolve()
        (secret := folder / "secret").write_text("secret")
        (home := folder / "home").mkdir()
        bare(folder / "course")
        ours, theirs = socket.socketpair()
        with ours, theirs, contextlib.ExitStack() as started:
            try:
                box = Sandbox(isolation, folder / "course")
                started.callback(end, box.launch(theirs, home, secret=secret))
                theirs.close()
                ours.settimeout(20)
                said = ours.makefile("rb").readline(1000).decode().strip()
            except FileNotFoundError as error:
                return f"{error.filename} is not installed"
            except OSError as error:
                return str(error)
    return "" if said == "confined" else said or "its process does not start"


def refuse_to_mount(private: Path) -> None:
    """Raise SandboxError if workers could read ``private``, the grader's folder."""
    for path in view.readable():
        if private.resolve().is_relative_to(path.resolve()):
            raise SandboxError(
                f"{private} lies in {path}, which students' code can read: move it"
            )
