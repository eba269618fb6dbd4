"""The table of the README: one row a lecture, read from the notebooks themselves."""

import json
import re
from pathlib import Path

BEGIN, END = "<!-- course map: written by `mlcourse release` -->", "<!-- end of map -->"
HEAD = (
    "| | lecture | in one sentence | minutes | exercise | points |\n"
    "|---|---|---|---|---|---|"
)


def course_map(root: Path) -> str:
    """The course as a Markdown table: lectures in order, each with its exercise."""
    lectures = sorted((root / "lectures").glob("[0-9][0-9]_*.ipynb"))
    return "\n".join([HEAD, *(_row(path, root) for path in lectures)])


def _row(path: Path, root: Path) -> str:
    text = _markdown(path)
    number, title = _find(r"^# (\d\d) (.+)$", text)
    (promise,) = _find(r"^> (.+)$", text)
    (minutes,) = _find(r"\*\*Time\.\*\* (\d+)", text)
    link, points = "", ""
    for exercise in (root / "solutions").glob(f"{number}_*.ipynb"):
        worth = re.findall(r"^## Task .*\((\d+) points?,", _markdown(exercise), re.M)
        link = f"[{len(worth)} tasks](exercises/{exercise.name})"
        points = str(sum(map(int, worth)))
    lecture = f"[{title}](lectures/{path.name})"
    return f"| {number} | {lecture} | {promise} | {minutes} | {link} | {points} |"


def _markdown(path: Path) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = ("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    return "\n\n".join(texts)


def _find(pattern: str, text: str) -> tuple[str, ...]:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise ValueError(f"no line like {pattern!r} in the notebook; see its template")
    return found.groups()


def with_map(readme: str, root: Path) -> str:
    """The README's text with the map between its two marks; as it is without them."""
    before, mark, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (mark and end):
        return readme
    return f"{before}{BEGIN}\n{course_map(root)}\n{END}{after}"
