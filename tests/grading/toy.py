"""A small exercise and the submissions to it: honest, broken and hostile ones."""

import json
import runpy
from pathlib import Path

SECRET = "CANARY-4711"

CHECKS = f'''"""Checks of exercise 07. {SECRET}"""

import torch

from mlcourse.grading import task

HIDES = ("mlcourse.relations",)
FLAGS = ("torch.cdist",)
HIDDEN = 41.5  # {SECRET}


@task("07.1", points=1)
def test_double_of_three(answers):
    """Twice three

    Add it to itself.
    """
    got = answers.double(3)
    assert got == 6, f"double(3) must be 6, got {{got!r:.80}}"


@task("07.1", points=1, hidden=True)
def test_double_of_others(answers):
    """Twice other numbers

    Any number, also a fraction.
    """
    got = answers.double(HIDDEN)
    assert got == 83, f"{SECRET}: double(41.5) must be 83, got {{got!r:.80}}"


@task("07.2", points=1)
def test_centre(answers):
    """A mean of zero in every column

    Which axis is averaged?
    """
    x = torch.tensor([[1.0, 5.0], [3.0, 1.0], [8.0, 0.0]])
    got = torch.as_tensor(answers.centre(x))
    assert got.shape == x.shape, f"expected shape (3, 2), got {{tuple(got.shape)}}"
    assert torch.allclose(got.double(), x.double() - torch.tensor([[4.0, 2.0]])), (
        f"the columns' means are 4 and 2; got {{got.tolist()}}"
    )


@task("07.2", points=1, hidden=True)
def test_centre_gradient(answers):
    """A gradient of zero

    Moving all points moves nothing.
    """
    got = answers.grad("centre", torch.ones(3, 2))
    assert got.abs().max() < 1e-6, f"{SECRET}: expected zeros"


@task("07.3", points=1)
def test_written(answers):
    """A sentence

    At least two words.
    """
    text = answers.value("explain_07_3")
    assert isinstance(text, str) and len(text.split()) > 1, "two words at least"
'''

DOUBLE = "def double(x):\n    return 2 * x"
CENTRE = "def centre(x):\n    return x - x.mean(0)"
TEXT = 'explain_07_3 = "Because = so."'
RIGHT = ["import torch", DOUBLE, CENTRE, TEXT]
STUB = [
    "import torch",
    'def double(x):\n    raise NotImplementedError("Task 07.1")',
    'def centre(x):\n    raise NotImplementedError("Task 07.2")',
    'explain_07_3 = ""',
]
ALWAYS_EQUAL = """
class Yes:
    def __eq__(self, other): return True
    __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = __eq__
    def __getattr__(self, name): return lambda *a, **k: Yes()
    def __reduce__(self): return (print, ("unpickled",))
    shape = (3, 2)
def double(x): return Yes()
def centre(x): return Yes()
explain_07_3 = Yes()
"""
PATCH = """
import builtins, numpy.testing, torch, unittest
torch.equal = torch.allclose = lambda *a, **k: True
numpy.testing.assert_allclose = lambda *a, **k: None
builtins.len = builtins.abs = builtins.isinstance = lambda *a: True
torch.Tensor.__eq__ = lambda *a: True
def double(x): return 0
def centre(x): return x
"""
FORGE = """
import json, os, struct
def frame(tree):
    tree = json.dumps(tree).encode()
    return struct.pack(">IQ", len(tree), 0) + tree
yes = frame({"tuple": ["answer", True]})
huge = struct.pack(">IQ", 2**31, 2**60)
for fd in range(3, 64):
    try: os.write(fd, frame("ready") + yes * 20 + huge)
    except OSError: pass
def double(x): return 0
"""
KILL = """
import os, signal
for pid in (os.getppid(), 1, -1, *range(max(2, os.getpid() - 40), os.getpid())):
    try: os.kill(pid, signal.SIGKILL)
    except OSError: pass
"""
DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    time.sleep(600)
    os._exit(0)
