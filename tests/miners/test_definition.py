"""Miners that draw nothing: by hand, and against loops over their definitions."""

import math
from functools import partial

import pytest
import torch

from mlcourse.distances import euclidean
from mlcourse.judgements import all_triplets
from mlcourse.losses import multi_similarity_loss, pair_weights, triplet_loss
from mlcourse.miners import (
    easy_positive_triplets,
    ephn_triplets,
    epshn_triplets,
    hard_triplets,
    multi_similarity_pairs,
    nearest_semihard_triplets,
    semihard_triplets,
)
from mlcourse.objective import objective

# --- the definitions, as loops over plain numbers -------------------------------------


def of_class(y, a):
    return [p for p in range(len(y)) if p != a and y[p] == y[a]]


def of_others(y, a):
    return [n for n in range(len(y)) if y[n] != y[a]]


def semihard(d, y, margin):
    return [
        [a, p, n]
        for a in range(len(y))
        for p in of_class(y, a)
        for n in of_others(y, a)
        if d[a][p] < d[a][n] < d[a][p] + margin
    ]


def nearest_semihard(d, y, margin):
    """The first of equals: the band is in the order of n."""
    nearest = {}
    for a, p, n in semihard(d, y, margin):
        if (a, p) not in nearest or d[a][n] < d[a][nearest[a, p]]:
            nearest[a, p] = n
    return [[a, p, n] for (a, p), n in nearest.items()]


def one_an_anchor(choose_positive, d, y, *, behind=False):
    """min and max of Python return the first of equals."""
    T = []
    for a in range(len(y)):
        if not of_class(y, a):
            continue
        p = choose_positive(of_class(y, a), key=lambda j: d[a][j])
        allowed = [n for n in of_others(y, a) if not behind or d[a][n] > d[a][p]]
        if allowed:
            T.append([a, p, min(allowed, key=lambda j: d[a][j])])
    return T


def easy_positive(d, y, margin):
    T = []
    for a in range(len(y)):
        if of_class(y, a):
            p = min(of_class(y, a), key=lambda j: d[a][j])
            T += [
                [a, p, n]
                for n in of_others(y, a)
                if d[a][p] < d[a][n] < d[a][p] + margin
            ]
    return T


def multi_similarity(s, y, epsilon):
    S, D = [], []
    for a in range(len(y)):
        positive, negative = of_class(y, a), of_others(y, a)
        if positive and negative:
            most = max(s[a][n] for n in negative)
            least = min(s[a][p] for p in positive)
            S += [[a, p] for p in positive if s[a][p] < most + epsilon]
            D += [[a, n] for n in negative if s[a][n] > least - epsilon]
    return S, D


#: name: (miner, loop), both of a matrix and labels.
MINERS = {
    "semi-hard": (
        partial(semihard_triplets, margin=0.3),
        partial(semihard, margin=0.3),
    ),
    "semi-hard, no far end": (
        partial(semihard_triplets, margin=math.inf),
        partial(semihard, margin=math.inf),
    ),
    "semi-hard, whole margin": (
        partial(semihard_triplets, margin=2),
        partial(semihard, margin=2),
    ),
    "semi-hard, nearest": (
        partial(nearest_semihard_triplets, margin=0.3),
        partial(nearest_semihard, margin=0.3),
    ),
    "semi-hard, nearest, no far end": (
        partial(nearest_semihard_triplets, margin=math.inf),
        partial(nearest_semihard, margin=math.inf),
    ),
    "semi-hard, nearest, whole margin": (
        partial(nearest_semihard_triplets, margin=2),
        partial(nearest_semihard, margin=2),
    ),
    "hard": (hard_triplets, partial(one_an_anchor, max)),
    "easy positive": (
        partial(easy_positive_triplets, margin=0.3),
        partial(easy_positive, margin=0.3),
    ),
    "easy positive, whole margin": (
        partial(easy_positive_triplets, margin=2),
        partial(easy_positive, margin=2),
    ),
    "ephn": (ephn_triplets, partial(one_an_anchor, min)),
    "epshn": (epshn_triplets, partial(one_an_anchor, min, behind=True)),
}
every = pytest.mark.parametrize("name", MINERS)


