"""A tree of classes: who is joined with whom, and how early."""

from collections.abc import Collection, Sequence

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from scipy.cluster.hierarchy import dendrogram
from torch import Tensor

from mlcourse.plots.style import BAD

_STEP = 10  # of scipy, from leaf to leaf; the first lies at half of it


def plot_dendrogram(
    ax: Axes,
    joins: Float[Tensor, "steps 4"],
    names: Sequence[str],
    *,
    chosen: Collection[int] = (),
) -> list[int]:
    """Draw the joins of ``class_tree`` over the names of the leaves.

    A leaf whose number is in ``chosen`` has a triangle above its name, and a bold,
    coloured name. Returns the leaves from left to right.
    """
    tree = dendrogram(joins.numpy(), no_plot=True)
    leaves = [int(leaf) for leaf in tree["leaves"]]
    lines = [
        list(zip(x, y, strict=True))
        for x, y in zip(tree["icoord"], tree["dcoord"], strict=True)
    ]
    ax.add_collection(LineCollection(lines, colors="0.35", linewidths=0.8))
    places = [_STEP * (i + 0.5) for i in range(len(leaves))]
    ax.set_xticks(places, [names[leaf] for leaf in leaves], fontsize=8)
    ax.tick_params(axis="x", length=0)
    marked = []
    for place, leaf, text in zip(places, leaves, ax.get_xticklabels(), strict=True):
        if leaf in chosen:
            marked.append(place)
            text.set(color=BAD, fontweight="bold", fontsize=10)
    ax.scatter(marked, [0] * len(marked), s=28, marker="^", color=BAD, clip_on=False)
    top = max(tree["dcoord"], key=max)
    ax.set(xlim=(0, _STEP * len(leaves)), ylim=(0, 1.03 * max(top)))
    return leaves
