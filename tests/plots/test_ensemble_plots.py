"""Tests for the pictures of ensembles: weights, blocks of correlations, a funnel."""

import pytest
import torch

from mlcourse import plots

POINTS = torch.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 8.0]])
LABELS = torch.tensor([0, 1, 1, 0])
WRONG = torch.tensor([False, True, False, False])
WEIGHTS = torch.tensor([0.1, 0.6, 0.1, 0.2])


@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_areas_are_in_proportion_to_weights_of_any_sum(scale):
    _, ax = plots.figure(size=(3, 3))
    plots.plot_weighted(
        ax, POINTS, LABELS, scale * WEIGHTS, stump=(0, 1.5), wrong=WRONG
    )
    area = {}
    for drawn in ax.collections:
        places = drawn.get_offsets().tolist()
        area |= {tuple(p): s for p, s in zip(places, drawn.get_sizes(), strict=True)}
    got = torch.tensor([area[tuple(p)] for p in POINTS.tolist()])
    assert (got / got.sum()).tolist() == pytest.approx(WEIGHTS.tolist())
    assert got.mean().item() == pytest.approx(22)


def test_mistakes_alone_have_a_dark_edge():
    _, ax = plots.figure(size=(3, 3))
    plots.plot_weighted(ax, POINTS, LABELS, WEIGHTS, stump=(0, 1.5), wrong=WRONG)
    dark = [c for c in ax.collections if c.get_edgecolor()[:, :3].sum() == 0]
    dark = [c for c in dark if len(c.get_edgecolor()) and len(c.get_offsets())]
    assert [c.get_offsets().tolist() for c in dark] == [[[2, 3]]]


@pytest.mark.parametrize("feature", [0, 1])
def test_a_stump_is_a_line_across_its_feature(feature):
    _, ax = plots.figure(size=(3, 3))
    plots.plot_weighted(ax, POINTS, LABELS, WEIGHTS, stump=(feature, 1.5), wrong=WRONG)
    (line,) = ax.lines
    along, across = line.get_data()[feature], line.get_data()[1 - feature]
    assert list(along) == [1.5, 1.5]
    assert list(across) == [0, 1]  # of the axes


def test_blocks_shade_absolute_values_between_0_and_1():
    _, ax = plots.figure(size=(3, 3))
    table = torch.tensor([[1.0, -0.5, 0.2], [-0.5, 1.0, 0.0], [0.2, 0.0, 1.0]])
    plots.plot_blocks(ax, table, sizes=(1, 2))
    (image,) = ax.images
    assert torch.as_tensor(image.get_array().data).equal(table.abs())
    assert image.get_clim() == (0, 1)


def test_blocks_have_borders_between_learners_and_numbers_at_their_middles():
    _, ax = plots.figure(size=(3, 3))
    plots.plot_blocks(ax, torch.eye(6), sizes=(1, 2, 3))
    upright = [line.get_xdata()[0] for line in ax.lines if line.get_ydata()[1] == 1]
    level = [line.get_ydata()[0] for line in ax.lines if line.get_xdata()[1] == 1]
    assert upright == level == [0.5, 2.5]
    assert list(ax.get_xticks()) == list(ax.get_yticks()) == [0, 1.5, 4]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "2", "3"]


def test_a_funnel_has_a_bar_as_wide_as_its_pairs_sorted_by_cost():
    fig, ax = plots.figure(size=(3, 3))
    kept = [torch.tensor([1.0, 3.0, 0.0, 2.0]), torch.tensor([0.5, 4.0])]
    plots.plot_funnel(ax, kept, label="loss")
    wide, narrow = ax.images
    assert wide.get_extent()[:2] == [-2, 2]
    assert narrow.get_extent()[:2] == [-1, 1]
    assert wide.get_array().tolist() == [[3, 2, 1, 0]]
    assert narrow.get_array().tolist() == [[4, 0.5]]
    assert wide.get_clim() == narrow.get_clim() == (0, 4)
    assert [t.get_text().strip() for t in ax.texts] == ["4", "2"]
    assert fig.axes[1].get_ylabel() == "loss"
    assert ax.get_ylim() == (1.5, -0.5)  # the first exit on top


def test_an_exit_that_no_pair_reaches_has_no_bar():
    _, ax = plots.figure(size=(3, 3))
    plots.plot_funnel(ax, [torch.tensor([1.0, 3.0]), torch.empty(0)], label="loss")
    assert len(ax.images) == 1
    assert [t.get_text() for t in ax.get_yticklabels()] == ["exit 1", "exit 2"]
