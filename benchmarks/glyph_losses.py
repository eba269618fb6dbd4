"""Every loss of the course at an equal budget, on glyph classes never seen.

    OMP_NUM_THREADS=1 python benchmarks/glyph_losses.py [LOSS ...]

One network, batches and number of steps for all (``train_glyph_net``). Each loss has a
few settings; validation classes of a seed that is not reported choose one, at 150
batches. Losses with proxies, and some without, run with three times the budget too, in
the same setting: it was not chosen again at 450 batches. A row that
glyph_losses.csv already has is not run again, so a stopped run goes on where it was.
"""

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from _rows import read, save
from sklearn.decomposition import PCA
from torch import Generator, Tensor, nn
from torch.nn.functional import normalize

from mlcourse import losses
from mlcourse.datasets import Glyphs, glyphs
from mlcourse.distances import cosine, euclidean, sqeuclidean
from mlcourse.evaluation import density, evaluate, spectral_decay
from mlcourse.judgements import all_triplets, dissimilar_pairs, similar_pairs
from mlcourse.networks import convnet
from mlcourse.selfsupervised import hog
from mlcourse.training import embed, train_glyph_net

FILE = Path(__file__).with_name("glyph_losses.csv")
COLUMNS = ("loss", "family", "seed", "recall_at_1", "map_at_r", "rho", "density",
           "epochs", "cpu_seconds", "setting")  # fmt: skip
CHOICE, DIM = 100, 64
BUDGETS = {5: range(5), 15: range(3)}  # epochs: seeds
LONG = ("contrastive", "triplet", "multi-similarity, mined", "SupCon")
Loss = Callable[[Tensor, Tensor], Tensor]
Maker = Callable[[int, Generator], Loss]


def cos(z: Tensor, w: Tensor) -> Tensor:
    """Cosines."""
    return 1 - cosine(z, w)


def pairs(y: Tensor) -> tuple[Tensor, Tensor]:
    """S and D."""
    return similar_pairs(y), dissimilar_pairs(y)


def plain(loss: Loss) -> Maker:
    """A loss without parameters."""
    return lambda n_classes, generator: loss


def proxies(loss: Loss, delta: Callable[[Tensor, Tensor], Tensor]) -> Maker:
    """A loss on a vector a class."""
    return lambda n_classes, generator: losses.Proxies(
        n_classes, DIM, loss=loss, delta=delta, generator=generator
    )


class OnPairs(nn.Module):
    """Wu's margin loss, whose boundary is learned."""

    def __init__(self, beta: float) -> None:
        super().__init__()
        self.loss = losses.MarginLoss(beta=beta)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Loss of embeddings z of classes y."""
        value: Tensor = self.loss(euclidean(z, z), *pairs(y))
        return value


class Angles(nn.Module):
    """SphereFace or L-Softmax: lengths count, and the margin comes step by step."""

    def __init__(self, n: int, generator: Generator, *, free: bool, m: int) -> None:
        super().__init__()
        self.omega = nn.Parameter(torch.randn(n, DIM, generator=generator) / DIM**0.5)
        self.free, self.m, self.step = free, m, 0

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Loss of embeddings z of classes y."""
        self.step += 1  # lambda falls from 500 to 6.6 in 150 steps
        share = losses.annealed(self.step, gamma=1.0)
        sizes = (z.norm(dim=1), self.omega.norm(dim=1))
        if self.free:
            return losses.l_softmax_loss(
                cos(z, self.omega), *sizes, y, m=self.m, annealing=share
            )
        return losses.sphereface_loss(
            cos(z, self.omega), sizes[0], y, m=self.m, annealing=share
        )


def two_a_class(z: Tensor) -> Tensor:
    """N-pair's tables: anchors 1 and 3 against positives 2 and 4 of each class."""
    return torch.stack([z[0::4] @ z[1::4].T, z[2::4] @ z[3::4].T])


