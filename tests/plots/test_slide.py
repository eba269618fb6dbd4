"""Tests for mlcourse.plots.slide: the figure follows the slider."""

import sys

import pytest
from ipywidgets import IntSlider

from mlcourse.plots import figure, slide


@pytest.fixture
def shown(monkeypatch):
    """What slide displays."""
    boxes = []
    monkeypatch.setattr(sys.modules["mlcourse.plots.slide"], "display", boxes.append)
    return boxes


def draw(k):
    fig, ax = figure(size=(2.0, 2.0))
    ax.plot([0, k], [0, 1])
    return fig, f'A line that ends at k = {k} < "9".'


def test_figure_and_words_follow_the_slider(shown):
    slider = IntSlider(3, min=1, max=9)
    slide(draw, slider)
    (box,) = shown
    assert box.children[0] is slider
    before = box.children[1].value
    assert 'alt="A line that ends at k = 3 &lt; &quot;9&quot;."' in before
    slider.value = 7
    after = box.children[1].value
    assert "k = 7" in after
    assert after.split("alt=")[0] != before.split("alt=")[0]
