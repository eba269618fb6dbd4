"""Tests for mlcourse.judgements.closure."""

from itertools import combinations

import pytest
import torch

from mlcourse.judgements import closure, dissimilar_pairs, similar_pairs


def test_by_hand():
    S, D = closure([[1, 0], [1, 2], [5, 6]], [[3, 2], [4, 6]], n=8)
    assert S.tolist() == [[0, 1], [0, 2], [1, 2], [5, 6]]
    assert D.tolist() == [[0, 3], [1, 3], [2, 3], [4, 5], [4, 6]]


def test_small_types_of_whole_numbers_are_widened():
    # 70,000 points: codes of pairs leave 32 bits.
    S = torch.tensor([[60000, 69999], [69999, 7]], dtype=torch.int32)
    found, D = closure(S, S[:0], n=70000)
    assert found.tolist() == [[7, 60000], [7, 69999], [60000, 69999]]
    assert found.dtype == D.dtype == torch.int64


def test_equals_a_loop_that_adds_what_follows_until_nothing_does(generator):
    y = torch.randint(0, 5, (20,), generator=generator)
    S, D = similar_pairs(y), dissimilar_pairs(y)
    S = S[torch.randperm(len(S), generator=generator)[:9]]
    D = D[torch.randperm(len(D), generator=generator)[:8]]
    like = {frozenset(p) for p in S.tolist()}
    unlike = {frozenset(p) for p in D.tolist()}
    size = -1
    while size != len(like) + len(unlike):
        size = len(like) + len(unlike)
        for p, q in combinations(list(like), 2):
            if len(p ^ q) == 2:
                like.add(p ^ q)
        for p in list(like):
            for q in list(unlike):
                if len(p ^ q) == 2:
                    unlike.add(p ^ q)
    found = closure(S, D, n=20)
    assert found[0].tolist() == sorted(sorted(p) for p in like)
    assert found[1].tolist() == sorted(sorted(p) for p in unlike)
    assert len(like) > 9
    assert len(unlike) > 8


def test_is_closed_and_true_to_the_labels(generator):
    y = torch.randint(0, 3, (15,), generator=generator)
    S, D = similar_pairs(y), dissimilar_pairs(y)
    chain = torch.cat([(y == c).nonzero()[:, 0].unfold(0, 2, 1) for c in range(3)])
    apart = torch.tensor(
        [
            [int((y == a).nonzero()[0]), int((y == b).nonzero()[0])]
            for a, b in ((0, 1), (1, 2), (0, 2))
        ]
    )
    found = closure(chain, apart, n=15)
    assert torch.equal(found[0], S)
    assert torch.equal(found[1], D)
    again = closure(*found, n=15)
    assert torch.equal(again[0], S)
    assert torch.equal(again[1], D)


def test_nothing_follows_from_nothing():
    S, D = closure([], [], n=4)
    assert S.shape == D.shape == (0, 2)
    assert closure([], [[2, 1]], n=3)[1].tolist() == [[1, 2]]


@pytest.mark.errors
def test_a_chain_that_joins_what_d_parts_is_named():
    with pytest.raises(ValueError, match=r"D contradicts a chain of S: \(0, 2\)"):
        closure([[0, 1], [1, 2]], [[2, 0]], n=3)
    with pytest.raises(ValueError, match="contradict each other"):
        closure([[0, 1]], [[1, 0]], n=3)
