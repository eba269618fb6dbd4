"""What helps on other classes, and how far: lecture 14 at an equal budget, on glyphs.

    OMP_NUM_THREADS=1 python benchmarks/glyph_generalization.py [--jobs N] [TABLE ...]

One network and 300 batches for all. Tables of glyph_generalization.csv:

- mic: a class head and a surrogate head, with and without the adversary;
- heads: shared, intra-class and sample-specific heads beside two heads of the classes,
  and beside the one of mic, plain;
- s2sd: four and eight dimensions that learn from 64 and 128;
- shift: five losses over splits of growing Frechet distance, beside what learns
  nothing, and what a few labelled images of the new classes are worth;
- images: what of the loss is due to images, and what to classes, that are new.

A row is of one embedding ("part": all that is kept, a head, or surrogate clusters). Of
an embedding, the columns from polarity on say how well a linear probe reads the factor
on unseen classes (accuracy, or R^2), of clusters their AMI with it. Rows of seed 100
chose the settings, by validation classes alone. Rows that are there are not run again.
"""

import argparse
import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from _rows import Row, read, save
from sklearn.decomposition import PCA
from torch import Generator, Tensor, nn
from torch.nn.functional import affine_grid, grid_sample

from mlcourse import generalization as gen
from mlcourse.datasets import GlyphImages, Glyphs, glyphs
from mlcourse.distances import euclidean
from mlcourse.evaluation import ami, evaluate, spectral_decay
from mlcourse.losses import (
    MarginLoss,
    Proxies,
    multi_similarity_loss,
    proxy_anchor_loss,
    triplet_loss,
)
from mlcourse.miners import distance_weighted_triplets, sphere_log_density
from mlcourse.networks import convnet, mlp
from mlcourse.regularizers import rho_triplets
from mlcourse.samplers import ClassBalancedBatches
from mlcourse.selfsupervised import hog
from mlcourse.training import embed, train

FILE = Path(__file__).with_name("glyph_generalization.csv")
FACTORS = ("class", "polarity", "font", "angle", "scale", "right", "down")
COLUMNS = (
    "table", "method", "part", "split", "seed", "recall_at_1", "map_at_r",
    "train_recall", "rho", "correlation", *FACTORS, "distance", "chance", "classes",
    "adapted", "validation", "epoch", "cpu_seconds", "setting",
)  # fmt: skip
CHOICE, SEEDS, EPOCHS, N_BATCHES, DIM, MARGIN = 100, range(5), 10, 30, 64, 0.2
CLASSES, PER_CLASS, GROUPS, PER_GROUP, N_CLUSTERS = 16, 4, 8, 8, 10
SPLITS = (0, 8, 16, 28, 40)  # steps of two swaps; the last is followed by removals
REMOVALS, SHOTS, EPISODES = 10, (2, 5), 3

Loss = Callable[[Tensor, Tensor], Tensor]
Job = tuple[str, str, str, int]  # table, method, setting, seed


@dataclass
class Run:
    """A network to train, its loss, and what goes with them."""

    psi: nn.Module
    loss: Loss
    draws: Generator  # of first weights and batches
    own: Generator  # of all else
    data: Glyphs | None = None
    clusters: gen.SurrogateClusters | None = None
    batches: gen.SurrogateBatches | None = None
    per_batch: int = CLASSES


# --- losses ---------------------------------------------------------------------------


def triplets(
    dim: int, g: Generator, change: Callable[..., Tensor] | None = None
) -> Loss:
    """Triplet loss with distance-weighted negatives, changed where one says so."""

    def loss(z: Tensor, y: Tensor) -> Tensor:
        dist = euclidean(z, z)
        T = distance_weighted_triplets(dist.detach(), y, dim=dim, generator=g)
        return triplet_loss(dist, T if change is None else change(T, y), margin=MARGIN)

    return loss


