"""What looks at all of the data, at an equal budget, on glyph classes never seen.

    OMP_NUM_THREADS=1 python benchmarks/glyph_global.py [METHOD ...]

One network, 64 points a batch and 150 steps for all, in 5 epochs of 30 batches; in 15
of 10 where a policy learns once an epoch. One margin for all, that which validation
classes chose for the triplet loss in glyph_losses.py; where a method has a number of
its own and no default, they choose here too, on a seed that is not reported. Beside
each method stand its parts alone. A row that glyph_global.csv has is not run again.
"""

import itertools
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from _rows import read, save
from torch import Generator, Tensor, nn

from mlcourse import losses, miners
from mlcourse.datasets import Glyphs, glyphs
from mlcourse.distances import cosine, euclidean, sqeuclidean
from mlcourse.evaluation import evaluate
from mlcourse.judgements import all_triplets
from mlcourse.samplers import (
    ClassBalancedBatches,
    ClassMiner,
    EpochHook,
    HierarchicalBatches,
    class_tree,
)
from mlcourse.training import embed, train_glyph_net

FILE = Path(__file__).with_name("glyph_global.csv")
COLUMNS = ("method", "seed", "recall_at_1", "map_at_r", "cpu_seconds", "setting",
           "note")  # fmt: skip
CHOICE, DIM, STEPS, SEEDS = 100, 64, 150, range(5)
Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass
class Run:
    """What a method gives ``train_glyph_net``, and what it has to say afterwards."""

    loss: Loss
    batches: Iterable[list[int]]
    hooks: Sequence[EpochHook] = ()
    note: Callable[[], str] = str


#: From training images, labels, batches an epoch and a generator.
Maker = Callable[[Tensor, Tensor, int, Generator], Run]


def balanced(y: Tensor, steps: int, g: Generator) -> ClassBalancedBatches:
    """The usual batches: 16 classes, 4 points of each."""
    return ClassBalancedBatches(y, classes=16, per_class=4, n_batches=steps,
                                generator=g)  # fmt: skip


def local(miner: Callable[[Tensor, Tensor, Generator], Tensor], margin: float) -> Maker:
    """A miner inside usual batches."""

    def make(x: Tensor, y: Tensor, steps: int, g: Generator) -> Run:
        def loss(z: Tensor, labels: Tensor) -> Tensor:
            dist = euclidean(z, z)
            T = miner(dist.detach(), labels, g)
            return losses.triplet_loss(dist, T, margin=margin)

        return Run(loss, balanced(y, steps, g))

    return make


def hierarchical(group: int, *, dynamic: bool, margin: float) -> Maker:
    """Batches of neighbours (group > 1), and margins of the tree (dynamic), or not."""

    def make(x: Tensor, y: Tensor, steps: int, g: Generator) -> Run:
        batches = HierarchicalBatches(y, classes=16 // group, group=group, per_class=4,
                                      n_batches=steps, generator=g)  # fmt: skip
        kept: list[Tensor] = [torch.empty(0)] * 2  # class distances, and their tree

        def loss(z: Tensor, labels: Tensor) -> Tensor:
            T, dist = all_triplets(labels), sqeuclidean(z, z)
            if not dynamic:
                return losses.triplet_loss(dist, T, margin=margin)
            if batches.dist is not None and kept[0] is not batches.dist:
                kept[:] = batches.dist, class_tree(batches.dist).joined
            alpha = miners.violate_margins(
                T, labels, joined=kept[1], spread=kept[0].diagonal(), beta=margin
            )
            return losses.hierarchical_triplet_loss(dist, T, margins=alpha)

        return Run(loss, batches)

    return make


def smart(
    *, gamma: float, rank: float = 100, width: int = 20, depth: int = 800,
    gain: float = 2, target: float = 0.5, every: bool = False,
) -> Maker:  # fmt: skip
    """A window of ranks of all strangers, and the global loss with weight gamma.

    With every, the batch's points meet in all triplets that they make, not in 21.
    """

    def make(x: Tensor, y: Tensor, steps: int, g: Generator) -> Run:
        batches = miners.SmartMiner(
            y, triplets=21, n_batches=steps, rank=rank, width=width, depth=depth,
            margin=0.2, target=target, gain=gain, generator=g,
        )  # fmt: skip

        def loss(z: Tensor, labels: Tensor) -> Tensor:
            dist = sqeuclidean(z, z)
            T = all_triplets(labels) if every else batches.T
            value = losses.triplet_loss(dist, T, margin=0.2)
            if gamma:
                value = value + gamma * losses.global_loss(
                    dist / 4, T[:, :2], T[:, [0, 2]]
                )
            return value

        return Run(loss, batches, note=lambda: f"rank {batches.rank:.0f}, "
                   f"active {batches.active:.2f}")  # fmt: skip

    return make


