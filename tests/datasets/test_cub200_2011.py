"""Tests for mlcourse.datasets.cub200_2011, on a small archive of the same layout."""

import importlib
import shutil

import pytest
import torch
from photo_files import jpeg, md5, square, tgz, write

from mlcourse.datasets import DownloadError, cub200_2011

#: Class of each image: both ends of both halves, not in order.
CLASSES = {1: 200, 2: 1, 4: 101, 3: 100, 7: 1}
NAMES = {c: f"{c:03}.Bird_{c}" for c in range(1, 201)}
PATHS = {i: f"{NAMES[c]}/Bird_{i:04}.jpg" for i, c in CLASSES.items()}
PHOTOS = {i: jpeg(48, 32, seed=i, grey=i == 3) for i in CLASSES}
TOP = "CUB_200_2011"


def lines(table):
    return "".join(f"{key} {value}\n" for key, value in table.items()).encode()


FILES = {
    "attributes.txt": b"1 has_bill_shape::curved\n",  # beside the folder, as there
    f"{TOP}/README": b"The Caltech-UCSD Birds-200-2011 Dataset\n",
    f"{TOP}/classes.txt": lines(NAMES),
    f"{TOP}/images.txt": lines(PATHS),
    f"{TOP}/image_class_labels.txt": lines(CLASSES),
    f"{TOP}/train_test_split.txt": lines(dict.fromkeys(CLASSES, 1)),
    f"{TOP}/bounding_boxes.txt": lines(dict.fromkeys(CLASSES, "1.0 2.0 20.0 10.0")),
    **{f"{TOP}/images/{PATHS[i]}": photo for i, photo in PHOTOS.items()},
}
module = importlib.import_module("mlcourse.datasets.cub200_2011")


@pytest.fixture
def served(url, manners, monkeypatch):
    manners.body = tgz(FILES)
    monkeypatch.setattr(module, "_URL", url)
    monkeypatch.setattr(module, "_MD5", md5(manners.body))
    return manners


def check(root=None, **options):
    """Hold both halves to what was written."""
    train = cub200_2011(root, size=16, **options)
    test = cub200_2011(root, size=16, train=False)
    for data, images in ((train, [2, 3, 7]), (test, [1, 4])):
        assert data.y.tolist() == [CLASSES[i] - 1 for i in images]
        assert data.y.dtype == torch.int64
        assert torch.equal(
            data.x[:], torch.stack([square(PHOTOS[i], 16) for i in images])
        )
        assert [data.names[y] for y in data.y] == [NAMES[CLASSES[i]] for i in images]
    assert not {*train.y.tolist()} & {*test.y.tolist()}


# --- fetched --------------------------------------------------------------------------


def test_fetched_unpacked_and_there_the_next_time(served, cache):
    check(download=True)
    check()
    assert served.asked == [None]
    kept = sorted(path.name for path in (cache / "cub200-2011").iterdir())
    assert kept == [TOP, "CUB_200_2011.tgz"]


def test_goes_on_where_the_line_was_cut(served, tmp_path):
    served.drop_after = 2000
    with pytest.raises(DownloadError, match="sent 2000 of .* it goes on from there"):
        cub200_2011(tmp_path, download=True)
    served.drop_after = None
    check(tmp_path, download=True)
    assert served.asked == [None, "bytes=2000-"]


def test_put_there_by_hand(served, tmp_path):
    check(write(tmp_path, {"CUB_200_2011.tgz": served.body}))
    assert served.asked == []


def test_whole_as_papers_take_them_and_what_has_come_is_told(served, tmp_path):
    told = []
    data = cub200_2011(tmp_path, download=True, progress=lambda *n: told.append(n))
    assert data.x.size == 224
    assert told[-1] == (len(served.body),) * 2


def test_every_class_may_have_its_image(tmp_path):
    three = {1: PATHS[1], 2: PATHS[2], 3: PATHS[3]}
    files = FILES | {
        f"{TOP}/classes.txt": lines({1: "a", 2: "b", 3: "c"}),
        f"{TOP}/images.txt": lines(three),
        f"{TOP}/image_class_labels.txt": lines({1: 3, 2: 1, 3: 2}),
    }
    root = write(tmp_path, files)
    assert cub200_2011(root).y.tolist() == [2, 0, 1]
    none = cub200_2011(root, train=False)
    assert (len(none.x), len(none.y), none.y.dtype) == (0, 0, torch.int64)


@pytest.mark.parametrize("download", [True, False])
def test_unpacked_by_others(served, tmp_path, download):
    check(write(tmp_path, FILES), download=download)
    assert served.asked == []


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
def test_missing(cache):
    with pytest.raises(FileNotFoundError) as caught:
        cub200_2011()
    assert str(caught.value) == (
        f"CUB_200_2011.tgz is not in {cache / 'cub200-2011'}; fetch it with "
        "download=True, or get it from https://data.caltech.edu/records/65de6-vp158/"
        "files/CUB_200_2011.tgz by hand and put it there"
    )


@pytest.mark.errors
def test_offline(served, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_URL", "http://127.0.0.1:9/CUB_200_2011.tgz")
    with pytest.raises(DownloadError, match="could not reach 127.0.0.1 .*by hand"):
        cub200_2011(tmp_path, download=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.errors
def test_damaged_on_the_way(served, tmp_path):
    served.body = b"<html>Please log in</html>"
    with pytest.raises(DownloadError, match="damaged and is removed: expected md5 "):
        cub200_2011(tmp_path, download=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.errors
def test_another_archive_by_hand(tmp_path):
    root = write(tmp_path, {"CUB_200_2011.tgz": tgz(FILES)})
    with pytest.raises(
        ValueError, match="tgz must have md5 97eceeb196236b17998738112f37"
    ):
        cub200_2011(root)
    assert [path.name for path in tmp_path.iterdir()] == ["CUB_200_2011.tgz"]


@pytest.mark.errors
@pytest.mark.parametrize(
    ("name", "data", "error", "message"),
    [
        (
            "classes.txt",
            None,
            FileNotFoundError,
            "lacks 1 of 1 files, such as classes.t",
        ),
        (
            "images.txt",
            lines({1: "a b"}),
            ValueError,
            "images.txt in .* must hold int str",
        ),
        ("images.txt", lines({"x": "a"}), ValueError, "must hold int str .*got 'x a'"),
        ("images.txt", b"\xff\xd8\n", ValueError, "must hold int str .*another file"),
        (
            "images.txt",
            lines({1: "a"}),
            ValueError,
            "5 classes for 1 images; unpack it",
        ),
        (
            "classes.txt",
            lines({1: "a"}),
            ValueError,
            "one class from 1 to 1 for each im",
        ),
        *(
            (
                "image_class_labels.txt",
                lines(CLASSES | {2: beyond}),
                ValueError,
                "one class from 1 to 200 for each image, got 5 classes for 5 images",
            )
            for beyond in (0, 201)
        ),
        (f"images/{PATHS[2]}", None, FileNotFoundError, "lacks 1 of 3 .*Bird_0002.jpg"),
    ],
)
def test_an_incomplete_folder(tmp_path, name, data, error, message):
    path = write(tmp_path, FILES) / TOP / name
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(error, match=message):
        cub200_2011(tmp_path)


@pytest.mark.errors
def test_an_empty_folder(tmp_path):
    shutil.rmtree(write(tmp_path, FILES) / TOP / "images")
    with pytest.raises(
        FileNotFoundError, match="lacks 3 of 3 files, such as images/001"
    ):
        cub200_2011(tmp_path)
