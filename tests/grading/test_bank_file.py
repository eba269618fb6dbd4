import pytest

from mlcourse.grading.bank import load_bank, overlay, right, wrong
from mlcourse.grading.cells import run_cells
from mlcourse.grading.local import LocalAnswers

BANK = """
from mlcourse.grading.bank import right, wrong

FACTOR = 3

@wrong("01.1", "doubled")
def half(x):
    return x * 2

@wrong("01.1", "helper")
def half(x, *, k=1):
    return helper(x) * FACTOR * k

@right("01.1")
class Together:
    def helper(x):
        return x
    def half(x):
        return helper(x) / 2

wrong("01.3", "short", explain_01_3="x", other=1)
right("01.3", explain_01_3="long enough")
"""


@pytest.fixture
def entries(tmp_path):
    path = tmp_path / "bank_01_x.py"
    path.write_text(BANK, encoding="utf-8")
    return load_bank(path)


def test_entries_in_their_order(entries):
    assert [
        (e.task, e.right, e.message, list(e.values), e.number) for e in entries
    ] == [
        ("01.1", False, "doubled", ["half"], 1),
        ("01.1", False, "helper", ["half"], 2),
        ("01.1", True, "", ["helper", "half"], 3),
        ("01.3", False, "short", ["explain_01_3", "other"], 4),
        ("01.3", True, "", ["explain_01_3"], 5),
    ]


def test_an_entry_stands_in_the_notebook_in_place_of_the_solution(entries):
    solution, _, _ = run_cells(
        ["def helper(x): return -x", "def half(x): return x / 2"]
    )
    answers = [LocalAnswers(overlay(entry, solution)) for entry in entries]
    assert answers[0].half(4) == 8
    # The solution's helper and the bank's constant are seen, defaults are kept.
    assert answers[1].half(4) == -12
    assert answers[1].half(4, k=2) == -24
    # An entry of several names uses its own.
    assert answers[2].half(4) == 2
    assert answers[3].value("explain_01_3") == "x"
    assert answers[3].half(4) == 2


@pytest.mark.errors
def test_words_are_required():
    with pytest.raises(ValueError, match="which words"):
        wrong("01.1", "")
    with pytest.raises(TypeError, match="not both"):
        right("01.1", x=1)(print)


def test_an_imported_bank_collects_nothing():
    assert right("01.1")(len) is len
