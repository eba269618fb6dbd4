"""Tests for mlcourse.plots.show: a figure never comes without its words."""

import sys
from base64 import b64decode

import pytest

from mlcourse.plots import figure, show

WORDS = "One straight line from the lower left\n   to the upper right corner."


@pytest.fixture
def shown(monkeypatch):
    """Show a small figure; returns the data and the metadata that were displayed."""
    calls = []

    def display(data, *, metadata=None, raw):
        assert raw
        calls.append((data, metadata))

    def call(description):
        fig, ax = figure(size=(3, 2))
        ax.plot([0, 1], [0, 1])
        show(fig, description)
        return calls

    monkeypatch.setattr(sys.modules["mlcourse.plots.show"], "display", display)
    return call


def test_description_is_alt_text_and_plain_text(shown):
    (data, metadata), _ = shown(WORDS)
    flat = "One straight line from the lower left to the upper right corner."
    assert data["text/plain"] == flat
    assert metadata["image/png"]["alt"] == flat


def test_image_is_a_png_of_the_figures_size(shown):
    png = b64decode(shown(WORDS)[0][0]["image/png"])
    size = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    assert png.startswith(b"\x89PNG")
    assert size == (300, 200)


def test_description_is_folded_below_and_escaped(shown):
    _, (data, _) = shown("The share of pairs with distance < 1 & similarity > 0.5.")
    words = "The share of pairs with distance &lt; 1 &amp; similarity &gt; 0.5."
    assert words in data["text/html"]
    assert data["text/html"].startswith("<details><summary>")


@pytest.mark.errors
def test_figure_without_words_is_refused(shown):
    with pytest.raises(ValueError, match="40 characters or more; got 8: 'A figure'"):
        shown("A figure")
