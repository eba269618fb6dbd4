"""Distances of similar and of dissimilar pairs, side by side."""

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import BAD, GOOD


def plot_gaps(
    ax: Axes,
    similar: Float[Tensor, " s"],
    dissimilar: Float[Tensor, " r"],
    *,
    bins: int = 30,
) -> None:
    """Draw two histograms of distances, each of area 1, over the same bins.

    Similar pairs are hatched with a solid outline, dissimilar pairs plain and dashed.
    """
    top = max(similar.max().item(), dissimilar.max().item())
    looks = {
        "similar": (similar, GOOD, "-", "//"),
        "dissimilar": (dissimilar, BAD, "--", ""),
    }
    for name, (values, colour, line, hatch) in looks.items():
        ax.hist(
            values.tolist(),
            bins=bins,
            range=(0, top),
            density=True,
            histtype="stepfilled",
            facecolor=(0, 0, 0, 0),
            edgecolor=colour,
            linestyle=line,
            linewidth=1.5,
            hatch=hatch,
            label=name,
        )
    ax.set(xlim=(0, top), yticks=[])
