"""Curves of a score against a number, over seeds."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.scores import half_width
from mlcourse.plots.style import COLORS, LINES, MARKERS, cycle


def plot_curves(
    ax: Axes,
    x: Sequence[float | int],
    curves: Mapping[str, Float[Tensor, "*s m"]],
) -> None:
    """Draw the mean of curves[name] over its s rows against the m values x.

    The band is the mean's 95 % t-interval; a single row, or values (m,), have none.
    Each curve has a colour, a marker and a line style, named in the legend.
    """
    for i, (name, values) in enumerate(curves.items()):
        values = torch.atleast_2d(values)
        colour, mean = cycle(COLORS, i), values.mean(dim=0)
        ax.plot(
            x,
            mean,
            color=colour,
            marker=cycle(MARKERS, i),
            linestyle=cycle(LINES, i),
            label=name,
        )
        if len(values) > 1:
            half = mean.new_tensor([half_width(column) for column in values.T])
            ax.fill_between(x, mean - half, mean + half, color=colour, alpha=0.15, lw=0)
    ax.grid(axis="y", color="0.9")
