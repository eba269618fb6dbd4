"""Tests for mlcourse.relations.tsne and mlcourse.relations.tsne_objective."""

import importlib
import math

import pytest
import torch
from sklearn.datasets import load_digits, load_iris
from sklearn.manifold import TSNE, trustworthiness
from sklearn.manifold._t_sne import _kl_divergence

from mlcourse.relations import joint_probabilities, tsne, tsne_objective


def pairwise(x):
    return torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist")


def objective_by_autograd(y, P):
    """KL(P || Q) from differences of all pairs, without the library's shortcuts."""
    off = ~torch.eye(len(y), dtype=torch.bool)
    difference = y[:, None] - y[None]  # (n, n, k)
    log_w = -torch.log1p((difference**2).sum(dim=2))[off]
    log_q = log_w - log_w.logsumexp(dim=0)
    return torch.nn.functional.kl_div(log_q, P[off], reduction="sum")


@pytest.fixture
def case(points, generator):
    P = joint_probabilities(pairwise(points), perplexity=9.0)
    return torch.randn(60, 2, generator=generator, dtype=torch.float64) * 3, P


# --- values ---------------------------------------------------------------------------


def test_value_and_gradient_by_hand():
    # On the map at 0, 1, 3: w = 1/2, 1/10, 1/5, so q = 5/16, 1/16, 2/16.
    P = torch.tensor([[0, 3, 1], [3, 0, 1], [1, 1, 0]], dtype=torch.float64) / 10
    value, gradient = tsne_objective(torch.tensor([[0.0], [1.0], [3.0]]).double(), P)
    kl = 2 * (0.3 * math.log(0.96) + 0.1 * math.log(1.6) + 0.1 * math.log(0.8))
    assert value.item() == pytest.approx(kl, rel=1e-14)
    pull_01, pull_02 = (0.3 - 5 / 16) / 2 * (0 - 1), (0.1 - 1 / 16) / 10 * (0 - 3)
    assert gradient[0].item() == pytest.approx(4 * (pull_01 + pull_02), rel=1e-13)


def test_objective_equals_scikit_learn(case):
    y, P = case
    condensed = P[torch.triu(torch.ones(60, 60), diagonal=1).bool()].numpy()
    value, gradient = _kl_divergence(y.numpy().ravel(), condensed, 1, 60, 2)
    found, slope = tsne_objective(y, P)
    assert found.item() == pytest.approx(value, rel=1e-10)
    torch.testing.assert_close(slope, torch.tensor(gradient).reshape(60, 2))


def test_zero_where_the_map_has_the_same_neighbours(generator):
    y = torch.randn(8, 2, generator=generator, dtype=torch.float64)
    w = (1 / (1 + pairwise(y) ** 2)).fill_diagonal_(0)
    value, gradient = tsne_objective(y, w / w.sum())
    assert value.item() == pytest.approx(0, abs=1e-14)
    assert gradient.abs().max() < 1e-14


# --- gradient -------------------------------------------------------------------------


def test_value_and_gradient_match_autograd_of_an_independent_objective(case):
    y, P = case
    y.requires_grad_()
    expected = objective_by_autograd(y, P)
    expected.backward()
    value, gradient = tsne_objective(y.detach(), P)
    assert value.item() == pytest.approx(expected.item(), rel=1e-12)
    torch.testing.assert_close(gradient, y.grad, rtol=1e-10, atol=1e-13)


def test_gradient_matches_finite_differences(case):
    y, P = case
    _, gradient = tsne_objective(y, P)
    for i, axis in [(0, 0), (17, 1), (59, 0)]:
        step = torch.zeros_like(y)
        step[i, axis] = 1e-5
        rise = tsne_objective(y + step, P)[0] - tsne_objective(y - step, P)[0]
        assert gradient[i, axis].item() == pytest.approx(rise.item() / 2e-5, abs=1e-9)


# --- what must not change it, what must -----------------------------------------------


def test_objective_ignores_moving_and_turning_the_map_but_not_stretching(case):
    y, P = case
    turn = torch.tensor([[0.6, -0.8], [0.8, 0.6]]).double()
    value, gradient = tsne_objective(y, P)
    moved, turned = tsne_objective(y @ turn + 5, P)
    torch.testing.assert_close(moved, value)
    torch.testing.assert_close(turned, gradient @ turn)
    torch.testing.assert_close(gradient.sum(dim=0), torch.zeros(2).double())
    assert tsne_objective(2 * y, P)[0] != pytest.approx(value.item(), rel=1e-3)


