"""Tests for mlcourse.judgements.pairs."""

from itertools import combinations

import pytest
import torch

from mlcourse.judgements import dissimilar_pairs, pairs, similar_pairs

LABELS = torch.tensor([5, -2, 5, 5, 0])


def test_by_hand():
    assert similar_pairs(LABELS).tolist() == [[0, 2], [0, 3], [2, 3]]
    assert dissimilar_pairs(LABELS).tolist() == [
        [0, 1],
        [0, 4],
        [1, 2],
        [1, 3],
        [1, 4],
        [2, 4],
        [3, 4],
    ]


def test_equal_loops_over_the_definitions(generator):
    y = torch.randint(-3, 4, (40,), generator=generator)
    every = list(combinations(range(40), 2))  # i < j, in lexicographic order
    S = [[i, j] for i, j in every if y[i] == y[j]]
    D = [[i, j] for i, j in every if y[i] != y[j]]
    assert similar_pairs(y).tolist() == S
    assert dissimilar_pairs(y).tolist() == D


@pytest.mark.parametrize("block", [1, 40, 77, 120])
def test_blocks_of_rows_change_nothing(monkeypatch, generator, block):
    y = torch.randint(0, 4, (40,), generator=generator)
    whole = dissimilar_pairs(y)
    monkeypatch.setattr(pairs, "BLOCK", block)
    assert torch.equal(dissimilar_pairs(y), whole)


@pytest.mark.parametrize("names", [[3, 1, 2, 0], [-7, 900, 5, 6]])
def test_names_of_the_classes_change_nothing(generator, names):
    y = torch.randint(0, 4, (40,), generator=generator)
    assert torch.equal(similar_pairs(torch.tensor(names)[y]), similar_pairs(y))


def test_order_of_the_points_only_renames_them(generator):
    y = torch.randint(0, 4, (30,), generator=generator)
    order = torch.randperm(30, generator=generator)
    there = order[similar_pairs(y[order])].sort(dim=1).values
    assert set(map(tuple, there.tolist())) == set(map(tuple, similar_pairs(y).tolist()))


@pytest.mark.parametrize("judge", [similar_pairs, dissimilar_pairs])
@pytest.mark.parametrize("n", [0, 1])
def test_no_pair_is_an_empty_table(judge, n):
    found = judge(torch.zeros(n, dtype=torch.int64))
    assert found.shape == (0, 2)
    assert found.dtype == torch.int64


def test_one_class_has_no_dissimilar_pair_and_all_different_no_similar_one():
    assert dissimilar_pairs(torch.zeros(5, dtype=torch.int64)).shape == (0, 2)
    assert similar_pairs(torch.arange(5)).shape == (0, 2)


@pytest.mark.parametrize("dtype", [torch.int32, torch.uint8, torch.bool])
def test_any_whole_number_is_a_label(dtype):
    assert similar_pairs(torch.tensor([1, 0, 1]).to(dtype)).tolist() == [[0, 2]]


def test_many_points_need_memory_for_the_pairs_only():
    y = torch.arange(200_000) // 2  # a (n, n) table would hold 40 billion cells
    assert torch.equal(similar_pairs(y), torch.arange(200_000).reshape(-1, 2))


@pytest.mark.errors
@pytest.mark.parametrize("judge", [similar_pairs, dissimilar_pairs])
@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0, 1], TypeError, "torch tensor, got list; convert it first"),
        (torch.zeros(2, 2, dtype=torch.int64), ValueError, r"\(n,\), got \(2, 2\)"),
        (torch.zeros(3), ValueError, r"whole number a point.*of torch.float32"),
    ],
)
def test_wrong_input_says_what_and_why(judge, labels, error, message):
    with pytest.raises(error, match=message):
        judge(labels)
