"""Who copied is listed beside the original; who wrote alone is not."""

import re

import pytest

from mlcourse.grading.alike import alike
from mlcourse.grading.submissions import Submission

STUB = '''
def knn_predict(dist, labels, *, k):
    """Vote of the k nearest; dist is (q, n), labels (n,); ties go to the nearest."""
    if dist.ndim != 2 or dist.shape[1] != len(labels):
        raise ValueError(f"expected a table of {len(labels)} columns, got {dist.shape}")
'''
ANSWERS = {
    "ada": """
    order = dist.argsort(dim=1)[:, :k]
    votes = torch.zeros(len(dist), int(labels.max()) + 1)
    for column in range(k):  # one voter after another
        votes[torch.arange(len(dist)), labels[order[:, column]]] += 1 - 1e-6 * column
    return votes.argmax(dim=1)
""",
    "ben": """
    out = []
    for row in dist:
        nearest = sorted(range(len(row)), key=row.__getitem__)[:k]
        near = [int(labels[i]) for i in nearest]
        best = max(near.count(c) for c in near)
        out.append(next(c for c in near if near.count(c) == best))
    return torch.tensor(out)
""",
    "cem": """
    near = labels[torch.topk(dist, k, largest=False, sorted=True).indices]
    counts = (near[:, :, None] == near[:, None, :]).sum(dim=2)
    first = (counts == counts.max(dim=1, keepdim=True).values).int().argmax(dim=1)
    return near.gather(1, first[:, None]).squeeze(1)
""",
    "dan": """
    hot = torch.nn.functional.one_hot(labels).double()
    near = dist.topk(k, dim=1, largest=False).indices
    weights = torch.linspace(1.0, 1.0 - 1e-9, k, dtype=torch.double)
    return torch.einsum("k,qkc->qc", weights, hot[near]).argmax(dim=1)
""",
}
COPY = re.sub(r"#.*", "# mine", ANSWERS["ada"]).replace("votes", "v")
COPY = COPY.replace("order", "nearest").replace("column", "i")


def handed_in(answers, exercise="01_relations"):
    return [
        Submission(name, f"{name}.ipynb", exercise, cells=["import torch", STUB + text])
        for name, text in answers.items()
    ]


def test_a_copy_with_other_names_and_comments_is_listed():
    header, lines = alike(handed_in(ANSWERS | {"eve": COPY}))
    assert [(line["student_a"], line["student_b"]) for line in lines] == [
        ("ada", "eve")
    ]
    assert lines[0]["alike"] == "1.00"
    assert lines[0]["exercise"] == "01_relations"
    assert set(lines[0]) == set(header)


def test_answers_of_ones_own_are_not_listed_nor_are_blank_ones():
    assert alike(handed_in(ANSWERS))[1] == []
    assert alike(handed_in(dict.fromkeys("abcdef", "")))[1] == []


def test_a_copy_with_one_line_changed_is_still_listed():
    changed = COPY.replace("return v.argmax(dim=1)", "return v.max(dim=1).indices")
    (line,) = alike(handed_in(ANSWERS | {"eve": changed}))[1]
    assert 0.7 < float(line["alike"]) < 1


def test_exercises_are_not_compared_and_two_say_nothing():
    one, two = {"ada": ANSWERS["ada"]}, {"eve": COPY}
    rest = {name: text for name, text in ANSWERS.items() if name != "ada"}
    apart = handed_in(rest | one) + handed_in(rest | two, "02_features")
    assert alike(apart)[1] == []
    assert alike(handed_in(one | two))[1] == []
    assert alike([])[1] == []


@pytest.mark.parametrize("text", ["%%time\n!ls", "def f(:\n  'open", "\x00", "é = 'ü'"])
def test_any_text_is_compared(text):
    assert alike(handed_in(ANSWERS | {"odd": text}))[1] == []
