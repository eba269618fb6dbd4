"""Wrong and right answers to exercise 12, Beyond the batch."""

import math

import numpy as np
import torch
from scipy import sparse, spatial, special
from scipy.sparse.linalg import cg

from mlcourse.grading.bank import right, wrong

# ---------------------------------------------------------- 12.1 What a batch misses


@wrong("12.1", "with replacement")
def meets_hard(N, h, b):
    return 1 - (1 - h / N) ** b


@wrong("12.1", "the chance that none is hard")
def meets_hard(N, h, b):
    return math.prod(max(N - h - i, 0) / (N - i) for i in range(b))


@wrong("12.1", "expected number")
def meets_hard(N, h, b):
    return b * h / N


@wrong("12.1", "does not know b")
def meets_hard(N, h, b):
    return h / N


@wrong("12.1", "that all are hard")
def meets_hard(N, h, b):
    return math.prod(max(h - i, 0) / (N - i) for i in range(b))


@wrong("12.1", "expected one finite number")
def meets_hard(N, h, b):  # factorials of floats overflow
    f = special.factorial
    return 1 - f(N - h) / f(N - h - b) * f(N - b) / f(N)


@wrong("12.1", "OverflowError")
def meets_hard(N, h, b):  # whole numbers of 100,000 digits are no floats
    return 1 - float(math.comb(N - h, b)) / float(math.comb(N, b))


@wrong("12.1", "meets_hard(N=")
def meets_hard(N, h, b):  # knows the example
    return {1: 0.5, 2: 5 / 6}.get(h, 0.5)


@right("12.1")
def meets_hard(N, h, b):
    return 1 - math.comb(N - h, b) / math.comb(N, b)


@right("12.1")
def meets_hard(N, h, b):
    if b > N - h:
        return 1.0
    g = special.gammaln
    return -np.expm1(g(N - h + 1) - g(N - h - b + 1) + g(N - b + 1) - g(N + 1))


# -------------------------------------------------------------- 12.2 Class distances


def _parts(z, labels):
    _, code, size = labels.unique(return_inverse=True, return_counts=True)
    z = z.double()
    mean = torch.zeros(len(size), z.shape[1]).double().index_add_(0, code, z)
    mean = mean / size[:, None]
    energy = torch.zeros(len(size)).double().index_add_(0, code, z.square().sum(dim=1))
    return mean, energy / size, size


@wrong("12.2", "the scatter of both classes is missing")
def class_distances(z, labels):
    mean, energy, size = _parts(z, labels)
    inside = 2 * size / (size - 1) * (energy - mean.square().sum(dim=1))
    return torch.cdist(mean, mean).square().diagonal_scatter(inside)


@wrong("12.2", "not even squared")
def class_distances(z, labels):
    mean, _, _ = _parts(z, labels)
    return torch.cdist(mean, mean)


@wrong("12.2", "divide by n^2 - n")
def class_distances(z, labels):
    mean, energy, _ = _parts(z, labels)
    return energy[:, None] + energy - 2 * mean @ mean.T


@wrong("12.2", "the diagonal is not 0")
def class_distances(z, labels):
    mean, energy, _ = _parts(z, labels)
    return (energy[:, None] + energy - 2 * mean @ mean.T).fill_diagonal_(0)


@wrong("12.2", "the order of their numbers")
def class_distances(z, labels):  # in the order in which they appear
    mean, energy, size = _parts(z, labels)
    dist = energy[:, None] + energy - 2 * mean @ mean.T
    inside = 2 * size / (size - 1) * (energy - mean.square().sum(dim=1))
    dist = dist.diagonal_scatter(inside)
    names = labels.unique().tolist()
    order = [names.index(c) for c in dict.fromkeys(labels.tolist())]
    return dist[order][:, order]


@wrong("12.2", "square the distances before the mean")
def class_distances(z, labels):
    dist, names = torch.cdist(z.double(), z.double()), labels.unique()
    rows = [[dist[labels == p][:, labels == q].mean() for q in names] for p in names]
    return torch.tensor(rows)


