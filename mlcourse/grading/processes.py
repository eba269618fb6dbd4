"""The grader's processes and those that they start: none outlives its starter."""

import contextlib
import ctypes
import multiprocessing
import multiprocessing.process
import os
import signal
import subprocess
import threading
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


def end_with_starter() -> None:
    """End this process when the one that has started it ends."""
    starter = multiprocessing.parent_process()
    if starter:
        threading.Thread(target=_end_with, args=(starter,), daemon=True).start()


def _end_with(starter: multiprocessing.process.BaseProcess) -> None:
    starter.join()
    os._exit(1)


def adopt_orphans() -> None:
    """Make this process the parent of its children's orphans."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process, its threads and all below it; 0 if gone."""
    process = Path("/proc", str(pid))
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        below = " ".join(path.read_text() for path in process.glob("task/*/children"))
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return own + sum(cpu_seconds(int(child)) for child in below.split())


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and, where the system has them, its group; wait for it."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def end_children() -> None:
    """Kill all that this process has started or adopted."""
    task = Path("/proc/self/task")
    while pids := [
        int(pid) for path in task.glob("*/children") for pid in path.read_text().split()
    ]:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
