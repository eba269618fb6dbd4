"""Tests for mlcourse.plots.plot_curves: the mean over seeds, and its interval."""

import pytest
import torch

from mlcourse import plots


def test_curve_is_the_mean_and_the_band_its_interval():
    _, ax = plots.figure(size=(3, 3))
    values = torch.tensor([[0.5, 0.2], [0.6, 0.2], [0.7, 0.2]])
    plots.plot_curves(ax, [1, 4], {"a": values, "b": values[:1]})
    first, second = ax.lines
    assert first.get_xdata().tolist() == [1, 4]
    assert first.get_ydata().tolist() == pytest.approx([0.6, 0.2])
    assert second.get_ydata().tolist() == pytest.approx([0.5, 0.2])
    assert [line.get_label() for line in ax.lines] == ["a", "b"]
    (band,) = ax.collections  # one row has no interval
    at_one = [y for x, y in band.get_paths()[0].vertices if x == 1]
    half = plots.half_width(values[:, 0])
    assert (min(at_one), max(at_one)) == pytest.approx((0.6 - half, 0.6 + half))


def test_curves_differ_without_colour():
    _, ax = plots.figure(size=(3, 3))
    plots.plot_curves(ax, [1.0], {name: torch.ones(1, 1) for name in "abcdefgh"})
    looks = {(line.get_marker(), str(line.get_linestyle())) for line in ax.lines}
    assert len({marker for marker, _ in looks}) == 8


def test_plain_values_are_a_curve_without_a_band():
    _, ax = plots.figure(size=(3, 3))
    plots.plot_curves(ax, range(3), {"once": torch.tensor([3.0, 1.0, 2.0])})
    assert ax.lines[0].get_ydata().tolist() == [3, 1, 2]
    assert not ax.collections
