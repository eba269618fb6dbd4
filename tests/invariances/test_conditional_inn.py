"""Tests for the flow, its likelihood and its training."""

import math

import pytest
import torch
from torch.distributions import MultivariateNormal

from mlcourse.invariances import (
    ConditionalINN,
    negative_log_likelihood,
    train_inn,
)


@pytest.fixture
def flow(generator, shaken):
    """Five dimensions, a code of two, three blocks; far from the identity."""
    return shaken(ConditionalINN(5, 2, blocks=3, hidden=7, generator=generator))


# --- inverse and log-determinant ---


def test_inverts_to_round_off(flow, draw):
    x, z = 2 * draw(40, 5), draw(40, 2)
    assert (flow.inverse(flow(x, z)[0], z) - x).abs().max() < 1e-10
    assert (flow(flow.inverse(x, z), z)[0] - x).abs().max() < 1e-10


def test_log_det_is_that_of_the_jacobian(flow, draw, log_dets):
    x, z = draw(4, 5), draw(4, 2)
    for i in range(4):
        one, code = x[i : i + 1], z[i : i + 1]
        seen = log_dets(lambda row, code=code: flow(row, code)[0], one)
        assert (flow(one, code)[1] - seen).abs().max() < 1e-10


def test_chain_by_its_layers(flow, draw):
    x, z = draw(6, 5), draw(6, 2)
    v, total = x, 0
    for b in range(3):
        v, first = flow.norms[b](v)
        v, second = flow.couplings[b](v, z)
        v = torch.stack([v[:, k] for k in flow.orders[b].tolist()], dim=1)
        total = total + first + second
    got, log_det = flow(x, z)
    assert torch.allclose(got, v, atol=1e-12)
    assert torch.allclose(log_det, total, atol=1e-12)


def test_every_dimension_is_moved_and_every_code_number_heard(generator, shaken, draw):
    flow = shaken(ConditionalINN(6, 2, blocks=2, generator=generator))
    x, z = draw(1, 6), draw(1, 2)
    for k in range(2):
        other = z.clone()
        other[0, k] += 1
        assert ((flow(x, other)[0] - flow(x, z)[0]).abs() > 1e-6).all()


def test_halves_change_places_then_the_order_is_drawn(generator):
    orders = ConditionalINN(5, 2, blocks=4, generator=generator).orders.tolist()
    assert orders[0] == orders[2] == [2, 3, 4, 0, 1]
    assert sorted(orders[1]) == sorted(orders[3]) == [0, 1, 2, 3, 4]
    assert len({tuple(order) for order in orders}) == 3


# --- the density ---


def test_density_integrates_to_one_for_every_code(generator, shaken):
    flow = shaken(ConditionalINN(2, 1, blocks=3, hidden=8, generator=generator))
    side = torch.linspace(-12, 12, 400, dtype=torch.float64)
    grid, cell = torch.cartesian_prod(side, side), (24 / 399) ** 2
    for code in (-1.0, 2.0):
        z = torch.full((len(grid), 1), code, dtype=torch.float64)
        v, log_det = flow(grid, z)
        log_p = log_det - (v**2).sum(dim=1) / 2 - math.log(2 * math.pi)
        assert abs(log_p.exp().sum().item() * cell - 1) < 1e-3


def test_likelihood_of_a_gaussian_in_closed_form(generator, draw):
    # couplings at the identity, actnorms from the data: a Gaussian with their moments
    x, z = 2 * draw(30, 3) + 5, draw(30, 1)
    flow = ConditionalINN(3, 1, blocks=2, generator=generator).double()
    v, log_det = flow(x, z, start=True)
    std = x.std(dim=0, correction=0)
    normal = torch.distributions.Normal(x.mean(dim=0), std)
    want = -normal.log_prob(x).sum(dim=1).mean()
    assert abs(negative_log_likelihood(v, log_det) - want) < 1e-10


def test_likelihood_by_a_loop(draw):
    v, log_det = draw(4, 3), draw(4)
    losses = []
    for i in range(4):
        p = 1.0
        for k in range(3):
            p *= math.exp(-(v[i, k].item() ** 2) / 2) / math.sqrt(2 * math.pi)
        losses.append(-math.log(p * math.exp(log_det[i].item())))
    assert abs(negative_log_likelihood(v, log_det).item() - sum(losses) / 4) < 1e-12


# --- training ---


def test_training_finds_a_conditional_gaussian(generator):
    # x = A z + e, e ~ N(0, C): the least loss is the entropy of e
    A = torch.tensor([[2.0, 0.0, -1.0]])
    root = torch.tensor([[1.0, 0.0, 0.0], [0.8, 0.5, 0.0], [-0.3, 0.4, 0.2]])
    z = torch.randn(2000, 1, generator=generator)
    x = z @ A + torch.randn(2000, 3, generator=generator) @ root.T
    flow = ConditionalINN(3, 1, blocks=4, hidden=32, generator=generator)
    losses = train_inn(flow, x, z, steps=600, lr=0.005, generator=generator)
    entropy = MultivariateNormal(torch.zeros(3), scale_tril=root).entropy()
    assert losses.shape == (600,)
    assert losses[0] > entropy + 1
    assert abs(losses[-100:].mean() - entropy) < 0.1
    with torch.no_grad():
        v, _ = flow(x, z)
    table = torch.cat([v, z], dim=1).T
    assert (torch.corrcoef(table) - torch.eye(4)).abs().max() < 0.12
    assert (v.std(dim=0) - 1).abs().max() < 0.1


