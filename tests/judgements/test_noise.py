"""Tests for mlcourse.judgements.noise."""

import pytest
import torch

from mlcourse.judgements import (
    all_triplets,
    check_pairs,
    check_triplets,
    dissimilar_pairs,
    flip_pairs,
    flip_triplets,
    similar_pairs,
)

Y = torch.arange(12) % 4


def rows(found):
    return set(map(tuple, found.tolist()))


def test_by_hand(generator):
    S, D = flip_pairs([[0, 1]], [[0, 2], [1, 2]], share=1.0, generator=generator)
    assert S.tolist() == [[0, 2], [1, 2]]
    assert D.tolist() == [[0, 1]]
    T = flip_triplets([[0, 1, 2], [3, 1, 0]], share=1.0, generator=generator)
    assert T.tolist() == [[0, 2, 1], [3, 0, 1]]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_exactly_that_share_is_wrong(generator, share):
    S, D, T = similar_pairs(Y), dissimilar_pairs(Y), all_triplets(Y)
    found_s, found_d = flip_pairs(S, D, share=share, generator=generator)
    wrong = len(rows(found_s) - rows(S)) + len(rows(found_d) - rows(D))
    assert wrong == round(share * (len(S) + len(D)))
    assert rows(found_s) | rows(found_d) == rows(S) | rows(D)
    found = flip_triplets(T, share=share, generator=generator)
    assert len(rows(found) - rows(T)) == round(share * len(T))
    assert len(found) == len(T)


def test_the_result_is_consistent_and_sorted(generator):
    S, D = flip_pairs(
        similar_pairs(Y), dissimilar_pairs(Y), share=0.3, generator=generator
    )
    assert [t.tolist() for t in check_pairs(S, D, n=12)] == [S.tolist(), D.tolist()]
    T = flip_triplets(all_triplets(Y), share=0.3, generator=generator)
    assert torch.equal(check_triplets(T, n=12), T)


def test_every_judgement_is_wrong_equally_often(generator):
    S, D = similar_pairs(Y), dissimilar_pairs(Y)
    count = dict.fromkeys(rows(S), 0) | dict.fromkeys(rows(D), 0)
    for _ in range(600):
        found_s, found_d = flip_pairs(S, D, share=0.25, generator=generator)
        for pair in (rows(found_s) - rows(S)) | (rows(found_d) - rows(D)):
            count[pair] += 1
    # Binomial(600, 0.25) in each of 66 places (16 or 17 of 66 drawn each time).
    assert min(count.values()) > 95
    assert max(count.values()) < 205


def test_the_generator_decides(generator):
    T = all_triplets(Y)

    def draw(seed):
        g = torch.Generator().manual_seed(seed)
        return flip_triplets(T, share=0.4, generator=g)

    assert torch.equal(draw(1), draw(1))
    assert not torch.equal(draw(1), draw(2))
    state = torch.random.get_rng_state()
    draw(3)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_nothing_to_flip(generator):
    S, D = flip_pairs([], [], share=0.5, generator=generator)
    assert S.shape == D.shape == (0, 2)
    assert flip_triplets([], share=0.5, generator=generator).shape == (0, 3)


@pytest.mark.errors
@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_share_is_a_share(generator, share):
    with pytest.raises(ValueError, match="share must be from 0 to 1, got"):
        flip_pairs([[0, 1]], [], share=share, generator=generator)
    with pytest.raises(ValueError, match="share must be from 0 to 1, got"):
        flip_triplets([[0, 1, 2]], share=share, generator=generator)


@pytest.mark.errors
def test_the_set_that_is_no_table_is_named(generator):
    options = {"share": 0.5, "generator": generator}
    with pytest.raises(ValueError, match="^S must hold pairs"):
        flip_pairs([[0, 1, 2]], [], **options)
    with pytest.raises(ValueError, match="^D must hold pairs"):
        flip_pairs([], [[0, 1, 2]], **options)
    with pytest.raises(ValueError, match="^T must hold triplets"):
        flip_triplets([[0, 1]], **options)
