"""Tests for mlcourse.plots.plot_band: boundaries and the band that a margin keeps."""

import math

import pytest
import torch

from mlcourse import plots

WEIGHTS = torch.tensor([[3.0, 0.0], [0.0, 0.5]])  # lengths must not count


def drawn(own_logit, weights=WEIGHTS, degrees=(0.0, 31.0, 40.0, 50.0, 59.5)):
    _, ax = plots.figure(size=(3, 3))
    turn = torch.tensor(degrees).deg2rad()
    z = torch.stack([turn.cos(), turn.sin()], dim=1)
    share = plots.plot_band(ax, z, torch.tensor([0, 0, 0, 0, 1]), weights, own_logit)
    bands = [p for p in ax.patches if hasattr(p, "theta1")]
    return share, sorted((b.theta1 % 360, b.theta2 % 360) for b in bands), ax


def test_band_of_arcface_is_half_its_margin_on_both_sides_of_each_boundary():
    half = math.degrees(0.5) / 2
    share, bands, ax = drawn(lambda t: (t + 0.5).cos())
    assert bands[0] == pytest.approx((45 - half, 45 + half), abs=0.11)
    assert bands[1] == pytest.approx((225 - half, 225 + half), abs=0.11)
    assert share == pytest.approx(3 / 5)  # 31, 40 and 50 degrees, of class 0
    dashed = [line for line in ax.lines if line.get_linestyle() == "--"]
    ends = sorted(line.get_xydata()[1].tolist() for line in dashed)
    root = math.sqrt(0.5)
    assert ends[0] == pytest.approx([-root, -root], abs=2e-3)
    assert ends[1] == pytest.approx([root, root], abs=2e-3)


def test_band_of_cosface_agrees_with_the_formula_where_it_wraps_around():
    # Between weights at -45 and 45 degrees the boundary is at 0, where counting starts.
    turned = torch.tensor([[1.0, -1.0], [1.0, 1.0]])
    _, bands, _ = drawn(lambda t: t.cos() - 0.35, turned)
    half = math.degrees(math.asin(0.35 / math.sqrt(2)))  # 2 sin(45) sin(t) = 0.35
    assert bands[0] == pytest.approx((180 - half, 180 + half), abs=0.11)
    assert bands[1] == pytest.approx((360 - half, half), abs=0.11)


def test_without_a_margin_no_band_and_with_a_huge_one_nothing_else():
    share, bands, _ = drawn(torch.cos)
    assert bands == []
    assert share == pytest.approx(1 / 5)  # 50 degrees is on the wrong side
    share, bands, ax = drawn(lambda t: t.cos() - 3)
    assert share == 1
    (band,) = [p for p in ax.patches if hasattr(p, "theta1")]
    assert (band.theta1, band.theta2) == (0, 360)


def test_weights_and_points_of_a_class_share_a_marker():
    _, _, ax = drawn(torch.cos)
    shapes = [c.get_paths()[0].vertices.round(3).tobytes() for c in ax.collections]
    assert len(shapes) == 4  # two weights, then two classes
    assert shapes[:2] == shapes[2:]
    assert shapes[0] != shapes[1]
