"""Photographs that stay on the disk: each is decoded when it is asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float32, Int64
from torch import Tensor
from torch.utils.data import Dataset

from mlcourse.datasets._decode import decode
from mlcourse.datasets._lists import check_files
from mlcourse.datasets._source import Source

_BLOCK = 1 << 24  # numbers in a block, 64 MB: 111 photographs of 224 x 224


@dataclass(frozen=True, eq=False)
class Photographs(Dataset[Tensor]):
    """n photographs: used as a tensor (n, 3, size, size) of which only rows are made.

    ``x[3]`` is (3, size, size); ``x[rows]``, rows a list, slice, mask or index tensor,
    is (b, 3, size, size): float32 RGB in [0, 1], a grey photograph in three equal
    colours. Each is resized so that its shorter side is ``size``, and cropped to the
    middle: the view that papers evaluate on. ``embed``, ``train`` and torch's
    ``DataLoader`` take it as x.

    Parameters
    ----------
    source : what holds the files, a folder or an archive.
    files : their names.
    size : pixels a side, >= 1.

    Raises
    ------
    FileNotFoundError : where a file is missing.
    ValueError : where size < 1, or later, where a file is no image.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from PIL import Image
    >>> from mlcourse.datasets._source import Folder
    >>> from mlcourse.training import embed
    >>> with TemporaryDirectory() as name:
    ...     for file, colour in (("a.png", "red"), ("b.png", "lime")):
    ...         Image.new("RGB", (30, 20), colour).save(Path(name, file))
    ...     x = Photographs(Folder(Path(name)), ("a.png", "b.png"), size=8)
    ...     len(x), x[0].shape, x[[1, 0, 1]].shape
    ...     embed(torch.nn.AvgPool2d(8), x).flatten(1)
    (2, torch.Size([3, 8, 8]), torch.Size([3, 3, 8, 8]))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """

    source: Source
    files: tuple[str, ...]
    size: int

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"size must be >= 1, got {self.size}")
        check_files(self.source, self.files)

    device = torch.device("cpu")  # where the images are made

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(
        self, rows: int | slice | Sequence[int] | Tensor
    ) -> Float32[Tensor, "*b 3 size size"]:
        index = torch.arange(len(self))[rows]
        shape = (*index.shape, 3, self.size, self.size)
        images = [self._image(self.files[i]) for i in index.flatten().tolist()]
        return torch.stack(images).view(shape) if images else torch.empty(shape)

    def _image(self, name: str) -> Float32[Tensor, "3 size size"]:
        """Return one of them, decoded."""
        data = self.source.read(name)
        return decode(data, size=self.size, name=f"{self.source.path / name}")

    def split(self, chunk: int) -> Iterator[Float32[Tensor, "b 3 size size"]]:
        """Yield all in blocks of at most chunk, and of at most 64 MB."""
        chunk = max(1, min(chunk, _BLOCK // (3 * self.size**2)))
        for start in range(0, max(1, len(self)), chunk):
            yield self[start : start + chunk]

    def subset(self, rows: Sequence[int] | Tensor) -> "Photographs":
        """Return these rows only, still on the disk."""
        index = torch.arange(len(self))[rows].tolist()
        return replace(self, files=tuple(self.files[i] for i in index))


@dataclass(frozen=True, eq=False)
class LabelledPhotographs:
    """n photographs of classes."""

    x: Photographs  # (n, 3, size, size) in [0, 1]
    y: Int64[Tensor, " n"]  # index into names
    names: tuple[str, ...]  # of all classes, of train and test
