"""The nearest points of every query, in blocks; by FAISS where it is installed."""

import importlib.util
from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_positive


def nearest(
    z: Float[Tensor, "q d"],
    gallery: Float[Tensor, "m d"],
    *,
    depth: int,
    itself: bool,
    chunk: int,
) -> Iterator[tuple[slice, Int[Tensor, "b r"]]]:
    """Blocks of queries, each with its depth nearest of the gallery, nearest first.

    Of equal distances the lower index comes first. With ``itself`` query i is point i
    of the gallery, and is left out.
    """
    check_positive(chunk, "chunk")
    finer = torch.promote_types(z.dtype, gallery.dtype)
    z, gallery = z.to(finer), gallery.to(finer)
    center = gallery.mean(dim=0)  # far from 0 a product of matrices would lose digits
    gallery = gallery - center
    z = gallery if itself else z - center
    search = _by_faiss if _faiss_serves(z) else _by_product
    if search is _by_faiss:  # it holds no block of distances, and small ones are slow
        chunk = max(chunk, 4096)
    for start in range(0, len(z), chunk):
        rows = slice(start, start + chunk)
        own = torch.arange(len(z), device=z.device)[rows] if itself else None
        yield rows, search(z[rows], gallery, depth, own)


def _faiss_serves(z: Tensor) -> bool:
    """Is FAISS installed, and can it do without rounding the points?"""
    found = importlib.util.find_spec("faiss") is not None
    return found and z.dtype == torch.float32 and z.device.type == "cpu"


def _by_product(
    z: Float[Tensor, "b d"],
    gallery: Float[Tensor, "m d"],
    depth: int,
    own: Int[Tensor, " b"] | None,
) -> Int[Tensor, "b r"]:
    """One product of matrices and one selection: |y|^2 - 2 x'y ranks as |x - y|^2."""
    square = gallery.square().sum(dim=1)
    dist = torch.addmm(square, z, gallery.T, alpha=-2)
    if own is not None:
        dist.scatter_(1, own[:, None], torch.inf)
    k = min(depth + 1, dist.shape[1])
    value, index = dist.topk(k, dim=1, largest=False)
    index, value = _in_order(index, value)
    cut = value[:, depth - 1] == value[:, -1] if k > depth else value[:, :0].any(dim=1)
    for row in cut.nonzero().flatten().tolist():  # equal distances at the cut
        index[row] = dist[row].argsort(stable=True)[:k]
    return index[:, :depth]


def _by_faiss(
    z: Float[Tensor, "b d"],
    gallery: Float[Tensor, "m d"],
    depth: int,
    own: Int[Tensor, " b"] | None,
) -> Int[Tensor, "b r"]:
    """FAISS' exact search; one more is asked for where the query itself may come."""
    import faiss

    k = min(depth + (own is not None), len(gallery))
    found: Any = faiss.knn(z.numpy(), gallery.numpy(), k)
    index, _ = _in_order(torch.as_tensor(found[1]), torch.as_tensor(found[0]))
    if own is None:
        return index
    keep = index != own[:, None]
    keep[keep.all(dim=1), -1] = False  # the query is beyond the copies of itself
    others: Tensor = index[keep].view(len(z), k - 1)
    return others


def _in_order(
    index: Int[Tensor, "b k"], value: Float[Tensor, "b k"]
) -> tuple[Int[Tensor, "b k"], Float[Tensor, "b k"]]:
    """Sorted by value, and by index where values are equal."""
    by_index = index.argsort(dim=1)
    value, order = value.gather(1, by_index).sort(dim=1, stable=True)
    return index.gather(1, by_index.gather(1, order)), value
