"""Tests for links between points, and for shares."""

import torch
from matplotlib.colors import to_hex

from mlcourse import plots
from mlcourse.plots.style import BAD, GOOD


def test_links_join_what_was_said_in_two_ways():
    _, ax = plots.figure(size=(3, 3))
    z = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    plots.plot_links(ax, z, torch.tensor([[0, 2]]), torch.tensor([[0, 1]]))
    dashed, solid = ax.lines
    assert (dashed.get_linestyle(), to_hex(dashed.get_color())) == ("--", BAD.lower())
    assert (solid.get_linestyle(), to_hex(solid.get_color())) == ("-", GOOD.lower())
    assert solid.get_ydata().tolist() == [0, 2]
    assert dashed.get_xdata().tolist() == [0, 1]
    assert [t.get_text() for t in ax.texts] == ["0", "1", "2"]


def test_shares_fill_the_bar_and_are_told_apart_without_colour():
    _, ax = plots.figure(size=(3, 3))
    counts = {"points": torch.tensor([3.0, 1.0]), "pairs": torch.tensor([98.0, 2.0])}
    plots.plot_shares(ax, counts)
    widths = [bar.get_width() for bar in ax.patches]
    assert torch.allclose(
        torch.tensor(widths).float(), torch.tensor([0.75, 0.25, 0.98, 0.02])
    )
    assert [bar.get_x() for bar in ax.patches][1] == 0.75
    assert ax.patches[0].get_hatch() != ax.patches[1].get_hatch()
    assert [t.get_text() for t in ax.texts] == ["75%", "25%", "98%"]
