"""``alike.csv``: pairs of submissions whose own code is nearly the same.

A hint for a person, never a verdict: short tasks have few right answers.
"""

import keyword
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from mlcourse.grading.submissions import Submission
from mlcourse.grading.tables import Table

HEADER = ["exercise", "student_a", "student_b", "alike", "of_a", "of_b"]
#: Length of a run of tokens; runs that more than this share (and 2) have say nothing.
RUN, COMMON = 8, 0.3
#: A pair is listed from this cosine on, if either has so many runs of its own.
ALIKE, ENOUGH = 0.7, 40
TOKEN = re.compile(r"(\.\s*\w+|[^\W\d]\w*|[\d.]+\w*|[^\w\s])")


def alike(submissions: Iterable[Submission]) -> Table:
    """Return header and lines, the most alike pairs of each exercise first.

    Compared are runs of eight tokens, without comments and with all names alike but
    those of attributes, weighted by how few submissions have them (the cosine of tf-idf
    vectors). Runs that more than three submissions in ten have, as those of the stubs,
    count nothing; of two submissions nothing is said.
    """
    by_exercise: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for one in submissions:
        if one.exercise and not one.problem:
            by_exercise[one.exercise][one.student] = "\n".join(one.cells)
    pairs = [(e, *p) for e, found in sorted(by_exercise.items()) for p in _pairs(found)]
    return HEADER, [
        {"exercise": exercise, "student_a": a, "student_b": b, "alike": f"{value:.2f}",
         "of_a": str(of_a), "of_b": str(of_b)}
        for exercise, value, a, b, of_a, of_b in pairs
    ]  # fmt: skip


def _pairs(code: dict[str, str]) -> list[tuple[float, str, str, int, int]]:
    from sklearn.feature_extraction.text import TfidfVectorizer  # takes a second

    students = sorted(code)
    most = max(2, int(COMMON * len(students)))
    if len(students) <= most:
        return []
    table = TfidfVectorizer(analyzer=_runs, max_df=most, sublinear_tf=True)
    try:
        x = table.fit_transform(code[student] for student in students)
    except ValueError:  # no run is anybody's own
        return []
    own = [len(set(_runs(code[student]))) for student in students]
    cosines = (x @ x.T).toarray()
    found = [
        (float(cosines[i, j]), students[i], students[j], own[i], own[j])
        for i, j in np.argwhere(np.triu(cosines >= ALIKE, k=1))
        if min(own[i], own[j]) >= ENOUGH
    ]
    return sorted(found, key=lambda pair: (-pair[0], pair[1:]))


def _runs(code: str) -> list[str]:
    tokens = list(_tokens(code))
    return [" ".join(tokens[i : i + RUN]) for i in range(len(tokens) - RUN + 1)]


def _tokens(code: str) -> Iterator[str]:
    for token in TOKEN.findall(re.sub(r"#.*", "", code)):
        named = token[0].isalpha() or token[0] == "_"
        yield "name" if named and not keyword.iskeyword(token) else token
