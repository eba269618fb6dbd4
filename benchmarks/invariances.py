"""What codes trained on character, script and font forget: the full-budget run.

``python benchmarks/invariances.py`` prints one Markdown table: agreement of character,
script, font and weight between an image and samples of its code's class, and the
variance of the horizontal position that is left, for new images of the characters of
the training and for characters never seen; mean (least-most) over the seeds. The judge
is the nearest of all other images, by pixels. CPU seconds, one thread, on stderr.
"""

import sys
import time
from collections import defaultdict

import torch

from mlcourse.datasets import glyphs
from mlcourse.invariances import (
    Autoencoder,
    ConditionalINN,
    Encoder,
    agreement,
    remaining_variance,
    train_autoencoder,
    train_encoder,
    train_inn,
)

SEEDS, QUERIES, SAMPLES, DIM, CODE = range(2), 200, 8, 48, 32
FACTORS = ("character", "script", "font", "weight")


def factors(images, fonts):
    """Labels by name; weight is 1 for a bold font."""
    bold = torch.tensor(["Bol" in font for font in fonts]).long()
    labels = (images.y, images.script, images.font, bold[images.font])
    return dict(zip(FACTORS, labels, strict=True))


def position(x):
    """Horizontal centre of the ink, in pixels, of images (..., 1, h, w)."""
    ink = (x - 0.2).clamp(min=0)[..., 0, :, :].sum(dim=-2)
    return (ink * torch.arange(x.shape[-1])).sum(dim=-1) / ink.sum(dim=-1)


def measure(samples, images, labels, queries, references):
    """Every number of one row of the table."""
    flat, pool = samples.flatten(2), images[references].flatten(1)
    found = [
        agreement(flat, label[queries], pool, label[references]).mean().item()
        for label in labels.values()
    ]
    moves = samples.shape[1] > 1
    return [*found, remaining_variance(position(samples)) if moves else 0.0]


@torch.no_grad()
def class_of(z, flow, net, generator):
    """Decoded samples of the class of every code, (q, SAMPLES, 1, h, w)."""
    v = torch.randn(len(z) * SAMPLES, DIM, generator=generator)
    x = net.decode(flow.inverse(v, z.repeat_interleave(SAMPLES, dim=0)))
    return x.unflatten(0, (len(z), SAMPLES))


def timed(what, train, *args, **settings):
    """Run a training, and say what it cost."""
    start = time.process_time()
    train(*args, **settings)
    print(
        f"{what}: {time.process_time() - start:.0f} CPU s", file=sys.stderr, flush=True
    )


def run(seed, rows):
    """One draw of characters, split and weights; numbers go to rows[where, name]."""
    g = torch.Generator().manual_seed(seed)
    data = glyphs(per_class=100, generator=g)
    order = torch.randperm(len(data.train.x), generator=g)
    new, fit = order.split([QUERIES, len(order) - QUERIES])
    known = factors(data.train, data.fonts)
    unseen = factors(data.test, data.fonts)
    order = torch.randperm(len(data.test.x), generator=g)
    places = {
        "known": (data.train.x, known, new, fit),
        "never seen": (data.test.x, unseen, order[:QUERIES], order[QUERIES:]),
    }

    x = data.train.x[fit]
    net = Autoencoder(DIM, generator=g)
    timed("autoencoder", train_autoencoder, net, x, generator=g)
    with torch.no_grad():
        code = net.encode(x)
        for where, (images, _, queries, _) in places.items():
            decoded = net.decode(net.encode(images[queries]))[:, None]
            rows[where, "the image, decoded"].append(measure(decoded, *places[where]))
    for name in ("no code", *FACTORS[:3]):
        encoder = Encoder(CODE if name != "no code" else 1, generator=g)
        if name != "no code":
            train_encoder(encoder, x, known[name][fit], steps=1000, generator=g)
        with torch.no_grad():
            z = encoder(x)
        mean, std = z.mean(dim=0), z.std(dim=0)
        blind = float(name != "no code")  # a code of zeros says nothing
        flow = ConditionalINN(DIM, z.shape[1], generator=g)
        inputs = (flow, code, blind * (z - mean) / std)
        timed(name, train_inn, *inputs, steps=2000, noise=0.3, generator=g)
        for where, (images, _, queries, _) in places.items():
            with torch.no_grad():
                asked = blind * (encoder(images[queries]) - mean) / std
            samples = class_of(asked, flow, net, g)
            rows[where, name].append(measure(samples, *places[where]))


def main():
    """Print the table."""
    rows = defaultdict(list)
    for seed in SEEDS:
        run(seed, rows)
    print("| characters | code trained on |", " | ".join(FACTORS), "| position left |")
    print("|---" * (len(FACTORS) + 3) + "|")
    for (where, name), values in sorted(rows.items(), key=lambda row: row[0][0]):
        table = torch.tensor(values).T
        cells = [f"{v.mean():.2f} ({v.min():.2f}-{v.max():.2f})" for v in table]
        print(f"| {where} | {name} |", " | ".join(cells), "|")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
