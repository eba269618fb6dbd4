"""Instance NCE by loop, its queue, and the slow network that makes the keys."""

import math

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from mlcourse.generalization import (
    Heads,
    InstanceNCE,
    MomentumKeys,
    instance_nce_loss,
)


@pytest.fixture
def parts(generator):
    """Queries, keys, negatives and log weights of 5 images, 7 older keys."""
    rows = torch.randn(17, 3, generator=generator, dtype=torch.float64)
    q, k, v = normalize(rows, dim=1).split([5, 5, 7])
    return q, k, v, torch.randn(5, 7, generator=generator, dtype=torch.float64)


def by_loop(q, k, v, log_w, tau):
    total = 0.0
    for i in range(len(q)):
        own = math.exp(float(q[i] @ k[i]) / tau)
        w = [math.exp(log_w[i, j]) for j in range(len(v))]
        rest = sum(
            len(v) * w[j] / sum(w) * math.exp(float(q[i] @ v[j]) / tau)
            for j in range(len(v))
        )
        total -= math.log(own / (own + rest))
    return total / len(q)


@pytest.mark.parametrize("tau", [0.07, 0.5, 2])
def test_it_is_a_loop(parts, tau):
    q, k, v, log_w = parts
    ours = instance_nce_loss(q, k, v, temperature=tau, log_weights=log_w)
    assert ours.item() == pytest.approx(by_loop(q, k, v, log_w, tau))
    even = instance_nce_loss(q, k, v, temperature=tau)
    assert even.item() == pytest.approx(by_loop(q, k, v, 0 * log_w, tau))


def test_equal_weights_are_cross_entropy_with_the_key_in_the_first_column(parts):
    """The usual way to write it."""
    q, k, v, log_w = parts
    sim = torch.cat([(q * k).sum(dim=1, keepdim=True), q @ v.T], dim=1)
    expected = cross_entropy(sim / 0.1, torch.zeros(5).long())
    torch.testing.assert_close(instance_nce_loss(q, k, v), expected)
    shifted = instance_nce_loss(q, k, v, log_weights=torch.full_like(log_w, -900.0))
    torch.testing.assert_close(shifted, expected)


def test_a_negative_of_weight_0_is_none(parts):
    q, k, v, log_w = parts
    log_w[:, 2:] = -torch.inf
    ours = instance_nce_loss(q, k, v, log_weights=log_w)
    expected = by_loop(q, k, v[:2], log_w[:, :2], 0.1)
    scale = 7 / 2  # weights have mean 1 over all seven
    by_hand = sum(
        math.log(1 + scale * (math.exp(by_loop(*row, 0.1)) - 1))
        for row in zip(
            q.split(1), k.split(1), [v[:2]] * 5, log_w[:, :2].split(1), strict=True
        )
    )
    assert ours.item() == pytest.approx(by_hand / 5)
    assert ours.item() > expected


def test_without_any_negative_nothing_is_learned(parts):
    q, k, v, log_w = parts
    q.requires_grad_()
    for found in (
        instance_nce_loss(q, k, v[:0]),
        instance_nce_loss(q, k, v, log_weights=torch.full_like(log_w, -torch.inf)),
        instance_nce_loss(q[:0], k[:0], v),
    ):
        (slope,) = torch.autograd.grad(found, q)
        assert found.item() == 0
        assert (slope == 0).all()


def test_gradients(parts):
    q, k, v, log_w = parts
    q.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda q: instance_nce_loss(q, k, v, log_weights=log_w), q
    )


def test_a_cold_temperature_does_not_overflow(parts):
    q, k, v, _ = parts
    value = instance_nce_loss(q.float(), k.float(), v.float(), temperature=1e-4)
    assert value.isfinite()


# --- the queue ------------------------------------------------------------------------


def test_the_queue_holds_the_latest_keys(generator):
    keys = normalize(torch.randn(40, 3, generator=generator), dim=1)
    nce = InstanceNCE(8, 3)
    start = 0
    for size in (3, 3, 3, 5, 8, 11, 7):
        nce(keys[start : start + size], keys[start : start + size])
        start += size
        rows = nce.queue[: int(nce.filled)]
        latest = keys[max(0, start - 8) : start]
        assert sorted(rows.tolist()) == sorted(latest.tolist())


def test_negatives_are_the_keys_before_this_batch(parts):
    q, k, v, _ = parts
    nce = InstanceNCE(7, 3, temperature=0.2).double()
    assert nce(v, v).item() == 0
    torch.testing.assert_close(nce(q, k), instance_nce_loss(q, k, v, temperature=0.2))
    left = nce.queue
    expected = torch.cat([k, v[5:]])
    assert sorted(left.tolist()) == sorted(expected.tolist())


def test_weights_see_the_distances_to_the_queue(parts):
    q, k, v, _ = parts
    nce = InstanceNCE(7, 3, weigh=lambda dist: -3 * dist).double()
    nce(v, v)
    dist = torch.cdist(q, v)
    expected = instance_nce_loss(q, k, v, log_weights=-3 * dist)
    torch.testing.assert_close(nce(q, k), expected)


