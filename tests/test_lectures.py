"""Every lecture keeps the contract, and uses no chapter before its turn."""

import copy
import json
import re
from itertools import chain
from pathlib import Path

import pytest

import mlcourse
from lecture_contract import imports, violations

ROOT = Path(__file__).resolve().parents[1]
LECTURES = sorted((ROOT / "lectures").glob("[0-9][0-9]_*.ipynb"))
TEMPLATE = ROOT / "templates" / "lecture.ipynb"
#: Lecture -> the chapters that may be used from then on.
OPENS = {
    "01": ("relations",),
    "02": ("invariances",),
    "03": ("distances",),
    "04": ("judgements",),
    "05": ("linear",),
    "06": ("kernel",),
    "07": ("networks", "losses", "regularizers", "samplers"),
    "08": (),
    "09": (),
    "10": (),
    "11": ("miners",),
    "12": ("synthesis",),
    "13": ("ensembles",),
    "14": ("generalization",),
    "15": ("selfsupervised",),
    "16": (),
}


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", LECTURES, ids=lambda p: p.stem)
def test_lecture_keeps_the_contract(path):
    assert violations(load(path), number=path.name[:2], folder=path.parent) == []


@pytest.mark.parametrize("path", LECTURES, ids=lambda p: p.stem)
def test_lecture_uses_no_chapter_before_its_turn(path):
    taught = {
        chapter
        for number, chapters in OPENS.items()
        for chapter in chapters
        if number <= path.name[:2]
    }
    if path.name[:2] >= "07":
        taught.add("objective")  # the formula itself: a file, not a chapter
    assert imports(load(path)) <= taught | set(mlcourse.SERVICES)


@pytest.mark.parametrize("path", LECTURES, ids=lambda p: p.stem)
def test_sections_that_the_checks_send_students_to_exist(path):
    checks = (ROOT / "tests" / "autograde" / f"test_{path.stem}.py").read_text()
    named = set(re.findall(r"section '([^']+)'", checks))
    text = "".join("".join(c["source"]) + "\n" for c in load(path)["cells"])
    assert named
    assert {
        n for n in named if not re.search(rf"^##+ {re.escape(n)}", text, re.M)
    } == set()


def test_every_chapter_has_its_turn_and_every_folder_its_place():
    folders = {p.parent.name for p in (ROOT / "mlcourse").glob("*/__init__.py")}
    assert folders == {*mlcourse.CHAPTERS, *mlcourse.SERVICES, "cli"}
    assert tuple(chain(*OPENS.values())) == mlcourse.CHAPTERS
    written = [p.name[:2] for p in LECTURES]
    assert {"01", "03"} <= set(written) <= set(OPENS)


@pytest.mark.parametrize(
    "path",
    [*LECTURES, *sorted((ROOT / "solutions").glob("*.ipynb"))],
    ids=lambda p: p.stem,
)
def test_notebook_hides_no_warning_and_names_no_machine(path):
    notebook = path.read_text(encoding="utf-8")
    assert not re.search(
        r"filterwarnings|simplefilter|/home/|/tmp/|/root/|C:\\\\Users", notebook
    )
    assert load(path)["metadata"]["kernelspec"]["name"] == "python3"


# --- the contract itself can fail: each change below must be seen ---


def test_template_is_in_form():
    assert violations(load(TEMPLATE), number="99") == []


def drop(heading):
    def change(nb):
        nb["cells"] = [c for c in nb["cells"] if heading not in "".join(c["source"])]

    return change


def replace(old, new):
    def change(nb):
        for cell in nb["cells"]:
            cell["source"] = "".join(cell["source"]).replace(old, new)

    return change


def code(nb):
    return [c for c in nb["cells"] if c["cell_type"] == "code"]


CHANGES = {
    "not '# 99 Title'": replace("# 99 ", "# 98 "),
    "headings are": drop("## Break it"),
    r"lacks \*\*Time": replace("**Time.**", "Time"),
    "cells, expected 25": lambda nb: nb["cells"].extend(nb["cells"][:1] * 30),
    "words of text": lambda nb: nb["cells"][0]["source"].__iadd__(["word " * 1800]),
    "lines of code": lambda nb: code(nb)[0].update(source="x = 1\n" * 16),
    "than 100 characters": lambda nb: code(nb)[0].update(source="x" * 101),
    "no picture stands": lambda nb: nb["cells"].insert(
        1, {"cell_type": "markdown", "source": ["$$x$$"]}
    ),
    "no table": replace("| symbol | argument | meaning |", "| a | b | c |"),
    r"no \*\*Predict": replace("**Predict.**", "**See.**"),
    "no text reads": lambda nb: nb["cells"].append(
        next(c for c in code(nb) if c["outputs"])
    ),
    "not run once": lambda nb: code(nb)[1].update(execution_count=None),
    "error or a warning": lambda nb: code(nb)[0]["outputs"].append(
        {"output_type": "stream", "name": "stderr", "text": "w"}
    ),
    "no text description": lambda nb: [
        o["metadata"].clear() for c in code(nb) for o in c["outputs"] if "data" in o
    ],
    "asserts a method": replace("assert", "#"),
    "check questions": replace("**Q1.**", "Q1"),
    "question 2: options": replace("- B. Wrong:", "B"),
    "has no right answer": replace("Right:", "Wrong:"),
    "clings to the answer": replace("</details><br>", "</details>"),
    "points in the summary": replace("- First, mirrored", "First"),
    "lacks its year": replace("2016", ""),
    "which slide": replace("lide", "lode"),
    "link to the exercise": replace("../exercises/99_", "../"),
}


@pytest.mark.parametrize("message", CHANGES)
def test_contract_sees(message):
    notebook = copy.deepcopy(load(TEMPLATE))
    CHANGES[message](notebook)
    assert any(re.search(message, line) for line in violations(notebook, number="99"))


def test_contract_sees_a_dead_link(tmp_path):
    notebook = load(TEMPLATE)
    assert any(
        "leads nowhere" in v for v in violations(notebook, number="99", folder=tmp_path)
    )