def shared(dim: int, g: Generator) -> Loss:
    """Distance-weighted negatives, positives of a random third class."""
    return triplets(dim, g, lambda T, y: gen.shared_triplets(T, y, generator=g))


def permuted(dim: int, g: Generator) -> Loss:
    """Distance-weighted mining under labels that are dealt anew in each batch."""
    own = triplets(dim, g)
    return lambda z, y: own(z, y[torch.randperm(len(y), generator=g)])


def intra(dim: int, g: Generator) -> Loss:
    """Three points of one class, the roles drawn."""

    def loss(z: Tensor, y: Tensor) -> Tensor:
        T = gen.intra_class_triplets(y, generator=g)
        return triplet_loss(euclidean(z, z), T, margin=MARGIN)

    return loss


def instance(dim: int, temperature: float) -> gen.InstanceNCE:
    """Keys of 30 batches, by inverse distance density from 0.5 to 1.4."""

    def weigh(dist: Tensor) -> Tensor:
        log_w = -sphere_log_density(dist.clamp(0.5, 1.99), dim=dim)
        return log_w.masked_fill(dist > 1.4, -torch.inf)

    return gen.InstanceNCE(1920, dim, temperature=temperature, weigh=weigh)


def shifted(g: Generator) -> Callable[[Tensor], Tensor]:
    """Images moved by up to two pixels each way, with new noise."""

    def view(x: Tensor) -> Tensor:
        pose = torch.eye(2, 3).repeat(len(x), 1, 1)
        pose[:, :, 2] = (2 * torch.rand(len(x), 2, generator=g) - 1) * 4 / x.shape[-1]
        grid = affine_grid(pose, list(x.shape), align_corners=False)
        moved = grid_sample(x, grid, padding_mode="border", align_corners=False)
        return (moved + 0.05 * torch.randn(x.shape, generator=g)).clamp(0, 1)

    return view


# --- what is trained ------------------------------------------------------------------


def start(seed: int, sizes: dict[str, int], *, mixed: bool, **kept: float) -> Run:
    """The standard network up to its features, and a layer for each head."""
    data = glyphs(
        generator=torch.Generator().manual_seed(seed), mixed_polarity=mixed
    )  # fmt: skip
    draws = torch.Generator().manual_seed(seed)
    trunk = convnet(DIM, channels=(1, 8, 32, 64), generator=draws)[:-2]
    heads = {name: mlp((64, k), generator=draws) for name, k in sizes.items()}
    psi = gen.Heads(trunk, heads, kept=kept or None)
    own = torch.Generator().manual_seed(1000 + seed)
    return Run(psi, lambda z, y: z.sum(), draws, own, data)


def plain(seed: int, dim: int = DIM, *, mixed: bool = True, classes: int = 16) -> Run:
    """One head for the classes."""
    run = start(seed, {"class": dim}, mixed=mixed)
    return replace(run, loss=triplets(dim, run.own), per_batch=classes)


def mic(seed: int, gamma: float, weight: float, *, every: int = 1) -> Run:
    """Surrogate clusters of class-standardized pixels, found anew after each epoch."""
    run = start(seed, {"class": DIM, "surrogate": DIM}, mixed=True, **{"class": 1.0})
    x, y = run.data.train.x, run.data.train.y
    clusters = gen.SurrogateClusters(
        x.flatten(1), y, auxiliary=lambda: embed(run.psi.only("surrogate"), x),
        n_clusters=N_CLUSTERS, every=every, generator=run.own,
    )  # fmt: skip
    balanced = ClassBalancedBatches(
        y,
        classes=CLASSES,
        per_class=PER_CLASS,
        n_batches=N_BATCHES,
        generator=run.draws,
    )
    batches = gen.SurrogateBatches(
        balanced, clusters, groups=GROUPS, per_group=PER_GROUP, generator=run.own
    )
    loss = gen.MIC(
        triplets(DIM, run.own), triplets(DIM, run.own),
        mlp((DIM, 128, DIM), generator=run.own), dim=DIM, groups=GROUPS,
        per_group=PER_GROUP, weight=weight, gamma=gamma * DIM**2,
    )  # fmt: skip
    return replace(run, loss=loss, clusters=clusters, batches=batches)


