"""The circle between class weights: whose place it is, and what a margin keeps free."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.patches import Wedge
from torch import Tensor
from torch.nn.functional import normalize

from mlcourse.plots.on_circle import plot_on_circle
from mlcourse.plots.style import COLORS, MARKERS, cycle

STEPS = 3600  # directions tried: a tenth of a degree each


def plot_band(
    ax: Axes,
    z: Float[Tensor, "n 2"],
    labels: Int[Tensor, " n"],
    weights: Float[Tensor, "C 2"],
    own_logit: Callable[[Float[Tensor, " m"]], Float[Tensor, " m"]],
) -> float:
    """Draw directions of points z of classes 0 to C - 1, and of class weights.

    A weight is a line that carries its class's marker; a dashed line parts two classes;
    in the hatched band even the nearest class fails its margin: ``own_logit`` of the
    angle to its weight, in radians, is below another's cosine. Returns the share of
    points whose own class fails it.
    """
    w = normalize(weights.double(), dim=1)
    turn = torch.arange(STEPS, dtype=torch.float64) * (2 * torch.pi / STEPS)
    cos = torch.stack([turn.cos(), turn.sin()], dim=1) @ w.T
    best, second = cos.topk(2, dim=1).values.unbind(dim=1)
    free = own_logit(best.clamp(-1, 1).acos()) >= second
    first = int(free.int().argmax())  # a place outside the band: count from there
    edges = torch.cat([free.roll(-first), torch.tensor([True])]).int().diff().nonzero()
    ends = [0, STEPS] if not free.any() else (first + 1 + edges).flatten().tolist()
    for low, high in zip(ends[::2], ends[1::2], strict=True):
        band = Wedge((0, 0), 1, low * 360 / STEPS, high * 360 / STEPS)
        band.set(facecolor="0.9", edgecolor="0.6", hatch="//", linewidth=0)
        ax.add_patch(band)
    nearest = cos.argmax(dim=1)
    for t in turn[nearest != nearest.roll(1)]:
        ax.plot([0, float(t.cos())], [0, float(t.sin())], "k--", lw=1)
    for c, (x, y) in enumerate(w.tolist()):
        colour, marker = cycle(COLORS, c), cycle(MARKERS, c)
        ax.plot([0, x], [0, y], color=colour, lw=2)
        ax.scatter(
            0.7 * x, 0.7 * y, s=90, color=colour, marker=marker, ec="k", zorder=3
        )
    plot_on_circle(ax, z, labels, gap=0.05)
    own_cos = normalize(z.double(), dim=1) @ w.T
    own = own_cos.gather(1, labels[:, None])[:, 0].clamp(-1, 1)
    other = own_cos.scatter(1, labels[:, None], -torch.inf).max(dim=1).values
    return (own_logit(own.acos()) < other).double().mean().item()
