"""Tests for S and D without labels, and for how many of them are right."""

from itertools import combinations, pairwise

import pytest
import torch

from mlcourse.losses import contrastive_loss
from mlcourse.selfsupervised import (
    assign_cliques,
    clique_purity,
    clique_similarity,
    compact_cliques,
    cosines,
    group_relations,
    reliability,
    reliable_relations,
    right_shares,
)

# --- reliability ----------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 4, 29])
def test_reliability_equals_a_loop(sim, k):
    n = len(sim)
    near = []
    for i in range(n):
        others = sorted(
            (j for j in range(n) if j != i), key=lambda j: -sim[i, j].item()
        )
        near.append({i, *others[:k]})
    expected = [[len(a & b) / len(a | b) for b in near] for a in near]
    expected = torch.tensor(expected, dtype=torch.float64)
    torch.testing.assert_close(reliability(sim, k=k), expected, rtol=0, atol=1e-12)


def test_reliability_sees_ranks_only(sim):
    other = sim.exp().fill_diagonal_(-5)
    assert torch.equal(reliability(other, k=5), reliability(sim, k=5))
    R = reliability(sim.float(), k=5)
    assert torch.equal(R, R.T)
    assert R.diagonal().eq(1).all()


def test_a_hub_is_near_to_all_and_reliable_to_none():
    """Two tight groups, and a point between them that all have near."""
    group = torch.tensor([[0.0, 0], [0, 0.1], [0.1, 0], [0.1, 0.1]])
    x = torch.cat([group, group + 3, torch.tensor([[1.5, 1.5]])])
    R = reliability(-torch.cdist(x, x), k=4)
    assert (R[8, :8] < 0.7).all()
    assert (R[0, :4] == 1).all()
    assert R[0, 4:8].max() < 0.2


# --- two quantiles --------------------------------------------------------------------


@pytest.mark.parametrize(("similar", "dissimilar"), [(0.1, 0.4), (0, 1), (0.03, 0)])
def test_relations_equal_a_loop(sim, similar, dissimilar):
    pairs = list(combinations(range(30), 2))
    ranked = sorted(pairs, key=lambda pair: -sim[pair].item())
    S, D, weights = reliable_relations(sim, similar=similar, dissimilar=dissimilar)
    many, few = round(similar * 435), round(dissimilar * 435)
    assert S.tolist() == sorted(map(list, ranked[:many]))
    assert D.tolist() == sorted(map(list, ranked[435 - few :]))
    assert weights.tolist() == [sim[i, j].item() for i, j in S.tolist()]


def test_ties_are_counted_out():
    S, D, _ = reliable_relations(torch.ones(60, 60), similar=0.5, dissimilar=0.25)
    pairs = torch.triu_indices(60, 60, offset=1).T
    assert torch.equal(S, pairs[:885])
    assert torch.equal(D, pairs[-442:])
    S, D, _ = reliable_relations(torch.ones(4, 4), similar=1 / 3, dissimilar=0.5)
    assert S.tolist() == [[0, 1], [0, 2]]
    assert D.tolist() == [[1, 2], [1, 3], [2, 3]]


def test_the_more_certain_the_more_are_right(planted):
    z, labels = planted
    shares = [
        right_shares(
            *reliable_relations(cosines(z), similar=s, dissimilar=d)[:2], labels
        )
        for s, d in ((0.01, 0.1), (0.1, 0.5), (0.5, 0.5))
    ]
    for better, worse in pairwise(shares):
        assert better[0] > worse[0]
        assert better[1] >= worse[1]
    chance = 9 / 79  # other points of the class, of all others
    assert shares[-1][0] < 2.1 * chance
    assert shares[0][0] > 5 * chance


# --- relations of groups --------------------------------------------------------------


def test_group_relations_equal_a_loop(member):
    batches = torch.tensor([[0, 2, 4], [1, 5, 0]])
    cliques = [set(row.nonzero().flatten().tolist()) for row in member]
    S, D = [], []
    for i, j in combinations(range(30), 2):
        if any({i, j} <= clique for clique in cliques):
            S.append([i, j])
        elif any(
            (i in cliques[k] and j in cliques[m])
            or (j in cliques[k] and i in cliques[m])
            for row in batches.tolist()
            for k, m in combinations(row, 2)
        ):
            D.append([i, j])
    got = group_relations(member, batches)
    assert got[0].tolist() == S
    assert got[1].tolist() == D
    assert len(S) > 10
    assert len(D) > 10


def test_subsets_are_the_more_right_the_better_they_are_parted(planted):
    """Six subsets of four: relations stated after the search against random subsets."""
    z, labels = planted
    sim = cosines(z)
    member = compact_cliques(sim, size=3, n_cliques=16)
    generator = torch.Generator().manual_seed(0)
    found = assign_cliques(
        clique_similarity(sim, member), n_batches=4, per_batch=4, repeat=0, cover=99,
        generator=generator,
    ).batches  # fmt: skip
    assert sorted(found.flatten().tolist()) == list(range(16))
    drawn = [torch.randperm(16, generator=generator).view(4, 4) for _ in range(20)]
    right = [
        right_shares(*group_relations(member, batches), labels)[1]
        for batches in (found, *drawn)
    ]
    assert right[0] > sum(right[1:]) / 20


def test_losses_take_them(planted):
    z, labels = planted
    S, D = group_relations(labels == torch.arange(8)[:, None], torch.arange(8)[None])
    assert len(S) == 8 * 45
    assert len(D) == 80 * 79 // 2 - len(S)
    assert right_shares(S, D, labels) == (1, 1)
    assert contrastive_loss(torch.cdist(z, z), S, D) > 0


# --- diagnostics ----------------------------------------------------------------------


def test_purity_equals_a_loop(member, generator):
    labels = torch.randint(3, (30,), generator=generator) * 7 - 3
    expected = []
    for row in member:
        own = labels[row].tolist()
        expected.append(max(own.count(c) for c in own) / len(own))
    assert clique_purity(member, labels).tolist() == pytest.approx(expected)


def test_right_shares_by_hand():
    S, D = torch.tensor([[0, 1], [0, 2], [2, 3]]), torch.tensor([[0, 3], [1, 0]])
    labels = torch.tensor([4, 4, -1, -1])
    assert right_shares(S, D, labels) == (pytest.approx(2 / 3), 0.5)
    nothing = torch.empty(0, 2, dtype=torch.int64)
    assert right_shares(nothing, nothing, labels) == (1, 1)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s, m: reliability(s, k=30), "k must be from 1 to the number of other"),
        (lambda s, m: reliability(s, k=0), "k must be from 1"),
        (lambda s, m: reliable_relations(s, similar=0.6, dissimilar=0.5), "at most 1"),
        (lambda s, m: reliable_relations(s, similar=-0.1, dissimilar=0.5), "from 0"),
        (lambda s, m: group_relations(m, torch.tensor([[0, 6]])), "numbers of the 6"),
        (
            lambda s, m: group_relations(m & False, torch.tensor([[0, 1]])),
            "6 of 6 have",
        ),
        (lambda s, m: clique_purity(m, torch.zeros(29).long()), "labels must be"),
        (
            lambda s, m: right_shares(
                torch.tensor([[0, 30]]), torch.tensor([[0, 1]]), torch.zeros(30).long()
            ),
            "S must hold indices from 0 to n - 1 = 29",
        ),
    ],
)
def test_a_mistake_is_told(sim, member, call, message):
    with pytest.raises(ValueError, match=message):
        call(sim, member)
