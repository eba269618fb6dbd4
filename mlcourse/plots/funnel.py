"""A cascade: how many pairs reach each exit, and what they cost there."""

from collections.abc import Sequence

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import SEQUENTIAL


def plot_funnel(ax: Axes, kept: Sequence[Float[Tensor, " _"]], *, label: str) -> None:
    """Draw a centred bar for each exit, one cell a pair, from costly to cheap.

    ``kept`` are the losses of the pairs that reach an exit; the bar is as wide as
    their number, which stands beside it. A light cell costs most; a scale names it.
    """
    top = max(float(losses.max()) for losses in kept if len(losses))
    for k, losses in enumerate(kept):
        if not len(losses):
            continue
        n = len(losses)
        image = ax.imshow(
            losses.sort(descending=True).values[None].numpy(),
            extent=(-n / 2, n / 2, k + 0.35, k - 0.35),
            aspect="auto",
            cmap=SEQUENTIAL,
            vmin=0,
            vmax=top,
            interpolation="nearest",
        )
        ax.text(n / 2, k, f" {n}", va="center")
    widest = max(len(losses) for losses in kept)
    ax.set(xlim=(-0.55 * widest, 0.65 * widest), ylim=(len(kept) - 0.5, -0.5))
    names = [f"exit {k + 1}" for k in range(len(kept))]
    ax.set(xticks=[], yticks=range(len(kept)), yticklabels=names)
    figure = ax.get_figure()
    if figure is not None:
        figure.colorbar(image, ax=ax, label=label)
