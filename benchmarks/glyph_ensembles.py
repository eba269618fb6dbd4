"""Every ensemble of the chapter beside one network, on glyph classes never seen.

    PYTHONPATH=. python3 benchmarks/glyph_ensembles.py --jobs 15

64 coordinates in all, batches of 16 classes with 4 images, and 360 steps for every row
that does not say otherwise. Each family has its loss: binomial deviance (BIER), the
contrastive loss of squared distances (HDC), multi-similarity (the rest); its first row
is one embedding. A method has a few settings; validation classes of a seed that is not
reported choose one. glyph_ensembles.csv has a row for each method and seed; what is
there is not run again. Every run is a job of one thread.
"""

import argparse
import itertools
import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch
from _rows import Row, read, save
from sklearn.decomposition import PCA
from torch import Generator, Tensor, nn

from mlcourse import ensembles as en
from mlcourse.datasets import Glyphs, glyphs
from mlcourse.distances import sqeuclidean
from mlcourse.evaluation import evaluate, map_at_r, recall_at_k
from mlcourse.judgements import dissimilar_pairs, similar_pairs
from mlcourse.losses import multi_similarity_loss
from mlcourse.networks import convnet
from mlcourse.samplers import ClassBalancedBatches, EpochHook
from mlcourse.synthesis import SplitEmbedding
from mlcourse.training import History, embed, train

FILE = Path(__file__).with_name("glyph_ensembles.csv")
COLUMNS = (
    "family", "method", "seed", "recall_at_1", "map_at_r", "learners",
    "cross_correlation", "error_variance", "error_correlation", "inside", "outside",
    "stability", "positive_weights", "negative_weights", "active_positives",
    "active_negatives", "parameters", "steps", "epoch", "validation", "cpu_seconds",
    "setting",
)  # fmt: skip
CHOICE, DIM, STEPS = 100, 64, 30  # seed of the choice; batches in an epoch
CHANNELS = (1, 8, 32, 64)
BOOSTED, EXITS, SLICES = en.group_sizes(DIM, n_learners=3), (21, 21, 22), 4 * (16,)
Loss = Callable[[Tensor, Tensor], Tensor]
Parts = Callable[[Tensor], tuple[Tensor, ...]]


class Watch:
    """The clusters of the last division before the merger."""

    def __init__(self, division: en.Division) -> None:
        self.division, self.clusters = division, torch.empty(0)

    def refresh(self, z: Tensor) -> None:
        """Look at them before an epoch."""
        if self.division.clusters is not None:
            self.clusters = self.division.clusters


@dataclass
class Run:
    """What a method starts from, and what it has used up."""

    data: Glyphs
    epochs: int
    draws: Generator  # of first weights and batches
    own: Generator  # of adversaries, masks, and clusters
    steps: int = 0
    history: History = field(default_factory=History)

    def net(
        self, dim: int = DIM, channels: tuple[int, ...] = CHANNELS
    ) -> nn.Sequential:
        """The course's small network, without its last step."""
        return convnet(dim, channels=channels, normalized=False, generator=self.draws)

    def fit(
        self,
        psi: nn.Module,
        loss: Loss,
        *,
        batches: Iterable[list[int]] | None = None,
        hooks: tuple[EpochHook, ...] = (),
        epochs: int | None = None,
        lr: float = 1e-2,
        loss_lr: float = 1e-2,
    ) -> nn.Module:
        """Psi after training; batches of 64 images."""
        images, other = self.data.train, self.data.validation
        if batches is None:
            batches = ClassBalancedBatches(
                images.y, classes=16, per_class=4, n_batches=STEPS, generator=self.draws
            )
        self.history = train(
            psi, loss, images.x, images.y, batches=batches, hooks=hooks,
            epochs=epochs or self.epochs, validation=(other.x, other.y),
            generator=self.draws, lr=lr, loss_lr=loss_lr,
        )  # fmt: skip
        self.steps += STEPS * (epochs or self.epochs)
        return psi


