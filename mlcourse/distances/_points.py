"""What all distances share: checked points, unit directions, size of a block."""

import torch
from jaxtyping import Float
from torch import Tensor

from mlcourse._check import check_tensor

#: Numbers held at once by blockwise work: fits a processor's cache, fills a GPU.
BLOCK = 2**19


def as_points(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Points x and y in one type, float32 or finer; error unless (n, d) and (m, d)."""
    for name, points in (("x", x), ("y", y)):
        check_tensor(points, name)
        if points.ndim != 2 or points.shape[1] == 0:
            raise ValueError(
                f"{name} must hold one point a row, shape (n, d) with d >= 1, got "
                f"{tuple(points.shape)}; one point is {name}[None], "
                f"images are {name}.flatten(1)"
            )
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            "x and y must have the same number d of coordinates, got "
            f"{x.shape[1]} and {y.shape[1]}; map both with the same embedding first"
        )
    dtype = torch.promote_types(torch.promote_types(x.dtype, y.dtype), torch.float32)
    return x.to(dtype), y.to(dtype)


def as_form(M: Tensor, x: Tensor) -> Tensor:
    """M in the type of x; error unless it is a tensor (d, d)."""
    check_tensor(M, "M")
    d = x.shape[1]
    if M.shape != (d, d):
        raise ValueError(
            f"M must be ({d}, {d}), one row and column for each coordinate of the "
            f"points, got {tuple(M.shape)}; from a map L (k, {d}), M = L.T @ L"
        )
    return M.to(x.dtype)


def directions(x: Float[Tensor, "n d"]) -> Float[Tensor, "n d+1"]:
    """Rows of x at length 1; a zero row has no direction and gets an axis of its own.

    So the zero vector is at S = 0 from every other vector and at S = 1 from itself.
    """
    largest = x.detach().abs().amax(dim=1, keepdim=True)
    zero = largest == 0
    x = x / torch.where(zero, 1, largest)  # no overflow in the squares below
    unit = x / torch.where(zero, 1, torch.linalg.vector_norm(x, dim=1, keepdim=True))
    return torch.cat([torch.where(zero, 0, unit), zero], dim=1)


def rows_per_block(y: Tensor) -> int:
    """So many rows of x make a block: (rows, m, d) holds about BLOCK numbers."""
    return max(1, BLOCK // max(1, y.numel()))
