"""A table of numbers as a picture, with its numbers written in."""

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import SEQUENTIAL


def plot_table(
    ax: Axes,
    values: Float[Tensor, "r c"],
    *,
    rows: tuple[str, ...],
    columns: tuple[str, ...],
) -> None:
    """Shade values from 0 to 1, large ones light, each with its two digits."""
    ax.imshow(values.numpy(), cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
    for r, row in enumerate(values.tolist()):
        for c, value in enumerate(row):
            colour = "black" if value > 0.55 else "white"
            ax.text(c, r, f"{value:z.2f}", color=colour, ha="center", va="center")
    ax.set(xticks=range(len(columns)), xticklabels=columns)
    ax.set(yticks=range(len(rows)), yticklabels=rows)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
