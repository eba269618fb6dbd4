"""Rows of small images, each framed as right or wrong."""

import torch
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from mlcourse.plots.style import BAD, GOOD

_FRAMES = {1: (GOOD, "-", "✓"), -1: (BAD, (0, (2, 1)), "✗")}
_STEP = 1.24  # width of a thumbnail and its gap


def plot_thumbnails(
    ax: Axes,
    images: Float[Tensor, "r c h w"],
    marks: Int[Tensor, "r c"] | None = None,
    *,
    columns: tuple[str, ...] = (),
    rows: tuple[str, ...] = (),
) -> None:
    """Draw r rows of c images, large values dark.

    ``marks`` frames an image: 1 right (solid, tick), -1 wrong (dashed, cross), 0 none.
    ``columns`` and ``rows`` name the first columns and rows.
    """
    n_rows, n_columns = images.shape[:2]
    top = images.max().item()
    for r in range(n_rows):
        for c in range(n_columns):
            x, y = c * _STEP, r * _STEP
            box = (x, x + 1, y + 1, y)
            ax.imshow(images[r, c], cmap="gray_r", vmin=0, vmax=top, extent=box)
            kind = 0 if marks is None else int(marks[r, c])
            if kind == 0:
                continue
            colour, line, sign = _FRAMES[kind]
            frame = Rectangle((x, y), 1, 1, fill=False, ec=colour, ls=line, lw=2)
            ax.add_patch(frame)
            ax.text(
                x + 1,
                y + 1,
                sign,
                color="white",
                ha="center",
                va="center",
                fontsize=7,
                bbox={"boxstyle": "circle,pad=0.15", "fc": colour, "ec": "none"},
            )
    for c, name in enumerate(columns):
        ax.text(c * _STEP + 0.5, -0.15, name, ha="center", va="bottom", fontsize=9)
    for r, name in enumerate(rows):
        ax.text(-0.2, r * _STEP + 0.5, name, ha="right", va="center", fontsize=9)
    ax.set(xlim=(-0.1, n_columns * _STEP), ylim=(n_rows * _STEP, -0.1))
    ax.set_aspect("equal")
    ax.axis("off")


def marks_of(right: Tensor) -> Int[Tensor, "r c"]:
    """Turn True and False into the marks 1 and -1 of :func:`plot_thumbnails`.

    >>> marks_of(torch.tensor([[True, False]]))
    tensor([[ 1, -1]])
    """
    return torch.where(right, 1, -1)
