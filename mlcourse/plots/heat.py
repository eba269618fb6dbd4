"""A table of numbers as shades, such as weights over time."""

from collections.abc import Sequence

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import SEQUENTIAL


def plot_heat(
    ax: Axes,
    values: Float[Tensor, "r t"],
    *,
    extent: Sequence[float | int],
    label: str,
) -> None:
    """Shade values >= 0, row 0 at the bottom, the largest light; a bar names them.

    ``extent`` is left, right, bottom, top of the table in the units of the axes.
    """
    left, right, bottom, top = extent
    image = ax.imshow(
        values.numpy(),
        extent=(left, right, bottom, top),
        origin="lower",
        aspect="auto",
        cmap=SEQUENTIAL,
        vmin=0,
        interpolation="nearest",
    )
    figure = ax.get_figure()
    if figure is not None:
        figure.colorbar(image, ax=ax, label=label)
