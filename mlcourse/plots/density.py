"""A histogram of draws, and the density that they should have."""

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.style import BAD


def plot_density(
    ax: Axes,
    draws: Float[Tensor, " s"],
    at: Float[Tensor, " m"],
    density: Float[Tensor, " m"],
    *,
    bins: int = 40,
) -> None:
    """Draw a histogram of area 1 (grey) over the range of at, and density as a line."""
    span = (at.min().item(), at.max().item())
    ax.hist(draws.tolist(), bins, range=span, density=True, color="0.75", label="drawn")
    ax.plot(at, density, color=BAD, label="exact density")
    ax.set(xlim=span, yticks=[])
    ax.spines["left"].set_visible(False)
