"""Omniglot: handwritten characters of fifty alphabets, each drawn by twenty people."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from mlcourse.datasets._cache import cache_folder
from mlcourse.datasets._download import require
from mlcourse.datasets._drawings import Drawings, read_drawings
from mlcourse.datasets._http import Progress

_URL = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python/"
_ARCHIVES = {
    "images_background": "md5:68d2efa1b9178cc56df9314c21c6e718",
    "images_evaluation": "md5:6b91aef0f799c5bb55b94e3f2daec811",
    "images_background_small1": "sha256:"
    "f38eb80f801274ac2b4dff5b24289016bfaba4a7d5bb50deebf27104ad6cb8a4",
    "images_background_small2": "sha256:"
    "3ccaa407515a8778e5d0861875af38b17e418f301ad5bb3b5a6b65d901a41c7f",
}


@dataclass(frozen=True, eq=False)
class OmniglotImages:
    """n drawings, with who drew what."""

    x: Float32[Tensor, "n 1 size size"]  # in [0, 1], ink = 1
    y: Int64[Tensor, " n"]  # index into characters
    alphabet: Int64[Tensor, " n"]  # index into alphabets
    drawer: Int64[Tensor, " n"]  # 0 to 19, of this alphabet; each has its own
    characters: tuple[str, ...]  # "Greek/01"
    alphabets: tuple[str, ...]


def omniglot(
    root: str | Path | None = None,
    *,
    archives: Sequence[str] = ("images_background_small1", "images_background_small2"),
    size: int = 28,
    download: bool = False,
    progress: Progress | None = None,
) -> OmniglotImages:
    """Return the drawings in these archives; one that several of them hold, once.

    The archives images_background (964 classes) and images_evaluation (659) share no
    alphabet; images_background_small1 and 2 hold five alphabets each of the former.
    To split the classes of any of them: ``split_classes(data.y, data.alphabet, ...)``.

    Parameters
    ----------
    root : folder of the ``.zip`` files; the cache folder if left out. They are read in
        place, nothing is unpacked.
    size : pixels a side, 8 to 105 (as drawn).
    download : whether to fetch what is missing; verified, resumed.
    progress : called with the bytes received and the bytes expected.

    Raises
    ------
    FileNotFoundError : where an archive is missing and download is False.
    DownloadError : where it cannot be fetched.
    ValueError : where an archive is unknown or damaged, or size out of range.

    Source: Lake, Salakhutdinov, Tenenbaum, Human-level concept learning through
    probabilistic program induction, Science, 2015 (MIT licence).
    """
    if unknown := set(archives) - set(_ARCHIVES):
        raise ValueError(
            f"archives must be of {list(_ARCHIVES)}, got {sorted(unknown)}"
        )
    if not (archives and 8 <= size <= 105):
        raise ValueError(
            "archives must name one or more and size be 8 to 105, "
            f"got {len(archives)} and {size}"
        )
    folder = cache_folder() / "omniglot" if root is None else Path(root)
    drawings: Drawings = {}
    for name in archives:
        path = require(
            folder / f"{name}.zip",
            url=f"{_URL}{name}.zip",
            checksum=_ARCHIVES[name],
            fetch=download,
            progress=progress,
        )
        drawings |= read_drawings(path, size=size)
    return _images(drawings)


def _images(drawings: Drawings) -> OmniglotImages:
    """Return the drawings as tensors, sorted by alphabet, character and drawer."""
    keys = sorted(drawings)
    characters = sorted({f"{alphabet}/{number}" for alphabet, number, _ in keys})
    alphabets = sorted({alphabet for alphabet, _, _ in keys})
    class_of = {name: c for c, name in enumerate(characters)}
    x = torch.from_numpy(np.stack([drawings[key] for key in keys]))[:, None]
    return OmniglotImages(
        x=x.float() / 255,
        y=torch.tensor([class_of[f"{a}/{number}"] for a, number, _ in keys]),
        alphabet=torch.tensor([alphabets.index(a) for a, _, _ in keys]),
        drawer=torch.tensor([drawer - 1 for _, _, drawer in keys]),
        characters=tuple(characters),
        alphabets=tuple(alphabets),
    )
