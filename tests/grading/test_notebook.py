import json
import os

import pytest

from mlcourse.grading.notebook import (
    NotebookError,
    code_cells,
    guess_exercise,
    parse_notebook,
    read_notebook,
)

KNOWN = ("01_relations", "03_distances")


def test_code_cells_of_strings_and_of_lines(write_notebook):
    path = write_notebook(["a = 1\nb = 2", ("markdown", "text"), "c = 3"])
    assert code_cells(read_notebook(path)) == ["a = 1\nb = 2", "c = 3"]
    content = json.loads(path.read_text())
    for cell in content["cells"]:
        cell["source"] = "".join(cell["source"])
    path.write_text(json.dumps(content), encoding="utf-8-sig")  # as Windows editors do
    assert code_cells(read_notebook(path)) == ["a = 1\nb = 2", "c = 3"]


DAMAGED = {
    "is empty": b" \n",
    "is not UTF-8 text": b'{"cells": "\xff"}',
    "is not JSON": b'{"cells": [',
    "is nested too deeply": b"[" * 200_000,
    "is not a notebook: it has no nbformat": b"[]",
    "its format is 3": b'{"nbformat": 3, "worksheets": []}',
    "it has no list of cells": b'{"nbformat": 4, "cells": {}}',
    "cell 1 has no type": b'{"nbformat": 4, "cells": [3]}',
    "cell 1 has no text": b'{"nbformat": 4, "cells": [{"cell_type": "code"}]}',
}


@pytest.mark.errors
@pytest.mark.parametrize("words", DAMAGED)
def test_a_damaged_file_is_one_line(tmp_path, words):
    path = tmp_path / "alice.ipynb"
    path.write_bytes(DAMAGED[words])
    with pytest.raises(NotebookError) as error:
        read_notebook(path)
    message = str(error.value)
    assert message.startswith("alice.ipynb")
    assert words in message
    assert "\n" not in message
    assert "save it again from JupyterLab" in message


@pytest.mark.errors
def test_lines_that_are_no_texts():
    raw = b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": [1]}]}'
    with pytest.raises(NotebookError, match="cell 1 has no text"):
        parse_notebook(raw, "x")


@pytest.mark.errors
def test_what_is_no_file(tmp_path):
    target = tmp_path / "real.ipynb"
    target.write_text("{}")
    link = tmp_path / "link.ipynb"
    link.symlink_to(target)
    with pytest.raises(NotebookError, match="link.ipynb is a link"):
        read_notebook(link)
    with pytest.raises(NotebookError, match="does not exist"):
        read_notebook(tmp_path / "nowhere.ipynb")
    with pytest.raises(NotebookError, match="cannot be opened|is not a file"):
        read_notebook(tmp_path)
    with pytest.raises(NotebookError, match="larger than 0 MiB"):
        read_notebook(target, limit=1)


@pytest.mark.errors
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this file system")
def test_a_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe.ipynb")
    with pytest.raises(NotebookError, match="is not a file"):
        read_notebook(tmp_path / "pipe.ipynb")


def test_what_a_notebook_says_outweighs_its_name(write_notebook):
    cells = [("markdown", "# Exercise 03 Distances"), 'check("03.1")']
    path = write_notebook(cells, "01_relations.ipynb")
    assert guess_exercise(path, read_notebook(path), KNOWN) == "03_distances"


def test_the_name_decides_where_the_notebook_is_silent(write_notebook):
    for name, expected in {
        "alice_01_relations-Copy1.ipynb": "01_relations",
        "hw 03.ipynb": "03_distances",
        "2026.ipynb": None,
        "07.ipynb": None,
    }.items():
        path = write_notebook(["x = 1", 'check("77.1")'], name)
        assert guess_exercise(path, read_notebook(path), KNOWN) == expected