RANKING: dict[str, dict[str, Maker]] = {
    "contrastive": {f"margin {m}": plain(lambda z, y, m=m: losses.contrastive_loss(
        euclidean(z, z), *pairs(y), margin=m)) for m in (0.5, 1.0)},
    "triplet": {f"margin {m}": plain(lambda z, y, m=m: losses.triplet_loss(
        euclidean(z, z), all_triplets(y), margin=m)) for m in (0.2, 0.5)},
    "soft triplet": {f"scale {s}": plain(lambda z, y, s=s: losses.soft_triplet_loss(
        s * euclidean(z, z), all_triplets(y))) for s in (1, 10)},
    "margin": {f"beta {b}": lambda n, g, b=b: OnPairs(b) for b in (0.6, 1.2)},
    "N-pair": {f"scale {s}": plain(lambda z, y, s=s: sum(
        losses.npair_loss(s * t) for t in two_a_class(z)) / 2) for s in (10, 30)},
    "InfoNCE": {f"T {t}": plain(lambda z, y, t=t: losses.info_nce_loss(
        z @ z.T, y, temperature=t)) for t in (0.05, 0.1)},
    "SupCon": {f"T {t}": plain(lambda z, y, t=t: losses.supcon_loss(
        z @ z.T, y, temperature=t)) for t in (0.05, 0.1)},
    "lifted": {f"margin {m}": plain(lambda z, y, m=m: losses.lifted_structure_loss(
        euclidean(z, z), y, margin=m)) for m in (0.5, 1.0)},
    "generalised lifted": {f"scale {s}": plain(
        lambda z, y, s=s: losses.generalized_lifted_structure_loss(
            s * euclidean(z, z), y)) for s in (1, 5)},
    "multi-similarity": {f"base {b}": plain(
        lambda z, y, b=b: losses.multi_similarity_loss(z @ z.T, y, base=b))
        for b in (0.5, 0.7)},
    "multi-similarity, mined": {f"base {b}": plain(
        lambda z, y, b=b: losses.multi_similarity_loss(z @ z.T, y, base=b, epsilon=0.1))
        for b in (0.5, 0.7)},
    "circle": {f"m {m}": plain(lambda z, y, m=m: losses.circle_loss(z @ z.T, y, m=m))
               for m in (0.25, 0.4)},
    "Smooth-AP": {f"T {t}": plain(lambda z, y, t=t: losses.smooth_ap_loss(
        z @ z.T, y, temperature=t)) for t in (0.01, 0.05)},
    "NCA": {f"scale {s}": plain(lambda z, y, s=s: losses.nca_loss(
        s * sqeuclidean(z, z), y)) for s in (9, 16)},
}  # fmt: skip
PROXY: dict[str, dict[str, Maker]] = {
    "ProxyNCA (2017)": {f"scale {s}": proxies(
        losses.proxy_nca_loss, lambda z, w, s=s: 2 * s * cosine(z, w)) for s in (1, 9)},
    "ProxyNCA++": {f"scale {s}": proxies(
        lambda d, y: losses.proxy_nca_loss(d, y, include_positive=True),
        lambda z, w, s=s: 2 * s * cosine(z, w)) for s in (4, 9)},
    "Proxy Anchor": {f"alpha {a}": proxies(
        lambda s, y, a=a: losses.proxy_anchor_loss(s, y, alpha=a), cos)
        for a in (16, 32)},
    "SoftTriple": {f"la {la}": lambda n, g, la=la: losses.SoftTripleLoss(
        n, DIM, centers_per_class=2, la=la, generator=g) for la in (10, 20)},
}  # fmt: skip
CLASSIFICATION: dict[str, dict[str, Maker]] = {
    "norm-softmax": {f"T {t}": proxies(
        lambda c, y, t=t: losses.norm_softmax_loss(c, y, temperature=t), cos)
        for t in (0.05, 0.1)},
    "CosFace": {f"margin {m}, scale {s}": proxies(
        lambda c, y, m=m, s=s: losses.cosface_loss(c, y, margin=m, scale=s), cos)
        for m, s in ((0.2, 16.0), (0.35, 16.0), (0.35, 64.0))},
    "ArcFace": {f"margin {m}, scale {s}": proxies(
        lambda c, y, m=m, s=s: losses.arcface_loss(c, y, margin=m, scale=s), cos)
        for m, s in ((0.2, 16.0), (0.5, 16.0), (0.5, 64.0))},
    "L-Softmax": {f"m {m}": lambda n, g, m=m: Angles(n, g, free=True, m=m)
                  for m in (2, 4)},
    "SphereFace": {f"m {m}": lambda n, g, m=m: Angles(n, g, free=False, m=m)
                   for m in (2, 4)},
}  # fmt: skip
FAMILIES = {"ranking": RANKING, "proxy": PROXY, "classification": CLASSIFICATION}


