"""Distorted images: against scipy, by hand, and who sees them when."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import affine_transform
from torch import nn

from mlcourse.ensembles import Augmented, random_affine


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def smooth(n, h, w):
    """Images of a few waves, so that interpolation errs little."""
    u, v = torch.meshgrid(torch.arange(h) / h, torch.arange(w) / w, indexing="ij")
    k = torch.arange(1, n + 1)[:, None, None]
    x = torch.sin(3 * k * u + 1) + torch.cos(4 * v - k * u)
    return x[:, None].double()


@pytest.mark.parametrize(("h", "w"), [(28, 28), (20, 32)])
@pytest.mark.parametrize(
    ("angle", "zoom", "shift"), [(30, 1, 0), (0, 1.5, 0), (0, 1, 4), (25, 1.3, 3)]
)
def test_equals_scipys_affine_transform(h, w, angle, zoom, shift):
    """The amounts are those drawn, from the same generator in the same order."""
    x = smooth(4, h, w)
    ours = random_affine(x, angle=angle, zoom=zoom, shift=shift, generator=seeded(3))
    draws = 2 * torch.rand(4, 4, generator=seeded(3)).double() - 1
    for k in range(4):
        phi, s = math.radians(draws[0, k] * angle), zoom ** draws[1, k].item()
        right, down = (draws[2:, k] * shift).tolist()
        # rows go down: counter-clockwise as seen
        back = np.array([[np.cos(phi), np.sin(phi)], [-np.sin(phi), np.cos(phi)]]) / s
        centre = np.array([(h - 1) / 2, (w - 1) / 2])
        offset = centre - back @ (centre + np.array([down, right]))
        theirs = affine_transform(
            x[k, 0].numpy(), back, offset=offset, order=1, mode="nearest"
        )
        np.testing.assert_allclose(ours[k, 0].numpy(), theirs, atol=1e-6)


def test_a_shift_moves_right_and_down(generator):
    """Whole pixels, drawn by hand: the ink of a dot is where it was sent."""
    x = torch.zeros(1, 1, 9, 9, dtype=torch.float64)
    x[0, 0, 4, 4] = 1
    moved = random_affine(x, angle=0, zoom=1, shift=3, generator=generator)[0, 0]
    assert moved.sum() == pytest.approx(1)
    rows, columns = torch.meshgrid(torch.arange(9), torch.arange(9), indexing="ij")
    place = [(moved * grid).sum().item() - 4 for grid in (columns, rows)]
    assert max(map(abs, place)) <= 3
    assert max(map(abs, place)) > 0.05


def test_each_image_by_itself_within_the_range():
    x = smooth(1, 28, 28).expand(200, 1, 28, 28)
    out = random_affine(x, angle=0, zoom=1, shift=2, generator=seeded())
    assert len({tuple(o.flatten()[:9].tolist()) for o in out}) == 200
    kept = random_affine(x, angle=0, zoom=1, shift=0, generator=seeded())
    torch.testing.assert_close(kept, x)


def test_beyond_the_border_an_image_goes_on():
    x = torch.full((3, 2, 8, 8), 0.7)
    out = random_affine(x, angle=45, zoom=2, shift=5, generator=seeded())
    torch.testing.assert_close(out, x)


def test_the_gradient_reaches_the_image():
    x = smooth(2, 8, 8).requires_grad_()
    random_affine(x, generator=seeded()).sum().backward()
    assert x.grad.abs().sum() > 1


def test_seeds():
    x, before = smooth(3, 12, 12), torch.get_rng_state()
    a, b, c = (random_affine(x, generator=seeded(s)) for s in (0, 0, 1))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)
    assert torch.equal(torch.get_rng_state(), before)


def test_augmented_distorts_in_training_alone():
    x, net = smooth(5, 16, 16), nn.Flatten()
    psi = Augmented(net, angle=15, zoom=1.2, shift=1, generator=seeded(4))
    first, second = psi(x), psi(x)
    expected = random_affine(x, angle=15, zoom=1.2, shift=1, generator=seeded(4))
    assert torch.equal(first, expected.flatten(1))
    assert not torch.equal(first, second)
    assert torch.equal(psi.eval()(x), x.flatten(1))
    assert psi.net is net


@pytest.mark.errors
@pytest.mark.parametrize(
    "change", [{"angle": -1}, {"zoom": 0.9}, {"shift": -0.1}], ids=str
)
def test_errors_of_numbers(change):
    with pytest.raises(ValueError, match="angle and shift must be >= 0 and zoom >= 1"):
        random_affine(smooth(1, 4, 4), **change, generator=seeded())


@pytest.mark.errors
def test_errors_of_images():
    with pytest.raises(ValueError, match="x must be images .n, c, h, w., got"):
        random_affine(torch.ones(4, 4), generator=seeded())
