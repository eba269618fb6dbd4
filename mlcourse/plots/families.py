"""Scores of methods that belong to families: a row a method, a look a family."""

from collections.abc import Mapping

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.scores import half_width
from mlcourse.plots.style import COLORS, MARKERS, cycle


def plot_families(
    ax: Axes,
    scores: Mapping[str, Mapping[str, Float[Tensor, " s"]]],
) -> None:
    """Draw scores[family][method], a row a method from top to bottom, family by family.

    Small open marks are the seeds; the filled mark is their mean, the bar its 95 %
    t-interval. A family has a colour and a marker, named in the legend; a line parts
    it from the next. Methods of two families may have the same name.
    """
    labels: list[str] = []
    for i, (family, by_method) in enumerate(scores.items()):
        look = {"color": cycle(COLORS, i), "marker": cycle(MARKERS, i)}
        if labels:
            ax.axhline(len(labels) - 0.5, color="0.75", lw=0.8)
        for row, values in enumerate(by_method.values(), start=len(labels)):
            ax.scatter(
                values,
                [row - 0.22] * len(values),
                s=12,
                marker=look["marker"],
                facecolors="none",
                edgecolors=look["color"],
                linewidths=0.7,
            )
            ax.errorbar(
                values.mean().item(),
                row,
                xerr=half_width(values),
                capsize=3,
                label=family if row == len(labels) else None,
                **look,
            )
        labels += by_method
    ax.set(yticks=range(len(labels)), yticklabels=labels)
    ax.invert_yaxis()
    ax.grid(axis="x", color="0.9")
