"""Tests for ConditionalCoupling and ActNorm: the layers of the flow."""

import math

import pytest
import torch

from mlcourse.invariances import ActNorm, ConditionalCoupling


@pytest.fixture
def layer(generator, shaken):
    """Five dimensions (2 move 3), a code of two; far from the identity."""
    return shaken(ConditionalCoupling(5, 2, hidden=7, clamp=1.5, generator=generator))


# --- values ---


def test_coupling_by_a_loop_over_its_formula(layer, draw):
    x, z = draw(6, 5), draw(6, 2)
    y, log_det = layer(x, z)
    for i in range(6):
        out = layer.net(torch.cat([x[i, :2], z[i]])).tolist()
        r, t = out[:3], out[3:]
        s = [1.5 * math.tanh(value / 1.5) for value in r]
        moved = [x[i, 2 + k].item() * math.exp(s[k]) + t[k] for k in range(3)]
        assert y[i].tolist() == pytest.approx([*x[i, :2].tolist(), *moved], abs=1e-12)
        assert log_det[i].item() == pytest.approx(sum(s), abs=1e-12)


def test_actnorm_by_hand():
    layer = ActNorm(2)
    layer.start(torch.tensor([[0.0, 10.0], [2.0, 16.0], [4.0, 10.0]]))
    # means 2 and 12; variances 8/3 and 8, with 1/n
    y, log_det = layer(torch.tensor([[5.0, 4.0], [2.0, 12.0]]))
    want = [[3 / (8 / 3) ** 0.5, -8 / 8**0.5], [0.0, 0.0]]
    assert torch.allclose(y, torch.tensor(want), atol=1e-6)
    half = -0.5 * math.log(8 / 3 * 8)
    assert log_det.tolist() == pytest.approx([half, half], abs=1e-6)


def test_actnorm_starts_from_mean_0_and_variance_1(draw):
    layer, x = ActNorm(4).double(), 3 * draw(50, 4) - 7
    layer.start(x)
    y, _ = layer(x)
    assert y.mean(dim=0).abs().max() < 1e-12
    assert (y.std(dim=0, correction=0) - 1).abs().max() < 1e-12


# --- inverse and log-determinant ---


def test_coupling_inverts_to_round_off(layer, draw):
    x, z = 3 * draw(40, 5), draw(40, 2)
    assert (layer.inverse(layer(x, z)[0], z) - x).abs().max() < 1e-10
    assert (layer(layer.inverse(x, z), z)[0] - x).abs().max() < 1e-10


def test_actnorm_inverts_to_round_off(draw, shaken):
    layer, x = shaken(ActNorm(5)), 3 * draw(40, 5)
    assert (layer.inverse(layer(x)[0]) - x).abs().max() < 1e-10


def test_log_det_is_that_of_the_jacobian(layer, draw, shaken, log_dets):
    x, z, norm = draw(4, 5), draw(4, 2), shaken(ActNorm(5))
    for i in range(4):
        one = x[i : i + 1]
        seen = log_dets(lambda row, i=i: layer(row, z[i : i + 1])[0], one)
        assert (layer(one, z[i : i + 1])[1] - seen).abs().max() < 1e-10
    seen = log_dets(lambda row: norm(row)[0], x)
    assert (norm(x)[1] - seen).abs().max() < 1e-10


# --- what must and must not matter ---


def test_first_half_passes_and_the_code_moves_the_second(layer, draw):
    x, z = draw(3, 5), draw(3, 2)
    one, other = layer(x, z)[0], layer(x, z + 1)[0]
    assert torch.equal(one[:, :2], x[:, :2])
    assert ((one - other)[:, 2:].abs() > 1e-3).all()


def test_starts_at_the_identity(generator, draw):
    layer = ConditionalCoupling(5, 2, generator=generator).double()
    x, z = draw(3, 5), draw(3, 2)
    y, log_det = layer(x, z)
    assert torch.equal(y, x)
    assert torch.equal(log_det, torch.zeros(3).double())


def test_clamp_bounds_the_scale(generator, draw, shaken):
    layer = shaken(ConditionalCoupling(4, 1, clamp=0.5, generator=generator))
    _, log_det = layer(1000 * draw(50, 4), draw(50, 1))
    assert 0.9 < log_det.abs().max() <= 2 * 0.5 + 1e-12


def test_without_a_code_and_with_two_dimensions(generator, draw, shaken):
    layer = shaken(ConditionalCoupling(2, 0, generator=generator))
    x, none = draw(3, 2), draw(3, 0)
    y, _ = layer(x, none)
    assert not torch.equal(y, x)
    assert (layer.inverse(y, none) - x).abs().max() < 1e-10


def test_no_rows_give_no_rows(layer, draw):
    y, log_det = layer(draw(0, 5), draw(0, 2))
    assert y.shape == (0, 5)
    assert log_det.shape == (0,)


def test_weights_come_from_the_generator_alone():
    state = torch.get_rng_state()
    nets = [
        ConditionalCoupling(4, 1, generator=torch.Generator().manual_seed(seed)).net
        for seed in (1, 1, 2)
    ]
    one, same, other = (net.get_parameter("0.weight") for net in nets)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert 0.3 < one.abs().max() <= 3**-0.5  # within 1 / sqrt(inputs), and filling it


def test_gradient_by_finite_differences(layer, draw):
    z = draw(2, 2)
    assert torch.autograd.gradcheck(lambda x: layer(x, z), draw(2, 5).requires_grad_())


# --- errors ---


@pytest.mark.errors
@pytest.mark.parametrize(
    ("dim", "code_dim", "extra", "message"),
    [
        (1, 2, {}, "dim >= 2.*got dim 1"),
        (4, -1, {}, "code_dim -1"),
        (4, 2, {"hidden": 0}, "hidden must be > 0"),
        (4, 2, {"clamp": 0.0}, "clamp must be > 0"),
    ],
)
def test_parameters_out_of_range(generator, dim, code_dim, extra, message):
    with pytest.raises(ValueError, match=message):
        ConditionalCoupling(dim, code_dim, generator=generator, **extra)


@pytest.mark.errors
def test_rows_that_do_not_fit(layer, draw):
    with pytest.raises(ValueError, match=r"x must be of shape \(n, 5\)"):
        layer(draw(3, 4), draw(3, 2))
    with pytest.raises(ValueError, match=r"z must be of shape .*z\[None\]"):
        layer.inverse(draw(3, 5), draw(2))
    with pytest.raises(ValueError, match="got 3 and 1 rows"):
        layer(draw(3, 5), draw(1, 2))
    with pytest.raises(ValueError, match="x must be finite"):
        layer(draw(1, 5) * torch.inf, draw(1, 2))


@pytest.mark.errors
def test_actnorm_refuses_constant_dimensions(draw):
    x = draw(5, 3)
    x[:, 1] = 4.0
    with pytest.raises(ValueError, match="got 1 constant ones in 5 rows; drop"):
        ActNorm(3).double().start(x)
    with pytest.raises(ValueError, match="got 3 constant ones in 1 rows"):
        ActNorm(3).double().start(x[:1])
