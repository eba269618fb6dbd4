"""The idx format of the MNIST family: a header of sizes, then one byte a value."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor


def read_idx(path: Path, *, item: tuple[int, ...]) -> UInt8[Tensor, " n *item"]:
    """Return the n items of this shape in a gzipped idx file of unsigned bytes.

    Raises ValueError for anything else: a damaged gzip stream, another type or shape,
    a byte too few or too many.

    Source: LeCun, Cortes, Burges, The MNIST database, 1998: its file format.
    """
    try:
        with gzip.open(path) as file:
            data = file.read()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(
            f"{path} is damaged ({error}); delete it and fetch it again"
        ) from error
    start = 4 * (2 + len(item))
    magic = bytes([0, 0, 8, 1 + len(item)])  # 8: unsigned bytes
    sizes = np.frombuffer(data[:start].ljust(start, b"\0")[4:], dtype=">u4").tolist()
    if len(data) < start or data[:4] != magic or sizes[1:] != list(item):
        raise ValueError(
            f"{path} must be an idx file of bytes, items of shape {item}, but starts "
            f"with {data[:start].hex(' ', 4)}; is it another file under this name?"
        )
    length = sizes[0] * math.prod(item)
    if len(data) - start != length:
        raise ValueError(
            f"{path} must hold {length} values, got {len(data) - start}; "
            "delete it and fetch it again"
        )
    values = np.frombuffer(bytearray(data), dtype=np.uint8)[start:]
    return torch.from_numpy(values).view(sizes[0], *item)