def test_samples_of_a_class_have_its_code(generator):
    # E(x) = radius: the classes are bent, half circles; no Gaussian could do it
    angle = math.pi * torch.rand(3000, generator=generator)
    z = 1 + 2 * torch.rand(3000, 1, generator=generator)
    x = z * torch.stack([angle.cos(), angle.sin()], dim=1)
    x = x + 0.05 * torch.randn(3000, 2, generator=generator)
    flow = ConditionalINN(2, 1, blocks=6, hidden=64, generator=generator)
    train_inn(flow, x, z, steps=600, lr=0.005, generator=generator)
    with torch.no_grad():
        v = torch.randn(500, 2, generator=generator)
        code = torch.full((500, 1), 2.5)
        found = flow.inverse(v, code)
    gap = (found.norm(dim=1) - 2.5).abs().mean()
    assert gap < 0.12  # fresh radii differ from 2.5 by 0.63 on average
    assert found[:, 0].std() > 1.4  # all along the half circle: 1.77


def test_noise_is_added_to_the_codes(generator, draw):
    # one actnorm direction of variance 1e-6: without noise the density is sharp
    x, z = draw(200, 2).float() * torch.tensor([1.0, 1e-3]), draw(200, 1).float()
    ends = []
    for noise in (0.0, 0.5):
        g = torch.Generator().manual_seed(3)
        flow = ConditionalINN(2, 1, blocks=2, hidden=8, generator=g)
        loss = train_inn(flow, x, z, steps=200, lr=0.02, noise=noise, generator=g)
        ends.append(loss[-20:].mean().item())
    assert ends[0] < -3.5
    # variances 1 + 0.25 and 0.25: the entropy
    want = 0.5 * math.log((2 * math.pi * math.e) ** 2 * 1.25 * 0.25)
    assert abs(ends[1] - want) < 0.25


def test_equal_generators_give_equal_training(draw):
    x, z = draw(50, 3).float(), draw(50, 1).float()
    runs = []
    state = torch.get_rng_state()
    for seed in (5, 5, 6):
        g = torch.Generator().manual_seed(seed)
        flow = ConditionalINN(3, 1, blocks=2, hidden=8, generator=g)
        runs.append(train_inn(flow, x, z, steps=5, noise=0.1, generator=g))
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])
    assert torch.equal(torch.get_rng_state(), state)


def test_representation_stays_frozen(generator, draw):
    x, z = draw(50, 3).float(), draw(50, 1).float().requires_grad_()
    flow = ConditionalINN(3, 1, blocks=1, hidden=8, generator=generator)
    before = x.clone()
    train_inn(flow, x, z.detach(), steps=2, generator=generator)
    assert torch.equal(x, before)
    assert z.grad is None


# --- errors ---


@pytest.mark.errors
def test_flow_refuses_no_blocks(generator):
    with pytest.raises(ValueError, match="blocks must be > 0"):
        ConditionalINN(3, 1, blocks=0, generator=generator)
    with pytest.raises(ValueError, match="dim >= 2"):
        ConditionalINN(1, 1, generator=generator)


@pytest.mark.errors
def test_likelihood_refuses_what_does_not_fit(draw):
    wrong = ((draw(3), draw(3)), (draw(0, 2), draw(0)), (draw(3, 2), draw(2)))
    for v, log_det in wrong:
        with pytest.raises(ValueError, match="v must be"):
            negative_log_likelihood(v, log_det)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"steps": 0}, "steps must be > 0"),
        ({"batch": 0}, "batch must be > 0"),
        ({"lr": -1.0}, "lr must be > 0"),
        ({"noise": -0.1}, "noise must be >= 0"),
    ],
)
def test_training_refuses_numbers_out_of_range(generator, draw, changed, message):
    flow = ConditionalINN(3, 1, blocks=1, generator=generator).double()
    with pytest.raises(ValueError, match=message):
        train_inn(flow, draw(9, 3), draw(9, 1), generator=generator, **changed)


@pytest.mark.errors
def test_training_refuses_rows_that_do_not_fit(generator, draw):
    flow = ConditionalINN(3, 1, blocks=1, generator=generator).double()
    with pytest.raises(ValueError, match="x and z must have one row each"):
        train_inn(flow, draw(9, 3), draw(8, 1), generator=generator)
    with pytest.raises(ValueError, match="constant ones in 0 rows"):
        train_inn(flow, draw(0, 3), draw(0, 1), generator=generator)
