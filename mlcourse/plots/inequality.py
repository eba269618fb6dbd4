"""A claim "this is never above that", tested point by point."""

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import BAD, GOOD


def plot_inequality(
    ax: Axes, below: Float[Tensor, " n"], above: Float[Tensor, " n"]
) -> None:
    """Scatter the claim below <= above, with the line where both are equal.

    ``above`` runs to the right, ``below`` upwards. Where the claim holds, a small dot
    under the line; where it fails by more than round-off, 1e-6 of ``above``, a cross
    over it. Both axes have the same unit.
    """
    broken = below > above * (1 + 1e-6)
    top = 1.05 * max(above.max().item(), below.max().item())
    ax.plot([0, top], [0, top], color="black", linewidth=1)
    ax.scatter(above[~broken], below[~broken], s=5, color=GOOD, marker=".")
    ax.scatter(
        above[broken], below[broken], s=16, color=BAD, marker="x", linewidths=0.8
    )
    ax.set(xlim=(0, top), ylim=(0, top), aspect="equal")
