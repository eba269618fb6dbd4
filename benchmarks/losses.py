"""Losses beside pytorch-metric-learning: value and gradient, CPU time of one thread.

``OMP_NUM_THREADS=1 python benchmarks/losses.py`` prints a Markdown table a batch size
and draws ``benchmarks/losses.png``; ``--batches 128 512`` for a quicker run. Both sides
get the same embeddings, normalise them, and make their own pairs and triplets from the
labels in every step. The limit is what no loss of all pairs can do without: normalise,
one product of matrices, one pass of exponentials, and the way back; of all triplets,
a pass of hinges for each positive of an anchor.
"""

import argparse
import statistics
import warnings
from importlib.metadata import version
from pathlib import Path

import torch
from _beside import chords, milliseconds, squares
from torch.nn.functional import normalize

from mlcourse import losses as ours
from mlcourse.judgements import all_triplets, dissimilar_pairs, similar_pairs
from mlcourse.plots import figure, plot_ratios

with warnings.catch_warnings():
    warnings.simplefilter("default")
    from pytorch_metric_learning import losses as pml
    from pytorch_metric_learning import miners

DIM, PER_CLASS, DRAWS = 128, 4, {128: 30, 512: 9, 2048: 3}
#: Largest batch at which the peer's lists fit into 12 GB.
FITS = {"lifted structure": 256, "InfoNCE": 256, "Smooth-AP": 512}


def gram(u, v):
    """Cosines of unit vectors: one product of matrices."""
    return u @ v.T


def lists(labels):
    """(name, ours, peer): losses of pairs, triplets and lists, with their miners."""
    y, mined = labels, miners.MultiSimilarityMiner(epsilon=0.1)
    similarity = pml.MultiSimilarityLoss()
    yield (
        "contrastive",
        lambda u: ours.contrastive_loss(
            chords(u), similar_pairs(y), dissimilar_pairs(y)
        ),
        pml.ContrastiveLoss(),
    )
    yield (
        "triplet, all",
        lambda u: ours.triplet_loss(chords(u), all_triplets(y)),
        pml.TripletMarginLoss(margin=0.2),
    )
    yield (
        "multi-similarity",
        lambda u: ours.multi_similarity_loss(gram(u, u), y),
        similarity,
    )
    yield (
        "multi-similarity, mined",
        lambda u: ours.multi_similarity_loss(gram(u, u), y, epsilon=0.1),
        lambda z, y: similarity(z, y, mined(z, y)),
    )
    yield "InfoNCE", lambda u: ours.info_nce_loss(gram(u, u), y), pml.NTXentLoss(0.1)
    yield "SupCon", lambda u: ours.supcon_loss(gram(u, u), y), pml.SupConLoss()
    yield (
        "lifted structure",
        lambda u: ours.lifted_structure_loss(chords(u), y),
        pml.LiftedStructureLoss(),
    )
    yield (
        "generalized lifted",
        lambda u: ours.generalized_lifted_structure_loss(chords(u), y),
        pml.GeneralizedLiftedStructureLoss(),
    )
    yield "circle", lambda u: ours.circle_loss(gram(u, u), y), pml.CircleLoss(0.25, 64)
    yield "Smooth-AP", lambda u: ours.smooth_ap_loss(gram(u, u), y), pml.SmoothAPLoss()
    yield "NCA", lambda u: ours.nca_loss(squares(u), y), pml.NCALoss()