@dataclass
class Made:
    """A trained embedding, its learners, and what else is to be measured."""

    psi: nn.Module
    parts: Parts
    watch: Watch | None = None
    trunk: nn.Module | None = None
    cost: float | None = None  # of BIER's deviance
    choose: Callable[..., tuple[Tensor, ...]] | None = None
    shares: tuple[float, ...] = ()
    dist: Callable[[Tensor], Tensor] | None = None  # of images; in place of psi


Method = Callable[[Run], Made]


def cut(sizes: tuple[int, ...]) -> Parts:
    """Learners by their columns."""
    return lambda z: en.split_learners(z, sizes=sizes)


def mean_over(sizes: tuple[int, ...], loss: Loss) -> Loss:
    """The same loss for each learner: heads without any trick."""

    def mean(z: Tensor, y: Tensor) -> Tensor:
        return torch.stack(
            [loss(f, y) for f in en.split_learners(z, sizes=sizes)]
        ).mean()

    return mean


def unit(sizes: tuple[int, ...], weights: list[float] | None = None) -> nn.Module:
    """The last step of an embedding of several learners."""
    return en.UnitGroups(sizes, weights=weights)


# --- BIER -----------------------------------------------------------------------------

ALPHA = en.learner_weights(3).tolist()


def deviance(cost: float) -> Loss:
    """Binomial deviance of cosines."""
    return lambda z, y: en.binomial_deviance(z @ z.T, y, cost=cost)


def one_by_deviance(cost: float) -> Method:
    """One embedding."""

    def make(run: Run) -> Made:
        psi = nn.Sequential(run.net(), unit((DIM,)))
        return Made(run.fit(psi, deviance(cost)), cut(BOOSTED))

    return make


def heads_by_deviance(cost: float) -> Method:
    """Three learners, all pairs alike for each."""

    def make(run: Run) -> Made:
        psi = nn.Sequential(run.net(), unit(BOOSTED, ALPHA))
        run.fit(psi, mean_over(BOOSTED, deviance(cost)))
        return Made(psi, cut(BOOSTED))

    return make


def bier(
    cost: float,
    diversity: Callable[[Run], Loss | nn.Module | None] = lambda run: None,
    *,
    weight: float = 0.0,
    norm_weight: float = 0.0,
) -> Method:
    """BIER, with or without something that keeps the learners apart."""

    def make(run: Run) -> Made:
        net = run.net()
        psi = SplitEmbedding(net[:-1], nn.Sequential(net[-1], unit(BOOSTED, ALPHA)))
        loss = en.BIER(
            net[-1], sizes=BOOSTED, diversity=diversity(run), weight=weight,
            norm_weight=norm_weight, cost=cost,
        )  # fmt: skip
        return Made(run.fit(psi, loss, loss_lr=1e-3), cut(BOOSTED), cost=cost)

    return make


def adversary(run: Run) -> nn.Module:
    """Regressors of 128 units."""
    return en.Adversary(BOOSTED, hidden=128, norm_weight=1.0, generator=run.own)


# --- HDC ------------------------------------------------------------------------------


def one_by_contrast(margin: float) -> Method:
    """One embedding, from the last block."""

    def make(run: Run) -> Made:
        psi = nn.Sequential(run.net(), unit((DIM,)))
        run.fit(psi, contrast((DIM,), (1.0,), en.nested_pairs, margin))
        return Made(psi, cut(EXITS))

    return make


def contrast(
    sizes: tuple[int, ...],
    shares: tuple[float, ...],
    choose: Callable[..., tuple[Tensor, ...]],
    margin: float,
) -> Loss:
    """Contrastive loss at each exit."""
    return lambda z, y: en.hdc_loss(
        z, y, sizes=sizes, shares=shares, choose=choose, margin=margin
    )