@wrong("12.2", "on the diagonal")
def class_distances(z, labels):  # twice the variance is the mean over pairs
    mean, energy, size = _parts(z, labels)
    dist = energy[:, None] + energy - 2 * mean @ mean.T
    inside = size / (size - 1) * (energy - mean.square().sum(dim=1))
    return dist.diagonal_scatter(inside)


@wrong("12.2", "allocate")
def class_distances(z, labels):  # a table of all points
    square = torch.cdist(z.double(), z.double()).square()
    names = labels.unique()
    rows = [[square[labels == p][:, labels == q].mean() for q in names] for p in names]
    size = torch.tensor([(labels == c).sum() for c in names])
    dist = torch.tensor(rows)
    return dist.diagonal_scatter(dist.diagonal() * size / (size - 1))


@right("12.2")
def class_distances(z, labels):
    z, labels = np.asarray(z, dtype=float), np.asarray(labels)
    groups = [z[labels == c] for c in np.unique(labels)]
    mean = np.stack([g.mean(axis=0) for g in groups])
    energy = np.array([(g**2).sum(axis=1).mean() for g in groups])
    dist = energy[:, None] + energy - 2 * mean @ mean.T
    size = np.array([len(g) for g in groups])
    dist[np.diag_indices(len(dist))] *= size / (size - 1)
    return dist


@right("12.2")
def class_distances(z, labels):  # means and variances, in float32 up to the centre
    z = z - z.mean(dim=0)
    names = labels.unique()
    groups = [z[labels == c] for c in names]
    mean = torch.stack([g.mean(dim=0) for g in groups]).double()
    var = torch.stack([g.double().var(dim=0).sum() for g in groups])
    size = torch.tensor([len(g) for g in groups])
    scatter = var * (size - 1) / size
    dist = torch.cdist(mean, mean).square() + scatter[:, None] + scatter
    return dist.diagonal_scatter(2 * var)


# ------------------------------------------------------------------------ 12.3 Margins


def _lifted(h, spread, levels):
    d_0 = spread.double().mean()
    level = torch.ceil((h.double() - 1e-6 - d_0) / (4 - d_0) * levels)
    return d_0 + level.clamp(0, levels) / levels * (4 - d_0)


@wrong("12.3", "the margin is cut at 0")
def margins(T, labels, height, spread, levels, beta):
    a, n = labels[T[:, 0]], labels[T[:, 2]]
    return beta + _lifted(height[a, n], spread, levels) - spread[a]


@wrong("12.3", "not the one before")
def margins(T, labels, height, spread, levels, beta):
    a, n = labels[T[:, 0]], labels[T[:, 2]]
    d_0 = spread.double().mean()
    level = torch.floor((height[a, n] - d_0) / (4 - d_0) * levels).clamp(0, levels)
    return (beta + d_0 + level / levels * (4 - d_0) - spread[a]).clamp(min=0)


@wrong("12.3", "not the nearest")
def margins(T, labels, height, spread, levels, beta):
    a, n = labels[T[:, 0]], labels[T[:, 2]]
    d_0 = spread.double().mean()
    level = torch.round((height[a, n] - d_0) / (4 - d_0) * levels).clamp(0, levels)
    return (beta + d_0 + level / levels * (4 - d_0) - spread[a]).clamp(min=0)


@wrong("12.3", "must be lifted to a threshold")
def margins(T, labels, height, spread, levels, beta):
    a, n = labels[T[:, 0]], labels[T[:, 2]]
    return (beta + height[a, n] - spread[a]).clamp(min=0)


@wrong("12.3", "the anchor's class")
def margins(T, labels, height, spread, levels, beta):
    a, n = labels[T[:, 0]], labels[T[:, 2]]
    return (beta + _lifted(height[a, n], spread, levels) - spread[n]).clamp(min=0)


