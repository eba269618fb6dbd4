"""What every miner keeps: empty where nothing is to mine, exact in any precision."""

from functools import partial

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from mlcourse.miners import (
    distance_weighted_triplets,
    easy_positive_triplets,
    ephn_triplets,
    epshn_triplets,
    hard_triplets,
    multi_similarity_pairs,
    nearest_semihard_triplets,
    random_triplets,
    semihard_triplets,
    sphere_log_density,
)


def seeded():
    return torch.Generator().manual_seed(0)


EYE = torch.eye(3)

#: Each as a function of a matrix and labels that gives a tuple of index tables.
MINERS = {
    "random": lambda d, y: (random_triplets(d, y, generator=seeded()),),
    "semi-hard": lambda d, y: (semihard_triplets(d, y, margin=0.3),),
    "semi-hard, nearest": lambda d, y: (nearest_semihard_triplets(d, y, margin=0.3),),
    "hard": lambda d, y: (hard_triplets(d, y),),
    "easy positive": lambda d, y: (easy_positive_triplets(d, y, margin=0.3),),
    "ephn": lambda d, y: (ephn_triplets(d, y),),
    "epshn": lambda d, y: (epshn_triplets(d, y),),
    "distance-weighted": lambda d, y: (
        distance_weighted_triplets(d, y, dim=8, generator=seeded()),
    ),
    "multi-similarity": multi_similarity_pairs,
}
every = pytest.mark.parametrize("miner", MINERS.values(), ids=MINERS)

#: Labels of batches in which nothing is to be told.
NOTHING = {
    "no point": [],
    "one point": [5],
    "two points of one class": [5, 5],
    "two points of two classes": [5, 3],
    "one class": [2] * 6,
    "all labels differ": [3, 1, 0, 5, 9, -1],
}


@every
@pytest.mark.parametrize("labels", NOTHING.values(), ids=NOTHING)
def test_nothing_to_mine_gives_empty_tables(miner, labels):
    n = len(labels)
    found = miner(torch.rand(n, n), torch.tensor(labels, dtype=torch.int64))
    for table in found:
        assert table.shape == (0, 3 if len(found) == 1 else 2)
        assert table.dtype == torch.int64


@every
def test_every_row_is_of_the_classes_it_should_be(miner, labels, matrix):
    found = miner(matrix, labels)
    for k, table in enumerate(found):
        assert len(table) > 0
        a, b = table[:, 0], table[:, 1]
        assert (a != b).all()
        assert torch.equal(labels[a] == labels[b], torch.full_like(a, k == 0).bool())
        if len(found) == 1:
            assert (labels[a] != labels[table[:, 2]]).all()
        assert len(table.unique(dim=0)) == len(table)
        assert (labels[a] != 9).all()  # the class of one has no anchor


@pytest.mark.parametrize("name", MINERS)
def test_duplicates_are_points_like_any_other(name):
    """Points at two places, each place with both classes, as loops have them."""
    place = torch.tensor([0, 0, 0, 1, 1, 1])
    dist = (place[:, None] != place).double()
    labels = torch.tensor([4, 4, 8, 8, 8, 4])
    found = MINERS[name](dist, labels)
    expected = {
        "hard": [[0, 5, 2], [1, 5, 2], [2, 3, 0], [3, 2, 5], [4, 2, 5], [5, 0, 3]],
        "ephn": [[0, 1, 2], [1, 0, 2], [2, 3, 0], [3, 4, 5], [4, 3, 5], [5, 0, 3]],
        "epshn": [[0, 1, 3], [1, 0, 3], [3, 4, 0], [4, 3, 0]],
        "semi-hard": [],  # nothing lies between 0 and 0.3
        "semi-hard, nearest": [],
    }
    if name in expected:
        assert found[0].tolist() == expected[name]
    if name in ("random", "distance-weighted"):
        assert found[0][:, 0].tolist() == sorted(2 * list(range(6)))


