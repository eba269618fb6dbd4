"""A table of counts as a picture, with its numbers written in."""

from jaxtyping import Int
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import SEQUENTIAL


def plot_counts(
    ax: Axes, counts: Int[Tensor, "r c"], *, rows: tuple[str, ...] = ()
) -> None:
    """Draw counts[r, c] in row r, column c; zeros stay empty.

    ``rows`` names the rows, which are numbered from 0 otherwise.
    """
    top = max(int(counts.max()), 1)
    ax.imshow(counts, cmap=SEQUENTIAL, vmin=0, vmax=top, aspect="auto")
    for r, row in enumerate(counts.tolist()):
        for c, count in enumerate(row):
            if count:
                colour = "black" if count > 0.55 * top else "white"
                ax.text(c, r, str(count), color=colour, ha="center", va="center")
    ax.set(xticks=range(counts.shape[1]), yticks=range(counts.shape[0]))
    if rows:
        ax.set_yticklabels(rows)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
