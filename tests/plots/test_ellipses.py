"""Tests for the ellipse of a metric, and for the neighbours inside it."""

import pytest
import torch

from mlcourse import plots

M = torch.tensor([[2.0, -1.0], [-1.0, 3.0]], dtype=torch.float64)


def drawn(ax):
    return torch.tensor(ax.lines[0].get_xydata())


def test_every_place_on_the_ellipse_has_that_distance():
    _, ax = plots.figure(size=(3, 3))
    centre = torch.tensor([4.0, -1.0], dtype=torch.float64)
    plots.plot_ellipse(ax, M, centre, radius=1.7)
    delta = drawn(ax) - centre
    square = ((delta @ M) * delta).sum(dim=1)
    assert torch.allclose(square, torch.full_like(square, 1.7**2))


def test_without_weight_along_an_axis_the_ellipse_is_a_strip():
    _, ax = plots.figure(size=(3, 3))
    blind = torch.diag(torch.tensor([4.0, 0.0]))
    plots.plot_ellipse(ax, blind, torch.zeros(2))
    x, y = drawn(ax).T
    assert x.max().item() == pytest.approx(0.5)
    assert y.max().item() == pytest.approx(500, rel=1e-3)


def test_nearest_counts_friends_under_m_and_not_the_query_itself():
    # Under M the point (1, 1) is near, at 3; (1, -1), as far in the plane, is at 7.
    points = torch.tensor([[0.0, 0.0], [1.0, 1.0], [1.0, -1.0], [5.0, 5.0], [0.0, 0.0]])
    labels = torch.tensor([0, 1, 0, 0, 0])
    points = points.double()
    for metric, k, friends in ((M, 1, 1), (M, 2, 1), (M, 3, 2)):
        _, ax = plots.figure(size=(3, 3))
        assert plots.plot_nearest(ax, points, labels, metric, 0, k=k) == friends
        rings = [c for c in ax.collections if len(c.get_facecolors()) == 0]
        counts = [len(c.get_offsets()) for c in rings]
        assert counts == [friends, k - friends]
        assert len(ax.lines) == 2  # the ellipse, and the query's cross
    edge = drawn(ax)
    assert ((edge @ M) * edge).sum(dim=1).max().item() == pytest.approx(7)