@pytest.mark.parametrize("name", ["hard", "ephn"])
def test_of_equal_distances_the_first_is_taken(name):
    (T,) = MINERS[name](torch.ones(40, 40), torch.arange(40) % 2)
    assert T[:4].tolist() == [[0, 2, 1], [1, 3, 0], [2, 0, 1], [3, 1, 0]]
    assert T[4:, 1].tolist() == [0, 1] * 18


def test_of_equally_near_semihard_negatives_the_first_is_taken():
    dist = torch.where(torch.arange(40) % 2 == 1, 1.1, 1.0).expand(40, 40)
    T = nearest_semihard_triplets(dist, torch.arange(40) % 2, margin=0.3)
    assert T[:20].tolist() == [[0, p, 1] for p in range(2, 40, 2)] + [[2, 0, 1]]
    assert len(T) == 20 * 19


BEHIND = ["semi-hard", "semi-hard, nearest", "easy positive", "epshn"]


@pytest.mark.parametrize("name", BEHIND)
def test_equally_far_is_not_behind(name):
    assert MINERS[name](torch.ones(40, 40), torch.arange(40) % 2)[0].shape == (0, 3)


@every
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_precision_of_the_matrix_is_that_of_its_numbers(miner, labels, matrix, dtype):
    """Half precision is computed in float32: 1 + 0.3 is not rounded to 1.2998."""
    coarse = matrix.to(dtype)
    for few, many in zip(
        miner(coarse, labels), miner(coarse.double(), labels), strict=True
    ):
        assert torch.equal(few, many)


@pytest.mark.parametrize("name", BEHIND[:3])
def test_a_half_precision_bound_is_not_rounded(name):
    """1.2998 is the half precision of 1 + 0.3, and less than it."""
    dist = torch.tensor([[0, 1, 1.3], [1, 0, 3], [1, 3, 0]], dtype=torch.float16)
    assert MINERS[name](dist, torch.tensor([0, 0, 1]))[0].tolist() == [[0, 1, 2]]


@every
def test_gradients_and_global_draws_are_left_alone(miner, labels, matrix):
    before = torch.get_rng_state()
    with_slope = matrix.clone().requires_grad_()
    kept, kept_labels = matrix.clone(), labels.clone()
    for table, plain in zip(
        miner(with_slope, labels), miner(matrix, labels), strict=True
    ):
        assert not table.requires_grad
        assert torch.equal(table, plain)  # a seed repeats the draws
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(matrix, kept)
    assert torch.equal(labels, kept_labels)


@every
@pytest.mark.parametrize("dtype", [torch.int32, torch.int8, torch.int64])
def test_names_of_classes_count_nothing(miner, labels, matrix, dtype):
    names = {7: -5, 3: 100, -2: 3, 9: 0, 4: 7}
    renamed = torch.tensor([names[c] for c in labels.tolist()], dtype=dtype)
    for ours, other in zip(miner(matrix, labels), miner(matrix, renamed), strict=True):
        assert torch.equal(ours, other)


@pytest.mark.parametrize("name", ["random", "distance-weighted"])
def test_a_generator_moves_on(name, labels, matrix):
    draw = {
        "random": random_triplets,
        "distance-weighted": partial(distance_weighted_triplets, dim=8),
    }[name]
    generator = seeded()
    first, second = (draw(matrix, labels, generator=generator) for _ in range(2))
    assert torch.equal(first[:, :2], second[:, :2])
    assert not torch.equal(first, second)
    assert torch.equal(first, MINERS[name](matrix, labels)[0])


class Largest(TorchDispatchMode):
    """The number of entries of the largest tensor that any operation returns."""

    entries = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor):
                self.entries = max(self.entries, tensor.numel())
        return out


