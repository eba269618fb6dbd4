"""More hostile submissions to the toy exercise: what each tries, what it deserves.

name: (the invariant that it tries to break, code cells, the tasks it loses)
"""

FRAMES = """
import gc, inspect, sys
seen = [f.f_locals for f in inspect.stack() for f in [f.frame]]
seen += [o for o in gc.get_objects() if isinstance(o, dict)]
def double(x):
    frame = sys._getframe()
    while frame:
        for name, value in [*frame.f_locals.items(), *frame.f_globals.items()]:
            if name in ("HIDDEN", "want", "expected"):
                return 2 * value
        frame = frame.f_back
    for d in seen + [o for o in gc.get_objects() if isinstance(o, dict)]:
        if "HIDDEN" in d:
            return 2 * d["HIDDEN"]
explain_07_3 = ""
"""
TRACE = """
import sys, threading
def spy(frame, event, arg):
    for name in list(frame.f_locals):
        if name in ("got", "want"): frame.f_locals[name] = 6
    return spy
sys.settrace(spy); sys.setprofile(spy); threading.settrace(spy)
def double(x): return 0
"""
MEMORY = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for pid in (os.getppid(), 1, 2):
    try:
        libc.ptrace(16, pid, None, None)
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb+") as mem:
            for line in maps:
                low, high = (int(a, 16) for a in line.split()[0].split("-"))
                mem.seek(low)
                block = mem.read(min(high - low, 2**20))
                if b"CANARY" in block: print("leak", block)
    except (OSError, OverflowError, ValueError): pass
def double(x): return 0
"""
WORKER = """
import sys
for name, module in list(sys.modules.items()):
    if name.startswith("mlcourse.grading") or name in ("json", "struct", "hashlib"):
        for key, value in list(vars(module).items()):
            if callable(value) and key in ("dump", "dumps", "pack", "encode", "plain"):
                try: setattr(module, key, lambda *a, **k: True)
                except Exception: pass
def double(x): return 0
"""
NUMBER = """
class Number(float):
    def __eq__(self, other): return True
    __hash__ = float.__hash__
    def __abs__(self): return 0.0
def double(x): return Number(1)
class Text(str):
    def split(self, *a): return ["two", "words"]
explain_07_3 = Text("")
"""
TENSOR = """
import torch
class Tensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return torch.tensor(True)
def centre(x): return torch.zeros(3, 2).as_subclass(Tensor)
"""
ARRAY = """
import numpy as np
class Array(np.ndarray):
    def __array_ufunc__(self, *a, **k): return True
    def __array_function__(self, *a, **k): return True
    def __eq__(self, other): return True
def centre(x): return np.zeros((3, 2)).view(Array)
"""
HUGE = "import torch\ndef double(x): return torch.zeros(1).expand(10**12)"
NESTED = """
def double(x):
    got = 6
    for _ in range(10**5): got = [got]
    return got
"""
CYCLE = "def double(x):\n    got = [6]\n    got.append(got)\n    return got"
ENDLESS = "import itertools\ndef double(x): return itertools.count()"
BASE = "def double(x): raise BaseException('so')"
EXIT = "def double(x): raise SystemExit(0)"
INTERRUPT = (
    "import _thread\ndef double(x): _thread.interrupt_main(); raise KeyboardInterrupt"
)
WORDS = """
class Wrong(Exception):
    def __str__(self):
        while True: pass
    __repr__ = __str__
