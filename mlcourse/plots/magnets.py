"""Proxies as magnets: their cells, and the force on each point."""

import torch
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.regions import plot_regions
from mlcourse.plots.style import COLORS, cycle


def plot_magnets(
    ax: Axes,
    z: Float[Tensor, "n 2"],
    labels: Int[Tensor, " n"],
    proxies: Float[Tensor, "C 2"],
    *,
    forces: Float[Tensor, "n 2"] | None = None,
    resolution: int = 160,
) -> float:
    """Draw points z, the proxy of each class as a numbered disc, and its cell.

    A cell holds the places that are nearer to this proxy than to any other (Voronoi);
    ``forces`` are arrows in the unit of z. Returns the share of points in the cell of
    their own class.
    """

    def nearest(places: Tensor) -> Tensor:
        return torch.cdist(places.double(), proxies.double()).argmin(dim=1)

    own = torch.arange(len(proxies))
    everything = torch.cat([z, proxies.to(z.dtype)])
    plot_regions(
        ax, everything, torch.cat([labels, own]), nearest, resolution=resolution
    )
    if forces is not None:
        ax.quiver(
            *z.T,
            *forces.T,
            angles="xy",
            scale_units="xy",
            scale=1,
            width=0.006,
            zorder=4,
        )
    for c, (x, y) in enumerate(proxies.tolist()):
        colour = cycle(COLORS, c)
        ax.scatter(x, y, s=170, color="white", ec=colour, lw=2.5, zorder=5)
        ax.text(x, y, str(c), ha="center", va="center", fontsize=9, zorder=6)
    ax.set_aspect("equal", adjustable="datalim")
    return (nearest(z) == labels).double().mean().item()
