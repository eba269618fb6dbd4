"""Lines from one point to its soft neighbours, as thick as they are likely."""

from jaxtyping import Float, Int
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.points import plot_points
from mlcourse.plots.style import BAD, GOOD


def plot_soft_neighbours(
    ax: Axes,
    z: Float[Tensor, "n 2"],
    labels: Int[Tensor, " n"],
    i: int,
    p: Float[Tensor, " n"],
    *,
    width: float | int = 12.0,
    least: float = 0.005,
) -> None:
    """Draw the points, and a line of ``width`` times p_j points from i to every j.

    Solid to a point of its class, dashed to another; p_j below ``least`` is left out.
    The point i is a cross, in the middle of a view that ends behind the longest line.
    """
    plot_points(ax, z, labels)
    linked = (p >= least).nonzero()[:, 0]
    for j in linked.tolist():
        friend = bool(labels[j] == labels[i])
        ax.plot(
            *z[[i, j]].T,
            color=GOOD if friend else BAD,
            linestyle="-" if friend else "--",
            linewidth=width * p[j].item(),
            zorder=0.5,
        )
    x, y = z[i].tolist()
    ax.plot(x, y, marker="x", markersize=9, markeredgewidth=2.5, color="black")
    view = 1.2 * (z[linked] - z[i]).norm(dim=1).max().item()
    ax.set_aspect("equal", adjustable="box")
    ax.set(xlim=(x - view, x + view), ylim=(y - view, y + view))