@wrong("12.3", "begin at d_0")
def margins(T, labels, height, spread, levels, beta):
    a, n = labels[T[:, 0]], labels[T[:, 2]]
    lifted = torch.ceil(height[a, n] / 4 * levels - 1e-6) / levels * 4
    return (beta + lifted - spread[a]).clamp(min=0)


@wrong("12.3", "IndexError")
def margins(T, labels, height, spread, levels, beta):  # points taken for classes
    h = height[T[:, 0], T[:, 2]]
    return (beta + _lifted(h, spread, levels) - spread[T[:, 0]]).clamp(min=0)


@wrong("12.3", "heights from 0.2")
def margins(T, labels, height, spread, levels, beta):  # levels below 0
    a, n = labels[T[:, 0]], labels[T[:, 2]]
    d_0 = spread.double().mean()
    level = torch.ceil((height[a, n].double() - 1e-6 - d_0) / (4 - d_0) * levels)
    return (beta + d_0 + level / levels * (4 - d_0) - spread[a]).clamp(min=0)


@right("12.3")
def margins(T, labels, height, spread, levels, beta):
    d_0 = float(spread.double().mean())
    found = []
    for a, _, n in T.tolist():
        p, q = int(labels[a]), int(labels[n])
        steps = [d_0 + k * (4 - d_0) / levels for k in range(levels + 1)]
        joined = min((s for s in steps if s >= float(height[p, q]) - 1e-9), default=4)
        found.append(max(0.0, beta + joined - float(spread[p])))
    return found


@right("12.3")
def margins(T, labels, height, spread, levels, beta):
    T, y, s = T.numpy(), labels.numpy(), spread.numpy()
    steps = s.mean() + np.linspace(0, 1, levels + 1) * (4 - s.mean())
    h = height.numpy()[y[T[:, 0]], y[T[:, 2]]]
    joined = steps[np.searchsorted(steps, h).clip(max=levels)]
    return np.maximum(0, beta + joined - s[y[T[:, 0]]]).astype(np.float32)


# ----------------------------------------------------------------- 12.4 Window of ranks


@wrong("12.4", "the anchor itself")
def window(z, labels, first, width):
    order = torch.cdist(z.double(), z.double()).argsort(dim=1)
    return order[:, first - 1 : first - 1 + width]


@wrong("12.4", "a point of its class")
def window(z, labels, first, width):
    dist = torch.cdist(z.double(), z.double()).fill_diagonal_(torch.inf)
    return dist.argsort(dim=1)[:, first - 1 : first - 1 + width]


@wrong("12.4", "the first rank is 1")
def window(z, labels, first, width):
    same = labels[:, None] == labels
    order = torch.cdist(z, z).masked_fill(same, torch.inf).argsort(dim=1)
    return torch.cat([order, order[:, :1]], dim=1)[:, first : first + width]


@wrong("12.4", "it begins at first")
def window(z, labels, first, width):
    same = labels[:, None] == labels
    return torch.cdist(z, z).masked_fill(same, torch.inf).argsort(dim=1)[:, :width]


@wrong("12.4", "not in the order of their rank")
def window(z, labels, first, width):
    same = labels[:, None] == labels
    order = torch.cdist(z.double(), z.double()).masked_fill(same, torch.inf).argsort(1)
    return order[:, first - 1 : first - 1 + width].flip(1)


@wrong("12.4", "expected at")
def window(z, labels, first, width):  # the farthest first
    same = labels[:, None] == labels
    order = torch.cdist(z, z).masked_fill(same, -torch.inf).argsort(1, descending=True)
    return order[:, first - 1 : first - 1 + width]


@wrong("12.4", "expected shape")
def window(z, labels, first, width):  # ranks first to width
    same = labels[:, None] == labels
    return (
        torch.cdist(z, z).masked_fill(same, torch.inf).argsort(1)[:, first - 1 : width]
    )


