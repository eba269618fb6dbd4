"""Tests for mlcourse.datasets.photographs: what is decoded, and when."""

import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from photo_files import jpeg, square, write
from PIL import Image

from mlcourse.datasets import (
    Photographs,
    cars196,
    cub200_2011,
    stanford_online_products,
)
from mlcourse.datasets._source import Folder, Zip
from mlcourse.evaluation import evaluate
from mlcourse.networks import convnet
from mlcourse.samplers import ClassBalancedBatches
from mlcourse.training import embed, train

REAL = Path(__file__).resolve().parents[3] / "shared" / "data"
SHAPES = ((48, 32), (32, 44), (32, 32), (64, 16), (24, 96), (50, 50))
FILES = {
    f"{i}.jpg": jpeg(*shape, seed=i, grey=i == 3) for i, shape in enumerate(SHAPES)
}
WANT = torch.stack([square(data, 16) for data in FILES.values()])


@pytest.fixture(params=["folder", "zip"])
def x(request, tmp_path):
    """The six photographs, from either kind of source."""
    if request.param == "folder":
        return Photographs(Folder(write(tmp_path, FILES)), tuple(FILES), 16)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    return Photographs(Zip(tmp_path / "a.zip"), tuple(FILES), 16)


# --- one photograph -------------------------------------------------------------------


@pytest.mark.parametrize("wide", [True, False])
def test_the_middle_square_by_hand(tmp_path, wide):
    paper = np.zeros((20, 60, 3), dtype=np.uint8)
    paper[:, :20, 0] = paper[:, 20:40, 1] = paper[:, 40:, 2] = 255  # red, green, blue
    paper[:10, 20:40] = 255  # white above the green
    image = Image.fromarray(paper if wide else paper.transpose(1, 0, 2))
    image.save(tmp_path / "a.png")
    got = Photographs(Folder(tmp_path), ("a.png",), 10)[0]
    got = got if wide else got.transpose(1, 2)
    inside = got[:, :, 1:-1]  # the outermost pixels have a little of red and of blue
    assert (inside[:, :4] == 1).all()
    assert (inside[1, 6:] == 1).all()
    assert (inside[[0, 2], 6:] == 0).all()
    edges = got[:, 6:, [0, -1]].mean(1)  # 1/8 of them: a triangle of 4 pixels
    want = torch.tensor([[1, 0], [7, 7], [0, 1]]) / 8
    torch.testing.assert_close(edges, want, rtol=0, atol=1 / 255)


def test_each_is_its_middle_square(x):
    assert x[0].dtype == torch.float32
    for row, want in enumerate(WANT):
        torch.testing.assert_close(x[row], want)


def test_grey_becomes_three_equal_colours(x):
    assert torch.equal(x[3][0], x[3][1])
    assert torch.equal(x[3][0], x[3][2])
    assert not torch.equal(x[0][0], x[0][1])


# --- as a tensor ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "rows",
    [
        2,
        -1,
        [4, 0, 4],
        slice(1, 5, 2),
        torch.tensor([5, 1]),
        torch.tensor([[0, 1, 2], [3, 4, 5]]),
        torch.tensor([True, False, False, True, False, False]),
        torch.tensor(3),
        [],
    ],
    ids=repr,
)
def test_rows_are_those_of_a_tensor(x, rows):
    whole = torch.stack(list(x))
    assert torch.equal(x[rows], whole[rows])


def test_a_part_of_them_and_a_part_of_that(x):
    part = x.subset(torch.tensor([5, 3, 1]))
    assert (len(x), len(part), len(part.subset([]))) == (6, 3, 0)
    assert torch.equal(part.subset([True, False, True])[1], x[1])


@pytest.mark.parametrize(("chunk", "blocks"), [(4, [4, 2]), (1, [1] * 6), (99, [6])])
def test_blocks(x, chunk, blocks):
    parts = list(x.split(chunk))
    assert [len(part) for part in parts] == blocks
    assert torch.equal(torch.cat(parts), x[:])


def test_blocks_of_large_photographs_are_small(tmp_path):
    folder = Folder(write(tmp_path, FILES))
    large = Photographs(folder, tuple(FILES), 1500)
    assert [len(part) for part in large.split(1024)] == [2, 2, 2]
    assert len(next(large.subset([]).split(1024))) == 0
    smallest = Photographs(folder, tuple(FILES)[:1], 1)
    assert [part.shape for part in smallest.split(1)] == [(1, 3, 1, 1)]


# --- in use ---------------------------------------------------------------------------


