"""Tests for the pictures of generalization: two sides of a split, a table."""

import pytest
import torch

from mlcourse import plots

LEFT = torch.tensor([[0.0, 0.0], [4.0, 0.0], [0.0, 2.0], [4.0, 2.0]])
RIGHT = torch.tensor([[10.0, 5.0], [11.0, 9.0], [14.0, 7.0]])


def drawn():
    _, ax = plots.figure(size=(4, 4))
    plots.plot_sides(ax, {"train": LEFT, "test": RIGHT})
    return ax


def test_sides_show_every_point_and_the_mean():
    left, left_mean, right, right_mean = drawn().collections
    assert left.get_offsets().tolist() == LEFT.tolist()
    assert right.get_offsets().tolist() == RIGHT.tolist()
    assert left_mean.get_offsets().tolist() == [[2, 1]]
    expected = RIGHT.mean(dim=0).tolist()
    assert right_mean.get_offsets()[0].tolist() == pytest.approx(expected)
    assert left_mean.get_sizes() > left.get_sizes()


def test_an_ellipse_is_two_deviations_from_the_mean_in_every_direction():
    for line, points in zip(drawn().lines, (LEFT, RIGHT), strict=True):
        edge = torch.tensor(line.get_xydata()).float() - points.mean(dim=0)
        square = (edge @ torch.linalg.inv(points.T.cov()) * edge).sum(dim=1)
        assert square.tolist() == pytest.approx([4.0] * len(edge), rel=1e-3)


def test_sides_differ_without_colour_and_are_named():
    ax = drawn()
    marks = [c.get_paths()[0].vertices.shape for c in ax.collections]
    assert marks[0] == marks[1] != marks[2] == marks[3]
    assert [line.get_label() for line in ax.lines] == ["train", "test"]
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()


def test_a_table_writes_every_number_in_its_cell():
    _, ax = plots.figure(size=(4, 3))
    values = torch.tensor([[-0.004, 0.256, 1.0], [0.9, -0.1, 0.5]])
    plots.plot_table(ax, values, rows=("a", "b"), columns=("x", "y", "z"))
    found = {t.get_position(): t.get_text() for t in ax.texts}
    assert found == {
        (0, 0): "0.00", (1, 0): "0.26", (2, 0): "1.00",
        (0, 1): "0.90", (1, 1): "-0.10", (2, 1): "0.50",
    }  # fmt: skip
    assert ax.images[0].get_clim() == (0, 1)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["x", "y", "z"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]


def test_numbers_in_a_table_stand_out_from_their_shade():
    _, ax = plots.figure(size=(4, 3))
    plots.plot_table(ax, torch.tensor([[0.1, 0.95]]), rows=("a",), columns=("x", "y"))
    assert [t.get_color() for t in ax.texts] == ["white", "black"]
