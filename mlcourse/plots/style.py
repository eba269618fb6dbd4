"""One palette and marker policy: told apart by colour, by shape, and in grey."""

from collections.abc import Sequence
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.figure import Figure

#: Okabe and Ito's colour-blind-safe colours, ordered so that neighbours differ in grey.
COLORS = (
    "#0072B2",  # blue
    "#E69F00",  # orange
    "#000000",  # black
    "#D55E00",  # vermilion
    "#56B4E9",  # sky blue
    "#009E73",  # green
    "#F0E442",  # yellow
    "#CC79A7",  # purple
)
#: Class c is drawn with COLORS[c % 8] and MARKERS[c % 8]: colour is never alone.
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))
HATCHES = ("", "//", "..", "xx", "\\\\", "++", "oo", "--")
#: For ordered values: even steps of grey, safe for every kind of colour vision.
SEQUENTIAL = "cividis"
#: For right and wrong; always with a mark or a line style beside it.
GOOD, BAD = COLORS[0], COLORS[3]

_STYLE: Any = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "axes.axisbelow": True,
    "font.size": 10,
    "legend.frameon": False,
    "lines.markersize": 5,
    "image.cmap": SEQUENTIAL,
}

#: Which Axes of a figure have one range.
Share = Literal["none", "all", "row", "col"]


def figure(
    rows: int = 1,
    cols: int = 1,
    *,
    size: tuple[float | int, float | int],
    sharex: bool | Share = False,
    sharey: bool | Share = False,
    squeeze: bool = True,
    width_ratios: Sequence[float | int] | None = None,
) -> tuple[Figure, Any]:
    """A figure of size (width, height) in inches and its Axes, in the course's style.

    The other options are those of matplotlib's ``Figure.subplots``. No pyplot, no
    global state: what is drawn is shown by :func:`mlcourse.plots.show`.
    """
    with mpl.rc_context(_STYLE):
        fig = Figure(figsize=size, layout="constrained")
        axes = fig.subplots(
            rows, cols, sharex=sharex, sharey=sharey, squeeze=squeeze,
            width_ratios=width_ratios,
        )  # fmt: skip
        return fig, axes


def cycle(values: Sequence[Any], c: int) -> Any:
    """The entry of COLORS, MARKERS, LINES or HATCHES for class c.

    >>> cycle(MARKERS, 9)
    's'
    """
    return values[c % len(values)]