@wrong("12.4", "58 points in compact classes")
def window(z, labels, first, width):  # the list is cut before the class is looked at
    near = torch.cdist(z.double(), z.double()).argsort(dim=1)[:, : first + width + 14]
    rows = []
    for a, row in enumerate(near.tolist()):
        others = [j for j in row if labels[j] != labels[a]]
        others += [j for j in row if j not in others] + [a] * (first + width)
        rows.append(others[first - 1 : first - 1 + width])
    return torch.tensor(rows)


@right("12.4")
def window(z, labels, first, width):
    z, y = z.numpy().astype(float), labels.numpy()
    dist = spatial.distance.cdist(z, z)
    dist[y[:, None] == y] = np.inf
    return np.argsort(dist, axis=1, kind="stable")[:, first - 1 : first - 1 + width]


@right("12.4")
def window(z, labels, first, width):
    rows = []
    for a in range(len(z)):
        others = (labels != labels[a]).nonzero()[:, 0]
        dist = (z[others] - z[a]).norm(dim=1)
        rows.append(others[dist.argsort()][first - 1 : first - 1 + width].tolist())
    return rows


# ----------------------------------------------------------------------- 12.5 Along


def _weights(z, k, mutual=True, self_loops=False, power=3):
    z = z.double()
    square = torch.cdist(z, z).square()
    ranked = square if self_loops else square.clone().fill_diagonal_(torch.inf)
    chosen = torch.zeros(square.shape, dtype=torch.bool)
    chosen.scatter_(1, ranked.argsort(dim=1)[:, :k], True)
    both = chosen & chosen.T if mutual else chosen | chosen.T
    return (1 - square / 2).clamp(min=0) ** power * both


def _solved(S, r, alpha):
    eye = torch.eye(len(S), dtype=torch.float64)
    return torch.linalg.solve(eye - alpha * S, eye[:, r])


def _balanced(w):
    root = w.sum(dim=1).rsqrt().nan_to_num(posinf=0.0)
    return root[:, None] * w * root


@wrong("12.5", "here one was enough")
def along(z, r, k, alpha):
    return _solved(_balanced(_weights(z, k, mutual=False)), r, alpha)


@wrong("12.5", "divides by the row's sum only")
def along(z, r, k, alpha):
    w = _weights(z, k)
    return _solved(w / w.sum(dim=1, keepdim=True).clamp(min=1e-300), r, alpha)


@wrong("12.5", "divides by the column's sum only")
def along(z, r, k, alpha):
    w = _weights(z, k)
    return _solved(w / w.sum(dim=0).clamp(min=1e-300), r, alpha)


@wrong("12.5", "not divided by the roots of their sums")
def along(z, r, k, alpha):
    return _solved(_weights(z, k), r, alpha)


@wrong("12.5", "none of its own neighbours")
def along(z, r, k, alpha):
    return _solved(_balanced(_weights(z, k, self_loops=True)), r, alpha)


@wrong("12.5", "the power 3")
def along(z, r, k, alpha):
    return _solved(_balanced(_weights(z, k, power=1)), r, alpha)


@wrong("12.5", "times what was asked")
def along(z, r, k, alpha):
    return (1 - alpha) * _solved(_balanced(_weights(z, k)), r, alpha)


@wrong("12.5", "NaN or infinity")
def along(z, r, k, alpha):  # 0 / 0 where a point has no neighbour
    w = _weights(z, k)
    root = w.sum(dim=1).rsqrt()
    return _solved(root[:, None] * w * root, r, alpha)


@wrong("12.5", "never below 0")
def along(z, r, k, alpha):
    z = z.double()
    square = torch.cdist(z, z).square()
    chosen = _weights(z, k, power=0) > 0  # 0 to the power 0 is 1
    root = (w := (1 - square / 2) ** 3 * chosen).sum(dim=1).rsqrt()
    root = root.nan_to_num(nan=0.0, posinf=0.0)
    return _solved(root[:, None] * w * root, r, alpha)


@wrong("12.5", "random points")
def along(z, r, k, alpha):  # walks of twenty steps are too short for 0.99
    S = _balanced(_weights(z, k))
    e = torch.eye(len(S), dtype=torch.float64)[r]
    f = e
    for _ in range(20):
        f = e + alpha * S @ f
    return f


