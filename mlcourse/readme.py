"""The README's two tables, each between its marks: what is written there is derived."""

from pathlib import Path

from mlcourse.course_map import course_map
from mlcourse.slide_map import slide_map

MAPS = {"course map": course_map, "slide map": slide_map}
END = "<!-- end of map -->"


def with_maps(readme: str, root: Path) -> str:
    """Return the text with each map between its marks; as it is without them."""
    for name, written in MAPS.items():
        begin = f"<!-- {name}: written by `mlcourse release` -->"
        before, mark, rest = readme.partition(begin)
        _, end, after = rest.partition(END)
        if mark and end:
            readme = f"{before}{begin}\n{written(root)}\n{END}{after}"
    return readme
