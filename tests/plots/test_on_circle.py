"""Tests for mlcourse.plots.plot_on_circle: directions, each class on its own ring."""

import pytest
import torch

from mlcourse import plots


def test_points_keep_their_direction_and_classes_have_rings():
    _, ax = plots.figure(size=(3, 3))
    z = torch.tensor([[3.0, 4.0], [0.0, -2.0], [-1.0, 0.0]])
    plots.plot_on_circle(ax, z, torch.tensor([7, 2, 7]), gap=0.1)
    two, seven = (c.get_offsets() for c in ax.collections)
    assert two[0].tolist() == pytest.approx([0, -1.1])  # lowest label, first ring
    assert seven[0].tolist() == pytest.approx([0.72, 0.96])
    assert seven[1].tolist() == pytest.approx([-1.2, 0])
    (circle,) = ax.patches
    assert (circle.center, circle.radius) == ((0, 0), 1)


def test_classes_differ_without_colour_and_all_fit():
    _, ax = plots.figure(size=(3, 3))
    angle = torch.arange(8) * torch.pi / 4
    z = torch.stack([angle.cos(), angle.sin()], dim=1)
    plots.plot_on_circle(ax, z, torch.arange(8))
    shapes = {c.get_paths()[0].vertices.round(3).tobytes() for c in ax.collections}
    assert len(shapes) == 8
    assert ax.get_xlim() == ax.get_ylim()
    assert ax.get_xlim()[1] > 1 + 8 * 0.09


def test_a_collapsed_embedding_is_one_spoke():
    _, ax = plots.figure(size=(3, 3))
    plots.plot_on_circle(ax, torch.ones(6, 2), torch.arange(6))
    places = torch.tensor([c.get_offsets()[0].tolist() for c in ax.collections])
    assert torch.equal(places[:, 0], places[:, 1])
    assert places[:, 0].diff().min() > 0