"""
PICKLE = """
import os
class Payload:
    def __reduce__(self): return (os.system, ("echo pwned > /tmp/pwned",))
def double(x): return Payload()
"""
EVERYWHERE = """
found = []
for top in {places!r}:
    for folder, _, names in os.walk(top):
        for name in names:
            try:
                text = open(os.path.join(folder, name)).read()
            except (OSError, UnicodeDecodeError):
                continue
            if {secret!r} in text or "explain_07_3 =" in text:
                found.append(text)
for place in ("/proc/1/environ", "/proc/self/cmdline", "/proc/self/environ"):
    try: found += [open(place).read()] * ("autograde" in open(place).read())
    except OSError: pass
for text in found:
    try: exec(text)
    except BaseException: pass
explain_07_3 = "found: " + " ".join(found)
"""
VANDAL = """
for path in {paths!r}:
    for attempt in (
        lambda: open(path, "w").write("ruined"), lambda: os.remove(path),
        lambda: os.truncate(path, 0), lambda: os.chmod(path, 0),
        lambda: os.symlink("/etc/passwd", path + ".link"), lambda: os.mkdir(path + "d"),
    ):
        try: attempt()
        except OSError: pass
"""
NETWORK = """
import socket
try:
    socket.create_connection(("127.0.0.1", {port}), 1).sendall(b"hello")
except OSError: pass
"""
BOMB = "def double(x):\n    kept = []\n    while True: kept.append(b'x' * 10**8)"
FLOOD = "for _ in range(100): print('x' * 10**6)"
LOOP = """
import signal
def double(x):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        try:
            while True: pass
        except BaseException: pass
"""
NOISY = """
import sys, warnings
def double(x):
    warnings.warn("careful"); print("hello"); print("oh", file=sys.stderr)
    return x + x
"""
MAGICS = "%matplotlib inline\n!ls\n%pip install something\ndisplay(1)"
NUMPY = """
import numpy as np
def double(x):
    x = np.float32(x)
    return np.float32(2) * x
