"""The adversary: its value by loop, who gets which gradient, and what it achieves."""

import pytest
import torch
from torch import nn
from torch.nn.functional import normalize

from mlcourse.generalization import adversarial_decorrelation


def unit(row):
    size = sum(v * v for v in row) ** 0.5
    return [v / size for v in row]


def by_loop(z, other, project):
    """-1/n sum_i 1/k sum_a (u_ia v_ia)^2, point by point."""
    total = 0.0
    for row, partner in zip(z.tolist(), other.tolist(), strict=True):
        u, v = unit(row), unit(project(unit(partner)))
        total += sum((a * b) ** 2 for a, b in zip(u, v, strict=True)) / len(u)
    return -total / len(z)


@pytest.fixture
def projection(generator):
    """From 2 to 3 columns, with a kink."""
    part = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 3)).double()
    for weight in part.parameters():
        weight.data = torch.randn(weight.shape, generator=generator).double()
    return part


@pytest.fixture
def other(z, generator):
    return torch.randn(len(z), 2, generator=generator, dtype=torch.float64)


def test_it_is_a_loop_over_its_formula(z, other, projection):
    def project(row):
        return projection(torch.tensor([row], dtype=torch.float64))[0].tolist()

    ours = adversarial_decorrelation(z, other, projection=projection).item()
    assert ours == pytest.approx(by_loop(z, other, project), rel=1e-12)
    assert -1 / 3 <= ours < 0


def test_by_hand():
    """(0.6 * 0.8)^2 + (0.8 * 0.6)^2 over two columns and one point."""
    z, other = torch.tensor([[3.0, 4.0]]), torch.tensor([[8.0, 6.0]])
    value = adversarial_decorrelation(z, other, projection=lambda u: 5 * u)
    assert value.item() == pytest.approx(-0.2304)


def test_lengths_change_nothing(z, other, projection):
    with torch.no_grad():
        value = adversarial_decorrelation(z, other, projection=projection)
        again = adversarial_decorrelation(
            7 * z, 0.1 * other, projection=lambda u: 3 * projection(u)
        )
    torch.testing.assert_close(value, again)


@pytest.mark.parametrize("k", [8, 64])
def test_scale_of_independent_and_of_equal_directions(k, generator):
    """-1 / k^2, and -3 / (k^2 + 2 k): the docstring's reason for large weights."""
    u = torch.randn(20000, k, generator=generator)
    v = torch.randn(20000, k, generator=generator)
    apart = adversarial_decorrelation(u, v, projection=lambda w: w).item()
    equal = adversarial_decorrelation(u, u, projection=lambda w: w).item()
    assert apart == pytest.approx(-1 / k**2, rel=0.02)
    assert equal == pytest.approx(-3 / (k**2 + 2 * k), rel=0.02)


def plain(z, other, projection):
    """The same value without reversal."""
    u, v = normalize(z, dim=1), normalize(projection(normalize(other, dim=1)), dim=1)
    return -(u * v).square().mean()


def test_projection_descends_and_both_embeddings_ascend(z, other, projection):
    """R's gradient is the value's; that of z and other is its opposite."""
    z.requires_grad_()
    other.requires_grad_()
    inputs = (z, other, *projection.parameters())
    ours = adversarial_decorrelation(z, other, projection=projection)
    found = torch.autograd.grad(ours, inputs)
    expected = torch.autograd.grad(plain(z, other, projection), inputs)
    for sign, got, slope in zip([-1, -1, 1, 1, 1, 1], found, expected, strict=True):
        torch.testing.assert_close(got, sign * slope, atol=1e-14, rtol=1e-9)
    assert min(slope.abs().max() for slope in expected) > 1e-6


def test_gradient_is_minus_finite_differences(z, other, projection):
    z.requires_grad_()
    value = adversarial_decorrelation(z, other, projection=projection)
    (slope,) = torch.autograd.grad(value, z)
    step, values = 1e-6, []
    for sign in (1, -1):
        near = z.detach().clone()
        near[2, 1] += sign * step
        values.append(adversarial_decorrelation(near, other, projection=projection))
    expected = -(values[0] - values[1]).item() / (2 * step)
    assert slope[2, 1].item() == pytest.approx(expected, rel=1e-6, abs=1e-10)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_game_drives_the_causes_of_one_head_out_of_the_other(seed):
    """Half of six causes are the first head; 0.8 of the second is of them at first."""
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(100, 6, generator=g, dtype=torch.float64)
    L = torch.cat([torch.eye(3), 0.5 * torch.eye(3)]).double().requires_grad_()
    R = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 3)).double()
    for weight in R.parameters():
        weight.data = 0.5 * torch.randn(weight.shape, generator=g).double()
    players = torch.optim.Adam([
        {"params": [L], "lr": 1e-2}, {"params": R.parameters(), "lr": 3e-2},
    ])  # fmt: skip
    for _ in range(60):
        players.zero_grad()
        adversarial_decorrelation(x[:, :3], x @ L, projection=R).backward()
        players.step()
    own = L[:3].square().sum() / L.square().sum()
    assert own < 0.55


@pytest.mark.parametrize("n", [0, 1])
def test_few_points(n):
    z = torch.ones(n, 2, requires_grad=True)
    value = adversarial_decorrelation(z, z, projection=lambda u: u)
    assert value.item() == pytest.approx(-n / 4)
    value.backward()
    assert z.grad.isfinite().all()


def test_a_zero_vector_has_no_gradient_that_is_not_finite():
    z = torch.zeros(2, 3, requires_grad=True)
    adversarial_decorrelation(z, z, projection=lambda u: u).backward()
    assert z.grad.isfinite().all()


@pytest.mark.errors
def test_errors(z, other, projection):
    with pytest.raises(ValueError, match="of the same points, got 10 and 9 rows"):
        adversarial_decorrelation(z, other[:9], projection=projection)
    with pytest.raises(ValueError, match=r"3 columns of z, shape \(10, 3\), got"):
        adversarial_decorrelation(z, other, projection=lambda u: u)
    with pytest.raises(ValueError, match="other must be finite"):
        adversarial_decorrelation(z, other / 0, projection=projection)
