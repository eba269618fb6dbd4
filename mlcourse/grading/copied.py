"""The copy of the course that a student's process imports."""

import compileall
import re
import runpy
import shutil
from pathlib import Path

from mlcourse.grading import seccomp

CHECK = '''"""While grading, check() does nothing."""


def check(*args, **kwargs): ...
'''
SHOW = '''"""While grading, figures are not drawn."""


def show(*args, **kwargs): ...
'''


def build(folder: Path, hides: tuple[str, ...]) -> None:
    """Write the course that a worker sees: without ``hides`` and without the grader."""
    source = Path(__file__).parents[1]
    target = folder / "mlcourse"
    hidden = {source.parent.joinpath(*name.split(".")) for name in hides}

    def leave_out(where: str, names: list[str]) -> set[str]:
        paths = {name: Path(where, name) for name in names}
        out = {n for n, p in paths.items() if {p, p.with_suffix("")} & hidden}
        if Path(where) == source / "grading":
            out |= set(names) - _needed("worker")
        if Path(where) == source:
            out.add("cli")
        return out | {"__pycache__"}

    shutil.copytree(source, target, ignore=leave_out)
    (target / "grading/__init__.py").write_text(CHECK)
    (target / "plots/show.py").write_text(SHOW)
    (folder / "filter.bpf").write_bytes(seccomp.program())
    compileall.compile_dir(folder, quiet=2)


def bare(folder: Path) -> None:
    """Write a course of which a sandbox can be tried out, and nothing else."""
    (target := folder / "mlcourse/grading").mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("worker.py"), target)
    (folder / "filter.bpf").write_bytes(seccomp.program())


def copy_font_cache(folder: Path) -> None:
    """Put matplotlib's list of fonts into a course, so that no worker makes its own."""
    alone = Path(__file__).parents[1] / "plots/font_cache.py"  # all plots take seconds
    (folder / "matplotlib").mkdir()
    for path in runpy.run_path(str(alone))["font_cache"]():
        shutil.copy(path, folder / "matplotlib")


def _needed(module: str) -> set[str]:
    """Return the files of grading/ that one of its modules imports, with its own."""
    found, todo = set[str](), {f"{module}.py"}
    while todo:
        found |= todo
        text = "".join((Path(__file__).parent / name).read_text() for name in todo)
        named = re.findall(r"from mlcourse\.grading(?:\.(\w+)|) import (\w+)", text)
        todo = {f"{inner or name}.py" for inner, name in named} - found
    return found
