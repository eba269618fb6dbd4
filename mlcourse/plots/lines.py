"""Curves over a number that is varied, with the spread over seeds."""

from collections.abc import Mapping

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.scores import half_width
from mlcourse.plots.style import COLORS, LINES, MARKERS, cycle


def plot_lines(
    ax: Axes,
    x: Float[Tensor, " k"],
    series: Mapping[str, Float[Tensor, " k"] | Float[Tensor, "s k"]],
) -> None:
    """Draw each series over x, with a colour, a marker and a line style of its own.

    Values (s, k) are of s seeds: their mean, with bars of the 95 % t-interval.
    """
    for i, (name, values) in enumerate(series.items()):
        seeds = values.ndim == 2
        ax.errorbar(
            x.tolist(),
            (values.mean(dim=0) if seeds else values).tolist(),
            yerr=[half_width(column) for column in values.T] if seeds else None,
            color=cycle(COLORS, i),
            marker=cycle(MARKERS, i),
            linestyle=cycle(LINES, i),
            capsize=3,
            label=name,
        )
    ax.grid(color="0.9")
    ax.legend()
