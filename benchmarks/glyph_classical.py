"""What linear and kernel learners reach on the capstone's classes never seen.

    OMP_NUM_THREADS=1 python benchmarks/glyph_classical.py

The course from its beginning: raw pixels, their principal components, LDA of these, LDA
of RBF coordinates; the same on HOG; and a network that has learned nothing. Classes are
those of glyph_capstone.py, seed by seed; the number of components is chosen by the
MAP@R of the validation classes. glyph_classical.csv has a row for each method and seed.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from _rows import Row, save
from sklearn.decomposition import PCA
from torch import Generator, Tensor

from mlcourse.datasets import GlyphImages, glyphs
from mlcourse.evaluation import evaluate
from mlcourse.kernel import KernelCoordinates
from mlcourse.linear import LDA
from mlcourse.networks import convnet
from mlcourse.selfsupervised import hog
from mlcourse.training import embed

FILE = Path(__file__).with_name("glyph_classical.csv")
COLUMNS = ("features", "method", "seed", "recall_at_1", "map_at_r", "components")
FEATURES: dict[str, Callable[[Tensor], Tensor]] = {"pixels": lambda x: x.flatten(1),
                                                   "HOG": hog}  # fmt: skip
KEPT = (16, 32, 64, 128, 256, 512, 1024, 1600)
Parts = tuple[Tensor, ...]  # train, validation, test


def coordinates(x: Parts) -> dict[str, Parts]:
    """Principal components and RBF coordinates of x, the leading ones first."""
    train, *others = (part.double().numpy() for part in x)
    learned = {
        "PCA": PCA(svd_solver="covariance_eigh"),
        "kernel": KernelCoordinates(max(KEPT), kernel="rbf"),
    }
    return {
        name: tuple(map(torch.as_tensor, (
            one.fit_transform(train), *map(one.transform, others)
        )))
        for name, one in learned.items()
    }  # fmt: skip


def lda(z: Parts, y: Tensor) -> Parts:
    """A matrix L that parts the training classes, applied to all."""
    learned = LDA(reg=0.1).fit(z[0].numpy(), y.numpy())
    return tuple(torch.as_tensor(learned.transform(part.numpy())) for part in z)


def measured(z: Tensor, part: GlyphImages) -> dict[str, float]:
    """Recall@1 and MAP@R."""
    return evaluate(z, part.y, ks=(1,))


def rows(seed: int) -> Iterator[Row]:
    """All methods on the classes of a seed."""
    data = glyphs(generator=Generator().manual_seed(seed))
    psi = convnet(64, channels=(1, 8, 32, 64), generator=Generator().manual_seed(seed))
    found = measured(embed(psi, data.test.x), data.test)
    yield row("pixels", "untrained network", seed, found)
    for features, of in FEATURES.items():
        x = of(data.train.x), of(data.validation.x), of(data.test.x)
        yield row(features, "as they are", seed, measured(x[2], data.test))
        z = coordinates(x)
        for name, source in (("PCA", "PCA"), ("linear", "PCA"), ("kernel", "kernel")):
            best = (-1.0, 0, x[2])
            for k in (k for k in KEPT if k <= z[source][0].shape[1]):
                few = tuple(part[:, :k] for part in z[source])
                if name != "PCA":
                    few = lda(few, data.train.y)
                score = measured(few[1], data.validation)["map_at_r"]
                best = max(best, (score, k, few[2]), key=lambda tried: tried[0])
            yield row(features, name, seed, measured(best[2], data.test), str(best[1]))


def row(
    features: str, method: str, seed: int, found: dict[str, float], k: str = ""
) -> Row:
    """A row of the table."""
    return {
        "features": features, "method": method, "seed": str(seed),
        "recall_at_1": f"{found['recall@1']:.4f}",
        "map_at_r": f"{found['map_at_r']:.4f}", "components": k,
    }  # fmt: skip


if __name__ == "__main__":
    table = list(itertools.chain.from_iterable(map(rows, range(5))))
    save(FILE, COLUMNS, table)
    for line in table:
        print(*line.values())
