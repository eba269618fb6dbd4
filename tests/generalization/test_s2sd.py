"""S2SD: the divergence by loop, who learns from whom, and the whole loss."""

import math

import pytest
import torch
from torch.nn.functional import kl_div, normalize

from mlcourse.generalization import s2sd_loss, similarity_distillation


@pytest.fixture
def sims(generator):
    """Similarities of six points in three and in eight dimensions."""
    z = [
        normalize(torch.randn(6, k, generator=generator).double(), dim=1)
        for k in (3, 8)
    ]
    return [part @ part.T for part in z]


def by_loop(sim, target, T):
    total = 0.0
    for row, other in zip(sim.tolist(), target.tolist(), strict=True):
        q = [math.exp(s / T) for s in row]
        p = [math.exp(s / T) for s in other]
        q, p = [v / sum(q) for v in q], [v / sum(p) for v in p]
        total += sum(b * math.log(b / a) for a, b in zip(q, p, strict=True))
    return T**2 * total / len(sim)


@pytest.mark.parametrize("T", [0.1, 1, 4.0])
def test_divergence_is_a_loop(sims, T):
    ours = similarity_distillation(*sims, temperature=T).item()
    assert ours == pytest.approx(by_loop(*sims, T), rel=1e-10)
    assert ours > 0
    turned = similarity_distillation(*sims[::-1], temperature=T).item()
    assert ours != pytest.approx(turned, rel=1e-3)


def test_divergence_is_pytorchs(sims):
    sim, target = sims
    expected = kl_div(
        (sim / 0.5).log_softmax(1), (target / 0.5).softmax(1), reduction="batchmean"
    )
    ours = similarity_distillation(sim, target, temperature=0.5)
    torch.testing.assert_close(ours, 0.25 * expected)


def test_equal_similarities_cost_and_teach_nothing(sims):
    sim = sims[0].requires_grad_()
    value = similarity_distillation(sim, sims[0] + torch.arange(6.0)[:, None])
    assert value.item() == pytest.approx(0, abs=1e-12)
    (slope,) = torch.autograd.grad(value, sim)
    torch.testing.assert_close(slope, torch.zeros(6, 6).double(), atol=1e-12, rtol=0)


def test_only_the_small_space_learns(sims):
    sim, target = (s.requires_grad_() for s in sims)
    value = similarity_distillation(sim, target)
    assert torch.autograd.grad(value, target, allow_unused=True) == (None,)
    assert torch.autograd.gradcheck(
        lambda s: similarity_distillation(s, sims[1].detach()), sim
    )


def test_warm_limit_is_half_the_variance_of_the_difference(sims):
    """T^2 KL tends to the mean over rows of var(S - S') / 2 as T grows."""
    value = similarity_distillation(*sims, temperature=1e3).item()
    gap = sims[0] - sims[1]
    assert value == pytest.approx(
        gap.var(dim=1, correction=0).mean().item() / 2, rel=1e-2
    )


def loss(z, labels):
    return (z.sum(dim=1) * labels).mean()


@pytest.mark.parametrize("gamma", [0, 3.0])
def test_whole_loss_is_its_formula(generator, gamma):
    z = torch.randn(5, 9, generator=generator).double()
    y = torch.arange(5)
    base, one, two = z.split([2, 3, 4], dim=1)
    gaps = [by_loop(base @ base.T, t @ t.T, 0.5) for t in (one, two)]
    own = [loss(part, y).item() for part in (base, one, two)]
    expected = (own[0] + (own[1] + own[2]) / 2) / 2 + gamma * sum(gaps) / 2
    ours = s2sd_loss(z, y, sizes=(2, 3, 4), loss=loss, gamma=gamma, temperature=0.5)
    assert ours.item() == pytest.approx(expected, rel=1e-10)


def test_gamma_moves_the_base_alone(generator):
    z = torch.randn(5, 5, generator=generator).requires_grad_()
    slopes = []
    for gamma in (0.0, 10.0):
        value = s2sd_loss(z, torch.arange(5), sizes=(2, 3), loss=loss, gamma=gamma)
        slopes.append(torch.autograd.grad(value, z)[0])
    assert torch.equal(slopes[0][:, 2:], slopes[1][:, 2:])
    assert (slopes[0][:, :2] - slopes[1][:, :2]).abs().max() > 1e-3


def test_half_precision_is_computed_in_single(sims):
    half = [sim.half() for sim in sims]
    expected = similarity_distillation(*(sim.float() for sim in half))
    got = similarity_distillation(*half)
    assert got.dtype == torch.float32
    assert got.item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.errors
def test_errors(sims, generator):
    z, y = torch.randn(5, 5, generator=generator), torch.arange(5)
    with pytest.raises(ValueError, match="sim and target must be"):
        similarity_distillation(sims[0], sims[1][1:])
    with pytest.raises(ValueError, match="temperature must be > 0, got 0"):
        similarity_distillation(*sims, temperature=0)
    with pytest.raises(ValueError, match="two heads or more, 5 in all"):
        s2sd_loss(z, y, sizes=(2, 4), loss=loss)
    with pytest.raises(ValueError, match="two heads or more"):
        s2sd_loss(z, y, sizes=(5,), loss=loss)
    with pytest.raises(ValueError, match="gamma must be >= 0, got -1"):
        s2sd_loss(z, y, sizes=(2, 3), loss=loss, gamma=-1)
