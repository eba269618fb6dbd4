"""Relations without labels at an equal budget, on glyph classes never seen.

    OMP_NUM_THREADS=1 python benchmarks/glyph_selfsupervised.py [--jobs N] [METHOD ...]

One network, 64 images a batch and 150 batches (450 in the rows of 15 epochs) for all;
what changes is which images are said to be alike. Each comes as another view every
time (turned by up to 15 degrees, shifted, noisy), unless a row says no views. Only the
supervised methods see a label of a training image; all see those of validation classes,
which choose a setting, on a seed that is not reported, and the epoch.
glyph_selfsupervised.csv has a row for each method, budget and seed,
glyph_selfsupervised_rounds.csv what each grouping found, held against the labels
afterwards. Rows that are there are not run again; each (method, budget, seed) is a job
of its own, in one of N processes with one thread each.
"""

import argparse
import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import torch
from _rows import Row, read, save
from scipy.sparse.linalg import eigsh
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from torch import Generator, Tensor, nn

from mlcourse import selfsupervised as own
from mlcourse.datasets import Glyphs, glyphs
from mlcourse.evaluation import evaluate
from mlcourse.losses import info_nce_loss, multi_similarity_loss
from mlcourse.networks import convnet
from mlcourse.training import embed, train

FILE = Path(__file__).with_name("glyph_selfsupervised.csv")
ROUNDS = Path(__file__).with_name("glyph_selfsupervised_rounds.csv")
COLUMNS = ("method", "epochs", "seed", "recall_at_1", "map_at_r", "validation", "epoch",
           "cpu_seconds", "setting")  # fmt: skip
ROUND_COLUMNS = ("method", "epochs", "seed", "before_epoch", "groups", "points",
                 "purity", "similar", "similar_right", "dissimilar",
                 "dissimilar_right", "same_class_in_a_batch", "nearest_right",
                 "most_similar_right", "least_similar_right")  # fmt: skip
CHOICE, SEEDS, BUDGETS, STEPS, DIM = 100, range(5), (5, 15), 30, 64
Loss = Callable[[Tensor, Tensor], Tensor]


def multi_similarity(z: Tensor, labels: Tensor) -> Tensor:
    """The loss of all rows but two, with the base that lecture 8's table chose."""
    return multi_similarity_loss(z @ z.T, labels, base=0.7)


def two_views(temperature: float) -> Loss:
    """InfoNCE: of all images of the batch, which is the other view?"""
    return lambda z, y: info_nce_loss(z @ z.T, y, temperature=temperature)


@dataclass
class Run:
    """What a method is told; only the supervised ones look at the classes."""

    hog: Tensor  # (n, n), similarities before anything is learned
    classes: Tensor  # (C, n), true members
    draws: Generator


Find = Callable[[Run, Tensor], Tensor]  # from similarities to groups
Share = Callable[[Run, Tensor, Tensor], Tensor]  # and to batches of groups


def any_batches(r: int) -> Share:
    """Batches of r groups at random."""

    def share(run: Run, sim: Tensor, member: Tensor) -> Tensor:
        rows = [torch.randperm(len(member), generator=run.draws)[:r]
                for _ in range(STEPS)]  # fmt: skip
        return torch.stack(rows)

    return share


def far_apart(run: Run, sim: Tensor, member: Tensor) -> Tensor:
    """Batches of 16 mutually distant groups, which cover all of them."""
    return own.assign_cliques(
        own.clique_similarity(sim, member), n_batches=STEPS, per_batch=16,
        generator=run.draws,
    ).batches  # fmt: skip


def parted(run: Run, sim: Tensor, member: Tensor) -> Tensor:
    """Subsets of 16 mutually distant groups, each group in one of them."""
    return own.assign_cliques(
        own.clique_similarity(sim, member), n_batches=len(member) // 16, per_batch=16,
        repeat=0, cover=1000, generator=run.draws,
    ).batches  # fmt: skip


