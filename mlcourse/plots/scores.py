"""Scores of several methods: one mark a seed, and the mean with its interval."""

from collections.abc import Mapping

from jaxtyping import Float
from matplotlib.axes import Axes
from scipy.stats import t
from torch import Tensor

from mlcourse.plots.style import COLORS, MARKERS, cycle


def half_width(scores: Float[Tensor, " s"]) -> float:
    r"""Half the width of the 95 % t-interval of the mean over s seeds.

    .. math:: t_{0.975,\, s-1} \; \hat\sigma / \sqrt{s}

    >>> import torch
    >>> round(half_width(torch.tensor([0.5, 0.6, 0.7])), 2)
    0.25
    """
    error = scores.std() / len(scores) ** 0.5
    return float(t.ppf(0.975, len(scores) - 1) * error.item())


def plot_scores(
    ax: Axes,
    scores: Mapping[str, Mapping[str, Float[Tensor, " s"]]],
) -> None:
    """Draw scores[series][method], a row a method from top to bottom.

    Small open marks are the seeds; the filled mark is their mean, the bar its 95 %
    t-interval. A series has a colour and a marker, named in the legend.
    """
    methods = list(next(iter(scores.values())))
    gap = min(0.28, 0.8 / len(scores))  # so that a method's rows stay together
    for i, (series, by_method) in enumerate(scores.items()):
        colour, marker = cycle(COLORS, i), cycle(MARKERS, i)
        for row, method in enumerate(methods):
            values = by_method[method]
            y = row + gap * (i - (len(scores) - 1) / 2)
            ax.scatter(
                values,
                [y - 0.36 * gap] * len(values),
                s=12,
                marker=marker,
                facecolors="none",
                edgecolors=colour,
                linewidths=0.7,
            )
            ax.errorbar(
                values.mean().item(),
                y,
                xerr=half_width(values),
                color=colour,
                marker=marker,
                capsize=3,
                label=series if row == 0 else None,
            )
    ax.set(yticks=range(len(methods)), yticklabels=methods)
    ax.invert_yaxis()
    ax.grid(axis="x", color="0.9")
