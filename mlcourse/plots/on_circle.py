"""Embeddings with two coordinates and length 1: only a direction is left."""

from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from torch import Tensor
from torch.nn.functional import normalize

from mlcourse.plots.points import plot_points


def plot_on_circle(
    ax: Axes, z: Float[Tensor, "n 2"], labels: Int[Tensor, " n"], *, gap: float = 0.09
) -> None:
    """Draw the directions of z, one colour and marker a class, around the unit circle.

    The i-th class lies on a ring of its own, i * gap outside the circle, so that
    classes in one place can still be told apart.
    """
    place = labels.unique(return_inverse=True)[1]
    ring = 1 + gap * (1 + place.to(z.dtype))
    ax.add_patch(Circle((0, 0), 1, fill=False, ec="0.6", lw=1))
    plot_points(ax, normalize(z, dim=1) * ring[:, None], place, ticks=False, size=18)
    end = 1 + gap * (2 + int(place.max()) if len(place) else 1)
    ax.set(xlim=(-end, end), ylim=(-end, end))
    ax.set_aspect("equal", adjustable="box")
    ax.spines[:].set_visible(False)
    ax.plot(0, 0, marker="+", color="0.6")
