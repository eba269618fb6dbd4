"""Fashion-MNIST: 70,000 photographs of clothes in ten classes."""

from dataclasses import dataclass
from pathlib import Path

from jaxtyping import Float32, Int64
from torch import Tensor

from mlcourse.datasets._cache import cache_folder
from mlcourse.datasets._download import require
from mlcourse.datasets._http import Progress
from mlcourse.datasets._idx import read_idx

_URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
_FILES = {
    "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
}
_NAMES = (
    *("t-shirt", "trouser", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
)


@dataclass(frozen=True, eq=False)
class FashionImages:
    """n images of clothes, in the order of the files."""

    x: Float32[Tensor, "n 1 28 28"]  # in [0, 1], background 0
    y: Int64[Tensor, " n"]  # index into names
    names: tuple[str, ...]


def fashion_mnist(
    root: str | Path | None = None,
    *,
    train: bool = True,
    download: bool = False,
    progress: Progress | None = None,
) -> FashionImages:
    """Return the 60,000 training images or the 10,000 test images: the same classes.

    Parameters
    ----------
    root : folder of the four ``.gz`` files; the cache folder if left out. Debian's
        package ``dataset-fashion-mnist`` has them in /usr/share/datasets/fashion-mnist.
    download : whether to fetch what is missing, 30 MB in all; verified, resumed.
    progress : called with the bytes received and the bytes expected.

    Raises
    ------
    FileNotFoundError : where a file is missing and download is False.
    DownloadError : where it cannot be fetched.
    ValueError : where a file is damaged.

    Source: Xiao, Rasul, Vollgraf, Fashion-MNIST, arXiv:1708.07747, 2017 (MIT licence).
    """
    folder = cache_folder() / "fashion-mnist" if root is None else Path(root)
    start = "train" if train else "t10k"
    images, labels = (
        require(
            folder / name,
            url=_URL + name,
            checksum=checksum,
            fetch=download,
            progress=progress,
        )
        for name, checksum in _FILES.items()
        if name.startswith(start)
    )
    x, y = read_idx(images, item=(28, 28)), read_idx(labels, item=())
    if len(x) != len(y) or (y >= len(_NAMES)).any():
        raise ValueError(
            f"{folder} must hold one label from 0 to 9 for each image, got "
            f"{len(y)} labels, {int((y >= len(_NAMES)).sum())} of them larger, for "
            f"{len(x)} images"
        )
    return FashionImages(x[:, None].float() / 255, y.long(), _NAMES)
