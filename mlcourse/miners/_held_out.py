"""Some points of every class, set apart, and how they lie."""

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from mlcourse._check import check_labels
from mlcourse._class_means import class_means

#: Refreshes over which the policy sees the mean of the score.
MEANS = (1, 2, 8, 16, 32)


def hold_out(
    labels: Int[Tensor, " n"], *, share: float | int, generator: Generator
) -> Int[Tensor, " m"]:
    """So many of each class, drawn; two points of a class at least stay."""
    check_labels(labels, len(labels))
    if not 0 < share < 1:
        raise ValueError(f"share must be between 0 and 1, got {share}")
    order = torch.randperm(
        len(labels), generator=generator, device=generator.device
    ).cpu()
    drawn = labels.cpu()[order]
    held = []
    for c in drawn.unique():
        rows = order[drawn == c]
        held.append(rows[: max(min(round(share * len(rows)), len(rows) - 2), 0)])
    found = torch.cat([order[:0], *held]).sort().values
    if not len(found):
        raise ValueError(
            f"share = {share} sets no point apart, as classes have at most "
            f"{int(drawn.unique(return_counts=True)[1].max())} points, two of which "
            "stay; take a larger share, or larger classes"
        )
    return found


def each_alone(labels: Int[Tensor, " n"], held: Int[Tensor, " m"]) -> Int[Tensor, " n"]:
    """Labels in which each point of held is a class of its own."""
    labels = labels.to(torch.int64, copy=True)
    labels[held] = labels.max() + 1 + torch.arange(len(held))
    return labels


def state_of(
    scores: list[float], z: Float[Tensor, "m k"], labels: Int[Tensor, " m"]
) -> Float[Tensor, " s"]:
    """What the policy sees of validation: means of e, its age, and how points lie."""
    means = [sum(scores[-m:]) / len(scores[-m:]) for m in MEANS]
    rest = torch.tensor([*means, len(scores) / 100])
    return torch.cat([rest, spread_of(z, labels).float()])


def spread_of(
    z: Float[Tensor, "m k"], labels: Int[Tensor, " m"]
) -> Float[Tensor, " 2"]:
    """Mean distance of points from the mean of their class, and of these means."""
    codes = labels.unique(return_inverse=True)[1]
    mean = class_means(z, codes)
    inside = (z - mean[codes]).norm(dim=1).mean()
    between = torch.pdist(mean).mean() if len(mean) > 1 else inside.new_zeros(())
    return torch.stack([inside, between])
