"""Tests for the pictures of synthesis: pulled negatives, and two players' turns."""

import pytest
import torch

from mlcourse import plots
from mlcourse.synthesis import hardness_aware_negatives

Z = torch.tensor([1.0, 1.0])
POS = torch.tensor([1.0, 2.0])
NEG = torch.tensor([[4.0, 1.0], [1.0, -1.0], [1.5, 1.0]])


def test_arrows_lead_from_each_negative_that_moves_to_where_it_goes():
    _, ax = plots.figure(size=(3, 3))
    pulled = hardness_aware_negatives(Z, POS, NEG, j_avg=0.0)
    plots.plot_pulled(ax, Z, POS, NEG, pulled)
    arrows, hollow, filled, friend = ax.collections
    assert (arrows.X.tolist(), arrows.Y.tolist()) == ([4, 1], [1, -1])  # two of three
    assert arrows.U.tolist() == pytest.approx([-2, 0])
    assert arrows.V.tolist() == pytest.approx([0, 1])
    assert hollow.get_offsets().tolist() == [[4, 1], [1, -1]]
    assert filled.get_offsets().flatten().tolist() == pytest.approx(
        [2, 1, 1, 0, 1.5, 1]
    )
    assert friend.get_offsets().tolist() == [[1, 2]]
    (circle,) = ax.patches
    assert (tuple(circle.center), circle.radius) == ((1, 1), 1)
    assert hollow.get_facecolor()[0, :3].tolist() == [1, 1, 1]


def test_nothing_moves_before_there_is_a_mean():
    _, ax = plots.figure(size=(3, 3))
    pulled = hardness_aware_negatives(Z, POS, NEG, j_avg=float("inf"))
    plots.plot_pulled(ax, Z, POS, NEG, pulled)
    arrows, hollow, filled, _ = ax.collections
    assert len(arrows.X) == len(hollow.get_offsets()) == 0
    assert filled.get_offsets().tolist() == NEG.tolist()


def test_all_negatives_are_in_view():
    _, ax = plots.figure(size=(3, 3))
    plots.plot_pulled(ax, Z, POS, NEG, NEG)
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    assert left <= 0
    assert right >= 4
    assert low <= -1
    assert high >= 2


def test_turns_are_shaded_in_alternation_and_the_mean_is_thick():
    _, ax = plots.figure(size=(3, 3))
    rates = torch.tensor([[0.1, 0.3, 0.2, 0.0, 0.4], [0.3, 0.5, 0.2, 0.2, 0.6]])
    plots.plot_turns(ax, rates, turn=2, players=("G", "metric"))
    (shade,) = ax.patches
    assert (shade.get_x(), shade.get_width()) == (1.5, 2)
    *runs, mean = ax.lines
    assert torch.equal(torch.tensor([run.get_ydata().tolist() for run in runs]), rates)
    assert mean.get_ydata().tolist() == pytest.approx([0.2, 0.4, 0.2, 0.1, 0.5])
    assert mean.get_linewidth() > runs[0].get_linewidth()
    assert [(t.get_text(), t.get_position()[0]) for t in ax.texts] == [
        ("G", 0.5), ("metric", 2.5),
    ]  # fmt: skip
    assert ax.get_xlim() == (-0.5, 4.5)


def test_the_last_turn_may_be_cut_short():
    _, ax = plots.figure(size=(3, 3))
    plots.plot_turns(ax, torch.rand(1, 7), turn=3, players=("a", "b"))
    assert [(p.get_x(), p.get_width()) for p in ax.patches] == [(2.5, 3)]
    _, ax = plots.figure(size=(3, 3))
    plots.plot_turns(ax, torch.rand(1, 5), turn=3, players=("a", "b"))
    assert [(p.get_x(), p.get_width()) for p in ax.patches] == [(2.5, 2)]
