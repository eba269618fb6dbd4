"""Tests for mlcourse.plots.plot_gaps: two histograms over the same bins."""

import pytest
import torch

from mlcourse import plots


def area(patch):
    """Of a polygon, by the shoelace formula."""
    x, y = torch.tensor(patch.get_xy()).T
    return abs((x * y.roll(-1) - y * x.roll(-1)).sum().item()) / 2


def test_both_histograms_have_area_one_over_the_same_bins():
    _, ax = plots.figure(size=(3, 3))
    similar, dissimilar = torch.tensor([0.1, 0.2, 0.2]), torch.tensor([1.1, 3.0])
    plots.plot_gaps(ax, similar, dissimilar, bins=6)  # 0 to 3 in steps of 0.5
    near, far = ax.patches
    assert area(near) == pytest.approx(1)
    assert area(far) == pytest.approx(1)
    assert near.get_xy()[:, 1].max() == pytest.approx(2)  # all in the first bin
    assert far.get_xy()[:, 1].max() == pytest.approx(1)  # in two bins
    top = {x for x, y in far.get_xy().tolist() if y > 0.5}
    assert top == {1.0, 1.5, 2.5, 3.0}


def test_similar_and_dissimilar_differ_without_colour():
    _, ax = plots.figure(size=(3, 3))
    plots.plot_gaps(ax, torch.tensor([1.0]), torch.tensor([2.0]))
    near, far = ax.patches
    assert near.get_hatch() != far.get_hatch()
    assert near.get_linestyle() != far.get_linestyle()
    assert [patch.get_label() for patch in (near, far)] == ["similar", "dissimilar"]
