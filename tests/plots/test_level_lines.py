"""Tests for the level lines of a distance."""

import torch

from mlcourse import plots
from mlcourse.distances import euclidean


def test_steps_share_out_the_plane_and_reach_from_the_start():
    _, ax = plots.figure(size=(3, 3))
    points = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
    labels = torch.tensor([0, 1, 1])
    asked = []

    def delta(start, places):
        asked.append((start, places))
        return euclidean(start, places)

    plots.plot_level_lines(ax, points, labels, delta, 1, resolution=41)
    ((start, places),) = asked
    assert start.tolist() == [[2.0, 0.0]]
    shaded, lines, first, second, star = ax.collections
    far = euclidean(start, places)[0]
    for line in lines.levels:  # equal shares of the places between two lines
        below = (far <= line).double().mean().item()
        assert abs(below * 10 - round(below * 10)) < 0.02
    assert len(lines.levels) == 9
    assert float(shaded.levels[0]) == far.min()
    assert star.get_offsets().tolist() == [[2.0, 0.0]]
    assert first.get_offsets().tolist() == [[0.0, 0.0]]
    assert second.get_offsets().tolist() == [[2.0, 0.0], [0.0, 2.0]]
    assert ax.get_aspect() == 1


def test_line_at_a_place_is_at_its_distance():
    _, ax = plots.figure(size=(3, 3))
    points = torch.tensor([[0.0, 0.0], [1.0, 3.0]])

    def delta(start, places):
        return (places - start)[:, 0].abs()[None]  # upright lines only

    plots.plot_level_lines(ax, points, torch.tensor([0, 1]), delta, 0)
    lines = ax.collections[1]
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        x = torch.tensor(path.vertices)[:, 0]
        assert (x.abs() - float(level)).abs().max() < 1e-5
