"""Forces of a loss on a pair, against the pair's distance or similarity."""

from collections.abc import Mapping

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import COLORS, LINES, MARKERS, cycle


def plot_forces(
    ax: Axes, at: Float[Tensor, " m"], forces: Mapping[str, Float[Tensor, " m"]]
) -> None:
    """Draw forces[name] at the m places ``at``: above 0 together, below 0 apart.

    Each force has a colour, a line style and a few markers, named in the legend.
    """
    every = max(len(at) // 6, 1)
    ax.axhline(0, color="0.6", linewidth=0.8)
    for i, (name, force) in enumerate(forces.items()):
        ax.plot(
            at,
            force,
            color=cycle(COLORS, i),
            linestyle=cycle(LINES, i),
            marker=cycle(MARKERS, i),
            markevery=(i % every, every),
            label=name,
        )
    ax.set_ylabel("apart  ←  force  →  together")
    ax.grid(axis="x", color="0.93")
