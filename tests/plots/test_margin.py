"""Tests for the margin around a point, and for the links to its soft neighbours."""

import pytest
import torch

from mlcourse import plots

Z = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.3], [0.0, -1.5], [0.5, 0.0]])
LABELS = torch.tensor([0, 0, 1, 1, 0])


def test_margin_is_in_squared_distance_and_counts_strangers_only():
    # The target is at 1, so the margin ends at the root of 2: 1.3 is inside, 1.5 not.
    _, ax = plots.figure(size=(3, 3))
    assert plots.plot_margin(ax, Z, LABELS, 0, torch.tensor([4, 1])) == 1
    radii = [circle.get_radius() for circle in ax.patches]
    assert radii == pytest.approx([1, 2**0.5])
    crossed = ax.collections[-1].get_offsets()
    assert crossed.ravel().tolist() == pytest.approx([0.0, 1.3])

    _, ax = plots.figure(size=(3, 3))
    assert plots.plot_margin(ax, Z, LABELS, 0, torch.tensor([1]), margin=1.3) == 2


def test_links_are_as_wide_as_likely_and_dashed_to_strangers():
    _, ax = plots.figure(size=(3, 3))
    p = torch.tensor([0.0, 0.75, 0.25, 0.001, 0.0])
    plots.plot_soft_neighbours(ax, Z, LABELS, 0, p, width=8)
    friend, stranger, _cross = ax.lines
    assert friend.get_xydata().tolist() == [[0.0, 0.0], [1.0, 0.0]]
    assert (friend.get_linewidth(), stranger.get_linewidth()) == pytest.approx((6, 2))
    assert (friend.get_linestyle(), stranger.get_linestyle()) == ("-", "--")
    assert ax.get_xlim() == pytest.approx((-1.56, 1.56))  # 1.2 times as far as 1.3
    assert ax.get_ylim() == pytest.approx((-1.56, 1.56))
