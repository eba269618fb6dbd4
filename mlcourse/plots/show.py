"""Show a figure together with the words for those who cannot see it."""

from base64 import b64encode
from html import escape
from io import BytesIO

from IPython.display import display
from matplotlib.figure import Figure

FOLDED = "<details><summary>The figure in words</summary>{}</details>"


def as_png(fig: Figure, *, dpi: int) -> str:
    """The figure as a picture, in base 64."""
    png = BytesIO()
    fig.savefig(png, format="png", dpi=dpi)
    return b64encode(png.getvalue()).decode()


def show(fig: Figure, description: str, *, dpi: int = 100) -> None:
    """Display fig in the notebook, and below it, folded, its text description.

    The description says what is seen, with numbers, in at least 40 characters. It is
    the image's ``alt`` text and its plain-text output too; JupyterLab shows neither.
    """
    description = " ".join(description.split())
    if len(description) < 40:
        raise ValueError(
            "the description must say what the figure shows, in 40 characters or "
            f"more; got {len(description)}: {description!r}"
        )
    data = {"image/png": as_png(fig, dpi=dpi), "text/plain": description}
    display(data, metadata={"image/png": {"alt": description}}, raw=True)
    display(
        {"text/html": FOLDED.format(escape(description)), "text/plain": ""}, raw=True
    )
