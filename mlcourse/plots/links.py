"""Judgements on points in the plane: who is said to be alike, and who is not."""

from jaxtyping import Float, Int
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import BAD, GOOD


def plot_links(
    ax: Axes,
    z: Float[Tensor, "n 2"],
    S: Int[Tensor, "s 2"],
    D: Int[Tensor, "r 2"],
) -> None:
    """Number the points; join pairs of S by solid lines, pairs of D by dashed ones."""
    for pairs, colour, line, width in ((D, BAD, "--", 1.2), (S, GOOD, "-", 2.4)):
        for i, j in pairs.tolist():
            ax.plot(*z[[i, j]].T, color=colour, linestyle=line, linewidth=width)
    ax.scatter(z[:, 0], z[:, 1], s=190, color="white", edgecolors="black", zorder=3)
    for i, (x, y) in enumerate(z.tolist()):
        ax.text(x, y, str(i), ha="center", va="center", fontsize=9, zorder=4)
    ax.margins(0.12)
    ax.set_aspect("equal")
    ax.axis("off")
