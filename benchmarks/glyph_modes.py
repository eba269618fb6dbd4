"""Which positive? Classes of two modes at an equal budget, on characters never seen.

    OMP_NUM_THREADS=1 python benchmarks/glyph_modes.py

The network is trained with labels that name two characters each, and judged on telling
apart single characters of other classes. "unrelated": 100 characters in random pairs;
"case": the upper and the lower case of 50 letters. The negative is always the nearest
behind the positive; the positive is the easiest, each in turn, or the hardest. A row
that glyph_modes.csv already has is not run again.
"""

import itertools
from pathlib import Path
from typing import NamedTuple

import torch
from _rows import read, save
from torch import Generator, Tensor

from mlcourse.datasets import glyphs
from mlcourse.distances import euclidean
from mlcourse.evaluation import evaluate
from mlcourse.losses import triplet_loss
from mlcourse.miners import epshn_triplets
from mlcourse.networks import convnet
from mlcourse.samplers import ClassBalancedBatches
from mlcourse.training import embed, train

FILE = Path(__file__).with_name("glyph_modes.csv")
COLUMNS = ("task", "positive", "seed", "recall_at_1", "map_at_r", "modes_apart",
           "strangers_apart")  # fmt: skip
TASKS, POSITIVES, SEEDS = (
    ("unrelated", "case"),
    ("easiest", "all", "hardest"),
    range(5),
)


class Task(NamedTuple):
    """Images, characters and class names to train with; held-out images."""

    x: Tensor
    character: Tensor
    name: Tensor
    validation: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]


def unrelated(seed: int) -> Task:
    """The standard glyphs, whose training characters share a name in pairs."""
    draw = torch.Generator().manual_seed(seed)
    data = glyphs(generator=draw)
    y = data.train.y.unique(return_inverse=True)[1]
    name = torch.randperm(100, generator=draw)[y] // 2
    held = (data.validation.x, data.validation.y + 1000)
    return Task(data.train.x, data.train.y, name, held, (data.test.x, data.test.y))


def case(seed: int) -> Task:
    """Letters of 800 characters that are there in both cases: 50 train, 20 choose."""
    draw = torch.Generator().manual_seed(seed)
    data = glyphs(generator=draw, n_classes=800)
    parts = (data.train, data.validation, data.test)
    x, y = torch.cat([p.x for p in parts]), torch.cat([p.y for p in parts])
    found = {data.characters[i]: i for i in y.unique().tolist()}
    pairs = [(i, found[c.lower()]) for c, i in found.items()
             if c.lower() != c and c.lower() in found]  # fmt: skip
    name = torch.full((len(data.characters),), -1)
    for k, i in enumerate(torch.randperm(len(pairs), generator=draw).tolist()):
        name[list(pairs[i])] = k
    name = name[y]
    fit, choose, judge = (
        (name >= 0) & (name < 50), (name >= 50) & (name < 70), name >= 70
    )  # fmt: skip
    held = (x[choose], y[choose] + 1000)
    return Task(x[fit], y[fit], name[fit], held, (x[judge], y[judge]))


def triplets(dist: Tensor, y: Tensor, positive: str) -> Tensor:
    """Each anchor with its positives of this kind, and the nearest negative behind."""
    if positive == "easiest":
        return epshn_triplets(dist, y)
    same = y[:, None] == y
    friend = same.clone().fill_diagonal_(False)
    if positive == "hardest":
        a = torch.arange(len(y))
        p = torch.where(friend, dist, -torch.inf).argmax(dim=1)
    else:
        a, p = friend.nonzero(as_tuple=True)
    behind = ~same[a] & (dist[a] > dist[a, p][:, None])
    value, n = torch.where(behind, dist[a], torch.inf).min(dim=1)
    return torch.stack([a, p, n], dim=1)[value < torch.inf]


def row_of(task: str, positive: str, seed: int) -> dict[str, str]:
    """Train, and judge."""
    data = {"unrelated": unrelated, "case": case}[task](seed)
    generator: Generator = torch.Generator().manual_seed(seed)
    psi = convnet(64, channels=(1, 8, 32, 64), generator=generator)
    batches = ClassBalancedBatches(
        data.name, classes=8, per_class=8, n_batches=30, generator=generator
    )

    def loss(z: Tensor, y: Tensor) -> Tensor:
        dist = euclidean(z, z)
        return triplet_loss(dist, triplets(dist.detach(), y, positive), margin=0.2)

    train(
        psi, loss, data.x, data.name, batches=batches, epochs=5, lr=1e-2,
        validation=data.validation, generator=generator,
    )  # fmt: skip
    found = evaluate(embed(psi, data.test[0]), data.test[1], ks=(1,))
    z = embed(psi, data.x)
    dist, one = euclidean(z, z), data.name[:, None] == data.name
    mode = data.character[:, None] == data.character
    numbers = {
        "recall_at_1": found["recall@1"],
        "map_at_r": found["map_at_r"],
        "modes_apart": dist[one & ~mode].mean().item(),
        "strangers_apart": dist[~one].mean().item(),
    }
    words = {key: f"{value:.4f}" for key, value in numbers.items()}
    return {"task": task, "positive": positive, "seed": str(seed)} | words


def main() -> None:
    """Add what the file lacks, and keep each row as soon as it is there."""
    torch.set_num_threads(1)
    rows = read(FILE)
    done = {(r["task"], r["positive"], r["seed"]) for r in rows}
    for task, seed, positive in itertools.product(TASKS, SEEDS, POSITIVES):
        if (task, positive, str(seed)) in done:
            continue
        rows.append(row_of(task, positive, seed))
        save(FILE, COLUMNS, rows)
        print(rows[-1], flush=True)


if __name__ == "__main__":
    main()
