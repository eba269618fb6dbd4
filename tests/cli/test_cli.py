"""Tests for the console command as a whole, the doctor and the lab."""

import importlib
import subprocess
import sys

import pytest
import typer

import mlcourse
from mlcourse.cli import COMMANDS, doctor, lab


def test_help_lists_every_command(call):
    done = call("--help")
    assert done.returncode == 0
    for name in COMMANDS:
        assert name in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_or_exit_codes(call, name):
    done = call(name, "--help")
    assert done.returncode == 0
    assert f"mlcourse {name}" in done.stdout
    assert "Example" in done.stdout or "Exit code" in done.stdout
    assert callable(getattr(importlib.import_module(f"mlcourse.cli.{name}"), name))


def test_version_and_unknown_command(call):
    assert call("--version").stdout == f"mlcourse {mlcourse.__version__}\n"
    done = call("learn")
    assert done.returncode == 2
    assert "No such command 'learn'" in done.stderr


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("learn", "No such command 'learn'. See mlcourse --help."),
        ("grade here", "Missing option '--out'. See mlcourse grade --help."),
        ("run 01 --fast", "No such option: --fast See mlcourse run --help."),
        ("check", "Missing argument"),
    ],
)
def test_a_wrong_call_is_told_in_one_line(call, line, words):
    done = call(*line.split())
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_a_command_it_helps(call):
    assert call().stdout == call("--help").stdout


def test_grading_elsewhere_than_on_linux_is_one_line():
    code = "import sys; from mlcourse.cli import app; sys.platform = 'darwin'; "
    code += "sys.argv[1:] = ['grade', 'in', '--out', 'out']; app()"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "needs Linux: use WSL 2" in done.stderr


def test_doctor_finds_this_installation_sound(call):
    done = call("doctor")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("[ OK ]") == 6
    assert "All is well." in done.stdout


def test_doctor_says_what_failed_and_what_to_do():
    code = "from mlcourse.cli import doctor; doctor.PYTHON = ((3, 20), (3, 21)); "
    code += "doctor.kernel = doctor.space; doctor.doctor()"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "[FAIL] python: RuntimeError: this is Python 3." in done.stdout
    assert "Install Python 3.11, 3.12 or 3.13" in done.stdout
    assert "[ OK ] training step" in done.stdout


def test_doctor_sees_a_package_in_a_wrong_version(monkeypatch):
    monkeypatch.setattr(doctor.importlib.metadata, "version", lambda name: "0.0.1")
    with pytest.raises(RuntimeError, match=r"is 0\.0\.1, needed is"):
        doctor.packages()


def test_lab_opens_on_the_course_map_and_hands_options_on(monkeypatch, tmp_path):
    (tmp_path / "lectures").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    calls = []

    class Done:
        returncode = 0

    monkeypatch.setattr(
        lab.subprocess, "run", lambda command, **kw: calls.append((command, kw)) or Done
    )
    context = type("Context", (), {"args": ["--port", "9000"]})
    with pytest.raises(typer.Exit):
        lab.lab(context)
    ((command, options),) = calls
    assert command[-2:] == ["--port", "9000"]
    assert any("README.md" in part for part in command)
    assert options["cwd"] == tmp_path


def test_lab_opens_also_where_nothing_can_be_signed(monkeypatch, tmp_path, capsys):
    (tmp_path / "lectures").mkdir()
    (tmp_path / "data").write_text("a file")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    done = type("Done", (), {"returncode": 0})
    monkeypatch.setattr(lab.subprocess, "run", lambda command, **options: done)
    with pytest.raises(typer.Exit):
        lab.lab(type("Context", (), {"args": []}))
    assert "Sliders show once their cell is run" in capsys.readouterr().out
