"""``leaderboard.csv``: who reached what, in the exercises whose checks tell a score."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from mlcourse.grading.grades import Grade
from mlcourse.grading.tables import Line, Table

Entry = tuple[Grade, dict[str, float]]
PLACE = ["exercise", "rank", "student", "alias"]


def leaderboard(grades: Iterable[Grade]) -> Table:
    """Return header and lines: by exercise, the largest first score at the top.

    Equal scores have an equal rank. Who has written a variable ``alias`` in the
    notebook has it here, so that the column ``student`` can be left out where the table
    is shown to everybody.
    """
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for grade in grades:
        told: dict[str, float] = {}
        for check in grade.row["checks"]:
            told |= check.get("scores", {})
        if told:
            found[grade.row["exercise"]].append((grade, told))
    names = {name: None for entries in found.values() for _, t in entries for name in t}
    lines = [line for _, entries in sorted(found.items()) for line in _ranked(entries)]
    return [*PLACE, *names], lines


def _ranked(entries: list[Entry]) -> Iterator[Line]:
    first = next(iter(entries[0][1]))
    values = [told.get(first, -float("inf")) for _, told in entries]
    for value, (grade, told) in sorted(zip(values, entries, strict=True), key=_key):
        row = grade.row
        yield {
            "exercise": row["exercise"],
            "rank": str(1 + sum(other > value for other in values)),
            "student": row["student"],
            "alias": row.get("alias", ""),
            **{name: f"{number:.4f}" for name, number in told.items()},
        }


def _key(entry: tuple[float, Entry]) -> tuple[float, str]:
    value, (grade, _) = entry
    return -value, grade.row["student"]
