"""Tests for mlp, convnet and UnitSphere."""

from functools import partial

import pytest
import torch
from torch import nn

from mlcourse.networks import UnitSphere, convnet, mlp


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


NETS = {
    "mlp": partial(mlp, (64, 32, 5)),
    "convnet": partial(convnet, 5, channels=(1, 4, 8)),
}
every = pytest.mark.parametrize("make", NETS.values(), ids=NETS)
IMAGES = torch.rand(7, 1, 8, 8, generator=generator())


@every
def test_embeds_images_on_the_unit_sphere(make):
    z = make(generator=generator()).eval()(IMAGES)
    assert z.shape == (7, 5)
    assert torch.allclose(z.norm(dim=1), torch.ones(7))
    raw = make(generator=generator(), normalized=False).eval()(IMAGES)
    assert torch.allclose(nn.functional.normalize(raw), z, atol=1e-6)
    assert not torch.allclose(raw.norm(dim=1), torch.ones(7), atol=1e-2)


@every
def test_a_seed_decides_the_first_weights(make):
    a, b, c = (make(generator=generator(seed)).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert any(not torch.equal(a[name], c[name]) for name in a)
    before = torch.random.get_rng_state()
    make(generator=generator())
    assert a.keys() == c.keys()
    assert before.shape == torch.random.get_rng_state().shape


@every
def test_an_image_does_not_depend_on_its_batch_in_eval(make):
    net = make(generator=generator()).eval()
    assert torch.allclose(net(IMAGES)[:2], net(IMAGES[:2]), atol=1e-6)


@every
def test_every_weight_gets_a_gradient_and_signals_keep_their_size(make):
    net = make(generator=generator(), normalized=False)
    z = net(torch.randn(512, 1, 8, 8, generator=generator()))
    z[:, 0].sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    assert 0.1 < z.std() < 10


def test_mlp_of_two_sizes_is_a_linear_map():
    net = mlp((3, 2), normalized=False, generator=generator())
    L, b = net[1].weight, net[1].bias
    x = torch.randn(4, 3)
    assert torch.allclose(net(x), x @ L.T + b)


def test_layers_of_mlp_and_blocks_of_convnet():
    net = mlp((6, 5, 4, 3), generator=generator())
    kinds = [type(layer).__name__ for layer in net]
    assert kinds == ["Flatten", *["Linear", "ReLU"] * 2, "Linear", "UnitSphere"]
    net = convnet(2, generator=generator())
    assert sum(isinstance(layer, nn.Conv2d) for layer in net) == 3
    assert net(torch.rand(2, 1, 28, 28)).shape == (2, 2)


def test_a_block_keeps_the_sides_and_halves_them_once():
    net = convnet(1, channels=(2, 3), normalized=False, generator=generator())
    assert net[0](torch.rand(1, 2, 6, 4)).shape == (1, 3, 6, 4)
    assert net[:4](torch.rand(1, 2, 6, 4)).shape == (1, 3, 3, 2)
    sizes = {name: tuple(p.shape) for name, p in net.named_parameters()}
    assert sizes == {  # no bias before a batch norm, which would take it away
        "0.weight": (3, 2, 3, 3), "1.weight": (3,), "1.bias": (3,),
        "6.weight": (1, 3), "6.bias": (1,),
    }  # fmt: skip


def test_one_coordinate_is_enough():
    net = mlp((1, 1, 1), normalized=False, generator=generator())
    assert net(torch.rand(2, 1)).shape == (2, 1)


def test_unit_sphere_at_zero():
    z = torch.zeros(2, 3, requires_grad=True)
    UnitSphere()(z).sum().backward()
    assert z.grad.isfinite().all()
    assert UnitSphere(eps=2.0)(torch.tensor([[1.0, 0.0]])).tolist() == [[0.5, 0.0]]


@pytest.mark.errors
@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("sizes must be", lambda: mlp((3,), generator=generator())),
        ("sizes must be", lambda: mlp((3, 0), generator=generator())),
        ("channels must be", lambda: convnet(2, channels=(1,), generator=generator())),
        ("dim = 0", lambda: convnet(0, generator=generator())),
    ],
)
def test_a_mistake_is_told(message, call):
    with pytest.raises(ValueError, match=message):
        call()
