"""Tests for the search of strangers among all points, and for smart mining."""

import sys
from collections import Counter
from types import ModuleType

import pytest
import torch
from scipy.stats import chisquare
from torch.nn.functional import normalize

from mlcourse._neighbours import neighbours
from mlcourse.miners import SmartMiner, nearest_negatives
from mlcourse.miners._window import Window
from mlcourse.samplers import EpochHook

#: Classes of 9, 7, 5, 3 and 1 points, with gaps between their numbers, shuffled.
LABELS = torch.tensor([3, -4, 8, 10, 77]).repeat_interleave(
    torch.tensor([9, 7, 5, 3, 1])
)[torch.randperm(25, generator=torch.Generator().manual_seed(2))]


@pytest.fixture
def z(generator):
    return normalize(torch.randn(25, 4, generator=generator))


# --- the search -----------------------------------------------------------------------


def by_loop(z, labels, depth):
    z = z.double()
    found = []
    for a in range(len(z)):
        others = [n for n in range(len(z)) if labels[n] != labels[a]]
        others.sort(key=lambda n, a=a: (z[n] - z[a]).norm().item())
        found.append(others[:depth])
    return torch.tensor(found)


@pytest.mark.parametrize("depth", [1, 4, 16])
def test_strangers_are_ranked_as_a_loop_ranks_them(z, depth):
    got = nearest_negatives(z, LABELS, depth=depth)
    assert torch.equal(got, by_loop(z, LABELS, depth))
    far = torch.tensor([1e7, -1e7, 1e7, -1e7], dtype=torch.float64)
    moved = nearest_negatives(z.double() + far, LABELS, depth=depth)
    assert torch.equal(moved, got)


def test_a_class_gathered_around_the_anchor_hides_no_stranger():
    """19 friends are nearer than the only near stranger."""
    z = torch.cat([torch.linspace(0, 1, 20), torch.tensor([1.5, 7.0, 9.0])])[:, None]
    labels = torch.tensor([0] * 20 + [1, 2, 2])
    got = nearest_negatives(z, labels, depth=2)
    assert got[:20].tolist() == [[20, 21]] * 20
    assert got[21].tolist() == [20, 19]


def test_copies_of_a_point_are_neighbours_and_it_is_not_its_own():
    z = torch.ones(6, 3)
    labels = torch.tensor([0, 0, 0, 1, 1, 2])
    for a, row in enumerate(nearest_negatives(z, labels, depth=3).tolist()):
        assert len(set(row)) == 3
        assert all(labels[n] != labels[a] for n in row)


def test_faiss_is_asked_where_it_is_installed(z, monkeypatch):
    """A stand-in with the interface of faiss.knn, which counts its calls."""
    calls = []

    def knn(queries, points, k):
        calls.append(k)
        order = torch.cdist(torch.tensor(queries), torch.tensor(points)).sort(dim=1)
        return order.values[:, :k].square().numpy(), order.indices[:, :k].numpy()

    faiss = ModuleType("faiss")
    faiss.knn = knn
    faiss.__spec__ = "found"
    expected = nearest_negatives(z, LABELS, depth=5)
    monkeypatch.setitem(sys.modules, "faiss", faiss)
    assert torch.equal(nearest_negatives(z, LABELS, depth=5), expected)
    assert calls == [5 + 9 - 1 + 1]  # friends, and the point itself
    copies = nearest_negatives(torch.ones(4, 2), torch.tensor([0, 0, 1, 1]), depth=2)
    assert copies.sort(dim=1).values.tolist() == [[2, 3]] * 2 + [[0, 1]] * 2


def test_faiss_may_find_copies_and_not_the_point_itself(monkeypatch):
    """The last of equals first: the last that was found is one too many."""

    def knn(queries, points, k):
        gap = torch.cdist(torch.tensor(queries), torch.tensor(points))
        order = gap.flip(1).sort(dim=1, stable=True).indices
        return None, (len(points) - 1 - order[:, :k]).numpy()

    faiss = ModuleType("faiss")
    faiss.knn = knn
    faiss.__spec__ = "found"
    monkeypatch.setitem(sys.modules, "faiss", faiss)
    got = neighbours(torch.tensor([[1.0], [1.0], [1.0], [1.0], [5.0]]), 2)
    assert got.tolist() == [[3, 2], [3, 2], [3, 1], [2, 1], [3, 2]]


