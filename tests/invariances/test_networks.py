"""Tests for the autoencoder, the representation and their training."""

import pytest
import torch
from torch import nn

from mlcourse.datasets import glyphs
from mlcourse.invariances import (
    Autoencoder,
    Encoder,
    train_autoencoder,
    train_encoder,
)
from mlcourse.invariances._networks import drawn, perceptron
from mlcourse.invariances._steps import descend


@pytest.fixture(scope="module")
def data():
    generator = torch.Generator().manual_seed(0)
    return glyphs(n_classes=8, per_class=12, size=16, generator=generator)


# --- the networks ---


@pytest.mark.parametrize("size", [4, 8, 28, 32])
def test_shapes(generator, size):
    x = torch.rand(3, 1, size, size, generator=generator)
    net = Autoencoder(5, size=size, generator=generator)
    assert net.encode(x).shape == (3, 5)
    assert net.decode(net.encode(x)).shape == x.shape
    assert Encoder(7, size=size, generator=generator)(x).shape == (3, 7)


def test_every_pixel_reaches_the_code_and_comes_from_it(generator):
    x = torch.rand(1, 1, 16, 16, generator=generator).requires_grad_()
    for code in (
        Encoder(9, size=16, generator=generator)(x),
        Autoencoder(9, size=16, generator=generator).encode(x),
    ):
        (slope,) = torch.autograd.grad(code.square().sum(), x)
        assert (slope != 0).double().mean() > 0.9


def test_networks_by_their_layers(generator, shaken, draw):
    net = shaken(Autoencoder(3, size=8, generator=generator))
    first, b, second, c, last, d = net.encode.parameters()
    assert (first.shape, second.shape) == ((16, 1, 5, 5), (32, 16, 5, 5))
    x = images = draw(5, 1, 8, 8)
    for weight, bias in ((first, b), (second, c)):
        x = nn.functional.conv2d(x, weight, bias, stride=2, padding=2).relu()
    code = x.flatten(1) @ last.T + d
    assert torch.allclose(net.encode(images), code)
    first, b, second, c, last, d = net.decode.parameters()
    assert (second.shape, last.shape) == ((32, 16, 4, 4), (16, 1, 4, 4))
    x = (code @ first.T + b).relu().view(5, 32, 2, 2)
    x = nn.functional.conv_transpose2d(x, second, c, stride=2, padding=1).relu()
    x = nn.functional.conv_transpose2d(x, last, d, stride=2, padding=1)
    assert torch.allclose(net.decode(code), x)


def test_weights_come_from_the_generator_alone():
    state = torch.get_rng_state()
    nets = [
        drawn(lambda: nn.Linear(40, 50), generator=torch.Generator().manual_seed(seed))
        for seed in (1, 1, 2)
    ]
    weights = [net.get_parameter("weight") for net in nets]
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert 0.99 * 40**-0.5 < weights[0].abs().max() <= 40**-0.5
    assert not nets[0].get_parameter("bias").any()


def test_perceptron_has_no_relu_at_its_end():
    kinds = [type(layer) for layer in perceptron(2, 3, 4)]
    assert kinds == [nn.Linear, nn.ReLU, nn.Linear]


# --- training ---


def test_rate_rises_to_lr_and_falls_to_nearly_0(generator):
    # the gradient is 1, so that each step of Adam moves by the rate
    place = nn.Parameter(torch.zeros(()))
    values = descend(
        lambda rows: place + 0.0,
        [place],
        9,
        steps=100,
        batch=2,
        lr=0.1,
        generator=generator,
    )
    rate = -values.diff()  # but for the momentum, which also has a schedule
    assert rate[0] < 0.01
    assert 25 <= rate.argmax() <= 35
    assert rate.max().item() == pytest.approx(0.1, rel=0.1)
    assert rate[-1] < 0.0005


def test_autoencoder_beats_the_mean_image(generator, data):
    x = data.train.x
    net = Autoencoder(8, size=16, generator=generator)
    cost = train_autoencoder(net, x, steps=300, noise=0.1, generator=generator)
    with torch.no_grad():
        gap = (net.decode(net.encode(x)) - x).square().sum()
    assert cost.shape == (300,)
    assert gap < 0.4 * (x - x.mean(dim=0)).square().sum()


