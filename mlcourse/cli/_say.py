"""What the commands have in common: where the course is, and one-line errors."""

from pathlib import Path
from typing import NoReturn

import typer


def fail(message: str, *, code: int = 2) -> NoReturn:
    """Print one line on stderr and leave with the given exit code."""
    typer.secho(" ".join(message.split()), fg="red", err=True)
    raise typer.Exit(code)


def course_root() -> Path:
    """The nearest folder at or above the current one that holds lectures/."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "lectures").is_dir():
            return folder
    fail(f"no folder lectures/ in {here} or above it; change into the course's folder")