# --- the miner ------------------------------------------------------------------------


def miner(z=None, *, seed=0, labels=LABELS, **keywords):
    keywords = {"triplets": 6, "n_batches": 5, "rank": 3, "width": 4, "depth": 12,
                "margin": 0.2} | keywords  # fmt: skip
    made = SmartMiner(labels, generator=torch.Generator().manual_seed(seed), **keywords)
    if z is not None:
        made.refresh(z)
    return made


def rows(batch):
    """The triplets of a batch, as rows of the data, by the miner's own T."""
    return torch.tensor(batch)[torch.arange(len(batch)).view(3, -1).T].tolist()


def test_batches_hold_triplets_and_negatives_of_the_window(z):
    made = miner(z, gain=1)
    near = by_loop(z, LABELS, 12)
    drawn = list(made)
    assert isinstance(made, EpochHook)
    assert len(drawn) == len(made) == 5
    for batch in drawn:
        assert torch.equal(torch.tensor(batch)[made.T], torch.tensor(rows(batch)))
        assert len(batch) == 18
        for a, p, n in rows(batch):
            assert a != p
            assert LABELS[a] == LABELS[p]
            assert n in near[a, 2:6]


def test_every_point_is_an_anchor_before_one_is_again(z):
    made = miner(z, n_batches=8)  # 48 anchors, of 24 that have a positive
    counts = Counter(row[0] for batch in made for row in rows(batch))
    single = LABELS.tolist().index(77)
    assert counts == {a: 2 for a in range(25) if a != single}


def test_ranks_and_positives_are_drawn_evenly(z):
    """Two chi-squared tests; each fails a right sampler once in 10 000 seeds."""
    made = miner(z, gain=1, n_batches=2000)
    near = by_loop(z, LABELS, 12)
    anchor = LABELS.tolist().index(3)  # 8 positives
    T = [row for batch in made for row in rows(batch)]
    ranks = Counter(near[a].tolist().index(n) for a, _, n in T)
    assert sorted(ranks) == [2, 3, 4, 5]
    assert chisquare(list(ranks.values())).pvalue > 1e-4
    friends = Counter(p for a, p, _ in T if a == anchor)
    assert len(friends) == 8
    assert chisquare(list(friends.values())).pvalue > 1e-4


def test_mined_are_nearer_than_random_strangers_and_farther_than_the_nearest(z):
    T = torch.tensor([row for batch in miner(z, n_batches=200) for row in rows(batch)])
    a, _, n = T.T
    mined = (z[a] - z[n]).norm(dim=1).mean()
    near = by_loop(z, LABELS, 16)
    nearest = (z[a] - z[near[a, 0]]).norm(dim=1).mean()
    strangers = (z[a, None] - z[near[a]]).norm(dim=2).mean()
    assert nearest < mined < strangers


def test_active_is_the_share_of_triplets_with_a_loss():
    """By hand: 0 and 1 of a class; strangers of 0 at 1.5, of 1 at 0.5."""
    z = torch.tensor([[0.0], [1.0], [1.5], [9.0]])
    labels = torch.tensor([0, 0, 1, 2])
    found = miner(z, labels=labels, rank=1, width=1, depth=2, margin=0.5)
    assert found.active == 0.5  # 1 + 0.5 > 0.25, but not > 2.25
    found = miner(z, labels=labels, rank=1, width=1, depth=2, margin=1.25)
    assert found.active == 0.5  # 1 + 1.25 is not > 2.25
    found = miner(z, labels=labels, rank=1, width=1, depth=2, margin=1.2501)
    assert found.active == 1


def test_numbers_that_are_not_given():
    """Ranks 10 to 29 of 100, margin 0.2."""
    given = {"triplets": 6, "n_batches": 1, "generator": torch.Generator()}
    made = SmartMiner(LABELS, **given)
    assert (made.rank, made.margin) == (10, 0.2)
    with pytest.raises(ValueError, match="end at depth = 100 .* got ranks 90 to 109"):
        SmartMiner(LABELS, rank=90, **given)


