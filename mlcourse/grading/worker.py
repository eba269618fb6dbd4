"""The process inside a sandbox: try whether it holds, or nurse students' processes.

Started by :mod:`mlcourse.grading.sandbox` as a script, in an interpreter without
site-packages.
"""

import ctypes
import json
import os
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
SIGKILL = 9
#: What the kernel runs where a process crashes: whoever can write it, can do anything.
SETTING = "/proc/sys/kernel/core_pattern"


class Program(ctypes.Structure):
    """struct sock_fprog of linux/filter.h."""

    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def confine(order: dict[str, Any]) -> None:
    """Give up, for good, whatever an answer does not need."""
    for kind, value in order["limits"]:
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if order["landlock"]:
        _landlock(**order["landlock"])
    code = Path(order["course"], "filter.bpf").read_bytes()
    if order["seccomp"] and code:
        program = Program(len(code) // 8, code)
        if libc.prctl(PR_SET_SECCOMP, 2, ctypes.byref(program), 0, 0):
            raise OSError(ctypes.get_errno(), "the seccomp filter was refused")


def _landlock(read: list[str], list: list[str], write: list[str]) -> None:
    from landlock import FSAccess, Ruleset

    rules = Ruleset()
    look = FSAccess.READ_FILE | FSAccess.READ_DIR
    everything = FSAccess.all()
    for paths, inside in ((read, look), (list, FSAccess.READ_DIR), (write, everything)):
        for path in map(Path, paths):
            allowed = inside if path.is_dir() else inside & FSAccess.all_file()
            rules.allow(path, rules=allowed)
    rules.apply()


def probe(secret: Path) -> str:
    """Try what must be refused; return ``confined``, or what was possible."""
    attempts: dict[str, Callable[[], object]] = {
        "a file outside can be read": secret.read_text,
        "a file outside can be changed": lambda: secret.write_text(""),
        "a file can be made outside": lambda: secret.with_name("new").write_text(""),
        "the machine's settings can be changed": lambda: os.open(SETTING, os.O_RDWR),
        "the network is open": lambda: socket.create_connection(("127.0.0.1", 9), 1),
    }
    for what, attempt in attempts.items():
        try:
            attempt()
        except ConnectionRefusedError:
            return what
        except OSError:
            continue
        return what
    Path(os.environ["HOME"], "mine").write_text("")
    return "confined"


def end_with(starter: int) -> None:
    """End this process when its starter ends, or has ended already."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    if starter and os.getppid() != starter:  # 0: bubblewrap is between the two
        os._exit(1)


def main() -> None:
    """Obey the order on the command line."""
    order = json.loads(sys.argv[1])
    end_with(order["starter"])  # before the slow imports
    channel = socket.socket(fileno=order["fd"])
    sys.path[:0] = order["path"]
    if order["secret"]:
        confine(order)
        channel.sendall(f"{probe(Path(order['secret']))}\n".encode())
    else:
        from mlcourse.grading.nurse import nurse

        nurse(channel, order, confine=lambda: confine(order))


if __name__ == "__main__":
    main()
