"""How many times faster than a peer, on an axis where 2 and 1/2 are equally far."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from mlcourse.plots.style import COLORS, MARKERS, cycle


def plot_ratios(
    ax: Axes, ratios: Mapping[str, Mapping[str, float | int]], *, peer: str
) -> None:
    """Draw one row a method and one marker a setting; the line at 1 is the peer.

    ratios[setting][method] > 0: the peer's time over ours. Methods keep the order in
    which they first occur, from top to bottom; a missing one leaves a gap.
    """
    methods = list(dict.fromkeys(name for found in ratios.values() for name in found))
    place = {name: len(methods) - i for i, name in enumerate(methods)}
    style: dict[str, Any] = {"linestyle": "none", "markersize": 6}
    for c, (setting, found) in enumerate(ratios.items()):
        ax.plot(
            list(found.values()),
            [place[name] for name in found],
            color=cycle(COLORS, c),
            marker=cycle(MARKERS, c),
            label=setting,
            **style,
        )
    ax.axvline(1, color="black", linewidth=1)
    ax.set(xscale="log", xlabel=f"times faster than {peer} (left of the line: slower)")
    ax.set_yticks(list(place.values()), list(place))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.grid(axis="x", linewidth=0.3)
    ax.legend()
