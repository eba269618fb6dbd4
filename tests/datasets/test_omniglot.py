"""Tests for mlcourse.datasets.omniglot: archives made here, and the real small ones."""

import importlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mlcourse.datasets import omniglot, split_classes
from mlcourse.datasets._drawings import read_drawings

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "omniglot"
SMALL = "images_background_small1"
real = pytest.mark.skipif(not REAL.is_dir(), reason="the real archives are not here")


def png(side=105, ink=(slice(10, 40), slice(50, 90))):
    """Return a drawing as Omniglot stores it: one bit a pixel, the ink is 0."""
    paper = np.ones((side, side), dtype=bool)
    paper[ink] = False
    file = io.BytesIO()
    Image.fromarray(paper).save(file, format="PNG")
    return file.getvalue()


@pytest.fixture
def archive(tmp_path):
    """Write a zip of these members, laid out like the real ones; return its folder."""

    def archive(members, name=SMALL):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as file:
            file.writestr(f"{name}/", "")
            for member, data in members.items():
                file.writestr(f"{name}/{member}", data)
        return tmp_path

    return archive


TWO = {
    "Tagalog/character02/0901_20.png": png(ink=np.s_[0:105, 0:21]),
    "Greek/character01/0394_07.png": png(ink=np.s_[0:21, 0:105]),
}


# --- made here ------------------------------------------------------------------------


def test_names_numbers_and_ink_by_hand(archive):
    data = omniglot(archive(TWO), archives=[SMALL], size=10)
    assert data.characters == ("Greek/01", "Tagalog/02")
    assert data.alphabets == ("Greek", "Tagalog")
    assert data.y.tolist() == data.alphabet.tolist() == [0, 1]
    assert data.drawer.tolist() == [6, 19]
    assert data.x.shape == (2, 1, 10, 10)
    greek = torch.zeros(10, 10)
    greek[:2] = 1  # the upper fifth is ink
    torch.testing.assert_close(data.x[0, 0], greek)
    torch.testing.assert_close(data.x[1, 0], greek.T)


def test_as_drawn(archive):
    data = omniglot(
        archive({"Greek/character01/0394_07.png": png()}), archives=[SMALL], size=105
    )
    want = torch.zeros(105, 105)
    want[10:40, 50:90] = 1
    assert torch.equal(data.x[0, 0], want)


def test_a_drawing_in_two_archives_comes_once(archive):
    archive(TWO)
    more = TWO | {"Greek/character01/0394_08.png": png()}
    root = archive(more, "images_background_small2")
    data = omniglot(root)
    assert data.y.tolist() == [0, 0, 1]
    assert data.drawer.tolist() == [6, 7, 19]


def test_nothing_is_unpacked(archive, tmp_path):
    evil = {"../../escaped/character01/0001_01.png": png()}
    with pytest.raises(ValueError, match="must hold ALPHABET/characterNN"):
        omniglot(archive(evil), archives=[SMALL])
    omniglot(archive(TWO), archives=[SMALL])
    assert [p.name for p in tmp_path.iterdir()] == [f"{SMALL}.zip"]


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
@pytest.mark.parametrize("damage", ["cut", "changed", "a page"])
def test_damaged(archive, damage):
    path = archive(TWO) / f"{SMALL}.zip"
    whole = path.read_bytes()
    changed = bytearray(whole)
    changed[whole.index(b"IDAT") + 10] ^= 0xFF
    path.write_bytes(
        {"cut": whole[:-50], "changed": changed, "a page": b"<html>"}[damage]
    )
    with pytest.raises(ValueError, match="is damaged .*; delete it and fetch it again"):
        read_drawings(path, size=28)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            {"Greek/character01/0394_07.png": png(side=28)},
            "got 28 x 28 in .*0394_07.png",
        ),
        ({"Greek/character01/0394_07.png": b"no image"}, "is damaged"),
        ({"Greek/0394_07.png": png()}, "is it another archive under this name"),
    ],
)
def test_another_content(archive, members, message):
    with pytest.raises(ValueError, match=message):
        omniglot(archive(members), archives=[SMALL])


@pytest.mark.errors
@pytest.mark.parametrize(
    "wrong", [{"archives": ["images"]}, {"archives": []}, {"size": 7}, {"size": 106}]
)
def test_wrong_arguments(archive, wrong):
    with pytest.raises(ValueError, match="archives must"):
        omniglot(archive(TWO), **wrong)


@pytest.mark.errors
def test_missing(cache):
    with pytest.raises(FileNotFoundError) as caught:
        omniglot()
    assert f"{SMALL}.zip is not in {cache / 'omniglot'}" in str(caught.value)
    assert "brendenlake/omniglot/master/python/images_background_small1.zip" in str(
        caught.value
    )


# --- the real archives ----------------------------------------------------------------


@real
def test_the_two_real_archives():
    data = omniglot(REAL)
    assert data.x.shape == (4840, 1, 28, 28)
    assert data.y.bincount().tolist() == [20] * 242
    assert data.drawer.bincount().tolist() == [242] * 20
    assert len(data.alphabets) == 8
    assert {"Greek", "Japanese_(katakana)", "Tagalog"} <= set(data.alphabets)
    for y, alphabet in zip(data.y.tolist(), data.alphabet.tolist(), strict=True):
        assert data.characters[y].startswith(data.alphabets[alphabet] + "/")
    assert 0.03 < data.x.mean() < 0.2, "ink must be 1, and little of it"


@real
@pytest.mark.parametrize(
    ("name", "alphabets", "n"),
    [(SMALL, 5, 2720), ("images_background_small2", 5, 3120)],
)
def test_each_real_archive(name, alphabets, n):
    data = omniglot(REAL, archives=[name], size=105)
    assert (len(data.alphabets), len(data.y)) == (alphabets, n)
    assert data.x.unique().tolist() == [0, 1]


@real
def test_same_character_is_nearer_on_classes_never_seen(generator):
    data = omniglot(REAL)
    _, _, test = split_classes(data.y, data.alphabet, generator=generator)
    x, y = data.x[test].flatten(1), data.y[test]
    dist = torch.cdist(x, x).fill_diagonal_(torch.inf)
    recall = (y[dist.argmin(1)] == y).float().mean()
    assert 0.15 < recall < 0.7  # chance: 0.02


@real
def test_the_published_checksums_are_those_of_the_real_files(manners, url, monkeypatch):
    """Fetch a real archive from a server on this computer, by the loader itself."""
    manners.body = (REAL / f"{SMALL}.zip").read_bytes()
    module = importlib.import_module("mlcourse.datasets.omniglot")
    monkeypatch.setattr(module, "_URL", f"{url}?")
    data = omniglot(archives=[SMALL], download=True)
    assert len(data.y) == 2720
    assert omniglot(archives=[SMALL]).characters == data.characters
    assert len(manners.asked) == 1
