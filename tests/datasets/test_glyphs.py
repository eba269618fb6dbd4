"""Tests for mlcourse.datasets.glyphs."""

import dataclasses
import subprocess
import sys

import pytest
import torch

from mlcourse.datasets import glyph_classes, glyphs
from mlcourse.datasets._alphabet import script_of
from mlcourse.datasets._fonts import characters_of

FACTORS = ("x", "y", "script", "font", "angle", "scale", "shift", "polarity")


def small(seed=0, **options):
    options = {"n_classes": 12, "per_class": 3} | options
    return glyphs(generator=torch.Generator().manual_seed(seed), **options)


def parts(data):
    return data.train, data.validation, data.test


def whole(data, name):
    return torch.cat([getattr(part, name) for part in parts(data)])


def same(a, b):
    return a.characters == b.characters and all(
        torch.equal(whole(a, name), whole(b, name)) for name in FACTORS
    )


# --- values ---------------------------------------------------------------------------


def test_shapes_types_and_ranges(data):
    for part, n in zip(parts(data), (2000, 1000, 1000), strict=True):
        assert part.x.shape == (n, 1, 28, 28)
        assert part.shift.shape == (n, 2)
        for name in ("x", "angle", "scale", "shift"):
            assert getattr(part, name).dtype == torch.float32
        for name in ("y", "script", "font", "polarity"):
            assert getattr(part, name).dtype == torch.int64
            assert getattr(part, name).shape == (n,)
        assert part.x.min() == 0
        assert 0.9 < part.x.max() <= 1


def test_classes_are_disjoint_and_complete(data):
    classes = [set(part.y.tolist()) for part in parts(data)]
    assert [len(c) for c in classes] == [100, 50, 50]
    assert set.union(*classes) == set(range(200))
    assert whole(data, "y").bincount().tolist() == [20] * 200


def test_every_script_with_four_classes_is_in_every_part(data):
    scripts = [script_of(c) for c in data.characters]
    for s, name in enumerate(data.scripts):
        assert scripts.count(name) >= 4
        assert all((part.script == s).any() for part in parts(data))


def test_names_belong_to_numbers(data):
    assert set(data.characters) <= set(glyph_classes())
    for y, script, font in zip(
        *(whole(data, name).tolist() for name in ("y", "script", "font")), strict=True
    ):
        character = data.characters[y]
        assert data.scripts[script] == script_of(character)
        assert character in characters_of(data.fonts[font])


@pytest.mark.parametrize(
    ("factor", "low", "high"),
    [("angle", -20, 20), ("scale", 0.75, 1.15), ("shift", -2.8, 2.8)],
)
def test_pose_fills_its_range_evenly(data, factor, low, high):
    values = whole(data, factor).flatten()
    assert low <= values.min() < low + 0.02 * (high - low)
    assert high >= values.max() > high - 0.02 * (high - low)
    quarters = torch.histc(values, bins=4, min=low, max=high) / len(values)
    assert (quarters - 0.25).abs().max() < 0.04


def test_every_font_is_used(data):
    assert (whole(data, "font").bincount(minlength=len(data.fonts)) > 20).all()


# --- the factors are in the pixels ----------------------------------------------------


def ink(x):
    """Return the pixels that are ink for sure."""
    return (x[:, 0] > 0.3).float()


def test_shift_moves_the_middle_of_the_box(data):
    x, shift = ink(whole(data, "x")), whole(data, "shift")
    place = torch.arange(28.0) - 13.5
    for axis, seen in enumerate((x.amax(1), x.amax(2))):  # columns, rows with ink
        first, last = seen.argmax(1), 27 - seen.flip(1).argmax(1)
        middle = (place[first] + place[last]) / 2
        assert torch.corrcoef(torch.stack([middle, shift[:, axis]]))[0, 1] > 0.9


def test_scale_sets_the_extent(data):
    x, y, scale = ink(whole(data, "x")), whole(data, "y"), whole(data, "scale")
    extent = torch.maximum(x.amax(1).sum(1), x.amax(2).sum(1))
    mean = torch.stack([extent[y == c].mean() for c in range(200)])[y]
    assert torch.corrcoef(torch.stack([extent / mean, scale]))[0, 1] > 0.8


