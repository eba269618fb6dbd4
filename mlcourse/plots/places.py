"""Places in several leaderboards: how often each method was first, second, ..."""

from collections.abc import Mapping

from jaxtyping import Int
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import COLORS


def plot_places(ax: Axes, places: Mapping[str, Int[Tensor, " b"]]) -> None:
    """Draw places[method], from 1 on, in b leaderboards: a row a method.

    A disc's area is in proportion to how often the method had that place; the number
    in it says how often. A line joins its best and its worst place; the stroke below
    is at their mean.
    """
    for row, found in enumerate(places.values()):
        taken, times = found.unique(return_counts=True)
        ax.plot([taken.min(), taken.max()], [row, row], color="0.6", lw=1, zorder=1)
        ax.scatter(
            taken,
            [row] * len(taken),
            s=(300 * times / len(found)).tolist(),
            color=COLORS[4],
            edgecolors="black",
            linewidths=0.6,
            zorder=2,
        )
        for place, count in zip(taken.tolist(), times.tolist(), strict=True):
            ax.annotate(str(count), (place, row), ha="center", va="center", fontsize=8)
        mean = found.double().mean().item()
        ax.plot([mean, mean], [row + 0.28, row + 0.5], color="black", lw=2, zorder=3)
    ax.set(yticks=range(len(places)), yticklabels=list(places), xlabel="place")
    ax.set_xticks(range(1, int(max(found.max() for found in places.values())) + 1))
    ax.invert_yaxis()
    ax.grid(axis="x", color="0.9")