@every
def test_equals_a_loop_row_for_row(name, labels, matrix, tied):
    miner, loop = MINERS[name]
    for dist in (matrix, tied):
        found = miner(dist, labels)
        assert found.tolist() == loop(dist.tolist(), labels.tolist())
        assert found.dtype == torch.int64
    assert len(miner(matrix, labels)) > 3


@pytest.mark.parametrize("epsilon", [0, 0.1, 2, -0.3])
def test_multi_similarity_equals_a_loop(epsilon, labels, matrix, tied):
    for sim in (matrix - 1, tied - 1):
        S, D = multi_similarity_pairs(sim, labels, epsilon=epsilon)
        assert (S.tolist(), D.tolist()) == multi_similarity(
            sim.tolist(), labels.tolist(), epsilon
        )
        assert S.dtype == D.dtype == torch.int64
        assert min(len(S), len(D)) > 3


# --- by hand --------------------------------------------------------------------------

#: Points on a line: 0, 1 and 4 of one class, 1.5 and 9 of another, 2 alone.
LINE = torch.tensor([[0.0], [1.0], [4.0], [1.5], [9.0], [2.0]])
Y = torch.tensor([0, 0, 0, 5, 5, 3])


def test_by_hand_on_a_line():
    dist = euclidean(LINE, LINE)
    assert hard_triplets(dist, Y).tolist() == [
        [0, 2, 3], [1, 2, 3], [2, 0, 5], [3, 4, 1], [4, 3, 2],
    ]  # fmt: skip
    assert ephn_triplets(dist, Y).tolist() == [
        [0, 1, 3], [1, 0, 3], [2, 1, 5], [3, 4, 1], [4, 3, 2],
    ]  # fmt: skip
    # from 3, all strangers are nearer than the friend; from 4 the point at 1 is not
    assert epshn_triplets(dist, Y).tolist() == [
        [0, 1, 3], [1, 0, 4], [2, 1, 4], [4, 3, 1],
    ]  # fmt: skip
    # 0.5 behind the friend: 1.5 from 0; the point 1 away from 1 is no farther than it
    assert semihard_triplets(dist, Y, margin=0.6).tolist() == [[0, 1, 3], [4, 3, 1]]
    assert semihard_triplets(dist, Y, margin=0.5).tolist() == []
    # 3 is 0.5 behind 1 as seen from 0, and 5 is 1; 4 is 1 behind 0 as seen from 2
    assert nearest_semihard_triplets(dist, Y, margin=1).tolist() == [
        [0, 1, 3], [4, 3, 1],
    ]  # fmt: skip
    assert nearest_semihard_triplets(dist, Y, margin=8).tolist() == [
        [0, 1, 3], [0, 2, 4], [1, 0, 4], [1, 2, 4], [2, 0, 4], [2, 1, 4], [4, 3, 1],
    ]  # fmt: skip
    assert easy_positive_triplets(dist, Y, margin=1.5).tolist() == [
        [0, 1, 3], [0, 1, 5], [4, 3, 1],
    ]  # fmt: skip


def test_multi_similarity_by_hand():
    """A friend enters if a stranger is near, a stranger if a friend is far."""
    sim = torch.tensor([[9, 0.8, 0.5, 0.45], [0.8, 9, 0.72, 0.6], [0.5, 0.72, 9, 0.9]])
    sim = torch.cat([sim, torch.tensor([[0.45, 0.6, 0.9, 9]])])
    labels = torch.tensor([1, 1, 1, 0])
    S, D = multi_similarity_pairs(sim, labels, epsilon=0.1)
    assert S.tolist() == [[0, 2], [2, 0], [2, 1]]
    assert D.tolist() == [[0, 3], [2, 3]]


