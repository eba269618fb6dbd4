"""Tests for the pictures of the capstone: families of methods, places."""

import pytest
import torch

from mlcourse import plots

SCORES = {
    "linear": {"PCA": torch.tensor([0.1, 0.2, 0.6])},
    "network": {
        "short": torch.tensor([0.5, 0.6, 0.7]),
        "PCA": torch.tensor([0.9, 0.8, 0.4]),
    },
}


def drawn():
    _, ax = plots.figure(size=(3, 3))
    plots.plot_families(ax, SCORES)
    return ax


def test_each_method_has_a_row_in_its_familys_order():
    ax = drawn()
    assert [t.get_text() for t in ax.get_yticklabels()] == ["PCA", "short", "PCA"]
    means = [bar[0].get_xdata()[0] for bar in ax.containers]
    assert means == pytest.approx([0.3, 0.6, 0.7])
    assert [bar[0].get_ydata()[0] for bar in ax.containers] == [0, 1, 2]
    assert ax.yaxis_inverted()


def test_bars_are_intervals_and_open_marks_are_seeds():
    ax = drawn()
    values = SCORES["network"]["short"]
    (segment,) = ax.containers[1][2][0].get_segments()
    half = plots.half_width(values)
    assert segment[:, 0].tolist() == pytest.approx([0.6 - half, 0.6 + half])
    seeds = ax.collections[2].get_offsets()  # mark, bar, mark, bar, ...
    assert seeds[:, 0].tolist() == pytest.approx(values.tolist())


def test_a_family_has_one_look_and_one_line_in_the_legend():
    ax = drawn()
    looks = [(bar[0].get_color(), bar[0].get_marker()) for bar in ax.containers]
    assert looks[1] == looks[2]
    assert looks[0][0] != looks[1][0]
    assert looks[0][1] != looks[1][1]
    ax.legend()
    named = [t.get_text() for t in ax.get_legend().get_texts()]
    assert named == ["linear", "network"]


def test_a_line_parts_two_families_and_nothing_else():
    level = [
        line.get_ydata()[0]
        for line in drawn().lines
        if list(line.get_xdata()) == [0, 1]  # of the axes
    ]
    assert level == [0.5]


def test_a_place_is_a_disc_with_how_often():
    _, ax = plots.figure(size=(3, 3))
    places = {"a": torch.tensor([1, 1, 3, 1]), "b": torch.tensor([2, 5, 2, 2])}
    plots.plot_places(ax, places)
    first, second = ax.collections
    assert first.get_offsets().tolist() == [[1, 0], [3, 0]]
    assert second.get_offsets().tolist() == [[2, 1], [5, 1]]
    sizes = first.get_sizes()
    assert sizes[0] / sizes[1] == pytest.approx(3)
    assert [t.get_text() for t in ax.texts] == ["3", "1", "3", "1"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    assert list(ax.get_xticks()) == [1, 2, 3, 4, 5]


def test_places_span_from_best_to_worst_around_their_mean():
    _, ax = plots.figure(size=(3, 3))
    plots.plot_places(ax, {"a": torch.tensor([4, 2, 7, 3])})
    span, mean = ax.lines
    assert list(span.get_xdata()) == [2, 7]
    assert list(mean.get_xdata()) == [4, 4]
