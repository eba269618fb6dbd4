"""Tests for the balls and the tested inequality."""

import torch

from mlcourse import plots
from mlcourse.distances import euclidean, minkowski


def test_ball_returns_the_nearest_point_and_draws_every_name():
    _, ax = plots.figure(size=(3, 3))
    query = torch.tensor([[1.0, 1.0]])
    points = query + torch.tensor([[1.05, 0.0], [0.8, 0.8]])
    lim = (-1.0, 3.0, -1.0, 3.0)
    assert plots.plot_ball(ax, euclidean, query, points, "AB", lim=lim) == 0
    assert {text.get_text() for text in ax.texts} == {"q", "A", "B"}

    _, ax = plots.figure(size=(3, 3))

    def largest(x, y):
        return minkowski(x, y, p=float("inf"))

    assert plots.plot_ball(ax, largest, query, points, "AB", lim=lim) == 1


def test_inequality_marks_what_is_broken_beyond_round_off():
    _, ax = plots.figure(size=(3, 3))
    above = torch.tensor([1.0, 2.0, 3.0, 4.0])
    below = torch.tensor([0.5, 2.0000002384185791, 3.5, 4.0])  # one unit above 2
    plots.plot_inequality(ax, below, above)
    holds, breaks = (points.get_offsets() for points in ax.collections)
    assert holds[:, 0].tolist() == [1.0, 2.0, 4.0]
    assert breaks.tolist() == [[3.0, 3.5]]
