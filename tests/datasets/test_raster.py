"""Tests for mlcourse.datasets._raster: where the ink goes."""

import numpy as np
import pytest
import torch

from mlcourse.datasets._raster import draw_upright, pose


def still(**change):
    """Return the pose that changes nothing, but for what is given."""
    none = {"angle": [0.0], "scale": [1.0], "shift": [[0.0, 0.0]]}
    return {key: torch.tensor(value) for key, value in (none | change).items()}


@pytest.fixture
def arrow():
    """An arrow to the right, 80 x 80 pixels: no symmetry but top-bottom."""
    ink = draw_upright("\u2192", "DejaVuSans", side=80, ink=40)
    return torch.from_numpy(ink.copy())[None, None] / 255


def middle(image):
    """Return the centre of the ink as (right, down) from the centre of the image."""
    ink = image[0, 0] / image.sum()
    side = len(ink)
    place = torch.arange(side) - (side - 1) / 2
    return torch.stack([(ink.sum(0) * place).sum(), (ink.sum(1) * place).sum()])


@pytest.mark.parametrize("character", ["A", "l", "\u2014", "\u220f", ".", "W"])
def test_ink_is_centred_and_its_longer_side_as_asked(character):
    ink = draw_upright(character, "DejaVuSerif", side=64, ink=40) > 0
    rows, columns = np.where(ink.any(1))[0], np.where(ink.any(0))[0]
    extent = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    assert max(extent) in (39, 40)
    for places in (rows, columns):
        assert abs((places[0] + places[-1]) / 2 - 31.5) <= 1


def test_a_blank_stays_blank():
    assert draw_upright(" ", "DejaVuSans", side=20, ink=10).sum() == 0


def test_no_pose_only_halves_the_side(arrow):
    want = arrow.view(40, 2, 40, 2).mean((1, 3))
    torch.testing.assert_close(pose(arrow, **still())[0, 0], want, atol=1e-5, rtol=0)


def test_angle_is_counter_clockwise_as_seen(arrow):
    up = pose(arrow, **still(angle=[90.0]))[0, 0]
    right = pose(arrow, **still())[0, 0]
    torch.testing.assert_close(up, right.rot90(1), atol=1e-4, rtol=0)


def test_shift_is_right_and_down_in_pixels_of_the_result(arrow):
    moved = middle(pose(arrow, **still(shift=[[3.0, -1.5]])))
    want = middle(pose(arrow, **still())) + torch.tensor([3.0, -1.5])
    torch.testing.assert_close(moved, want, atol=0.05, rtol=0)


def test_shift_does_not_turn_with_the_angle(arrow):
    turned = still(angle=[90.0], scale=[0.5])
    still_middle = middle(pose(arrow, **turned))
    moved = middle(pose(arrow, **turned | {"shift": torch.tensor([[4.0, 2.0]])}))
    want = still_middle + torch.tensor([4.0, 2.0])
    torch.testing.assert_close(moved, want, atol=0.02, rtol=0)


@pytest.mark.parametrize("scale", [0.7, 0.8, 1.3])
def test_area_grows_with_the_square_of_the_scale(arrow, scale):
    ratio = pose(arrow, **still(scale=[scale])).sum() / pose(arrow, **still()).sum()
    assert ratio == pytest.approx(scale**2, rel=0.03)


def test_each_image_has_its_own_pose(arrow):
    two = {
        key: torch.cat([a, b])
        for (key, a), b in zip(
            still().items(),
            still(angle=[30.0], scale=[0.7], shift=[[1.0, 2.0]]).values(),
            strict=True,
        )
    }
    both = pose(torch.cat([arrow, arrow]), **two)
    for i in range(2):
        alone = pose(arrow, **{key: value[i : i + 1] for key, value in two.items()})
        torch.testing.assert_close(both[i : i + 1], alone)
