"""The guide's trial, step by step, as a new instructor would do it."""

import csv
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlcourse.grading import sandbox

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "grading.md").read_text(encoding="utf-8")
WORKS = any(not sandbox.probe(rung) for rung in ("bwrap", "landlock"))


def run(line, folder):
    """Run a line of the guide in the course's folder, its trial being ``folder``."""
    program, *rest = shlex.split(line.replace("trial", str(folder)))
    first = {"python": [sys.executable], "mlcourse": [sys.executable, "-c", CLI]}
    command = [*first[program], *rest]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )


CLI = "from mlcourse.cli import app; app()"


def table(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.skipif(not WORKS, reason="neither bubblewrap nor Landlock works")
def test_the_trial_of_the_guide(tmp_path):
    (block,) = re.findall(r"```\n(python docs/classroom.py.*?)\n```", GUIDE, re.DOTALL)
    make, grade = block.splitlines()
    trial = tmp_path / "class"
    assert run(make, trial).returncode == 0
    done = run(grade, trial)
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[0].startswith("lou/01_relations.ipynb: unreadable")
    out = trial / "graded"
    before = {line["student"]: line for line in table(out / "grades.csv")}
    status = {name: line["status"] for name, line in before.items()}
    assert len(before) == 13
    assert (status["lou"], status["max"]) == ("unreadable", "no_submission")
    totals = {name: float(line["total"] or -1) for name, line in before.items()}
    assert totals["ada"] == totals["joe"] == 16 > totals["ben"] > totals["ida"] == 0
    assert (out / "feedback" / "fay" / "01_relations.html").exists()
    assert any(
        "Likely mistake" in line["message_1"] for line in table(out / "items.csv")
    )

    kept = (out / "results.jsonl").read_text()
    written = (out / "written.csv").read_text()
    mark = "ada,01_relations,01.6,2,"
    assert mark in written
    (out / "written.csv").write_text(written.replace(mark, f"{mark}1"))
    good = trial / "submitted" / "ada" / "01_relations.ipynb"
    shutil.copy(good, trial / "submitted" / "lou" / "01_relations.ipynb")
    assert run(grade, trial).returncode == 0
    after = {line["student"]: line for line in table(out / "grades.csv")}
    assert (after["ada"]["total"], after["lou"]["total"]) == ("15", "16")
    text = (out / "results.jsonl").read_text()
    assert text.startswith(kept)
    assert text.count("\n") == kept.count("\n") + 1
