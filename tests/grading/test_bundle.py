import contextlib
import json

import pytest

from mlcourse.grading import files
from mlcourse.grading.bundle import MEMORY, Delivery, contents, deliver
from mlcourse.grading.notebook import code_cells, read_notebook
from mlcourse.grading.stub import ReleaseError

NOTEBOOK = "exercises/01_relations.ipynb"


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def answer(path, code="return x / 2"):
    edit(path, 'raise NotImplementedError(\\"Task 01.1\\")', code)


def change_the_course(course):
    edit(
        course / "solutions" / "01_relations.ipynb", "## Task 01.1", "## Task 01.1 new"
    )


def everything(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_what_students_get(course, tmp_path):
    (course / "mlcourse" / "__pycache__").mkdir()
    (course / "mlcourse" / "__pycache__" / "x.pyc").write_bytes(b"x")
    (course / "mlcourse" / ".DS_Store").write_bytes(b"x")
    out = tmp_path / "students"
    assert deliver(course, out) == []
    names = {p.relative_to(out).as_posix() for p in everything(out)}
    assert names == {
        NOTEBOOK,
        "exercises/checks/test_01_relations.py",
        "lectures/01_relations.ipynb",
        "mlcourse/__init__.py",
        "pyproject.toml",
        MEMORY,
    }
    secret = [p for p, c in everything(out / "exercises").items() if b"SECRET" in c]
    assert secret == []


def test_nothing_new_changes_nothing(course, tmp_path):
    out = tmp_path / "students"
    deliver(course, out)
    before = everything(out)
    assert deliver(course, out) == []
    assert everything(out) == before


def test_a_notebook_that_was_only_run_is_replaced(course, tmp_path):
    out = tmp_path / "students"
    deliver(course, out)
    notebook = json.loads((out / NOTEBOOK).read_text())
    notebook["cells"][1]["execution_count"] = 5
    notebook["metadata"] = {}
    (out / NOTEBOOK).write_text(json.dumps(notebook))
    ran = (out / NOTEBOOK).read_bytes()
    assert deliver(course, out) == []
    assert (out / NOTEBOOK).read_bytes() == ran
    change_the_course(course)
    assert deliver(course, out) == []
    assert (out / NOTEBOOK).read_bytes() == contents(course)[NOTEBOOK]


def test_answers_are_never_overwritten_and_carried_over(course, tmp_path):
    out = tmp_path / "students"
    deliver(course, out)
    answer(out / NOTEBOOK)
    edit(out / NOTEBOOK, "pair = None", "pair = (3, 4)")
    mine = (out / NOTEBOOK).read_bytes()
    assert deliver(course, out) == [Delivery(NOTEBOOK)]  # nothing new: nothing beside
    change_the_course(course)
    beside = "01_relations.new.ipynb"
    assert deliver(course, out) == [Delivery(NOTEBOOK, beside, 2, 3)]
    assert (out / NOTEBOOK).read_bytes() == mine
    new = read_notebook(out / "exercises" / beside)
    cells = code_cells(new)
    assert 'def half(x):\n    """Half of x."""\n    return x / 2' in cells
    assert "pair = (3, 4)" in cells
    assert 'explain_01_3 = ""' in cells
    assert "01.1 new" in (out / "exercises" / beside).read_text()
    # The same release again leaves it at that.
    before = everything(out)
    assert deliver(course, out) == [Delivery(NOTEBOOK)]
    assert everything(out) == before


def test_work_in_the_new_version_is_spared_too(course, tmp_path):
    out = tmp_path / "students"
    deliver(course, out)
    answer(out / NOTEBOOK)
    change_the_course(course)
    deliver(course, out)
    first = out / "exercises" / "01_relations.new.ipynb"
    edit(first, "x / 2", "x / 2.0")
    kept = first.read_bytes()
    edit(course / "solutions" / "01_relations.ipynb", "01.1 new", "01.1 newer")
    [delivery] = deliver(course, out)
    assert delivery.beside == "01_relations.new-2.ipynb"
    assert first.read_bytes() == kept


@pytest.mark.parametrize(
    "code",
    [
        "return x / 2\n\ndef half(x, y):\n    return y",  # another signature
        "return x /",
    ],
)
def test_what_is_not_safe_is_not_carried_over(course, tmp_path, code):
    out = tmp_path / "students"
    deliver(course, out)
    answer(out / NOTEBOOK, json.dumps(code)[1:-1])
    mine = (out / NOTEBOOK).read_bytes()
    change_the_course(course)
    [delivery] = deliver(course, out)
    assert (delivery.carried, delivery.gaps) == (0, 3)
    assert (out / NOTEBOOK).read_bytes() == mine


def test_two_cells_of_one_name_are_not_chosen_from(course, tmp_path):
    out = tmp_path / "students"
    deliver(course, out)
    answer(out / NOTEBOOK)
    notebook = json.loads((out / NOTEBOOK).read_text())
    notebook["cells"].append(notebook["cells"][3])
    (out / NOTEBOOK).write_text(json.dumps(notebook))
    change_the_course(course)
    assert deliver(course, out)[0].carried == 0


def test_a_damaged_notebook_is_spared(course, tmp_path):
    out = tmp_path / "students"
    deliver(course, out)
    (out / NOTEBOOK).write_bytes(b"\xff half a note")
    change_the_course(course)
    [delivery] = deliver(course, out)
    assert (out / NOTEBOOK).read_bytes() == b"\xff half a note"
    assert delivery == Delivery(NOTEBOOK, "01_relations.new.ipynb", 0, 3)


def test_lectures_and_other_files_are_spared_too(course, tmp_path):
    out = tmp_path / "students"
    deliver(course, out)
    edit(out / "lectures" / "01_relations.ipynb", "1 + 1", "1 + 2")
    edit(out / "pyproject.toml", "[project]", "[mine]")
    edit(course / "lectures" / "01_relations.ipynb", "1 + 1", "1 + 1 + 1")
    edit(course / "pyproject.toml", "[project]", "[theirs]")
    spared = deliver(course, out)
    assert {(d.name, d.beside) for d in spared} == {
        ("lectures/01_relations.ipynb", "01_relations.new.ipynb"),
        ("pyproject.toml", "pyproject.new.toml"),
    }
    assert (out / "pyproject.toml").read_text() == "[mine]\n"


@pytest.mark.errors
def test_a_folder_of_something_else_is_left_alone(course, tmp_path):
    out = tmp_path / "home"
    out.mkdir()
    (out / ".git").mkdir()
    (out / "thesis.tex").write_text("x")
    with pytest.raises(ReleaseError, match="holds files but no earlier release"):
        deliver(course, out)
    assert sorted(p.name for p in out.iterdir()) == [".git", "thesis.tex"]
    (out / "thesis.tex").unlink()
    assert deliver(course, out) == []
    (out / MEMORY).write_text("{")
    with pytest.raises(ReleaseError, match="is damaged"):
        deliver(course, out)
    with pytest.raises(ReleaseError, match="is a file"):
        deliver(course, out / MEMORY)


def test_stopped_half_way_it_is_finished_by_the_next_run(course, tmp_path, monkeypatch):
    out = tmp_path / "students"
    deliver(course, out)
    answer(out / NOTEBOOK)
    mine = (out / NOTEBOOK).read_bytes()
    change_the_course(course)
    edit(course / "pyproject.toml", "[project]", "[theirs]")
    write = files.write
    for stop in range(4):
        written = []

        def failing(path, content, stop=stop, written=written):
            if len(written) == stop:
                raise OSError(28, "No space left on device")
            written.append(path)
            write(path, content)

        with monkeypatch.context() as patch:
            patch.setattr(files, "write", failing)
            with contextlib.suppress(OSError):
                deliver(course, out)
        assert (out / NOTEBOOK).read_bytes() == mine
    deliver(course, out)
    assert (out / "pyproject.toml").read_text() == "[theirs]\n"
    assert (out / NOTEBOOK).read_bytes() == mine
    new = sorted(p.name for p in (out / "exercises").glob("*.new*"))
    assert new == ["01_relations.new.ipynb"]


def test_the_first_run_cut_off_is_finished_by_the_next(course, tmp_path, monkeypatch):
    whole, out = tmp_path / "whole", tmp_path / "students"
    deliver(course, whole)
    write, written = files.write, []

    def failing(path, content):
        if len(written) == 4:
            raise OSError(28, "No space left on device")
        written.append(path)
        write(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(files, "write", failing)
        with pytest.raises(OSError, match="No space left"):
            deliver(course, out)
    assert deliver(course, out) == []
    made = {p.relative_to(out): content for p, content in everything(out).items()}
    full = {p.relative_to(whole): content for p, content in everything(whole).items()}
    assert made == full
