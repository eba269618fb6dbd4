"""Tests for mlcourse.plots.plot_groups: a colour and a marker a group."""

import torch

from mlcourse import plots


def test_each_group_is_drawn_where_it_is_and_named():
    _, ax = plots.figure(size=(3, 3))
    few, more = torch.tensor([[1.0, 5.0]]), torch.tensor([[2.0, 7.0], [3.0, 6.0]])
    plots.plot_groups(ax, {"few": few, "more": more})
    first, second = ax.collections
    assert first.get_offsets().tolist() == few.tolist()
    assert second.get_offsets().tolist() == more.tolist()
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["few", "more"]


def test_groups_differ_without_colour():
    _, ax = plots.figure(size=(3, 3))
    plots.plot_groups(ax, {name: torch.rand(3, 2) for name in "abc"})
    shapes = {tuple(c.get_paths()[0].vertices.flatten()) for c in ax.collections}
    assert len(shapes) == 3
