"""What compositions reach on classes never seen, all within one CPU budget.

    OMP_NUM_THREADS=1 python benchmarks/glyph_capstone.py [--jobs N] [COMPOSITION ...]

The capstone asks for an objective, a sampler, an ensemble and a regularizer that learn
from the training classes within 20 CPU seconds. This measures what a beginning, what
each choice by itself, and what all of them together reach on the test classes, so that
its thresholds can be set: two budgets, five seeds (each draws its own classes), images
and labels of the training classes alone, no early stop. glyph_capstone.csv has a row
for each composition, budget and seed, with the steps that fitted into the budget; a row
that is there is not run again. Each is a job of its own, in one of N processes with one
thread each.
"""

import argparse
import itertools
import math
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import torch
from _rows import Row, read, save
from torch import Generator, Tensor, nn
from torch.nn.functional import normalize

from mlcourse import losses, miners
from mlcourse.datasets import glyphs
from mlcourse.distances import euclidean
from mlcourse.evaluation import evaluate
from mlcourse.judgements import dissimilar_pairs, similar_pairs
from mlcourse.networks import convnet
from mlcourse.regularizers import rho_triplets, spread
from mlcourse.samplers import ClassBalancedBatches, HierarchicalBatches
from mlcourse.selfsupervised import RandomWarp, target_loss
from mlcourse.training import embed

FILE = Path(__file__).with_name("glyph_capstone.csv")
COLUMNS = ("composition", "seconds", "seed", "recall_at_1", "map_at_r", "steps",
           "cpu_seconds")  # fmt: skip
BUDGETS, SEEDS = (5, 20), range(5)
Objective = Callable[[Tensor, Tensor, Generator], Tensor]


def contrastive(z: Tensor, y: Tensor, g: Generator) -> Tensor:
    """All pairs of the batch."""
    dist = euclidean(z, z)
    return losses.contrastive_loss(dist, similar_pairs(y), dissimilar_pairs(y))


def triplets(z: Tensor, y: Tensor, g: Generator) -> Tensor:
    """Distance-weighted negatives."""
    dist = euclidean(z, z)
    T = miners.distance_weighted_triplets(dist.detach(), y, dim=z.shape[1], generator=g)
    return losses.triplet_loss(dist, T, margin=0.2)


def rho(z: Tensor, y: Tensor, g: Generator) -> Tensor:
    """The same, some of them turned round: against over-compression."""
    dist = euclidean(z, z)
    T = miners.distance_weighted_triplets(dist.detach(), y, dim=z.shape[1], generator=g)
    T = rho_triplets(T, probability=0.2, generator=g)
    return losses.triplet_loss(dist, T, margin=0.2)


def multi_similarity(z: Tensor, y: Tensor, g: Generator) -> Tensor:
    """Pairs weighed by how they compare."""
    return losses.multi_similarity_loss(z @ z.T, y, base=0.7)


def targets(z: Tensor, y: Tensor, g: Generator) -> Tensor:
    """Classes of the batch to right angles."""
    return target_loss(z, y)


def both(z: Tensor, y: Tensor, g: Generator) -> Tensor:
    """Targets and multi-similarity."""
    return target_loss(z, y) + multi_similarity(z, y, g)


@dataclass
class Composition:
    """One choice for each part of the formula."""

    objective: Objective = contrastive
    spread: float = 0.0  # weight of the regularizer
    neighbours: bool = False  # batches of neighbouring classes
    channels: tuple[int, ...] = (1, 8, 32, 64)
    dim: int = 64
    learners: int = 1  # networks, which share the budget and are concatenated
    views: bool = False  # every image turned, shifted, noisy, each time anew
    average: bool = False  # of the weights over the last third
    looks: int = 1  # at a test image, averaged: itself and views
    lr: float = 1e-2
    classes: int = 16
    per_class: int = 4


PLAIN = Composition(multi_similarity)
WIDE = (1, 16, 64, 128)
ALL = Composition(both, views=True, channels=WIDE, dim=128, looks=8)
#: From the beginning that everybody is given, through one choice at a time, to all.
COMPOSITIONS: dict[str, Composition] = {
    "starter": Composition(lr=1e-3),
    "contrastive": Composition(),
    "distance-weighted": Composition(triplets),
    "distance-weighted, rho": Composition(rho),
    "targets": Composition(targets),
    "multi-similarity": PLAIN,
    "multi-similarity, spread": replace(PLAIN, spread=1.0),
    "multi-similarity, neighbours": replace(PLAIN, neighbours=True),
    "multi-similarity, two networks": replace(PLAIN, learners=2),
    "multi-similarity, wider": replace(PLAIN, channels=WIDE, dim=128),
    "multi-similarity, weights averaged": replace(PLAIN, average=True),
    "multi-similarity, looks": replace(PLAIN, looks=8),
    "multi-similarity, views": replace(PLAIN, views=True),
    "views, two networks": replace(PLAIN, views=True, learners=2),
    "views, targets too": replace(PLAIN, objective=both, views=True),
    "views, targets too, looks": replace(PLAIN, objective=both, views=True, looks=8),
    "all": ALL,
    "all, two networks": replace(ALL, learners=2),
    "all, multi-similarity alone": replace(ALL, objective=multi_similarity),
}


