"""Two players who take turns: a rate that one drives up and the other down."""

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import COLORS


def plot_turns(
    ax: Axes, rates: Float[Tensor, "s m"], *, turn: int, players: tuple[str, str]
) -> None:
    """Draw the s runs of m values, thin, and their mean, thick.

    The players move ``turn`` values each, the first one first; the second one's turns
    are shaded, and both names stand above their first.
    """
    m = rates.shape[1]
    for start in range(turn, m, 2 * turn):
        end = min(start + turn, m)
        ax.axvspan(start - 0.5, end - 0.5, facecolor="0.9", linewidth=0, zorder=0)
    for run in rates:
        ax.plot(range(m), run, color="0.6", linewidth=0.7)
    ax.plot(range(m), rates.mean(dim=0), color=COLORS[0], linewidth=2)
    for i, name in enumerate(players):
        place = (i + 0.5) * turn - 0.5
        ax.text(place, 1.02, name, ha="center", va="bottom", fontsize=9,
                transform=ax.get_xaxis_transform())  # fmt: skip
    ax.set_xlim(-0.5, m - 0.5)
    ax.set_ylim(bottom=0)
