import ast
import json
import os
import re
from pathlib import Path

import pytest

from mlcourse.grading import files
from mlcourse.grading.notebook import cell_source, code_cells, read_notebook
from mlcourse.grading.release import differences, generate, release
from mlcourse.grading.stub import ReleaseError, serialise, stub
from mlcourse.grading.task import hidden_points, load_checks

ROOT = Path(__file__).resolve().parents[2]
EXERCISES = sorted(p.stem for p in (ROOT / "solutions").glob("*.ipynb"))
NOTEBOOK = "exercises/01_relations.ipynb"
CHECKS = "exercises/checks/test_01_relations.py"


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_exercises_are_what_the_solutions_make():
    """If this fails: mlcourse release, and commit what it writes."""
    assert differences(ROOT, generate(ROOT)) == []


@pytest.mark.parametrize("name", EXERCISES)
def test_no_line_of_a_solution_is_in_its_exercise(name):
    solution = "\n".join(code_cells(read_notebook(ROOT / f"solutions/{name}.ipynb")))
    blocks = re.findall(r"# BEGIN SOLUTION\n(.*?)# END SOLUTION", solution, re.DOTALL)
    secret = {x.strip() for b in blocks for x in b.splitlines() if len(x.strip()) > 25}
    assert secret, "the solution has no lines to hide"
    shown = "\n".join(code_cells(read_notebook(ROOT / f"exercises/{name}.ipynb")))
    outside = re.sub(
        r"# BEGIN SOLUTION\n.*?# END SOLUTION", "", solution, flags=re.DOTALL
    )
    assert [line for line in secret if line in shown and line not in outside] == []


@pytest.mark.parametrize("name", EXERCISES)
def test_no_hidden_check_is_in_the_students_copy(name):
    checks = load_checks(ROOT / f"tests/autograde/test_{name}.py")
    path = ROOT / f"exercises/checks/test_{name}.py"
    copy = load_checks(path)
    text = path.read_text(encoding="utf-8")
    assert [c.name for c in copy] == [c.name for c in checks if not c.hidden]
    for hidden in (c for c in checks if c.hidden):
        assert hidden.name not in text
        assert hidden.title not in text
    assert "_hidden" not in text
    assert "hidden=True" not in text
    assert hidden_points(path, copy) == {
        task: sum(c.points for c in checks if c.hidden and c.task == task)
        for task in {c.task for c in checks if c.hidden}
    }


def test_a_notebook_becomes_an_exercise(course):
    made = generate(course)
    notebook = json.loads(made[NOTEBOOK])
    sources = [cell_source(cell) for cell in notebook["cells"]]
    assert sources[3] == (
        'def half(x):\n    """Half of x."""\n    raise NotImplementedError("Task 01.1")'
    )
    assert "pair = None" in sources
    assert 'explain_01_3 = ""' in sources
    assert [c["id"] for c in notebook["cells"]] == [
        f"c{i}"
        for i in range(12)
        if i != 5  # the worked solution is gone
    ]
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert b"SECRET" not in made[NOTEBOOK]


def test_checks_become_the_students_copy(course):
    text = generate(course)[CHECKS].decode()
    assert "SECRET" not in text
    assert "_hidden" not in text
    assert "used_by_hidden_only" not in text
    assert "LIMIT" not in text
    assert "math" not in text
    assert "import torch\n\nfrom mlcourse.grading import task\n\nHIDES = " in text
    assert text.startswith("# Written by `mlcourse release`")
    assert "\n\n\n\n" not in text
    assert [n.name for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)] == [
        "test_half",
        "test_pair",
        "test_text",
    ]
    assert ast.parse(text).body[-1].value.values[0].value == 1


def test_the_same_bytes_every_time(course):
    first = generate(course)
    release(course)
    assert generate(course) == first
    assert release(course) == []
    # Running and saving the solution again changes no byte either.
    path = course / "solutions" / "01_relations.ipynb"
    edit(path, "SECRET", "SECRET")
    notebook = json.loads(path.read_text())
    notebook["metadata"]["language_info"] = {"version": "3.99"}
    notebook["cells"][3]["execution_count"] = 77
    notebook["cells"][3]["metadata"]["execution"] = {"time": 1}
    path.write_text(json.dumps(notebook))
    assert generate(course) == first


def test_the_written_notebook_is_valid(course):
    import nbformat

    release(course)
    nbformat.validate(nbformat.read(course / NOTEBOOK, as_version=4))


def test_differences_are_named(course):
    release(course)
    assert differences(course, generate(course)) == []
    edit(course / CHECKS, "Half of four", "Half of five")
    (course / "exercises" / "09_stray.ipynb").write_text("{}")
    (course / NOTEBOOK).unlink()
    assert differences(course, generate(course)) == [
        f"{NOTEBOOK} is missing",
        f"{CHECKS} differs from its source",
        "exercises/09_stray.ipynb has no source",
    ]


