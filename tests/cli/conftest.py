"""Call the console command as a person does: in a process, in a folder."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest


@pytest.fixture
def call(tmp_path):
    """Run mlcourse with arguments in tmp_path; returns the finished process."""

    def run(*args, cwd=tmp_path, timeout=120):
        command = [str(Path(sys.executable).with_name("mlcourse")), *map(str, args)]
        return subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, timeout=timeout
        )

    return run


@pytest.fixture
def lectures(tmp_path):
    """Write a small lecture for each name; returns their folder."""
    folder = tmp_path / "lectures"
    folder.mkdir()

    def write(**sources):
        for name, cells in sources.items():
            code = [nbformat.v4.new_code_cell(source) for source in cells]
            notebook = nbformat.v4.new_notebook(cells=code)
            nbformat.write(notebook, folder / f"{name}.ipynb")
        return folder

    return write