def test_no_gradient_reaches_a_key(parts):
    q, k, v, _ = parts
    k.requires_grad_()
    q.requires_grad_()
    nce = InstanceNCE(7, 3).double()
    nce(v, v)
    nce(q, k).backward()
    assert k.grad is None
    assert q.grad.abs().max() > 0


def test_its_state_goes_on(parts):
    q, k, v, _ = parts
    nce, other = InstanceNCE(9, 3).double(), InstanceNCE(9, 3).double()
    nce(v, v)
    other.load_state_dict(nce.state_dict())
    torch.testing.assert_close(nce(q, k), other(q, k))
    assert not list(nce.parameters())


# --- keys by a slow network -----------------------------------------------------------


@pytest.fixture
def psi():
    trunk = nn.Sequential(nn.Flatten(), nn.Linear(4, 5), nn.BatchNorm1d(5))
    psi = Heads(trunk, {"a": nn.Linear(5, 3), "b": nn.Linear(5, 2)})
    generator = torch.Generator().manual_seed(2)
    for weight in psi.parameters():
        weight.data = torch.randn(weight.shape, generator=generator)
    return psi


def test_the_copy_follows_slowly(psi, generator):
    """After t steps of one jump: the share 1 - mu^t of it."""
    keys = MomentumKeys(psi, "b", view=lambda x: x, momentum=0.8)
    before = psi.heads["b"].weight.detach().clone()
    x = torch.randn(6, 2, 2, generator=generator)
    with torch.no_grad():
        psi.heads["b"].weight += 1.0
    for t in (1, 2, 3):
        keys(x)
        moved = keys.slow.heads["b"].weight - before
        torch.testing.assert_close(moved, torch.full_like(moved, 1 - 0.8**t))


@pytest.mark.parametrize("momentum", [0, 1.0])
def test_momentum_0_is_the_network_and_1_its_start(psi, generator, momentum):
    keys = MomentumKeys(psi, "b", view=lambda x: x, momentum=momentum)
    x = torch.randn(6, 2, 2, generator=generator)
    before = keys(x)[:, 5:]
    with torch.no_grad():
        psi.heads["b"].weight.neg_()
    z = keys(x)
    expected = before if momentum else z[:, 3:5]
    torch.testing.assert_close(z[:, 5:], expected)
    assert not torch.allclose(before, z[:, 3:5])


def test_keys_see_the_view_and_the_heads_the_image(psi, generator):
    keys = MomentumKeys(psi, "a", view=lambda x: x.flip(2), momentum=0.0)
    x = torch.randn(6, 2, 2, generator=generator)
    z = keys(x)
    torch.testing.assert_close(z[:, :5], psi(x))
    torch.testing.assert_close(z[:, 5:], psi.each(x.flip(2))["a"])


def test_only_the_network_learns_and_only_it_is_used(psi, generator):
    keys = MomentumKeys(psi, "b", view=lambda x: x)
    x = torch.randn(6, 2, 2, generator=generator)
    z = keys(x)
    assert z.requires_grad
    z.sum().backward()
    assert all(p.grad is None and not p.requires_grad for p in keys.slow.parameters())
    assert all(p.requires_grad for p in psi.parameters())
    keys.eval()
    before = {k: v.clone() for k, v in keys.state_dict().items()}
    torch.testing.assert_close(keys(x), psi(x))
    assert all(torch.equal(v, before[k]) for k, v in keys.state_dict().items())


def test_statistics_of_batch_norm_are_copied(psi, generator):
    keys = MomentumKeys(psi, "b", view=lambda x: x)
    keys(torch.randn(6, 2, 2, generator=generator))
    keys(torch.randn(6, 2, 2, generator=generator) + 3)
    assert psi.trunk[2].running_mean.abs().max() > 0
    assert not torch.equal(keys.slow.trunk[2].running_mean, torch.zeros(5))


@pytest.mark.errors
def test_errors(parts, psi):
    q, k, v, _ = parts
    with pytest.raises(ValueError, match="temperature must be > 0, got 0"):
        instance_nce_loss(q, k, v, temperature=0)
    with pytest.raises(ValueError, match="query and key must be of one shape"):
        instance_nce_loss(q, k[1:], v)
    with pytest.raises(ValueError, match="query and key must be of one shape"):
        instance_nce_loss(q, k, v[:, 1:])
    for shape in ((5, 6), (4, 7), (5, 1), (7,)):
        with pytest.raises(ValueError, match=r"each of the \(5, 7\) queries"):
            instance_nce_loss(q, k, v, log_weights=torch.zeros(shape))
    for numbers in ((0, 3), (3, 0)):
        with pytest.raises(ValueError, match="must be > 0, got 0"):
            InstanceNCE(*numbers)
    with pytest.raises(ValueError, match="momentum must be from 0 to 1, got 1.1"):
        MomentumKeys(psi, "b", view=lambda x: x, momentum=1.1)
    with pytest.raises(ValueError, match="name must be one of"):
        MomentumKeys(psi, "c", view=lambda x: x)