TASKS = {"class": triplets, "second class": triplets, "shared": shared,
         "permuted": permuted, "intra": intra}  # fmt: skip


def heads(seed: int, names: tuple[str, ...], gamma: float, weight: float) -> Run:
    """Heads of equal size, 64 in all; NCE, a larger loss, has a tenth of the weight."""
    k = DIM // len(names)
    run = start(seed, dict.fromkeys(names, k), mixed=True)
    sizes, keyed = dict.fromkeys(names, k), "sample" in names
    loss = gen.DiVA(
        sizes | ({"key": k} if keyed else {}),
        {name: TASKS[name](k, run.own) for name in names if name != "sample"},
        sample=instance(k, 0.1) if keyed else None,
        weights={n: weight * (0.1 if n == "sample" else 1) for n in names[1:]},
        projections={n: mlp((k, 128, k), generator=run.own) for n in names[1:]},
        gamma=gamma * k**2,
    )  # fmt: skip
    if keyed:
        keys = gen.MomentumKeys(run.psi, "sample", view=shifted(run.own))
        return replace(run, psi=keys, loss=loss)
    return replace(run, loss=loss)


def s2sd(seed: int, dim: int, gamma: float) -> Run:
    """A small head, and two large ones that are thrown away."""
    sizes = {"class": dim, "64": 64, "128": 128}
    run = start(seed, sizes, mixed=False, **{"class": 1.0})
    each = {k: triplets(k, run.own) for k in sizes.values()}
    return replace(run, loss=lambda z, y: gen.s2sd_loss(
        z, y, sizes=tuple(sizes.values()), gamma=gamma,
        loss=lambda part, y: each[part.shape[1]](part, y),
    ))  # fmt: skip


