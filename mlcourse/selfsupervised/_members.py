"""What the files on cliques share: checked matrices, and members as rows of indices."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Generator, Tensor

from mlcourse._check import check_symmetric


def check_sim(sim: Tensor) -> Float[Tensor, "n n"]:
    """Similarities without gradient; error unless they are (n, n) and symmetric."""
    if sim.ndim != 2 or sim.shape[0] != sim.shape[1] or not sim.is_floating_point():
        raise ValueError(
            f"sim must be an (n, n) matrix of floats, got shape {tuple(sim.shape)} of "
            f"{sim.dtype}; from features z, compute it first: sim = cosines(z)"
        )
    try:
        if len(sim):
            check_symmetric(sim)
    except ValueError as error:
        raise ValueError(str(error).replace("dist", "sim")) from None
    return sim.detach()


def check_member(member: Tensor, n: int) -> Bool[Tensor, "k n"]:
    """Members; error unless (K, n) truth values with one True or more in each row."""
    if member.ndim != 2 or member.shape[1] != n or member.dtype != torch.bool:
        raise ValueError(
            "member must be (K, n) truth values, a row a clique and a column for each "
            f"of the n = {n} points, got {tuple(member.shape)} of {member.dtype}"
        )
    empty = ~member.any(dim=1)
    if empty.any():
        raise ValueError(
            f"every clique must have a member, but {int(empty.sum())} of {len(member)} "
            "have none; leave them out: member[member.any(dim=1)]"
        )
    return member


def members_of(member: Bool[Tensor, "k n"]) -> Int[Tensor, "k m"]:
    """Indices of the members, row by row; short rows repeat theirs from the start."""
    size = member.sum(dim=1)
    width = int(size.max()) if len(member) else 1
    column = torch.arange(width, device=member.device)
    place = size.cumsum(0)[:, None] - size[:, None] + column % size[:, None]
    return member.nonzero()[:, 1][place]


def draw(member: Bool[Tensor, "k n"], count: int, generator: Generator) -> list[int]:
    """So many members of each row, a row after the other; again when all have come."""
    place, found = torch.arange(count), []
    for row in member:
        among = row.nonzero().flatten()
        order = torch.randperm(
            len(among), generator=generator, device=generator.device
        ).cpu()
        found.append(among[order[place % len(among)]])
    return torch.cat(found).tolist()
