"""Tests for mlcourse.plots.style: the palette serves every kind of vision."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from mlcourse.plots.style import COLORS, HATCHES, LINES, MARKERS, cycle, figure

# Linear RGB of normal vision -> of protanopia, deuteranopia and tritanopia: Machado,
# Oliveira, Fernandes, IEEE Trans. Vis. Comput. Graph. 2009, severity 1.0.
VISION = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)


def lab(color, vision):
    """CIE L*a*b* of a colour as seen with the given vision."""
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.asarray(VISION[vision]) @ linear, 0, 1)
    t = TO_XYZ @ seen / (TO_XYZ @ np.ones(3))
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISION)
def test_any_two_colours_differ_visibly(vision):
    # A just noticeable difference is about 2.3; in a figure we ask for more.
    for one, two in combinations(COLORS, 2):
        assert np.linalg.norm(lab(one, vision) - lab(two, vision)) > 10, (one, two)


def test_first_four_colours_differ_in_grey():
    lightness = sorted(lab(color, "normal")[0] for color in COLORS[:4])
    assert min(np.diff(lightness)) > 3
    neighbours = [lab(color, "normal")[0] for color in COLORS]
    assert min(np.abs(np.diff(neighbours))) > 5


def test_colour_is_never_alone():
    for marks in (MARKERS, LINES, HATCHES):
        assert len(set(marks)) == len(marks) == len(COLORS)


def test_cycle_repeats_after_the_last():
    assert [cycle(MARKERS, c) for c in (0, 7, 8)] == ["o", "*", "o"]


def test_figure_leaves_no_global_state_behind():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    fig, axes = figure(2, 3, size=(6, 4), sharex=True)
    assert axes.shape == (2, 3)
    assert tuple(fig.get_size_inches()) == (6, 4)
    assert not axes[0, 0].spines["top"].get_visible()
    assert dict(mpl.rcParams) == before
