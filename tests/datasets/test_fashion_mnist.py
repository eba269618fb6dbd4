"""Tests for mlcourse.datasets.fashion_mnist and the idx format."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from mlcourse.datasets import fashion_mnist
from mlcourse.datasets._idx import read_idx

DEBIAN = Path(
    "/usr/share/datasets/fashion-mnist"
)  # of its package dataset-fashion-mnist


def idx(*sizes, values=None, kind=8):
    """Return the bytes of an idx file: type, number of sizes, sizes, values."""
    count = int(np.prod(sizes))
    body = bytes(i % 10 for i in range(count)) if values is None else bytes(values)
    return struct.pack(f">HBB{len(sizes)}I", 0, kind, len(sizes), *sizes) + body


@pytest.fixture
def write(tmp_path):
    def write(data, name="a.gz"):
        (tmp_path / name).write_bytes(gzip.compress(data))
        return tmp_path / name

    return write


# --- the format -----------------------------------------------------------------------


def test_by_hand(write):
    path = write(
        bytes.fromhex("00000803 00000001 00000002 00000003") + b"\1\2\3\4\5\xff"
    )
    assert read_idx(path, item=(2, 3)).tolist() == [[[1, 2, 3], [4, 5, 255]]]


def test_labels_and_none_at_all(write):
    assert read_idx(write(idx(3, values=[7, 0, 9])), item=()).tolist() == [7, 0, 9]
    assert read_idx(write(idx(0, 28, 28)), item=(28, 28)).shape == (0, 28, 28)


@pytest.mark.errors
@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\0\0", idx(4, 28, 28)[:6], idx(4, 28, 28)[:12]),
        *(idx(4), idx(4, 28, 27), idx(4, 28, 28, kind=9), idx(4, 28, 28, 1)),
    ],
)
def test_another_format_is_refused(write, data):
    with pytest.raises(ValueError, match="must be an idx file of bytes"):
        read_idx(write(data), item=(28, 28))


@pytest.mark.errors
@pytest.mark.parametrize("extra", [-1, 1])
def test_a_byte_too_few_or_too_many(write, extra):
    data = idx(4, 2, 2, values=[1] * (16 + extra))
    with pytest.raises(ValueError, match=f"must hold 16 values, got {16 + extra}"):
        read_idx(write(data), item=(2, 2))


@pytest.mark.errors
@pytest.mark.parametrize("damage", ["cut", "changed", "no gzip"])
def test_a_damaged_stream(write, damage):
    path = write(idx(50, 28, 28))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(
        {"cut": path.read_bytes()[:-9], "changed": data, "no gzip": b"<html>"}[damage]
    )
    with pytest.raises(ValueError, match="is damaged .*; delete it and fetch it again"):
        read_idx(path, item=(28, 28))


# --- the data set ---------------------------------------------------------------------


def test_a_folder_of_two_images(write, tmp_path):
    write(idx(2, 28, 28), "train-images-idx3-ubyte.gz")
    write(idx(2, values=[9, 4]), "train-labels-idx1-ubyte.gz")
    data = fashion_mnist(tmp_path)
    assert data.x.shape == (2, 1, 28, 28)
    assert data.x.dtype == torch.float32
    assert data.x[0, 0, 0, :3].tolist() == pytest.approx([0, 1 / 255, 2 / 255])
    assert data.y.tolist() == [9, 4]
    assert [data.names[y] for y in data.y] == ["ankle boot", "coat"]


@pytest.mark.errors
@pytest.mark.parametrize("labels", [[1], [1, 10], [1, 2, 3]])
def test_labels_that_do_not_fit(write, tmp_path, labels):
    write(idx(2, 28, 28), "t10k-images-idx3-ubyte.gz")
    write(idx(len(labels), values=labels), "t10k-labels-idx1-ubyte.gz")
    with pytest.raises(ValueError, match="one label from 0 to 9 for each image, got"):
        fashion_mnist(tmp_path, train=False)


@pytest.mark.errors
def test_missing(cache):
    with pytest.raises(FileNotFoundError) as caught:
        fashion_mnist()
    assert str(cache / "fashion-mnist") in str(caught.value)
    assert "train-images-idx3-ubyte.gz is not in" in str(caught.value)


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="Debian's package is not installed")
@pytest.mark.parametrize(("train", "each"), [(True, 6000), (False, 1000)])
def test_the_real_files(train, each):
    data = fashion_mnist(DEBIAN, train=train)
    assert data.x.shape == (10 * each, 1, 28, 28)
    assert data.y.bincount().tolist() == [each] * 10
    assert data.x.min() == 0
    assert data.x.max() == 1
    if train:  # trousers are narrow, pullovers wide
        width = (data.x > 0.2).any(2).float().sum((1, 2))
        assert width[data.y == 1].mean() + 5 < width[data.y == 2].mean()
