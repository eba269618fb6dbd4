"""The style of the house: small files, stated formulas, clean tools."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mlcourse

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "mlcourse").glob("**/*.py"))
#: Folders whose public functions are methods of the field, each with its formula.
METHODS = (*mlcourse.CHAPTERS, "evaluation")


def tool(*command):
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff_finds_nothing():
    tool("ruff", "check", "--no-cache", ".")


def test_ruff_would_format_nothing():
    tool("ruff", "format", "--no-cache", "--check", ".")


def test_mypy_strict_finds_nothing(tmp_path):
    tool("mypy", "--cache-dir", str(tmp_path))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_is_one_idea(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    limit = 100 if path.parent.name in METHODS else 180
    assert len(lines) <= limit, f"{len(lines)} lines: split it by idea"


def public_functions(path):
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_":
            yield node


@pytest.mark.parametrize("chapter", METHODS)
def test_public_method_states_formula_shapes_source_and_example(chapter):
    package = __import__(f"mlcourse.{chapter}", fromlist=["__all__"])
    for path in (ROOT / "mlcourse" / chapter).glob("[!_]*.py"):
        for node in public_functions(path):
            if node.name in package.__all__:
                doc = ast.get_docstring(node) or ""
                gives = "Attributes" if isinstance(node, ast.ClassDef) else "Returns"
                for part in (".. math::", "Parameters", gives, "Source:", ">>>"):
                    assert part in doc, f"{node.name} in {path.name} lacks {part}"


def test_only_plots_imports_matplotlib():
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [
            a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names
        ]
        names += [
            n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)
        ]
        draws = any(name.split(".")[0] == "matplotlib" for name in names)
        assert not draws or path.parent.name == "plots", path


@pytest.mark.parametrize("chapter", mlcourse.CHAPTERS)
def test_importing_a_chapter_imports_no_other(chapter):
    code = f"import sys, mlcourse.{chapter}; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = {m.split(".")[1] for m in done.stdout.split() if m.startswith("mlcourse.")}
    assert loaded & {*mlcourse.CHAPTERS, *mlcourse.SERVICES} == {chapter}


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, mlcourse, mlcourse.cli; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert {"torch", "sklearn", "matplotlib"}.isdisjoint(done.stdout.split())


@pytest.mark.parametrize("chapter", METHODS)
def test_every_public_name_is_tested_in_its_own_folder(chapter):
    package = __import__(f"mlcourse.{chapter}", fromlist=["__all__"])
    tests = "".join(p.read_text() for p in (ROOT / "tests" / chapter).glob("test_*.py"))
    assert [name for name in package.__all__ if name not in tests] == []
