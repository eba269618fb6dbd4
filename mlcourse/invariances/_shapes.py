"""The words of this chapter's errors: shapes of rows and images."""

from torch import Tensor


def check_rows(x: Tensor, dim: int, name: str) -> None:
    """Raise ValueError unless x is (n, dim) and finite."""
    if x.ndim != 2 or x.shape[1] != dim:
        raise ValueError(
            f"{name} must be of shape (n, {dim}), one row a point, got "
            f"{tuple(x.shape)}; for one point, pass one row: {name}[None]"
        )
    if not x.isfinite().all():
        raise ValueError(f"{name} must be finite, got NaN or inf")


def check_paired(x: Tensor, z: Tensor, names: str) -> None:
    """Raise ValueError unless x and z have equally many rows."""
    if len(x) != len(z):
        raise ValueError(
            f"{names} must have one row each for every point, got {len(x)} and "
            f"{len(z)} rows; repeat one code with z.expand(n, -1)"
        )


def check_images(x: Tensor, size: int) -> None:
    """Raise ValueError unless x is (n, 1, size, size)."""
    if x.ndim != 4 or tuple(x.shape[1:]) != (1, size, size):
        raise ValueError(
            f"x must be images of shape (n, 1, {size}, {size}), got {tuple(x.shape)}; "
            f"from flat pixels: x.view(-1, 1, {size}, {size})"
        )


def check_size(size: int) -> None:
    """Raise ValueError unless size is a positive multiple of 4."""
    if size < 4 or size % 4:
        raise ValueError(
            f"size must be a multiple of 4, two halvings of the image, got {size}; "
            "pad the images to the next multiple"
        )
