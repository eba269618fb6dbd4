"""Inside a sandbox: import what answers need, once; fork a process for each notebook.

The process that forks runs no student's code. One notebook at a time: when its process
has ended, or the grader hangs up, whatever it left is removed before the next is let
in. A student's process cannot signal, trace or read this one (see seccomp.py).
"""

import contextlib
import ctypes
import gc
import importlib
import os
import select
import shutil
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlcourse.grading.aside import reseed
from mlcourse.grading.processes import adopt_orphans, cpu_seconds, end_children
from mlcourse.grading.removal import empty
from mlcourse.grading.serve import serve

PR_SET_DUMPABLE = 4


def nurse(
    listener: socket.socket, order: dict[str, Any], *, confine: Callable[[], object]
) -> None:
    """Serve each caller by a process that is forked and confined for it; for ever."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # its memory is not for its children
    adopt_orphans()
    fonts = Path(order["course"], "matplotlib")
    shutil.copytree(fonts, os.environ["MPLCONFIGDIR"])
    for name in order["imports"]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()
    me = os.getpid()
    while True:
        for folder in map(Path, order["empties"]):
            empty(folder)
        control, _ = listener.accept()
        with control:
            _, fds, *_ = socket.recv_fds(control, 1, 1)
            if not fds:
                continue
            with socket.socket(fileno=fds[0]) as channel:
                child = os.fork()
                if child == 0:
                    control.close()
                    listener.close()
                    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
                    reseed()
                    confine()
                    if os.getppid() == me:
                        serve(channel)
                    os._exit(0)
            attend(child, control)


def attend(child: int, control: socket.socket) -> None:
    """Say what the grader asks until the child has ended or is to end; then say how."""
    ended = os.pidfd_open(child)
    waiting = select.poll()
    waiting.register(ended, select.POLLIN)
    waiting.register(control, select.POLLIN)
    with contextlib.suppress(ConnectionError):
        while ended not in [fd for fd, _ in waiting.poll()]:
            if control.recv(1) != b"?":
                break
            control.sendall(f"{cpu_seconds(child)}\n".encode())
    os.close(ended)
    os.kill(child, signal.SIGKILL)
    _, status, used = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    end_children()  # before it is told: what comes next may be the end of this process
    with contextlib.suppress(ConnectionError):
        control.sendall(f"{used.ru_utime + used.ru_stime} {code}\n".encode())
        while control.recv(1):  # until it is read: closing first could lose it
            pass