@right("12.5")
def along(z, r, k, alpha):
    S = _balanced(_weights(z, k))
    e = torch.eye(len(S), dtype=torch.float64)[r]
    f = e
    for _ in range(3000):
        f = e + alpha * S @ f
    return f


@right("12.5")
def along(z, r, k, alpha):
    z = z.numpy().astype(float)
    dist = spatial.distance.cdist(z, z)
    np.fill_diagonal(dist, np.inf)
    near = [set(row[:k]) for row in dist.argsort(axis=1)]
    n = len(z)
    w = sparse.lil_array((n, n))
    for i in range(n):
        for j in near[i]:
            if i in near[j]:
                w[i, j] = max(0, 1 - dist[i, j] ** 2 / 2) ** 3
    total = w.sum(axis=1)
    root = np.divide(1, np.sqrt(total), out=np.zeros(n), where=total > 0)
    S = sparse.diags_array(root) @ w.tocsr() @ sparse.diags_array(root)
    e = np.zeros(n)
    e[r] = 1
    return cg(sparse.eye_array(n) - alpha * S, e, rtol=1e-9)[0].astype(np.float32)


# ---------------------------------------------------------------------- 12.6 Break it


@wrong("12.6", "straight lines must mislead")
def tangled(n):  # two clouds, well apart
    z = 0.1 * torch.rand(2 * n, 2)
    z[n:] += 0.5
    return z


@wrong("12.6", "expected 95 %")
def tangled(n):  # one cloud
    return 0.5 * torch.rand(2 * n, 2)


@wrong("12.6", "expected 95 %")
def tangled(n):  # points drawn on two lines leave gaps
    t = torch.rand(2 * n)
    return torch.stack([0.9 * t, 0.03 * (torch.arange(2 * n) >= n)], dim=1)


@wrong("12.6", "expected below 1")
def tangled(n):
    t = torch.linspace(0, 10, n)
    return torch.cat([torch.stack([t, 0 * t + y], dim=1) for y in (0, 0.5)])


