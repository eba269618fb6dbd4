"""Tests for the pictures of relations: the table of pairs, and how many are right."""

import pytest
import torch
from matplotlib.colors import to_rgba

from mlcourse import plots

S, D = torch.tensor([[0, 1]]), torch.tensor([[0, 3], [1, 3]])


def drawn(n=5, S=S, D=D, wrong=D[:1]):
    _, ax = plots.figure(size=(3, 3))
    plots.plot_relations(ax, S, D, n=n, wrong=wrong)
    return ax


def test_pairs_fill_their_cells_both_ways_and_all_else_is_unknown():
    (image,) = drawn().images
    assert image.get_array().tolist() == [
        [2, 2, 0, 1, 0],
        [2, 2, 0, 1, 0],
        [0, 0, 2, 0, 0],
        [1, 1, 0, 2, 0],
        [0, 0, 0, 0, 2],
    ]


def test_colours_are_told_apart_in_grey_and_the_legend_has_them():
    ax = drawn()
    (image,) = ax.images
    shades = image.cmap(image.norm([2, 1, 0]))
    grey = shades[:, :3] @ [0.299, 0.587, 0.114]
    assert grey[0] + 0.2 < grey[1] < grey[2] - 0.15
    handles, names = ax.get_legend().legend_handles, ax.get_legend().texts
    told = ["similar", "dissimilar", "unknown", "wrong"]
    assert [t.get_text() for t in names] == told
    *patches, cross = handles
    assert [h.get_facecolor() for h in patches] == [tuple(s) for s in shades]
    assert cross.get_marker() == "x"
    assert to_rgba(cross.get_color()) == tuple(ax.collections[0].get_edgecolor()[0])


def test_crosses_are_on_the_wrong_pairs_both_ways():
    places = [c.get_offsets().tolist() for c in drawn().collections]
    assert places == [[[3, 0]], [[0, 3]]]


def test_a_table_without_a_pair_is_white_but_for_its_diagonal():
    none = S[:0]
    ax = drawn(n=3, S=none, D=none, wrong=none)
    assert ax.images[0].get_array().tolist() == (2 * torch.eye(3)).tolist()
    assert ax.images[0].get_clim() == (0, 2)  # white stays white
    assert sum(len(c.get_offsets()) for c in ax.collections) == 0


@pytest.mark.parametrize("m", [1, 3])
def test_each_way_is_a_curve_over_its_own_numbers(m):
    few = torch.tensor([[10.0, 0.9], [40.0, 0.5], [90.0, 0.4]])[:m]
    many = torch.tensor([[1e4, 0.2]])
    _, ax = plots.figure(size=(3, 3))
    plots.plot_stated(ax, {"few": few, "many": many})
    assert [torch.tensor(line.get_xydata()).float().tolist() for line in ax.lines] == [
        few.tolist(),
        many.tolist(),
    ]
    assert [t.get_text() for t in ax.get_legend().texts] == ["few", "many"]
    assert ax.get_xscale() == "log"
    assert ax.get_ylim() == (0, 1.03)


def test_ways_differ_by_colour_by_marker_and_by_line():
    _, ax = plots.figure(size=(3, 3))
    plots.plot_stated(ax, {name: torch.tensor([[1.0, 0.5]]) for name in "abcd"})
    for looks in (
        [to_rgba(line.get_color()) for line in ax.lines],
        [line.get_marker() for line in ax.lines],
        [line.get_linestyle() for line in ax.lines],
    ):
        assert len(set(looks)) == 4