def compact(size: int, number: int) -> Find:
    """The most compact cliques that are disjoint, a multiple of 16."""

    def find(run: Run, sim: Tensor) -> Tensor:
        member = own.compact_cliques(sim, size=size, n_cliques=number)
        return member[: len(member) // 16 * 16]

    return find


def grown(size: int, number: int) -> Find:
    """Cliques, and whoever is like all of one."""
    return lambda run, sim: own.extend_cliques(sim, compact(size, number)(run, sim))


def shared_neighbours(find: Find) -> Find:
    """Groups of those who have their neighbours in common, ties by similarity."""
    return lambda run, sim: find(run, own.reliability(sim, k=10) + sim / 1000)


def neighbourhoods(k: int) -> Find:
    """Around each image its k - 1 nearest: no clique, and nothing is left out."""

    def find(run: Run, sim: Tensor) -> Tensor:
        near = sim.clone().fill_diagonal_(2).topk(k, dim=1).indices
        return torch.zeros_like(sim, dtype=torch.bool).scatter_(1, near, True)

    return find


def k_means(number: int) -> Find:
    """Clusters in the 32 leading coordinates of the similarities; none of one image."""

    def find(run: Run, sim: Tensor) -> Tensor:
        value, axes = eigsh(sim.double().numpy(), k=32)
        seed = int(torch.randint(2**31, (), generator=run.draws))
        means = KMeans(number, n_init=1, random_state=seed)
        found = torch.as_tensor(means.fit_predict(axes * value.clip(0) ** 0.5))
        member = found == torch.arange(number)[:, None]
        return member[member.sum(dim=1) > 1]

    return find


def random_groups(run: Run, sim: Tensor) -> Tensor:
    """Three images at random: what relations that mean nothing teach."""
    order = torch.randperm(len(sim), generator=run.draws)[: 3 * 288].view(288, 3)
    return torch.zeros(288, len(sim), dtype=torch.bool).scatter_(1, order, True)


def alone(run: Run, sim: Tensor) -> Tensor:
    """Each image is a group of its own; its views are alike."""
    return torch.eye(len(sim), dtype=torch.bool)


def classes(run: Run, sim: Tensor) -> Tensor:
    """The true classes."""
    return run.classes


@dataclass
class Method:
    """How images are grouped and shared out, and what is learned from that."""

    find: Find
    share: Share
    loss: Loss = multi_similarity
    images: int = 4  # of a group in a batch
    weak: float = 0.5  # share that HOG keeps in the similarities
    every: int = 1  # epochs between two groupings
    warp: bool = True  # whether each image comes as a new view
    longer: bool = True  # whether it also runs with three times the budget


KEPT = 10**6  # epochs: the first groups stay
CLIQUES = {
    "288 of 3": compact(3, 288), "288 of 3, grown": grown(3, 288),
    "160 of 5": compact(5, 160), "160 of 5, grown": grown(5, 160),
}  # fmt: skip

#: Settings of each method, one of which validation classes choose.
METHODS: dict[str, dict[str, Method]] = {
    "supervised": {"": Method(classes, any_batches(16))},
    "CliqueCNN": {name: Method(find, far_apart) for name, find in CLIQUES.items()},
    "reliable relations": {
        name: Method(find, parted, own.target_loss) for name, find in CLIQUES.items()},
    "k-NN pseudo-labels": {
        f"k {k}": Method(neighbourhoods(k), any_batches(16)) for k in (2, 3, 5)},
    "k-means pseudo-labels": {
        f"{k} clusters": Method(k_means(k), any_batches(16)) for k in (100, 200, 400)},
    "two views, InfoNCE": {
        f"temperature {t}": Method(alone, any_batches(32), two_views(t), images=2,
                                   every=KEPT) for t in (0.1, 0.2, 0.5)},
    "two views, targets": {"": Method(
        alone, any_batches(32), own.target_loss, images=2, every=KEPT)},
    "random groups": {"": Method(random_groups, any_batches(16), longer=False)},
}  # fmt: skip
#: A method but for one thing; its setting is that of the method before the comma.
BUT_FOR: dict[str, Callable[[Method], Method]] = {
    "supervised, targets": lambda m: replace(m, loss=own.target_loss),
    "supervised, no views": lambda m: replace(m, warp=False, longer=False),
    "CliqueCNN, first cliques kept": lambda m: replace(m, every=KEPT),
    "CliqueCNN, any batches": lambda m: replace(
        m, share=any_batches(16), longer=False),
    "CliqueCNN, HOG forgotten": lambda m: replace(m, weak=0, longer=False),
    "CliqueCNN, no views": lambda m: replace(m, warp=False, longer=False),
    "reliable relations, first groups kept": lambda m: replace(m, every=KEPT),
    "reliable relations, any subsets": lambda m: replace(
        m, share=any_batches(16), longer=False),
    "reliable relations, HOG forgotten": lambda m: replace(m, weak=0, longer=False),
    "reliable relations, shared neighbours": lambda m: replace(
        m, find=shared_neighbours(m.find), longer=False),
    "reliable relations, no views": lambda m: replace(m, warp=False, longer=False),
}  # fmt: skip
METHODS |= {
    name: {s: change(m) for s, m in METHODS[name.split(",")[0]].items()}
    for name, change in BUT_FOR.items()
}
BASELINES = ("raw pixels", "PCA", "HOG", "HOG + PCA", "untrained network")


@dataclass
class Watch:
    """Hook that holds each grouping against the labels, once it is made."""

    run: Run
    batches: own.SurrogateBatches
    labels: Tensor
    similarity: Callable[[Tensor], Tensor]
    rows: list[Row] = field(default_factory=list)
    seconds: float = 0.0

    def refresh(self, z: Tensor) -> None:
        """Note what the latest grouping states, and what plain neighbours would."""
        start, member, y = time.process_time(), self.batches.found[-1], self.labels
        epoch = self.batches.epoch
        sim = self.similarity(z) if epoch > 1 else self.run.hog
        S, D = own.group_relations(member, self.batches.assignment)
        right = own.right_shares(S, D, y)
        near = sim.clone().fill_diagonal_(-2).topk(2, dim=1).indices
        top, far, _ = own.reliable_relations(sim, similar=0.001, dissimilar=0.5)
        best = own.right_shares(top, far, y)
        of_class = nn.functional.one_hot(y.unique(return_inverse=True)[1]).float()
        most = (member.float() @ of_class).argmax(dim=1)[self.batches.assignment]
        pairs = (most[:, :, None] == most[:, None]).float().mean().item()
        r = most.shape[1]
        numbers = {
            "purity": own.clique_purity(member, y).mean().item(),
            "similar_right": right[0], "dissimilar_right": right[1],
            "nearest_right": (y[near] == y[:, None]).float().mean().item(),
            "most_similar_right": best[0], "least_similar_right": best[1],
            "same_class_in_a_batch": (pairs * r - 1) / (r - 1),
        }  # fmt: skip
        self.rows.append({
            "before_epoch": str(epoch), "groups": str(len(member)),
            "points": str(int(member.any(dim=0).sum())), "similar": str(len(S)),
            "dissimilar": str(len(D)), **{k: f"{v:.4f}" for k, v in numbers.items()},
        })  # fmt: skip
        self.seconds += time.process_time() - start


def data_of(seed: int) -> Glyphs:
    """The standard glyphs of a seed."""
    return glyphs(generator=torch.Generator().manual_seed(seed))


def network(seed: int) -> tuple[nn.Sequential, Generator]:
    """The standard network, and the generator that goes on from its weights."""
    draws = torch.Generator().manual_seed(seed)
    return convnet(DIM, channels=(1, 8, 32, 64), generator=draws), draws


def fit(method: Method, data: Glyphs, seed: int, epochs: int) -> tuple[
    nn.Module, Row, list[Row]
]:  # fmt: skip
    """The network, what the run cost and reached, and what its groupings found."""
    start = time.process_time()
    psi, draws = network(seed)
    x, y = data.train.x, data.train.y
    run = Run(own.cosines(own.hog(x)), y == y.unique()[:, None], draws)

    def similarity(z: Tensor) -> Tensor:
        return method.weak * run.hog + (1 - method.weak) * own.cosines(z)

    batches = own.SurrogateBatches(
        run.hog, group=partial(method.find, run), assign=partial(method.share, run),
        per_group=method.images, n_batches=STEPS, generator=draws,
        similarity=similarity, every=method.every,
    )  # fmt: skip
    watch = Watch(run, batches, y, similarity)
    views = [own.RandomWarp(generator=draws)] if method.warp else []
    history = train(
        nn.Sequential(*views, psi), own.SurrogateLoss(batches, method.loss), x, y,
        batches=batches, epochs=epochs, hooks=[watch], generator=draws, lr=1e-2,
        validation=(data.validation.x, data.validation.y),
    )  # fmt: skip
    found = {
        "validation": f"{max(history.untrained, *history.score):.4f}",
        "epoch": str(history.best + 1),
        "cpu_seconds": f"{time.process_time() - start - watch.seconds:.1f}",
    }
    return psi, found, watch.rows


def baseline(name: str, data: Glyphs, seed: int) -> Tensor:
    """Test images as they are, or in features that nobody trained on classes."""
    if name == "untrained network":
        return embed(network(seed)[0], data.test.x)
    train_x, test_x = (
        own.hog(part.x) if name.startswith("HOG") else part.x.flatten(1)
        for part in (data.train, data.test)
    )
    if not name.endswith("PCA"):
        return test_x
    axes = PCA(DIM, svd_solver="covariance_eigh").fit(train_x.double().numpy())
    return torch.tensor(axes.transform(test_x.double().numpy()))


def job(name: str, setting: str, seed: int, epochs: int) -> tuple[Row, list[Row]]:
    """A row of the table, and those of its groupings."""
    torch.set_num_threads(1)
    data = data_of(seed)
    row = {"method": name, "setting": setting, "seed": str(seed), "epochs": str(epochs)}
    rounds: list[Row] = []
    if name in BASELINES:
        z = baseline(name, data, seed)
    else:
        psi, found, rounds = fit(METHODS[name][setting], data, seed, epochs)
        row |= found
        z = embed(psi, data.test.x)
    score = evaluate(z, data.test.y, ks=(1,))
    row["recall_at_1"] = f"{score['recall@1']:.4f}"
    row["map_at_r"] = f"{score['map_at_r']:.4f}"
    keys = ("method", "epochs", "seed")
    return row, [{key: row[key] for key in keys} | found for found in rounds]


def missing(names: list[str], rows: list[Row]) -> Iterator[tuple[str, int, int]]:
    """Method, seed, epochs of what the file lacks; the short budget first."""
    done = {(row["method"], row["seed"], row["epochs"]) for row in rows}
    budgets = dict.fromkeys(BASELINES, (0,)) | {
        name: BUDGETS if all(m.longer for m in settings.values()) else BUDGETS[:1]
        for name, settings in METHODS.items()
    }
    for epochs, seed, name in itertools.product((0, *BUDGETS), SEEDS, budgets):
        wanted = epochs in budgets[name] and (not names or name in names)
        if wanted and (name, str(seed), str(epochs)) not in done:
            yield name, seed, epochs


def main(names: list[str], jobs: int) -> None:
    """Choose settings, add what the files lack, and keep each row as it comes."""
    rows, rounds = read(FILE), read(ROUNDS)
    todo = list(missing(names, rows))
    for seed in {CHOICE, *(seed for _, seed, _ in todo)}:
        data_of(seed)  # draws the images before the processes start
    chosen = {row["method"]: row["setting"] for row in rows}
    wanted = {name.split(",")[0] if name in BUT_FOR else name for name, _, _ in todo}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        tried = {
            pool.submit(job, name, setting, CHOICE, BUDGETS[0]): (name, setting)
            for name in METHODS
            for setting in METHODS[name]
            if name in wanted - set(chosen) and len(METHODS[name]) > 1
        }
        scores: dict[str, dict[str, float]] = {}
        for future in as_completed(tried):
            name, setting = tried[future]
            row = future.result()[0]
            scores.setdefault(name, {})[setting] = float(row["validation"])
        for name, values in scores.items():
            print(name, values, flush=True)
            chosen[name] = max(METHODS[name], key=values.__getitem__)
        for name in BUT_FOR:
            chosen.setdefault(name, chosen.get(name.split(",")[0], ""))
        running = [
            pool.submit(job, name, chosen.get(name, ""), seed, epochs)
            for name, seed, epochs in todo
        ]
        for done in as_completed(running):
            row, found = done.result()
            rows.append(row)
            rounds.extend(found)
            save(ROUNDS, ROUND_COLUMNS, sorted(rounds, key=place))
            save(FILE, COLUMNS, sorted(rows, key=place))
            print({key: value for key, value in row.items() if value}, flush=True)


def place(row: Row) -> tuple[int, int, int, int]:
    """Where a row belongs, in whatever order the jobs end."""
    names = (*BASELINES, *METHODS)
    number = names.index(row["method"]), int(row["epochs"]), int(row["seed"])
    return *number, int(row.get("before_epoch", 0))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("methods", nargs="*", metavar="METHOD")
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    main(given.methods, given.jobs)
