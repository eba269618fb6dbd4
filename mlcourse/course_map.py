"""The first table of the README: a row a lecture, read from the notebooks."""

import json
import re
from pathlib import Path

HEAD = (
    "| | lecture | in one sentence | minutes | exercise | points |\n"
    "|---|---|---|---|---|---|"
)


def course_map(root: Path) -> str:
    """The course as a Markdown table: lectures in order, each with its exercise."""
    lectures = sorted((root / "lectures").glob("[0-9][0-9]_*.ipynb"))
    return "\n".join([HEAD, *(_row(path, root) for path in lectures)])


def _row(path: Path, root: Path) -> str:
    text = markdown(path)
    number, title = _find(r"^# (\d\d) (.+)$", text)
    (promise,) = _find(r"^> (.+)$", text)
    (minutes,) = _find(r"\*\*Time\.\*\* (\d+)", text)
    link, points = "", ""
    for exercise in (root / "solutions").glob(f"{number}_*.ipynb"):
        worth = re.findall(r"^## Task .*\((\d+) points?,", markdown(exercise), re.M)
        link = f"[{len(worth)} tasks](exercises/{exercise.name})"
        points = str(sum(map(int, worth)))
    lecture = f"[{title}](lectures/{path.name})"
    return f"| {number} | {lecture} | {promise} | {minutes} | {link} | {points} |"


def markdown(path: Path) -> str:
    """Return the text cells of a notebook, one after another."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = ("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    return "\n\n".join(texts)


def _find(pattern: str, text: str) -> tuple[str, ...]:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise ValueError(f"no line like {pattern!r} in the notebook; see its template")
    return found.groups()
