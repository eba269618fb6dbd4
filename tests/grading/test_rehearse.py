import os
import signal
import time
from pathlib import Path

import pytest

from mlcourse.grading.rehearse import StoppedError, rehearse

RIGHT = "def half(x):\n    return x / 2", "pair = (1, 2)", "explain_01_3 = 'Because.'"


@pytest.fixture
def verdicts(course, write_notebook):
    """Return status and message of each visible check for a notebook of these cells."""

    def run(*cells, seconds=60):
        path = write_notebook(cells, "course/exercises/01_relations.ipynb")
        checks = course / "tests" / "autograde" / "test_01_relations.py"
        found = rehearse(path, checks, seconds=seconds)
        assert [v.name for v in found] == ["test_half", "test_pair", "test_text"]
        return [(v.status, v.message) for v in found]

    return run


def test_right_wrong_and_absent(verdicts):
    assert verdicts(*RIGHT) == [("passed", "")] * 3
    half, pair, text = verdicts("def half(x): return x", "pair = (1,)")
    assert half[0] == pair[0] == "failed"
    assert "expected 2" in half[1]
    assert text[0] == "not_attempted"


def test_an_endless_answer_costs_its_own_check_only(verdicts):
    cell = "def half(x):\n    while True: pass"
    started = time.perf_counter()
    half, pair, text = verdicts(cell, *RIGHT[1:], seconds=6)
    assert half[0] == "timeout"
    assert "did not finish within 6 s" in half[1]
    assert pair[0] == text[0] == "passed"
    assert time.perf_counter() - started < 30


@pytest.mark.parametrize(
    "cause", ["os._exit(3)", "os.kill(os.getpid(), 9)", "os._exit(0)"]
)
def test_an_answer_that_ends_the_process(verdicts, cause):
    half, pair, text = verdicts(f"import os\ndef half(x): {cause}", *RIGHT[1:])
    assert half[0] == "error"
    assert "ended its Python process" in half[1]
    assert pair[0] == text[0] == "passed"


def test_a_start_that_is_too_slow_is_no_fault_of_a_cell(verdicts):
    with pytest.raises(StoppedError, match=r"not started within 0.01 s: give more"):
        verdicts(*RIGHT, seconds=0.01)


def test_a_cell_that_never_ends_or_kills_is_named(verdicts):
    with pytest.raises(StoppedError, match="code cell 2: your code did not finish"):
        verdicts("a = 1", "while True: pass", seconds=5)
    with pytest.raises(StoppedError, match="code cell 1: your code ended its Python"):
        verdicts("import os\nos._exit(1)")


def test_a_forged_line_on_stdout_is_not_read(verdicts):
    cell = 'import os\nos.write(1, b\'{"status": "passed"}\\n\')'
    assert verdicts(cell)[0][0] == "not_attempted"


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no process groups")
def test_no_child_outlives_the_run(verdicts, tmp_path):
    note = tmp_path / "pid"
    cell = (
        "import subprocess, sys\n"
        "code = 'import time; time.sleep(60)'\n"
        "child = subprocess.Popen([sys.executable, '-c', code])\n"
        f"open({str(note)!r}, 'w').write(str(child.pid))"
    )
    verdicts(cell)
    pid = int(note.read_text())
    for _ in range(50):
        if not alive(pid):
            return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    raise AssertionError(f"process {pid} is still there")


def alive(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