class OnDistances(nn.Module):
    """Margin loss on distance-weighted triplets."""

    def __init__(self, g: Generator) -> None:
        super().__init__()
        self.g, self.loss = g, MarginLoss(beta=0.6, margin=MARGIN)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Loss of embeddings z of classes y."""
        dist = euclidean(z, z)
        T = distance_weighted_triplets(
            dist.detach(),
            y,
            dim=z.shape[1],
            max_dist=0.6 + MARGIN + 0.1,
            generator=self.g,
        )
        value: Tensor = self.loss(dist, T[:, :2], T[:, [0, 2]])
        return value


def proxy_anchor(n: int, g: Generator) -> nn.Module:
    """Proxy Anchor on cosines."""
    return Proxies(n, DIM, loss=proxy_anchor_loss,
                   delta=lambda z, w: z @ nn.functional.normalize(w).T,
                   generator=g)  # fmt: skip


LOSSES: dict[str, Callable[[int, Generator], Loss]] = {
    "triplet": lambda n, g: triplets(DIM, g),
    "triplet, rho": lambda n, g: triplets(
        DIM, g, lambda T, y: rho_triplets(T, probability=0.2, generator=g)),
    "margin": lambda n, g: OnDistances(g),
    "multi-similarity": lambda n, g: lambda z, y: multi_similarity_loss(
        z @ z.T, y, base=0.5),
    "Proxy Anchor": proxy_anchor,
}  # fmt: skip


Maker = Callable[[int], Run]
#: Times the dimensions of a head squared: equal pressure on equal correlation.
GAMMAS = {"without adversary": (0.0,), "with adversary": (1e-3, 1e-2)}
WEIGHTS = (0.3, 1.0)
METHODS: dict[tuple[str, str], dict[str, Maker]] = {
    ("mic", "plain"): {"": plain},
    ("mic", "plain, batches of 128"): {"": lambda s: plain(s, classes=32)},
    **{("mic", f"MIC, {name}"): {
        f"gamma {c} k^2, weight {w}": lambda s, c=c, w=w: mic(s, c, w)
        for c in gammas for w in WEIGHTS} for name, gammas in GAMMAS.items()},
    **{("heads", f"{' + '.join(names)}, {name}"): {
        f"gamma {c} k^2, weight {w}": lambda s, n=names, c=c, w=w: heads(s, n, c, w)
        for c in gammas for w in (WEIGHTS if names[1] != "second class" else (1.0,))}
       for names in (("class", "second class"), ("class", "shared"),
                     ("class", "permuted"), ("class", "intra"), ("class", "sample"),
                     ("class", "shared", "intra", "sample"))
       for name, gammas in GAMMAS.items()},
    **{("s2sd", f"plain, {k}"): {"": lambda s, k=k: plain(s, k, mixed=False)}
       for k in (4, 8, 64)},
    **{("s2sd", f"larger heads beside, {k}"): {"": lambda s, k=k: s2sd(s, k, 0.0)}
       for k in (4, 8)},
    **{("s2sd", f"S2SD, {k}"): {
        f"gamma {c}": lambda s, k=k, c=c: s2sd(s, k, c) for c in (0.3, 1.0, 5.0, 20.0)}
       for k in (4, 8)},
}  # fmt: skip


def fit(run: Run, images: GlyphImages, other: GlyphImages) -> Row:
    """Train; the validation classes choose the epoch."""
    begin = time.process_time()
    batches = run.batches or ClassBalancedBatches(
        images.y, classes=run.per_batch, per_class=PER_CLASS, n_batches=N_BATCHES,
        generator=run.draws,
    )  # fmt: skip
    history = train(
        run.psi, run.loss, images.x, images.y, batches=batches, epochs=EPOCHS,
        validation=(other.x, other.y), generator=run.draws, lr=1e-2,
        loss_lr=0.1 if isinstance(run.loss, Proxies) else 1e-2,
        hooks=[] if run.clusters is None else [run.clusters],
    )  # fmt: skip
    return {
        "epoch": str(history.best + 1),
        "validation": f"{max(history.untrained, *history.score):.4f}",
        "cpu_seconds": f"{time.process_time() - begin:.1f}",
    }


def probed(z: Tensor, images: GlyphImages, first: Tensor) -> Row:
    """What a linear probe reads; correlation of the coordinates with the class head."""
    found = {
        "polarity": gen.factor_accuracy(z, images.polarity, images.y),
        "font": gen.factor_accuracy(z, images.font, images.y),
    }
    numbers = (images.angle, images.scale, *images.shift.T)
    for name, factor in zip(("angle", "scale", "right", "down"), numbers, strict=True):
        found[name] = gen.factor_r2(z, factor, images.y)
    both = torch.corrcoef(torch.cat([first, z], dim=1).T)[: first.shape[1]]
    found["correlation"] = both[:, first.shape[1] :].abs().nanmean().item()
    return words(found)


def words(numbers: dict[str, float]) -> Row:
    """Four digits."""
    return {name: f"{value:.4f}" for name, value in numbers.items()}


def scored(z: Tensor, z_train: Tensor, test: GlyphImages, images: GlyphImages) -> Row:
    """Recall@1 and MAP@R of unseen classes, Recall@1 of the trained ones, rho."""
    found, known = evaluate(z, test.y, ks=(1,)), evaluate(z_train, images.y, ks=(1,))
    return words({
        "recall_at_1": found["recall@1"], "map_at_r": found["map_at_r"],
        "train_recall": known["recall@1"], "rho": spectral_decay(z_train),
    })  # fmt: skip


def agreement(assignment: Tensor, images: GlyphImages) -> Row:
    """AMI of clusters with each factor; numbers in four equal parts."""
    values = {"class": images.y, "polarity": images.polarity, "font": images.font}
    numbers = (images.angle, images.scale, *images.shift.T)
    for name, factor in zip(("angle", "scale", "right", "down"), numbers, strict=True):
        edges = factor.quantile(torch.tensor([0.25, 0.5, 0.75]))
        values[name] = torch.bucketize(factor.contiguous(), edges)
    return words({k: ami(v, assignment) for k, v in values.items()})


def tried(job: Job) -> list[Row]:
    """The rows of a job; none, and a line that says why, where it diverges."""
    torch.set_num_threads(1)
    try:
        return one(job)
    except ValueError as error:
        print(job, error, flush=True)
        return []


def one(job: Job) -> list[Row]:
    """All rows of a method, setting and seed."""
    table, method, setting, seed = job
    head = {"table": table, "method": method, "seed": str(seed), "setting": setting}
    if table in ("shift", "images"):
        rows = shifts if table == "shift" else new_images
        return [head | row for row in rows(method, seed)]
    run = METHODS[table, method][setting](seed)
    head |= fit(run, run.data.train, run.data.validation)
    if seed == CHOICE:
        return [head | {"part": "choice"}]
    psi = run.psi.psi if isinstance(run.psi, gen.MomentumKeys) else run.psi
    test, images = run.data.test, run.data.train
    first = embed(psi.only("class"), test.x)
    rows = []
    parts = {"all": psi} | {name: psi.only(name) for name in psi.heads}
    if len(parts) == 2:
        del parts["class"]  # it is all there is
    for name, part in parts.items():
        z, z_train = embed(part, test.x), embed(part, images.x)
        row = head | {"part": name} | scored(z, z_train, test, images)
        read_out = table != "s2sd" and (name != "all" or len(parts) == 1)
        rows.append(row | (probed(z, test, first) if read_out else {}))
    if run.clusters is not None:
        found = run.clusters.assignments
        for name, assignment in (("first", found[0]), ("last", found[-1])):
            row = head | {"part": f"clusters, {name}"}
            rows.append(row | agreement(assignment, images))
    return rows


# --- growing shift --------------------------------------------------------------------


@dataclass
class Pool:
    """Images of 300 classes, and splits of their classes."""

    x: Tensor
    y: Tensor
    features: Tensor
    means: Tensor
    splits: list[gen.OODSplit]


def pool(seed: int) -> Pool:
    """Class means of HOG in 16 principal directions; a random split, and its heirs."""
    g = torch.Generator().manual_seed(seed)
    data = glyphs(generator=g, n_classes=300)
    parts = (data.train, data.validation, data.test)
    x, y = torch.cat([p.x for p in parts]), torch.cat([p.y for p in parts])
    features = hog(x)
    axes = PCA(16, svd_solver="covariance_eigh").fit_transform(
        features.double().numpy()
    )
    means = torch.stack([torch.tensor(axes)[y == c].mean(dim=0) for c in range(300)])
    order = torch.randperm(300, generator=g)
    splits = gen.ood_splits(
        means, order[:150], order[150:], swaps=SPLITS[-1], removals=REMOVALS
    )
    return Pool(x, y, features, means, splits)


def rows_of(images: Pool, classes: Tensor) -> GlyphImages:
    """The images of some classes; their factors are not used here."""
    rows = torch.isin(images.y, classes)
    none = torch.zeros(int(rows.sum()))
    return GlyphImages(
        images.x[rows], images.y[rows], none, none, none, none, none, none
    )


def sides(images: Pool, step: int, seed: int) -> tuple[GlyphImages, ...]:
    """Images to train on, to choose the epoch by, and to test with, as in shifts."""
    split, g = images.splits[step], torch.Generator().manual_seed(seed)
    gen.chance_distances(
        images.means[torch.cat([split.train, split.test])],
        size=len(split.train), draws=20, generator=g,
    )  # fmt: skip
    order = split.train[torch.randperm(len(split.train), generator=g)]
    n = len(order) // 4
    return tuple(rows_of(images, c) for c in (order[n:], order[:n], split.test))


def shifts(method: str, seed: int) -> Iterator[Row]:
    """One method on every split: unseen classes, trained ones, a few shots."""
    images = pool(seed)
    steps = (*SPLITS, SPLITS[-1] + REMOVALS)
    for step in steps:
        split = images.splits[step]
        size = len(split.train)
        g = torch.Generator().manual_seed(seed)
        chance = gen.chance_distances(
            images.means[torch.cat([split.train, split.test])], size=size, draws=20,
            generator=g,
        ).mean()  # fmt: skip
        head = {"split": str(step), "classes": str(size)}
        head |= words({"distance": split.distance, "chance": chance.item()})
        order = split.train[torch.randperm(size, generator=g)]
        train_on, choose = (
            rows_of(images, c) for c in (order[size // 4 :], order[: size // 4])
        )
        test = rows_of(images, split.test)
        if method not in LOSSES:
            z, z_train = fixed(method, images, split, seed)
            known = rows_of(images, split.train)
            yield head | {"part": "all"} | scored(z, z_train, test, known)
            continue
        draws = torch.Generator().manual_seed(seed)
        psi = convnet(DIM, channels=(1, 8, 32, 64), generator=draws)
        own = torch.Generator().manual_seed(1000 + seed)
        loss = LOSSES[method](len(train_on.y.unique()), own)
        head |= fit(Run(psi, loss, draws, own), train_on, choose)
        z, z_train = embed(psi, test.x), embed(psi, train_on.x)
        yield head | {"part": "all"} | scored(z, z_train, test, train_on)
        if method == "triplet":
            for shots in SHOTS:
                yield head | {"part": f"{shots} shots"} | adapted(psi, test, shots, own)


def fixed(
    method: str, images: Pool, split: gen.OODSplit, seed: int
) -> tuple[Tensor, Tensor]:
    """Embeddings of test and training classes that nobody trained."""
    rows = [torch.isin(images.y, side) for side in (split.test, split.train)]
    if method == "untrained network":
        draws = torch.Generator().manual_seed(seed)
        psi = convnet(DIM, channels=(1, 8, 32, 64), generator=draws)
        return embed(psi, images.x[rows[0]]), embed(psi, images.x[rows[1]])
    flat = images.features if method == "HOG + PCA" else images.x.flatten(1)
    test, known = (flat[r].double() for r in rows)
    if method == "raw pixels":
        return test, known
    axes = PCA(DIM, svd_solver="covariance_eigh").fit(known.numpy())
    z, z_train = (torch.tensor(axes.transform(part.numpy())) for part in (test, known))
    return z, z_train


def adapted(psi: nn.Sequential, test: GlyphImages, shots: int, g: Generator) -> Row:
    """Recall@1 of the queries before and after 60 steps of the last layer."""
    features = embed(psi[:-2], test.x)
    before, after = [], []
    for _ in range(EPISODES):
        support, query = gen.few_shot_episode(test.y, shots=shots, generator=g)
        new = gen.adapt_head(
            psi[-2:], features[support], test.y[support], loss=triplets(DIM, g),
            steps=60, lr=3e-3,
        )  # fmt: skip
        for values, layer in ((before, psi[-2:]), (after, new)):
            z = embed(layer, features[query])
            values.append(evaluate(z, test.y[query], ks=(1,))["recall@1"])
    mean = {"recall_at_1": before, "adapted": after}
    return words({name: sum(v) / len(v) for name, v in mean.items()})


def new_images(method: str, seed: int) -> Iterator[Row]:
    """The trained images, other images of their classes, and unseen classes.

    Each set has 20 images of a class, and as many classes as the smallest.
    """
    mixed = method == "triplet, half inverted"
    n_classes, steps = (200, (0,)) if mixed else (300, SPLITS)
    again = torch.Generator().manual_seed(seed)  # the same classes, painted anew
    more = glyphs(
        generator=again, n_classes=n_classes, per_class=21, mixed_polarity=mixed
    )
    parts = (more.train, more.validation, more.test)
    x, y = torch.cat([p.x for p in parts]), torch.cat([p.y for p in parts])
    first = torch.arange(len(y)) % 21 < 20
    fresh, whole = (x[first], y[first]), None if mixed else pool(seed)
    for step in steps:
        if whole is None:
            run = plain(seed)
            images, choose, other = run.data.train, run.data.validation, run.data.test
        else:
            images, choose, other = sides(whole, step, seed)
            draws = torch.Generator().manual_seed(seed)
            psi = convnet(DIM, channels=(1, 8, 32, 64), generator=draws)
            own = torch.Generator().manual_seed(1000 + seed)
            run = Run(psi, triplets(DIM, own), draws, own)
        done, g = fit(run, images, choose), torch.Generator().manual_seed(seed)
        known, unseen = images.y.unique(), other.y.unique()
        size = min(len(known), len(unseen))
        known, unseen = (c[torch.randperm(len(c), generator=g)[:size]]
                         for c in (known, unseen))  # fmt: skip
        for part, (points, labels), classes in (
            ("trained images", (images.x, images.y), known),
            ("new images", fresh, known),
            ("unseen classes", (other.x, other.y), unseen),
        ):
            rows = torch.isin(labels, classes)
            found = evaluate(embed(run.psi, points[rows]), labels[rows], ks=(1,))
            pixels = evaluate(points[rows].flatten(1), labels[rows], ks=(1,))
            head = {"part": part, "split": str(step), "classes": str(size)}
            for name, score in (("", found), (", raw pixels", pixels)):
                values = {"recall_at_1": score["recall@1"]}
                yield head | done | words(values) | {"part": part + name}


FIXED = ("HOG + PCA", "raw pixels", "untrained network")
METHODS |= {("images", name): {"": None}
            for name in ("triplet", "triplet, half inverted")}  # fmt: skip
METHODS |= {("shift", name): {"": None} for name in (*LOSSES, *FIXED)}


# --- all of it ------------------------------------------------------------------------


def wanted(rows: list[Row], tables: list[str], *, choosing: bool) -> list[Job]:
    """Jobs that the file lacks; those of the choice come first."""
    done = {(r["table"], r["method"], r["seed"], r["setting"]) for r in rows}
    jobs = []
    for (table, method), settings in METHODS.items():
        if tables and table not in tables:
            continue
        chosen, seeds = list(settings), [CHOICE]
        if not choosing:
            scores = {
                r["setting"]: float(r["validation"])
                for r in rows
                if (r["table"], r["method"], r["part"]) == (table, method, "choice")
            }
            chosen = [max(scores, key=scores.__getitem__)] if scores else chosen[:1]
            seeds = list(SEEDS)
        elif len(settings) == 1:
            continue
        jobs += [
            (table, method, setting, seed)
            for setting in chosen
            for seed in seeds
            if (table, method, str(seed), setting) not in done
        ]
    return jobs


def main() -> None:
    """Add what the file lacks, and keep each job's rows as soon as they are there."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tables", nargs="*")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = read(FILE)
    with multiprocessing.get_context("spawn").Pool(options.jobs) as workers:
        for choosing in (True, False):
            jobs = wanted(rows, options.tables, choosing=choosing)
            jobs.sort(key=lambda job: job[0] != "shift")  # the longest first
            for found in workers.imap_unordered(tried, jobs):
                rows += found
                save(FILE, COLUMNS, sorted(rows, key=place))
                for row in found[:1]:
                    print({k: row.get(k) for k in COLUMNS[:6]}, flush=True)


def place(row: Row) -> tuple[int, int, int]:
    """Tables and methods as declared, then seeds."""
    key = row["table"], row["method"]
    return list(METHODS).index(key), int(row["seed"]), int(row.get("split") or 0)


if __name__ == "__main__":
    main()
