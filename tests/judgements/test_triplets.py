"""Tests for mlcourse.judgements.triplets."""

from itertools import product

import pytest
import torch

from mlcourse.judgements import (
    all_triplets,
    dissimilar_pairs,
    similar_pairs,
    triplets_from_pairs,
)


def test_by_hand():
    assert all_triplets(torch.tensor([7, 1, 7, 3])).tolist() == [
        [0, 2, 1],
        [0, 2, 3],
        [2, 0, 1],
        [2, 0, 3],
    ]


@pytest.mark.parametrize("classes", [1, 2, 5, 40])  # few, or many, sizes in a row
@pytest.mark.parametrize("even", [False, True])
def test_equals_a_loop_over_the_definition(generator, classes, even):
    y = torch.randint(-2, classes - 2, (15,), generator=generator)
    y = torch.arange(15) % classes if even else y
    expected = [
        [a, p, n]
        for a, p, n in product(range(15), repeat=3)  # lexicographic
        if a != p and y[a] == y[p] and y[p] != y[n]
    ]
    assert all_triplets(y).tolist() == expected


def test_number_of_triplets():
    sizes = [4, 7, 1, 3]
    y = torch.arange(4).repeat_interleave(torch.tensor(sizes))
    expected = sum(m * (m - 1) * (15 - m) for m in sizes)
    assert len(all_triplets(y)) == expected


def test_memory_is_that_of_the_triplets():
    y = torch.arange(1500) // 2  # 2.2 million triplets; a cube has 3.4 billion cells
    assert len(all_triplets(y)) == 1500 * 1498


def test_names_and_order_change_nothing(generator):
    y = torch.randint(0, 3, (20,), generator=generator)
    assert torch.equal(all_triplets(torch.tensor([9, -1, 4])[y]), all_triplets(y))
    order = torch.randperm(20, generator=generator)
    there = order[all_triplets(y[order])]
    assert set(map(tuple, there.tolist())) == set(map(tuple, all_triplets(y).tolist()))


@pytest.mark.parametrize("labels", [[], [3], [3, 3, 3], [0, 1, 2]])
def test_no_triplet_is_an_empty_table(labels):
    found = all_triplets(torch.tensor(labels, dtype=torch.int64))
    assert found.shape == (0, 3)
    assert found.dtype == torch.int64


def test_from_pairs_by_hand():
    # 4 is like 0 and unlike 1 and 2; 0 is unlike nobody; 1 and 2 are like nobody.
    found = triplets_from_pairs([[0, 4]], [[1, 4], [4, 2], [1, 2]])
    assert found.tolist() == [[4, 0, 1], [4, 0, 2]]


def test_from_pairs_equals_a_loop(generator):
    y = torch.randint(0, 4, (18,), generator=generator)
    S, D = similar_pairs(y), dissimilar_pairs(y)
    S = S[torch.randperm(len(S), generator=generator)[:12]]
    D = D[torch.randperm(len(D), generator=generator)[:20]].flip(1)
    friends = {frozenset(pair) for pair in S.tolist()}
    strangers = {frozenset(pair) for pair in D.tolist()}
    expected = [
        [a, p, n]
        for a, p, n in product(range(18), repeat=3)
        if frozenset((a, p)) in friends and frozenset((a, n)) in strangers
    ]
    assert triplets_from_pairs(S, D).tolist() == expected
    assert len(expected) > 5


def test_from_no_pairs():
    assert triplets_from_pairs([], [[0, 1]]).shape == (0, 3)
    assert triplets_from_pairs([[0, 1]], []).shape == (0, 3)


@pytest.mark.errors
def test_wrong_input_says_what_and_why():
    with pytest.raises(TypeError, match="labels must be a torch tensor"):
        all_triplets([0, 0, 1])
    with pytest.raises(ValueError, match=r"S must hold pairs.*got shape \(1, 3\)"):
        triplets_from_pairs([[0, 1, 2]], [])
    with pytest.raises(ValueError, match=r"D must hold pairs.*of torch.float32"):
        triplets_from_pairs([], [[0.5, 1.0]])
