"""Show a figure together with the words for those who cannot see it."""

from base64 import b64encode
from io import BytesIO

from IPython.display import display
from matplotlib.figure import Figure


def show(fig: Figure, description: str, *, dpi: int = 100) -> None:
    """Display fig in the notebook with its text description.

    The description is the image's ``alt`` text and the cell's plain-text output; it
    says what is seen, with numbers, in at least 40 characters.
    """
    description = " ".join(description.split())
    if len(description) < 40:
        raise ValueError(
            "the description must say what the figure shows, in 40 characters or "
            f"more; got {len(description)}: {description!r}"
        )
    png = BytesIO()
    fig.savefig(png, format="png", dpi=dpi)
    data = {"image/png": b64encode(png.getvalue()).decode(), "text/plain": description}
    display(data, metadata={"image/png": {"alt": description}}, raw=True)
