"""The README keeps what it promises: its map, its links, its commands, its example."""

import ast
import contextlib
import importlib
import io
import json
import os
import re
from pathlib import Path

import pytest

from mlcourse.course_map import markdown
from mlcourse.grading.bundle import contents
from mlcourse.readme import with_maps
from mlcourse.slide_map import SLIDES

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_maps_are_up_to_date():
    assert with_maps(README, ROOT) == README, "run `mlcourse release`"
    assert "| 01 | [" in README
    assert "| Relations: grouping |" in README


@pytest.mark.parametrize("slide", SLIDES, ids=lambda slide: slide[0])
def test_slide_has_code_a_lecture_and_tasks(slide):
    _, _, code, at, tasks = slide
    for part in code.split(", "):
        chapter, _, names = part.partition(".")
        module = importlib.import_module(f"mlcourse.{chapter}")
        assert [name for name in names.split() if not hasattr(module, name)] == []
    number, section = at.split(" ", 1)
    wanted = [("lectures", number, f"## {section}\n")]
    wanted += [("solutions", task[:2], f"## Task {task} ") for task in tasks.split()]
    for folder, begins, heading in wanted:
        (path,) = (ROOT / folder).glob(f"{begins}_*.ipynb")
        assert f"\n{heading}" in f"\n{markdown(path)}\n", f"{heading!r} in {path.name}"


def test_links_and_pictures_lead_to_files():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_picture_has_a_description():
    assert all(len(alt) > 40 for alt in re.findall(r"!\[(.*?)\]\(", README))


def test_commands_exist():
    makefile = (ROOT / "Makefile").read_text()
    tasks = (ROOT / "tasks.py").read_text()
    for name in re.findall(r"`?make (\w+)", README):
        assert re.search(rf"^{name}\b|^\w.* {name}\b", makefile, re.MULTILINE), name
        assert f'"{name}":' in tasks, name
    for name in re.findall(r"mlcourse (\w+)[ `]", README.split("## The course")[1]):
        if name not in ("import",):
            assert (ROOT / "mlcourse" / "cli" / f"{name}.py").exists(), name


def test_example_for_engineers_runs():
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example, "README.md", "exec"), {})
    losses, measures = printed.getvalue().splitlines()[:2], printed.getvalue()
    assert all(float(re.fullmatch(r"tensor\((.+)\)", line)[1]) > 0 for line in losses)
    found = ast.literal_eval(measures.splitlines()[2])
    assert 0 <= found["map_at_r"] <= found["r_precision"] <= found["recall@8"] <= 1


def test_continuous_integration_runs_the_readmes_test_command():
    script = (ROOT / ".ci" / "run").read_text()
    commands = [line for line in script.splitlines() if line and line[0] not in "#s"]
    assert commands == ['cd "$(dirname "$0")/.."', "make test"]


def test_links_hold_in_what_students_get():
    """Links of README, docs and lectures lead to files that are handed out too."""
    made = contents(ROOT)
    pages = [name for name in made if name.endswith((".md", ".ipynb"))]
    for page in pages:
        text = made[page].decode()
        if page.endswith(".ipynb"):
            cells = json.loads(text)["cells"]
            text = "\n".join(
                "".join(c["source"]) for c in cells if c["cell_type"] == "markdown"
            )
        for target in re.findall(r"\]\((?!https?:|#)([^)# ]+)", text):
            path = os.path.normpath(Path(page).parent / target)
            found = path in made or any(name.startswith(path + "/") for name in made)
            assert found, f"{page} links to {target}"