def test_unit_of_distance_changes_only_round_off(points):
    dist, seed = pairwise(points[:20]), torch.Generator
    P = joint_probabilities(dist, perplexity=5.0)
    once = tsne(dist, perplexity=5.0, generator=seed().manual_seed(1))
    scaled = tsne(8 * dist, perplexity=5.0, generator=seed().manual_seed(1))
    values = [tsne_objective(y, P)[0].item() for y in (once, scaled)]
    assert values[0] == pytest.approx(values[1], rel=0.05)


def loop_over_the_steps(P, generator, phases):
    """Gradient descent with momentum and gains, from differences of all pairs."""
    y = 1e-4 * torch.randn(len(P), 2, generator=generator).double()
    rate = max(len(P) / 48, 50)
    for steps, exaggeration, momentum in phases:
        step, gain = torch.zeros_like(y), torch.ones_like(y)
        for _ in range(steps):
            difference = y[:, None] - y
            w = (1 / (1 + (difference**2).sum(dim=2))).fill_diagonal_(0)
            force = (exaggeration * P - w / w.sum()) * w
            gradient = 4 * (force[:, :, None] * difference).sum(dim=1)
            for i in range(len(P)):
                for axis in (0, 1):
                    turned = step[i, axis] * gradient[i, axis] < 0  # downhill as before
                    wanted = gain[i, axis] + 0.2 if turned else gain[i, axis] * 0.8
                    gain[i, axis] = max(wanted, 0.01)
            step = momentum * step - rate * gain * gradient
            y = y + step
        y = y - y.mean(dim=0)
    return y


def test_first_steps_equal_a_loop(points, monkeypatch):
    # Round-off grows tenfold in a few steps: only the first can be compared.
    phases = ((4, 12.0, 0.5), (4, 1.0, 0.8))
    module = importlib.import_module("mlcourse.relations.tsne")
    monkeypatch.setattr(module, "_PHASES", phases)
    dist = pairwise(points)
    y = tsne(dist, perplexity=9.0, generator=torch.Generator().manual_seed(1))
    P = joint_probabilities(dist, perplexity=9.0)
    expected = loop_over_the_steps(P, torch.Generator().manual_seed(1), phases)
    torch.testing.assert_close(y, expected, rtol=0, atol=1e-4)
    assert expected.abs().max() > 1


