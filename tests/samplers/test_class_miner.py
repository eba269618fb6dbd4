"""Tests for stochastic class-based mining: the funnel, its draws, and its batches."""

from collections import Counter

import pytest
import torch
from scipy.stats import chisquare
from torch.nn.functional import cosine_similarity, normalize

from mlcourse.losses import Proxies
from mlcourse.samplers import ClassMiner, EpochHook, class_mined_negatives

#: Class numbers 0 to 7 of 1, 2, ... 8 points, shuffled.
CODES = torch.arange(8).repeat_interleave(torch.arange(1, 9))
CODES = CODES[torch.randperm(36, generator=torch.Generator().manual_seed(1))]


@pytest.fixture(params=[0, 1, 2])
def z(request):
    """Of any lengths: cosines alone count."""
    return torch.randn(36, 3, generator=torch.Generator().manual_seed(request.param))


@pytest.fixture
def signatures():
    return torch.randn(8, 3, generator=torch.Generator().manual_seed(9))


def cos(a, b):
    return cosine_similarity(a.double(), b.double(), dim=0).item()


def hard_by_loop(z, codes, query, signatures, classes, pool):
    """H_c, from the hardest, as the definition says."""
    own = codes[query[0]].item()
    others = [c for c in range(len(signatures)) if c != own]
    others.sort(key=lambda c: -max(cos(z[q], signatures[c]) for q in query))
    points = [i for i in range(len(z)) if codes[i].item() in others[:classes]]
    points.sort(key=lambda i: -max(cos(z[q], z[i]) for q in query))
    return points[:pool]


def mine(z, query, signatures, *, classes=3, pool=6, negatives=4, seed=0):
    return class_mined_negatives(
        z, CODES, torch.tensor(query), signatures, classes=classes, pool=pool,
        negatives=negatives, generator=torch.Generator().manual_seed(seed),
    )  # fmt: skip


@pytest.mark.parametrize(("classes", "pool"), [(1, 3), (3, 6), (7, 20)])
def test_the_whole_pool_is_that_of_a_loop(z, signatures, classes, pool):
    for c in (3, 7):
        query = (c == CODES).nonzero().flatten()[:3].tolist()
        expected = hard_by_loop(z, CODES, query, signatures, classes, pool)
        got = mine(z, query, signatures, classes=classes, pool=pool, negatives=pool)
        assert len(got) == len(set(got.tolist()))
        assert sorted(got.tolist()) == sorted(expected)


def test_the_drawn_are_of_the_pool_and_even_in_it(z, signatures):
    """Fails a right draw once in 10 000 seeds."""
    query = (CODES == 6).nonzero().flatten()[:3].tolist()
    hard = hard_by_loop(z, CODES, query, signatures, 3, 6)
    drawn = [mine(z, query, signatures, negatives=2, seed=s).tolist()
             for s in range(1500)]  # fmt: skip
    assert all(len(set(pair)) == 2 for pair in drawn)
    counts = Counter(i for pair in drawn for i in pair)
    assert set(counts) == set(hard)
    assert chisquare([counts[i] for i in hard]).pvalue > 1e-4
    assert mine(z, query, signatures).tolist() == mine(z, query, signatures).tolist()


def test_classes_are_chosen_by_signatures_not_by_their_points():
    """By hand: class 1 has the near points, class 2 the near signature."""
    z = normalize(torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, -1.0]]))
    codes, w = torch.tensor([0, 1, 2, 2]), torch.tensor([[1.0, 0], [-1, 0], [9, 1]])
    found = [
        class_mined_negatives(
            z, codes, torch.tensor([0]), w, classes=k, pool=1, negatives=1,
            generator=torch.Generator(),
        ).item()
        for k in (1, 2)
    ]  # fmt: skip
    assert found == [3, 1]


def test_fewer_where_the_classes_have_fewer(z):
    w = torch.zeros(8, 3)
    w[:, 0] = torch.tensor([1.0] + [-1.0] * 7)  # class 0, of one point, is the near one
    z = torch.cat([z[:, :1].abs() + 1, z[:, 1:]], dim=1)
    query = (CODES == 5).nonzero().flatten().tolist()
    got = mine(z, query, w, classes=1, pool=6, negatives=4)
    assert CODES[got].tolist() == [0]


# --- the batches ----------------------------------------------------------------------


