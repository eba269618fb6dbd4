"""Ellipses: all places at one distance under M, and who is inside."""

import math

import torch
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from torch import Tensor

from mlcourse.plots.points import plot_points
from mlcourse.plots.style import BAD, GOOD


def plot_ellipse(
    ax: Axes,
    M: Float[Tensor, "2 2"],
    centre: Float[Tensor, " 2"],
    *,
    radius: float | int = 1.0,
    color: str = GOOD,
    line: str = "-",
    label: str | None = None,
) -> None:
    """Draw {z : (z - centre)' M (z - centre) = radius^2} and nothing else.

    M is positive semi-definite; along an eigenvector with eigenvalue 0 the ellipse is a
    strip, drawn 1000 times as long as it is wide.
    """
    values, vectors = torch.linalg.eigh(M)
    halves = radius / values.clamp(min=values[-1] * 1e-6).sqrt()
    turn = torch.linspace(0, 2 * math.pi, 361, dtype=M.dtype)
    circle = torch.stack([turn.cos(), turn.sin()])
    x, y = centre[:, None] + vectors @ (halves[:, None] * circle)
    ax.plot(x, y, color=color, linestyle=line, label=label, scalex=False, scaley=False)


def plot_nearest(
    ax: Axes,
    points: Float[Tensor, "n 2"],
    labels: Int[Tensor, " n"],
    M: Float[Tensor, "2 2"],
    query: int,
    *,
    k: int,
) -> int:
    """Draw the ellipse around a point that reaches to its k-th nearest other.

    Returns how many of these k are of its class. They are ringed: friends with a solid
    ring, strangers with a dashed one; the query is a cross.
    """
    delta = points - points[query]
    square = ((delta @ M) * delta).sum(dim=1)
    square[query] = torch.inf
    nearest = square.argsort(stable=True)[:k]
    plot_points(ax, points, labels)
    radius = square[nearest[-1]].clamp(min=0).sqrt().item()
    plot_ellipse(ax, M, points[query], radius=radius, color="black")
    friend = labels[nearest] == labels[query]
    for rows, colour, line in ((friend, GOOD, "-"), (~friend, BAD, (0, (2, 1)))):
        x, y = points[nearest[rows]].unbind(dim=1)
        ax.scatter(x, y, s=90, facecolors="none", edgecolors=colour, linestyles=[line])
    x, y = points[query].tolist()
    ax.plot(x, y, marker="x", markersize=9, markeredgewidth=2.5, color="black")
    return int(friend.sum())
