"""What is stated of every two points: alike, unlike, or nothing."""

from jaxtyping import Int
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from torch import Tensor, full

from mlcourse.plots.style import BAD, GOOD


def plot_relations(
    ax: Axes,
    S: Int[Tensor, "s 2"],
    D: Int[Tensor, "r 2"],
    *,
    n: int,
    wrong: Int[Tensor, "w 2"],
) -> None:
    """Fill the cells of an n x n table: S dark, D grey, unknown white.

    A cross is on each pair of ``wrong``. All pairs are drawn both ways; the diagonal is
    dark, since a point is like itself.
    """
    table = full((n, n), 0)
    for pairs, value in ((D, 1), (S, 2)):
        i, j = pairs.unbind(dim=1)
        table[i, j] = table[j, i] = value
    ax.imshow(
        table.fill_diagonal_(2).numpy(),
        cmap=ListedColormap(["white", "0.8", GOOD]),
        vmin=0,
        vmax=2,
        interpolation="nearest",
    )
    i, j = wrong.unbind(dim=1)
    for row, column in ((i, j), (j, i)):
        ax.scatter(
            column,
            row,
            s=20,
            marker="x",
            color=BAD,
            path_effects=[withStroke(linewidth=3, foreground="white")],
        )
    names = {GOOD: "similar", "0.8": "dissimilar", "white": "unknown"}
    patches = [Patch(fc=c, ec="0.5", label=name) for c, name in names.items()]
    cross = Line2D([], [], color=BAD, marker="x", linestyle="", label="wrong")
    ax.legend(handles=[*patches, cross], loc="upper left", bbox_to_anchor=(1, 1))
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(True)
