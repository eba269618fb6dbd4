"""What a network trained on photographs sees in glyphs that nobody trained it on.

``OMP_NUM_THREADS=1 python benchmarks/pretrained.py`` prints Recall@1 and MAP@R on the
test classes, mean and half width over seeds of the data: raw pixels, the features of
EfficientNet-Lite0 as they are, drawn at several sizes, and one linear layer on top of
them, trained by the multi-similarity loss on the training classes.
"""

import time

import torch
from torch.nn.functional import interpolate

from mlcourse.datasets import glyphs
from mlcourse.evaluation import evaluate
from mlcourse.losses import multi_similarity_loss
from mlcourse.networks import mlp, pretrained
from mlcourse.plots import half_width
from mlcourse.samplers import ClassBalancedBatches
from mlcourse.training import embed, train

SEEDS, SIZES = 3, (32, 64)


def features(x, size):
    """Features of images, drawn anew at size x size pixels."""
    psi = pretrained(1, normalized=False, generator=torch.Generator())[:2].eval()
    larger = interpolate(x, (size, size), mode="bilinear", antialias=True)
    return embed(psi, larger, chunk=64)


def linear(parts, seed):
    """Test features after a linear layer trained on the training classes."""
    g = torch.Generator().manual_seed(seed)
    (x, y), validation, (z, _) = parts
    psi = mlp((x.shape[1], 64), generator=g)
    batches = ClassBalancedBatches(
        y, classes=16, per_class=4, n_batches=30, generator=g
    )
    train(
        psi, loss, x, y, batches=batches, validation=validation,
        epochs=10, generator=g, lr=1e-3,
    )  # fmt: skip
    return embed(psi, z)


def loss(z, labels):
    """Multi-similarity of embeddings of length 1, mined."""
    return multi_similarity_loss(z @ z.T, labels, epsilon=0.1)


def main():
    """Measure and print."""
    found = {}
    for seed in range(SEEDS):
        data = glyphs(generator=torch.Generator().manual_seed(seed))
        splits = data.train, data.validation, data.test
        y = data.test.y
        rows = {"raw pixels": data.test.x.flatten(1)}
        for size in SIZES:
            start = time.process_time()
            parts = [(features(s.x, size), s.y) for s in splits]
            seconds = time.process_time() - start
            print(f"seed {seed}, {size} pixels: {seconds:.0f} CPU s", flush=True)
            rows[f"Lite0 at {size} pixels"] = parts[2][0]
            rows[f"Lite0 at {size} pixels, linear layer"] = linear(parts, seed)
        for name, z in rows.items():
            got = evaluate(torch.nn.functional.normalize(z), y)
            found.setdefault(name, []).append((got["recall@1"], got["map_at_r"]))
    print("\n| embedding | Recall@1 | MAP@R |\n|---|---|---|")
    for name, values in found.items():
        cells = [
            f"{v.mean():.2f} ± {half_width(v):.2f}"
            for v in torch.tensor(values).double().T
        ]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
