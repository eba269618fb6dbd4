"""Run a notebook file and its visible checks in a Python process of their own.

It is for the student's own machine: a time limit, no sandbox. Run as
``python -m mlcourse.grading.rehearse NOTEBOOK CHECKS OUT`` it writes one JSON line
before each cell and check, and one for each verdict, so that whoever waits knows where
it stopped.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from mlcourse.grading.errors import Died, OutOfTime
from mlcourse.grading.notebook import code_cells, read_notebook
from mlcourse.grading.processes import end
from mlcourse.grading.task import Check, load_checks
from mlcourse.grading.verdict import Status, Verdict, explain


class StoppedError(Exception):
    """The notebook itself did not run to its end: too slow, or its process died."""


def rehearse(notebook: Path, checks: Path, *, seconds: int | float) -> list[Verdict]:
    """Return the verdicts of the visible checks on a notebook file.

    A check during which the time is over, or the process dies, gets that verdict, and
    the checks after it a process of their own.

    Raises
    ------
    StoppedError
        if it happens in one of the notebook's cells.
    """
    visible = [check for check in load_checks(checks) if not check.hidden]
    verdicts: list[Verdict] = []
    while len(verdicts) < len(visible):
        found, reason = _run(notebook, checks, len(verdicts), seconds)
        for line in found:
            if "status" in line:
                verdicts.append(Verdict(**line))
        if reason is None:
            continue
        if not found:
            slow = f"Python has not started within {seconds:g} s: give more --seconds"
            raise StoppedError(slow if isinstance(reason, OutOfTime) else str(reason))
        if "cell" in found[-1]:
            raise StoppedError(f"code cell {found[-1]['cell']}: {reason}")
        if "check" not in found[-1]:  # between two checks: try on from here
            continue
        verdicts.append(_lost(visible[len(verdicts)], explain(reason), seconds))
    return verdicts


def _lost(check: Check, why: tuple[Status, str], seconds: int | float) -> Verdict:
    fields = asdict(check)
    del fields["function"]
    status, message = why
    return Verdict(**fields, earned=0, status=status, message=message, seconds=seconds)


def _run(
    notebook: Path, checks: Path, start: int, seconds: int | float
) -> tuple[list[dict[str, Any]], OutOfTime | Died | None]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "verdicts.jsonl")
        order = [str(notebook.resolve()), str(checks.resolve()), str(out), str(start)]
        process = subprocess.Popen(
            [sys.executable, "-m", "mlcourse.grading.rehearse", *order],
            cwd=notebook.resolve().parent,
            env={"MPLBACKEND": "agg", **os.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        reason: OutOfTime | Died | None = None
        try:
            code = process.wait(seconds)
            if code:
                reason = Died(f"signal {-code}" if code < 0 else f"exit code {code}")
        except subprocess.TimeoutExpired:
            reason = OutOfTime(seconds)
        finally:
            end(process)
        text = out.read_text(encoding="utf-8") if out.exists() else ""
    whole, _, _ = text.rpartition("\n")  # its last line may be cut off
    found = [json.loads(line) for line in whole.splitlines()]
    if reason is None and not any("done" in line for line in found):
        reason = Died("exit code 0, too early")
    return found, reason


def _announced(cells: list[str], out: TextIO) -> Iterator[str]:
    for number, cell in enumerate(cells, start=1):
        _say(out, {"cell": number})
        yield cell


def _say(out: TextIO, line: dict[str, Any]) -> None:
    out.write(json.dumps(line) + "\n")
    out.flush()


def main(notebook: Path, checks: Path, target: Path, start: int) -> None:
    """Write the verdicts of the visible checks from number ``start`` on."""
    from mlcourse.grading.aside import fresh_randomness
    from mlcourse.grading.cells import run_cells
    from mlcourse.grading.local import LocalAnswers
    from mlcourse.grading.verdict import judge

    visible = [check for check in load_checks(checks) if not check.hidden]
    with target.open("w", encoding="utf-8") as out:
        cells = code_cells(read_notebook(notebook))
        namespace, failed, _ = run_cells(_announced(cells, out))
        answers = LocalAnswers(namespace, failed)
        for check in visible[start:]:
            _say(out, {"check": check.name})
            with fresh_randomness():
                verdict = judge(check, answers)
            _say(out, asdict(verdict))
        _say(out, {"done": True})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
