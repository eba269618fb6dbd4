"""Stanford Online Products: what was for sale, each thing photographed a few times."""

from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Int64
from torch import Tensor

from mlcourse.datasets._cache import cache_folder
from mlcourse.datasets._download import require
from mlcourse.datasets._http import Progress
from mlcourse.datasets._lists import read_list
from mlcourse.datasets._source import Folder, Source, Zip
from mlcourse.datasets.photographs import LabelledPhotographs, Photographs

_URL = "http://ftp.cs.stanford.edu/cs/cvgl/Stanford_Online_Products.zip"
_MD5 = "md5:7f73d41a2f44250d4779881525aea32e"
_TOP = "Stanford_Online_Products"
_HEADER = "image_id class_id super_class_id path"
_SUPER_CLASSES = (
    *("bicycle", "cabinet", "chair", "coffee maker", "fan", "kettle"),
    *("lamp", "mug", "sofa", "stapler", "table", "toaster"),
)


@dataclass(frozen=True, eq=False)
class ProductPhotographs(LabelledPhotographs):
    """n photographs of products, and of what kind each is."""

    super_class: Int64[Tensor, " n"]  # index into super_classes
    super_classes: tuple[str, ...]


def stanford_online_products(
    root: str | Path | None = None,
    *,
    train: bool = True,
    size: int = 224,
    download: bool = False,
    progress: Progress | None = None,
) -> ProductPhotographs:
    """Return 59,551 photographs of 11,318 products, or 60,502 of 11,316 others.

    A class is one product, five photographs on average. To choose by validation
    classes: ``split_classes(data.y, data.super_class, ...)``, then
    ``data.x.subset(rows)``.

    Parameters
    ----------
    root : folder of ``Stanford_Online_Products.zip``, which is read in place, or of the
        folder ``Stanford_Online_Products`` that others unpack it to; the cache folder
        if left out.
    train : the products of ``Ebay_train.txt``, or those of ``Ebay_test.txt``.
    size : pixels a side, as in ``Photographs``.
    download : whether to fetch what is missing, 3 GB; verified, resumed.
    progress : called with the bytes received and the bytes expected.

    Raises
    ------
    FileNotFoundError : where a file is missing and download is False.
    DownloadError : where it cannot be fetched.
    ValueError : where a file is damaged, or another one.

    Source: Oh Song, Xiang, Jegelka, Savarese, Deep metric learning via lifted
    structured feature embedding, CVPR 2016.
    """
    top = cache_folder() / "stanford-online-products" if root is None else Path(root)
    source: Source = Folder(top)
    if not (top / _TOP).is_dir():
        archive = require(
            top / f"{_TOP}.zip",
            url=_URL,
            checksum=_MD5,
            fetch=download,
            progress=progress,
            note=" (another address: ftp://cs.stanford.edu/cs/cvgl)",
        )
        source = Zip(archive)
    lists = [
        read_list(source, f"{_TOP}/{name}", int, int, int, str, header=_HEADER)
        for name in ("Ebay_train.txt", "Ebay_test.txt")
    ]
    kind_of = {y: kind for rows in lists for _, y, kind, _ in rows}
    if not {*kind_of.values()} <= {*range(1, len(_SUPER_CLASSES) + 1)}:
        raise ValueError(
            f"{source.path} must have super classes from 1 to {len(_SUPER_CLASSES)}, "
            f"got {sorted({*kind_of.values()})}; unpack or fetch the data set anew"
        )
    classes = {y: index for index, y in enumerate(sorted(kind_of))}
    rows = lists[0 if train else 1]
    return ProductPhotographs(
        x=Photographs(source, tuple(f"{_TOP}/{file}" for *_, file in rows), size),
        y=torch.tensor([classes[y] for _, y, _, _ in rows], dtype=torch.int64),
        names=tuple(f"{_SUPER_CLASSES[kind_of[y] - 1]}/{y}" for y in classes),
        super_class=torch.tensor(
            [kind - 1 for _, _, kind, _ in rows], dtype=torch.int64
        ),
        super_classes=_SUPER_CLASSES,
    )
