"""What is taken where nothing is said."""

import importlib

import pytest
import torch

from mlcourse.invariances import (
    Autoencoder,
    ConditionalCoupling,
    ConditionalINN,
    Encoder,
    train_autoencoder,
    train_encoder,
    train_inn,
)


def test_sizes_of_the_networks(generator):
    images = torch.zeros(2, 1, 28, 28)
    assert Encoder(3, generator=generator)(images).shape == (2, 3)
    net = Autoencoder(3, generator=generator)
    assert net.decode(net.encode(images)).shape == images.shape
    flow = ConditionalINN(4, 1, generator=generator)
    assert len(flow.norms) == len(flow.couplings) == len(flow.orders) == 8
    layer = ConditionalCoupling(4, 1, generator=generator)
    assert layer.clamp == 2
    for net in (layer.net, flow.couplings[7].net):
        assert net.get_parameter("2.weight").shape == (128, 128)
    narrow = ConditionalINN(4, 1, hidden=5, generator=generator)
    assert narrow.couplings[7].net.get_parameter("2.weight").shape == (5, 5)


@pytest.mark.parametrize(
    ("module", "steps", "batch", "lr"),
    [
        ("train_autoencoder", 1500, 128, 3e-3),
        ("train_encoder", 500, 128, 3e-3),
        ("train_inn", 1500, 256, 1e-3),
    ],
)
def test_length_of_the_training(generator, monkeypatch, module, steps, batch, lr):
    home, taken = importlib.import_module(f"mlcourse.invariances.{module}"), []

    def written_down(loss, parameters, n, *, generator, **settings):
        taken.append((n, settings))
        return torch.zeros(1)

    monkeypatch.setattr(home, "descend", written_down)
    x, rows = torch.zeros(6, 1, 8, 8), torch.arange(12.0).view(6, 2)
    if module == "train_autoencoder":
        net = Autoencoder(2, size=8, generator=generator)
        train_autoencoder(net, x, generator=generator)
    elif module == "train_encoder":
        net, y = Encoder(2, size=8, generator=generator), torch.arange(6) % 2
        train_encoder(net, x, y, generator=generator)
    else:
        flow = ConditionalINN(2, 2, generator=generator)
        train_inn(flow, rows, rows, generator=generator)
    assert taken == [(6, {"steps": steps, "batch": batch, "lr": lr})]


def test_noise_of_the_training():
    x, rows = torch.ones(6, 1, 8, 8), torch.arange(12.0).view(6, 2)

    def cost(**said):
        g = torch.Generator().manual_seed(0)
        net = Autoencoder(2, size=8, generator=g)
        return train_autoencoder(net, x, steps=2, **said, generator=g).tolist()

    def nats(**said):
        g = torch.Generator().manual_seed(0)
        flow = ConditionalINN(2, 2, hidden=3, generator=g)
        return train_inn(flow, rows, rows, steps=2, **said, generator=g).tolist()

    assert cost() == cost(noise=0.3, weight=0.02) != cost(noise=0.31, weight=0.02)
    assert cost() != cost(noise=0.3, weight=0.03)
    assert nats() == nats(noise=0.0) != nats(noise=0.1)
