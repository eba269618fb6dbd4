"""Two sets of points, and the Gaussian of each."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.ellipses import plot_ellipse
from mlcourse.plots.style import COLORS, LINES, MARKERS, cycle


def plot_sides(ax: Axes, sides: Mapping[str, Float[Tensor, "_ 2"]]) -> None:
    """Scatter sides[name], with its mean (large) and its ellipse of two deviations.

    Each side has a colour, a marker and a line style, named in the legend; a side needs
    three points or more that are not on one line.
    """
    for i, (name, points) in enumerate(sides.items()):
        colour, marker = cycle(COLORS, i), cycle(MARKERS, i)
        x, y = points.unbind(dim=1)
        ax.scatter(
            x, y, s=14, marker=marker, facecolors="none", edgecolors=colour, lw=0.7
        )
        mean = points.mean(dim=0)
        ax.scatter(
            mean[:1], mean[1:], s=130, marker=marker, color=colour, ec="white", zorder=3
        )
        precision = torch.linalg.inv(points.T.cov())
        line = cycle(LINES, i)
        plot_ellipse(
            ax, precision, mean, radius=2.0, color=colour, line=line, label=name
        )
    ax.set_aspect("equal")
