"""Draw the picture of the README: python docs/cover.py [FILE]."""

import math
import sys
from functools import partial
from pathlib import Path

import torch

from mlcourse import plots
from mlcourse.distances import cosine, euclidean, mahalanobis, minkowski

NAMES = "ABCDE"
QUERY = torch.tensor([[3.0, 2.0]])
POINTS = torch.tensor([[4.05, 2.0], [3.92, 2.35], [3.8, 2.8], [5.2, 3.7], [1.9, 3.15]])
M = torch.linalg.inv(torch.tensor([[2.08, -1.6], [-1.6, 2.08]]))
DISTANCES = {
    "city block": partial(minkowski, p=1),
    "Euclid": euclidean,
    "largest difference": partial(minkowski, p=math.inf),
    "cosine": cosine,
    "Mahalanobis": partial(mahalanobis, M=M),
}


def main(path: Path) -> None:
    """Five distances around one query: five different nearest neighbours."""
    fig, axes = plots.figure(1, 5, size=(13, 2.6))
    for ax, (name, delta) in zip(axes, DISTANCES.items(), strict=True):
        view = (-0.5, 6.2, -0.5, 4.2)
        nearest = plots.plot_ball(ax, delta, QUERY, POINTS, NAMES, lim=view)
        ax.set_title(f"{name}: {NAMES[nearest]}")
    fig.savefig(path, dpi=110, bbox_inches="tight")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).with_name("cover.png"))