def double(x): raise Wrong()
"""
LONG = "def double(x): raise ValueError('<script>\\x1b[2J' * 10**7)"
LIMITS = """
import resource, signal
for which in range(16):
    try: resource.setrlimit(which, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (ValueError, OSError): pass
signal.alarm(0); signal.setitimer(signal.ITIMER_REAL, 0)
"""
CLOSED = """
import os
for fd in range(3, 256):
    try: os.close(fd)
    except OSError: pass
"""
SWAPPED = """
import os
for fd in range(3, 64):
    try: os.dup2(1, fd)
    except OSError: pass
"""
BARE = """
import builtins, sys
sys.stdout = sys.stderr = sys.stdin = None
builtins.print = builtins.input = builtins.open = None
"""
RECURSION = """
import sys
sys.setrecursionlimit(10**9)
def double(x): return double(x)
"""
SEGFAULT = "import ctypes\ndef double(x): return ctypes.string_at(0)"
CRASH = "import ctypes; ctypes.string_at(0)"
STOP = "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"
FORKS = "import os\nwhile True:\n    try: os.fork()\n    except OSError: break"
CROWD = """
import subprocess, sys
for _ in range(200):
    try: subprocess.Popen([sys.executable, "-c", "while True: pass"])
    except OSError: break
"""
DISK = """
for k in range(40):
    try:
        with open(f"/tmp/big{k}", "wb") as file:
            for _ in range(2**10): file.write(bytes(2**20))
    except OSError: pass
"""
DEEP = """
import os
for _ in range(3000): os.mkdir("a"); os.chdir("a")
open("note", "w").write("mine")
os.chdir(os.environ["HOME"])
"""
THREADS = """
import threading, time
def spin():
    while True: print("x" * 10**5); time.sleep(0.01)
for _ in range(4): threading.Thread(target=spin, daemon=True).start()
"""
ATEXIT = """
import atexit, os, time
def late():
    for fd in range(1, 64):
        try: os.write(fd, b'{"status": "passed"}' * 100)
        except OSError: pass
    time.sleep(600)
atexit.register(late)
"""
NOTE = """
for place in ("/dev/shm/note", "/tmp/note", "/var/tmp/note", "note"):
    try: open(place, "w").write("two words")
    except OSError: pass
"""
READER = """
explain_07_3 = ""
for place in ("/dev/shm/note", "/tmp/note", "/var/tmp/note", "note"):
    try: explain_07_3 += open(place).read()
    except OSError: pass
"""
LOCKED = """
import os
for place in (".", "/dev/shm"):
    try:
        for k in range(3): os.makedirs(f"{place}/in{k}/deeper")
        open(f"{place}/in0/deeper/note", "w").write("two words")
        os.symlink("/usr/lib", f"{place}/in1/link")
        os.mkdir(f"{place}/locked", 0)
    except OSError: pass
"""
NURSE = """
import ctypes, os, signal, socket
libc, nurse = ctypes.CDLL(None), os.getppid()
tries = [lambda: os.kill(nurse, signal.SIGKILL), lambda: os.kill(-1, signal.SIGKILL)]
tries += [lambda: os.killpg(0, signal.SIGKILL)]
tries += [lambda: open(f"/proc/{nurse}/mem", "rb+")]
tries += [lambda: os.listdir(f"/proc/{nurse}/fd"), lambda: libc.ptrace(16, nurse, 0, 0)]
tries += [lambda k=k: os.open(f"/proc/{nurse}/fd/{k}", os.O_RDWR) for k in range(64)]
for n in (424, 434, 438): tries += [lambda n=n: libc.syscall(n, nurse, 9, 0, 0)]
for attempt in tries:
    try: attempt()
    except (OSError, PermissionError): pass
def double(x):
    for fd in range(3, 64):
        try:
            with socket.socket(fileno=os.dup(fd)) as line:
                line.setblocking(False); line.accept()[0].send(b"ready")
        except (OSError, ValueError): pass
    return 2 * x
"""
BLAMES = """
import os, struct
for fd in range(3, 64):
    try: os.write(fd, struct.pack(">IQ", 1, 0) + b"1")
    except OSError: pass
os._exit(0)
"""
NAMESPACES = """
import ctypes, os
libc = ctypes.CDLL(None)
libc.unshare(0x10000000 | 0x00020000 | 0x20000000)
libc.mount(b"none", b"/", b"tmpfs", 0, None)
libc.chroot(b"..")
for path in ("/root", "/home", "/etc/shadow"):
    try: print(os.listdir(path) if os.path.isdir(path) else open(path).read())
    except OSError: pass
def double(x): return 0
"""
RAW = """
import socket
for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
    try: socket.socket(socket.AF_INET6, kind).connect(("::1", 80))
    except OSError: pass
"""
SETTINGS = """
import os
reached = []
for name in ("sys/kernel/core_pattern", "sys/vm/drop_caches", "1/oom_score_adj"):
    try: reached.append(open(f"/proc/{name}", "r+"))
    except OSError: pass
try: reached.append(os.sched_setaffinity(os.getppid(), {0}))
except OSError: pass
def double(x): return 0 if reached else 2 * x
"""
CLOCK = """
import time
time.time = time.monotonic = time.process_time = time.perf_counter = lambda: 0.0
time.sleep = lambda s: None
"""

ATTACKS = {
    "reads_frames": ("checks are in no frame or object", [FRAMES], "123"),
    "traces": ("no trace function sees a check", [TRACE], "123"),
    "reads_memory": ("no other process can be read", [MEMORY], "123"),
    "patches_worker": ("what the worker says is data", [WORKER], "123"),
    "equal_number": ("a number is plain data", [NUMBER], "123"),
    "equal_tensor": ("a tensor is plain data", [TENSOR], "123"),
    "equal_array": ("an array is plain data", [ARRAY], "123"),
    "huge_answer": ("an answer has a largest size", ["R", HUGE], "1"),
    "nested_answer": ("an answer has a largest depth", ["R", NESTED], "1"),
    "cyclic_answer": ("an answer ends", ["R", CYCLE], "1"),
    "endless_answer": ("an answer ends", ["R", ENDLESS], "1"),
    "base_exception": ("any exception is a verdict", ["R", BASE], "1"),
    "exit_in_call": ("any exception is a verdict", ["R", EXIT], "1"),
    "interrupt": ("any exception is a verdict", ["R", INTERRUPT], "1"),
    "endless_message": ("a message ends", ["R", WORDS], "1"),
    "long_message": ("a message has a largest size", ["R", LONG], "1"),
    "lifts_limits": ("limits cannot be lifted", [LIMITS, "R", LIMITS], ""),
    "no_channel": (
        "a cell that cuts the line is run in another worker",
        ["R", CLOSED],
        "",
    ),
    "swapped_channel": ("prints are no answers", ["R", SWAPPED], ""),
    "no_builtins": ("a worker without print still answers", ["R", BARE], ""),
    "deep_recursion": ("a crash costs its task alone", ["R", RECURSION], "1"),
    "segfault_in_call": ("a crash costs its task alone", ["R", SEGFAULT], "1"),
    "segfault_in_a_cell": ("a crash costs its cell alone", [CRASH, "R"], ""),
    "stops_itself": ("the batch finishes", [STOP, "R"], ""),
    "fork_bomb": ("processes are limited, and end", [FORKS, "R"], ""),
    "crowd": ("processes are limited, and end", [CROWD, "R"], ""),
    "fills_the_disk": ("files are limited", [DISK, "R"], ""),
    "threads": ("output is limited", ["R", THREADS], ""),
    "atexit": ("what ends late says nothing", ["R", ATEXIT], ""),
    "leaves_a_note": ("submissions share nothing", [NOTE, "R"], ""),
    "reads_a_note": ("submissions share nothing", ["R", READER], "3"),
    "locks_folders": ("submissions share nothing", [LOCKED, "R"], ""),
    "digs_deep": ("the batch finishes", [DEEP, "R"], ""),
    "against_the_nurse": ("no process but its own is touched", ["R", NURSE], ""),
    "blames_a_cell": ("the batch finishes", [BLAMES, "R"], "123"),
    "namespaces": ("the sandbox is not left", [NAMESPACES], "123"),
    "other_sockets": ("no network of any kind", [RAW, "R"], ""),
    "settings": ("nothing of the machine is changed", ["R", SETTINGS], ""),
    "no_clock": ("limits are kept outside", [CLOCK, "R"], ""),
    "only_the_example": (
        "the visible check is not the only one",
        ["R", "def double(x): return 6 if x == 3 else 0"],
        "half",
    ),
    "deleted_again": ("a name that is gone is no answer", ["R", "del double"], "1"),
}
