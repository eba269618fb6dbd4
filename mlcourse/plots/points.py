"""Points in the plane, each class with its own colour and marker."""

from jaxtyping import Float, Int
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import COLORS, MARKERS, cycle


def plot_points(
    ax: Axes,
    z: Float[Tensor, "n 2"],
    labels: Int[Tensor, " n"],
    *,
    names: tuple[str, ...] | None = None,
    size: float = 26,
    ticks: bool = True,
) -> None:
    """Scatter z, one colour and marker a class; equal scale on both axes.

    With ``names`` the marker is the name's text (digits, letters), so that more than
    eight classes stay apart. ``ticks=False`` for maps whose axes have no unit.
    """
    for c in labels.unique().tolist():
        mine = z[labels == c]
        ax.scatter(
            mine[:, 0],
            mine[:, 1],
            s=size,
            color=cycle(COLORS, c),
            marker=f"${names[c]}$" if names else cycle(MARKERS, c),
            linewidths=0 if names else 0.4,
            edgecolors="none" if names else "white",
        )
    ax.set_aspect("equal", adjustable="datalim")
    if not ticks:
        ax.set(xticks=[], yticks=[])