def test_the_controller_moves_the_window_the_right_way():
    generator = torch.Generator().manual_seed(0)
    centre = torch.randn(10, 8, generator=generator).repeat_interleave(10, dim=0)
    noise = torch.randn(100, 8, generator=generator)
    labels = torch.arange(10).repeat_interleave(10)
    keywords = {"labels": labels, "rank": 20, "depth": 60, "gain": 1.5}
    mixed, gathered = normalize(noise), normalize(centre + 0.05 * noise)
    hard = miner(mixed, **keywords)
    assert hard.active > 0.5
    assert hard.rank == 30
    easy = miner(gathered, **keywords)
    assert easy.active == 0
    assert easy.rank == pytest.approx(20 / 1.5)
    for _ in range(20):  # and stays inside
        hard.refresh(mixed)
        easy.refresh(gathered)
    assert hard.rank == 57 or hard.active <= 0.5
    assert easy.rank == 1
    list(easy)


@pytest.mark.parametrize("target", [0.0, 0.5, 1.0])
def test_the_window_moves_by_the_gain_up_to_its_ends(target):
    window = Window(width=4, depth=12, target=target, gain=2)
    window.check(9)  # ranks 9 to 12
    assert window.moved(3.0, target) == 1.5  # as many as wanted are not too many
    assert window.moved(3.0, target + 0.1) == 6
    assert window.moved(8.0, target + 0.1) == 9
    assert window.moved(1.2, target) == 1


def test_the_controller_comes_to_rest_about_its_target():
    """Strangers of random points: the share of active triplets falls with the rank."""
    z = normalize(torch.randn(400, 8, generator=torch.Generator().manual_seed(0)))
    labels = torch.arange(40).repeat_interleave(10)
    made = miner(labels=labels, width=10, depth=390, margin=0.2, gain=1.1, target=0.8)
    seen = []
    for _ in range(80):
        made.refresh(z)
        seen.append(made.active)
    assert abs(sum(seen[-30:]) / 30 - 0.8) < 0.05


def test_a_seed_repeats_them_and_the_state_holds_the_rank(z):
    before = torch.get_rng_state()
    first = miner(z)
    drawn = [list(first), list(first)]
    assert drawn[0] != drawn[1]
    again = miner(z)
    assert [list(again), list(again)] == drawn
    assert list(miner(z, seed=1)) != drawn[0]
    assert torch.equal(torch.get_rng_state(), before)
    other = miner()
    other.load_state_dict(first.state_dict())
    assert other.rank == first.rank != 3


@pytest.mark.errors
@pytest.mark.parametrize(
    ("message", "keywords"),
    [
        ("rank must be >= 1, got 0.5", {"rank": 0.5}),
        ("width must be >= 1", {"width": 0}),
        ("gain must be >= 1", {"gain": 0.9}),
        ("must end at depth = 12 or before, got ranks 10 to 13", {"rank": 10}),
        ("target must be from 0 to 1", {"target": 2}),
        ("margin must be > 0", {"margin": 0}),
        ("triplets must be > 0", {"triplets": 0}),
        ("n_batches must be > 0", {"n_batches": 0}),
        ("no two of the 25 points are of one class", {"labels": torch.arange(25)}),
    ],
)
def test_a_mistake_is_told(message, keywords):
    with pytest.raises(ValueError, match=message):
        miner(**keywords)


@pytest.mark.errors
def test_a_mistake_in_the_embeddings_is_told(z):
    with pytest.raises(RuntimeError, match="before each epoch"):
        next(iter(miner()))
    with pytest.raises(ValueError, match="one whole number for each of the 24 points"):
        miner(z[1:])
    with pytest.raises(ValueError, match="from 1 to 16, the number of strangers"):
        miner(z, depth=17)
    with pytest.raises(ValueError, match="from 1 to 16, .* got 0"):
        nearest_negatives(z, LABELS, depth=0)
    with pytest.raises(ValueError, match="z must be finite"):
        nearest_negatives(z * torch.nan, LABELS, depth=3)
