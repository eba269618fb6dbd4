"""mlcourse release: the exercises from the solutions, and the students' bundle."""

from pathlib import Path
from typing import Annotated

import typer

from mlcourse.cli._say import course_root, fail
from mlcourse.grading.bundle import Delivery, deliver
from mlcourse.grading.release import differences, generate
from mlcourse.grading.release import release as write_exercises
from mlcourse.grading.stub import ReleaseError
from mlcourse.grading.task import CheckError


def release(
    verify: Annotated[
        bool, typer.Option("--verify", help="Write nothing; name what is out of date.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write a bundle for students into this folder."),
    ] = None,
) -> None:
    """Write the exercises from the solutions: stubs, visible checks, no outputs.

    With `--out`, write a folder for students; work of theirs in it is never
    overwritten.

    Exit code 0: done; 1: out of date (`--verify`); 2: a source cannot be released.

    Examples: `mlcourse release`, `mlcourse release --verify`,
    `mlcourse release --out ../students`.
    """
    root = course_root()
    if not (root / "solutions").is_dir():
        fail(
            f"no folder solutions/ in {root}; a release is made in the course's sources"
        )
    try:
        if verify:
            _verify(root)
        elif out is None:
            changed = write_exercises(root)
            typer.echo("\n".join(f"wrote {name}" for name in changed) or "up to date")
        else:
            spared = deliver(root, out)
            for delivery in spared:
                typer.echo(_sentence(delivery))
            typer.echo(f"The bundle for students is in {out}.")
    except (ReleaseError, CheckError) as error:
        fail(str(error))
    except OSError as error:
        reason = error.strerror or str(error)
        fail(f"{error.filename or out or root}: {reason}; nothing is half-written")


def _verify(root: Path) -> None:
    lines = differences(root, generate(root))
    for line in lines:
        typer.echo(line, err=True)
    if lines:
        fail("exercises/ is out of date; run: mlcourse release", code=1)
    typer.echo("exercises/ is up to date")


def _sentence(delivery: Delivery) -> str:
    kept = f"kept {delivery.name} as its owner changed it"
    if not delivery.beside:
        return kept
    answers = (
        f", {delivery.carried} of {delivery.gaps} answers carried over"
        if delivery.gaps
        else ""
    )
    return f"{kept}; the new version is {delivery.beside} beside it{answers}"