def test_more_than_2400_points_take_longer_steps(monkeypatch):
    # On a ring every point sees the same distances, at the perplexity that the first
    # beta gives: nothing is left to search for.
    n = 2496
    module = importlib.import_module("mlcourse.relations.tsne")
    monkeypatch.setattr(module, "_PHASES", ((1, 1.0, 0.5),))
    place = torch.arange(n).double()
    gap = (place[:, None] - place).abs()
    dist = torch.minimum(gap, n - gap)
    energy = (dist[0] / (n // 2)) ** 2 - (2 / n) ** 2
    energy[0] = 0
    p = (-energy / energy.mean()).exp()[1:]
    p /= p.sum()
    perplexity = (-p * p.log()).sum().exp().item()
    y = tsne(dist, perplexity=perplexity, generator=torch.Generator().manual_seed(1))
    start = 1e-4 * torch.randn(n, 2, generator=torch.Generator().manual_seed(1))
    P = joint_probabilities(dist, perplexity=perplexity)
    _, gradient = tsne_objective(start.double(), P)
    expected = start.double() - 0.8 * (n / 48) * gradient  # gain 0.8: no step yet
    torch.testing.assert_close(
        y, expected - expected.mean(dim=0), rtol=1e-6, atol=1e-12
    )


def test_map_of_float64_is_centred_to_float64(points):
    y = tsne(pairwise(points), perplexity=9.0, generator=torch.Generator())
    assert y.dtype == torch.float64
    assert y.mean(dim=0).abs().max() < 1e-13 * y.abs().max()


def test_default_perplexity_is_30(points):
    dist = pairwise(points)
    maps = [
        tsne(dist, generator=torch.Generator().manual_seed(0), **given)
        for given in ({}, {"perplexity": 30.0})
    ]
    assert torch.equal(*maps)


def test_plain_gradient_descent_finds_little_left_to_gain(points):
    dist = pairwise(points)
    y = tsne(dist, perplexity=9.0, generator=torch.Generator().manual_seed(0))
    P = joint_probabilities(dist, perplexity=9.0)
    reached, _ = tsne_objective(y, P)
    for _ in range(500):
        y -= 10 * tsne_objective(y, P)[1]
    assert 0.99 * reached < tsne_objective(y, P)[0] <= reached


def test_two_far_groups_stay_apart(generator):
    x = torch.randn(40, 4, generator=generator)
    x[20:] += 20.0
    y = tsne(pairwise(x), perplexity=8.0, generator=generator)
    nearest = pairwise(y).fill_diagonal_(torch.inf).argmin(dim=1)
    assert ((nearest < 20) == (torch.arange(40) < 20)).all()


@pytest.mark.errors  # whole numbers are refused by the pass that checks types
def test_map_of_whole_distances_is_not_rounded():
    dist = torch.tensor([[0, 1, 2, 3], [1, 0, 1, 2], [2, 1, 0, 1], [3, 2, 1, 0]])
    whole, fine = (
        tsne(d, perplexity=1.5, generator=torch.Generator().manual_seed(0))
        for d in (dist, dist.float())
    )
    assert torch.equal(whole, fine)


@pytest.mark.parametrize("n", [4, 5, 12])
def test_few_points_twins_and_dtype_stay_finite(n, generator):
    for x in (torch.randn(n, 3, generator=generator), torch.zeros(n, 3)):
        y = tsne(pairwise(x), perplexity=1.5, generator=generator)
        assert y.shape == (n, 2)
        assert y.dtype == torch.float32
        assert y.isfinite().all()
        assert y.mean(dim=0).abs().max() < 1e-3 * max(1.0, float(y.abs().max()))


@pytest.mark.slow
def test_as_good_as_scikit_learn_on_digits():
    X = load_digits().data[:500]
    dist = pairwise(torch.tensor(X))
    P = joint_probabilities(dist, perplexity=30.0)
    peer = TSNE(method="exact", init="random", random_state=0).fit(X)
    kept = torch.tensor(peer.embedding_).double()
    for seed in (0, 1):
        y = tsne(dist, generator=torch.Generator().manual_seed(seed))
        value = tsne_objective(y, P)[0]
        assert abs(value / tsne_objective(kept, P)[0] - 1) < 0.02
        assert trustworthiness(X, y.numpy(), n_neighbors=12) > 0.98


# --- randomness -----------------------------------------------------------------------


def test_same_generator_same_map_other_generator_other_map():
    dist = pairwise(torch.tensor(load_iris().data[::5]))
    maps = [tsne(dist, perplexity=5.0, generator=torch.Generator().manual_seed(s))
            for s in (3, 3, 4)]  # fmt: skip
    assert torch.equal(maps[0], maps[1])
    assert not torch.allclose(maps[0], maps[2])


def test_global_state_is_left_alone(points):
    before = torch.get_rng_state()
    tsne(pairwise(points[:8]), perplexity=3.0, generator=torch.Generator())
    assert torch.equal(torch.get_rng_state(), before)


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
@pytest.mark.parametrize(
    ("dist", "perplexity", "message"),
    [
        (torch.ones(40, 41), 30.0, r"\(n, n\) distance matrix, got shape \(40, 41\)"),
        (torch.ones(31, 31), 30.0, "less than n - 1 = 30.*got 30.0"),
        (torch.full((9, 9), torch.nan), 3.0, "must hold no NaN"),
        (torch.ones(9, 9).triu(), 3.0, "symmetric"),
    ],
)
def test_wrong_input_says_what_and_why(dist, perplexity, message):
    with pytest.raises(ValueError, match=message):
        tsne(dist, perplexity=perplexity, generator=torch.Generator())


@pytest.mark.errors
def test_objective_wants_one_probability_a_pair():
    with pytest.raises(ValueError, match=r"got \(3, 2\) and \(4, 4\)"):
        tsne_objective(torch.zeros(3, 2), torch.ones(4, 4))
