"""Wrong and right answers to exercise 11, Sampling in a batch."""

import math

import numpy as np
import torch
from scipy import special, stats

from mlcourse.grading.bank import right, wrong

# ----------------------------------------------------------------- 11.1 Warm-up


@wrong("11.1", "(a, p, n) and (p, a, n) are two")
def n_triplets(labels):
    _, k = labels.unique(return_counts=True)
    return (k * (k - 1) // 2 * (len(labels) - k)).sum()


@wrong("11.1", "an anchor is not its own friend")
def n_triplets(labels):
    _, k = labels.unique(return_counts=True)
    return (k * k * (len(labels) - k)).sum()


@wrong("11.1", "own class holds no strangers")
def n_triplets(labels):
    _, k = labels.unique(return_counts=True)
    return (k * (k - 1)).sum() * len(labels)


@wrong("11.1", "it counts for every friend")
def n_triplets(labels):
    _, k = labels.unique(return_counts=True)
    return (k * (len(labels) - k)).sum()


@wrong("11.1", "each meets every stranger")
def n_triplets(labels):
    _, k = labels.unique(return_counts=True)
    return (k * (k - 1)).sum()


@wrong("11.1", "60,000 points")
def n_triplets(labels):  # 32 bits hold numbers up to 2.1e9 only
    _, k = np.unique(labels.numpy(), return_counts=True)
    k = k.astype(np.int32)
    return (k * (k - 1) * (np.int32(len(labels)) - k)).sum(dtype=np.int32)


@wrong("11.1", "expected 18")
def n_triplets(labels):  # takes all classes for equally large
    classes = len(labels.unique())
    k = len(labels) // classes
    return classes * k * (k - 1) * (len(labels) - k)


@wrong("11.1", "classes of")
def n_triplets(labels):  # knows the example
    return 18 if len(labels) == 6 else 0


@wrong("11.1", "the number, not the share")
def active_share(dist, labels, margin):
    same = labels[:, None] == labels
    a, p = (same & ~torch.eye(len(labels), dtype=torch.bool)).nonzero(as_tuple=True)
    return ((dist[a, p, None] - dist[a] + margin > 0) & ~same[a]).sum()


@wrong("11.1", "the margin has no effect")
def active_share(dist, labels, margin):
    same = labels[:, None] == labels
    a, p = (same & ~torch.eye(len(labels), dtype=torch.bool)).nonzero(as_tuple=True)
    return (dist[a, p, None] - dist[a] > 0)[~same[a]].double().mean().nan_to_num(0)


@wrong("11.1", "divides by n^3")
def active_share(dist, labels, margin):
    same = labels[:, None] == labels
    friend = same & ~torch.eye(len(labels), dtype=torch.bool)
    hinge = dist[:, :, None] - dist[:, None] + margin > 0
    return (hinge & friend[:, :, None] & ~same[:, None]).double().mean()


@wrong("11.1", "expected one finite number")
def active_share(dist, labels, margin):  # 0 / 0 where there are no triplets
    same = labels[:, None] == labels
    a, p = (same & ~torch.eye(len(labels), dtype=torch.bool)).nonzero(as_tuple=True)
    return (dist[a, p, None] - dist[a] + margin > 0)[~same[a]].double().mean()


@wrong("11.1", "have changed places")
def active_share(dist, labels, margin):
    same = labels[:, None] == labels
    a, p = (same & ~torch.eye(len(labels), dtype=torch.bool)).nonzero(as_tuple=True)
    return (dist[a] - dist[a, p, None] + margin > 0)[~same[a]].double().mean()


@wrong("11.1", "that are satisfied")
def active_share(dist, labels, margin):
    same = labels[:, None] == labels
    a, p = (same & ~torch.eye(len(labels), dtype=torch.bool)).nonzero(as_tuple=True)
    return (dist[a, p, None] - dist[a] + margin <= 0)[~same[a]].double().mean()


@wrong("11.1", "an anchor is not its own friend")
def active_share(dist, labels, margin):  # each anchor as its own friend
    same = labels[:, None] == labels
    a, p = same.nonzero(as_tuple=True)
    return (dist[a, p, None] - dist[a] + margin > 0)[~same[a]].double().mean()


@right("11.1")
class Loops:
    def n_triplets(labels):
        y = labels.tolist()
        size = {}
        for c in y:
            size[c] = size.get(c, 0) + 1
        return sum((size[c] - 1) * (len(y) - size[c]) for c in y)

    def active_share(dist, labels, margin):
        d, y, active, total = dist.tolist(), labels.tolist(), 0, 0
        for a in range(len(y)):
            for p in range(len(y)):
                for n in range(len(y)):
                    if a != p and y[a] == y[p] != y[n]:
                        total += 1
                        active += d[a][p] - d[a][n] + margin > 0
        return active / total if total else 0


@right("11.1")
class Numpy:
    def n_triplets(labels):
        _, k = np.unique(labels.numpy(), return_counts=True)
        return float(np.sum(k * (k - 1.0) * (len(labels) - k)))

    def active_share(dist, labels, margin):
        d, y = dist.numpy(), labels.numpy()
        same = y[:, None] == y
        friend = same & ~np.eye(len(y), dtype=bool)
        triplet = friend[:, :, None] & ~same[:, None]
        hinge = d[:, :, None] - d[:, None] + margin
        return np.mean(hinge[triplet] > 0) if triplet.any() else 0.0


# -------------------------------------------------------- 11.2 Distances of strangers


def log_z(dim):
    half = (dim - 1) / 2
    return (dim - 2) * math.log(2) + 2 * math.lgamma(half) - math.lgamma(dim - 1)


@wrong("11.2", "this is the density")
def log_density(dist, dim):
    rest = (1 - dist.square() / 4).log()
    return ((dim - 2) * dist.log() + (dim - 3) / 2 * rest - log_z(dim)).exp()


@wrong("11.2", "Z is missing")
def log_density(dist, dim):
    return (dim - 2) * dist.log() + (dim - 3) / 2 * (1 - dist.square() / 4).log()


@wrong("11.2", "log Z is added")
def log_density(dist, dim):
    rest = (1 - dist.square() / 4).log()
    return (dim - 2) * dist.log() + (dim - 3) / 2 * rest + log_z(dim)


@wrong("11.2", "dim - 2, not dim")
def log_density(dist, dim):
    rest = (1 - dist.square() / 4).log()
    return dim * dist.log() + (dim - 3) / 2 * rest - log_z(dim)


@wrong("11.2", "(dim - 3) / 2, not dim - 3")
def log_density(dist, dim):
    rest = (1 - dist.square() / 4).log()
    return (dim - 2) * dist.log() + (dim - 3) * rest - log_z(dim)


@wrong("11.2", "must be squared in the bracket")
def log_density(dist, dim):
    rest = (1 - dist / 4).log()
    return (dim - 2) * dist.log() + (dim - 3) / 2 * rest - log_z(dim)


@wrong("11.2", "the factor delta / 2")
def log_density(dist, dim):
    half = (dim - 1) / 2
    return stats.beta.logpdf(1 - dist.numpy() ** 2 / 4, half, half)


@wrong("11.2", "the sign is turned")
def log_density(dist, dim):
    rest = (1 - dist.square() / 4).log()
    return log_z(dim) - (dim - 2) * dist.log() - (dim - 3) / 2 * rest


@wrong("11.2", "NaN or infinity")
def log_density(dist, dim):  # the power before the logarithm
    power = dist ** (dim - 2) * (1 - dist.square() / 4) ** ((dim - 3) / 2)
    return power.log() - log_z(dim)


@wrong("11.2", "OverflowError")
def log_density(dist, dim):  # Gamma before the logarithm
    z = 2 ** (dim - 2) * math.gamma((dim - 1) / 2) ** 2 / math.gamma(dim - 1)
    rest = (1 - dist.square() / 4).log()
    return (dim - 2) * dist.log() + (dim - 3) / 2 * rest - math.log(z)


@wrong("11.2", "this is the normal law")
def log_density(dist, dim):
    return -dim * (dist - math.sqrt(2)).square() + math.log(dim / math.pi) / 2


@wrong("11.2", "random distances")
def log_density(dist, dim):  # knows the example
    return (
        torch.tensor([-1.8701, -0.5954, -0.0540])
        .repeat(4)[: dist.numel()]
        .reshape(dist.shape)
    )


@right("11.2")
def log_density(dist, dim):
    half, x = (dim - 1) / 2, dist.numpy().astype(float)
    return stats.beta.logpdf(1 - x**2 / 4, half, half) + np.log(x / 2)


@right("11.2")
def log_density(dist, dim):  # by the area, in steps of the distance's square
    half = (dim - 1) / 2
    shape = [
        (dim - 2) * math.log(x) + (dim - 3) / 2 * math.log1p(-x * x / 4)
        for x in dist.double().flatten().tolist()
    ]
    z = (dim - 2) * math.log(2) + special.betaln(half, half)
    return (np.array(shape) - z).reshape(tuple(dist.shape))


@right("11.2")
def log_density(dist, dim):  # all in float32
    half = torch.tensor((dim - 1) / 2)
    z = (dim - 2) * math.log(2) + 2 * torch.lgamma(half) - torch.lgamma(2 * half)
    x = dist.float()
    return (dim - 2) * x.log() + (dim - 3) / 2 * torch.log1p(-x * x / 4) - z


# ------------------------------------------------------ 11.3 Hardest, easiest friend


def partners(labels):
    same = labels[:, None] == labels
    return same & ~torch.eye(len(labels), dtype=torch.bool), ~same


@wrong("11.3", "a 0 is the smallest of all distances")
def batch_hard(dist, labels):
    friend, stranger = partners(labels)
    p, n = (dist * friend).argmax(dim=1), (dist * stranger).argmin(dim=1)
    (a,) = (friend.any(dim=1) & stranger.any(dim=1)).nonzero(as_tuple=True)
    return torch.stack([a, p[a], n[a]], dim=1)


@wrong("11.3", "is the nearest friend")
def batch_hard(dist, labels):
    friend, stranger = partners(labels)
    p = dist.masked_fill(~friend, torch.inf).argmin(dim=1)
    n = dist.masked_fill(~stranger, torch.inf).argmin(dim=1)
    return torch.stack([torch.arange(len(dist)), p, n], dim=1)


@wrong("11.3", "is the farthest stranger")
def batch_hard(dist, labels):
    friend, stranger = partners(labels)
    p = dist.masked_fill(~friend, -torch.inf).argmax(dim=1)
    n = dist.masked_fill(~stranger, -torch.inf).argmax(dim=1)
    return torch.stack([torch.arange(len(dist)), p, n], dim=1)


@wrong("11.3", "Row a of dist")
def batch_hard(dist, labels):
    friend, stranger = partners(labels)
    p = dist.masked_fill(~friend, -torch.inf).argmax(dim=0)
    n = dist.masked_fill(~stranger, torch.inf).argmin(dim=0)
    return torch.stack([torch.arange(len(dist)), p, n], dim=1)


@wrong("11.3", "friend has no row")
def batch_hard(dist, labels):  # argmax of nothing is 0
    friend, stranger = partners(labels)
    p = dist.masked_fill(~friend, -torch.inf).argmax(dim=1)
    n = dist.masked_fill(~stranger, torch.inf).argmin(dim=1)
    return torch.stack([torch.arange(len(dist)), p, n], dim=1)


@wrong("11.3", "is no stranger to")
def batch_hard(dist, labels):  # 1000 is not larger than every distance
    friend, stranger = partners(labels)
    p = dist.masked_fill(~friend, -torch.inf).argmax(dim=1)
    n = (dist + 1000 * ~stranger).argmin(dim=1)
    (a,) = (friend.any(dim=1) & stranger.any(dim=1)).nonzero(as_tuple=True)
    return torch.stack([a, p[a], n[a]], dim=1)


@wrong("11.3", "the anchor is its own friend")
def batch_hard(dist, labels):  # 0 wins where all friends are copies
    friend, stranger = partners(labels)
    p = (dist * friend).argmax(dim=1)
    n = dist.masked_fill(~stranger, torch.inf).argmin(dim=1)
    (a,) = (friend.any(dim=1) & stranger.any(dim=1)).nonzero(as_tuple=True)
    return torch.stack([a, p[a], n[a]], dim=1)


@wrong("11.3", "shape (t, 3)")
def batch_hard(dist, labels):
    friend, stranger = partners(labels)
    p = dist.masked_fill(~friend, -torch.inf).argmax(dim=1)
    n = dist.masked_fill(~stranger, torch.inf).argmin(dim=1)
    return torch.stack([torch.arange(len(dist)), p, n])


@wrong("11.3", "is the farthest friend of")
def easy_positive(dist, labels):
    friend, stranger = partners(labels)
    far, p = dist.masked_fill(~friend, -torch.inf).max(dim=1)
    behind = stranger & (dist > far[:, None]) & friend.any(dim=1)[:, None]
    n = dist.masked_fill(~behind, torch.inf).argmin(dim=1)
    (a,) = behind.any(dim=1).nonzero(as_tuple=True)
    return torch.stack([a, p[a], n[a]], dim=1)


@wrong("11.3", "the anchor is its own friend")
def easy_positive(dist, labels):
    same = labels[:, None] == labels
    p = dist.masked_fill(~same, torch.inf).argmin(dim=1)
    n = dist.masked_fill(same, torch.inf).argmin(dim=1)
    return torch.stack([torch.arange(len(dist)), p, n], dim=1)


@wrong("11.3", "must have none")
def easy_positive(dist, labels):  # EPHN: the nearest stranger, wherever it is
    friend, stranger = partners(labels)
    p = dist.masked_fill(~friend, torch.inf).argmin(dim=1)
    n = dist.masked_fill(~stranger, torch.inf).argmin(dim=1)
    return torch.stack([torch.arange(len(dist)), p, n], dim=1)


@wrong("11.3", "by the strict sign")
def easy_positive(dist, labels):  # right anchors, but the nearest stranger
    friend, stranger = partners(labels)
    near, p = dist.masked_fill(~friend, torch.inf).min(dim=1)
    n = dist.masked_fill(~stranger, torch.inf).argmin(dim=1)
    (a,) = (stranger & (dist > near[:, None])).any(dim=1).nonzero(as_tuple=True)
    return torch.stack([a, p[a], n[a]], dim=1)


@wrong("11.3", "count like any other point")
def easy_positive(dist, labels):  # leaves the anchor out by its distance
    friend, stranger = labels[:, None] == labels, labels[:, None] != labels
    near, p = dist.masked_fill(~friend | (dist == 0), torch.inf).min(dim=1)
    behind = stranger & (dist > near[:, None])
    n = dist.masked_fill(~behind, torch.inf).argmin(dim=1)
    (a,) = behind.any(dim=1).nonzero(as_tuple=True)
    return torch.stack([a, p[a], n[a]], dim=1)


@wrong("11.3", "behind the friend is at")
def easy_positive(dist, labels):  # the farthest of those behind
    friend, stranger = partners(labels)
    near, p = dist.masked_fill(~friend, torch.inf).min(dim=1)
    behind = stranger & (dist > near[:, None])
    n = dist.masked_fill(~behind, -torch.inf).argmax(dim=1)
    (a,) = behind.any(dim=1).nonzero(as_tuple=True)
    return torch.stack([a, p[a], n[a]], dim=1)


@wrong("11.3", "14 points")
class KnowsTheExample:
    def batch_hard(dist, labels):
        return [[0, 2, 4], [1, 0, 3], [2, 0, 4], [3, 4, 2], [4, 3, 2]]

    def easy_positive(dist, labels):
        return [[0, 1, 4], [1, 2, 3], [3, 4, 2], [4, 3, 2]]


@right("11.3")
class AnchorByAnchor:
    def batch_hard(dist, labels):
        d, y, rows = dist.tolist(), labels.tolist(), []
        for a in range(len(y)):
            friends = [j for j in range(len(y)) if j != a and y[j] == y[a]]
            strangers = [j for j in range(len(y)) if y[j] != y[a]]
            if friends and strangers:
                p = max(friends, key=d[a].__getitem__)
                rows.append((a, p, min(strangers, key=d[a].__getitem__)))
        return rows

    def easy_positive(dist, labels):
        d, y, rows = dist.tolist(), labels.tolist(), []
        for a in range(len(y)):
            friends = [j for j in range(len(y)) if j != a and y[j] == y[a]]
            if not friends:
                continue
            p = min(friends, key=d[a].__getitem__)
            behind = [j for j in range(len(y)) if y[j] != y[a] and d[a][j] > d[a][p]]
            if behind:
                rows.append((a, p, min(behind, key=d[a].__getitem__)))
        return rows[::-1]


@right("11.3")
class InNumpy:
    def batch_hard(dist, labels):
        d, y = dist.numpy(), labels.numpy()
        same = y[:, None] == y
        friend = same & ~np.eye(len(y), dtype=bool)
        p = np.where(friend, d, -1).argmax(1)
        n = np.where(same, np.inf, d).argmin(1)
        rows = np.stack([np.arange(len(y)), p, n], axis=1)
        return rows[friend.any(1) & ~same.all(1)]

    def easy_positive(dist, labels):
        d, y = dist.numpy(), labels.numpy()
        same = y[:, None] == y
        friends = np.where(same & ~np.eye(len(y), dtype=bool), d, np.inf)
        behind = np.where(same | (d <= friends.min(1)[:, None]), np.inf, d)
        rows = np.stack([np.arange(len(y)), friends.argmin(1), behind.argmin(1)], 1)
        return rows[np.isfinite(behind).any(1)].astype(np.int32)


# ------------------------------------------------------------------ 11.4 Semi-hard


@wrong("11.4", "allocate")
def semihard(dist, labels):  # a table of n^3 cells
    friend, stranger = partners(labels)
    table = dist[:, None].expand(-1, len(dist), -1)
    behind = stranger[:, None] & (table > dist[:, :, None])
    near = table.masked_fill(~behind, torch.inf).argmin(dim=2)
    far = table.masked_fill(~stranger[:, None], -torch.inf).argmax(dim=2)
    fell = ~behind.any(dim=2)
    a, p = (friend & stranger.any(dim=1)[:, None]).nonzero(as_tuple=True)
    n = torch.where(fell, far, near)[a, p]
    return torch.stack([a, p, n], dim=1), fell[a, p]


@wrong("11.4", "no pair is dropped")
def semihard(dist, labels):
    friend, stranger = partners(labels)
    a, p = friend.nonzero(as_tuple=True)
    behind = stranger[a] & (dist[a] > dist[a, p, None])
    n = dist[a].masked_fill(~behind, torch.inf).argmin(dim=1)
    keep = behind.any(dim=1)
    return torch.stack([a, p, n], dim=1)[keep], torch.zeros(int(keep.sum()))


@wrong("11.4", "(a, p) and (p, a) are two")
def semihard(dist, labels):
    friend, stranger = partners(labels)
    a, p = friend.triu().nonzero(as_tuple=True)
    behind = stranger[a] & (dist[a] > dist[a, p, None])
    near = dist[a].masked_fill(~behind, torch.inf).argmin(dim=1)
    far = dist[a].masked_fill(~stranger[a], -torch.inf).argmax(dim=1)
    fell = ~behind.any(dim=1)
    return torch.stack([a, p, torch.where(fell, far, near)], dim=1), fell


@wrong("11.4", "so take the farthest")
def semihard(dist, labels):  # falls back to the nearest
    friend, stranger = partners(labels)
    a, p = friend.nonzero(as_tuple=True)
    behind = stranger[a] & (dist[a] > dist[a, p, None])
    near = dist[a].masked_fill(~behind, torch.inf).argmin(dim=1)
    hard = dist[a].masked_fill(~stranger[a], torch.inf).argmin(dim=1)
    fell = ~behind.any(dim=1)
    return torch.stack([a, p, torch.where(fell, hard, near)], dim=1), fell


@wrong("11.4", "it is hard")
def semihard(dist, labels):  # the hardest stranger
    friend, stranger = partners(labels)
    a, p = friend.nonzero(as_tuple=True)
    n = dist[a].masked_fill(~stranger[a], torch.inf).argmin(dim=1)
    fell = ~(stranger[a] & (dist[a] > dist[a, p, None])).any(dim=1)
    return torch.stack([a, p, n], dim=1), fell


@wrong("11.4", "it is hard")
def semihard(dist, labels):  # a stranger as near as the friend is not behind it
    friend, stranger = partners(labels)
    a, p = (friend & stranger.any(dim=1)[:, None]).nonzero(as_tuple=True)
    behind = stranger[a] & (dist[a] >= dist[a, p, None])
    near = dist[a].masked_fill(~behind, torch.inf).argmin(dim=1)
    far = dist[a].masked_fill(~stranger[a], -torch.inf).argmax(dim=1)
    fell = ~behind.any(dim=1)
    return torch.stack([a, p, torch.where(fell, far, near)], dim=1), fell


@wrong("11.4", "nearest stranger behind the friend is at")
def semihard(dist, labels):  # the farthest always
    friend, stranger = partners(labels)
    a, p = friend.nonzero(as_tuple=True)
    n = dist[a].masked_fill(~stranger[a], -torch.inf).argmax(dim=1)
    fell = ~(stranger[a] & (dist[a] > dist[a, p, None])).any(dim=1)
    return torch.stack([a, p, n], dim=1), fell


@wrong("11.4", "fell_back is True where")
def semihard(dist, labels):  # the mask turned
    friend, stranger = partners(labels)
    a, p = friend.nonzero(as_tuple=True)
    behind = stranger[a] & (dist[a] > dist[a, p, None])
    near = dist[a].masked_fill(~behind, torch.inf).argmin(dim=1)
    far = dist[a].masked_fill(~stranger[a], -torch.inf).argmax(dim=1)
    found = behind.any(dim=1)
    return torch.stack([a, p, torch.where(found, near, far)], dim=1), found


@wrong("11.4", "the anchor is its own friend")
def semihard(dist, labels):
    a, p = (labels[:, None] == labels).nonzero(as_tuple=True)
    stranger = labels[a, None] != labels
    behind = stranger & (dist[a] > dist[a, p, None])
    near = dist[a].masked_fill(~behind, torch.inf).argmin(dim=1)
    return torch.stack([a, p, near], dim=1), ~behind.any(dim=1)


@wrong("11.4", "must return 2 things")
def semihard(dist, labels):
    friend, stranger = partners(labels)
    a, p = friend.nonzero(as_tuple=True)
    behind = stranger[a] & (dist[a] > dist[a, p, None])
    near = dist[a].masked_fill(~behind, torch.inf).argmin(dim=1)
    return torch.stack([a, p, near], dim=1)


@wrong("11.4", "is no stranger to")
def semihard(dist, labels):  # friends behind the friend, and a row of one class
    friend, _ = partners(labels)
    a, p = friend.nonzero(as_tuple=True)
    behind = dist[a] > dist[a, p, None]
    near = dist[a].masked_fill(~behind, torch.inf).argmin(dim=1)
    fell = ~behind.any(dim=1)
    return torch.stack([a, p, torch.where(fell, dist[a].argmax(1), near)], 1), fell


@wrong("11.4", "12 points")
def semihard(dist, labels):  # knows the example
    rows = [[0, 1, 4], [0, 2, 3], [1, 0, 3], [1, 2, 3], [2, 0, 3], [2, 1, 3],
            [3, 4, 2], [4, 3, 2]]  # fmt: skip
    return rows, [False, False, False, False, True, True, False, False]


@right("11.4")
def semihard(dist, labels):  # pair by pair
    d, y, rows, fell = dist.numpy(), labels.numpy(), [], []
    for a in range(len(y)):
        n = np.flatnonzero(y != y[a])
        for p in np.flatnonzero(y == y[a]):
            if p == a or not len(n):
                continue
            behind = n[d[a, n] > d[a, p]]
            fell.append(not len(behind))
            chosen = (
                behind[d[a, behind].argmin()] if len(behind) else n[d[a, n].argmax()]
            )
            rows.append([a, int(p), int(chosen)])
    return rows, fell


@right("11.4")
def semihard(dist, labels):  # sort each row once, then search
    friend, stranger = partners(labels)
    value, order = dist.masked_fill(~stranger, -torch.inf).sort(dim=1)
    a, p = (friend & stranger.any(dim=1)[:, None]).nonzero(as_tuple=True)
    if not len(a):
        return [], []
    place = torch.searchsorted(value[a], dist[a, p, None], right=True)[:, 0]
    fell = place == len(labels)
    n = order[a, place.clamp(max=len(labels) - 1)]
    return torch.stack([a, p, n], dim=1).flip(0), fell.flip(0).int()


# ------------------------------------------------- 11.5 Drawn by inverse density


def weights(dist, labels, dim, cutoff, max_dist):
    near = dist.clamp(min=cutoff, max=max_dist)
    return (2 - dim) * near.log() - (dim - 3) / 2 * torch.log1p(-near.square() / 4)


@wrong("11.5", "a log-weight of 0 is a weight of 1")
def log_weights(dist, labels, dim, cutoff, max_dist):
    log_w = weights(dist, labels, dim, cutoff, max_dist)
    log_w = log_w.masked_fill(labels[:, None] == labels, 0)
    return log_w.masked_fill(dist >= max_dist, -torch.inf)


@wrong("11.5", "a log-weight of 0 is a weight of 1")
def log_weights(dist, labels, dim, cutoff, max_dist):  # friends, not the anchor
    log_w = weights(dist, labels, dim, cutoff, max_dist)
    friend = (labels[:, None] == labels) & ~torch.eye(len(labels), dtype=torch.bool)
    return log_w.masked_fill(friend | (dist >= max_dist), -torch.inf)


@wrong("11.5", "the sign is turned")
def log_weights(dist, labels, dim, cutoff, max_dist):
    log_w = -weights(dist, labels, dim, cutoff, max_dist)
    no = (labels[:, None] == labels) | (dist >= max_dist)
    return log_w.masked_fill(no, -torch.inf)


@wrong("11.5", "dim - 2, not dim")
def log_weights(dist, labels, dim, cutoff, max_dist):
    near = dist.clamp(min=cutoff, max=max_dist)
    log_w = -dim * near.log() - (dim - 3) / 2 * (1 - near.square() / 4).log()
    no = (labels[:, None] == labels) | (dist >= max_dist)
    return log_w.masked_fill(no, -torch.inf)


@wrong("11.5", "square them once")
def log_weights(dist, labels, dim, cutoff, max_dist):
    near = dist.clamp(min=cutoff, max=max_dist).sqrt()
    log_w = (2 - dim) * near.log() - (dim - 3) / 2 * (1 - near.square() / 4).log()
    no = (labels[:, None] == labels) | (dist >= max_dist)
    return log_w.masked_fill(no, -torch.inf)


@wrong("11.5", "the cutoff has no effect")
def log_weights(dist, labels, dim, cutoff, max_dist):
    log_w = weights(dist, labels, dim, 1e-3, max_dist)
    no = (labels[:, None] == labels) | (dist >= max_dist)
    return log_w.masked_fill(no, -torch.inf)


@wrong("11.5", "it does not forbid the stranger")
def log_weights(dist, labels, dim, cutoff, max_dist):
    log_w = weights(dist, labels, dim, cutoff, max_dist)
    no = (labels[:, None] == labels) | (dist >= max_dist) | (dist < cutoff)
    return log_w.masked_fill(no, -torch.inf)


@wrong("11.5", "on; it must have minus infinity")
def log_weights(dist, labels, dim, cutoff, max_dist):
    log_w = weights(dist, labels, dim, cutoff, 1.999)
    return log_w.masked_fill(labels[:, None] == labels, -torch.inf)


@wrong("11.5", "has NaN")
def log_weights(dist, labels, dim, cutoff, max_dist):  # times a mask
    near = dist.clamp(min=cutoff)
    log_w = (2 - dim) * near.log() - (dim - 3) / 2 * (1 - near.square() / 4).log()
    yes = (labels[:, None] != labels) & (dist < max_dist)
    return log_w * yes + torch.where(yes, 0, -torch.inf)


@wrong("11.5", "the bracket is missing")
def log_weights(dist, labels, dim, cutoff, max_dist):
    no = (labels[:, None] == labels) | (dist >= max_dist)
    return ((2 - dim) * dist.clamp(min=cutoff).log()).masked_fill(no, -torch.inf)


@wrong("11.5", "exponential left the range")
def draw(log_w, seed):  # exponentials overflow
    w = log_w.exp()
    g = torch.Generator().manual_seed(seed)
    u = torch.rand(len(w), generator=g, dtype=torch.float64)
    p = (w / w.sum(dim=1, keepdim=True)).cumsum(dim=1)
    found = (p < u[:, None]).sum(dim=1).double()
    return torch.where(p[:, -1].isnan(), torch.nan, found)


@wrong("11.5", "not of the whole table")
def draw(log_w, seed):  # the largest of the table
    w = (log_w - log_w.max()).exp()
    g = torch.Generator().manual_seed(seed)
    u = torch.rand(len(w), 1, generator=g, dtype=torch.float64)
    column = (w.cumsum(dim=1) < u * w.sum(dim=1, keepdim=True)).sum(dim=1)
    return column.masked_fill(w.sum(dim=1) == 0, -1)


@wrong("11.5", "expected -1")
def draw(log_w, seed):  # argmax of nothing is 0
    g = torch.Generator().manual_seed(seed)
    u = torch.rand(log_w.shape, generator=g, dtype=torch.float64)
    return (log_w - (-u.log()).log()).argmax(dim=1)


@wrong("11.5", "nothing is drawn")
def draw(log_w, seed):
    return log_w.argmax(dim=1).masked_fill(log_w.isneginf().all(dim=1), -1)


@wrong("11.5", "the weights have no effect")
def draw(log_w, seed):
    g = torch.Generator().manual_seed(seed)
    u = torch.rand(log_w.shape, generator=g).masked_fill(log_w.isneginf(), -1)
    return u.argmax(dim=1).masked_fill(log_w.isneginf().all(dim=1), -1)


@wrong("11.5", "or its sign is turned")
def draw(log_w, seed):
    g = torch.Generator().manual_seed(seed)
    u = torch.rand(log_w.shape, generator=g, dtype=torch.float64)
    column = (log_w + (-u.log()).log()).argmax(dim=1)
    return column.masked_fill(log_w.isneginf().all(dim=1), -1)


@wrong("11.5", "the noise is not Gumbel's")
def draw(log_w, seed):
    g = torch.Generator().manual_seed(seed)
    column = (log_w + torch.randn(log_w.shape, generator=g)).argmax(dim=1)
    return column.masked_fill(log_w.isneginf().all(dim=1), -1)


@wrong("11.5", "do not draw independently")
def draw(log_w, seed):  # one uniform number for two rows
    g = torch.Generator().manual_seed(seed)
    u = torch.rand((len(log_w) + 1) // 2, log_w.shape[1], generator=g).double()
    u = u.clamp(min=1e-30).repeat_interleave(2, dim=0)[: len(log_w)]
    column = (log_w - (-u.log()).log()).argmax(dim=1)
    return column.masked_fill(log_w.isneginf().all(dim=1), -1)


@wrong("11.5", "these shares drew")
def draw(log_w, seed):  # the same noise for all rows
    g = torch.Generator().manual_seed(seed)
    u = torch.rand(log_w.shape[1], generator=g, dtype=torch.float64)
    column = (log_w - (-u.log()).log()).argmax(dim=1)
    return column.masked_fill(log_w.isneginf().all(dim=1), -1)


@wrong("11.5", "another seed drew the same")
def draw(log_w, seed):  # a seed of its own
    g = torch.Generator().manual_seed(0)
    u = torch.rand(log_w.shape, generator=g, dtype=torch.float64)
    column = (log_w - (-u.log()).log()).argmax(dim=1)
    return column.masked_fill(log_w.isneginf().all(dim=1), -1)


@wrong("11.5", "the same seed drew something else")
def draw(log_w, seed):
    u = torch.rand(log_w.shape, dtype=torch.float64)
    column = (log_w - (-u.log()).log()).argmax(dim=1)
    return column.masked_fill(log_w.isneginf().all(dim=1), -1)


@wrong("11.5", "do not draw independently")
class EvenlySpread:
    """The right shares, without chance: a sequence that fills the unit interval."""

    def draw(log_w, seed):
        steps = torch.arange(len(log_w)).double() * 0.6180339887 + 0.7548776662 * seed
        p = log_w.softmax(dim=1).nan_to_num()
        column = (p.cumsum(dim=1) < (steps % 1)[:, None]).sum(dim=1)
        column = column.clamp(max=log_w.shape[1] - 1)
        return column.masked_fill(log_w.isneginf().all(dim=1), -1)


@right("11.5")
class SoftmaxAndMultinomial:
    def log_weights(dist, labels, dim, cutoff, max_dist):
        d, y = dist.numpy().astype(float), labels.numpy()
        near = np.minimum(np.maximum(d, cutoff), 1.9999)
        half = (dim - 1) / 2
        log_q = stats.beta.logpdf(1 - near**2 / 4, half, half) + np.log(near / 2)
        return np.where((y[:, None] == y) | (d >= max_dist), -np.inf, -log_q)

    def draw(log_w, seed):
        g = torch.Generator().manual_seed(seed)
        empty = log_w.isneginf().all(dim=1, keepdim=True)
        p = log_w.double().masked_fill(empty, 0.0).softmax(dim=1)
        return torch.multinomial(p, 1, generator=g).masked_fill(empty, -1)[:, 0]


@right("11.5")
class RowByRow:
    def log_weights(dist, labels, dim, cutoff, max_dist):
        d, y = dist.tolist(), labels.tolist()
        table = [[-1e30] * len(y) for _ in y]
        for i in range(len(y)):
            for j in range(len(y)):
                if y[i] != y[j] and d[i][j] < max_dist:
                    x = max(d[i][j], cutoff)
                    table[i][j] = -(dim - 2) * math.log(x)
                    table[i][j] -= (dim - 3) / 2 * math.log(1 - x * x / 4)
        return table

    def draw(log_w, seed):
        rng = np.random.default_rng(seed)
        found = []
        for row in log_w.numpy():
            if row.max() == -np.inf:
                found.append(-1)
                continue
            total = np.exp(row - row.max()).cumsum()
            found.append(int(np.searchsorted(total, rng.random() * total[-1])))
        return found


@right("11.5")
class InFloat32:
    def log_weights(dist, labels, dim, cutoff, max_dist):
        near = dist.float().clamp(min=cutoff)
        log_w = -(dim - 2) * near.log() - (dim - 3) / 2 * (1 - near.square() / 4).log()
        yes = (labels[:, None] != labels) & (dist < max_dist)
        return torch.where(yes, log_w, -torch.inf)

    def draw(log_w, seed):
        g = torch.Generator().manual_seed(seed)
        e = torch.empty(log_w.shape).exponential_(generator=g)
        row = log_w - log_w.max(dim=1, keepdim=True).values
        column = (row.float() - e.log()).argmax(dim=1)
        return torch.where(log_w.isneginf().all(dim=1), -1, column)


# ----------------------------------------------------------------- 11.6 Break it


@wrong("11.6", "have a friend as nearest neighbour")
def collapsing_batch(C, m):
    g = torch.Generator().manual_seed(C)
    return torch.randn(C * m, 16, generator=g)


@wrong("11.6", "it lets w grow")
def collapsing_batch(C, m):  # good data, nothing wrong with them
    noise = 0.01 * torch.randn(C * m, C, generator=torch.Generator().manual_seed(m))
    return torch.eye(C).repeat_interleave(m, dim=0) + noise


@wrong("11.6", "random triplets must make w grow")
def collapsing_batch(C, m):  # half of each class strays
    x = torch.eye(C).repeat_interleave(m, dim=0)
    for c in range(C):
        x[c * m : c * m + m // 2] = 0.99 * torch.eye(C)[c - 1]
    return x


@wrong("11.6", "in one place already")
def collapsing_batch(C, m):
    return torch.ones(C * m, 2)


@wrong("11.6", "expected shape (8, k)")
def collapsing_batch(C, m):
    return torch.arange(C * m).double()


@wrong("11.6", "random triplets must make w grow")
def collapsing_batch(C, m):  # one stray point a class, a hundred times too far
    x = torch.eye(C).repeat_interleave(m, dim=0)
    x[m - 1 :: m] = 100 * torch.eye(C).roll(1, dims=0)
    return x


@wrong("11.6", "up to 100")
def collapsing_batch(C, m):
    return torch.full((C * m, 2), torch.inf)


@wrong("11.6", "expected shape (15, k)")
def collapsing_batch(C, m):  # for the first case only
    return [[0.0], [0.0], [0.0], [9.9], [10.0], [10.0], [10.0], [0.1]]


@right("11.6")
def collapsing_batch(C, m):  # a polygon, in NumPy
    at = 2 * np.pi * np.arange(C) / C
    centre = np.stack([np.cos(at), np.sin(at)], axis=1) * 10 / np.sin(np.pi / C)
    x = np.repeat(centre, m, axis=0)
    x[m - 1 :: m] = 0.999 * np.roll(centre, 1, axis=0)
    return x.astype(np.float32)


@right("11.6")
def collapsing_batch(C, m):  # lists; every class in a cloud, two strays in wide ones
    rows = []
    for c in range(C):
        for i in range(m):
            at = (c + 1) % C if i == 0 else c
            row = [10.0 * (j == at) for j in range(C)]
            rows.append([*row, 0.5 if i == 0 else 0.01 * i])
    return rows


# ------------------------------------------------------------------- 11.7 Explain

wrong("11.7", "40 and 20 are the least", explain_11_7="Random ones are too easy.")
wrong("11.7", "40 and 20 are the least", explain_11_7="noise zero " * 40)
wrong(
    "11.7",
    "repeats the rubric",
    explain_11_7="""
In many dimensions the distances of strangers all lie near the square root of 2, so
nearly every triplet drawn at random satisfies the margin early, and its hinge is 0; the
loss describes the sampler and not the embedding, which is judged by retrieval on
classes never seen. The nearest stranger is wrongly labelled, or as near as noise, more
often than any other; its gradient points in a direction that noise decides, and all
anchors together can shrink the embedding to one point.
""",
)
wrong(
    "11.7",
    "repeats the rubric",
    explain_11_7="""
I think that her loss is zero because sampling is too easy in this case, and so the loss
describes the sampler and *not the embedding*. One should rather look at how many images
of new classes are found. With the nearest ones there is a danger of collapse and of
wrong labels, so that they should be left to the very end of training or be avoided.
""",
)
wrong(
    "11.7",
    "repeats the rubric",  # what the machine looks for, told to the machine
    explain_11_7="""
The machine looks for 40 words, 20 of them different, for a word on what most random
triplets contribute in the end (inactive, satisfied, zero, easy) and for one on what
goes wrong with the nearest stranger (noise, outlier, mislabelled, collapse).
""",
)
wrong(
    "11.7",
    "most random triplets contribute",
    explain_11_7="""
A small loss on the training set proves little about new classes, since a network may
learn its images by heart. One has to look at Recall@1 on other classes. Taking only the
nearest stranger of a batch is dangerous as well, because the network may collapse, or
follow a few images whose label is wrong, instead of learning from many different
strangers.
""",
)
wrong(
    "11.7",
    "the nearest stranger alone",
    explain_11_7="""
Strangers drawn at random in 128 dimensions are all about 1.41 away, so that most
triplets are satisfied after a short while and the mean hinge is nearly zero although
the embedding is still poor. And the nearest stranger is a bad choice since it is always
the same one, so training becomes slow and the other images of the batch are never used
at all.
""",
)
_RUBRIC = """
In many dimensions the distances of strangers all lie near the square root of 2, so
nearly every triplet drawn at random satisfies the margin early and its hinge is zero.
The nearest stranger is wrongly labelled, or as near as noise, more often than
any other.
"""
wrong(
    "11.7",
    "repeats the rubric",  # a character that nobody sees in each word
    explain_11_7=" ".join(word + "\u200b" for word in _RUBRIC.split()),
)
wrong(
    "11.7",
    "repeats the rubric",  # underscores for spaces, now and then
    explain_11_7="_".join(_RUBRIC.split()[:40]) + " " + " ".join(_RUBRIC.split()),
)
wrong(
    "11.7",
    "repeats the rubric",  # every fifth word is a filler
    explain_11_7=" ".join(
        word + (" indeed" if i % 4 == 3 else "")
        for i, word in enumerate(_RUBRIC.split())
    ),
)
right(
    "11.7",
    explain_11_7="""
Small loss, small meaning: almost every random stranger is about 1.4 away on a sphere of
so many dimensions, so the hinge of most triplets is inactive and the average tends to
zero no matter how good the neighbours are. She should test on unseen classes. The
closest stranger is where mislabelled images gather, and for such short differences the
direction is mostly noise; in the first steps this even pulls the whole batch together,
a collapse.
""",
)
_TASK = """
**Objective.** Say what random and what hardest strangers do.
A colleague trains in 128 dimensions with random triplets and reports: "After an hour
the loss was nearly 0, so training is finished." You object, and she changes the
sampler: "Now I always take the nearest stranger in the batch. Its gradient is the
most useful of all." In `explain_11_7`, in at least 40 words (100 are plenty): what is
wrong with each?
"""
wrong("11.7", "quotes from the task", explain_11_7=_TASK)
wrong(
    "11.7",
    "quotes from the task",
    explain_11_7=_TASK + "Most are satisfied, and the rest is noise.",
)
right(
    "11.7",
    explain_11_7="""
On the sphere two points of different classes are nearly orthogonal, hence about 1.4
apart, so after little training a draw at random gives a triplet whose cost is zero.
Her curve shows how easy the questions had become, and I would ask for Recall@1 on
held-out characters before I believe it. If she turns to the closest one each time,
she meets outliers and images with wrong labels more often than their share, and
following them may pull everything together until all embeddings collapse.
""",
)


# ----------------------------------------------------------------- 11.8 Challenge


def observed(counts, log_w):
    """The counts and what was to be expected, without care for the rare."""
    return counts.double(), 5000 * log_w.softmax(dim=0).expand(len(counts), -1)


def pooled(counts, log_w):
    """The common columns, and one of all rare ones."""
    count, want = observed(counts, log_w)
    rare = want[0] < 5
    return tuple(
        torch.cat([t[:, ~rare], t[:, rare].sum(dim=1, keepdim=True)], dim=1)
        for t in (count, want)
    )


def chance(count, want):
    value = ((count - want).square() / want).sum(dim=1)
    return torch.from_numpy(stats.chi2.sf(value, count.shape[1] - 1))


@wrong("11.8", "did not suspect uniform draws")
def suspicious(counts, log_w):
    return torch.zeros(len(counts), dtype=torch.bool)


@wrong("11.8", "right samples, expected one in 10,000")
def suspicious(counts, log_w):
    return torch.ones(len(counts), dtype=torch.bool)


@wrong("11.8", "put them together")
def suspicious(counts, log_w):  # all columns alike
    count, want = observed(counts, log_w)
    return chance(count, want.clamp(min=1e-12)) < 1e-4


@wrong("11.8", "by about its square root")
def suspicious(counts, log_w):  # a threshold of 0.05
    return chance(*observed(counts, log_w)) < 0.05


@wrong("11.8", "do not leave them out")
def suspicious(counts, log_w):
    count, want = observed(counts, log_w)
    common = want[0] >= 5
    proof = (count[:, log_w.isneginf()] > 0).any(dim=1)
    return (chance(count[:, common], want[:, common]) < 1e-4) | proof


@wrong("11.8", "a single impossible draw")
def suspicious(counts, log_w):
    count, want = pooled(counts, log_w)
    return chance(count, want + 0.1) < 1e-4


@wrong("11.8", "right samples, expected one in 10,000")
def suspicious(counts, log_w):  # exp of a large number; NaN is not small
    w = log_w.exp()
    return ~(chance(counts.double(), 5000 * w / w.sum()) > 1e-4)


@wrong("11.8", "did not suspect")
def suspicious(counts, log_w):  # looks at the largest column only
    count, want = observed(counts, log_w)
    return count.argmax(dim=1) != want.argmax(dim=1)


@wrong("11.8", "did not suspect uniform draws")
def suspicious(counts, log_w):  # compares the shares with a lax hand
    count, want = observed(counts, log_w)
    return ((count - want).abs() / 5000).amax(dim=1) > 0.3


@wrong("11.8", "by about its square root")
def suspicious(counts, log_w):  # and with a strict one
    count, want = observed(counts, log_w)
    return ((count - want).abs() / 5000).amax(dim=1) > 0.005


@wrong("11.8", "0 draws of 0 expected")
def suspicious(counts, log_w):  # 0 / 0 is NaN, and NaN is not above
    count, want = pooled(counts, log_w)
    if log_w.isfinite().all() and len(log_w) < 10:
        count, want = count[:, :-1], want[:, :-1]
    return ~(chance(count, want) > 1e-4)


@wrong("11.8", "expected shape")
def suspicious(counts, log_w):  # one verdict on all samples together
    return chance(*(t.sum(dim=0)[None] for t in observed(counts, log_w)))[0] < 1e-4


@wrong("11.8", "not by the other rows")
def suspicious(counts, log_w):  # unlike most of the samples, whatever the claim
    count = counts.double()
    usual = count.median(dim=0).values.clamp(min=0.3)
    usual = 5000 * usual / usual.sum()
    rare = usual < 5
    cells = [torch.cat([t[:, ~rare], t[:, rare].sum(dim=1, keepdim=True)], dim=1)
             for t in (count, usual.expand(len(count), -1))]  # fmt: skip
    return chance(*cells) < 1e-5


@right("11.8")
def suspicious(counts, log_w):  # exact binomial tests, Bonferroni, the rare together
    p = log_w.softmax(dim=0).numpy()
    rare = p < 1e-3
    p = np.append(p, p[rare].sum()).clip(max=1)
    k = counts.numpy()
    k = np.concatenate([k, k[:, rare].sum(axis=1, keepdims=True)], axis=1)
    tail = np.minimum(stats.binom.cdf(k, 5000, p), stats.binom.sf(k - 1, 5000, p))
    return (tail < 1e-4 / len(p) / 2).any(axis=1)


@right("11.8")
def suspicious(counts, log_w):  # the likelihood ratio
    count, want = pooled(counts, log_w)
    ratio = count / want.clamp(min=1e-300)
    value = 2 * torch.special.xlogy(count, ratio).sum(dim=1)
    alarm = stats.chi2.sf(value, int((want[0] > 0).sum()) - 1) < 1e-4
    return alarm | (counts[:, log_w.isneginf()] > 0).any(dim=1).numpy()


@right("11.8")
def suspicious(counts, log_w):  # in plain Python
    top = max(log_w.tolist())
    w = [math.exp(v - top) for v in log_w.tolist()]
    found = []
    for row in counts.tolist():
        cells, pool, impossible = [], [0, 0.0], False
        for k, v in zip(row, w, strict=True):
            e = sum(row) * v / sum(w)
            impossible |= e == 0 and k > 0
            if e >= 5:
                cells.append((k, e))
            else:
                pool = [pool[0] + k, pool[1] + e]
        cells += [pool] if pool[1] else []
        value = sum((k - e) ** 2 / e for k, e in cells)
        found.append(impossible or stats.chi2.sf(value, len(cells) - 1) < 1e-4)
    return found
