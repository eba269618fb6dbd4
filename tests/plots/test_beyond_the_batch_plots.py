"""Tests for the pictures of lecture 12: trees of classes, shades."""

import pytest
import torch

from mlcourse import plots
from mlcourse.samplers import class_tree


def test_dendrogram_joins_leaves_at_their_heights_and_marks_the_chosen():
    _, ax = plots.figure(size=(3, 3))
    dist = torch.tensor([[0.5, 3.0, 1.0], [3.0, 0.5, 2.0], [1.0, 2.0, 0.5]])
    tree = class_tree(dist)
    leaves = plots.plot_dendrogram(ax, tree.linkage, "abc", chosen=[1])
    assert sorted(leaves) == [0, 1, 2]
    assert leaves != [0, 1, 2]  # 0 and 2 are neighbours
    assert abs(leaves.index(0) - leaves.index(2)) == 1
    lines, marks = ax.collections
    tops = [path.vertices[:, 1].max() for path in lines.get_paths()]
    assert tops == pytest.approx([1.0, 2.5])
    labels = ax.get_xticklabels()
    assert [text.get_text() for text in labels] == ["abc"[leaf] for leaf in leaves]
    bold = [text.get_fontweight() == "bold" for text in labels]
    assert bold == [leaf == 1 for leaf in leaves]
    assert marks.get_offsets().tolist() == [[10 * leaves.index(1) + 5, 0]]


def test_heat_has_row_0_at_the_bottom_and_0_as_its_darkest():
    fig, ax = plots.figure(size=(3, 3))
    values = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    plots.plot_heat(ax, values, extent=(0, 30, 0.1, 1.4), label="weight")
    (image,) = ax.images
    assert image.origin == "lower"
    assert image.get_array().tolist() == values.tolist()
    assert list(image.get_extent()) == [0, 30, 0.1, 1.4]
    assert image.get_clim() == (0, 6)
    assert fig.axes[1].get_ylabel() == "weight"
