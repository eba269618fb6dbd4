"""Level lines: how far is every place of the plane from one point?"""

from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.grid import on_grid
from mlcourse.plots.style import COLORS, MARKERS, cycle


def plot_level_lines(
    ax: Axes,
    points: Float[Tensor, "n 2"],
    labels: Int[Tensor, " n"],
    delta: Callable[[Float[Tensor, "1 2"], Float[Tensor, "m 2"]], Float[Tensor, "1 m"]],
    start: int,
    *,
    resolution: int = 121,
) -> None:
    """Draw the points on shaded steps of the distance from points[start].

    Steps part the places of the plane into ten equal shares, dark for near; the start
    is a star. ``delta`` maps the start (1, 2) and places (m, 2) to (1, m).
    """
    low, high = points.min(dim=0).values, points.max(dim=0).values
    margin = 0.12 * (high - low)
    x, y, far = on_grid(
        partial(delta, points[start, None]),
        (low - margin).tolist(),
        (high + margin).tolist(),
        resolution=resolution,
        dtype=points.dtype,
    )
    shares = torch.linspace(0, 1, 11, dtype=far.dtype)
    steps = far.flatten().quantile(shares).unique()
    ax.contourf(x, y, far, levels=steps, cmap="Greys_r", alpha=0.55, extend="max")
    ax.contour(x, y, far, levels=steps[1:-1], colors="0.25", linewidths=0.6)
    for c in labels.unique().tolist():
        x, y = points[labels == c].unbind(dim=1)
        colour, marker = cycle(COLORS, c), cycle(MARKERS, c)
        ax.scatter(x, y, s=16, color=colour, marker=marker, ec="white", lw=0.5)
    x, y = points[start].tolist()
    ax.scatter(x, y, s=170, marker="*", color=COLORS[3], ec="white", zorder=4)
    ax.set(aspect="equal", xticks=[], yticks=[])