def against_weights(labels, n_classes):
    """(name, ours, peer): losses of points against proxies or class weights."""
    y = labels
    w = torch.randn(n_classes, DIM, generator=torch.Generator().manual_seed(1))
    w.requires_grad_()

    def cos(u):
        return gram(u, normalize(w))

    def lengths(z):
        return z.norm(dim=1)

    sizes = {"num_classes": n_classes, "embedding_size": DIM}
    soft = ours.SoftTripleLoss(n_classes, DIM, tau=0)
    yield (
        "ProxyNCA++",
        lambda u: ours.proxy_nca_loss(2 - 2 * cos(u), y, include_positive=True),
        pml.ProxyNCALoss(**sizes),
    )
    yield (
        "Proxy Anchor",
        lambda u: ours.proxy_anchor_loss(cos(u), y),
        pml.ProxyAnchorLoss(**sizes),
    )
    yield "SoftTriple", lambda u: soft(u, y), pml.SoftTripleLoss(**sizes)
    yield (
        "norm-softmax",
        lambda u: ours.norm_softmax_loss(cos(u), y),
        pml.NormalizedSoftmaxLoss(**sizes),
    )
    yield "CosFace", lambda u: ours.cosface_loss(cos(u), y), pml.CosFaceLoss(**sizes)
    yield "ArcFace", lambda u: ours.arcface_loss(cos(u), y), pml.ArcFaceLoss(**sizes)
    yield (
        "SphereFace",
        lambda u: ours.sphereface_loss(cos(u), lengths(u), y),
        pml.SphereFaceLoss(**sizes),
    )
    yield (
        "L-Softmax",
        lambda u: ours.l_softmax_loss(cos(u), lengths(u), lengths(w), y),
        pml.LargeMarginSoftmaxLoss(**sizes),
    )


def limit(z, w):
    """Normalise, multiply, exponentiate, and the gradient of that, without autograd."""
    length = z.norm(dim=1, keepdim=True)
    u = z / length
    weight = (u @ w.T).exp_()
    weight /= weight.sum(dim=1, keepdim=True)
    slope = weight @ w + (0 if len(w) != len(z) else weight.T @ u)
    return (slope - (slope * u).sum(dim=1, keepdim=True) * u) / length


def limit_of_triplets(z, margin=0.2):
    """As ``limit``, but one pass of hinges for each positive of an anchor, no list."""
    length = z.norm(dim=1, keepdim=True)
    u = z / length
    dist = chords(u)
    slope = torch.zeros_like(dist)
    row = torch.arange(len(z))
    own = row.view(-1, 1, PER_CLASS).expand(-1, PER_CLASS, -1).reshape(len(z), -1)
    for turn in range(1, PER_CLASS):
        positive = row - row % PER_CLASS + (row + turn) % PER_CLASS
        active = (dist[row, positive][:, None] + margin - dist).clamp_(min=0).sign_()
        active.scatter_(1, own, 0)
        slope -= active
        slope[row, positive] += active.sum(dim=1)
    slope /= dist  # of chords: its gradient in u is (u_i - u_j) / dist
    both = slope + slope.T
    back = both.sum(dim=1, keepdim=True) * u - both @ u
    return (back - (back * u).sum(dim=1, keepdim=True) * u) / length


def limit_of_smooth_ap(z, temperature=0.01):
    """As ``limit``, but one pass of sigmoids for each positive of a query, no list."""
    length = z.norm(dim=1, keepdim=True)
    u = z / length
    sim = u @ u.T
    slope = torch.zeros_like(sim)
    row = torch.arange(len(z))
    own = row.view(-1, 1, PER_CLASS).expand(-1, PER_CLASS, -1).reshape(len(z), -1)
    for turn in range(1, PER_CLASS):
        positive = row - row % PER_CLASS + (row + turn) % PER_CLASS
        above = (sim - sim[row, positive][:, None]).div_(temperature).sigmoid_()
        above[row, row] = above[row, positive] = 0
        among = 1 + above.gather(1, own).sum(dim=1, keepdim=True)
        rank = 1 + above.sum(dim=1, keepdim=True)
        above *= 1 - above
        friends = above.gather(1, own) / rank
        above *= among / rank**2
        above.scatter_add_(1, own, -friends)
        slope += above
        slope[row, positive] -= above.sum(dim=1)
    slope /= len(z) * (PER_CLASS - 1) * temperature
    back = slope @ u + slope.T @ u
    return (back - (back * u).sum(dim=1, keepdim=True) * u) / length


