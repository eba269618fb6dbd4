"""Balls: every place that is at most as far from a query as its nearest point."""

from collections.abc import Callable, Sequence
from functools import partial

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.grid import on_grid
from mlcourse.plots.style import BAD, GOOD


def plot_ball(
    ax: Axes,
    delta: Callable[[Float[Tensor, "n 2"], Float[Tensor, "m 2"]], Float[Tensor, "n m"]],
    query: Float[Tensor, "1 2"],
    points: Float[Tensor, "m 2"],
    names: str,
    *,
    lim: Sequence[float | int],
    resolution: int = 401,
) -> int:
    """Shade {z : delta(query, z) <= the distance to the nearest point}; return its row.

    The query q is a cross, the nearest point a filled star, every other a ring, each
    with its letter of ``names``; the origin is a plus. ``lim`` is (left, right, bottom,
    top) of the plane shown.
    """
    left, right, bottom, top = lim
    grid = on_grid(
        partial(delta, query), (left, bottom), (right, top),
        resolution=resolution, dtype=points.dtype,
    )  # fmt: skip
    dist = delta(query, points)[0]
    nearest = int(dist.argmin())
    radius = dist[nearest].item()
    ax.contourf(*grid, levels=[-1, radius], colors=[GOOD], alpha=0.2)
    ax.contour(*grid, levels=[radius], colors=[GOOD], linewidths=1.2)
    ax.plot(0, 0, marker="+", color="0.5")
    (x, y), (star_x, star_y) = query[0].tolist(), points[nearest].tolist()
    ax.plot(x, y, marker="x", markersize=7, markeredgewidth=2, color="black")
    ax.annotate("q", (x, y), (-12, -3), textcoords="offset points")
    ax.scatter(
        points[:, 0],
        points[:, 1],
        s=26,
        facecolors="white",
        edgecolors="black",
        zorder=3,
    )
    ax.scatter(star_x, star_y, s=150, marker="*", color=BAD, ec="black", zorder=4)
    for name, (x, y) in zip(names, points.tolist(), strict=True):
        ax.annotate(name, (x, y), (6, 4), textcoords="offset points")
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xticks=[], yticks=[])
    return nearest
