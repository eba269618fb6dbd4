"""Points and the places that they are moved to."""

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import BAD


def plot_pulls(
    ax: Axes,
    start: Float[Tensor, "n 2"],
    end: Float[Tensor, "n 2"],
    *,
    least: float = 1e-3,
) -> int:
    """Draw an arrow from each start, an open square, to its end, a filled one.

    Where nothing moves by more than ``least`` there is no arrow. Returns the number of
    arrows.
    """
    moved = ((end - start).norm(dim=1) > least).tolist()
    ax.scatter(*start.T, s=40, marker="s", facecolors="none", edgecolors=BAD)
    for i, is_moved in enumerate(moved):
        if is_moved:
            ax.annotate(
                "",
                xy=end[i].tolist(),
                xytext=start[i].tolist(),
                arrowprops={"arrowstyle": "->", "color": "0.4", "shrinkB": 3},
            )
    ax.scatter(*end.T, s=18, marker="s", color=BAD, zorder=3)
    ax.set_aspect("equal")
    return sum(moved)
