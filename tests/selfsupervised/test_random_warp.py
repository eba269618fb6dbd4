"""Tests for views of images."""

import math

import pytest
import torch

from mlcourse.selfsupervised import RandomWarp


def blob(h, w, row, column, width=2.0):
    """A smooth spot at (row, column), pixels from the top left corner."""
    r, c = torch.arange(h)[:, None], torch.arange(w)
    return torch.exp(-((r - row) ** 2 + (c - column) ** 2) / (2 * width**2))[None, None]


def centre(x):
    """Where the mass of each image is: (n, 2), row and column."""
    h, w = x.shape[2:]
    mass = x[:, 0] / x[:, 0].sum(dim=(1, 2), keepdim=True)
    r, c = torch.arange(h)[:, None], torch.arange(w)
    return torch.stack([(mass * r).sum(dim=(1, 2)), (mass * c).sum(dim=(1, 2))], dim=1)


def still(**numbers):
    generator = torch.Generator().manual_seed(0)
    quiet = {"angle": 0, "scale": 1, "shift": 0, "noise": 0}
    return RandomWarp(generator=generator, **quiet | numbers)


def test_nothing_drawn_nothing_changed_and_nothing_happens_in_eval_mode():
    x = torch.rand(3, 2, 9, 12, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(still()(x), x)
    warp = still(angle=20, scale=1.2, shift=0.1, noise=0.1).eval()
    state = warp.generator.get_state()
    assert torch.equal(warp(x), x)
    assert torch.equal(warp.generator.get_state(), state)
    assert not torch.equal(warp.train()(x), x)


def test_views_keep_the_precision_of_the_images():
    x = torch.rand(3, 2, 9, 12, generator=torch.Generator().manual_seed(0))
    loud = {"angle": 20, "scale": 1.2, "shift": 0.1, "noise": 0.1}
    fine, view = still(**loud)(x.double()), still(**loud)(x)
    assert fine.dtype == torch.float64
    torch.testing.assert_close(fine.float(), view, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("h", "w"), [(41, 41), (41, 61)])
def test_turns_are_even_up_to_the_angle_and_rigid_in_pixels(h, w):
    """A spot 10 pixels right of the middle moves on a circle of that radius."""
    row, column = (h - 1) / 2, (w - 1) / 2
    x = blob(h, w, row, column + 10).expand(2000, -1, -1, -1)
    gap = centre(still(angle=30)(x)) - torch.tensor([row, column])
    torch.testing.assert_close(
        gap.norm(dim=1), torch.full((2000,), 10.0), rtol=0, atol=0.05
    )
    angle = torch.atan2(-gap[:, 0], gap[:, 1]) * 180 / math.pi
    assert angle.abs().max() < 30.3
    assert angle.std() == pytest.approx(60 / 12**0.5, rel=0.05)
    assert angle.mean().abs() < 2


def test_shifts_are_shares_of_the_sides():
    x = blob(41, 61, 20, 30).expand(2000, -1, -1, -1)
    gap = centre(still(shift=0.1)(x)) - torch.tensor([20.0, 30.0])
    for side, moved in zip((41, 61), gap.T, strict=True):
        assert moved.abs().max() < 0.1 * side + 0.1
        assert moved.std() == pytest.approx(0.2 * side / 12**0.5, rel=0.05)


def test_shift_and_turn_together_move_a_spot_of_the_middle_by_the_shift():
    """x'(u) looks at R(u - t): what was in the middle is at t, whatever the angle."""
    x = blob(41, 41, 20, 20).expand(500, -1, -1, -1)
    gap = centre(still(shift=0.2, angle=90, scale=1.5)(x)) - 20
    assert gap.abs().max() < 8.4
    assert gap.abs().max() > 7.5


def test_scales_are_even_in_the_logarithm():
    x = blob(61, 61, 30, 40).expand(2000, -1, -1, -1)
    factor = (centre(still(scale=1.5)(x))[:, 1] - 30) / 10
    assert factor.max() < 1.52
    assert factor.min() > 1 / 1.52
    logs = factor.log() / math.log(1.5)
    assert logs.mean().abs() < 0.05
    assert logs.std() == pytest.approx(2 / 12**0.5, rel=0.05)


def test_noise_is_normal_and_two_views_differ():
    x = torch.full((4, 1, 50, 50), 0.5)
    warp = still(noise=0.1)
    one, two = warp(x) - 0.5, warp(x) - 0.5
    assert one.std() == pytest.approx(0.1, rel=0.03)
    assert (one * two).mean().abs() < 5e-4
    assert torch.equal(x, torch.full((4, 1, 50, 50), 0.5))


def test_generator_decides_and_nothing_else():
    x, state = torch.rand(3, 1, 9, 9), torch.get_rng_state()
    views = [
        RandomWarp(generator=torch.Generator().manual_seed(seed))(x)
        for seed in (1, 1, 2)
    ]
    assert torch.equal(views[0], views[1])
    assert not torch.equal(views[0], views[2])
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.errors
@pytest.mark.parametrize(
    "numbers", [{"scale": 0.9}, {"angle": -1}, {"shift": -0.1}, {"noise": -0.1}]
)
def test_numbers_must_be_in_their_range(numbers):
    with pytest.raises(ValueError, match="scale must be >= 1, and angle"):
        still(**numbers)


def test_what_is_taken_where_nothing_is_said():
    x = torch.rand(3, 1, 9, 9, generator=torch.Generator().manual_seed(0))
    said = {"angle": 15, "scale": 1, "shift": 0.1, "noise": 0.05}
    expected = RandomWarp(**said, generator=torch.Generator().manual_seed(1))(x)
    got = RandomWarp(generator=torch.Generator().manual_seed(1))(x)
    assert torch.equal(got, expected)


def test_beyond_the_rim_its_pixels_go_on():
    """Nothing darkens at the corners, however far an image is turned and moved."""
    x = torch.full((4, 1, 6, 8), 0.5)
    warp = RandomWarp(
        angle=90,
        scale=2,
        shift=0.5,
        noise=0,
        generator=torch.Generator().manual_seed(0),
    )
    torch.testing.assert_close(warp(x), x)
