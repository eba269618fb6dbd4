"""Two numbers of many things, each thing in a named group."""

from collections.abc import Mapping

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import COLORS, MARKERS, cycle


def plot_groups(ax: Axes, points: Mapping[str, Float[Tensor, "n 2"]]) -> None:
    """Scatter points[group], a colour and a marker a group, named in the legend."""
    for i, (group, xy) in enumerate(points.items()):
        x, y = xy.unbind(dim=1)
        ax.scatter(
            x,
            y,
            s=36,
            color=cycle(COLORS, i),
            marker=cycle(MARKERS, i),
            label=group,
        )
    ax.grid(color="0.9")
    ax.legend()
