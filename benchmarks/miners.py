"""Miners beside pytorch-metric-learning: CPU time of one thread, and memory.

``OMP_NUM_THREADS=1 python benchmarks/miners.py`` prints a Markdown table a batch size
and draws ``benchmarks/miners.png``. Both sides get the same embeddings, normalise them,
compute the distances by a product of matrices, and mine (random triplets need neither);
they take turns in one process. Memory is the growth of the peak in a process of its
own. What both find is compared first, where nothing is drawn.
"""

import argparse
import statistics
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

import torch
from _beside import Step, chords, grown, milliseconds
from torch import Generator, Tensor
from torch.nn.functional import normalize

from mlcourse import miners as ours
from mlcourse.distances import euclidean
from mlcourse.plots import figure, plot_ratios

with warnings.catch_warnings():
    warnings.simplefilter("default")
    from pytorch_metric_learning import miners as pml
    from pytorch_metric_learning.distances import LpDistance
    from pytorch_metric_learning.utils.loss_and_miner_utils import (
        get_random_triplet_indices,
    )

DIM, PER_CLASS, MARGIN = 128, 4, 0.2
DRAWS = {128: 60, 512: 25, 1024: 15}
Tables = Sequence[Tensor]
Miner = Callable[[Tensor, Tensor], Tables]


def on_distances(miner: Callable[[Tensor, Tensor], Tensor]) -> Miner:
    """A miner of a matrix, from embeddings on."""
    return lambda z, y: (miner(chords(normalize(z)), y),)


def no_distances(z: Tensor) -> Tensor:
    """A matrix for a miner that looks at its shape alone."""
    return z.new_zeros(()).expand(len(z), len(z))


def cases() -> dict[str, tuple[Miner, Miner | None]]:
    """Name: ours, the peer's miner of the same role, or None where it has none."""
    g = Generator().manual_seed(0)
    return {
        "random": (
            lambda z, y: (ours.random_triplets(no_distances(z), y, generator=g),),
            lambda z, y: get_random_triplet_indices(y, t_per_anchor=PER_CLASS - 1),
        ),
        "semi-hard": (
            on_distances(lambda d, y: ours.semihard_triplets(d, y, margin=MARGIN)),
            pml.TripletMarginMiner(MARGIN, type_of_triplets="semihard"),
        ),
        "semi-hard, nearest": (
            on_distances(
                lambda d, y: ours.nearest_semihard_triplets(d, y, margin=MARGIN)
            ),
            None,
        ),
        "batch-hard": (on_distances(ours.hard_triplets), pml.BatchHardMiner()),
        "EP": (
            on_distances(lambda d, y: ours.easy_positive_triplets(d, y, margin=MARGIN)),
            None,
        ),
        "EPHN": (
            on_distances(ours.ephn_triplets),
            pml.BatchEasyHardMiner("easy", "hard"),
        ),
        "EPSHN": (
            on_distances(ours.epshn_triplets),
            pml.BatchEasyHardMiner("easy", "semihard"),
        ),
        "distance-weighted": (
            on_distances(
                lambda d, y: ours.distance_weighted_triplets(
                    d, y, dim=DIM, max_dist=1.4, generator=g
                )
            ),
            pml.DistanceWeightedMiner(cutoff=0.5, nonzero_loss_cutoff=1.4),
        ),
        "multi-similarity": (multi_similarity, pml.MultiSimilarityMiner(epsilon=0.1)),
    }


def multi_similarity(z: Tensor, y: Tensor) -> Tables:
    """Of cosines in place of distances."""
    u = normalize(z)
    return ours.multi_similarity_pairs(u @ u.T, y, epsilon=0.1)


def data(batch: int) -> tuple[Tensor, Tensor]:
    """Gaussian embeddings of an untrained network, and their classes."""
    z = torch.randn(batch, DIM, generator=Generator().manual_seed(0))
    return z, torch.arange(batch) // PER_CLASS


