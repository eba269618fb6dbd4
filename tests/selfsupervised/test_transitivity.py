"""Tests for cliques that take in who is like all of them."""

import pytest
import torch
from scipy import stats

from mlcourse.selfsupervised import (
    compact_cliques,
    cosines,
    extend_cliques,
)


def members(member):
    return [row.nonzero().flatten().tolist() for row in member]


def extended(sim, cliques, level):
    """The definition, clique by clique and point by point."""
    n, taken = len(sim), {i for clique in cliques for i in clique}
    average = [
        [sum(sim[i, j].item() for i in c) / len(c) for j in range(n)] for c in cliques
    ]
    found = [list(clique) for clique in cliques]
    for j in set(range(n)) - taken:
        k = max(range(len(cliques)), key=lambda k: average[k][j])
        outside = [average[k][i] for i in range(n) if i not in cliques[k]]
        excess = stats.kurtosis(outside)
        nu = 4 + 6 / excess if excess > 0 else 1e12
        variance = torch.tensor(outside).double().var(correction=0).item()
        scale = (variance * (nu - 2) / nu) ** 0.5
        mean = sum(outside) / len(outside)
        if stats.t.sf(average[k][j], nu, loc=mean, scale=scale) < level:
            found[k].append(j)
    return [sorted(clique) for clique in found]


@pytest.mark.parametrize("level", [0, 1e-3, 0.05, 0.5])
def test_extending_equals_a_loop(planted, level):
    sim = cosines(planted[0])
    start = compact_cliques(sim, size=3, n_cliques=6)
    got = extend_cliques(sim, start, level=level)
    assert members(got) == extended(sim, members(start), level)


def test_the_moments_are_those_of_a_t_distribution():
    """From t with nu = 9, a point is let in where its chance is below the level."""
    chance = torch.linspace(0, 1, 1502, dtype=torch.float64)[1:-1]
    x = torch.as_tensor(stats.t.ppf(chance.numpy(), 9))
    sim = torch.zeros(1501, 1501, dtype=torch.float64)
    sim[0, 1:] = sim[1:, 0] = x
    member = torch.zeros(1, 1501, dtype=torch.bool)
    member[0, 0] = True
    grown = extend_cliques(sim, member, level=0.02).sum().item() - 1
    assert grown == pytest.approx(30, abs=2)


@pytest.mark.parametrize("level", [3e-3, 0.01, 0.03])
def test_heavy_tails_are_taken_for_heavy(level):
    """1,500 quantiles of t with nu = 5: how many join, by scipy's moments."""
    chance = (torch.arange(1500, dtype=torch.float64) + 0.5) / 1500
    x = torch.as_tensor(stats.t.ppf(chance.numpy(), 5))
    sim = torch.zeros(1501, 1501, dtype=torch.float64)
    sim[0, 1:] = sim[1:, 0] = x
    member = torch.zeros(1, 1501, dtype=torch.bool)
    member[0, 0] = True
    nu = 4 + 6 / stats.kurtosis(x.numpy())
    scale = x.std(correction=0).item() * ((nu - 2) / nu) ** 0.5
    expected = int((x > stats.t.isf(level, nu, loc=x.mean().item(), scale=scale)).sum())
    assert extend_cliques(sim, member, level=level).sum() - 1 == expected > 2
    by_normal = int((x > x.std().item() * stats.norm.isf(level)).sum())
    assert level > 3e-3 or expected < 0.8 * by_normal


def test_a_member_of_another_clique_does_not_join():
    """6.1 is nearer to 6.0 and 6.2 than to its own clique, itself and 9.0."""
    x = torch.cat([torch.linspace(-1, 1, 96), torch.tensor([6.0, 6.2, 6.1, 9.0])])
    member = torch.zeros(2, 100, dtype=torch.bool)
    member[0, [96, 97]] = member[1, [98, 99]] = True
    got = extend_cliques(-(x[:, None] - x).abs(), member, level=0.1)
    assert torch.equal(got, member)


def test_cliques_only_grow_stay_disjoint_and_find_their_class(planted):
    z, labels = planted
    sim = cosines(z)
    start = compact_cliques(sim, size=3, n_cliques=8)
    sizes = []
    for level in (0, 1e-3, 0.02, 0.2):
        got = extend_cliques(sim, start, level=level)
        assert (start & ~got).sum() == 0
        assert got.sum(dim=0).max() == 1
        sizes.append(got.sum().item())
    assert sizes == sorted(sizes)
    assert sizes[0] == start.sum().item()
    assert sizes[-1] > 1.5 * sizes[0]
    joined = extend_cliques(sim, start, level=0.1) & ~start
    most = torch.stack([labels[row].mode().values for row in start])
    right = (labels == most[:, None])[joined].double().mean()
    assert right > 0.6  # 1 / 8 by chance


def test_a_point_that_two_cliques_want_joins_the_nearer():
    x = torch.cat([torch.linspace(-1, 1, 96), torch.tensor([6.0, 6.1, 6.4, 6.8, 6.9])])
    member = torch.zeros(2, 101, dtype=torch.bool)
    member[0, [96, 97]] = member[1, [99, 100]] = True
    got = extend_cliques(-(x[:, None] - x).abs(), member, level=0.01)
    assert members(got) == [[96, 97, 98], [99, 100]]


def test_a_large_clique_is_no_farther_for_its_size():
    """6.2 is 1.15 from the two and 0.95 from the four; a sum would say the two."""
    x = torch.cat(
        [torch.linspace(-1, 1, 96), torch.tensor([5.0, 5.1, 7, 7.1, 7.2, 7.3])]
    )
    x = torch.cat([x, torch.tensor([6.2])])
    member = torch.zeros(2, 103, dtype=torch.bool)
    member[0, 96:98] = member[1, 98:102] = True
    got = extend_cliques(-(x[:, None] - x).abs(), member, level=0.02)
    assert members(got) == [[96, 97], [98, 99, 100, 101, 102]]


def test_one_in_a_thousand_where_nothing_is_said(planted):
    sim = cosines(planted[0])
    start = compact_cliques(sim, size=3, n_cliques=8)
    said = [extend_cliques(sim, start, level=level) for level in (1e-3, 0.2)]
    assert torch.equal(extend_cliques(sim, start), said[0])
    assert not torch.equal(*said)


def test_four_points_outside_are_enough(sim):
    member = torch.ones(1, 30, dtype=torch.bool)
    member[0, :4] = False
    assert extend_cliques(sim, member).shape == (1, 30)
    member[0, 3] = True
    with pytest.raises(ValueError, match="leave out four points or more"):
        extend_cliques(sim, torch.cat([~member, member]))


@pytest.mark.errors
@pytest.mark.parametrize("level", [-0.1, 1.1])
def test_level_is_a_probability(sim, member, level):
    with pytest.raises(ValueError, match="level must be from 0 to 1"):
        extend_cliques(sim, member, level=level)
    with pytest.raises(ValueError, match="leave out four points or more"):
        extend_cliques(sim, torch.ones(1, 30, dtype=torch.bool))
