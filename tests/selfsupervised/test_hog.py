"""Tests for histograms of oriented gradients."""

import math

import pytest
import torch

from mlcourse.selfsupervised import hog


def loop(image, cell, bins):
    """One image, pixel by pixel."""
    h, w = image.shape
    found = torch.zeros(h // cell, w // cell, bins, dtype=torch.float64)
    for r in range(h):
        for c in range(w):
            up, down = max(r - 1, 0), min(r + 1, h - 1)
            left, right = max(c - 1, 0), min(c + 1, w - 1)
            dy = (image[down, c] - image[up, c]).item() / (down - up)
            dx = (image[r, right] - image[r, left]).item() / (right - left)
            place = (math.atan2(dy, dx) % math.pi) / math.pi * bins
            for o in range(bins):
                gap = abs(place - o)
                part = max(0.0, 1 - min(gap, bins - gap))
                found[r // cell, c // cell, o] += part * math.hypot(dx, dy) / cell**2
    blocks = []
    for r in range(h // cell - 1):
        for c in range(w // cell - 1):
            # orientation by orientation, each with the four cells row by row
            block = found[r : r + 2, c : c + 2].permute(2, 0, 1).flatten()
            block = (block / max(block.norm().item(), 1e-3)).clamp(max=0.2)
            blocks.append(block / max(block.norm().item(), 1e-12))
    return torch.cat(blocks)


@pytest.mark.parametrize(
    ("h", "w", "cell", "bins"), [(8, 12, 4, 9), (9, 6, 3, 4), (4, 3, 1, 2)]
)
def test_equals_a_loop_over_pixels(generator, h, w, cell, bins):
    x = torch.rand(3, 1, h, w, generator=generator, dtype=torch.float64)
    got = hog(x, cell=cell, bins=bins)
    expected = torch.stack([loop(image[0], cell, bins) for image in x])
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)


def test_faint_gradients_are_small_beside_a_thousandth_and_none_is_cut(generator):
    x = 1e-4 * torch.rand(2, 1, 8, 8, generator=generator, dtype=torch.float64)
    got = hog(x, cell=4, bins=9)
    expected = torch.stack([loop(image[0], 4, 9) for image in x])
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)
    assert (got - hog(1e4 * x, cell=4, bins=9)).abs().max() > 0.01


def test_blocks_have_length_1_and_a_blank_image_has_none():
    x = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    x[1] = 0.5
    blocks = hog(x).view(2, 36, 36)
    torch.testing.assert_close(blocks[0].norm(dim=1), torch.ones(36))
    assert not blocks[1].any()


def test_ink_and_paper_exchanged_and_more_light_change_nothing(generator):
    x = torch.rand(2, 1, 16, 16, generator=generator, dtype=torch.float64)
    for other in (1 - x, 3 + 0.5 * x):
        torch.testing.assert_close(hog(other), hog(x), rtol=0, atol=1e-9)


@pytest.mark.errors
@pytest.mark.parametrize(("cell", "bins"), [(5, 9), (0, 9), (8, 9), (4, 1)])
def test_cells_must_fill_the_image(cell, bins):
    with pytest.raises(ValueError, match="two cells or more a side"):
        hog(torch.zeros(1, 1, 8, 8), cell=cell, bins=bins)
    for h, w in ((8, 10), (10, 8)):
        with pytest.raises(ValueError, match=f"got {h} x {w} pixels"):
            hog(torch.zeros(1, 1, h, w))


@pytest.mark.errors
@pytest.mark.parametrize(
    "x",
    [
        torch.zeros(1, 3, 8, 8),
        torch.zeros(3, 8, 8),
        torch.zeros(1, 1, 8, 8, dtype=torch.uint8),
    ],
)
def test_images_must_be_grey(x):
    with pytest.raises(ValueError, match="grey images .n, 1, h, w. of floats, got"):
        hog(x)
