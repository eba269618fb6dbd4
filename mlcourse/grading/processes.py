"""A process of the grader's and the processes that it starts: none outlives it."""

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


def adopt_orphans() -> None:
    """Make this process the parent of its workers' orphans, and end it with its own."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    starter = multiprocessing.parent_process()
    if starter:
        threading.Thread(target=_end_with, args=(starter,), daemon=True).start()


def _end_with(starter: multiprocessing.process.BaseProcess) -> None:
    starter.join()
    os._exit(1)  # and the kernel ends this one's workers


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


def end(worker: subprocess.Popen[bytes]) -> None:
    """Kill a worker, its group, and all that it left to this process."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.kill()
    worker.wait()
    task = Path("/proc/self/task")
    while pids := [
        int(pid) for path in task.glob("*/children") for pid in path.read_text().split()
    ]:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
