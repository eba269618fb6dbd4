"""Small files in the formats of the photograph data sets, for the tests of datasets."""

import hashlib
import io
import tarfile

import numpy as np
import torch
from PIL import Image


def jpeg(width, height, *, seed, grey=False):
    """Return the bytes of a photograph: smooth, of its own for each seed."""
    draw = np.random.default_rng(seed)
    blots = draw.integers(0, 256, (3, 4) if grey else (3, 4, 3), dtype=np.uint8)
    image = Image.fromarray(blots).resize((width, height), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95, subsampling=0)
    return file.getvalue()


def square(data, size):
    """Return what a photograph is to become: all of it resized, then the middle."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    short = min(image.size)
    width, height = (side * size // short for side in image.size)
    image = image.resize((width, height), Image.Resampling.BILINEAR)
    left, top = (width - size) // 2, (height - size) // 2
    image = image.crop((left, top, left + size, top + size))
    return torch.tensor(np.array(image).transpose(2, 0, 1) / 255, dtype=torch.float32)


def tgz(files):
    """Return the bytes of a .tgz with these files."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return body.getvalue()


def write(folder, files):
    """Write these files below a folder; return it."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def md5(data):
    """Return the checksum of these bytes as loaders write it."""
    return f"md5:{hashlib.md5(data).hexdigest()}"
