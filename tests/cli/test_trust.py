"""Lectures as they were released are signed for JupyterLab; no other notebook is."""

import json
import sqlite3
from pathlib import Path

import nbformat
import pytest
from nbformat.sign import NotebookNotary

from mlcourse import trust

ROOT = Path(__file__).resolve().parents[2]
WIDGET = {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}}


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of two lectures on record, and a folder for Jupyter's data."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "lectures").mkdir()
    for name in ("01_a", "02_b"):
        cell = nbformat.v4.new_code_cell(f"slider('{name}')")
        cell.outputs = [nbformat.v4.new_output("display_data", WIDGET)]
        book = nbformat.v4.new_notebook(cells=[cell])
        nbformat.write(book, tmp_path / "lectures" / f"{name}.ipynb")
    monkeypatch.setattr(trust, "RELEASED", tmp_path / "released.json")
    trust.RELEASED.write_bytes(trust.record(tmp_path))
    return tmp_path


def trusted(path):
    """Whether Jupyter finds a signature of this notebook."""
    notary = NotebookNotary()
    try:
        return notary.check_signature(nbformat.read(path, as_version=4))
    finally:
        notary.store.close()


def test_as_released_it_is_trusted_and_nothing_is_written_beside(course):
    before = {p: p.read_bytes() for p in (course / "lectures").iterdir()}
    assert trust.sign(course) == ["01_a.ipynb", "02_b.ipynb"] == trust.sign(course)
    assert all(trusted(path) for path in before)
    assert {p: p.read_bytes() for p in (course / "lectures").iterdir()} == before


def changed_output(book):
    html = {"text/html": "<script>alert(1)</script>"}
    book["cells"][0]["outputs"] = [nbformat.v4.new_output("display_data", html)]


def changed_code(book):
    book["cells"][0]["source"] = "import os"


def changed_widgets(book):
    book["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {}}


@pytest.mark.parametrize("change", [changed_output, changed_code, changed_widgets])
def test_changed_it_is_not_trusted(course, change):
    path = course / "lectures" / "01_a.ipynb"
    book = json.loads(path.read_text())
    change(book)
    path.write_text(json.dumps(book))
    assert trust.sign(course) == ["02_b.ipynb"]
    assert not trusted(path)


def test_neither_are_others_under_any_name(course):
    folder = course / "lectures"
    (folder / "03_mine.ipynb").write_bytes((folder / "01_a.ipynb").read_bytes())
    (folder / "01_a.ipynb").write_bytes((folder / "02_b.ipynb").read_bytes())
    (folder / "02_b.ipynb").write_text("{")
    (folder / "04_deep.ipynb").write_text("[" * 100_000)
    assert trust.sign(course) == []


def test_the_ends_of_lines_say_nothing(course):
    path = course / "lectures" / "01_a.ipynb"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert "01_a.ipynb" in trust.sign(course)
    assert trusted(path)


def test_nor_does_the_order_of_its_keys(course):
    path = course / "lectures" / "01_a.ipynb"
    book = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(book.items()))))
    assert trust.sign(course) == ["01_a.ipynb", "02_b.ipynb"]


def test_where_nothing_can_be_written_it_is_said(course, monkeypatch):
    (course / "data").write_text("a file")
    with pytest.raises(OSError, match="is not a directory"):
        trust.sign(course)
    (course / "data").unlink()

    def locked(notary, notebook):
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(NotebookNotary, "sign", locked)
    with pytest.raises(OSError, match="nbsignatures.db: database is locked"):
        trust.sign(course)


def test_the_lectures_of_this_course_are_on_record():
    said = trust.RELEASED.read_bytes()
    assert said == trust.record(ROOT), "run `mlcourse release`"