@pytest.mark.errors
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("# END SOLUTION", "# END", "without '# END SOLUTION'"),
        ("# BEGIN SOLUTION", "# Begin solution", "does not pair up"),
        ("pair = (1, ", "print(1, ", "may only assign to names"),
        ("## Task 01.1", "## Part 1", "a solution before the first ## Task"),
        (
            "    # BEGIN SOLUTION",
            "   # BEGIN SOLUTION",
            "without its solution, unindent",
        ),
        ('"nbformat": 4', '"nbformat": 3', "its format is 3"),
    ],
)
def test_a_faulty_solution_is_refused(course, old, new, words):
    path = course / "solutions" / "01_relations.ipynb"
    edit(path, old, new)
    with pytest.raises(ReleaseError) as error:
        release(course)
    assert words in str(error.value)
    assert "01_relations.ipynb" in str(error.value)
    assert not (course / "exercises").exists()


@pytest.mark.errors
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("expected 2:", "{_hidden_x}", "a visible check uses _hidden_x"),
        ("LIMIT = 2", "print(2)", "holds imports, assignments, functions"),
        ("def test_pair", "def test_half", "test_half"),
    ],
)
def test_faulty_checks_are_refused(course, old, new, words):
    edit(course / "tests" / "autograde" / "test_01_relations.py", old, new)
    with pytest.raises(ReleaseError, match=words):
        release(course)


@pytest.mark.errors
def test_what_is_absent_is_named(course):
    (course / "tests" / "autograde" / "test_01_relations.py").unlink()
    with pytest.raises(ReleaseError, match=r"has no checks: test_01_relations\.py"):
        generate(course)
    (course / "solutions" / "01_relations.ipynb").rename(course / "solutions/x.ipynb")
    with pytest.raises(ReleaseError, match=r"x\.ipynb: expected a name NN_topic"):
        generate(course)
    (course / "solutions" / "x.ipynb").unlink()
    with pytest.raises(ReleaseError, match="no solutions/NN_topic"):
        generate(course)


def test_a_new_release_replaces_only_what_nobody_worked_in(course):
    release(course)
    path = course / NOTEBOOK
    notebook = json.loads(path.read_text())
    notebook["cells"][4]["outputs"] = [{"output_type": "stream", "text": "ran"}]
    path.write_text(json.dumps(notebook))  # a run leaves it as it was, for this
    edit(
        course / "solutions" / "01_relations.ipynb",
        "# Exercise 01",
        "# Exercise 01 new",
    )
    assert release(course) == [NOTEBOOK]
    edit(path, 'raise NotImplementedError(\\"Task 01.1\\")', "return x / 2")
    mine = path.read_bytes()
    edit(course / "solutions" / "01_relations.ipynb", "01 new", "01 newer")
    with pytest.raises(ReleaseError, match="01_relations.ipynb was edited since"):
        release(course)
    assert path.read_bytes() == mine
    path.write_text("damaged")
    with pytest.raises(ReleaseError, match="was edited since"):
        release(course)


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(
    tmp_path, monkeypatch
):
    path = tmp_path / "a.ipynb"
    files.write(path, b"old")
    assert path.stat().st_mode & 0o777 == 0o644

    def full(*args):
        raise OSError(28, "No space left on device")

    for function in ("fsync", "fdopen"):
        with monkeypatch.context() as patch:
            patch.setattr(os, function, full)
            with pytest.raises(OSError, match="No space"):
                files.write(path, b"new")
        assert path.read_bytes() == b"old"
        assert list(tmp_path.iterdir()) == [path]


def test_a_solution_of_many_shapes():
    cells = [
        ("markdown", "## Task 02.1 A"),
        (
            "code",
            "# BEGIN SOLUTION\na = b = 1\nc = f'{a}'\na = 2\n# END SOLUTION\nd = 1",
        ),
        (
            "code",
            "class A:\n    def f(self):\n        # BEGIN SOLUTION\n        return 1\n"
            "        # END SOLUTION\n    def g(self):\n        # BEGIN SOLUTION\n"
            "        return 2\n        # END SOLUTION",
        ),
    ]
    made = stub(
        {"cells": [{"cell_type": k, "source": s} for k, s in cells]}, "02_x.ipynb"
    )
    sources = [cell_source(cell) for cell in made["cells"]]
    assert sources[1] == 'a = None\nb = None\nc = ""\nd = 1'
    assert sources[2].count('raise NotImplementedError("Task 02.1")') == 2
    assert "return" not in sources[2]
    assert [cell["id"] for cell in made["cells"]] == ["cell-01", "cell-02", "cell-03"]
    assert serialise(made) == serialise(json.loads(serialise(made)))