def batches(z=None, *, seed=0, labels=CODES, **keywords):
    keywords = {"queries": 1, "per_class": 3, "classes": 3, "pool": 6, "negatives": 4,
                "n_batches": 30} | keywords  # fmt: skip
    made = ClassMiner(labels, generator=torch.Generator().manual_seed(seed), **keywords)
    if z is not None:
        made.refresh(z)
    return made


def test_a_batch_is_a_class_and_its_mined_negatives(z, signatures):
    made = batches(z, signatures=signatures)
    drawn = list(made)
    assert isinstance(made, EpochHook)
    assert len(drawn) == len(made) == 30
    assert made.left_out == 2
    for batch in drawn:
        query, negatives = batch[:3], batch[3:]
        assert CODES[query].unique().numel() == 1
        assert len(set(batch)) == len(batch)
        assert set(negatives) <= set(hard_by_loop(z, CODES, query, signatures, 3, 6))
        assert len(negatives) == 4 or len(CODES[negatives].unique()) <= 3


def test_without_signatures_class_means_serve(z):
    means = torch.stack([z[c == CODES].mean(dim=0) for c in range(8)])
    assert list(batches(z)) == list(batches(z, signatures=means))
    names = batches(z, labels=7 * CODES - 20)
    assert list(names) == list(batches(z))


def test_signatures_are_read_anew_for_every_batch(z):
    """A classifier's weights move while the epoch lasts."""
    proxies = Proxies(8, 3, loss=lambda s, y: s.sum(), delta=lambda z, w: z @ w.T,
                      generator=torch.Generator().manual_seed(3))  # fmt: skip
    made = batches(z, signatures=proxies.omega, n_batches=2, classes=1)
    first = iter(made)
    next(first)
    with torch.no_grad():
        proxies.omega.copy_(torch.eye(8)[:, :3] - 1e-3)
    batch = next(first)
    expected = hard_by_loop(z, CODES, batch[:3], proxies.omega.detach(), 1, 6)
    assert set(batch[3:]) <= set(expected)


def test_several_classes_in_a_batch_and_no_point_twice(z):
    for batch in batches(z, queries=3):
        assert len(set(batch)) == len(batch) <= 21
        groups = CODES[batch[:3]].unique()
        assert len(groups) == 1
    for batch in batches(z, queries=6):  # all that have three points
        assert (CODES[batch].bincount(minlength=8)[2:] >= 3).all()
    queries = [CODES[b[0]].item() for b in batches(z, n_batches=300)]
    assert set(queries) == set(range(2, 8))


def test_a_seed_repeats_them_and_they_follow_the_embeddings(z):
    state = torch.get_rng_state()
    made = batches(z)
    first, second = list(made), list(made)
    assert first != second
    again = batches(z)
    assert [list(again), list(again)] == [first, second]
    assert list(batches(z, seed=1)) != first
    assert list(batches(z.flip(0))) != first
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("message", "keywords"),
    [
        ("classes must be from 1 to the number of other classes, 7", {"classes": 8}),
        ("number of points in the pool, 6, got 7", {"negatives": 7}),
        ("only 6 of 8 classes have so many", {"queries": 7}),
        ("per_class must be >= 1", {"per_class": 0}),
        ("n_batches must be >= 1", {"n_batches": 0}),
    ],
)
def test_a_mistake_is_told(message, keywords):
    with pytest.raises(ValueError, match=message):
        batches(**keywords)


@pytest.mark.errors
def test_a_mistake_in_what_is_mined_is_told(z, signatures):
    with pytest.raises(RuntimeError, match="before each epoch"):
        next(iter(batches()))
    with pytest.raises(ValueError, match="query must be points of one class"):
        mine(z, list(range(9)), signatures)
    with pytest.raises(ValueError, match="from 0 to C - 1 = 6"):
        mine(z, [0], signatures[1:])
    with pytest.raises(ValueError, match="signatures must be finite"):
        mine(z, [0], signatures * torch.inf)


def test_short_integers_are_class_numbers_too(z, signatures):
    query = torch.tensor((CODES == 4).nonzero().flatten()[:2].tolist())
    got = [
        class_mined_negatives(
            z, codes, query, signatures, classes=2, pool=5, negatives=3,
            generator=torch.Generator().manual_seed(0),
        )
        for codes in (CODES, CODES.to(torch.int8))
    ]  # fmt: skip
    assert torch.equal(*got)


def test_signatures_may_be_finer_than_the_points(z, signatures):
    query = (CODES == 4).nonzero().flatten()[:2].tolist()
    assert torch.equal(mine(z, query, signatures.double()), mine(z, query, signatures))
