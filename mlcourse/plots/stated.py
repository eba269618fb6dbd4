"""How much is stated, and how much of that is right."""

from collections.abc import Mapping

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import COLORS, LINES, MARKERS, cycle


def plot_stated(ax: Axes, ways: Mapping[str, Float[Tensor, "m 2"]]) -> None:
    """Draw ways[name], m points (number stated, share that is right), as a curve.

    Each way has its own numbers, which lie on a logarithmic scale, and a colour, a
    marker and a line style, named in the legend beside the axes.
    """
    for i, (name, points) in enumerate(ways.items()):
        number, share = points.unbind(dim=1)
        ax.plot(
            number,
            share,
            color=cycle(COLORS, i),
            marker=cycle(MARKERS, i),
            linestyle=cycle(LINES, i),
            label=name,
        )
    ax.set(xscale="log", ylim=(0, 1.03))
    ax.grid(axis="y", color="0.9")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
