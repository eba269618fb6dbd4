"""Tests for mlcourse.datasets: which characters are classes, and which are chosen."""

import itertools

import numpy as np
import pytest
import torch

from mlcourse.datasets import glyph_classes
from mlcourse.datasets._alphabet import MIN_FONTS, is_accented, script_of
from mlcourse.datasets._classes import choose
from mlcourse.datasets._fonts import FONTS, characters_of, font_path
from mlcourse.datasets._raster import draw_upright

CLASSES = glyph_classes()


def test_more_than_a_thousand_classes_without_a_mark():
    assert len(CLASSES) == len(set(CLASSES)) >= 1000
    assert sum(not is_accented(c) for c in CLASSES) >= 1000
    assert list(CLASSES) == sorted(CLASSES)


@pytest.mark.parametrize(
    "alike", ["Il|", "O\u039f\u041e\u25ef", "A\u0391\u0410", "cC\u0441", "vV", "zZ"]
)
def test_of_lookalikes_at_most_one_is_a_class(alike):
    assert sum(c in CLASSES for c in alike) <= 1


@pytest.mark.parametrize("different", ["0123456789", "ABDEGHKMNQRTWY", "→←↑↓", "ЖДЯЮ"])
def test_characters_that_differ_are_classes(different):
    assert all(c in CLASSES for c in different)


def test_no_two_classes_are_drawn_alike():
    """Cosine of unblurred drawings at another size: an oracle of its own."""
    some = CLASSES[:: len(CLASSES) // 300]
    x = np.stack([draw_upright(c, "DejaVuSans", side=48, ink=40) for c in some])
    x = x.reshape(len(some), -1).astype(float)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    assert (x @ x.T - np.eye(len(some))).max() < 0.97


def test_every_class_is_held_and_drawn_by_six_fonts():
    for character in CLASSES[::7]:
        held = [font for font in FONTS if character in characters_of(font)]
        assert len(held) >= MIN_FONTS
        for font in held:
            missing = draw_upright("\U0010fffd", font, side=24, ink=24)
            drawn = draw_upright(character, font, side=24, ink=24)
            assert drawn.max() > 100, f"{character!r} is blank in {font}"
            assert (drawn != missing).any(), f"{character!r} is a box in {font}"


def test_fonts_are_complete_ones():
    assert len(FONTS) == len(set(FONTS)) == 16
    assert all(set("AZaz09") <= characters_of(font) for font in FONTS)


@pytest.mark.errors
def test_a_font_that_is_not_there():
    with pytest.raises(FileNotFoundError, match="NoSuchFont.ttf of matplotlib was not"):
        font_path("NoSuchFont")


@pytest.mark.parametrize(
    ("character", "script"),
    [
        ("Q", "Latin"),
        ("ß", "Latin"),
        ("Ω", "Greek"),
        ("Я", "Cyrillic"),
        ("ა", "Georgian"),
        ("7", "Digit"),
        ("໗", "Digit"),
        ("↺", "Arrow"),
        ("∂", "Mathematics"),
        ("☎", "Symbol"),
        ("€", "Symbol"),
        ("&", "Symbol"),
    ],
)
def test_script(character, script):
    assert script_of(character) == script


# --- which become classes -------------------------------------------------------------


def test_scripts_take_turns(generator):
    chosen = choose(200, generator=generator)
    count = {script: len(list(group)) for script, group in by_script(chosen)}
    small = {script: len(list(group)) for script, group in by_script(CLASSES)}
    most = max(count.values())
    assert all(n in (most, most - 1) or n == small[s] for s, n in count.items())
    assert not any(map(is_accented, chosen))


def by_script(characters):
    return itertools.groupby(sorted(characters, key=script_of), key=script_of)


def test_all_classes_can_be_had(generator):
    assert choose(len(CLASSES), generator=generator) == CLASSES


def test_another_seed_chooses_others():
    a, b = (choose(200, generator=torch.Generator().manual_seed(s)) for s in (1, 2))
    assert 20 < len(set(a) & set(b)) < 180
