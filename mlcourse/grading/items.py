"""``items.csv``: what each check says of the class, and the class of each check."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from statistics import correlation, mean

from mlcourse.grading.grades import Grade, by_numbers, number
from mlcourse.grading.results import Row
from mlcourse.grading.tables import Table
from mlcourse.grading.words import clean

#: Lists and numbers in a message, with the space before them.
NUMBERS = re.compile(r"\s*\[[^\[\]]*\]|\s*[-+]?\d[\d.,]*(e[-+]?\d+)?(?<![.,])")


def items(grades: Iterable[Grade]) -> Table:
    """Return header and lines: how many points a check gave, what it said most often.

    Its discrimination is the correlation with all other points of a submission.
    """
    header = ["exercise", "task", "check", "hidden", "points", "submissions"]
    header += ["passed", "mean", "discrimination"]
    header += [f"message_{i}" for i in (1, 2, 3)]
    seen: dict[tuple[str, str], list[tuple[Row, float]]] = defaultdict(list)
    for grade in grades:
        total = sum(check["earned"] for check in grade.row["checks"])
        for check in grade.row["checks"]:
            seen[grade.row["exercise"], check["name"]].append(
                (check, total - check["earned"])
            )
    lines: list[dict[str, str]] = []
    for (exercise, _), cases in seen.items():
        first = cases[0][0]
        earned, rest = [c["earned"] for c, _ in cases], [r for _, r in cases]
        varied = len(set(earned)) > 1 and len(set(rest)) > 1
        said = [clean(c["message"]) for c, _ in cases if c["message"]]
        heard = Counter(map(_kind, said))
        example = {_kind(message): message for message in reversed(said)}
        line = {"exercise": exercise, "task": first["task"], "check": first["title"]}
        line["hidden"] = "yes" if first["hidden"] else "no"
        line["submissions"] = str(len(cases))
        line |= {"points": number(first["points"]), "mean": f"{mean(earned):.3f}"}
        line["passed"] = f"{mean(c['status'] == 'passed' for c, _ in cases):.3f}"
        line["discrimination"] = f"{correlation(earned, rest):.2f}" if varied else ""
        for i, (kind, times) in enumerate(heard.most_common(3), start=1):
            line[f"message_{i}"] = f"{times} x {example[kind][:300]}"
        lines.append(line)
    lines.sort(key=lambda line: (line["exercise"], by_numbers(line["task"])))
    return header, lines


def _kind(message: str) -> str:
    """Return what the messages about one mistake share: all but the numbers.

    >>> _kind("row 3: got [0.5, -1e-3], expected 2. You forgot the root.")
    'row: got, expected. You forgot the root.'
    """
    _, cause, rest = message.partition("Likely mistake:")
    return cause + rest if cause else NUMBERS.sub("", message)