@every
def test_no_tensor_is_larger_than_twice_the_matrix(miner):
    """512 points in two classes: 130,816 pairs, 67 million triplets.

    All distances alike but for one pair of strangers, so that few are semi-hard.
    """
    dist = torch.ones(512, 512)
    dist[0, 1] = 1.1
    labels = torch.arange(512) % 2
    with Largest() as largest:
        miner(dist, labels)
    assert 512**2 <= largest.entries <= 2 * 512**2


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
@every
def test_wrong_matrices_and_labels_are_told(miner):
    square, labels = torch.rand(4, 4), torch.tensor([0, 0, 1, 1])
    for wrong, came in (
        (torch.rand(4, 3), r"\(4, 3\)"),
        (torch.rand(4), r"\(4,\)"),
        (torch.tensor(0.5), "Tensor"),
        ([[0.0]], "list"),
    ):
        message = rf"must be an \(n, n\) matrix, .*, got {came}; .* euclid"
        with pytest.raises(ValueError, match=message):
            miner(wrong, labels)
    with pytest.raises(ValueError, match="must hold floats, got torch.int64"):
        miner(square.long(), labels)
    for bad in (torch.nan, torch.inf, -torch.inf):
        spoiled = square.clone()
        spoiled[2, 1] = bad
        with pytest.raises(ValueError, match="must be finite, got 1 entries"):
            miner(spoiled, labels)
    with pytest.raises(ValueError, match="one whole number for each of the 4 points"):
        miner(square, labels[:3])
    with pytest.raises(ValueError, match="one whole number for each of the 4 points"):
        miner(square, labels.float())
    with pytest.raises(TypeError, match="labels must be a torch tensor, got list"):
        miner(square, labels.tolist())


@pytest.mark.errors
@pytest.mark.parametrize("margin", [0, -0.1, float("nan")])
def test_margin_must_be_positive(margin):
    for miner in (
        semihard_triplets,
        nearest_semihard_triplets,
        easy_positive_triplets,
    ):
        with pytest.raises(ValueError, match="margin must be > 0, got"):
            miner(torch.rand(2, 2), torch.tensor([0, 1]), margin=margin)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("message", "keywords"),
    [
        ("dim must be >= 2, got 1; it is the number of columns", {"dim": 1}),
        ("cutoff must be between 0 and 2, got 0", {"cutoff": 0}),
        ("cutoff must be between 0 and 2, got 2.0", {"cutoff": 2.0}),
        ("max_dist must be > 0, got 0", {"max_dist": 0}),
        ("unit vectors, from 0 to 2, got 0 to 9; normalise", {"dist": 9 - 9 * EYE}),
        ("from 0 to 2, got -1 to 1", {"dist": 1 - 2 * EYE}),
        ("from 0 to 2, got 0 to 2.25", {"dist": 2.25 - 2.25 * EYE}),
    ],
)
def test_a_mistake_in_the_weights_is_told(message, keywords):
    arguments = {"dist": 1 - EYE, "labels": torch.tensor([0, 0, 1]), "dim": 8}
    with pytest.raises(ValueError, match=message):
        distance_weighted_triplets(**{**arguments, **keywords}, generator=seeded())


@pytest.mark.errors
def test_density_needs_two_dimensions():
    with pytest.raises(ValueError, match="dim must be >= 2, got 1"):
        sphere_log_density(torch.ones(1), dim=1)


def test_the_slack_of_the_mining_is_a_tenth():
    """Of positives at 0.59 and 0.61 a negative at 0.5 makes one informative."""
    sim = torch.ones(4, 4)
    sim[0, 1:] = torch.tensor([0.59, 0.61, 0.5])
    S, D = multi_similarity_pairs(sim, torch.tensor([7, 7, 7, 1]))
    assert [0, 1] in S.tolist()
    assert [0, 2] not in S.tolist()
    assert [0, 3] in D.tolist()
    sim[0, 1] = 0.61
    _, D = multi_similarity_pairs(sim, torch.tensor([7, 7, 7, 1]))
    assert [0, 3] not in D.tolist()
