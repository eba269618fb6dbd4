"""The fixture ``answers``: what the checks of this folder are run on."""

from functools import cache
from pathlib import Path

import pytest

from mlcourse.grading.cells import run_cells
from mlcourse.grading.local import LocalAnswers
from mlcourse.grading.notebook import code_cells, read_notebook

SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"


def pytest_addoption(parser):
    parser.addoption(
        "--answers",
        type=Path,
        help="a notebook or .py file to run the checks on, in place of the solutions",
    )


@cache
def executed(path):
    """Run a notebook or a script once; return its answers."""
    cells = code_cells(read_notebook(path)) if path.suffix == ".ipynb" else None
    namespace, failed, _ = run_cells(cells or [path.read_text(encoding="utf-8")])
    return LocalAnswers(namespace, failed)


@pytest.fixture
def answers(request):
    """The answers of the exercise that the check belongs to."""
    exercise = request.path.stem.removeprefix("test_")
    path = request.config.getoption("--answers", default=None)
    return executed(path or SOLUTIONS / f"{exercise}.ipynb")