def prepare(name: str, side: int, batch: int) -> tuple[Step, Step]:
    """A small run and the measured one."""
    miner = cases()[name][side]
    assert miner is not None
    small, full = data(2 * PER_CLASS), data(batch)
    return partial(miner, *small), partial(miner, *full)


def check(name: str, mine: Tables, theirs: Tables) -> None:
    """Both find the same, but for pairs within rounding of a bound."""
    if name == "multi-similarity":
        a, p, b, n = theirs
        both = [(mine[0], torch.stack([a, p], 1)), (mine[1], torch.stack([b, n], 1))]
    else:  # the miners with one negative name the anchor twice
        columns = theirs if len(theirs) == 3 else (theirs[0], theirs[1], theirs[3])
        both = [(mine[0], torch.stack(list(columns), 1))]
    for found, peer in both:
        rows, other = ({*map(tuple, t.tolist())} for t in (found, peer))
        assert len(rows ^ other) <= max(2, 1e-3 * len(other)), name


def measure(batch: int) -> Iterator[tuple[str, int, list[float], list[float]]]:
    """Name, rows found, milliseconds and MiB of ours, and of the peer where it is."""
    z, y = data(batch)
    for name, sides in cases().items():
        there = [miner for miner in sides if miner is not None]
        found = [miner(z, y) for miner in there]
        if len(there) == 2 and name not in ("random", "distance-weighted"):
            check(name, *found)
        steps = [partial(miner, z, y) for miner in there]
        times = milliseconds(DRAWS.get(batch, 10), *steps)
        mib = [grown(prepare, name, side, batch) for side in range(len(there))]
        yield name, sum(len(table) for table in found[0]), times, mib


def line(name: str, rows: int, times: list[float], mib: list[float]) -> str:
    """A row of the table."""
    if len(times) == 1:
        cells = [f"{times[0]:.2f}", "has none", "", f"{mib[0]:.1f}", ""]
    else:
        ratio = f"{times[1] / times[0]:.1f}"
        cells = [*(f"{t:.2f}" for t in times), ratio, *(f"{m:.1f}" for m in mib)]
    return "| " + " | ".join([name, f"{rows:,}", *cells]) + " |"


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, nargs="+", default=[128, 512, 1024])
    options = parser.parse_args()
    torch.set_num_threads(1)
    peer = version("pytorch-metric-learning")
    print(f"torch {torch.__version__}, pytorch-metric-learning {peer}, one thread")
    ratios: dict[str, dict[str, float]] = {}
    for batch in options.batches:
        print(f"\n### Batch {batch}, {PER_CLASS} a class, d = {DIM}\n")
        print("| miner | rows | ours, ms | peer, ms | peer / ours | ours, MiB", end="")
        print(" | peer, MiB |\n|---|---|---|---|---|---|---|")
        of = ratios.setdefault(f"batch {batch}", {})
        for name, rows, times, mib in measure(batch):
            print(line(name, rows, times, mib), flush=True)
            if len(times) == 2:
                of[name] = times[1] / times[0]
        u = normalize(data(batch)[0])
        product, peers, exact = milliseconds(
            DRAWS.get(batch, 10),
            partial(chords, u),
            partial(LpDistance(), u),
            partial(euclidean, u, u),
        )
        print(f"\nDistances alone, ms: by a product {product:.2f}, the peer's", end=" ")
        print(f"{peers:.2f}, `euclidean` {exact:.2f}")
    every = [ratio for of in ratios.values() for ratio in of.values()]
    mean = statistics.geometric_mean(every)
    print(f"\nGeometric mean of peer / ours {mean:.1f}, least {min(every):.1f}")
    fig, ax = figure(size=(7, 3.5))
    plot_ratios(ax, ratios, peer="pytorch-metric-learning")
    fig.savefig(Path(__file__).with_suffix(".png"), dpi=120)


if __name__ == "__main__":
    main()
