"""Tests for the similarity along the data, and the pools that it gives."""

import pytest
import torch
from sklearn.datasets import make_moons
from torch.nn.functional import normalize

from mlcourse.miners import manifold_pools, manifold_similarity

# --- the definitions, dense and as loops ----------------------------------------------


def nearest(z, i, k):
    others = [j for j in range(len(z)) if j != i]
    return sorted(others, key=lambda j: (z[i] - z[j]).norm().item())[:k]


def weights(z, k, power):
    """W, cell by cell."""
    near = [nearest(z, i, k) for i in range(len(z))]
    W = torch.zeros(len(z), len(z), dtype=torch.float64)
    for i in range(len(z)):
        for j in range(len(z)):
            if i in near[j] and j in near[i]:
                W[i, j] = max(1 - (z[i] - z[j]).square().sum().item() / 2, 0) ** power
    return W


def inverse(z, k, power, alpha):
    """(I - alpha S)^-1, dense; a point without edges has a row of zeros in S."""
    W = weights(z, k, power)
    root = W.sum(dim=1).clamp(min=1e-300).rsqrt()
    S = root[:, None] * W * root
    return torch.linalg.inv(torch.eye(len(z), dtype=torch.float64) - alpha * S)


def pools(z, f, positives, negatives, pool):
    """S and D as lists, from the dense similarity f."""
    S, D = [], []
    for r in range(len(z)):
        reached = [j for j in range(len(z)) if j != r and f[r, j] > 1e-9]
        walk = sorted(reached, key=lambda j, r=r: -f[r, j].item())
        far = [j for j in walk[:positives] if j not in nearest(z, r, positives)]
        off = [j for j in nearest(z, r, negatives) if j not in walk[:negatives]]
        S += [[r, j] for j in far[:pool]]
        D += [[r, j] for j in off[:pool]]
    return S, D


@pytest.fixture
def z(generator):
    """Two clouds of unit vectors, and a point far from all, whom nobody has near."""
    cloud = torch.tensor([[1.0, 0, 0], [0, 1, 0]]).repeat_interleave(20, dim=0)
    noise = 0.3 * torch.randn(40, 3, generator=generator)
    lonely = torch.tensor([[0.0, 0, -1]])
    return normalize(torch.cat([cloud + noise, lonely])).double()


# --- similarity -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "power", "alpha"), [(4, 3, 0.99), (7, 1, 0.5), (40, 2, 0)]
)
def test_similarity_solves_the_system(z, k, power, alpha):
    anchors = torch.tensor([5, 0, 40, 5])
    got = manifold_similarity(z, anchors, k=k, power=power, alpha=alpha)
    expected = inverse(z, k, power, alpha)[anchors]
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-5)
    single = manifold_similarity(z.float(), anchors, k=k, power=power, alpha=alpha)
    torch.testing.assert_close(single, expected, rtol=0, atol=1e-4)


def test_no_walk_arrives_where_no_edge_leads(generator):
    """Of ten points close together none has the eleventh near."""
    z = torch.cat([0.01 * torch.randn(10, 2, generator=generator), torch.ones(1, 2)])
    f = manifold_similarity(z, torch.tensor([0, 10]), k=3)
    assert f[0, 10] == 0
    assert f[1].tolist() == pytest.approx([0] * 10 + [1], abs=1e-9)
    assert f[1, :10].eq(0).all()
    S, D, _ = manifold_pools(z, positives=3, negatives=3, k=3)
    assert 10 not in S
    assert D[D[:, 0] == 10, 1].unique().numel() == 3  # near, and off every manifold


def test_by_hand_two_points_and_one():
    """w = 1 - 0.5^2 / 2, whatever it is: S = [[0, 1], [1, 0]], so f = (4, 2) / 3."""
    z = torch.tensor([[0.0], [0.5], [0.9]])
    f = manifold_similarity(z[:2], torch.tensor([0]), k=1, alpha=0.5)
    assert f[0].tolist() == pytest.approx([4 / 3, 2 / 3])
    # 2 and 1 are mutually nearest, 0 has 1 near, but 1 has not 0
    f = manifold_similarity(z, torch.tensor([0, 1]), k=1, alpha=0.5)
    assert f.flatten().tolist() == pytest.approx([1, 0, 0, 0, 4 / 3, 2 / 3])


def test_symmetric_and_spectral_radius_at_most_1(z):
    f = manifold_similarity(z, torch.arange(41), k=6, alpha=0.9)
    torch.testing.assert_close(f, f.T, rtol=0, atol=1e-5)
    largest = torch.linalg.eigvalsh(f).max().item()  # 1 / (1 - 0.9 * radius)
    assert largest == pytest.approx(10, rel=1e-4)
    assert (f > -1e-6).all()


# --- pools ----------------------------------------------------------------------------


