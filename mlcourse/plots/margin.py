"""A margin around a point: who is inside it, and should not be."""

from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from torch import Tensor

from mlcourse.plots.points import plot_points
from mlcourse.plots.style import BAD, GOOD


def plot_margin(
    ax: Axes,
    z: Float[Tensor, "n 2"],
    labels: Int[Tensor, " n"],
    anchor: int,
    targets: Int[Tensor, " k"],
    *,
    margin: float | int = 1.0,
) -> int:
    """Draw an anchor's targets, their reach, and the margin beyond it.

    ``z`` are the points after the map L. The solid circle reaches to the farthest
    target (ringed); the dashed one lies where squared distances are ``margin`` larger.
    Returns the number of points of other classes inside it: impostors, crossed out.
    """
    square = (z - z[anchor]).square().sum(dim=1)
    reach = square[targets].max().item()
    impostor = (labels != labels[anchor]) & (square < reach + margin)
    plot_points(ax, z, labels)
    x, y = z[anchor].tolist()
    for size, line in ((reach, "-"), (reach + margin, "--")):
        ax.add_patch(Circle((x, y), size**0.5, fill=False, color="black", ls=line))
    across, up = z[targets].unbind(dim=1)
    ax.scatter(across, up, s=90, facecolors="none", edgecolors=GOOD, linewidths=1.5)
    across, up = z[impostor].unbind(dim=1)
    ax.scatter(across, up, s=60, marker="x", color=BAD, linewidths=1.5, zorder=4)
    ax.plot(x, y, marker="x", markersize=9, markeredgewidth=2.5, color="black")
    return int(impostor.sum())
