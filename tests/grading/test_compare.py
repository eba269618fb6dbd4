"""Tests for what checks say of tables and numbers."""

import math

import numpy as np
import pytest
import torch

from mlcourse.grading import compare

LARGE = torch.arange(20.0, dtype=torch.float64).reshape(4, 5)


def refused(words):
    return pytest.raises(AssertionError, match=rf"^f\(x\).*{words}.*See lecture 01\.$")


def table(got, shape):
    return compare.table(got, shape, "f(x)", "See lecture 01.")


@pytest.mark.parametrize("got", [[[1, 2]], np.array([[1, 2]]), torch.tensor([[1, 2]])])
def test_a_table_is_read_as_float64(got):
    for shape in ((1, 2), (None, 2), (1, None)):
        found = table(got, shape)
        assert found.dtype == torch.float64
        assert found.tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("got", "shape", "words"),
    [
        ([[1, 2]], (2,), r"returned \(1, 2\), expected shape \(2,\)"),
        ([[1, 2]], (None, 3), r"returned \(1, 2\), expected shape \(any, 3\)"),
        ([[1, 2]], (2, None), r"expected shape \(2, any\)"),
        (7, (None,), r"returned \(\), expected shape \(any,\)"),
        ("text", (2,), "returned no table of numbers"),
        ([1, math.nan], (2,), "NaN or infinity"),
        ([1, -math.inf], (2,), "NaN or infinity"),
        ([1, -1e31], (2,), r"holds 1e\+31, and no task has an answer beyond 1e\+30"),
    ],
)
def test_another_table_is_refused(got, shape, words):
    with refused(words):
        table(got, shape)


def test_parts_are_counted():
    names = ("x", "y", "w")
    for got in ((1, 2, 3), [1, 2, 3], np.array([1, 2, 3]), torch.tensor([1, 2, 3])):
        found = compare.parts(got, names, "f(x)", "See lecture 01.")
        assert found == [1, 2, 3]
        assert {type(part) for part in found} == {int}
    rows = compare.parts(np.ones((2, 3)), ("x", "y"), "f(x)", "See lecture 01.")
    assert [row.tolist() for row in rows] == [[1, 1, 1]] * 2
    for got, count in (((1, 2), 2), (7, 1), ("abc", 1), (torch.tensor(7), 1)):
        with refused(f"must return 3 things, x, y and w, .*got {count}"):
            compare.parts(got, names, "f(x)", "See lecture 01.")


def test_a_number_is_one_and_finite():
    for got in (2, torch.tensor([2.0]), np.float64(2), [[2]]):
        assert compare.number(got, "f(x)", "See lecture 01.") == 2
    for got, words in (("2", "'2', expected one finite"), ([1, 2], r"shape \(2,\)"),
                       (math.nan, "nan, expected one finite number: 0 was"),
                       (math.inf, "inf")):  # fmt: skip
        with refused(words):
            compare.number(got, "f(x)", "See lecture 01.")


def test_whole_numbers_lie_in_their_range():
    assert compare.whole([0.0, 2.0], (2,), 3, "f(x)", "").dtype == torch.int64
    for got in ([0, 3], [-1, 0], [0.5, 1]):
        with refused("whole numbers, 0 to 2"):
            compare.whole(got, (2,), 3, "f(x)", "See lecture 01.")


def same(got, want, mistakes=(), tol=1e-3):
    compare.same(got, want, "f(x)", "See lecture 01.", mistakes, tol)


def test_errors_are_allowed_in_the_unit_of_large_numbers_only():
    same([1000.9, 0.0009], [1000.0, 0.0])
    for got in ([1001.1, 0.0], [1000.0, 0.0011]):
        with refused(r"returned .*, expected \[1000.0, 0.0\]\. Work one entry out"):
            same(got, [1000.0, 0.0])


def test_a_mistake_is_called_by_its_name_unless_the_answer_is_right():
    mistakes = [("the root is missing", [4.0]), ("the sign is lost", [-2.0])]
    same([2.0], [2.0], [("never said", [2.0])])
    with refused(r"returned \[-2.0\], expected \[2.0\]: the sign is lost"):
        same([-2.0], [2.0], mistakes)
    with refused("Work one entry out"):
        same([3.0], [2.0], [*mistakes, ("of another shape", [[3.0]])])


def test_of_a_large_table_the_worst_entry_is_shown():
    got = LARGE.clone()
    got[2, 3] += 1
    got[3, 4] += 1.2  # less of 19 than 1 is of 13
    with refused(r"has 14 at \[2, 3\], expected 13 there"):
        same(got, LARGE)
    with refused(r"has 1.00002 at \[0\], expected 1 there"):
        same([1.00002], [1.0], tol=1e-6)
    with refused("has nan at"):
        same(LARGE * math.nan, LARGE)


def test_two_numbers():
    def one(got, mistakes=()):
        compare.one(got, 2.0, "f(x)", "See lecture 01.", mistakes)

    one(2.0001)
    with refused("returned 3, expected 2: the root is missing"):
        one(3.0, [("never said", 4.0), ("the root is missing", 3.0)])
    with refused(r"returned 3, expected 2\."):
        one(3.0, [("never said", 4.0)])