"""
FIGURE = """
from mlcourse import plots
from mlcourse.grading import check
import matplotlib.pyplot as plt
fig, ax = plots.figure(1, 1, size=(3, 3))
plots.show(fig, "a figure")
plt.plot([1]); plt.show()
check("07.1")
"""
COLAB = "from google.colab import drive\ndrive.mount('/drive')\nimport torch\n"
HIDDEN = "from mlcourse.relations import knn_predict as double"
ABSENT = "from not_there import double"
MUTATE = "def centre(x):\n    x -= x.mean(0)\n    return x"

FULL = {"07.1": 2, "07.2": 2, "07.3": 1}
NOTHING = {"07.1": 0, "07.2": 0, "07.3": 0}


def lost(*tasks):
    return FULL | dict.fromkeys(tasks, 0)


def deserved(tasks):
    """Points without those of the tasks; "half" has the visible half of the first."""
    if tasks == "half":
        return FULL | {"07.1": 1}
    return lost(*(f"07.{number}" for number in tasks))


ATTACKS = {
    name: ([c for cell in cells for c in (RIGHT if cell == "R" else [cell])],
           deserved(tasks))
    for name, (_, cells, tasks) in runpy.run_path(
        str(Path(__file__).with_name("attacks.py")))["ATTACKS"].items()
}  # fmt: skip

#: name: (code cells, the points deserved)
PLAIN = {
    "right": (RIGHT, FULL),
    "wrong": ([*RIGHT, "def double(x): return x + 3"], {**FULL, "07.1": 1}),
    "blank": (STUB, NOTHING),
    "absent_import": ([COLAB + DOUBLE, CENTRE, TEXT], FULL),
    "needs_what_is_absent": (["import torch", ABSENT, CENTRE, TEXT], lost("07.1")),
    "crash_in_a_cell": (["1 / 0", *RIGHT], FULL),
    "sys_exit": (["import sys; sys.exit(0)", *RIGHT], FULL),
    "os_exit": (["import os; os._exit(0)", *RIGHT], FULL),
    "os_exit_in_call": (
        [*RIGHT, "import os\ndef double(x): os._exit(0)"],
        lost("07.1"),
    ),
    "loop_in_a_cell": (["while True: pass", *RIGHT], FULL),
    "many_slow_cells": ([*RIGHT, *["__import__('time').sleep(60)"] * 6], FULL),
    "loop_in_call": ([*RIGHT, LOOP], lost("07.1")),
    "memory_bomb": ([*RIGHT, BOMB], lost("07.1")),
    "print_flood": ([FLOOD, *RIGHT, FLOOD], FULL),
    "syntax_error": (["import torch", "def double(x:", CENTRE, TEXT], lost("07.1")),
    "reordered_twice": ([TEXT, CENTRE, CENTRE, DOUBLE, "import torch", DOUBLE], FULL),
    "noisy": ([*RIGHT, NOISY], FULL),
    "magics": ([MAGICS, "%%time\n" + DOUBLE, CENTRE, TEXT], FULL),
    "numpy_answers": ([*RIGHT, NUMPY], FULL),
    "figures": ([FIGURE, *RIGHT], FULL),
    "in_place": ([*RIGHT, MUTATE], FULL),
    "input": (["name = input('who?')", *RIGHT], FULL),
    "half_a_character": ([*RIGHT, 's = "\ud800"'], FULL),
    "short_cut": ([*RIGHT, "from torch import cdist as c\nc"], FULL),
}
HOSTILE = {
    "patches": ([PATCH], NOTHING),
    "always_equal": ([ALWAYS_EQUAL], NOTHING),
    "pickle": ([*RIGHT, PICKLE], lost("07.1")),
    "forged_frames": ([CENTRE, TEXT, FORGE], lost("07.1", "07.2", "07.3")),
    "kills": ([KILL, *RIGHT], FULL),
    "daemon": ([DAEMON, *RIGHT], FULL),
    "hidden_module": ([HIDDEN], NOTHING),
    **ATTACKS,
}


def notebook_text(cells, *, number="07"):
    """Return a notebook without any metadata, as other editors save it."""
    title = {
        "cell_type": "markdown",
        "source": f"# Exercise {number} Toy",
        "metadata": {},
    }
    code = [
        {"cell_type": "code", "source": c, "metadata": {}, "outputs": []} for c in cells
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 4, "cells": [title, *code]})


def strange_notebook(cells):
    """A notebook of a kernel that is not here; its metadata claim many points."""
    notebook = json.loads(notebook_text(cells))
    notebook["metadata"] = {"kernelspec": {"name": "martian", "language": "martian"}}
    for cell in notebook["cells"]:
        cell["id"] = "the-same"
        cell["metadata"] = {"tags": ["solution"], "points": 1e9, "deletable": False}
        cell["metadata"]["nbgrader"] = {"grade": True, "points": 100, "solution": False}
        cell["outputs"] = [
            {"output_type": "stream", "name": "stdout", "text": "PASSED"}
        ]
    return json.dumps(notebook)


def hostile(folder, port):
    """Return the hostile submissions; ``folder`` is what they are after."""
    checks = folder / "checks" / "test_07_toy.py"
    solution = folder / "solutions" / "07_toy.py"
    others = folder / "submitted" / "aaa_first"
    places = [str(folder), "/tmp", "/home", "/dev/shm"]
    paths = [str(others / "07_toy.ipynb"), str(checks), str(solution)]
    paths += [str(folder / "graded" / "results.jsonl")]
    search = "import os" + EVERYWHERE.format(places=places, secret=SECRET)
    vandal = "import os" + VANDAL.format(paths=paths)
    return HOSTILE | {
        "searches": ([search], NOTHING),
        "vandal": ([vandal, *RIGHT], FULL),
        "network": ([NETWORK.format(port=port), *RIGHT], FULL),
    }
