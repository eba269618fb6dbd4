"""What a miner keeps of one anchor's friends and strangers, on a line."""

from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import BAD, GOOD


def plot_kept(
    ax: Axes,
    values: Float[Tensor, " n"],
    friend: Bool[Tensor, " n"],
    kept: Bool[Tensor, " n"],
    *,
    limits: tuple[float | int, float | int],
) -> None:
    """Friends (discs, above) and strangers (squares, below) at values; kept are filled.

    A solid line marks ``limits[0]``, the end of what is kept of the friends; a dashed
    one ``limits[1]``, that of the strangers.
    """
    looks = ((friend, 1, GOOD, "o"), (~friend, 0, BAD, "s"))
    for chosen, row, colour, marker in looks:
        for part, fill in ((chosen & kept, colour), (chosen & ~kept, "none")):
            place = values[part].tolist()
            ax.scatter(
                place,
                [row] * len(place),
                s=42,
                marker=marker,
                facecolors=fill,
                edgecolors=colour,
            )
    ax.axvline(limits[0], 0.5, 1, color=GOOD, linestyle="-")
    ax.axvline(limits[1], 0, 0.5, color=BAD, linestyle="--")
    ax.set(yticks=[0, 1], yticklabels=["strangers", "friends"], ylim=(-0.6, 1.6))
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