def after(steps: int, before: Loss, then: Loss) -> Loss:
    """One loss for so many steps, and another from then on."""
    count = itertools.count()
    return lambda z, y: (before if next(count) < steps else then)(z, y)


def exits(
    shares: tuple[float, ...],
    choose: Callable[..., tuple[Tensor, ...]],
    margin: float,
    *,
    begin: float = 0.0,
) -> Method:
    """An exit after each block, without (shares of 1) or with a cascade.

    It may begin later: the paper's network was trained on ImageNet.
    """

    def make(run: Run) -> Made:
        net = run.net()
        blocks = [net[4 * k : 4 * k + 4] for k in range(3)]
        heads = [
            nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, d))
            for c, d in zip(CHANNELS[1:], EXITS, strict=True)
        ]
        for head in heads:
            nn.init.kaiming_normal_(head[-1].weight, generator=run.draws)
            nn.init.zeros_(head[-1].bias)
        psi = nn.Sequential(en.MultiExit(blocks, heads), unit(EXITS))
        all_of_them = contrast(EXITS, (1.0, 1.0, 1.0), choose, margin)
        cascade = contrast(EXITS, shares, choose, margin)
        steps = round(begin * run.epochs) * STEPS
        run.fit(psi, after(steps, all_of_them, cascade))
        return Made(psi, cut(EXITS), choose=choose, shares=shares)

    return make


# --- divide and conquer, independent networks -----------------------------------------


def similarity(z: Tensor, y: Tensor) -> Tensor:
    """Multi-similarity, at the base that glyph_sampling.csv prefers."""
    return multi_similarity_loss(z @ z.T, y, base=0.7)


def one(run: Run) -> Made:
    """One embedding."""
    return Made(
        run.fit(nn.Sequential(run.net(), unit((DIM,))), similarity), cut(SLICES)
    )


def slices(run: Run) -> Made:
    """Four learners of 16 coordinates, each trained with every batch."""
    psi = nn.Sequential(run.net(), unit(SLICES))
    return Made(run.fit(psi, mean_over(SLICES, similarity)), cut(SLICES))


def turns(merge_at: float) -> Method:
    """The space alone is split: a learner a batch, which is of all the data."""

    def make(run: Run) -> Made:
        psi = nn.Sequential(run.net(), unit((DIM,)))
        order = itertools.count()
        until = round(merge_at * run.epochs) * STEPS

        def which() -> int | None:
            step = next(order)
            return step % 4 if step < until else None

        loss = en.DivideAndConquer(similarity, view=slice_of, which=which)
        return Made(run.fit(psi, loss), cut(SLICES))

    return make


def slice_of(z: Tensor, k: int) -> Tensor:
    """Learner k."""
    return en.split_learners(z, sizes=SLICES)[k]


def divided(
    merge_at: float,
    *,
    levels: tuple[int, ...] = (4,),
    view: Callable[[Tensor, int], Tensor] | None = slice_of,
    masked: bool = False,
    weight: float = 0.0,
) -> Method:
    """Divide and conquer; without a view the data alone is split."""

    def make(run: Run) -> Made:
        net = run.net()
        psi = nn.Sequential(*net, unit((DIM,)))
        masks = en.LearnerMasks(DIM, 4, generator=run.own,
                                active=None if levels == (4,) else [0])  # fmt: skip
        division = en.Division(
            levels=levels, every=2, merge_at=max(1, round(merge_at * run.epochs)),
            features=lambda: embed(net[:-1], run.data.train.x), generator=run.own,
            on_split=masks.divide,
        )  # fmt: skip
        batches = en.ClusterBatches(
            run.data.train.y, division, classes=16, per_class=4, n_batches=STEPS,
            generator=run.draws,
        )  # fmt: skip
        watch, see = Watch(division), masks if masked else view
        loss = en.DivideAndConquer(
            similarity, view=see or (lambda z, k: z), which=lambda: batches.cluster,
            penalty=masks.overlap if masked else None, weight=weight,
        )  # fmt: skip
        run.fit(psi, loss, batches=batches, hooks=(watch,), loss_lr=1e-1)
        parts: Parts = cut(SLICES)
        if masked:
            masks.requires_grad_(False)
            parts = through(masks)
        return Made(psi, parts, watch=watch, trunk=net[:-1])

    return make


