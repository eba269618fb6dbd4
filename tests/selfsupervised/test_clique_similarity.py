"""Tests for what two cliques have in common, and which contradict."""

import torch

from mlcourse.selfsupervised import (
    clashes,
    clique_similarity,
    compact_cliques,
    compactness,
    cosines,
    extend_cliques,
    grow_cliques,
    reliable_relations,
)


def members(member):
    return [row.nonzero().flatten().tolist() for row in member]


def test_similarity_equals_a_loop(sim, member):
    cliques = members(member)
    expected = [
        [sum(sim[i, j].item() for i in a for j in b) / len(a) / len(b) for b in cliques]
        for a in cliques
    ]
    expected = torch.tensor(expected, dtype=torch.float64)
    torch.testing.assert_close(
        clique_similarity(sim, member), expected, rtol=0, atol=1e-12
    )


def test_of_single_points_it_is_the_similarity_itself(sim):
    alone = torch.eye(30, dtype=torch.bool)
    torch.testing.assert_close(clique_similarity(sim, alone), sim, rtol=0, atol=1e-14)


def test_clashes_equal_a_loop(planted):
    sim = cosines(planted[0])
    around = compact_cliques(sim, size=3, n_cliques=12)
    member = torch.cat([around, grow_cliques(sim, torch.arange(0, 80, 20), size=5)])
    member[3, member[3].nonzero()[0]] = False  # one of two
    cliques = members(member)
    inner = [
        min((sim[i, j].item() for i in a for j in a if i != j), default=float("inf"))
        for a in cliques
    ]
    expected = [
        [
            k != m
            and max(sim[i, j].item() for i in a for j in b) > min(inner[k], inner[m])
            for m, b in enumerate(cliques)
        ]
        for k, a in enumerate(cliques)
    ]
    assert clashes(sim, member).tolist() == expected
    assert 5 < sum(map(sum, expected)) < 200


def test_a_shared_point_is_a_clash_and_far_cliques_are_none():
    x = torch.tensor([0.0, 1.0, 2.0, 9.0, 10.0])
    sim = -(x[:, None] - x).abs()
    member = torch.tensor([[1, 1, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 1, 1]]).bool()
    expected = torch.tensor([[0, 1, 0], [1, 0, 0], [0, 0, 0]]).bool()
    assert torch.equal(clashes(sim, member), expected)
    wide = torch.tensor([[1, 1, 0, 0, 0], [0, 0, 1, 1, 1]]).bool()
    assert clashes(sim, wide)[0, 1]  # 1 and 2 are nearer than 2 and 10
    apart = torch.tensor([[1, 1, 0, 0, 0], [0, 0, 0, 1, 1]]).bool()
    assert not clashes(sim, apart).any()


def test_as_near_as_the_farthest_friend_is_no_clash():
    x = torch.tensor([0.0, 1.0, 2.0, 3.0])
    member = torch.tensor([[1, 1, 0, 0], [0, 0, 1, 1]]).bool()
    assert not clashes(-(x[:, None] - x).abs(), member).any()
    x[1:3] = torch.tensor([0.9, 1.8])
    sim = -(x[:, None] - x).abs()  # 0.9 inside the first, 1.2 inside the second
    assert clashes(sim, member).tolist() == [[False, True], [True, False]]


def test_without_cliques_there_is_nothing_to_say(sim):
    none = torch.zeros(0, 30, dtype=torch.bool)
    assert compactness(sim, none).shape == (0,)
    assert clique_similarity(sim, none).shape == clashes(sim, none).shape == (0, 0)
    assert extend_cliques(sim, none).shape == (0, 30)
    assert [len(part) for part in reliable_relations(
        torch.zeros(0, 0), similar=0.5, dissimilar=0.5)] == [0, 0, 0]  # fmt: skip
