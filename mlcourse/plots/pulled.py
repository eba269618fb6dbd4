"""Negatives before and after synthesis has pulled them to their anchor."""

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from torch import Tensor

from mlcourse.plots.style import BAD, GOOD


def plot_pulled(
    ax: Axes,
    z: Float[Tensor, "2"],
    z_pos: Float[Tensor, "2"],
    z_neg: Float[Tensor, "m 2"],
    pulled: Float[Tensor, "m 2"],
) -> None:
    """Draw an anchor (cross), its positive (disc), negatives (squares), and arrows.

    An arrow leads from each hollow negative to the filled one that it becomes; one
    that stays is filled at once. The dashed circle goes through the positive.
    """
    across, up = z.tolist()
    radius = (z_pos - z).norm().item()
    ax.add_patch(
        Circle((across, up), radius, fill=False, color="black", ls="--", lw=0.8)
    )
    moved = (pulled != z_neg).any(dim=1)
    (x, y), (ends_x, ends_y) = z_neg[moved].T, pulled.T
    ax.quiver(
        x,
        y,
        *(pulled - z_neg)[moved].T,
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.006,
        color="0.4",
    )
    ax.scatter(x, y, s=26, marker="s", facecolors="white", edgecolors=BAD)
    ax.scatter(
        ends_x, ends_y, s=26, marker="s", color=BAD, ec="white", lw=0.4, zorder=3
    )
    ax.scatter(z_pos[:1], z_pos[1:], s=36, marker="o", color=GOOD, zorder=3)
    ax.plot(across, up, marker="x", markersize=9, markeredgewidth=2.5, color="black")
    ends = torch.cat([z_neg, pulled, z[None] - radius, z[None] + radius])
    ax.update_datalim(ends.numpy())
    ax.autoscale_view()
    ax.set_aspect("equal", adjustable="datalim")
    ax.set(xticks=[], yticks=[])
