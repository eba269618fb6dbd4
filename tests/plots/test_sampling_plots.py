"""Tests for the pictures of sampling: densities, outlines, what a miner keeps."""

import pytest
import torch
from matplotlib.colors import to_rgba

from mlcourse import plots
from mlcourse.plots.style import BAD, GOOD


def heights(ax):
    return [patch.get_height() for patch in ax.patches]


def test_density_draws_a_histogram_of_area_one_under_the_line():
    _, ax = plots.figure(size=(3, 3))
    at = torch.linspace(0, 2, 5)
    plots.plot_density(ax, torch.tensor([0.1, 0.2, 1.9]), at, at + 7, bins=2)
    assert heights(ax) == pytest.approx([2 / 3, 1 / 3])
    (line,) = ax.lines
    assert line.get_xdata().tolist() == at.tolist()
    assert line.get_ydata().tolist() == (at + 7).tolist()
    assert ax.get_xlim() == (0, 2)


def test_outlines_put_each_group_into_its_axes_over_the_same_bins():
    _, (one, two) = plots.figure(2, 1, size=(3, 3))
    groups = {"near": torch.tensor([0.1, 0.3]), "far": torch.tensor([1.5, 1.9, 1.7])}
    plots.plot_outlines({"near": one, "far": two}, groups, span=(0, 2), bins=4)
    for ax, name in ((one, "near"), (two, "far")):
        assert ax.get_ylabel() == name
        assert ax.get_xlim() == (0, 2)
        (line,) = ax.lines
        assert line.get_xdata()[0] == pytest.approx(groups[name].mean())
    looks = [(ax.patches[0].get_hatch(), ax.patches[0].get_edgecolor())
             for ax in (one, two)]  # fmt: skip
    assert looks[0][0] != looks[1][0]
    assert looks[0][1] != looks[1][1]


def test_kept_are_filled_friends_above_strangers_below():
    _, ax = plots.figure(size=(3, 3))
    values = torch.tensor([0.9, 0.2, 0.5, 0.4])
    friend = torch.tensor([True, True, False, False])
    kept = torch.tensor([False, True, True, False])
    plots.plot_kept(ax, values, friend, kept, limits=(0.6, 0.3))
    found = [(c.get_offsets().tolist(), c.get_facecolors()) for c in ax.collections]
    places = [[pytest.approx(xy) for xy in offsets] for offsets, _ in found]
    assert places == [[[0.2, 1]], [[0.9, 1]], [[0.5, 0]], [[0.4, 0]]]
    filled = [tuple(face[0]) if len(face) else None for _, face in found]
    assert filled == [to_rgba(GOOD), None, to_rgba(BAD), None]
    assert [line.get_xdata()[0] for line in ax.lines] == [0.6, 0.3]
    shapes = {tuple(c.get_paths()[0].vertices.flatten()) for c in ax.collections}
    assert len(shapes) == 2
