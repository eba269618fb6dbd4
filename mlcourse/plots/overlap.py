"""Distances within and between classes: two heaps, and how far they overlap."""

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import BAD, GOOD


def plot_overlap(
    ax: Axes,
    same: Float[Tensor, " s"],
    different: Float[Tensor, " d"],
    *,
    bins: int = 40,
) -> None:
    """Draw both sets of distances as densities, with a line at each mean.

    ``same`` is filled, hatched and has a solid line; ``different`` is an outline with a
    dashed one. Each heap has area 1, however many pairs it has.
    """
    top = max(same.max().item(), different.max().item())
    span = (0.0, top)
    ax.hist(
        same.numpy(),
        bins,
        range=span,
        density=True,
        color=GOOD,
        alpha=0.35,
        hatch="//",
        label="same class",
    )
    ax.hist(
        different.numpy(),
        bins,
        range=span,
        density=True,
        histtype="step",
        color=BAD,
        linewidth=1.6,
        linestyle="--",
        label="different classes",
    )
    ax.axvline(same.mean().item(), color=GOOD, linestyle="-")
    ax.axvline(different.mean().item(), color=BAD, linestyle="--")
    ax.set(xlim=span, yticks=[])
    ax.spines["left"].set_visible(False)
