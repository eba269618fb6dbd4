"""Tests for mlcourse.datasets.cars196, on small files of the same formats."""

import importlib
import io

import numpy as np
import pytest
import torch
from photo_files import jpeg, md5, square, tgz, write
from scipy.io import loadmat, savemat

from mlcourse.datasets import DownloadError, cars196

#: Class of each image: both ends of both halves, not in order.
CLASSES = {1: 99, 2: 1, 3: 196, 4: 98, 5: 98}
NAMES = [f"Maker Model C/V {c}" for c in range(1, 197)]
PHOTOS = {f"car_ims/{i:06}.jpg": jpeg(32, 44, seed=i, grey=i == 2) for i in CLASSES}


def mat():
    """Return a list in the format of cars_annos.mat: a 1 x n struct, a cell array."""
    fields = ("relative_im_path", "bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2")
    kinds = [(name, object) for name in (*fields, "class", "test")]
    table = np.zeros((1, len(CLASSES)), dtype=kinds)
    for row, (name, c) in enumerate(zip(PHOTOS, CLASSES.values(), strict=True)):
        numbers = [np.uint16(n) for n in (3, 4, 30, 40)]
        table[0, row] = (name, *numbers, np.uint8(c), np.uint8(row % 2))
    names = np.empty((1, len(NAMES)), dtype=object)
    names[0] = NAMES
    file = io.BytesIO()
    savemat(file, {"annotations": table, "class_names": names}, do_compression=True)
    return file.getvalue()


BODIES = {"cars_annos.mat": mat(), "car_ims.tgz": tgz(PHOTOS)}
module = importlib.import_module("mlcourse.datasets.cars196")


@pytest.fixture
def served(url, manners, monkeypatch):
    manners.bodies = dict(BODIES)
    monkeypatch.setattr(module, "_URL", f"{url}?")
    for name, body in BODIES.items():
        monkeypatch.setitem(module._MD5, name, md5(body))
    return manners


def check(root=None, **options):
    """Hold both halves to what was written."""
    train = cars196(root, size=16, **options)
    test = cars196(root, size=16, train=False)
    photos = dict(zip(CLASSES, PHOTOS.values(), strict=True))
    for data, images in ((train, [2, 4, 5]), (test, [1, 3])):
        assert data.y.tolist() == [CLASSES[i] - 1 for i in images]
        assert data.y.dtype == torch.int64
        assert torch.equal(
            data.x[:], torch.stack([square(photos[i], 16) for i in images])
        )
        assert data.names == tuple(NAMES)
    assert not {*train.y.tolist()} & {*test.y.tolist()}


def test_the_list_looks_like_the_original():
    """As loaders of others index it, without squeeze_me: row[0][0], row[5][0][0]."""
    table = loadmat(io.BytesIO(BODIES["cars_annos.mat"]))
    rows = table["annotations"][0]
    assert [str(row[0][0]) for row in rows] == [*PHOTOS]
    assert [int(row[5][0][0]) for row in rows] == [*CLASSES.values()]
    assert [str(name[0]) for name in table["class_names"][0]] == NAMES


# --- fetched --------------------------------------------------------------------------


def test_fetched_unpacked_and_there_the_next_time(served, cache):
    check(download=True)
    check()
    assert served.asked == [None, None]
    kept = sorted(path.name for path in (cache / "cars196").iterdir())
    assert kept == ["car_ims", "car_ims.tgz", "cars_annos.mat"]


def test_whole_as_papers_take_them_and_what_has_come_is_told(served, tmp_path):
    told = []
    data = cars196(tmp_path, download=True, progress=lambda *n: told.append(n))
    assert data.x.size == 224
    assert {(len(body),) * 2 for body in BODIES.values()} <= {*told}


def test_goes_on_where_the_line_was_cut(served, tmp_path):
    write(tmp_path, {"cars_annos.mat": BODIES["cars_annos.mat"]})
    served.drop_after = 2000
    with pytest.raises(DownloadError, match="sent 2000 of .* it goes on from there"):
        cars196(tmp_path, download=True)
    served.drop_after = None
    check(tmp_path, download=True)
    assert served.asked == [None, "bytes=2000-"]


@pytest.mark.parametrize("files", [BODIES, PHOTOS | {"cars_annos.mat": mat()}])
def test_put_there_by_hand_packed_or_not(served, tmp_path, files):
    check(write(tmp_path, files | {"cars_annos.mat": BODIES["cars_annos.mat"]}))
    assert served.asked == []


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
@pytest.mark.parametrize("name", BODIES)
def test_missing(served, tmp_path, name, monkeypatch):
    write(tmp_path, {other: BODIES[other] for other in BODIES if other != name})
    monkeypatch.setattr(module, "_URL", "http://ai.stanford.edu/~jkrause/car196/")
    with pytest.raises(FileNotFoundError) as caught:
        cars196(tmp_path)
    assert str(caught.value) == (
        f"{name} is not in {tmp_path}; fetch it with download=True, or get it from "
        f"http://ai.stanford.edu/~jkrause/car196/{name} by hand and put it there "
        "(reported gone, as is imagenet.stanford.edu/internal/car196; a copy from "
        f"elsewhere serves if its checksum is {md5(BODIES[name])})"
    )


@pytest.mark.errors
def test_gone(served, tmp_path):
    served.status = 404
    with pytest.raises(DownloadError) as caught:
        cars196(tmp_path, download=True)
    assert "127.0.0.1 answered 404 Not Found; get cars_annos.mat" in str(caught.value)
    assert str(caught.value).endswith(f"checksum is {md5(BODIES['cars_annos.mat'])})")


@pytest.mark.errors
@pytest.mark.parametrize("name", BODIES)
def test_another_file_by_hand(served, tmp_path, name):
    root = write(tmp_path, BODIES | {name: BODIES[name] + b"!"})
    with pytest.raises(
        ValueError, match=f"{name} must have md5 .*another file under th"
    ):
        cars196(root)
    assert sorted(path.name for path in root.iterdir()) == sorted(BODIES)


@pytest.mark.errors
def test_an_incomplete_folder(served, tmp_path):
    root = write(tmp_path, BODIES | PHOTOS)
    (root / "car_ims" / "000004.jpg").unlink()
    with pytest.raises(FileNotFoundError, match="lacks 1 of 3 .* car_ims/000004.jpg"):
        cars196(root)
