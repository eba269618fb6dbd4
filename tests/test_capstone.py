"""What the capstone's statement says is what its checks ask for."""

import re
import runpy
from pathlib import Path

import pytest

from mlcourse.grading.notebook import cell_source, read_notebook
from mlcourse.grading.own_words import plain_words

ROOT = Path(__file__).resolve().parents[1]
CHECKS = runpy.run_path(str(ROOT / "tests" / "autograde" / "test_16_capstone.py"))


@pytest.fixture(scope="module")
def statements():
    """The statement of each task of the exercise that students get."""
    cells = read_notebook(ROOT / "exercises" / "16_capstone.ipynb")["cells"]
    texts = [cell_source(c) for c in cells if c["cell_type"] == "markdown"]
    return {
        match[1]: text
        for text in texts
        if (match := re.match(r"## Task (\d\d\.\d+)", text))
    }


def test_levels(statements):
    rows = re.findall(
        r"^\| \d, (?:the )?(\w+).* \| ([\d.]+) \| ([\d.]+) \| \d \|$",
        statements["16.5"],
        re.MULTILINE,
    )
    told = {name: (float(recall), float(map_at_r)) for name, recall, map_at_r in rows}
    assert told == CHECKS["LEVELS"]


def test_numbers_of_the_composition(statements):
    """Budget, allowance, columns, parts, classes: as the checks have them."""
    get = CHECKS.__getitem__
    n_classes, per_class = get("WHOLE")
    few_classes, few = get("LITTLE")
    for told in (
        f"is {get('STEPS')} steps of the starter",
        f"trains for {get('FEW')} steps on {few_classes // 2} classes of {few} images",
        f"exceed it by {100 * get('OVER'):g} % and {get('SPARE')} s at most",
        f"the {n_classes // 4 * per_class:,} test images",
        f"of {n_classes // 2} characters, {per_class} each",
        f"{n_classes // 2} to learn from, {n_classes // 4} others to embed",
        f"1\\le d\\le{get('COLUMNS')}",
        f"parts of 1 to {get('PART')} images",
        f"(MAP@R at most {get('NOISE')})",
    ):
        assert told in statements["16.5"], told


def test_rubric(statements):
    """Length and numbers are told; the rubric that must not be copied stands there."""
    text = statements["16.6"]
    least, most = CHECKS["LEAST_WORDS"], CHECKS["MOST_WORDS"]
    assert text.count(f"{least} to {most} words") == 2
    assert CHECKS["NUMBERS"] == 6
    assert "at least six different numbers" in text
    words = plain_words(text)
    assert set(plain_words(CHECKS["RUBRIC"])) <= set(words)