def sampler(
    made: Composition, y: Tensor, g: Generator
) -> ClassBalancedBatches | HierarchicalBatches:
    """Batches of 30, again and again."""
    if made.neighbours:
        return HierarchicalBatches(y, classes=made.classes // 4, group=4, n_batches=30,
                                   per_class=made.per_class, generator=g)  # fmt: skip
    return ClassBalancedBatches(y, classes=made.classes, per_class=made.per_class,
                                n_batches=30, generator=g)  # fmt: skip


def learn(
    made: Composition, x: Tensor, y: Tensor, seconds: float, g: Generator
) -> tuple[nn.Module, int]:
    """A network trained until its CPU seconds are used up, and its number of steps."""
    start = time.process_time()
    psi = convnet(made.dim, channels=made.channels, generator=g)
    if made.views:
        psi = nn.Sequential(RandomWarp(generator=g), psi)
    rows_of, codes = sampler(made, y, g), y.unique(return_inverse=True)[1]
    optimizer = torch.optim.AdamW(psi.parameters(), lr=made.lr, weight_decay=1e-2)
    mean = None
    if made.average:
        mean = torch.optim.swa_utils.AveragedModel(psi, use_buffers=True)
    steps, used = 0, 0.0
    while used < seconds:
        if isinstance(rows_of, HierarchicalBatches):
            rows_of.refresh(embed(psi, x))
        psi.train()
        for rows in rows_of:
            used = time.process_time() - start
            if used >= seconds:
                break
            for group in optimizer.param_groups:
                group["lr"] = made.lr * (1 + math.cos(math.pi * used / seconds)) / 2
            z = psi(x[rows])
            value = made.objective(z, codes[rows], g)
            if made.spread:
                value = value + made.spread * spread(z)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            steps += 1
            if mean is not None and used > seconds * 2 / 3:
                mean.update_parameters(psi)
    averaged = mean is not None and mean.n_averaged > 0
    return (mean.module if averaged else psi), steps


@torch.no_grad()
def looked_at(psi: nn.Module, x: Tensor, looks: int, g: Generator) -> Tensor:
    """The mean direction of an image and of some views of it."""
    warp = RandomWarp(angle=8, shift=0.05, noise=0, generator=g).train()
    views = [x, *(warp(x) for _ in range(looks - 1))]
    return normalize(sum(embed(psi, view) for view in views))


def job(name: str, seconds: int, seed: int) -> Row:
    """A row of the table."""
    torch.set_num_threads(1)
    made, g = COMPOSITIONS[name], torch.Generator().manual_seed(seed)
    data = glyphs(generator=torch.Generator().manual_seed(seed))
    warm_up = torch.Generator().manual_seed(0)
    learn(made, data.train.x, data.train.y, 0.2, warm_up)  # imports are not learning
    start = time.process_time()
    trained = [
        learn(made, data.train.x, data.train.y, seconds / made.learners, g)
        for _ in range(made.learners)
    ]
    used = time.process_time() - start
    z = torch.cat([looked_at(psi, data.test.x, made.looks, g) for psi, _ in trained], 1)
    found = evaluate(z, data.test.y, ks=(1,))
    return {
        "composition": name, "seconds": str(seconds), "seed": str(seed),
        "recall_at_1": f"{found['recall@1']:.4f}",
        "map_at_r": f"{found['map_at_r']:.4f}",
        "steps": str(sum(steps for _, steps in trained)), "cpu_seconds": f"{used:.1f}",
    }  # fmt: skip


def main(names: list[str], jobs: int) -> None:
    """Add what the file lacks, and keep each row as it comes."""
    rows = read(FILE)
    done = {(row["composition"], row["seconds"], row["seed"]) for row in rows}
    todo = [
        (name, seconds, seed)
        for seconds, seed, name in itertools.product(BUDGETS, SEEDS, COMPOSITIONS)
        if (name, str(seconds), str(seed)) not in done and (not names or name in names)
    ]
    for seed in {seed for _, _, seed in todo}:
        glyphs(generator=torch.Generator().manual_seed(seed))  # drawn once, and kept
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for found in as_completed([pool.submit(job, *one) for one in todo]):
            rows.append(found.result())
            save(FILE, COLUMNS, sorted(rows, key=place))
            print(rows[-1], flush=True)


def place(row: Row) -> tuple[int, int, int]:
    """Where a row belongs, in whatever order the jobs end."""
    number = list(COMPOSITIONS).index(row["composition"])
    return number, int(row["seconds"]), int(row["seed"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("compositions", nargs="*", metavar="COMPOSITION")
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    main(given.compositions, given.jobs)
