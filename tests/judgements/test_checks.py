"""Tests for mlcourse.judgements.checks."""

import pytest
import torch

from mlcourse.judgements import (
    all_triplets,
    check_pairs,
    check_triplets,
    dissimilar_pairs,
    similar_pairs,
)


def test_pairs_come_back_in_standard_form():
    S, D = check_pairs([[3, 1], [0, 2]], torch.tensor([[1, 0], [3, 0], [2, 3]]), n=4)
    assert S.tolist() == [[0, 2], [1, 3]]
    assert D.tolist() == [[0, 1], [0, 3], [2, 3]]
    assert S.dtype == D.dtype == torch.int64
    small = torch.tensor([[0, 1]], dtype=torch.int32)
    assert check_pairs(small, [], n=4)[0].dtype == torch.int64


def test_triplets_come_back_sorted():
    T = check_triplets([[3, 1, 0], [2, 0, 1], [3, 0, 2]], n=4)
    assert T.tolist() == [[2, 0, 1], [3, 0, 2], [3, 1, 0]]


def test_what_labels_imply_passes_unchanged(generator):
    y = torch.randint(0, 4, (25,), generator=generator)
    S, D, T = similar_pairs(y), dissimilar_pairs(y), all_triplets(y)
    shuffled = S[torch.randperm(len(S), generator=generator)].flip(1)
    found = check_pairs(shuffled, D, n=25)
    assert torch.equal(found[0], S)
    assert torch.equal(found[1], D)
    assert torch.equal(check_triplets(T.flip(0), n=25), T)


def test_nothing_said_is_consistent():
    S, D = check_pairs([], torch.empty(0, 2, dtype=torch.int64), n=3)
    assert S.shape == D.shape == (0, 2)
    assert check_triplets([], n=3).shape == (0, 3)


def test_a_cycle_of_triplets_about_different_anchors_is_no_contradiction():
    T = [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
    assert check_triplets(T, n=3).tolist() == T


def test_the_input_is_not_changed():
    S = torch.tensor([[3, 1]])
    check_pairs(S, [], n=4)
    assert S.tolist() == [[3, 1]]


def test_pairs_of_many_points_are_not_taken_for_one_another():
    S, D = [[0, 69999], [7, 69999]], [[1, 69999], [0, 69998], [69998, 69999]]
    found = check_pairs(S, D, n=70000)
    assert [len(pairs) for pairs in found] == [2, 3]


@pytest.mark.errors
@pytest.mark.parametrize(
    ("S", "D", "message"),
    [
        (
            [[0, 1], [0, 4]],
            [],
            r"S must hold indices from 0 to n - 1 = 3.*\(0, 4\)",
        ),
        ([], [[-1, 2]], r"D must hold indices.* got \(-1, 2\) \(row 0; 1 in all\)"),
        ([[2, 2]], [], r"S must compare different points, got \(2, 2\)"),
        (
            [[0, 1], [2, 3], [1, 0]],
            [],
            r"S must hold each judgement once.*\(0, 1\)",
        ),
        ([], [[0, 1], [0, 1]], r"D must hold each judgement once.* 2 in all"),
        (
            [[2, 3], [0, 1]],
            [[1, 0]],
            r"contradict each other: .* \(0, 1\) \(row 1",
        ),
        ([0, 1], [], r"S must hold pairs \(i, j\) as rows of 2 integers.*\(2,\)"),
        ([[0.0, 1.0]], [], "of torch.float32"),
        ([], [[0, 1, 2]], r"^D must hold pairs.*got shape \(1, 3\)"),
    ],
)
def test_bad_pairs_are_named(S, D, message):
    with pytest.raises(ValueError, match=message):
        check_pairs(S, D, n=4)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("T", "message"),
    [
        ([[0, 1, 4]], r"T must hold indices from 0 to n - 1 = 3, got \(0, 1, 4\)"),
        ([[1, 1, 2]], r"T must compare different points, got \(1, 1, 2\)"),
        ([[1, 2, 2]], r"different points, got \(1, 2, 2\)"),
        ([[1, 0, 1]], r"different points, got \(1, 0, 1\)"),
        ([[0, 1, 2], [0, 1, 2]], "^T must hold each judgement once"),
        (
            [[3, 1, 2], [0, 1, 2], [0, 2, 1]],
            r"itself: it holds \(0, 1, 2\) \(row 1; 2",
        ),
        (
            [[0, 1]],
            r"^T must hold triplets \(anchor, positive, negative\) as rows of 3",
        ),
    ],
)
def test_bad_triplets_are_named(T, message):
    with pytest.raises(ValueError, match=message):
        check_triplets(T, n=4)
