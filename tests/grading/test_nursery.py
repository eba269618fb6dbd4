"""One process imports for all and forks for each: what one leaves, no other finds."""

import contextlib
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlcourse.grading import sandbox, wire
from mlcourse.grading.copied import build, copy_font_cache
from mlcourse.grading.nursery import Child, Nursery

RUNGS = [rung for rung in ("bwrap", "landlock") if not sandbox.probe(rung)]
PREPARE = """
import os, random
import numpy as np
def state():
    return [sorted(os.listdir()), float(np.random.rand()), random.random()]
def leave():
    os.makedirs("a/b")
    open("a/b/note", "w").write("mine")
    os.symlink("/usr", "link")
    os.mkdir("locked", 0)
    os.mkdir("deep")
    os.chdir("deep")
    for _ in range(1100):  # more than Python's calls may nest
        os.mkdir("a")
        os.chdir("a")
    open("note", "w").write("mine")
    os.chdir(os.environ["HOME"])
    return 1
def burn(seconds):
    import time
    end = time.process_time() + seconds
    while time.process_time() < end: pass
    return 1
def leave_process():
    os._exit(7)
"""


@pytest.fixture(scope="module", params=[*RUNGS, "none"])
def nursery(request, tmp_path_factory):
    course = tmp_path_factory.mktemp("course").resolve()
    build(course, ())
    copy_font_cache(course)
    made = Nursery(sandbox.Sandbox(request.param, course))
    yield made
    made.stop()
    assert not made.path.parent.exists()


@contextlib.contextmanager
def notebook(nursery, *cells):
    child = Child(nursery.path)
    until = time.monotonic() + 120
    wire.send(child.channel, list(cells), until=until)
    while wire.receive(child.channel, until=until) != "ready":
        pass
    yield child
    child.end()


def ask(child, name, *args):
    until = time.monotonic() + 60
    wire.send(child.channel, ("call", name, args, {}), until=until)
    how, value = wire.receive(child.channel, until=until)
    assert how == "answer", value
    return value


def test_the_next_notebook_finds_nothing_of_the_last(nursery):
    with notebook(nursery, PREPARE) as first:
        before = ask(first, "state")
        ask(first, "leave")
        assert ask(first, "state")[0] == ["a", "deep", "link", "locked"]
    with notebook(nursery, PREPARE) as second:
        after = ask(second, "state")
    assert before[0] == after[0] == []
    assert before[1] != after[1]
    assert before[2] != after[2]


def test_cpu_time_and_end_are_told(nursery):
    with notebook(nursery, PREPARE) as child:
        start = child.ask()
        ask(child, "burn", 0.3)
        assert 0.25 < child.ask() - start < 0.6
        assert child.code is None
    assert child.code == 0
    assert child.used >= start + 0.25


def test_one_that_leaves_or_hangs_costs_the_next_nothing(nursery):
    with notebook(nursery, PREPARE) as child:
        request = ("call", "leave_process", (), {})
        wire.send(child.channel, request, until=time.monotonic() + 60)
        assert child.wait(60) == 7
    with notebook(nursery, PREPARE) as child:
        request = ("call", "burn", (1000,), {})
        wire.send(child.channel, request, until=time.monotonic() + 60)
        assert child.wait(0.1) is None
    assert child.code == -9
    assert nursery.alive()
    with notebook(nursery, PREPARE) as child:
        assert ask(child, "state")[0] == []


def test_a_caller_that_says_nothing_is_let_go(nursery):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
        line.connect(str(nursery.path))
    with notebook(nursery, PREPARE) as child:
        assert ask(child, "state")[0] == []


def test_without_a_nursery_there_is_no_child(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        Child(tmp_path / "socket")


def test_the_grader_s_own_process_imports_nothing_heavy(tmp_path):
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from mlcourse.grading import batch\n"
        "batch.copy_font_cache(Path(sys.argv[1]))\nprint(*sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert {"torch", "scipy", "mlcourse.plots"}.isdisjoint(done.stdout.split())
    assert list((tmp_path / "matplotlib").glob("fontlist-*.json"))


@pytest.mark.parametrize("isolation", ["landlock", "none"])
def test_it_ends_with_its_starter_even_while_it_starts(tmp_path, isolation):
    """Killed while the nurse still imports, the grader leaves no process."""
    if isolation not in (*RUNGS, "none"):
        pytest.skip(f"{isolation} does not work here")
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from mlcourse.grading import copied, nursery, sandbox\n"
        "course = Path(sys.argv[1])\n"
        "copied.bare(course)\n"
        "nurse = course / 'mlcourse/grading/nurse.py'\n"
        "nurse.write_text('import time; time.sleep(60)')\n"
        "box = sandbox.Sandbox(sys.argv[2], course)\n"
        "print(nursery.Nursery(box)._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    course = tmp_path / "course"
    command = [sys.executable, "-c", code, str(course), isolation]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    status = Path("/proc", done.stdout.strip(), "stat")
    until = time.monotonic() + 20
    while status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < until
        time.sleep(0.05)
