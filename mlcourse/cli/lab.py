"""mlcourse lab: JupyterLab, opened on the course map."""

import subprocess
import sys
from pathlib import Path

import typer

from mlcourse import trust
from mlcourse.cli._say import course_root

#: No server is asked for news (the course works offline); Markdown opens rendered.
SETTINGS = Path(__file__).with_name("lab_settings")
INDEX = "/lab/tree/README.md"


def lab(context: typer.Context) -> None:
    """Open JupyterLab on the course index; Ctrl-C in the terminal ends it.

    Lectures as they were released are trusted, so that their sliders show at once.
    Further arguments go to JupyterLab. Example: `mlcourse lab --port 9000`.
    """
    root = course_root()
    try:
        trust.sign(root)
    except OSError as error:
        reason = error.strerror or error
        typer.echo(f"Sliders show once their cell is run ({reason}).")
    command = [sys.executable, "-m", "jupyterlab", f"--LabApp.default_url={INDEX}"]
    command.append(f"--LabApp.app_settings_dir={SETTINGS}")
    try:
        done = subprocess.run([*command, *context.args], cwd=root, check=False)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    raise typer.Exit(done.returncode)
