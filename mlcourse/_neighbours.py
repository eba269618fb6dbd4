"""The nearest points of all points: by FAISS where installed, else by scikit-learn."""

import importlib.util
from typing import Any

import torch
from jaxtyping import Float, Int
from sklearn.neighbors import NearestNeighbors
from torch import Tensor


def neighbours(z: Float[Tensor, "n k"], depth: int) -> Int[Tensor, "n depth"]:
    """The depth < n nearest others of each point, nearest first; no (n, n) table."""
    points = (z - z.mean(dim=0)).detach().cpu()
    if importlib.util.find_spec("faiss") is not None and points.dtype == torch.float32:
        return _by_faiss(points, depth)
    search = NearestNeighbors(n_neighbors=depth, algorithm="brute").fit(points.numpy())
    return torch.as_tensor(search.kneighbors(return_distance=False))


def _by_faiss(z: Float[Tensor, "n k"], depth: int) -> Int[Tensor, "n depth"]:
    """One more than asked for, as the point itself is among them, or beyond copies."""
    import faiss

    found: Any = faiss.knn(z.numpy(), z.numpy(), depth + 1)[1]
    index = torch.as_tensor(found)
    keep = index != torch.arange(len(z))[:, None]
    keep[keep.all(dim=1), -1] = False
    others: Tensor = index[keep].view(len(z), depth)
    return others
