"""Where a student's code runs: a process that sees the interpreter and nothing else.

A ladder of isolations, the first that works is taken: ``bwrap`` (bubblewrap: own view
of the files, no network, own process numbers), ``landlock`` (the kernel's file rules)
and, only when asked for, ``none``. With the first two a seccomp filter refuses sockets,
new processes, signals to others and changes to the files of others. Limits on memory,
CPU, files and processes hold always. Whether a rung works is found by trying it.
"""

import compileall
import contextlib
import ctypes
import errno
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Literal

import platformdirs

Isolation = Literal["bwrap", "landlock", "none"]

MEMORY = 4 << 30  #: bytes of address space
FILES = 64 << 20  #: bytes of one file, and of all files under bwrap
STUB = (
    '"""While grading, check() does nothing."""\n\n\ndef check(*args, **kwargs): ...\n'
)
SHOW = (
    '"""While grading, figures are not drawn."""\n\n\ndef show(*args, **kwargs): ...\n'
)

#: What else under Landlock may be read; bubblewrap makes its own.
DEVICES = (
    *("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"),
    *("/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu"),
)
#: System calls that a student's answer never needs, and that reach beyond its process.
REFUSED = """
    fork vfork execve execveat socket connect bind listen ptrace process_vm_readv
    process_vm_writev process_madvise kill tkill tgkill rt_sigqueueinfo
    rt_tgsigqueueinfo pidfd_open pidfd_getfd pidfd_send_signal setpriority
    ioprio_set sched_setscheduler sched_setparam sched_setattr migrate_pages
    move_pages setsid setpgid unshare setns mount umount2 pivot_root chroot
    mount_setattr move_mount open_tree fsopen fsmount fsconfig fspick bpf
    perf_event_open userfaultfd keyctl add_key request_key io_uring_setup
    io_uring_enter io_uring_register memfd_create memfd_secret shmget shmat msgget
    semget mq_open truncate chmod fchmod fchmodat fchmodat2 chown fchown lchown
    fchownat utime utimes utimensat futimesat setxattr lsetxattr fsetxattr
    removexattr lremovexattr fremovexattr mknod mknodat syslog reboot swapon swapoff
    open_by_handle_at name_to_handle_at fanotify_init quotactl acct
"""
CLONE_THREAD = 0x10000
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


class SandboxError(Exception):
    """The isolation that was asked for does not work here; the text says what to do."""