def backward(loss, z):
    """One value and its gradient in the embeddings."""
    loss(z.clone().requires_grad_()).backward()


def measure(batch, n_classes):
    """Rows (name, ours in ms, peer in ms or None, limit in ms)."""
    draws = DRAWS.get(batch, 5)
    z = torch.randn(batch, DIM, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(batch) // PER_CLASS
    w = normalize(torch.randn(max(n_classes, int(labels.max()) + 1), DIM))
    centers = normalize(torch.randn(10 * len(w), DIM))
    bases = (normalize(z), w, centers)
    floors = [milliseconds(draws, lambda v=v: limit(z, v))[0] for v in bases]
    floors += milliseconds(draws, lambda: limit_of_triplets(z))
    floors += milliseconds(draws, lambda: limit_of_smooth_ap(z))
    place = {"SoftTriple": 2, "triplet, all": 3, "Smooth-AP": 4}
    for i, cases in enumerate((lists(labels), against_weights(labels, len(w)))):
        for name, mine, peer in cases:
            floor = floors[place.get(name, i)]
            steps = [lambda f=mine: backward(lambda z: f(normalize(z)), z)]
            if batch <= FITS.get(name, batch):
                steps.append(lambda g=peer: backward(lambda z: g(z, labels), z))
            here, *there = milliseconds(draws, *steps)
            yield name, here, there[0] if there else None, floor


def table(rows):
    """The rows as Markdown, and the geometric mean of the ratios."""
    lines = ["| loss | ours, ms | peer, ms | peer / ours | ours / limit |"]
    lines.append("|---|---|---|---|---|")
    for name, here, there, floor in rows:
        peer = "does not fit" if there is None else f"{there:.2f}"
        ratio = "" if there is None else f"{there / here:.2f}"
        lines.append(f"| {name} | {here:.2f} | {peer} | {ratio} | {here / floor:.1f} |")
    return "\n".join(lines)


def main():
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, nargs="+", default=[128, 512, 2048])
    parser.add_argument("--classes", type=int, default=1000)
    options = parser.parse_args()
    torch.set_num_threads(1)
    peer = version("pytorch-metric-learning")
    print(f"torch {torch.__version__}, pytorch-metric-learning {peer}, one thread")
    ratios, over = {}, {}
    for batch in options.batches:
        rows = list(measure(batch, options.classes))
        print(f"\nBatch {batch}, {PER_CLASS} a class, {options.classes} proxies\n")
        print(table(rows))
        ratios[f"batch {batch}"] = {n: b / a for n, a, b, _ in rows if b}
        over[f"batch {batch}"] = {n: a / floor for n, a, _, floor in rows}
    pairs = {name for name, *_ in lists(torch.arange(8) // 2)}
    for family, inside in (("pairs, triplets, lists", True), ("weights", False)):
        found = [
            ratio
            for batch in ratios.values()
            for name, ratio in batch.items()
            if (name in pairs) == inside
        ]
        mean = statistics.geometric_mean(found)
        print(f"\n{family}: geometric mean of peer / ours {mean:.1f}, least", end=" ")
        print(f"{min(found):.2f}")
    draw(ratios, over, Path(__file__).with_suffix(".png"))


def draw(ratios, over, path):
    """How many times faster than the peer, and how many times the limit."""
    fig, (left, right) = figure(1, 2, size=(11, 5.5), sharey=True, width_ratios=(3, 2))
    plot_ratios(left, ratios, peer="pytorch-metric-learning")
    plot_ratios(right, over, peer="the limit")
    right.axvline(5, color="black", linewidth=1, linestyle="--")
    right.set(xscale="linear", xlabel="ours over the limit (dashed: 5 times)")
    right.get_legend().remove()
    fig.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
