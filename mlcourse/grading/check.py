"""``check("01.2")``: the visible checks of a task, on the answers in this kernel."""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlcourse.grading.report import Note, Report
from mlcourse.grading.task import (
    Check,
    CheckError,
    find_checks,
    hidden_points,
    load_checks,
)
from mlcourse.grading.verdict import Verdict, judge
from mlcourse.grading.words import count


def check(task: str) -> None:
    """Run the visible checks of ``task`` on this notebook and say what came.

    The first check that fails is told in full; nothing is sent or saved, so run it as
    often as you like.
    """
    shown = _checked(task)
    shell = _shell()
    if shell is None:
        sys.stdout.write(f"{shown!r}\n")
    else:
        from IPython.display import display

        display(shown)


def _checked(task: object) -> Report | Note:
    found = (
        re.fullmatch(r"(\d{1,2})\.(\d{1,2})", task) if isinstance(task, str) else None
    )
    if found is None:
        return Note(
            f'A task is named by its number as a text, check("01.2"); got {task!r}.'
        )
    number, item = found[1].zfill(2), found[2]
    try:
        path = find_checks(number, start=Path.cwd())
        checks = load_checks(path)
    except CheckError as error:
        return Note(f"Task {task} cannot be checked: {error}.")
    visible = [c for c in checks if c.task == f"{number}.{item}" and not c.hidden]
    hidden = hidden_points(path, checks)
    if visible:
        verdicts = list(run_checks(visible, namespace()))
        return Report(
            f"{number}.{item}", visible, verdicts, hidden.get(visible[0].task, 0)
        )
    if f"{number}.{item}" in hidden:
        return Note(
            f"Task {number}.{item} has hidden checks only, worth "
            f"{count(hidden[f'{number}.{item}'], 'point')}."
        )
    known = sorted({c.task for c in checks} | set(hidden), key=_order)
    return Note(
        f"There is no check of task {task} in exercise {number}; "
        f"its tasks with checks are {', '.join(known)}."
    )


def run_checks(checks: list[Check], names: Mapping[str, object]) -> Iterator[Verdict]:
    """Judge the answers among ``names`` by each check, on fresh random inputs."""
    from mlcourse.grading.aside import fresh_randomness
    from mlcourse.grading.local import LocalAnswers

    answers = LocalAnswers(names)
    for one in checks:
        with fresh_randomness():
            verdict = judge(one, answers)
        yield verdict


def namespace() -> Mapping[str, object]:
    """Return the names of the notebook that is open here, or of the main module."""
    shell = _shell()
    if shell is not None:
        names: Mapping[str, object] = shell.user_ns
        return names
    return vars(sys.modules["__main__"])


def _shell() -> Any:
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return get_ipython()


def _order(task: str) -> list[int]:
    return [int(part) for part in task.split(".")]
