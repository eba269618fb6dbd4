"""Tests for the cells of proxies, and for the arrows of their forces."""

import pytest
import torch

from mlcourse import plots

PROXIES = torch.tensor([[0.0, 0.0], [4.0, 0.0]])
Z = torch.tensor([[1.0, 1.0], [1.9, 0.0], [2.5, 1.0], [5.0, -1.0]])
LABELS = torch.tensor([0, 0, 0, 1])


def test_share_counts_points_nearer_to_their_own_proxy():
    _, ax = plots.figure(size=(3, 3))
    assert plots.plot_magnets(ax, Z, LABELS, PROXIES) == pytest.approx(0.75)
    assert [text.get_text() for text in ax.texts] == ["0", "1"]
    assert [text.get_position() for text in ax.texts] == [(0, 0), (4, 0)]


def test_forces_are_arrows_in_the_unit_of_the_points():
    _, ax = plots.figure(size=(3, 3))
    forces = torch.tensor([[0.5, 0.0], [0.0, -1.0], [0.0, 0.0], [-0.2, 0.1]])
    plots.plot_magnets(ax, Z, LABELS, PROXIES, forces=forces)
    (arrows,) = [c for c in ax.collections if hasattr(c, "U")]
    assert torch.as_tensor(arrows.XY).tolist() == Z.double().tolist()
    assert (arrows.scale, arrows.angles, arrows.scale_units) == (1, "xy", "xy")
    got = torch.stack([torch.as_tensor(arrows.U), torch.as_tensor(arrows.V)], dim=1)
    assert got.float().allclose(forces)


def test_no_force_no_arrow():
    _, ax = plots.figure(size=(3, 3))
    plots.plot_magnets(ax, Z, LABELS, PROXIES)
    assert not [c for c in ax.collections if hasattr(c, "U")]
