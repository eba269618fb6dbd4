"""Fibres: the sets on which a code of the plane is constant."""

from collections.abc import Callable, Mapping

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.grid import on_grid
from mlcourse.plots.style import BAD, COLORS, GOOD, MARKERS, cycle


def plot_fibres(
    ax: Axes,
    points: Float[Tensor, "n 2"],
    code: Callable[[Float[Tensor, "m 2"]], Float[Tensor, " m"]],
    level: float | int,
    samples: Float[Tensor, "s 2"],
    *,
    marks: Mapping[str, Float[Tensor, " 2"]] | None = None,
    resolution: int = 101,
) -> None:
    """Draw points, lines of equal code, that of ``level`` thick, and samples on it.

    Points are grey dots, samples orange crosses; each of ``marks`` has a marker of its
    own and its name in the legend.
    """
    low, high = points.min(dim=0).values, points.max(dim=0).values
    grid = on_grid(
        code, low.tolist(), high.tolist(), resolution=resolution, dtype=points.dtype
    )
    ax.contour(*grid, levels=9, colors="0.6", linewidths=0.8)
    ax.contour(*grid, levels=[level], colors=[GOOD], linewidths=2)
    ax.scatter(points[:, 0], points[:, 1], s=5, color="0.75", zorder=1)
    ax.scatter(samples[:, 0], samples[:, 1], s=34, marker="x", color=BAD, zorder=3)
    for i, (name, place) in enumerate((marks or {}).items()):
        x, y = place.tolist()
        ax.scatter(
            x,
            y,
            s=110,
            marker=cycle(MARKERS, i),
            color=cycle(COLORS, i + 1),
            edgecolors="white",
            zorder=4,
            label=name,
        )
    ax.set_aspect("equal")
