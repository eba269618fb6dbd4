"""Tests for mlcourse.datasets.stanford_online_products, on a small zip like it."""

import importlib
import io
import zipfile

import pytest
import torch
from photo_files import jpeg, md5, square, write

from mlcourse.datasets import DownloadError, split_classes, stanford_online_products

TOP = "Stanford_Online_Products"
HEADER = "image_id class_id super_class_id path"
#: Image, class, super class and path, as the lists have them.
TRAIN = [
    (1, 1, 1, "bicycle_final/111_0.JPG"),
    (2, 1, 1, "bicycle_final/111_1.JPG"),
    (3, 2, 4, "coffee_maker_final/222_0.JPG"),
]
TEST = [(4, 4, 1, "bicycle_final/444_2.JPG"), (5, 3, 12, "toaster_final/333_0.JPG")]
PHOTOS = {row[3]: jpeg(24, 96, seed=row[0], grey=row[0] == 3) for row in TRAIN + TEST}


def lines(rows, header=HEADER):
    return "\n".join([header, *(" ".join(map(str, row)) for row in rows), ""]).encode()


FILES = {
    f"{TOP}/Ebay_train.txt": lines(TRAIN),
    f"{TOP}/Ebay_test.txt": lines(TEST),
    f"{TOP}/Ebay_info.txt": lines(TRAIN + TEST),
    **{f"{TOP}/{name}": photo for name, photo in PHOTOS.items()},
}
module = importlib.import_module("mlcourse.datasets.stanford_online_products")


def packed(files):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir(TOP)
        for name, data in files.items():
            archive.writestr(name, data)
    return body.getvalue()


@pytest.fixture
def served(url, manners, monkeypatch):
    manners.body = packed(FILES)
    monkeypatch.setattr(module, "_URL", url)
    monkeypatch.setattr(module, "_MD5", md5(manners.body))
    return manners


def check(root=None, **options):
    """Hold both halves to what was written."""
    train = stanford_online_products(root, size=16, **options)
    test = stanford_online_products(root, size=16, train=False)
    assert train.names == ("bicycle/1", "coffee maker/2", "toaster/3", "bicycle/4")
    for data, rows in ((train, TRAIN), (test, TEST)):
        assert data.names == train.names
        assert data.y.tolist() == [c - 1 for _, c, _, _ in rows]
        assert data.super_class.tolist() == [kind - 1 for _, _, kind, _ in rows]
        assert data.y.dtype == data.super_class.dtype == torch.int64
        for y, kind in zip(data.y, data.super_class, strict=True):
            assert data.names[y].startswith(f"{data.super_classes[kind]}/")
        want = torch.stack([square(PHOTOS[name], 16) for *_, name in rows])
        assert torch.equal(data.x[:], want)
    assert not {*train.y.tolist()} & {*test.y.tolist()}
    return train


# --- fetched --------------------------------------------------------------------------


def test_fetched_read_in_place_and_there_the_next_time(served, cache):
    check(download=True)
    check()
    assert served.asked == [None]
    kept = [path.name for path in (cache / "stanford-online-products").iterdir()]
    assert kept == [f"{TOP}.zip"]


def test_goes_on_where_the_line_was_cut(served, tmp_path):
    served.drop_after = 2000
    with pytest.raises(DownloadError, match="sent 2000 of .* it goes on from there"):
        stanford_online_products(tmp_path, download=True)
    served.drop_after = None
    check(tmp_path, download=True)
    assert served.asked == [None, "bytes=2000-"]


def test_whole_as_papers_take_them_and_what_has_come_is_told(served, tmp_path):
    told = []
    data = stanford_online_products(
        tmp_path, download=True, progress=lambda *n: told.append(n)
    )
    assert data.x.size == 224
    assert told[-1] == (len(served.body),) * 2


def test_unpacked_by_others(served, tmp_path):
    check(write(tmp_path, FILES), download=True)
    assert served.asked == []


def test_a_list_may_be_empty(tmp_path):
    root = write(tmp_path, FILES | {f"{TOP}/Ebay_train.txt": lines([])})
    data = stanford_online_products(root)
    assert (len(data.x), len(data.y), len(data.super_class)) == (0, 0, 0)
    assert data.y.dtype == data.super_class.dtype == torch.int64
    assert data.names == ("toaster/3", "bicycle/4")


def test_classes_can_be_split_within_super_classes(tmp_path, generator):
    rows = [(i, 1 + i // 2, 1 + i // 8, f"a/{i}.JPG") for i in range(96)]
    photos = {f"{TOP}/{row[3]}": PHOTOS[TRAIN[0][3]] for row in rows}
    files = FILES | photos | {f"{TOP}/Ebay_train.txt": lines(rows)}
    data = stanford_online_products(write(tmp_path, files))
    parts = split_classes(data.y, data.super_class, generator=generator)
    for part in parts:
        assert data.super_class[part].unique().tolist() == [*range(12)]
        assert len(data.x.subset(part)) == len(part)
    assert sorted(torch.cat(parts).tolist()) == [*range(96)]


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
def test_missing(cache):
    with pytest.raises(FileNotFoundError) as caught:
        stanford_online_products()
    assert str(caught.value) == (
        f"{TOP}.zip is not in {cache / 'stanford-online-products'}; fetch it with "
        "download=True, or get it from http://ftp.cs.stanford.edu/cs/cvgl/"
        f"{TOP}.zip by hand and put it there (another address: "
        "ftp://cs.stanford.edu/cs/cvgl)"
    )


@pytest.mark.errors
def test_damaged_on_the_way(served, tmp_path):
    served.body = b"<html>Please log in</html>"
    with pytest.raises(DownloadError, match="damaged and is removed: expected md5 "):
        stanford_online_products(tmp_path, download=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.errors
@pytest.mark.parametrize("data", [b"<html>", packed(FILES)[:-50]], ids=["page", "cut"])
def test_damaged_by_hand(tmp_path, data):
    root = write(tmp_path, {f"{TOP}.zip": data})
    with pytest.raises(
        ValueError, match="zip is damaged .*; delete it and fetch it again"
    ):
        stanford_online_products(root)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("name", "data", "error", "message"),
    [
        (
            "Ebay_test.txt",
            None,
            FileNotFoundError,
            "1 of 1 files, such as .*Ebay_test.txt",
        ),
        (
            "Ebay_train.txt",
            lines(TRAIN, "id"),
            ValueError,
            "must begin with 'image_id cl",
        ),
        ("Ebay_train.txt", b"", ValueError, r"must begin with 'image_id .*got \[\]"),
        (
            "Ebay_train.txt",
            lines([(1, 2, 3)]),
            ValueError,
            "int int int str in each line",
        ),
        (
            "Ebay_test.txt",
            lines([(1, 3, 13, "a")]),
            ValueError,
            r"1 to 12, got \[1, 4, 13",
        ),
        ("Ebay_test.txt", lines([(1, 3, 0, "a")]), ValueError, r"got \[0, 1, 4\]"),
        (
            TRAIN[2][3],
            None,
            FileNotFoundError,
            "lacks 1 of 3 .*coffee_maker_final/222_0",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_incomplete(tmp_path, kind, name, data, error, message):
    files = FILES | {f"{TOP}/{name}": data}
    if data is None:
        del files[f"{TOP}/{name}"]
    if kind == "zip":
        files = {f"{TOP}.zip": packed(files)}
    with pytest.raises(error, match=message):
        stanford_online_products(write(tmp_path, files))