class WithSoftmax(nn.Module):
    """Triplets, and a softmax whose weights are the signatures of the classes."""

    def __init__(self, n: int, weight: float, miner: Loss, g: Generator) -> None:
        super().__init__()
        self.weight, self.miner = weight, miner
        self.softmax = losses.Proxies(
            n, DIM, loss=losses.norm_softmax_loss, generator=g,
            delta=lambda z, w: 1 - cosine(z, w),
        )  # fmt: skip

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Both losses of embeddings z of classes labels."""
        dist = euclidean(z, z)
        T = self.miner(dist.detach(), labels)
        value: Tensor = self.weight * self.softmax(z, labels)
        return value + losses.triplet_loss(dist, T, margin=0.2)


def class_mining(*, weight: float, mined: bool) -> Maker:
    """Classes by their signatures, or the same losses in usual batches."""

    def make(x: Tensor, y: Tensor, steps: int, g: Generator) -> Run:
        loss = WithSoftmax(len(y.unique()), weight, lambda d, y: all_triplets(y), g)
        if not mined:
            return Run(loss, balanced(y, steps, g))
        batches = ClassMiner(
            y, queries=4, per_class=4, classes=4, pool=36, negatives=12,
            n_batches=steps, generator=g, signatures=loss.softmax.omega,
        )  # fmt: skip
        return Run(loss, batches)

    return make


def recall(z: Tensor, y: Tensor) -> float:
    """Recall@1, the reward of the policy."""
    return evaluate(z, y, ks=(1,))["recall@1"]


def pads(start: tuple[float, float], *, learned: bool, margin: float) -> Maker:
    """Negatives by a histogram that a policy bends, or that stays as it is."""

    def make(x: Tensor, y: Tensor, steps: int, g: Generator) -> Run:
        miner = miners.PolicyMiner(y, score=recall, start=start, generator=g,
                                   support=(0.1, 1.5))  # fmt: skip
        first = miner.pi

        def loss(z: Tensor, labels: Tensor) -> Tensor:
            dist = euclidean(z, z)
            T = miner(dist.detach(), labels)
            return losses.triplet_loss(dist, T, margin=margin)

        def note() -> str:
            middle = (miner.edges[1:] + miner.edges[:-1]) / 2
            return (
                f"mean {(middle * first).sum():.2f} to {(middle * miner.pi).sum():.2f}"
            )

        hooks = [miner] if learned else []
        return Run(loss, balanced(miner.drawable, steps, g), hooks, note)

    return make


def manifold(k: int) -> Maker:
    """Triplets from the pools of raw pixels: no label is used."""

    def make(x: Tensor, y: Tensor, steps: int, g: Generator) -> Run:
        flat = nn.functional.normalize(x.flatten(1) - x.flatten(1).mean(dim=0))
        S, D, _ = miners.manifold_pools(flat, positives=k, negatives=100, k=10)
        both = [i for i in S[:, 0].unique().tolist() if (D[:, 0] == i).any()]
        pools = [(i, S[S[:, 0] == i, 1], D[D[:, 0] == i, 1]) for i in both]

        def one(among: Tensor) -> int:
            return int(among[torch.randint(len(among), (), generator=g)])

        class Batches:
            def __iter__(self) -> Iterator[list[int]]:
                for _ in range(steps):
                    chosen = torch.randperm(len(pools), generator=g)[:21].tolist()
                    rows = [(pools[i][0], one(pools[i][1]), one(pools[i][2]))
                            for i in chosen]  # fmt: skip
                    yield torch.tensor(rows).T.flatten().tolist()

        T = torch.arange(63).view(3, 21).T
        right = [(y[P[:, 0]] == y[P[:, 1]]).float().mean() for P in (S, D)]
        return Run(
            lambda z, labels: losses.triplet_loss(sqeuclidean(z, z), T, margin=0.5),
            Batches(), note=lambda: f"same class: P+ {right[0]:.3f}, P- {right[1]:.3f}",
        )  # fmt: skip

    return make


def random(dist: Tensor, labels: Tensor, g: Generator) -> Tensor:
    """Random negatives."""
    return miners.random_triplets(dist, labels, generator=g)


def semihard(margin: float) -> Maker:
    """All semi-hard triplets."""
    return local(lambda d, y, g: miners.semihard_triplets(d, y, margin=margin), margin)


#: In the order in which they are run, for each seed.
METHODS: dict[str, dict[str, Maker]] = {
    "random": {"": local(random, 0.2)},
    "semi-hard": {"": semihard(0.2)},
    "hierarchical": {"beta 0.1": hierarchical(4, dynamic=True, margin=0.1)},
    "smart": {f"target {t}": smart(gamma=1, target=t)
              for t in (0.3, 0.7)},
    "class mining": {f"weight {w}": class_mining(weight=w, mined=True)
                     for w in (0.05, 0.5)},
    "PADS": {"": pads((0.3, 0.7), learned=True, margin=0.2)},
    "PADS, histogram as it starts": {"": pads((0.3, 0.7), learned=False, margin=0.2)},
    "class mining, its losses alone": {f"weight {w}": class_mining(
        weight=w, mined=False) for w in (0.05, 0.5)},
    "hierarchical, batches alone": {"": hierarchical(4, dynamic=False, margin=0.2)},
    "hierarchical, margins alone": {
        "beta 0.1": hierarchical(1, dynamic=True, margin=0.1)},
    "smart, no global loss": {f"target {t}": smart(
        gamma=0, target=t) for t in (0.3, 0.7)},
    "smart, any stranger": {"": smart(gamma=0, rank=1, width=1900, depth=1900, gain=1)},
    "smart, all triplets of its batches": {"": smart(gamma=0, every=True)},
    "any stranger, all triplets of its batches": {"": smart(
        gamma=0, rank=1, width=1900, depth=1900, gain=1, every=True)},
    "all triplets": {"": local(lambda d, y, g: all_triplets(y), 0.2)},
    "manifold, no labels": {"": manifold(10)},
}  # fmt: skip


def data_of(seed: int) -> Glyphs:
    """The standard glyphs of a seed."""
    return glyphs(generator=torch.Generator().manual_seed(seed))


def fit(name: str, setting: str, seed: int) -> tuple[nn.Module, float, float, str]:
    """The network, its best Recall@1 on validation classes, CPU seconds, a note."""
    data, start = data_of(seed), time.process_time()
    generator = torch.Generator().manual_seed(seed)
    epochs = 15 if name.startswith("PADS") else 5
    maker = METHODS[name][setting]
    run = maker(data.train.x, data.train.y, STEPS // epochs, generator)
    psi, history = train_glyph_net(
        run.loss, data, generator=generator, batches=run.batches, hooks=run.hooks,
        dim=DIM, epochs=epochs,
    )  # fmt: skip
    best = max(history.untrained, *history.score)
    return psi, best, time.process_time() - start, run.note()


def rows_of(names: list[str], rows: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    """What the file lacks, row by row; a whole seed before the next."""
    done = {(row["method"], row["seed"]) for row in rows}
    chosen = {row["method"]: row["setting"] for row in rows}
    for seed, (name, settings) in itertools.product(SEEDS, METHODS.items()):
        if (name, str(seed)) in done or (names and name not in names):
            continue
        if name not in chosen and len(settings) > 1:
            scores = {setting: fit(name, setting, CHOICE)[1] for setting in settings}
            print(name, scores, flush=True)
            chosen[name] = max(scores, key=scores.__getitem__)
        setting = chosen.setdefault(name, next(iter(settings)))
        psi, _, seconds, note = fit(name, setting, seed)
        test = data_of(seed).test
        found = evaluate(embed(psi, test.x), test.y, ks=(1,))
        yield {
            "method": name, "seed": str(seed), "note": note, "setting": setting,
            "recall_at_1": f"{found['recall@1']:.4f}",
            "map_at_r": f"{found['map_at_r']:.4f}", "cpu_seconds": f"{seconds:.1f}",
        }  # fmt: skip


def main(names: list[str]) -> None:
    """Add what the file lacks, and keep each row as soon as it is there."""
    torch.set_num_threads(1)
    rows = read(FILE)
    for row in rows_of(names, list(rows)):
        rows.append(row)
        save(FILE, COLUMNS, rows)
        print({name: row[name] for name in COLUMNS if row[name]}, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