# --- what the losses make of them -----------------------------------------------------


def test_multi_similarity_pairs_are_those_that_the_loss_weighs(labels, matrix):
    sim = matrix - 1
    weights = pair_weights(
        lambda s: multi_similarity_loss(s, labels, alpha=1, beta=1, epsilon=0.1), sim
    )
    S, D = multi_similarity_pairs(sim, labels, epsilon=0.1)
    mined = torch.zeros_like(weights, dtype=torch.bool)
    mined[tuple(torch.cat([S, D]).T)] = True
    assert torch.equal(mined, weights > 0)


def test_semihard_are_the_triplets_of_all_that_cost_less_than_the_margin(labels):
    z = torch.randn(
        len(labels), 3, generator=torch.Generator().manual_seed(4), dtype=torch.float64
    )
    dist, T = euclidean(z, z), all_triplets(labels)
    cost = torch.stack([triplet_loss(dist, t[None], margin=0.4) for t in T])
    chosen = T[(cost > 0) & (cost < 0.4)]
    assert torch.equal(semihard_triplets(dist, labels, margin=0.4), chosen)


def test_of_one_friend_the_nearest_behind_is_that_of_epshn(generator):
    dist = 2 * torch.rand(40, 40, generator=generator)
    labels = torch.arange(40) % 20
    T = nearest_semihard_triplets(dist, labels, margin=math.inf)
    assert torch.equal(T, epshn_triplets(dist, labels))
    assert len(T) > 10


def test_a_miner_judges_in_the_objective(labels):
    x = torch.randn(len(labels), 4, generator=torch.Generator().manual_seed(0))
    x.requires_grad_()
    value = objective(
        x, labels, psi=lambda x: 2 * x, delta=euclidean, loss=triplet_loss,
        judge=lambda dist, labels: (semihard_triplets(dist, labels, margin=0.2),),
    )  # fmt: skip
    value.backward()
    assert 0 < value < 0.2
    assert x.grad.abs().sum() > 0


# --- what must not change them --------------------------------------------------------


@every
def test_names_of_classes_count_nothing(name, labels, matrix):
    miner, _ = MINERS[name]
    names = {7: -5, 3: 100, -2: 3, 9: 0, 4: 7}
    renamed = torch.tensor([names[c] for c in labels.tolist()])
    assert torch.equal(miner(matrix, renamed), miner(matrix, labels))


@every
def test_the_order_of_the_points_counts_nothing(name, labels, matrix, generator):
    miner, _ = MINERS[name]
    order = torch.randperm(len(labels), generator=generator)
    shuffled = order[miner(matrix[order][:, order], labels[order])]
    assert sorted(shuffled.tolist()) == miner(matrix, labels).tolist()


@every
def test_the_diagonal_counts_nothing(name, labels, matrix):
    miner, _ = MINERS[name]
    other = matrix.clone().fill_diagonal_(-7)
    assert torch.equal(miner(other, labels), miner(matrix, labels))


def test_multi_similarity_does_not_depend_on_order_names_and_diagonal(
    labels, matrix, generator
):
    expected = multi_similarity_pairs(matrix, labels)
    other = multi_similarity_pairs(matrix.clone().fill_diagonal_(9), 7 * labels - 3)
    order = torch.randperm(len(labels), generator=generator)
    shuffled = multi_similarity_pairs(matrix[order][:, order], labels[order])
    for ours, same, moved in zip(expected, other, shuffled, strict=True):
        assert torch.equal(ours, same)
        assert sorted(order[moved].tolist()) == ours.tolist()


@every
def test_scale_of_matrix_and_margin_together_counts_nothing(name, labels, matrix):
    """Powers of two, so that no rounding enters."""
    miner, _ = MINERS[name]
    if isinstance(miner, partial):
        larger = partial(miner.func, margin=8 * miner.keywords["margin"])
    else:
        larger = miner
    assert torch.equal(larger(8 * matrix, labels), miner(matrix, labels))
