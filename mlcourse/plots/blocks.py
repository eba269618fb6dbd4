"""Correlations of an embedding's columns, with a border between its learners."""

from collections.abc import Sequence
from itertools import accumulate

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import SEQUENTIAL


def plot_blocks(
    ax: Axes, correlation: Float[Tensor, "k k"], *, sizes: Sequence[int]
) -> None:
    """Shade absolute correlations, 0 dark and 1 light; white lines part learners.

    ``sizes`` are the columns of each, in order; a learner is numbered from 1 at its
    middle.
    """
    ax.imshow(
        correlation.abs().numpy(),
        cmap=SEQUENTIAL,
        vmin=0,
        vmax=1,
        interpolation="nearest",
    )
    ends = list(accumulate(sizes))
    for end in ends[:-1]:
        ax.axhline(end - 0.5, color="white", linewidth=2)
        ax.axvline(end - 0.5, color="white", linewidth=2)
    middles = [end - size / 2 - 0.5 for end, size in zip(ends, sizes, strict=True)]
    names = [str(m + 1) for m in range(len(sizes))]
    ax.set(xticks=middles, yticks=middles, xticklabels=names, yticklabels=names)
