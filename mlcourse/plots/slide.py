"""A slider under which a figure is drawn anew, with its words."""

from collections.abc import Callable
from html import escape

from IPython.display import display
from ipywidgets import HTML, ValueWidget, VBox
from matplotlib.figure import Figure

from mlcourse.plots.show import as_png

_IMAGE = '<img src="data:image/png;base64,{}" alt="{}">'


def slide(
    draw: Callable[[float], tuple[Figure, str]], slider: ValueWidget, *, dpi: int = 100
) -> None:
    """Display slider and, below it, the figure that ``draw`` makes of its value.

    ``draw`` returns the figure and its text description, the image's ``alt`` text. The
    figure is a widget's value, not an output, so that it is kept in the saved notebook
    and a test may compare the outputs.
    """
    picture = HTML()

    def redraw(_: object = None) -> None:
        fig, description = draw(slider.value)
        image = as_png(fig, dpi=dpi)
        picture.value = _IMAGE.format(image, escape(description, quote=True))

    slider.observe(redraw, names="value")
    redraw()
    display(VBox([slider, picture]))
