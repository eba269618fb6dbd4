"""Tests for circles around an anchor, and for forces against a distance."""

import pytest
import torch

from mlcourse import plots

Z = torch.tensor([[1.0, 0.0], [2.0, 0.0], [1.0, 1.4], [1.0, -1.6], [1.5, 0.0], [9, 0]])
LABELS = torch.tensor([0, 0, 1, 1, 2, 1])


def test_rings_count_strangers_by_zone():
    _, ax = plots.figure(size=(3, 3))
    assert plots.plot_rings(ax, Z, LABELS, 0, (1.0, 1.5)) == [1, 1, 2]
    ring, *circles = ax.patches
    assert [c.radius for c in circles] == pytest.approx([1.0, 1.5])
    assert (ring.r, ring.width) == pytest.approx((1.5, 0.5))
    assert {tuple(c.center) for c in circles} == {(1.0, 0.0)}
    friends, strangers = (c.get_offsets().tolist() for c in ax.collections)
    assert friends == [[2.0, 0.0]]
    assert len(strangers) == 4


def test_one_ring_has_two_zones_and_arrows_stand_where_something_moves():
    _, ax = plots.figure(size=(3, 3))
    moves = torch.zeros(6, 2)
    moves[3] = torch.tensor([0.0, -0.5])
    assert plots.plot_rings(ax, Z, LABELS, 0, (1.5,), moves=moves) == [2, 2]
    assert len(ax.patches) == 1
    arrows = ax.collections[-1]
    assert (arrows.X.tolist(), arrows.Y.tolist()) == ([1.0], pytest.approx([-1.6]))
    assert (arrows.U.tolist(), arrows.V.tolist()) == ([0.0], [-0.5])


def test_forces_are_drawn_as_given_and_differ_by_line_and_marker():
    _, ax = plots.figure(size=(3, 3))
    at = torch.linspace(0, 2, 21)
    plots.plot_forces(ax, at, {"pull": at, "push": -(1 - at).clamp(min=0)})
    _zero, pull, push = ax.lines
    assert pull.get_ydata().tolist() == pytest.approx(at.tolist())
    assert push.get_ydata()[0] == -1
    assert pull.get_linestyle() != push.get_linestyle()
    assert pull.get_marker() != push.get_marker()
    apart, together = ax.get_ylabel().split("force")
    assert "apart" in apart
    assert "together" in together
