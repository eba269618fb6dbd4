"""mlcourse doctor: a line for each part, and what to do where one fails."""

import importlib.metadata
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import typer

#: A Python that the course runs on: at least the first, below the second.
PYTHON = ((3, 11), (3, 14))


def doctor() -> None:
    """Check Python, packages, kernel, data and one training step.

    Exit code 0: all of it works; 1: something does not, and its line says what to do.
    """
    parts = (python, packages, kernel, data, training_step, space)
    sound = [_report(part) for part in parts]
    typer.echo("All is well." if all(sound) else "Mend what failed, then run it again.")
    raise typer.Exit(not all(sound))


def _report(part: Callable[[], str]) -> bool:
    name = part.__name__.replace("_", " ")
    try:
        found = part()
    except Exception as error:  # whatever goes wrong is the diagnosis
        remedy = " ".join((part.__doc__ or "").split())
        message = " ".join(f"{type(error).__name__}: {error}".split())
        typer.secho(f"[FAIL] {name}: {message}", fg="red")
        typer.echo(f"       {remedy}")
        return False
    typer.echo(f"[ OK ] {name}: {found}")
    return True


def python() -> str:
    """Install Python 3.11, 3.12 or 3.13, delete .venv, run `make course` again."""
    version = ".".join(map(str, sys.version_info[:3]))
    if not PYTHON[0] <= sys.version_info < PYTHON[1]:
        raise RuntimeError(f"this is Python {version}")
    return f"{version} at {sys.executable}"


def packages() -> str:
    """Delete .venv and run `make course`, which installs the locked versions."""
    from packaging.requirements import Requirement

    declared = importlib.metadata.requires("mlcourse") or []
    needed = [Requirement(line) for line in declared]
    checked = 0
    for need in needed:
        if need.marker is None or need.marker.evaluate({"extra": "course"}):
            version = importlib.metadata.version(need.name)
            if not need.specifier.contains(version, prereleases=True):
                raise RuntimeError(
                    f"{need.name} is {version}, needed is {need.specifier}"
                )
            checked += 1
    return f"{checked} packages in the versions that the course needs"


def kernel() -> str:
    """Run `python -m pip install ipykernel` with the Python of the first line."""
    import nbformat

    from mlcourse.notebooks import run_notebook

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "doctor.ipynb"
        cell = nbformat.v4.new_code_cell("import sys; print(6 * 7, sys.executable)")
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
        answer = (
            run_notebook(path, timeout=60).cells[0].outputs[0].text.split(maxsplit=1)
        )
    if answer[0] != "42":
        raise RuntimeError(f"6 * 7 came back from the notebook kernel as {answer[0]}")
    return "a notebook runs in this Python"


def data() -> str:
    """Reinstall matplotlib, whose fonts they are; name a cache in MLCOURSE_CACHE."""
    import torch

    from mlcourse.datasets import glyphs

    drawn = glyphs(generator=torch.Generator().manual_seed(0))
    parts = (drawn.train, drawn.validation, drawn.test)
    count = sum(len(part.x) for part in parts)
    return f"{count:,} images of {len(drawn.characters)} characters drawn"


def training_step() -> str:
    """Reinstall torch: `python -m pip install --force-reinstall torch==2.13.0`."""
    import torch

    generator = torch.Generator().manual_seed(0)
    x = torch.randn(64, 8, generator=generator)
    L = torch.eye(8).requires_grad_()
    optimizer = torch.optim.SGD([L], lr=0.01)

    def loss() -> torch.Tensor:
        return ((x @ L.T)[:, 1:] ** 2).mean()

    before = loss()
    before.backward()
    optimizer.step()
    after = loss()
    if not after < before:
        raise RuntimeError(f"the loss went from {before:.3f} to {after:.3f}")
    return f"torch {torch.__version__}, loss {before:.3f} -> {after:.3f}"


def space() -> str:
    """Free some disk space: the course needs about 200 MB beside the packages."""
    free = shutil.disk_usage(Path.cwd()).free
    if free < 200e6:
        raise RuntimeError(f"{free / 1e6:.0f} MB are free here")
    return f"{free / 1e9:.0f} GB free"
