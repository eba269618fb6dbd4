"""Every miner of lecture 11 at an equal budget, on glyph classes never seen.

    OMP_NUM_THREADS=1 python benchmarks/glyph_sampling.py [MINER ...]

One network, batches and number of steps for all (``train_glyph_net``); what changes is
which triplets, or pairs, of a batch the loss sees. Each row has four settings, two of
the loss by two learning rates; validation classes of a seed that is not reported choose
one. Three seeds run with three times the budget too. A row that glyph_sampling.csv
already has is not run again.
"""

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from _rows import read, save
from torch import Generator, Tensor, nn

from mlcourse import miners
from mlcourse.datasets import Glyphs, glyphs
from mlcourse.distances import euclidean
from mlcourse.evaluation import evaluate, spectral_decay
from mlcourse.judgements import all_triplets, dissimilar_pairs, similar_pairs
from mlcourse.losses import MarginLoss, multi_similarity_loss, triplet_loss
from mlcourse.training import embed, train_glyph_net

FILE = Path(__file__).with_name("glyph_sampling.csv")
COLUMNS = ("loss", "miner", "epochs", "seed", "recall_at_1", "map_at_r", "rho",
           "mean_distance", "triplets", "active", "cpu_seconds", "setting")  # fmt: skip
CHOICE, DIM, MARGIN = 100, 64, 0.2
BUDGETS = {5: range(5), 15: range(3)}  # epochs: seeds
RATES = (1e-2, 3e-3)
#: From distances, classes, the margin, the largest distance, and a generator to T.
Miner = Callable[[Tensor, Tensor, float, float, Generator], Tensor]


def from_pairs(S: Tensor, D: Tensor) -> Tensor:
    """All triplets whose two pairs, of one anchor, were both chosen."""
    i, j = (S[:, :1] == D[:, 0]).nonzero(as_tuple=True)
    return torch.stack([S[i, 0], S[i, 1], D[j, 1]]).T


def multi_similarity(
    d: Tensor, y: Tensor, m: float, far: float, g: Generator
) -> Tensor:
    """Triplets of the pairs that multi-similarity mining chooses."""
    return from_pairs(*miners.multi_similarity_pairs(1 - d.square() / 2, y))


MINERS: dict[str, Miner] = {
    "none (all triplets)": lambda d, y, m, far, g: all_triplets(y),
    "random": lambda d, y, m, far, g: miners.random_triplets(d, y, generator=g),
    "semi-hard": lambda d, y, m, far, g: miners.semihard_triplets(d, y, margin=m),
    "semi-hard, nearest": lambda d, y, m, far, g: miners.nearest_semihard_triplets(
        d, y, margin=m),
    "hard": lambda d, y, m, far, g: miners.hard_triplets(d, y),
    "EP": lambda d, y, m, far, g: miners.easy_positive_triplets(d, y, margin=m),
    "EPHN": lambda d, y, m, far, g: miners.ephn_triplets(d, y),
    "EPSHN": lambda d, y, m, far, g: miners.epshn_triplets(d, y),
    "distance-weighted": lambda d, y, m, far, g: miners.distance_weighted_triplets(
        d, y, dim=DIM, max_dist=far, generator=g),
    "multi-similarity": multi_similarity,
}  # fmt: skip


class Mined(nn.Module):
    """A loss of what a miner chooses, which counts what it saw."""

    def __init__(self, miner: Miner, generator: Generator, *, margin: float) -> None:
        super().__init__()
        self.miner, self.generator, self.margin = miner, generator, margin
        self.far = 1.4
        self.sizes: list[int] = []
        self.actives: list[float] = []

    def triplets(self, dist: Tensor, y: Tensor) -> Tensor:
        """T of this batch, counted."""
        T = self.miner(dist.detach(), y, self.margin, self.far, self.generator)
        d = dist.detach()
        gap = d[T[:, 0], T[:, 1]] - d[T[:, 0], T[:, 2]] + self.margin
        self.sizes.append(len(T))
        self.actives.append(float((gap > 0).float().mean()) if len(T) else 0.0)
        return T

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Triplet loss of embeddings z of classes y."""
        dist = euclidean(z, z)
        return triplet_loss(dist, self.triplets(dist, y), margin=self.margin)


class MinedSquares(Mined):
    """The triplet loss on squared distances, as FaceNet has it."""

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Triplet loss of embeddings z of classes y."""
        dist = euclidean(z, z)
        return triplet_loss(dist**2, self.triplets(dist, y), margin=self.margin)


class MinedMargin(Mined):
    """Wu's margin loss on the pairs of the triplets; far ones are cut where it ends."""

    def __init__(self, miner: Miner, generator: Generator, *, beta: float) -> None:
        super().__init__(miner, generator, margin=MARGIN)
        self.loss, self.far = MarginLoss(beta=beta, margin=MARGIN), beta + MARGIN

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Margin loss of embeddings z of classes y."""
        dist = euclidean(z, z)
        T = self.triplets(dist, y)
        value: Tensor = self.loss(dist, T[:, :2], T[:, [0, 2]])
        return value


class AllPairs(Mined):
    """Margin loss on every pair once, without a miner."""

    def __init__(self, generator: Generator, *, beta: float) -> None:
        super().__init__(MINERS["none (all triplets)"], generator, margin=MARGIN)
        self.loss = MarginLoss(beta=beta, margin=MARGIN)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Margin loss of embeddings z of classes y."""
        dist = euclidean(z, z)
        self.triplets(dist, y)
        value: Tensor = self.loss(dist, similar_pairs(y), dissimilar_pairs(y))
        return value


