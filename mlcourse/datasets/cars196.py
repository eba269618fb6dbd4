"""Cars196: photographs of cars, 196 classes of make, model and year."""

from pathlib import Path

import numpy as np
import torch
from scipy.io import loadmat

from mlcourse.datasets._cache import cache_folder
from mlcourse.datasets._download import require, verified
from mlcourse.datasets._http import Progress
from mlcourse.datasets._source import Folder
from mlcourse.datasets._unpack import unpack
from mlcourse.datasets.photographs import LabelledPhotographs, Photographs

_URL = "http://ai.stanford.edu/~jkrause/car196/"
_ARCHIVE, _LIST = "car_ims.tgz", "cars_annos.mat"
_MD5 = {
    _ARCHIVE: "md5:d5c8f0aa497503f355e17dc7886c3f14",
    _LIST: "md5:b407c6086d669747186bd1d764ff9dbc",
}
_TRAIN = 98  # classes that metric learning trains on: the first half


def cars196(
    root: str | Path | None = None,
    *,
    train: bool = True,
    size: int = 224,
    download: bool = False,
    progress: Progress | None = None,
) -> LabelledPhotographs:
    """Return the 8,054 photographs of classes 1 to 98, or the 8,131 of the others.

    So test classes are never seen in training; the mark ``test`` of the list, which
    cuts through every class, is not used, nor are bounding boxes: photographs are
    whole. To choose by validation classes: ``split_classes(data.y, 0 * data.y, ...)``,
    then ``data.x.subset(rows)``. A few photographs are grey.

    The authors' server is reported not to have the files any more since 2023. Copies
    from elsewhere are read after their checksum was compared with the published one;
    those with folders ``cars_train`` and ``cars_test`` are numbered otherwise.

    Parameters
    ----------
    root : folder of ``cars_annos.mat`` and ``car_ims.tgz``, which is unpacked there
        once, or the folder ``car_ims`` that it becomes; the cache folder if left out.
    train : which half of the classes.
    size : pixels a side, as in ``Photographs``.
    download : whether to fetch what is missing, 2 GB; verified, resumed.
    progress : called with the bytes received and the bytes expected.

    Raises
    ------
    FileNotFoundError : where a file is missing and download is False.
    DownloadError : where it cannot be fetched or unpacked.
    ValueError : where a file is damaged, or another one.

    Source: Krause, Stark, Deng, Fei-Fei, 3D object representations for fine-grained
    categorization, 3dRR at ICCV 2013. Halves: Oh Song, Xiang, Jegelka, Savarese, Deep
    metric learning via lifted structured feature embedding, CVPR 2016.
    """
    top = cache_folder() / "cars196" if root is None else Path(root)

    def here(name: str) -> Path:
        return require(
            top / name,
            url=_URL + name,
            checksum=_MD5[name],
            fetch=download,
            progress=progress,
            note=" (reported gone, as is imagenet.stanford.edu/internal/car196; a "
            f"copy from elsewhere serves if its checksum is {_MD5[name]})",
        )

    table = loadmat(verified(here(_LIST), _MD5[_LIST]), squeeze_me=True)
    if not (top / "car_ims").is_dir():
        unpack(here(_ARCHIVE), "car_ims", checksum=_MD5[_ARCHIVE])
    cars = table["annotations"]
    y = cars["class"].astype(np.int64) - 1
    rows = np.flatnonzero((y < _TRAIN) == train)
    files = tuple(str(name) for name in cars["relative_im_path"][rows])
    return LabelledPhotographs(
        x=Photographs(Folder(top), files, size),
        y=torch.from_numpy(y[rows]),
        names=tuple(str(name) for name in table["class_names"]),
    )