def data_of(seed: int) -> Glyphs:
    """The standard glyphs of a seed."""
    return glyphs(generator=torch.Generator().manual_seed(seed))


def fit(
    maker: Maker, name: str, seed: int, epochs: int
) -> tuple[nn.Module, float, float]:
    """The network, its best Recall@1 on validation classes, and CPU seconds."""
    data, start = data_of(seed), time.process_time()
    generator = torch.Generator().manual_seed(seed)
    loss = maker(len(data.train.y.unique()), generator)
    psi, history = train_glyph_net(
        loss, data, generator=generator, dim=DIM, epochs=epochs,
        normalized=name not in ("L-Softmax", "SphereFace"),
        loss_lr=1e-2 if name == "margin" else 1e-1,  # one boundary, or many proxies
    )  # fmt: skip
    best = max(history.untrained, *history.score)
    return psi, best, time.process_time() - start


def measured(z_train: Tensor, z: Tensor, data: Glyphs) -> dict[str, str]:
    """Recall@1 and MAP@R on test classes; rho and pi on training classes (Roth)."""
    z_train, z = normalize(z_train, dim=1), normalize(z, dim=1)
    found = evaluate(z, data.test.y, ks=(1,))
    numbers = {
        "recall_at_1": found["recall@1"],
        "map_at_r": found["map_at_r"],
        "rho": spectral_decay(z_train),
        "density": density(z_train, data.train.y),
    }
    return {name: f"{value:.4f}" for name, value in numbers.items()}


def baselines(seed: int) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Name, training and test embeddings of what learns nothing from labels."""
    data = data_of(seed)
    flat = [part.x.flatten(1) for part in (data.train, data.test)]
    yield "raw pixels", flat[0], flat[1]
    tables = {"PCA": flat, "HOG + PCA": [hog(p.x) for p in (data.train, data.test)]}
    for name, (train, test) in tables.items():
        axes = PCA(DIM, svd_solver="covariance_eigh").fit(train.double().numpy())
        z = (torch.tensor(axes.transform(x.double().numpy())) for x in (train, test))
        yield name, *z
    psi = convnet(DIM, channels=(1, 8, 32, 64),
                  generator=torch.Generator().manual_seed(seed))  # fmt: skip
    yield "untrained network", embed(psi, data.train.x), embed(psi, data.test.x)


def rows_of(names: list[str], rows: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    """What the file lacks, row by row."""
    done = {(row["loss"], row["epochs"], row["seed"]) for row in rows}
    for seed in BUDGETS[5]:
        for name, z_train, z in baselines(seed):
            if (name, "0", str(seed)) not in done:
                row = {"loss": name, "family": "baseline", "seed": str(seed)}
                yield row | measured(z_train, z, data_of(seed)) | {"epochs": "0"}
    chosen = {row["loss"]: row["setting"] for row in rows}
    for epochs, (family, methods) in itertools.product(BUDGETS, FAMILIES.items()):
        for name, settings in methods.items():
            left = [
                s for s in BUDGETS[epochs] if (name, str(epochs), str(s)) not in done
            ]
            short = epochs > 5 and family == "ranking" and name not in LONG
            if not left or short or (names and name not in names):
                continue
            if name not in chosen:
                scores = {s: fit(m, name, CHOICE, 5)[1] for s, m in settings.items()}
                chosen[name] = max(scores, key=scores.__getitem__)
            for seed in left:
                psi, _, seconds = fit(settings[chosen[name]], name, seed, epochs)
                data = data_of(seed)
                z = embed(psi, data.train.x), embed(psi, data.test.x)
                row = {"loss": name, "family": family, "seed": str(seed),
                       "epochs": str(epochs), "cpu_seconds": f"{seconds:.1f}",
                       "setting": chosen[name]}  # fmt: skip
                yield row | measured(*z, data)


def main(names: list[str]) -> None:
    """Add what the file lacks, and keep each row as soon as it is there."""
    torch.set_num_threads(1)
    rows = read(FILE)
    for row in rows_of(names, list(rows)):
        rows.append(row)
        save(FILE, COLUMNS, rows)
        print({k: row[k] for k in ("loss", "epochs", "seed", "recall_at_1", "rho")})


if __name__ == "__main__":
    main(sys.argv[1:])