class MultiSimilarity(Mined):
    """The multi-similarity loss, with or without its own mining."""

    def __init__(
        self, miner: Miner, generator: Generator, *, base: float, epsilon: float | None
    ) -> None:
        super().__init__(miner, generator, margin=MARGIN)
        self.base, self.epsilon = base, epsilon

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Multi-similarity loss of embeddings z of classes y."""
        self.triplets(euclidean(z, z), y)
        return multi_similarity_loss(z @ z.T, y, base=self.base, epsilon=self.epsilon)


Maker = Callable[[Generator], Mined]
METHODS: dict[tuple[str, str], dict[str, Maker]] = {
    ("triplet", name): {
        f"margin {m}": lambda g, miner=miner, m=m: Mined(miner, g, margin=m)
        for m in (0.2, 0.5)
    }
    for name, miner in MINERS.items()
}
METHODS["triplet, squared", "hard"] = {
    f"margin {m}": lambda g, m=m: MinedSquares(MINERS["hard"], g, margin=m)
    for m in (0.2, 0.5)
}
METHODS |= {
    ("margin", name): {
        f"beta {b}": lambda g, miner=MINERS[name], b=b: MinedMargin(miner, g, beta=b)
        for b in (0.6, 1.2)
    }
    for name in ("random", "distance-weighted")
}
METHODS["margin", "none (all pairs)"] = {
    f"beta {b}": lambda g, b=b: AllPairs(g, beta=b) for b in (0.6, 1.2)
}
for name, key, epsilon in (
    ("none (all pairs)", "none (all triplets)", None),
    ("multi-similarity", "multi-similarity", 0.1),
):
    METHODS["multi-similarity", name] = {
        f"base {b}": lambda g, b=b, key=key, e=epsilon: MultiSimilarity(
            MINERS[key], g, base=b, epsilon=e
        )
        for b in (0.5, 0.7)
    }


def data_of(seed: int) -> Glyphs:
    """The standard glyphs of a seed."""
    return glyphs(generator=torch.Generator().manual_seed(seed))


def fit(
    maker: Maker, seed: int, *, epochs: int, lr: float
) -> tuple[nn.Module, Mined, float, float]:
    """The network, its loss, its best Recall@1 on validation classes, CPU seconds."""
    data, start = data_of(seed), time.process_time()
    generator = torch.Generator().manual_seed(seed)
    loss = maker(generator)
    psi, history = train_glyph_net(
        loss, data, generator=generator, dim=DIM, epochs=epochs, lr=lr, loss_lr=1e-2
    )
    best = max(history.untrained, *history.score)
    return psi, loss, best, time.process_time() - start


def measured(psi: nn.Module, loss: Mined, data: Glyphs) -> dict[str, str]:
    """Recall@1, MAP@R, mean distance on test classes; T of the last epoch's batches."""
    z = embed(psi, data.test.x)
    found = evaluate(z, data.test.y, ks=(1,))
    last = slice(-30, None)
    numbers = {
        "recall_at_1": found["recall@1"],
        "map_at_r": found["map_at_r"],
        "rho": spectral_decay(embed(psi, data.train.x)),
        "mean_distance": torch.pdist(z).mean().item(),
        "active": sum(loss.actives[last]) / 30,
    }
    words = {name: f"{value:.4f}" for name, value in numbers.items()}
    return words | {"triplets": f"{sum(loss.sizes[last]) / 30:.0f}"}


def chosen(settings: dict[str, Maker]) -> str:
    """The setting and learning rate that validation classes of another seed prefer."""
    scores = {
        f"{s}, lr {lr}": fit(maker, CHOICE, epochs=5, lr=lr)[2]
        for (s, maker), lr in itertools.product(settings.items(), RATES)
    }
    return max(scores, key=scores.__getitem__)


def rows_of(names: list[str], rows: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    """What the file lacks, row by row."""
    done = {(r["loss"], r["miner"], r["epochs"], r["seed"]) for r in rows}
    setting = {(r["loss"], r["miner"]): r["setting"] for r in rows}
    for epochs, (key, settings) in itertools.product(BUDGETS, METHODS.items()):
        left = [s for s in BUDGETS[epochs] if (*key, str(epochs), str(s)) not in done]
        if not left or (names and key[1] not in names):
            continue
        if key not in setting:
            setting[key] = chosen(settings)
        name, lr = setting[key].split(", lr ")
        for seed in left:
            psi, loss, _, cpu = fit(settings[name], seed, epochs=epochs, lr=float(lr))
            row = {"loss": key[0], "miner": key[1], "epochs": str(epochs),
                   "seed": str(seed), "cpu_seconds": f"{cpu:.1f}",
                   "setting": setting[key]}  # fmt: skip
            yield row | measured(psi, loss, data_of(seed))


def main(names: list[str]) -> None:
    """Add what the file lacks, and keep each row as soon as it is there."""
    torch.set_num_threads(1)
    rows = read(FILE)
    for row in rows_of(names, list(rows)):
        rows.append(row)
        save(FILE, COLUMNS, rows)
        print({k: row[k] for k in COLUMNS[:5] + COLUMNS[-1:]}, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
