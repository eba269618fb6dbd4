"""Circles around an anchor: what a loss on distances makes of each place."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Wedge
from torch import Tensor

from mlcourse.plots.style import BAD, GOOD


def plot_rings(
    ax: Axes,
    z: Float[Tensor, "n 2"],
    labels: Int[Tensor, " n"],
    anchor: int,
    radii: Sequence[float | int],
    *,
    moves: Float[Tensor, "n 2"] | None = None,
) -> list[int]:
    """Draw the anchor (cross), friends (discs), strangers (squares), and circles.

    ``radii`` grow; the first circle is solid, the next ones dashed, and the ring
    between the first two is shaded. An arrow shows ``moves[i]`` where it is not 0.
    Returns the number of strangers inside the first circle, in each ring, and beyond.
    """
    x, y = z[anchor].tolist()
    friend = labels == labels[anchor]
    friend[anchor] = False
    stranger = labels != labels[anchor]
    if len(radii) > 1:
        width = radii[1] - radii[0]
        ax.add_patch(Wedge((x, y), radii[1], 0, 360, width=width, fc="0.9", zorder=0))
    for i, radius in enumerate(radii):
        line = "--" if i else "-"
        ax.add_patch(Circle((x, y), radius, fill=False, color="black", ls=line))
    for chosen, colour, marker in ((friend, GOOD, "o"), (stranger, BAD, "s")):
        across, up = z[chosen].unbind(dim=1)
        ax.scatter(across, up, s=26, color=colour, marker=marker, ec="white", lw=0.4)
    ax.plot(x, y, marker="x", markersize=9, markeredgewidth=2.5, color="black")
    if moves is not None:
        moved = moves.norm(dim=1) > 0
        ax.quiver(
            *z[moved].T,
            *moves[moved].T,
            angles="xy",
            scale_units="xy",
            scale=1,
            width=0.006,
            color="0.25",
            zorder=3,
        )
    ax.set_aspect("equal", adjustable="datalim")
    far = (z[stranger] - z[anchor]).norm(dim=1)
    zone = torch.bucketize(far, torch.tensor(list(radii)).to(far))
    return zone.bincount(minlength=len(radii) + 1).tolist()
