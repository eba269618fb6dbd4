"""The console command: one file a command, imported only when it is called."""

import sys
from importlib import import_module
from typing import Any, NoReturn

import typer

import mlcourse

#: The function of that name in mlcourse/cli/<command>.py, and its line in --help.
COMMANDS = {
    "lab": "Open JupyterLab on the course index.",
    "run": "Run lectures from the first cell to the last, with a progress bar.",
    "check": "Check your answers in an exercise notebook.",
    "progress": "Show how far you are in the exercises.",
    "doctor": "Find out whether everything works, and what to do if not.",
    "release": "For instructors: write the exercises from the solutions.",
    "grade": "For instructors: grade a folder of submissions.",
}
#: A wrong option or argument, in Typer's own copy of click.
UsageError: Any = typer.BadParameter.__mro__[1]
NO_LINUX = (
    "mlcourse grade needs Linux: use WSL 2, a virtual machine or a container; "
    "`mlcourse check` works everywhere"
)


def _called_by_name() -> None:
    """Stand in for the commands that were not called: they are only listed."""


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mlcourse {mlcourse.__version__}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True),
) -> None:
    """Similarity and deep metric learning: the course's command line.

    Examples: `mlcourse run 01`, `mlcourse check exercises/01_relations.ipynb`,
    `mlcourse grade submissions --out graded`.
    """


def app() -> None:
    """Run the command named first on the command line; an error is one line."""
    called = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if called == "grade" and sys.platform != "linux":  # its imports would fail
        _end(NO_LINUX)
    commands = typer.Typer(add_completion=False, callback=_options)
    for name, line in COMMANDS.items():
        function = _called_by_name
        if name == called:
            function = getattr(import_module(f"mlcourse.cli.{name}"), name)
        settings = {"allow_extra_args": True, "ignore_unknown_options": True}
        extra = settings if name == "lab" else None
        commands.command(name, short_help=line, context_settings=extra)(function)
    try:
        code = commands([called, *sys.argv[2:]], standalone_mode=False)
    except UsageError as error:
        command = f"mlcourse {called}" if called in COMMANDS else "mlcourse"
        _end(f"{error.format_message()} See {command} --help.")
    sys.exit(code)


def _end(message: str) -> NoReturn:
    """Print one line on stderr; exit code 2."""
    typer.secho(" ".join(message.split()), fg="red", err=True)
    sys.exit(2)
