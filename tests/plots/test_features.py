"""Tests for the plots of features: overlapping distances and fibres."""

import pytest
import torch

from mlcourse.plots import figure, plot_fibres, plot_overlap


@pytest.fixture
def ax():
    return figure(size=(4.0, 3.0))[1]


def test_overlap_shows_both_heaps_with_equal_area_and_their_means(ax):
    same, different = torch.tensor([1.0, 1.0, 2.0]), torch.arange(100.0) / 10
    plot_overlap(ax, same, different, bins=10)
    bars = ax.patches[:10]
    width = bars[0].get_width()
    assert sum(bar.get_height() * width for bar in bars) == pytest.approx(1)
    assert [bar.get_height() > 0 for bar in bars] == [False, True, True] + 7 * [False]
    means = {line.get_linestyle(): line.get_xdata()[0] for line in ax.lines}
    assert means["-"] == pytest.approx(4 / 3)
    assert means["--"] == pytest.approx(4.95)
    labels = ax.get_legend_handles_labels()[1]
    assert labels == ["same class", "different classes"]
    assert bars[0].get_hatch() == "//"  # told apart without colour
    assert ax.get_xlim() == pytest.approx((0, 9.9))


def test_fibres_show_the_level_of_the_class(ax):
    points = torch.tensor([[-2.0, -1.0], [2.0, 3.0], [0.0, 0.0]])
    samples = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    plot_fibres(
        ax,
        points,
        lambda x: x[:, 0] + x[:, 1],
        1.0,
        samples,
        marks={"here": torch.tensor([0.5, 0.5])},
    )
    lines, thick, dots, crosses, mark = ax.collections
    assert len(lines.get_paths()) > 3
    on = thick.get_paths()[0].vertices
    assert on.sum(axis=1) == pytest.approx(1.0, abs=1e-6)
    assert on[:, 0].min() == pytest.approx(-2.0)
    assert dots.get_offsets().tolist() == points.tolist()
    assert crosses.get_offsets().tolist() == samples.tolist()
    assert mark.get_offsets().tolist() == [[0.5, 0.5]]
    assert ax.get_legend_handles_labels()[1] == ["here"]


def test_fibres_need_no_marks(ax):
    plot_fibres(ax, torch.eye(2), lambda x: x[:, 0], 0.5, torch.zeros(1, 2))
    assert len(ax.collections) == 4
