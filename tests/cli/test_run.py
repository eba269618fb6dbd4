"""Tests for mlcourse run, and for the notebooks that it runs."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from mlcourse.notebooks import save_notebook


def test_runs_all_lectures_in_order_and_prints_a_table(call, lectures):
    lectures(**{"02_b": ["print(1)"], "01_a": ["x = 1", "x + 1"]})
    done = call("run")
    assert done.returncode == 0
    assert done.stdout.index("01_a: ran") < done.stdout.index("02_b: ran")
    assert "Notebooks" in done.stdout


def test_runs_the_lectures_named_also_from_a_folder_below(call, lectures):
    folder = lectures(**{"01_a": ["1"], "02_b": ["1"]})
    done = call("run", "2", cwd=folder)
    assert "02_b: ran" in done.stdout
    assert "01_a" not in done.stdout


def test_runs_the_solutions_when_asked(call, lectures, tmp_path):
    lectures(**{"01_a": ["1 / 0"]}).rename(tmp_path / "solutions")
    (tmp_path / "lectures").mkdir()
    assert "ZeroDivisionError" in call("run", "--solutions").stdout


def test_failing_cell_is_named_and_the_others_still_run(call, lectures):
    lectures(**{"01_a": ["1", "1 / 0"], "02_b": ["1"]})
    done = call("run")
    assert done.returncode == 1
    assert "cell 2: ZeroDivisionError: division by zero" in done.stdout
    assert "02_b: ran" in done.stdout


def test_a_message_is_no_markup_and_a_broken_file_costs_its_line_only(call, lectures):
    folder = lectures(**{"01_a": ["raise ValueError('shape [/n]')"], "03_c": ["1"]})
    (folder / "02_b.ipynb").write_text("{")
    done = call("run")
    assert done.returncode == 1
    assert "01_a: cell 1: ValueError: shape [/n]" in done.stdout
    assert "02_b: Notebook does not appear to be JSON" in done.stdout
    assert "03_c: ran" in done.stdout


def test_outputs_that_cannot_be_kept_are_one_line(lectures, tmp_path):
    path = lectures(**{"01_a": ["1"]}) / "01_a.ipynb"
    code = "import sys; from mlcourse.cli import app, run\n"
    code += "def full(*args): raise OSError(28, 'No space left on device')\n"
    code += "run.save_notebook = full; sys.argv[1:] = ['run', '--update']; app()"
    command = [sys.executable, "-c", f"import mlcourse.cli.run\n{code}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    said = f"{path}: No space left on device; its outputs stay as they were\n"
    assert done.stderr == said


def test_without_update_the_file_stays_as_it_was(call, lectures):
    path = lectures(**{"01_a": ["print(6 * 7)"]}) / "01_a.ipynb"
    before = path.read_bytes()
    assert call("run").returncode == 0
    assert path.read_bytes() == before


def test_update_keeps_the_outputs_and_leaves_nothing_beside(call, lectures):
    path = lectures(**{"01_a": ["print(6 * 7)"]}) / "01_a.ipynb"
    assert call("run", "01", "--update").returncode == 0
    (cell,) = nbformat.read(path, as_version=4).cells
    assert cell.outputs[0].text == "42\n"
    assert cell.execution_count == 1
    assert "execution" not in cell.metadata
    assert list(path.parent.iterdir()) == [path]


def test_update_drops_the_sliders_of_an_earlier_run(call, lectures):
    path = lectures(**{"01_a": ["print(6 * 7)"]}) / "01_a.ipynb"
    old = nbformat.read(path, as_version=4)
    old.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {}}
    nbformat.write(old, path)
    assert call("run", "01", "--update").returncode == 0
    assert "widgets" not in nbformat.read(path, as_version=4).metadata


def test_kernel_is_this_python(call, lectures):
    path = lectures(**{"01_a": ["import sys; print(sys.executable)"]}) / "01_a.ipynb"
    assert call("run", "--update").returncode == 0
    (cell,) = nbformat.read(path, as_version=4).cells
    assert Path(cell.outputs[0].text.strip()) == Path(sys.executable)


def test_a_kernel_has_one_thread_unless_told_otherwise(call, lectures, monkeypatch):
    path = lectures(**{"01_a": ["import os; print(os.environ['OMP_NUM_THREADS'])"]})
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    for expected in ("1", "2"):
        assert call("run", "--update").returncode == 0
        (cell,) = nbformat.read(path / "01_a.ipynb", as_version=4).cells
        assert cell.outputs[0].text.strip() == expected
        monkeypatch.setenv("OMP_NUM_THREADS", "2")


def test_cell_that_runs_too_long_is_stopped(lectures):
    path = lectures(**{"01_a": ["1", "import time; time.sleep(60)"]}) / "01_a.ipynb"
    code = "import sys; from pathlib import Path; from mlcourse.notebooks import *; "
    code += "run_notebook(Path(sys.argv[1]), timeout=2)"
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    last = done.stderr.strip().splitlines()[-1]
    assert "CellError: cell 2: A cell timed out" in last


def test_dying_kernel_is_reported(call, lectures):
    lectures(**{"01_a": ["import os; os._exit(1)"]})
    done = call("run")
    assert done.returncode == 1
    assert "01_a: cell 1: Kernel died" in done.stdout


def test_interrupted_save_keeps_the_old_file(lectures, monkeypatch):
    path = lectures(**{"01_a": ["1"]}) / "01_a.ipynb"
    before = path.read_bytes()

    def full_disk(notebook, file):
        Path(file).write_text("{")
        raise OSError(28, "No space left on device")

    notebook = nbformat.read(path, as_version=4)
    monkeypatch.setattr("mlcourse.notebooks.nbformat.write", full_disk)
    with pytest.raises(OSError, match="No space left"):
        save_notebook(notebook, path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_ctrl_c_stops_in_one_line(lectures, tmp_path):
    lectures(
        **{"01_a": ["open('started', 'w').close()", "import time; time.sleep(60)"]}
    )
    command = [str(Path(sys.executable).with_name("mlcourse")), "run"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "lectures" / "started").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert (
        errors.strip().splitlines()[-1] == "stopped in 01_a.ipynb; nothing was changed"
    )
    assert "Traceback" not in errors


@pytest.mark.parametrize("seconds", [0, 0.1, 0.4])
def test_ctrl_c_while_the_kernel_starts(lectures, tmp_path, seconds):
    lectures(**{"01_a": ["import time; time.sleep(100)"]})
    code = "import sys; import mlcourse.notebooks as n; usual = n._execute\n"
    code += "def execute(client): print('now', flush=True); usual(client)\n"
    code += "n._execute = execute; sys.argv[1:] = ['run']\n"
    code += "from mlcourse.cli import app; app()"
    command = [sys.executable, "-c", code]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, **pipes) as process:
        process.stdout.readline()
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == "stopped in 01_a.ipynb; nothing was changed\n"


def test_errors_are_one_line(call, lectures, tmp_path):
    done = call("run", cwd=Path(tmp_path.anchor))
    assert done.returncode == 2
    assert "change into the course's folder" in done.stderr
    lectures()
    assert "is the course complete there?" in call("run").stderr
    lectures(**{"01_a": ["1"]})
    done = call("run", "7")
    assert (done.returncode, done.stderr) == (2, "no notebook 7; there are 01\n")
