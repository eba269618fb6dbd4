"""Decision regions: which label would every point of the plane receive?"""

from collections.abc import Callable

from jaxtyping import Float, Int
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.grid import on_grid
from mlcourse.plots.style import COLORS, HATCHES, MARKERS, cycle


def plot_regions(
    ax: Axes,
    points: Float[Tensor, "n 2"],
    labels: Int[Tensor, " n"],
    predict: Callable[[Float[Tensor, "m 2"]], Int[Tensor, " m"]],
    *,
    resolution: int = 100,
) -> None:
    """Draw the labelled points on the regions that ``predict`` gives to the plane.

    ``predict`` maps (m, 2) places, in the unit of points, to m labels. A class has a
    colour and a hatching for its region, and a marker for its points.
    """
    low, high = points.min(dim=0).values, points.max(dim=0).values
    margin = 0.06 * (high - low)
    x, y, found = on_grid(
        predict,
        (low - margin).tolist(),
        (high + margin).tolist(),
        resolution=resolution,
        dtype=points.dtype,
    )
    for c in labels.unique().tolist():
        colour = cycle(COLORS, c)
        inside = (found == c).double()
        if inside.any():
            ax.contourf(
                x,
                y,
                inside,
                levels=[0.5, 1.5],
                colors=[colour],
                hatches=[cycle(HATCHES, c)],
                alpha=0.25,
            )
            ax.contour(x, y, inside, levels=[0.5], colors="0.35", linewidths=0.8)
        mine = points[labels == c]
        ax.scatter(
            mine[:, 0],
            mine[:, 1],
            s=18,
            color=colour,
            marker=cycle(MARKERS, c),
            edgecolors="white",
            linewidths=0.5,
            zorder=3,  # above the regions of later classes
            label=f"class {c}",
        )