@dataclass(frozen=True)
class Sandbox:
    """One way to run workers; ``course`` is the folder that :func:`build` wrote."""

    isolation: Isolation
    course: Path
    cpu: int = 600  #: seconds of CPU in the life of one worker

    def launch(
        self,
        channel: socket.socket,
        home: Path,
        *,
        secret: Path | None = None,
        errors: IO[bytes] | int = subprocess.DEVNULL,
    ) -> subprocess.Popen[bytes]:
        """Start a worker that talks on ``channel`` and may write in ``home`` only.

        With a ``secret``, it tries to break out and says what was possible; ``errors``
        receives what it writes to stderr.
        """
        order = {
            "secret": secret and str(secret),
            "fd": channel.fileno(),
            "course": str(self.course),
            "path": [str(self.course), *map(str, _site_folders())],
            "limits": [
                [resource.RLIMIT_AS, MEMORY],
                [resource.RLIMIT_CPU, self.cpu],
                [resource.RLIMIT_FSIZE, FILES],
                [resource.RLIMIT_NPROC, 4096],
                [resource.RLIMIT_NOFILE, 256],
                [resource.RLIMIT_CORE, 0],
            ],
            "landlock": self._landlock_rules(home),
            "seccomp": self.isolation != "none",
        }
        worker = self.course / "mlcourse/grading/worker.py"
        return subprocess.Popen(
            [
                *self._prefix(home),
                _python(),
                "-I",
                "-S",
                "-B",
                worker,
                json.dumps(order),
            ],
            pass_fds=[channel.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
            cwd=None if self.isolation == "bwrap" else home,
            env=_environment(home),
        )

    def _landlock_rules(self, home: Path) -> dict[str, list[str]] | None:
        if self.isolation != "landlock":
            return None
        site = [p for s in _site_folders() for p in s.iterdir() if not _ours(p)]
        read = [*_libraries(), *_interpreter(), *site, *_data(), self.course]
        read += map(Path, DEVICES)
        return {
            "read": [str(path) for path in read if path.exists()],
            "list": [str(p) for p in _site_folders()],
            "write": [str(home), "/dev/null"],
        }

    def _prefix(self, home: Path) -> list[str]:
        if self.isolation != "bwrap":
            return []
        flags = (
            "bwrap --unshare-all --unshare-user --uid 65534 --gid 65534 "
            "--disable-userns --cap-drop ALL --die-with-parent --new-session "
            f"--proc /proc --dev /dev --size {FILES} --tmpfs /dev/shm"
        ).split()
        for path in [*_libraries(), *_interpreter(), *_site_folders(), *_data()]:
            if path.is_symlink() and path.parent == Path("/"):
                flags += ["--symlink", str(path.readlink()), str(path)]
            else:
                flags += ["--ro-bind", str(path), str(path)]
        for ours in (p for s in _site_folders() for p in s.iterdir() if _ours(p)):
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
        raise SandboxError(
            f"no isolation {wanted!r}; there are auto, bwrap, landlock, none"
        )
    raise SandboxError(
        f"students' code cannot be confined here ({'; '.join(reasons)}). Install "
        "bubblewrap, or grade on Linux 5.13 or newer; --isolation none does without"
    )


def probe(isolation: Isolation) -> str:
    """Return why an isolation does not hold here; empty if it does."""
    with tempfile.TemporaryDirectory(prefix="mlcourse-probe-") as name:
        folder = Path(name).resolve()
        (folder / "secret").write_text("secret")
        (folder / "home").mkdir()
        try:
            build(folder / "course", ())
            ours, theirs = socket.socketpair()
            with ours, theirs:
                sandbox = Sandbox(isolation, folder / "course")
                home, secret = folder / "home", folder / "secret"
                worker = sandbox.launch(theirs, home, secret=secret)
                theirs.close()
                ours.settimeout(20)
                said = ours.makefile("rb").readline(1000).decode().strip()
            worker.kill()
            worker.wait()
        except FileNotFoundError as error:
            return f"{error.filename} is not installed"
        except (OSError, SandboxError) as error:
            return str(error)
    return "" if said == "confined" else said or "its process does not start"


def build(folder: Path, hides: tuple[str, ...]) -> None:
    """Write the course that a worker sees: without ``hides`` and without the grader."""
    source = Path(__file__).parents[1]
    target = folder / "mlcourse"
    hidden = {source.parent.joinpath(*name.split(".")) for name in hides}

    def leave_out(where: str, names: list[str]) -> set[str]:
        paths = {name: Path(where, name) for name in names}
        out = {n for n, p in paths.items() if {p, p.with_suffix("")} & hidden}
        if Path(where) == source / "grading":
            out |= set(names) - _needed("worker")
        if Path(where) == source:
            out.add("cli")
        return out | {"__pycache__"}

    shutil.copytree(source, target, ignore=leave_out)
    (target / "grading/__init__.py").write_text(STUB)
    (target / "plots/show.py").write_text(SHOW)
    (folder / "filter.bpf").write_bytes(_filter())
    compileall.compile_dir(folder, quiet=2)


def copy_font_cache(folder: Path) -> None:
    """Put matplotlib's list of fonts into a course, so that no worker makes its own."""
    import matplotlib
    import matplotlib.font_manager  # writes the list where there is none

    (folder / "matplotlib").mkdir()
    for path in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
        shutil.copy(path, folder / "matplotlib")


def refuse_to_mount(private: Path) -> None:
    """Raise SandboxError if workers could read ``private``, the grader's folder."""
    private = private.resolve()
    for path in [*_libraries(), *_interpreter(), *_site_folders(), *_data()]:
        if private.is_relative_to(path.resolve()):
            raise SandboxError(
                f"{private} lies in {path}, which students' code can read: move it"
            )


def adopt_orphans() -> None:
    """Make this process the parent of its workers' orphans, and die with its own."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


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


def _needed(module: str) -> set[str]:
    """Return the files of grading/ that one of its modules imports, with its own."""
    found, todo = set[str](), {f"{module}.py"}
    while todo:
        found |= todo
        text = "".join((Path(__file__).parent / name).read_text() for name in todo)
        named = re.findall(r"from mlcourse\.grading(?:\.(\w+)|) import (\w+)", text)
        todo = {f"{inner or name}.py" for inner, name in named} - found
    return found


def _python() -> str:
    return os.path.realpath(sys.executable)


def _libraries() -> list[Path]:
    names = "/lib /lib32 /lib64 /usr/lib /usr/lib32 /usr/lib64 /etc/ld.so.cache"
    return [path for path in map(Path, names.split()) if path.exists()]


def _interpreter() -> list[Path]:
    base = Path(sys.base_prefix).resolve()
    folders = {Path(_python()).parent, base / "lib", base / "lib64"}
    return sorted(path for path in folders if path.is_dir())


def _site_folders() -> list[Path]:
    specs = (find_spec(name) for name in ("numpy", "torch", "matplotlib"))
    found = {Path(s.origin).parents[1] for s in specs if s and s.origin}
    found |= {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
    return sorted(path.resolve() for path in found if path.is_dir())


def _data() -> list[Path]:
    named = os.environ.get("MLCOURSE_CACHE")
    path = Path(named or platformdirs.user_cache_dir("mlcourse"))
    return [path.resolve()] if path.is_dir() else []


def _ours(path: Path) -> bool:
    """Whether an entry of site-packages is the course itself, or points to it."""
    return "mlcourse" in path.name


def _environment(home: Path) -> dict[str, str]:
    settings = {
        "HOME": home, "TMPDIR": home, "MPLCONFIGDIR": home / "matplotlib",
        "MPLBACKEND": "Agg", "PATH": "/usr/bin:/bin", "USER": "student",
        "LANG": "C.UTF-8", "OMP_NUM_THREADS": 1, "MKL_NUM_THREADS": 1,
        "OPENBLAS_NUM_THREADS": 1, "TQDM_DISABLE": 1,
    }  # fmt: skip
    if _data():
        settings["MLCOURSE_CACHE"] = _data()[0]
    return {name: str(value) for name, value in settings.items()}


def _filter() -> bytes:
    """Return the seccomp filter as the kernel's program; empty without libseccomp."""
    try:
        import pyseccomp as seccomp
    except (ImportError, RuntimeError, OSError):
        return b""
    refuse = seccomp.ERRNO(errno.EPERM)
    program = seccomp.SyscallFilter(seccomp.ALLOW)
    rules: list[tuple[str, tuple[Any, ...]]] = [(n, ()) for n in REFUSED.split()]
    rules += [
        ("clone", (seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_THREAD, 0),)),
        ("prctl", (seccomp.Arg(0, seccomp.EQ, PR_SET_PDEATHSIG),)),
        ("prlimit64", (seccomp.Arg(0, seccomp.NE, 0),)),
    ]
    # Ask for signals to another process: F_SETOWN, F_SETSIG, F_SETOWN_EX.
    for command in (8, 10, 15):
        rules.append(("fcntl", (seccomp.Arg(1, seccomp.EQ, command),)))
    # The same by FIOSETOWN and SIOCSPGRP; push text into a terminal by TIOCSTI.
    for command in (0x8901, 0x8902, 0x5412):
        low = seccomp.Arg(1, seccomp.MASKED_EQ, 0xFFFFFFFF, command)
        rules.append(("ioctl", (low,)))
    for name, arguments in rules:
        if seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) >= 0:
            program.add_rule(refuse, name, *arguments)
    # Unlike clone's, its flags cannot be seen here; glibc then takes clone.
    program.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    with tempfile.TemporaryFile() as file:
        program.export_bpf(file)
        file.seek(0)
        return file.read()
