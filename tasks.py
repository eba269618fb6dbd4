"""The commands of the README on every system: python tasks.py course | test | lab."""

import sys

if not (3, 11) <= sys.version_info < (3, 14):
    sys.exit(
        "mlcourse needs Python 3.11, 3.12 or 3.13, and this is Python {}.{} ({}). "
        "Install one of them and run: python3.12 tasks.py".format(
            *sys.version_info[:2], sys.executable
        )
    )

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMP = VENV / "mlcourse-installed"
#: What decides what is installed; STAMP holds its hash once all of it is there.
LISTS = (ROOT / "pyproject.toml", ROOT / "constraints.txt")


def setup():
    """Make .venv and install the locked packages, unless that is done already."""
    wanted = hashlib.sha256(
        b"".join(p.read_bytes() for p in LISTS) + sys.version.encode()
    )
    if STAMP.exists() and STAMP.read_text() == wanted.hexdigest():
        return
    print("Setting up .venv (once; about 200 packages, some minutes) ...", flush=True)
    STAMP.unlink(missing_ok=True)
    install = ["-c", str(LISTS[1]), "-e", str(ROOT) + "[course,test]"]
    uv = shutil.which("uv")
    if uv:
        run([uv, "venv", "-q", "--allow-existing", "-p", sys.executable, str(VENV)])
        run([uv, "pip", "install", "-q", "-p", str(BIN / "python"), *install])
    else:
        run([sys.executable, "-m", "venv", str(VENV)])
        run([str(BIN / "python"), "-m", "pip", "install", "-q", *install])
    STAMP.write_text(wanted.hexdigest())


def course():
    """Run every lecture in order, then grade the reference solutions."""
    mlcourse("run")
    if (ROOT / "solutions").is_dir():
        reference()
    print(
        "\nNext: `make lab` opens the course. Start with lecture 01, then exercise 01."
    )


def reference():
    """Grade the solutions as submissions are graded, or where that cannot be, check."""
    if sys.platform == "linux":
        out = ["--out", "build/reference"]
        done = call([str(BIN / "mlcourse"), "grade", "solutions", *out])
        if done != 2:  # it could grade, well or badly
            print("The graded example: build/reference/grades.csv and feedback/.")
            return done and sys.exit(done)
        print("No isolation for students' code here, so the visible checks only:")
    mlcourse("progress", "solutions")


def test():
    """Every test: the library with checked shapes, then all tests and notebooks."""
    if not (ROOT / "tests").is_dir():
        sys.exit(
            "the tests are not part of a student's folder; `make course` checks it"
        )
    pytest = [str(BIN / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    shapes = [
        "--jaxtyping-packages=mlcourse,beartype.beartype",
        "-m",
        "not errors and not slow",
    ]
    methods = [
        p for p in sorted(ROOT.glob("tests/*")) if (ROOT / "mlcourse" / p.name).is_dir()
    ]
    library = [str(p) for p in methods if p.name not in ("cli", "grading")]
    run([*pytest, *shapes, *library])
    notebooks = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=120"]
    notebooks.append("--nbval-sanitize-with=tests/nbval_sanitize.cfg")
    everything = ["tests", "mlcourse", "lectures", "solutions"]
    run([*pytest, "-n", "2", "--dist", "loadfile", *notebooks, *everything])


def lab():
    """Open JupyterLab on the course index."""
    mlcourse("lab")


def mlcourse(*args):
    """Call the console command of the environment."""
    run([str(BIN / "mlcourse"), *args])


def run(command):
    """Run command in the project's folder; its failure is ours, without a traceback."""
    code = call(command)
    if code:
        sys.exit(code)


def call(command):
    """Run command in the project's folder and return its exit code."""
    threads = {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}  # small tensors, few cores
    return subprocess.run(command, cwd=ROOT, env={**threads, **os.environ}).returncode


TASKS = {"course": course, "test": test, "lab": lab, "setup": lambda: None}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in TASKS:
        sys.exit("usage: python tasks.py " + " | ".join(TASKS))
    try:
        setup()
        TASKS[sys.argv[1]]()
    except KeyboardInterrupt:
        sys.exit("stopped; run the same command again to go on")