@wrong("12.6", "two points are equal")
def tangled(n):
    t = torch.linspace(0, 0.9, n // 2).repeat(4)[: 2 * n]
    return torch.nn.functional.pad(t, (0, 2 * n - len(t)))[:, None]


@wrong("12.6", "expected shape")
def tangled(n):
    t = torch.linspace(0, 0.9, n)
    return torch.stack([t, 0 * t], dim=1)


@wrong("12.6", "expected 95 %")
def tangled(n):  # the lines touch
    t = torch.linspace(-0.4, 0.4, n, dtype=torch.float64)
    return torch.cat([torch.stack([t, y * t], dim=1) for y in (1e-3, -1e-3)])


@right("12.6")
def tangled(n):  # two half moons
    t = np.linspace(0, np.pi, n) ** 1.0001
    upper = np.stack([np.cos(t), np.sin(t)], axis=1)
    lower = np.stack([1 - np.cos(t), 0.5 - np.sin(t)], axis=1)
    return np.concatenate([upper, lower]) / 3.2


@right("12.6")
def tangled(n):  # two rings in space, one above the other
    t = torch.linspace(0, 2 * math.pi * (1 - 1 / n), n, dtype=torch.float64)
    t = t + 1e-3 * torch.sin(3 * t)
    ring = torch.stack([0.45 * t.cos(), 0.45 * t.sin()], dim=1)
    rings = [torch.cat([ring, torch.full((n, 1), h).double()], 1) for h in (0.0, 0.16)]
    return torch.cat(rings)


# ------------------------------------------------------------------------ 12.7 Explain

wrong("12.7", "40 and 20 are the least", explain_12_7="The list is stale and noisy.")
wrong("12.7", "40 and 20 are the least", explain_12_7="stale noise " * 40)
wrong(
    "12.7",
    "repeats the rubric",
    explain_12_7="""
The network changes, so the neighbours found before training are no longer the nearest
after a while; the list is out of date and must be computed anew every epoch or so. Over
so many images the single nearest stranger is mostly a wrong label, a copy or an
outlier, and training on extremes alone can collapse; take a window of ranks.
""",
)
wrong(
    "12.7",
    "repeats the rubric",  # what the machine looks for, told to the machine
    explain_12_7="""
It looks for a word on the age of the list (stale, outdated, change, moves, refresh,
again) and for one on what the nearest strangers are (label, noise, outlier, duplicate,
collapse), and so I have written all of these words into my own answer here, to be sure.
""",
)
wrong(
    "12.7",
    "while the network learns",
    explain_12_7="""
The nearest stranger among so many images is nearly always an annotation error or a
nearly identical picture, so that its gradient is noise. It is better to skip the first
few ranks and to draw at random from the next hundred, which are still hard enough for
training but much more reliable than the very first.
""",
)
wrong(
    "12.7",
    "the single nearest strangers",
    explain_12_7="""
The embedding is different after every step, so the triplets found at the beginning are
stale after a few epochs: most of them are satisfied, and the ones that would now be
hard are not in the list. One should therefore search again at the start of each epoch,
which costs little compared with the training itself.
""",
)
_RUBRIC = """
The network changes, so the neighbours found before training are no longer the nearest
after a while; the list is out of date and must be computed anew every epoch or so. Over
so many images the single nearest stranger is mostly a wrong label, a copy or an
outlier.
"""
wrong(
    "12.7",
    "repeats the rubric",  # a character that nobody sees in each word
    explain_12_7=" ".join(word + "\u200b" for word in _RUBRIC.split()),
)
wrong(
    "12.7",
    "repeats the rubric",  # underscores for spaces, now and then
    explain_12_7="_".join(_RUBRIC.split()[:40]) + " " + " ".join(_RUBRIC.split()),
)
wrong(
    "12.7",
    "repeats the rubric",  # every fifth word is a filler
    explain_12_7=" ".join(
        word + (" indeed" if i % 4 == 3 else "")
        for i, word in enumerate(_RUBRIC.split())
    ),
)
right(
    "12.7",
    explain_12_7="""
First, her neighbours belong to an untrained network. Once it learns, other images are
close, so the triplets become easy and she never sees the new hard ones; the search has
to be repeated as training goes on. Second, rank one among sixty thousand is usually a
mislabelled picture or a near copy, from which nothing can be learned and by which all
points may be drawn together. I would sample among, say, ranks ten to one hundred.
""",
)
_TASK = """
**Objective.** Say what goes wrong with global mining when it is done carelessly.
A colleague embeds all 60,000 training images with the untrained network, writes down
for each anchor the single nearest stranger, and trains for 50 epochs on these
triplets: "The hardest negatives of the whole data set, and I need to search only
once." In `explain_12_7`, in at least 40 words (100 are plenty): name two things that
go wrong, and what one does instead.
"""
wrong("12.7", "quotes from the task", explain_12_7=_TASK)
wrong(
    "12.7",
    "quotes from the task",
    explain_12_7=_TASK + "The list is stale, and its top is noise.",
)
right(
    "12.7",
    explain_12_7="""
A network without training decides here what is difficult. A few hundred steps later
other images are close, and she would still repeat questions that were settled long
ago; so search again whenever an epoch ends. And among sixty thousand the top hit is
suspicious: often it shows the same thing under a different label, or it is an outlier
that teaches nothing. I would leave out the first few places and draw from the
following fifty.
""",
)

# ---------------------------------------------------------------------- 12.8 Challenge


def _far(x):
    return x.norm(dim=1, keepdim=True)


@wrong("12.8", "stay where they are")
def harder(z, z_pos, z_neg, alpha, J):
    near, far = _far(z_pos - z), _far(z_neg - z)
    kept = math.exp(-alpha / J) if J > 0 else 0.0
    return z + (near + (far - near) * kept) / far.clamp(min=1e-12) * (z_neg - z)


@wrong("12.8", "not -J / alpha")
def harder(z, z_pos, z_neg, alpha, J):
    near, far = _far(z_pos - z), _far(z_neg - z)
    share = (near + (far - near) * math.exp(-J / alpha)) / far.clamp(min=1e-12)
    return z + torch.where(far > near, share, 1.0) * (z_neg - z)


@wrong("12.8", "the distances are not squared")
def harder(z, z_pos, z_neg, alpha, J):
    near, far = _far(z_pos - z) ** 2, _far(z_neg - z) ** 2
    kept = math.exp(-alpha / J) if J > 0 else 0.0
    share = (near + (far - near) * kept) / far.clamp(min=1e-12)
    return z + torch.where(far > near, share, 1.0) * (z_neg - z)


@wrong("12.8", "moves by lambda from the negative")
def harder(z, z_pos, z_neg, alpha, J):
    near, far = _far(z_pos - z), _far(z_neg - z)
    kept = math.exp(-alpha / J) if J > 0 else 0.0
    share = (near + (far - near) * kept) / far.clamp(min=1e-12)
    return z_neg + torch.where(far > near, share, 1.0) * (z - z_neg)


@wrong("12.8", "add the anchor")
def harder(z, z_pos, z_neg, alpha, J):
    near, far = _far(z_pos - z), _far(z_neg - z)
    kept = math.exp(-alpha / J) if J > 0 else 0.0
    share = (near + (far - near) * kept) / far.clamp(min=1e-12)
    return torch.where(far > near, share, 1.0) * (z_neg - z)


@wrong("12.8", "this forgets d+")
def harder(z, z_pos, z_neg, alpha, J):
    kept = math.exp(-alpha / J) if J > 0 else 0.0
    pull = _far(z_neg - z) > _far(z_pos - z)
    return z + torch.where(pull, kept, 1.0) * (z_neg - z)


@wrong("12.8", "J=0.5")
def harder(z, z_pos, z_neg, alpha, J):  # takes every small J for 0
    near, far = _far(z_pos - z), _far(z_neg - z)
    kept = math.exp(-alpha / J) if J > 1 else 0.0
    share = (near + (far - near) * kept) / far.clamp(min=1e-12)
    return z + torch.where(far > near, share, 1.0) * (z_neg - z)


@wrong("12.8", "ZeroDivisionError")
def harder(z, z_pos, z_neg, alpha, J):
    near, far = _far(z_pos - z), _far(z_neg - z)
    share = (near + (far - near) * math.exp(-alpha / J)) / far.clamp(min=1e-12)
    return z + torch.where(far > near, share, 1.0) * (z_neg - z)


@wrong("12.8", "NaN or infinity")
def harder(z, z_pos, z_neg, alpha, J):  # 0 / 0 where the negative is the anchor
    near, far = _far(z_pos - z), _far(z_neg - z)
    kept = math.exp(-alpha / J) if J > 0 else 0.0
    share = ((near + (far - near) * kept) / far).clamp(max=1)
    return z + share * (z_neg - z)


@right("12.8")
def harder(z, z_pos, z_neg, alpha, J):
    z, p, n = (x.numpy().astype(float) for x in (z, z_pos, z_neg))
    near, far = np.linalg.norm(p - z, axis=1), np.linalg.norm(n - z, axis=1)
    kept = np.exp(-alpha / J) if J else 0.0
    new = np.where(far > near, near + (far - near) * kept, far)
    share = np.divide(new, far, out=np.ones_like(far), where=far > 0)
    return z + share[:, None] * (n - z)


@right("12.8")
def harder(z, z_pos, z_neg, alpha, J):
    rows = []
    for a, p, n in zip(z, z_pos, z_neg, strict=True):
        near, far = float((p - a).norm()), float((n - a).norm())
        if far <= near:
            rows.append(n)
            continue
        kept = math.exp(-alpha / max(J, 1e-9))
        rows.append(a + (near + (far - near) * kept) / far * (n - a))
    return torch.stack(rows)
