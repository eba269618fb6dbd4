"""A round of boosting: points as large as their weight, and the stump that it found."""

from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import BAD, COLORS, MARKERS, cycle


def plot_weighted(
    ax: Axes,
    points: Float[Tensor, "n 2"],
    labels: Int[Tensor, " n"],
    weights: Float[Tensor, " n"],
    *,
    stump: tuple[int, float | int],
    wrong: Bool[Tensor, " n"],
) -> None:
    """Draw points with areas in proportion to their weights, and the line of a stump.

    ``stump`` is its feature, 0 or 1, and its threshold; points that it gets wrong have
    a dark edge. The mean area is the same in every picture.
    """
    areas = 22 * weights / weights.mean()
    for c in labels.unique().tolist():
        for mistaken in (False, True):
            mine = (labels == c) & (wrong == mistaken)
            ax.scatter(
                points[mine, 0],
                points[mine, 1],
                s=areas[mine],
                color=cycle(COLORS, c),
                marker=cycle(MARKERS, c),
                edgecolors="black" if mistaken else "none",
                linewidths=0.9,
                alpha=0.8,
            )
    feature, threshold = stump
    line = ax.axvline if feature == 0 else ax.axhline
    line(threshold, color=BAD, linestyle="--", linewidth=2)
    ax.set(xticks=[], yticks=[])
