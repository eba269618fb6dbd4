"""One list of dependencies; the lock and every way to install follow it."""

import ast
import importlib.metadata
import json
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from mlcourse.cli import doctor

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DECLARED = [
    Requirement(line)
    for group in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    for line in group
]
LOCK = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
#: What is imported under another name than it is installed by.
IMPORT_NAMES = {
    "PIL": "pillow",
    "yaml": "pyyaml",
    "sklearn": "scikit-learn",
    "fontTools": "fonttools",
    "faiss": "faiss-cpu",
}
#: Come with a declared package and belong to it: jupyterlab, ipykernel.
BUNDLED = {"IPython", "jupyter_client", "traitlets"}


def pinned(name):
    """The lock's version of a package in this Python."""
    here = [r for r in LOCK if canonicalize_name(r.name) == canonicalize_name(name)]
    here = [r for r in here if r.marker is None or r.marker.evaluate()]
    assert len(here) == 1, (
        f"{name} is pinned {len(here)} times for this Python; rebuild the lock"
    )
    return str(here[0].specifier).removeprefix("==")


@pytest.mark.parametrize("need", DECLARED, ids=lambda r: r.name)
def test_declared_package_is_locked_in_a_version_that_fits(need):
    if need.marker is None or need.marker.evaluate({"extra": ""}):
        assert need.specifier.contains(pinned(need.name), prereleases=True)


def test_lock_holds_every_package_below_the_declared_ones_as_installed():
    todo, seen = [("mlcourse", {"course", "test"})], set()
    while todo:
        name, extras = todo.pop()
        for need in map(Requirement, importlib.metadata.requires(name) or []):
            wanted = need.marker is None or any(
                need.marker.evaluate({"extra": extra}) for extra in extras | {""}
            )
            # CPU builds of torch leave out the CUDA packages that its index names.
            key = (canonicalize_name(need.name), frozenset(need.extras))
            if wanted and key not in seen:
                seen.add(key)
                todo.append((need.name, set(need.extras)))
                installed = importlib.metadata.version(need.name).split("+")[0]
                assert installed == pinned(need.name), need.name
    assert len(seen) > 100


def test_lock_names_exact_versions_and_no_place():
    text = (ROOT / "constraints.txt").read_text()
    assert "://" not in text
    assert "@" not in text
    assert all(
        len(r.specifier) == 1 and str(r.specifier).startswith("==") for r in LOCK
    )
    assert pinned("torch") == "2.13.0"


def test_every_way_to_install_uses_the_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, packages = environment["dependencies"]
    assert packages == {"pip": ["-c constraints.txt", "-e .[course,test]"]}
    assert pip == "pip"
    assert SpecifierSet(PROJECT["requires-python"]).contains(
        python.removeprefix("python=")
    )
    tasks = (ROOT / "tasks.py").read_text()
    assert '"-c", str(LISTS[1]), "-e", str(ROOT) + "[course,test]"' in tasks
    assert 'ROOT / "constraints.txt"' in tasks


def test_supported_pythons_are_stated_alike_everywhere():
    low, high = re.fullmatch(
        r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]
    ).groups()
    for name in ("tasks.py", "Makefile"):
        assert re.search(
            rf"\(3, {low}\) <= sys.version_info(\[:2\])? < \(3, {high}\)",
            (ROOT / name).read_text(),
        )
    assert ((3, int(low)), (3, int(high))) == doctor.PYTHON


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


def sources():
    for path in (
        *ROOT.glob("mlcourse/**/*.py"),
        *ROOT.glob("tests/**/*.py"),
        ROOT / "tasks.py",
    ):
        yield path, path.read_text(encoding="utf-8")
    for path in (*ROOT.glob("lectures/*.ipynb"), *ROOT.glob("solutions/*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for cell in cells:
            if cell["cell_type"] == "code":
                yield path, "".join(cell["source"])


def test_everything_imported_is_declared():
    declared = {canonicalize_name(r.name) for r in DECLARED}
    ours = {"mlcourse", *(p.stem for p in ROOT.glob("tests/**/*.py"))}
    for path, text in sources():
        for name in imported(ast.parse(text)):
            known = name in sys.stdlib_module_names or name in ours | BUNDLED
            package = canonicalize_name(IMPORT_NAMES.get(name, name))
            assert known or package in declared, f"{path.name} imports {name}"
