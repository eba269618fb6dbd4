"""Histograms of several groups, one above the other, over the same bins."""

from collections.abc import Mapping

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import COLORS, HATCHES, cycle


def plot_outlines(
    axes: Mapping[str, Axes],
    values: Mapping[str, Float[Tensor, "..."]],
    *,
    span: tuple[float | int, float | int],
    bins: int = 40,
) -> None:
    """Draw values[name] into axes[name] as a histogram of area 1, with its mean.

    A group has a colour and a hatching; the dashed line stands at its mean.
    """
    for i, (name, group) in enumerate(values.items()):
        ax, colour = axes[name], cycle(COLORS, i)
        ax.hist(
            group.tolist(),
            bins,
            range=span,
            density=True,
            histtype="stepfilled",
            facecolor=(0, 0, 0, 0),
            edgecolor=colour,
            hatch=cycle(HATCHES, i),
        )
        ax.axvline(group.mean().item(), color="black", linestyle="--")
        ax.set(xlim=span, yticks=[])
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
        ax.spines["left"].set_visible(False)