@pytest.mark.parametrize("pool", [2, 50])
def test_pools_equal_a_loop(z, pool):
    S, D, weights_of = manifold_pools(
        z, positives=8, negatives=12, pool=pool, k=5, alpha=0.9
    )
    f = inverse(z, 5, 3, 0.9)
    expected = pools(z, f, 8, 12, pool)
    assert S.tolist() == expected[0]
    assert D.tolist() == expected[1]
    assert len(S) > 20
    assert len(D) > 20
    assert weights_of.tolist() == pytest.approx(f[S[:, 0], S[:, 1]].tolist(), abs=1e-5)


def test_blocks_of_anchors_give_the_same(z, monkeypatch):
    whole = manifold_pools(z, positives=8, negatives=12, k=5)
    monkeypatch.setattr("mlcourse.miners.manifold.CELLS", 7 * len(z))
    blocks = manifold_pools(z, positives=8, negatives=12, k=5)
    assert torch.equal(whole.S, blocks.S)
    assert torch.equal(whole.D, blocks.D)
    torch.testing.assert_close(whole.weights, blocks.weights, rtol=0, atol=1e-5)


def test_the_numbers_of_the_paper_where_nothing_is_said(generator):
    z = normalize(torch.randn(130, 3, generator=generator))
    anchors = torch.tensor([3, 70])
    f = manifold_similarity(z, anchors, k=30, power=3, alpha=0.99)
    assert torch.equal(manifold_similarity(z, anchors), f)
    numbers = {"positives": 50, "negatives": 100, "pool": 50}
    said = manifold_pools(z, **numbers, k=30, power=3, alpha=0.99)
    found = manifold_pools(z)
    assert all(map(torch.equal, found, said))
    for name, number in numbers.items():  # each of them counts
        other = manifold_pools(z, **numbers | {name: number // 5})
        assert (len(other.S), len(other.D)) != (len(said.S), len(said.D))


def test_all_others_may_be_neighbours(z):
    """Of all n - 1 by distance none is beyond those by walks that arrive."""
    S, _, _ = manifold_pools(z, positives=len(z) - 1, negatives=len(z) - 1, k=3)
    assert len(S) == 0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_two_moons_are_told_apart_without_a_label(seed):
    """Of the 150 nearest 15 % are of the other moon; of P+ 0 to 2 %."""
    points, moon = make_moons(600, noise=0.08, random_state=seed)
    z, moon = torch.tensor(points), torch.tensor(moon)
    S, D, _ = manifold_pools(z, positives=150, negatives=150, pool=150, k=10)
    alike = [
        (moon[pairs[:, 0]] == moon[pairs[:, 1]]).double().mean() for pairs in (S, D)
    ]
    assert alike[0] > 0.97
    assert alike[1] < 0.2
    assert len(S) / 600 == pytest.approx(25, abs=3)
    near = torch.cdist(z, z).fill_diagonal_(torch.inf).topk(150, largest=False).indices
    assert (moon[near] == moon[:, None]).double().mean() == pytest.approx(
        0.85, abs=0.02
    )


def test_nothing_random_and_nothing_kept_of_the_gradient(z):
    before = torch.get_rng_state()
    S, _, weights_of = manifold_pools(z.requires_grad_(), positives=8, negatives=9, k=5)
    again = manifold_pools(z, positives=8, negatives=9, k=5)
    assert torch.equal(S, again.S)
    assert not weights_of.requires_grad
    assert torch.equal(torch.get_rng_state(), before)


def test_copies_have_pools_without_themselves():
    z = torch.ones(6, 2)
    S, D, _ = manifold_pools(z, positives=2, negatives=3, k=2)
    for pairs in (S, D):
        assert (pairs[:, 0] != pairs[:, 1]).all()


@pytest.mark.errors
@pytest.mark.parametrize(
    ("message", "keywords"),
    [
        ("k must be from 1 to the number of other points, 40, got 41", {"k": 41}),
        ("positives must be from 1 to", {"positives": 0}),
        ("negatives must be from 1 to", {"negatives": 41}),
        ("pool must be > 0", {"pool": 0}),
        ("power must be > 0", {"power": 0}),
        ("alpha must be from 0 to below 1, got 1", {"alpha": 1}),
    ],
)
def test_a_mistake_is_told(z, message, keywords):
    with pytest.raises(ValueError, match=message):
        manifold_pools(z, **({"positives": 8, "negatives": 9, "k": 5} | keywords))
    with pytest.raises(ValueError, match="z must be finite"):
        manifold_pools(z * torch.nan)


@pytest.mark.errors
@pytest.mark.parametrize("anchor", [-1, 41])
def test_anchors_must_be_points(z, anchor):
    with pytest.raises(ValueError, match="anchors must be rows of z, from 0 to 40"):
        manifold_similarity(z, torch.tensor([0, anchor]), k=5)
    with pytest.raises(ValueError, match="^z must be finite"):
        manifold_similarity(z * torch.nan, torch.tensor([0]), k=5)