def through(masks: en.LearnerMasks) -> Parts:
    """Learners by their masks."""
    return lambda z: tuple(masks(z, k) for k in range(4))


def networks(
    number: int,
    *,
    dim: int,
    channels: tuple[int, ...] = CHANNELS,
    share: float = 1.0,
    augmented: bool = False,
) -> Method:
    """Independent networks, each with a share of the steps."""

    def make(run: Run) -> Made:
        nets = []
        for _ in range(number):
            net: nn.Module = run.net(dim, channels)
            if augmented:
                net = en.Augmented(net, angle=10, zoom=1.1, shift=1, generator=run.own)
            psi = nn.Sequential(net, unit((dim,)))
            nets.append(run.fit(psi, similarity, epochs=round(share * run.epochs)))
        psi = nets[0] if number == 1 else en.Independent(nets)
        sizes = number * (dim,) if number > 1 else 4 * (dim // 4,)
        return Made(psi, cut(sizes))

    return make


# --- AdaBoost -------------------------------------------------------------------------


def boosted_pairs(rounds: int) -> Method:
    """AdaBoost of stumps on pairs: do two images differ much in a component of pixels?

    0 rounds: Euclidean distance of the same components.
    """

    def make(run: Run) -> Made:
        images = run.data.train
        pca = PCA(DIM, whiten=True, svd_solver="full").fit(images.x.flatten(1).numpy())

        def parts_of(x: Tensor) -> Tensor:
            return torch.from_numpy(pca.transform(x.flatten(1).numpy())).double()

        if not rounds:
            return by_matrix(lambda x: sqeuclidean(parts_of(x), parts_of(x)))
        S, D = similar_pairs(images.y), dissimilar_pairs(images.y)
        D = D[torch.randperm(len(D), generator=run.draws)[: len(S)]]
        z, pairs = parts_of(images.x), torch.cat([S, D])
        apart = (z[pairs[:, 0]] - z[pairs[:, 1]]).abs()
        boosted = en.AdaBoost(n_rounds=rounds)
        boosted.fit(apart.numpy(), torch.arange(len(pairs)).numpy() >= len(S))
        return by_matrix(lambda x: votes_for_other(boosted, parts_of(x)))

    return make


def by_matrix(dist: Callable[[Tensor], Tensor]) -> Made:
    """Something that compares images without an embedding."""
    return Made(nn.Identity(), cut(SLICES), dist=dist)


def votes_for_other(boosted: en.AdaBoost, z: Tensor) -> Tensor:
    """Votes (n, n) that two points are of different classes."""
    total = torch.zeros(len(z), len(z), dtype=torch.float64)
    for h, alpha in zip(boosted.stumps_, boosted.alphas_, strict=True):
        below = (z[:, h.feature, None] - z[:, h.feature]).abs() <= h.threshold
        total += float(alpha) * torch.where(below, h.left, h.right)
    return total


# --- all of them ----------------------------------------------------------------------

HALF = (1, 4, 16, 32)  # a quarter of the parameters of CHANNELS, or less
WIDE = (1, 16, 64, 128)
CASCADE = (1.0, 0.5, 0.2)
COSTS, MARGINS, MERGERS = (1.0, 5.0, 25.0), (0.5, 1.0), (0.4, 0.7)
METHODS: dict[tuple[str, str], dict[str, Method]] = {
    ("pixels", "principal components"): {"": boosted_pairs(0)},
    ("pixels", "AdaBoost on pairs"): {
        f"rounds {t}": boosted_pairs(t) for t in (20, 50)},
    ("deviance", "one embedding"): {f"cost {c}": one_by_deviance(c) for c in COSTS},
    ("deviance", "3 heads"): {f"cost {c}": heads_by_deviance(c) for c in COSTS},
    ("deviance", "BIER"): {f"cost {c}": bier(c) for c in COSTS},
    ("deviance", "BIER + activation loss"): {
        f"cost {c}, weight {w}": bier(
            c, lambda run: en.activation_loss, weight=w, norm_weight=1.0)
        for c in COSTS for w in (0.01, 0.1)},
    ("deviance", "BIER + adversary"): {
        f"cost {c}, weight {w}": bier(c, adversary, weight=w, norm_weight=1.0)
        for c in COSTS for w in (0.01, 0.1)},
    ("contrastive", "one embedding"): {
        f"margin {m}": one_by_contrast(m) for m in MARGINS},
    ("contrastive", "3 exits"): {
        f"margin {m}": exits((1.0, 1.0, 1.0), en.nested_pairs, m) for m in MARGINS},
    ("contrastive", "HDC, nested"): {
        f"margin {m}": exits(CASCADE, en.nested_pairs, m) for m in MARGINS},
    ("contrastive", "HDC, independent"): {
        f"margin {m}": exits(CASCADE, en.independent_pairs, m) for m in MARGINS},
    ("contrastive", "HDC, nested, from a half on"): {
        f"margin {m}": exits(CASCADE, en.nested_pairs, m, begin=0.5) for m in MARGINS},
    ("contrastive", "HDC, independent, from a half on"): {
        f"margin {m}": exits(CASCADE, en.independent_pairs, m, begin=0.5)
        for m in MARGINS},
    ("multi-similarity", "one embedding"): {"": one},
    ("multi-similarity", "4 slices"): {"": slices},
    ("multi-similarity", "space split only"): {
        f"merged at {m}": turns(m) for m in MERGERS},
    ("multi-similarity", "data split only"): {
        f"merged at {m}": divided(m, view=None) for m in MERGERS},
    ("multi-similarity", "divide and conquer"): {
        f"merged at {m}": divided(m) for m in MERGERS},
    ("multi-similarity", "divide and conquer, never merged"): {"": divided(1.0)},
    ("multi-similarity", "learned masks, top down"): {
        f"merged at {m}, weight {w}": divided(
            m, levels=(1, 2, 4), masked=True, weight=w)
        for m in MERGERS for w in (0.01, 1.0)},
    ("multi-similarity", "one embedding, augmented"): {
        "": networks(1, dim=DIM, augmented=True)},
    ("multi-similarity", "4 networks of a quarter"): {
        "": networks(4, dim=16, channels=HALF)},
    ("multi-similarity", "4 networks, a quarter of the steps"): {
        "": networks(4, dim=16, share=0.25)},
    ("multi-similarity", "2 networks"): {"": networks(2, dim=DIM)},
    ("multi-similarity", "4 networks"): {"": networks(4, dim=DIM)},
    ("multi-similarity", "4 networks, augmented"): {
        "": networks(4, dim=DIM, augmented=True)},
    ("multi-similarity", "one wide network"): {
        "": networks(1, dim=4 * DIM, channels=WIDE)},
}  # fmt: skip


def measured(run: Run, made: Made) -> Row:
    """What each column says of a trained embedding, on test classes."""
    test = run.data.test
    if made.dist is not None:
        dist = made.dist(test.x)
        return words({"recall_at_1": recall_at_k(dist, test.y),
                      "map_at_r": map_at_r(dist, test.y)})  # fmt: skip
    z = embed(made.psi, test.x)
    found, parts = evaluate(z, test.y, ks=(1,)), made.parts(z)
    sizes = [f.shape[1] for f in parts]
    cos = torch.stack([f @ f.T for f in parts])
    i, j = torch.triu_indices(len(z), len(z), offset=1)
    wrong = cos[:, i, j] - (test.y[i] == test.y[j]).float()
    variance, shared = en.shared_error(wrong)
    numbers = {
        "recall_at_1": found["recall@1"], "map_at_r": found["map_at_r"],
        "learners": [recall_at_k(-c, test.y) for c in cos],
        "cross_correlation": en.cross_correlation(torch.cat(parts, dim=1), sizes=sizes),
        "error_variance": variance, "error_correlation": shared,
    }  # fmt: skip
    if made.cost is not None:
        numbers |= pair_weights(cos, test.y, made.cost)
    if made.choose is not None:
        numbers |= funnel(made, embed(made.psi, run.data.train.x), run.data.train.y)
    if made.watch is not None and made.trunk is not None:
        numbers |= by_region(run, made, cos)
    return words(numbers)


def pair_weights(cos: Tensor, y: Tensor, cost: float) -> dict[str, float | list[float]]:
    """Mean weight of a pair for each learner of BIER."""
    w = en.boosted_weights(cos, y, cost=cost)
    same = (y[:, None] == y).fill_diagonal_(False)
    return {"positive_weights": w[:, same].mean(dim=1).tolist(),
            "negative_weights": w[:, y[:, None] != y].mean(dim=1).tolist()}  # fmt: skip


def funnel(made: Made, z: Tensor, y: Tensor) -> dict[str, float | list[float]]:
    """Pairs of a training batch that reach an exit of HDC, and cost something there.

    At a margin of 1 in every row, whatever the setting, so that rows compare.
    """
    rows = next(iter(ClassBalancedBatches(
        y, classes=16, per_class=4, n_batches=1, generator=Generator().manual_seed(0)
    )))  # fmt: skip
    numbers: dict[str, float | list[float]] = {}
    both = en.exit_losses(z[rows], y[rows], sizes=EXITS, margin=1.0)
    for name, losses in zip(("positives", "negatives"), both, strict=True):
        kept = made.choose(losses, shares=made.shares) if made.choose else ()
        numbers["active_" + name] = [
            int((loss[at] > 0).sum()) for loss, at in zip(losses, kept, strict=True)
        ]
    return numbers


def by_region(run: Run, made: Made, cos: Tensor) -> dict[str, float | list[float]]:
    """Recall@1 of each learner on test images in the region of its cluster, and beyond.

    An image is in the region of the nearest mean of the last division.
    """
    watch, train_part, test = made.watch, run.data.train, run.data.test
    assert watch is not None
    assert made.trunk is not None
    y, other = (nn.functional.normalize(embed(made.trunk, part.x), dim=1)
                for part in (train_part, test))  # fmt: skip
    means = torch.stack([y[watch.clusters == c].mean(dim=0) for c in range(4)])
    region = torch.cdist(other, means).argmin(dim=1)
    near = cos.diagonal_scatter(torch.full(cos.shape[:2], -9.0), dim1=1, dim2=2)
    hit = (test.y[near.argmax(dim=2)] == test.y).double()  # (M, n)
    mine = region == torch.arange(4)[:, None]
    return {"inside": hit[mine].mean().item(), "outside": hit[~mine].mean().item(),
            "stability": watch.division.stability}  # fmt: skip


def words(numbers: dict[str, float | list[float]]) -> Row:
    """Numbers as text, lists with strokes between."""
    return {
        name: "/".join(map(word, value if isinstance(value, list) else [value]))
        for name, value in numbers.items()
    }


def word(value: float) -> str:
    """A count as it is, everything else to four places."""
    return str(value) if isinstance(value, int) else f"{value:.4f}"


def job(key: tuple[str, str], setting: str, seed: int, epochs: int) -> Row:
    """One run, from the first weights to its row."""
    torch.set_num_threads(1)
    data = glyphs(generator=Generator().manual_seed(seed))
    begin = time.process_time()
    draws, own = (Generator().manual_seed(s) for s in (seed, 1000 + seed))
    run = Run(data, epochs, draws, own)
    made = METHODS[key][setting](run)
    seconds = time.process_time() - begin
    history, size = run.history, sum(p.numel() for p in made.psi.parameters())
    other = data.validation
    if made.dist is not None:
        best = recall_at_k(made.dist(other.x), other.y)
    else:
        best = evaluate(embed(made.psi, other.x), other.y, ks=(1,))["recall@1"]
    return {
        "family": key[0], "method": key[1], "seed": str(seed), "setting": setting,
        "parameters": str(size), "steps": str(run.steps),
        "epoch": str(history.best + 1), "validation": f"{best:.4f}",
        "cpu_seconds": f"{seconds:.1f}",
    } | measured(run, made)  # fmt: skip


def jobs_of(
    rows: list[Row], chosen: dict[tuple[str, str], str], args: argparse.Namespace
) -> Iterator[tuple[tuple[str, str], str, int]]:
    """What the file lacks: a choice for each method first, then its seeds."""
    done = {(row["family"], row["method"], row["seed"]) for row in rows}
    for key, settings in METHODS.items():
        left = [s for s in range(args.seeds) if (*key, str(s)) not in done]
        if not left or (args.only and key[1] not in args.only):
            continue
        if key not in chosen and len(settings) > 1:
            yield from ((key, setting, CHOICE) for setting in settings)
        else:
            setting = chosen.get(key, next(iter(settings)))
            yield from ((key, setting, seed) for seed in left)


def main() -> None:
    """Add what the file lacks, and keep each row as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("only", nargs="*", help="methods; none: all")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--file", type=Path, default=FILE)
    args = parser.parse_args()
    rows = read(args.file)
    chosen = {(row["family"], row["method"]): row["setting"] for row in rows}
    scores: dict[tuple[str, str], dict[str, float]] = {}
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(args.jobs, mp_context=spawn) as pool, leaving(pool):
        list(pool.map(data_of, [*range(args.seeds), CHOICE]))
        waiting = {start(pool, *todo, args.epochs)
                   for todo in jobs_of(rows, chosen, args)}  # fmt: skip
        while waiting:
            ready = next(as_completed(waiting))
            waiting.remove(ready)
            row = ready.result()
            key = row["family"], row["method"]
            print({name: row.get(name, "") for name in COLUMNS if row.get(name)},
                  flush=True)  # fmt: skip
            if row["seed"] != str(CHOICE):
                rows.append(row)
                rows.sort(key=place_of)
                save(args.file, COLUMNS, rows)
                continue
            scores.setdefault(key, {})[row["setting"]] = float(row["validation"])
            if len(scores[key]) == len(METHODS[key]):
                chosen[key] = max(METHODS[key], key=scores[key].__getitem__)
                waiting |= {start(pool, *todo, args.epochs)
                            for todo in jobs_of(rows, chosen, args)
                            if todo[0] == key}  # fmt: skip


@contextmanager
def leaving(pool: ProcessPoolExecutor) -> Iterator[None]:
    """Begin no other run once one has failed."""
    try:
        yield
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def start(
    pool: ProcessPoolExecutor,
    key: tuple[str, str],
    setting: str,
    seed: int,
    epochs: int,
) -> Future[Row]:
    """A run in a process of its own."""
    return pool.submit(job, key, setting, seed, epochs)


def data_of(seed: int) -> int:
    """Draw the glyphs of a seed once, into the cache."""
    return len(glyphs(generator=Generator().manual_seed(seed)).train.y)


def place_of(row: Row) -> tuple[int, int]:
    """Methods in the order above, seeds in theirs."""
    return list(METHODS).index((row["family"], row["method"])), int(row["seed"])


if __name__ == "__main__":
    main()
