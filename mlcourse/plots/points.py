"""Points in the plane, each class with its own colour and marker."""

from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from torch import Tensor

from mlcourse.plots.style import COLORS, MARKERS, cycle


def plot_points(
    ax: Axes,
    z: Float[Tensor, "n 2"],
    labels: Int[Tensor, " n"],
    *,
    names: tuple[str, ...] | None = None,
    size: float | int = 26,
    ticks: bool = True,
) -> None:
    """Scatter z, one colour and marker a class; equal scale on both axes.

    With ``names`` each point is a disc that carries its class's name (digits, letters),
    so that more than eight classes stay apart. ``ticks=False`` for maps without a unit.
    """
    for c in labels.unique().tolist():
        colour = cycle(COLORS, c)
        x, y = z[labels == c].unbind(dim=1)
        marker = "o" if names else cycle(MARKERS, c)
        area = 4 * size if names else size
        ax.scatter(x, y, s=area, color=colour, marker=marker, ec="white", lw=0.4)
        if names:
            light = sum(to_rgb(colour)) > 1.2
            ink = "black" if light else "white"
            ax.scatter(x, y, s=size, color=ink, marker=f"${names[c]}$", lw=0)
    ax.set_aspect("equal", adjustable="datalim")
    if not ticks:
        ax.set(xticks=[], yticks=[])