def test_embedded_and_evaluated(x):
    psi = convnet(4, channels=(3, 4), generator=torch.Generator().manual_seed(0))
    y = torch.tensor([0, 1, 0, 1, 0, 1])
    z = embed(psi, x, chunk=4)
    torch.testing.assert_close(z, embed(psi, x[:]))
    assert 0 <= evaluate(z, y, ks=(1,))["recall@1"] <= 1


def test_trained_on_like_the_tensor(x):
    y = torch.tensor([0, 0, 1, 1, 2, 2])
    losses = []
    for photographs in (x, x[:]):
        generator = torch.Generator().manual_seed(0)
        psi = convnet(4, channels=(3, 4), generator=generator)
        batches = ClassBalancedBatches(
            y[:4], classes=2, per_class=2, n_batches=2, generator=generator
        )
        few, others = torch.arange(4), torch.arange(4, 6)
        lazy = isinstance(photographs, Photographs)
        part = photographs.subset if lazy else photographs.__getitem__
        history = train(
            psi, lambda z, codes: (z[codes == 0] - z[codes == 1]).square().mean(),
            part(few), y[few], batches=batches, epochs=2,
            validation=(part(others), y[others]), generator=generator,
        )  # fmt: skip
        losses.append(history.loss)
    assert losses[0] == losses[1]


LOADER = """
import sys
from pathlib import Path
import torch
from torch.utils.data import DataLoader
from mlcourse.datasets import Photographs
from mlcourse.datasets._source import Folder, Zip
from mlcourse.samplers import ClassBalancedBatches

y = torch.tensor([0, 0, 0, 1, 1, 1])
for source in (Zip(Path(sys.argv[1])), Folder(Path(sys.argv[2]))):
    x = Photographs(source, tuple(sys.argv[3:]), 16)
    batches = ClassBalancedBatches(y, classes=2, per_class=2, n_batches=100,
                                   generator=torch.Generator())
    rows = list(batches)
    loader = DataLoader(x, batch_sampler=rows, num_workers=2,
                        multiprocessing_context="fork")
    for wanted, images in zip(rows, loader, strict=True):
        assert torch.equal(images, x[wanted])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no fork here")
def test_two_forked_workers_do_not_share_an_open_file(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    done = subprocess.run(
        [sys.executable, "-c", LOADER, path, write(tmp_path, FILES), *FILES],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_pickled(x):
    assert torch.equal(pickle.loads(pickle.dumps(x))[2], x[2])


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
def test_a_missing_file_is_named_at_once(tmp_path):
    folder = Folder(write(tmp_path, {"0.jpg": FILES["0.jpg"]}))
    with pytest.raises(FileNotFoundError, match="lacks 5 of 6 files, such as 1.jpg"):
        Photographs(folder, tuple(FILES), 16)


@pytest.mark.errors
@pytest.mark.parametrize("data", [b"", b"<html>", FILES["0.jpg"][:400]])
def test_a_damaged_file_is_named_when_it_is_read(tmp_path, data):
    x = Photographs(Folder(write(tmp_path, {"a.jpg": data})), ("a.jpg",), 16)
    with pytest.raises(ValueError, match="a.jpg is damaged .*; unpack or fetch"):
        x[0]


@pytest.mark.errors
def test_a_changed_byte_of_a_zip(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("0.jpg", FILES["0.jpg"])
    data = bytearray(path.read_bytes())
    data[300] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(ValueError, match="a.zip is damaged .*; delete it and fetch it"):
        Photographs(Zip(path), ("0.jpg",), 16)[0]


@pytest.mark.errors
def test_no_row_of_that_number_and_no_size(tmp_path):
    folder = Folder(write(tmp_path, FILES))
    with pytest.raises(IndexError):
        Photographs(folder, tuple(FILES), 16)[6]
    with pytest.raises(ValueError, match="size must be >= 1, got 0"):
        Photographs(folder, tuple(FILES), 0)


# --- the real files, where somebody has them ------------------------------------------


@pytest.mark.parametrize(
    ("load", "train", "photographs", "classes"),
    [
        (cub200_2011, True, 5864, 100),
        (cub200_2011, False, 5924, 100),
        (cars196, True, 8054, 98),
        (cars196, False, 8131, 98),
        (stanford_online_products, True, 59551, 11318),
        (stanford_online_products, False, 60502, 11316),
    ],
)
def test_the_real_files(load, train, photographs, classes):
    root = REAL / load.__name__
    if not root.is_dir():
        pytest.skip("the real files are not here")
    data = load(root, train=train)
    assert (len(data.x), len(data.y)) == (photographs, photographs)
    assert len(data.y.unique()) == classes
    assert len(data.names) == int(load(root, train=False).y.max()) + 1
    few = data.x[torch.linspace(0, photographs - 1, 20).long()]
    assert few.shape == (20, 3, 224, 224)
    assert 0.05 < few.std() < 0.5
