"""CUB200-2011: photographs of birds, two hundred species that differ in details."""

from pathlib import Path

import torch

from mlcourse.datasets._cache import cache_folder
from mlcourse.datasets._download import require
from mlcourse.datasets._http import Progress
from mlcourse.datasets._lists import read_list
from mlcourse.datasets._source import Folder
from mlcourse.datasets._unpack import unpack
from mlcourse.datasets.photographs import LabelledPhotographs, Photographs

_URL = "https://data.caltech.edu/records/65de6-vp158/files/CUB_200_2011.tgz"
_MD5 = "md5:97eceeb196236b17998738112f37df78"
_TRAIN = 100  # classes that metric learning trains on: the first half


def cub200_2011(
    root: str | Path | None = None,
    *,
    train: bool = True,
    size: int = 224,
    download: bool = False,
    progress: Progress | None = None,
) -> LabelledPhotographs:
    """Return the 5,864 photographs of classes 1 to 100, or the 5,924 of the others.

    So test classes are never seen in training; ``train_test_split.txt``, which cuts
    through every class, is not used, nor are bounding boxes: photographs are whole. To
    choose by validation classes: ``split_classes(data.y, 0 * data.y, ...)``, then
    ``data.x.subset(rows)``. Some photographs are in ImageNet too, as its makers warn:
    a network that was trained there may have seen test images.

    Parameters
    ----------
    root : folder of ``CUB_200_2011.tgz``, which is unpacked there once, or of the
        folder ``CUB_200_2011`` that it becomes; the cache folder if left out.
    train : which half of the classes.
    size : pixels a side, as in ``Photographs``.
    download : whether to fetch what is missing, 1.2 GB; verified, resumed.
    progress : called with the bytes received and the bytes expected.

    Raises
    ------
    FileNotFoundError : where a file is missing and download is False.
    DownloadError : where it cannot be fetched or unpacked.
    ValueError : where a file is damaged, or another one.

    Source: Wah, Branson, Welinder, Perona, Belongie, The Caltech-UCSD Birds-200-2011
    Dataset, Caltech CNS-TR-2011-001, 2011. Halves: Oh Song, Xiang, Jegelka, Savarese,
    Deep metric learning via lifted structured feature embedding, CVPR 2016.
    """
    top = cache_folder() / "cub200-2011" if root is None else Path(root)
    folder = top / "CUB_200_2011"
    if not folder.is_dir():
        archive = require(
            top / "CUB_200_2011.tgz",
            url=_URL,
            checksum=_MD5,
            fetch=download,
            progress=progress,
        )
        unpack(archive, folder.name, checksum=_MD5)
    source = Folder(folder)
    names = [name for _, name in read_list(source, "classes.txt", int, str)]
    class_of = dict(read_list(source, "image_class_labels.txt", int, int))
    files = dict(read_list(source, "images.txt", int, str))
    if files.keys() != class_of.keys() or not {*class_of.values()} <= {
        *range(1, len(names) + 1)
    }:
        raise ValueError(
            f"{folder} must hold one class from 1 to {len(names)} for each image, got "
            f"{len(class_of)} classes for {len(files)} images; unpack it anew"
        )
    rows = [row for row in files if (class_of[row] <= _TRAIN) == train]
    return LabelledPhotographs(
        x=Photographs(source, tuple(f"images/{files[row]}" for row in rows), size),
        y=torch.tensor([class_of[row] - 1 for row in rows], dtype=torch.int64),
        names=tuple(names),
    )
