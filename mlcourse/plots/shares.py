"""Shares of a whole, one bar a way of counting."""

from collections.abc import Mapping

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import COLORS, HATCHES, cycle


def plot_shares(ax: Axes, shares: Mapping[str, Float[Tensor, " c"]]) -> None:
    """Draw shares[name] as a bar cut into c pieces, colour and hatch by piece.

    Pieces of 4 percent or more carry their number.
    """
    for row, values in enumerate(shares.values()):
        left = 0.0
        for c, value in enumerate((values / values.sum()).tolist()):
            colour, hatch = cycle(COLORS, c + 3), cycle(HATCHES, c)
            ax.barh(
                row, value, left=left, height=0.7, color=colour, hatch=hatch, ec="white"
            )
            if value >= 0.04:
                ax.text(
                    left + value / 2,
                    row,
                    f"{value:.0%}",
                    ha="center",
                    va="center",
                    bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none"},
                )
            left += value
    ax.set(yticks=range(len(shares)), yticklabels=list(shares), xlim=(0, 1), xticks=[])
    ax.invert_yaxis()
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