def test_weight_keeps_codes_short_and_noise_makes_them_long(generator, data):
    def spread(**settings):
        g = torch.Generator().manual_seed(0)
        net = Autoencoder(4, size=16, generator=g)
        train_autoencoder(net, data.train.x, steps=150, generator=g, **settings)
        with torch.no_grad():
            return net.encode(data.train.x).square().mean().item()

    plain = spread(noise=0.3, weight=0.02)
    assert spread(noise=0.3, weight=1.0) < 0.8 * plain
    assert spread(noise=1.5, weight=0.02) > 1.2 * plain


def test_cost_by_hand_without_noise(generator, data):
    net = Autoencoder(4, size=16, generator=generator)
    x = data.train.x[:1]  # one image: any batch is copies of it
    with torch.no_grad():
        code = net.encode(x)
        want = (net.decode(code) - x).square().sum() + 0.7 * code.square().sum()
    cost = train_autoencoder(
        net, x, steps=1, batch=6, noise=0.0, weight=0.7, generator=generator
    )
    assert cost[0].item() == pytest.approx(want.item(), rel=1e-5)


def test_noise_of_the_codes_is_normal_of_its_size():
    """From the given generator: torch's own may say what it will."""
    given = []
    for other in (1, 2):
        torch.manual_seed(other)
        g = torch.Generator().manual_seed(0)
        net, x = Autoencoder(3, size=4, generator=g), torch.ones(1, 1, 4, 4)
        with torch.no_grad():
            code = net.encode(x)
        net.decode.register_forward_pre_hook(lambda _, codes: given.append(*codes))
        train_autoencoder(
            net, x, steps=1, batch=3000, noise=0.5, weight=0.0, generator=g
        )
    assert torch.equal(given[0], given[1])
    gap = (given[0] - code).detach()
    assert gap.mean().abs() < 0.02
    assert gap.std().item() == pytest.approx(0.5, rel=0.04)
    assert (gap.abs() < 0.5).double().mean().item() == pytest.approx(0.683, abs=0.02)


def test_encoder_learns_the_labels_it_is_given(generator, data):
    x, font = data.train.x, data.train.font
    bold = torch.tensor(["Bol" in name for name in data.fonts]).long()[font]
    encoder = Encoder(6, size=16, generator=generator)
    loss = train_encoder(encoder, x, 10 * bold - 3, steps=200, generator=generator)
    assert loss.shape == (200,)
    assert loss[0].item() == pytest.approx(0.69, abs=0.15)  # log 2 at the start
    assert loss[-20:].mean() < 0.2


def test_equal_generators_give_equal_codes(data):
    codes = []
    state = torch.get_rng_state()
    for seed in (3, 3, 4):
        g = torch.Generator().manual_seed(seed)
        encoder = Encoder(6, size=16, generator=g)
        train_encoder(encoder, data.train.x, data.train.y, steps=3, generator=g)
        codes.append(encoder(data.test.x).detach())
    assert torch.equal(codes[0], codes[1])
    assert not torch.equal(codes[0], codes[2])
    assert torch.equal(torch.get_rng_state(), state)


# --- errors ---


@pytest.mark.errors
@pytest.mark.parametrize("make", [Autoencoder, Encoder])
def test_networks_refuse(generator, make):
    with pytest.raises(ValueError, match="dim must be > 0"):
        make(0, generator=generator)
    for size in (0, 30):
        with pytest.raises(ValueError, match=f"multiple of 4.*got {size}"):
            make(3, size=size, generator=generator)


@pytest.mark.errors
def test_training_refuses_what_does_not_fit(generator, data):
    x = data.train.x
    with pytest.raises(ValueError, match=r"\(n, 1, 28, 28\), got .*view"):
        train_autoencoder(Autoencoder(3, generator=generator), x, generator=generator)
    net = Autoencoder(3, size=16, generator=generator)
    with pytest.raises(ValueError, match="noise, weight must be >= 0, got -1"):
        train_autoencoder(net, x, noise=-1.0, generator=generator)
    with pytest.raises(ValueError, match="noise, weight must be >= 0, got 0.3, -1"):
        train_autoencoder(net, x, weight=-1.0, generator=generator)
    with pytest.raises(ValueError, match="at least one row"):
        train_autoencoder(net, x[:0], generator=generator)
    encoder = Encoder(3, size=16, generator=generator)
    with pytest.raises(ValueError, match=r"images of shape \(n, 1, 16, 16\)"):
        encoder(x.flatten(1))
    with pytest.raises(ValueError, match="x and labels must have"):
        train_encoder(encoder, x, data.train.y[:-1], generator=generator)
    with pytest.raises(ValueError, match="2 classes or more, got 1"):
        train_encoder(encoder, x, 0 * data.train.y, generator=generator)