def test_angle_turns_an_upright_stroke(data):
    """Second moments of digits and letters: each class's own slant taken off."""
    x, y, angle = ink(whole(data, "x")), whole(data, "y"), whole(data, "angle")
    place = torch.arange(28.0) - 13.5
    mass = x.sum((1, 2))
    u = (x * place).sum((1, 2)) / mass
    v = (x * place[:, None]).sum((1, 2)) / mass
    du, dv = place - u[:, None], place - v[:, None]
    cross = torch.einsum("nvu,nu,nv->n", x, du, dv) / mass
    gap = (
        torch.einsum("nvu,nu->n", x, du**2) - torch.einsum("nvu,nv->n", x, dv**2)
    ) / mass
    seen = torch.rad2deg(torch.atan2(-2 * cross, gap)) / 2  # counter-clockwise, mod 180
    long = (gap**2 + 4 * cross**2).sqrt() > 12  # with an axis to speak of
    slant = []
    for c in range(200):
        r = long & (y == c)
        if r.sum() >= 10:
            turn = torch.remainder(seen[r] - angle[r] + 90, 180) - 90
            centre = (
                torch.rad2deg(
                    torch.atan2(
                        torch.sin(torch.deg2rad(2 * turn)).mean(),
                        torch.cos(torch.deg2rad(2 * turn)).mean(),
                    )
                )
                / 2
            )
            slant.append((torch.remainder(turn - centre + 90, 180) - 90).abs().median())
    assert len(slant) >= 15
    assert torch.stack(slant).median() < 6  # fonts lean, so not 0; unturned: above 9


def test_noise_is_there_and_small(data):
    corner = whole(data, "x")[:, 0, 0, 0]
    assert 0.03 < (2 * (corner**2).mean()).sqrt() < 0.07  # half is clipped at 0


def test_raw_pixels_know_something_and_not_everything(data):
    x, y = data.test.x.flatten(1), data.test.y
    dist = torch.cdist(x, x).fill_diagonal_(torch.inf)
    recall = (y[dist.argmin(1)] == y).float().mean()
    assert 0.3 < recall < 0.75  # chance: 0.02


def test_polarity_inverts_half_of_the_images():
    mixed = small(n_classes=40, per_class=10, mixed_polarity=True)
    polarity, x = whole(mixed, "polarity"), whole(mixed, "x")
    assert 0.4 < (polarity == -1).float().mean() < 0.6
    dark = x.mean((1, 2, 3)) > 0.5
    assert torch.equal(dark, polarity == -1)
    assert (whole(small(), "polarity") == 1).all()


@pytest.mark.parametrize("size", [8, 15, 32])
def test_size(size):
    data = small(size=size)
    assert data.train.x.shape == (18, 1, size, size)
    assert (whole(data, "shift").abs() <= size / 10).all()


def test_every_class_there_is():
    n = len(glyph_classes())
    data = small(n_classes=n, per_class=1, size=8)
    assert data.characters == glyph_classes()


# --- randomness -----------------------------------------------------------------------


def test_seed_decides_and_another_gives_another_split():
    a, b, c = small(1), small(1), small(2)
    assert same(a, b)
    assert a.characters != c.characters
    assert not torch.equal(whole(a, "angle"), whole(c, "angle"))


def test_from_the_cache_as_fresh_and_the_generator_moves_alike(cache):
    g, h = (torch.Generator().manual_seed(5) for _ in range(2))
    options = {"n_classes": 12, "per_class": 3}
    fresh = glyphs(generator=g, **options)
    assert len(list(cache.iterdir())) == 1
    hit = glyphs(generator=h, **options)
    assert len(list(cache.iterdir())) == 1
    assert same(fresh, hit)
    assert torch.equal(g.get_state(), h.get_state())
    assert not same(fresh, glyphs(generator=g, **options)), "the generator stood still"


def test_a_damaged_cache_is_made_again(cache):
    fresh = small()
    (entry,) = cache.iterdir()
    entry.write_bytes(entry.read_bytes()[:-100])
    assert same(fresh, small())


@pytest.mark.parametrize(
    "change",
    [{"n_classes": 13}, {"per_class": 4}, {"size": 29}, {"mixed_polarity": True}],
)
def test_every_option_is_another_entry(cache, change):
    small()
    small(**change)
    assert len(list(cache.iterdir())) == 2


def test_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    small()
    assert torch.equal(before, torch.get_rng_state())


# --- errors and the rest --------------------------------------------------------------


@pytest.mark.errors
@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"n_classes": 3}, "n_classes must be at least 4, got 3"),
        ({"per_class": 0}, "per_class must be at least 1, got 0"),
        ({"size": 7}, "size must be at least 8, got 7"),
        ({"n_classes": 9999}, "n_classes must be at most"),
    ],
)
def test_out_of_range(option, message):
    with pytest.raises(ValueError, match=message):
        small(**option)


def test_results_cannot_be_rebound():
    with pytest.raises(dataclasses.FrozenInstanceError):
        small().train.x = None


def test_no_plot_is_imported():
    code = (
        "import sys, mlcourse.datasets as d; d.glyph_classes(); "
        "sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
