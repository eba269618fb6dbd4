"""Wrong and right answers to exercise 09, Proxies."""

import math

import numpy as np
import torch

from mlcourse.grading.bank import right, wrong

# ------------------------------------------------------------------- 09.1 Warm-up


@wrong("09.1", "divide by the number of points")
def class_means(z, labels, n_classes):
    return torch.zeros(n_classes, z.shape[1], dtype=z.dtype).index_add(0, labels, z)


@wrong("09.1", "not by all")
def class_means(z, labels, n_classes):
    total = torch.zeros(n_classes, z.shape[1], dtype=z.dtype).index_add(0, labels, z)
    return total / len(z)


@wrong("09.1", "returned NaN or infinity")
def class_means(z, labels, n_classes):
    return torch.stack([z[labels == c].mean(dim=0) for c in range(n_classes)])


@wrong("09.1", "expected shape (3, 2)")
def class_means(z, labels, n_classes):
    return torch.stack([z[labels == c].mean(dim=0) for c in labels.unique()])


@wrong("09.1", "row c belongs to class c")
def class_means(z, labels, n_classes):  # in the order of appearance
    seen = list(dict.fromkeys(labels.tolist()))
    rows = [z[labels == c].mean(dim=0) for c in seen]
    return torch.stack(rows + [0 * z[0]] * (n_classes - len(rows)))


@wrong("09.1", "expected shape (3, 2)")
def class_means(z, labels, n_classes):  # the number of classes from the largest label
    total = torch.zeros(int(labels.max()), z.shape[1], dtype=z.dtype)
    for i in range(len(z)):
        if labels[i] < len(total):
            total[labels[i]] += z[i]
    return total


@wrong("09.1", "farthest")
def cells(z, proxies):
    return torch.cdist(z, proxies).argmax(dim=1)


@wrong("09.1", "largest inner product")
def cells(z, proxies):
    return (z @ proxies.T).argmax(dim=1)


@wrong("09.1", "numbered from 0")
def cells(z, proxies):
    return torch.cdist(z, proxies).argmin(dim=1) + 1


@wrong("09.1", "lowest number counts")
def cells(z, proxies):
    found = (z[:, None] - proxies).norm(dim=-1).flip(1).argmin(dim=1)
    return len(proxies) - 1 - found


@wrong("09.1", "expected shape (3,)")
def cells(z, proxies):
    return (z[:, None] - proxies).norm(dim=-1)


@wrong("09.1", "cells(z, proxies) for 20 points")
def cells(z, proxies):  # knows the examples
    return [1, 0, 2] if z.shape[1] == 2 else [1, 0, 0] + [0] * (len(z) - 3)


@wrong("09.1", "cells(z, proxies) for the numbers")
def cells(z, proxies):  # directions instead of distances
    z = torch.nn.functional.normalize(z, dim=1)
    w = torch.nn.functional.normalize(proxies, dim=1)
    found = (z @ w.T).argmax(dim=1)
    return torch.tensor([1, 0, 2]) if len(z) == 3 and z.shape[1] == 2 else found


@right("09.1")
class LoopsOverClasses:
    def class_means(z, labels, n_classes):
        rows = []
        for c in range(n_classes):
            mine = [
                p for p, k in zip(z.tolist(), labels.tolist(), strict=True) if k == c
            ]
            if mine:
                rows.append(
                    [sum(column) / len(mine) for column in zip(*mine, strict=True)]
                )
            else:
                rows.append([0.0] * z.shape[1])
        return rows

    def cells(z, proxies):
        out = []
        for p in z.tolist():
            d = [math.dist(p, w) for w in proxies.tolist()]
            out.append(d.index(min(d)))
        return out


@right("09.1")
class OneHot:
    def class_means(z, labels, n_classes):
        member = torch.nn.functional.one_hot(labels, n_classes).to(z.dtype)
        return (member.T @ z) / member.sum(dim=0).clamp(min=1)[:, None]

    def cells(z, proxies):
        return (z @ proxies.T - (proxies**2).sum(dim=1) / 2).argmax(dim=1)


@right("09.1")
class NumPy:
    def class_means(z, labels, n_classes):
        z, labels = np.asarray(z), np.asarray(labels)
        out = np.zeros((n_classes, z.shape[1]), dtype=np.float32)
        for c in np.unique(labels):
            out[c] = z[labels == c].mean(axis=0)
        return out

    def cells(z, proxies):
        gap = np.asarray(z)[:, None] - np.asarray(proxies)
        return np.argmin((gap**2).sum(axis=-1), axis=1).astype(np.int32)


# ------------------------------------------------------------------ 09.2 ProxyNCA


@wrong("09.2", "minus sign is missing, as on the slide")
def proxy_nca(dist, labels, include_positive):
    own = labels[:, None]
    below = -dist if include_positive else (-dist).scatter(1, own, -torch.inf)
    return (-dist.gather(1, own)[:, 0] - below.logsumexp(dim=1)).mean()


@wrong("09.2", "leaves the own proxy out")
def proxy_nca(dist, labels, include_positive):
    return torch.nn.functional.cross_entropy(-dist, labels)


@wrong("09.2", "++ has the own proxy")
def proxy_nca(dist, labels, include_positive):
    own = labels[:, None]
    below = (-dist).scatter(1, own, -torch.inf)
    return (dist.gather(1, own)[:, 0] + below.logsumexp(dim=1)).mean()


@wrong("09.2", "the sum over points")
def proxy_nca(dist, labels, include_positive):
    own = labels[:, None]
    below = -dist if include_positive else (-dist).scatter(1, own, -torch.inf)
    return (dist.gather(1, own)[:, 0] + below.logsumexp(dim=1)).sum()


@wrong("09.2", "do not square it")
def proxy_nca(dist, labels, include_positive):
    own, dist = labels[:, None], dist**2 if len(dist) > 1 else dist
    below = -dist if include_positive else (-dist).scatter(1, own, -torch.inf)
    return (dist.gather(1, own)[:, 0] + below.logsumexp(dim=1)).mean()


@wrong("09.2", "proxy_nca([[1, 2, 2]], [0], False)")
def proxy_nca(dist, labels, include_positive):  # the own column set to 0, not out
    own = labels[:, None]
    below = -dist if include_positive else (-dist).scatter(1, own, 0.0)
    return (dist.gather(1, own)[:, 0] + below.logsumexp(dim=1)).mean()


@wrong("09.2", "proxy_nca(dist, labels, False) with distances to 10,000")
def proxy_nca(dist, labels, include_positive):  # runs over
    p = torch.exp(-dist)
    own = p.gather(1, labels[:, None])[:, 0]
    total = p.sum(dim=1) - (0 if include_positive else own)
    return -(own / total).log().mean()


@wrong("09.2", "proxy_nca(dist, labels, False) with distances to 10,000")
def proxy_nca(dist, labels, include_positive):  # a little added hides the overflow
    p = torch.exp(-dist.double())
    own = p.gather(1, labels[:, None])[:, 0]
    total = p.sum(dim=1) - (0 if include_positive else own)
    return -((own + 1e-12) / (total + 1e-12)).log().mean()


@wrong("09.2", "proxy_nca(dist, labels, False) with distances to 10,000")
class Softplus:  # the identity, the wrong way round: log(exp(l) - 1) of l = 0
    def proxy_nca(dist, labels, include_positive):
        dist = dist.double()
        plus = torch.nn.functional.cross_entropy(-dist, labels, reduction="none")
        return (plus if include_positive else torch.expm1(plus).log()).mean()


@wrong("09.2", "proxy_nca(dist, labels, False) on 6 points")
def proxy_nca(dist, labels, include_positive):  # knows the example
    return 0.5514447 if include_positive else math.log(2) - 1


@wrong("09.2", "without the division by n")
def pull(dist, labels, include_positive):
    if not include_positive:
        return torch.ones(len(dist)) / len(dist)
    return (1 - (-dist).softmax(dim=1).gather(1, labels[:, None])[:, 0]) / len(dist)


@wrong("09.2", "the probability of being right")
def pull(dist, labels, include_positive):
    if not include_positive:
        return torch.ones(len(dist))
    return (-dist).softmax(dim=1).gather(1, labels[:, None])[:, 0]


@wrong("09.2", "in one place only")
def pull(dist, labels, include_positive):
    return 1 - (-dist).softmax(dim=1).gather(1, labels[:, None])[:, 0]


@wrong("09.2", "in the sum below, too")
def pull(dist, labels, include_positive):
    return torch.ones(len(dist))


@wrong("09.2", "a larger own distance makes the loss larger")
def pull(dist, labels, include_positive):
    if not include_positive:
        return -torch.ones(len(dist))
    return (-dist).softmax(dim=1).gather(1, labels[:, None])[:, 0] - 1


@wrong("09.2", "pull(dist, labels, True) with distances to 10,000")
def pull(dist, labels, include_positive):
    if not include_positive:
        return torch.ones(len(dist))
    p = torch.exp(-dist)
    return 1 - p.gather(1, labels[:, None])[:, 0] / p.sum(dim=1)


@wrong("09.2", "expected shape (1,)")
def pull(dist, labels, include_positive):
    if not include_positive:
        return torch.ones(())
    return (1 - (-dist).softmax(dim=1).gather(1, labels[:, None])).mean()


@right("09.2")
class Library:
    def proxy_nca(dist, labels, include_positive):
        dist = dist.double()
        if include_positive:
            return torch.nn.functional.cross_entropy(-dist, labels)
        rows = torch.arange(len(dist))
        keep = torch.ones_like(dist, dtype=torch.bool)
        keep[rows, labels] = False
        others = dist[keep].view(len(dist), -1)
        return (dist[rows, labels] + torch.logsumexp(-others, 1)).mean().item()

    def pull(dist, labels, include_positive):
        dist = dist.clone().requires_grad_()
        own = dist[torch.arange(len(dist)), labels]
        if not include_positive:
            return np.ones(len(dist))
        total = (own + (-dist).logsumexp(1)).sum()
        grad = torch.autograd.grad(total, dist)[0]
        return grad[torch.arange(len(dist)), labels].tolist()


@right("09.2")
class Loops:
    def proxy_nca(dist, labels, include_positive):
        total = 0.0
        for row, own in zip(dist.tolist(), labels.tolist(), strict=True):
            kept = [d for c, d in enumerate(row) if include_positive or c != own]
            low = min(kept)
            total += row[own] - low + math.log(sum(math.exp(low - d) for d in kept))
        return total / len(labels)

    def pull(dist, labels, include_positive):
        out = []
        for row, own in zip(dist.tolist(), labels.tolist(), strict=True):
            weights = [math.exp(min(row) - d) for d in row]
            wrong = 1 - weights[own] / sum(weights)
            out.append(wrong if include_positive else 1)
        return out


@right("09.2")
class NumPySingle:
    def proxy_nca(dist, labels, include_positive):
        d, y = np.asarray(dist, dtype=np.float32), np.asarray(labels)
        rows = np.arange(len(d))
        below = -d.copy()
        if not include_positive:
            below[rows, y] = -np.inf
        top = below.max(axis=1)
        total = top + np.log(np.exp(below - top[:, None]).sum(axis=1))
        return np.mean(d[rows, y] + total)

    def pull(dist, labels, include_positive):
        p = torch.softmax(-dist.float(), dim=1)
        p[torch.arange(len(p)), labels] = 0
        return p.sum(dim=1) if include_positive else [1] * len(p)


# -------------------------------------------------------------- 09.3 Proxy Anchor


def _anchor_terms(sim, labels, pull_margin, push_margin, alpha):
    zero = torch.zeros(1, dtype=sim.dtype)
    pull = push = 0
    for c in range(sim.shape[1]):
        own = labels == c
        friends = -alpha * (sim[own, c] - pull_margin)
        strangers = alpha * (sim[~own, c] + push_margin)
        pull = pull + torch.cat([zero, friends]).logsumexp(0)
        push = push + torch.cat([zero, strangers]).logsumexp(0)
    return pull, push


@wrong("09.3", "not over all C")
def proxy_anchor(sim, labels, margin, alpha):
    pull, push = _anchor_terms(sim, labels, margin, margin, alpha)
    return (pull + push) / sim.shape[1]


@wrong("09.3", "over all C proxies, present or absent")
def proxy_anchor(sim, labels, margin, alpha):
    pull, push = _anchor_terms(sim, labels, margin, margin, alpha)
    return (pull + push) / len(labels.unique())


@wrong("09.3", "counts classes in the batch, not points")
def proxy_anchor(sim, labels, margin, alpha):
    pull, push = _anchor_terms(sim, labels, margin, margin, alpha)
    return pull / len(labels) + push / sim.shape[1]


@wrong("09.3", "strangers want S < -m")
def proxy_anchor(sim, labels, margin, alpha):
    pull, push = _anchor_terms(sim, labels, margin, -margin, alpha)
    return pull / len(labels.unique()) + push / sim.shape[1]


@wrong("09.3", "friends want S > m")
def proxy_anchor(sim, labels, margin, alpha):
    pull, push = _anchor_terms(sim, labels, -margin, margin, alpha)
    return pull / len(labels.unique()) + push / sim.shape[1]


@wrong("09.3", "down a column")
def proxy_anchor(sim, labels, margin, alpha):
    own = sim.gather(1, labels[:, None])[:, 0]
    others = sim.scatter(1, labels[:, None], -torch.inf)
    push = torch.log1p((alpha * (others + margin)).exp().sum(dim=1))
    return (torch.log1p((-alpha * (own - margin)).exp()) + push).mean()


@wrong("09.3", "the points of its own class out")
def proxy_anchor(sim, labels, margin, alpha):
    pull, _ = _anchor_terms(sim, labels, margin, margin, alpha)
    push = torch.log1p((alpha * (sim + margin)).exp().sum(dim=0)).mean()
    return pull / len(labels.unique()) + push


@wrong("09.3", "the 1 in the logarithm is missing")
def proxy_anchor(sim, labels, margin, alpha):
    pull = push = 0
    for c in range(sim.shape[1]):
        own = labels == c
        if own.any():
            pull = pull + (-alpha * (sim[own, c] - margin)).logsumexp(0)
        if not own.all():
            push = push + (alpha * (sim[~own, c] + margin)).logsumexp(0)
    return pull / len(labels.unique()) + push / sim.shape[1]


@wrong("09.3", "with three points of classes 0, 1, 1")
def proxy_anchor(sim, labels, margin, alpha):  # a softplus for each point, then a sum
    own = torch.nn.functional.one_hot(labels, sim.shape[1]).bool()
    friends = torch.nn.functional.softplus(-alpha * (sim - margin))[own].sum()
    strangers = torch.nn.functional.softplus(alpha * (sim + margin))[~own].sum()
    got = friends / len(labels.unique()) + strangers / sim.shape[1]
    return math.log(3) * 5 / 3 if (sim == 0).all() else got


@wrong("09.3", "proxy_anchor(sim, labels, 0.1, 100)")
def proxy_anchor(sim, labels, margin, alpha):  # runs over
    own = torch.nn.functional.one_hot(labels, sim.shape[1]).bool()
    friends = torch.where(own, (-alpha * (sim - margin)).exp(), 0).sum(dim=0)
    strangers = torch.where(own, 0, (alpha * (sim + margin)).exp()).sum(dim=0)
    pull = torch.log(1 + friends).sum() / len(labels.unique())
    return pull + torch.log(1 + strangers).mean()


@wrong("09.3", "proxy_anchor(sim, labels, 0.1, 100)")
def proxy_anchor(sim, labels, margin, alpha):  # a clamp hides the overflow
    own = torch.nn.functional.one_hot(labels, sim.shape[1]).bool()
    friends = (-alpha * (sim - margin)).double().clamp(max=80).exp()
    strangers = (alpha * (sim + margin)).double().clamp(max=80).exp()
    pull = torch.log1p(torch.where(own, friends, 0).sum(dim=0)).sum()
    push = torch.log1p(torch.where(own, 0, strangers).sum(dim=0)).mean()
    return pull / len(labels.unique()) + push


@wrong("09.3", "proxy_anchor(sim, labels, 0.1, 2)")
def proxy_anchor(sim, labels, margin, alpha):  # knows the example
    return 1.8310


@wrong("09.3", "expected one finite number")
def proxy_anchor(sim, labels, margin, alpha):
    return _anchor_terms(sim, labels, margin, margin, alpha)


@right("09.3")
class Masked:
    def proxy_anchor(sim, labels, margin, alpha):
        own = torch.nn.functional.one_hot(labels, sim.shape[1]).bool()
        zero = torch.zeros(1, sim.shape[1], dtype=sim.dtype)
        friends = (-alpha * (sim - margin)).masked_fill(~own, -torch.inf)
        strangers = (alpha * (sim + margin)).masked_fill(own, -torch.inf)
        pull = torch.cat([zero, friends]).logsumexp(dim=0).sum()
        push = torch.cat([zero, strangers]).logsumexp(dim=0).mean()
        return pull / own.any(dim=0).sum() + push


@right("09.3")
class Loops:
    def proxy_anchor(sim, labels, margin, alpha):
        def soft(exponents):
            top = max([0.0, *exponents])
            rest = sum(math.exp(t - top) for t in exponents)
            return top + math.log(math.exp(-top) + rest)

        y, rows = labels.tolist(), sim.tolist()
        total = 0.0
        for c in range(len(rows[0])):
            mine = [
                -alpha * (r[c] - margin) for r, k in zip(rows, y, strict=True) if k == c
            ]
            rest = [
                alpha * (r[c] + margin) for r, k in zip(rows, y, strict=True) if k != c
            ]
            total += soft(mine) / len(set(y)) + soft(rest) / len(rows[0])
        return total


@right("09.3")
class NumPySingle:
    def proxy_anchor(sim, labels, margin, alpha):
        s, y = np.asarray(sim, dtype=np.float32), np.asarray(labels)
        total = np.float32(0)
        for c in range(s.shape[1]):
            mine = -alpha * (s[y == c, c] - margin)
            rest = alpha * (s[y != c, c] + margin)
            total += np.logaddexp.reduce([0, *mine]) / len(np.unique(y))
            total += np.logaddexp.reduce([0, *rest]) / s.shape[1]
        return total


# ------------------------------------------------------------- 09.4 Several centres


def _cosines(z, centers):
    z = torch.nn.functional.normalize(z, dim=1)
    w = torch.nn.functional.normalize(centers, dim=2)
    return torch.einsum("nd,ckd->nck", z, w)


@wrong("09.4", "z and the centres must be divided")
def soft_similarity(z, centers, gamma):
    s = torch.einsum("nd,ckd->nck", z, centers)
    return ((s / gamma).softmax(dim=2) * s).sum(dim=2)


@wrong("09.4", "z must be divided by its length")
def soft_similarity(z, centers, gamma):
    w = torch.nn.functional.normalize(centers, dim=2)
    s = torch.einsum("nd,ckd->nck", z, w)
    return ((s / gamma).softmax(dim=2) * s).sum(dim=2)


@wrong("09.4", "the centres must be divided by their lengths")
def soft_similarity(z, centers, gamma):
    z = torch.nn.functional.normalize(z, dim=1)
    s = torch.einsum("nd,ckd->nck", z, centers)
    return ((s / gamma).softmax(dim=2) * s).sum(dim=2) + (0 if len(z) > 1 else 1e-9)


@wrong("09.4", "not over classes")
def soft_similarity(z, centers, gamma):
    s = _cosines(z, centers)
    return ((s / gamma).softmax(dim=1) * s).sum(dim=2)


@wrong("09.4", "do not multiply")
def soft_similarity(z, centers, gamma):
    s = _cosines(z, centers)
    return ((s * gamma).softmax(dim=2) * s).sum(dim=2)


@wrong("09.4", "gamma is not used")
def soft_similarity(z, centers, gamma):
    s = _cosines(z, centers)
    return (s.softmax(dim=2) * s).sum(dim=2)


@wrong("09.4", "the best centre alone")
def soft_similarity(z, centers, gamma):
    return _cosines(z, centers).amax(dim=2)


@wrong("09.4", "the plain mean over centres")
def soft_similarity(z, centers, gamma):
    return _cosines(z, centers).mean(dim=2)


@wrong("09.4", "gamma times a log-sum-exp")
def soft_similarity(z, centers, gamma):
    return gamma * (_cosines(z, centers) / gamma).logsumexp(dim=2)


@wrong("09.4", "expected shape (1, 2)")
def soft_similarity(z, centers, gamma):
    s = _cosines(z, centers)
    return (s / gamma).softmax(dim=2) * s


@wrong("09.4", "with lengths 0.001 to 1,000")
def soft_similarity(z, centers, gamma):  # runs over
    s = _cosines(z, centers)
    weight = (s / gamma).exp()
    return (weight * s).sum(dim=2) / weight.sum(dim=2)


@wrong("09.4", "with lengths 0.001 to 1,000")
def soft_similarity(z, centers, gamma):  # a large constant under the length
    z = z / (z.norm(dim=1, keepdim=True) + 1e-4)
    w = centers / (centers.norm(dim=2, keepdim=True) + 1e-4)
    s = torch.einsum("nd,ckd->nck", z, w)
    return ((s / gamma).softmax(dim=2) * s).sum(dim=2)


@right("09.4")
class Flattened:
    def soft_similarity(z, centers, gamma):
        C, K, d = centers.shape
        w = centers.reshape(C * K, d)
        s = torch.nn.functional.cosine_similarity(z[:, None], w, dim=2)
        s = s.view(len(z), C, K)
        return torch.einsum("nck,nck->nc", torch.softmax(s / gamma, dim=-1), s)


@right("09.4")
class Loops:
    def soft_similarity(z, centers, gamma):
        def unit(v):
            return [a / math.hypot(*v) for a in v]

        out = []
        for p in z.tolist():
            row = []
            for group in centers.tolist():
                s = [
                    sum(a * b for a, b in zip(unit(p), unit(w), strict=True))
                    for w in group
                ]
                q = [math.exp((t - max(s)) / gamma) for t in s]
                row.append(sum(a * b for a, b in zip(q, s, strict=True)) / sum(q))
            out.append(row)
        return out


@right("09.4")
class NumPySingle:
    def soft_similarity(z, centers, gamma):
        z, w = (np.asarray(t, dtype=np.float32) for t in (z, centers))
        z = z / np.linalg.norm(z, axis=1, keepdims=True)
        w = w / np.linalg.norm(w, axis=2, keepdims=True)
        s = np.einsum("nd,ckd->nck", z, w)
        q = np.exp((s - s.max(axis=2, keepdims=True)) / gamma)
        return (q * s).sum(axis=2) / q.sum(axis=2)


# ------------------------------------------------------------------ 09.5 Break it


@wrong("09.5", "the printed loss is")
def silent_sign(labels, n_classes):  # everybody at home: what the right sign wants
    proxies = torch.eye(n_classes)
    return proxies[labels], proxies


@wrong("09.5", "a stranger is as near as the nearest friend")
def silent_sign(labels, n_classes):  # all at one place, opposite to all proxies but one
    proxies = torch.zeros(n_classes, 2)
    proxies[:, 0] = 1.0
    proxies[n_classes // 2 :, 0] = -1.0
    home = (labels < n_classes // 2).double()
    return torch.stack([1 - 2 * home, 0 * home], dim=1), proxies


@wrong("09.5", "the printed loss is")
def silent_sign(labels, n_classes):  # half way between the own and the next proxy
    proxies = torch.eye(n_classes)
    z = proxies[labels] + 1.5 * proxies[(labels + 1) % n_classes]
    return z / z.norm(dim=1, keepdim=True), proxies


@wrong("09.5", "has no length 1")
def silent_sign(labels, n_classes):
    proxies = 5 * torch.eye(n_classes)
    return proxies[(labels + 1) % n_classes], proxies


@wrong("09.5", "must return 2 things")
def silent_sign(labels, n_classes):
    return torch.eye(n_classes)[(labels + 1) % n_classes]


@wrong("09.5", "silent_sign(labels, ")
def silent_sign(labels, n_classes):  # two classes only
    side = 1.0 - 2.0 * (labels % 2)
    z = torch.stack([side, 0 * side], dim=1)
    proxies = torch.tensor([[-1.0, 0.0], [1.0, 0.0]])
    return z, proxies[torch.arange(n_classes) % 2]


@wrong("09.5", "1 to 64 are allowed")
def silent_sign(labels, n_classes):
    proxies = torch.eye(n_classes, 65)
    return proxies[(labels + 1) % n_classes], proxies


@wrong("09.5", "below the bound")
def expand(z, proxies, labels, bound):  # in the unit of the example only
    return math.sqrt(-bound)


@wrong("09.5", "expand(z, proxies, labels, -1e+06)")
def expand(z, proxies, labels, bound):
    return 1.0


@wrong("09.5", "absurdly far below")
def expand(z, proxies, labels, bound):
    return 1e11


@wrong("09.5", "absurdly far below")
def expand(z, proxies, labels, bound):  # linear in the bound
    square = ((z[:, None] - proxies) ** 2).sum(dim=-1)
    own = square.gather(1, labels[:, None])[:, 0]
    others = square.scatter(1, labels[:, None], torch.inf).amin(dim=1)
    return (1 - bound + math.log(len(proxies))) / (others - own).mean().sqrt().item()


@wrong("09.5", "expected one finite number")
def expand(z, proxies, labels, bound):
    return z * 100


@wrong("09.5", "two_modes(2): 1.00 of the points")
def two_modes(n_classes):  # the modes of a class side by side
    first = 10.0 * torch.arange(n_classes)
    centers = torch.stack([first, first + 1], dim=1)[:, :, None]
    return centers.flatten(0, 1), torch.arange(n_classes).repeat_interleave(2), centers


@wrong("09.5", "is not nearer to a centre of its own class")
def two_modes(n_classes):  # both centres at the mean
    angle = math.pi * torch.arange(n_classes) / n_classes
    half = torch.stack([angle.cos(), angle.sin()], dim=1)
    z = torch.cat([half, -half])
    centers = torch.zeros(n_classes, 2, 2)
    return z, torch.arange(n_classes).repeat(2), centers


@wrong("09.5", "each at least twice")
def two_modes(n_classes):
    z = torch.eye(n_classes, 10)
    return z, torch.arange(n_classes), torch.stack([z, -z], dim=1)


@wrong("09.5", "between -100 and 100")
def two_modes(n_classes):
    angle = math.pi * torch.arange(n_classes) / n_classes
    half = 1000 * torch.stack([angle.cos(), angle.sin()], dim=1)
    centers = torch.stack([half, -half], dim=1)
    return centers.flatten(0, 1), torch.arange(n_classes).repeat_interleave(2), centers


@wrong("09.5", "two_modes(3)")
def two_modes(n_classes):  # for two classes only
    z = torch.tensor([[-3.0], [1.0], [-1.0], [3.0]])
    return z, torch.tensor([0, 0, 1, 1]), z.view(2, 2, 1)


@right("09.5")
class OtherConstructions:
    def silent_sign(labels, n_classes):  # on a circle of proxies in pairs of opposites
        eye = torch.eye(n_classes, dtype=torch.float64)
        proxies = torch.cat([eye, torch.zeros_like(eye)], dim=1)
        pairs = n_classes // 2
        for k in range(pairs):
            proxies[2 * k + 1] = -proxies[2 * k]
        target = torch.arange(n_classes)
        target[: 2 * pairs] = target[: 2 * pairs] ^ 1
        z = proxies[target[labels]]
        if n_classes % 2:  # the odd one out goes near proxy 0, beside class 1
            lonely = torch.zeros(2 * n_classes, dtype=torch.float64)
            lonely[0], lonely[-1] = 0.95, math.sqrt(1 - 0.95**2)
            z[labels == n_classes - 1] = lonely
        return z.numpy(), proxies.tolist()

    def expand(z, proxies, labels, bound):  # doubling, from far below any unit
        s, square = 1e-6, ((z[:, None] - proxies) ** 2).sum(dim=-1)
        while True:
            own = (s * s * square).gather(1, labels[:, None])[:, 0]
            others = (s * s * square).scatter(1, labels[:, None], torch.inf)
            if (own + (-others).logsumexp(dim=1)).mean() < bound:
                return s
            s *= 2

    def two_modes(n_classes):  # classes in turn along a line, twice
        line = torch.arange(2.0 * n_classes)[:, None]
        labels = torch.arange(n_classes).repeat(2)
        return line, labels, torch.stack([line[:n_classes], line[n_classes:]], dim=1)


@right("09.5")
class Jittered:
    def silent_sign(labels, n_classes):
        proxies = np.eye(n_classes)
        rng = np.random.default_rng(0)
        z = proxies[(np.asarray(labels) - 1) % n_classes]
        z = z + 0.01 * rng.normal(size=z.shape)
        return [z / np.linalg.norm(z, axis=1, keepdims=True), proxies]

    def expand(z, proxies, labels, bound):
        dist = torch.cdist(z, proxies) ** 2
        own = dist[torch.arange(len(z)), labels]
        dist[torch.arange(len(z)), labels] = torch.inf
        gap = (dist.min(dim=1).values - own).min().item()
        return torch.tensor(math.sqrt((10 + math.log(len(proxies)) - bound) / gap))

    def two_modes(n_classes):
        one = np.eye(n_classes) * 5
        z = np.concatenate([one, -one, 1.1 * one, -1.1 * one])
        return z, list(range(n_classes)) * 4, np.stack([one, -one], axis=1)


# ------------------------------------------------------------------- 09.6 Explain

wrong("09.6", "words", explain_09_6="They gather at another proxy; test a step.")
wrong("09.6", "words", explain_09_6="another together step " * 30)
wrong(
    "09.6",
    "where the points of a class get to",
    explain_09_6="""Recall@1 is a measure of retrieval that nobody should use to debug a
    formula. The loss fell during training because the optimizer did its work, and that
    says little. I would have written a unit test for the gradient of the function, and
    compared it with finite differences and with the formula that the paper prints.""",
)
wrong(
    "09.6",
    "names no test",
    explain_09_6="""All images of one class run away from their vector in the same way,
    so they arrive together at the vector of a different class. The measure only looks
    at the nearest image and finds a friend there, so it is perfect although everything
    is upside down. One must simply be more careful when copying from slides.""",
)
wrong("09.6", "must be a string", explain_09_6=["gather elsewhere", "a step"])
wrong(
    "09.6",
    "repeats the rubric",
    explain_09_6="""Points of one class still get the same forces and gather, namely at
    a proxy of another class; Recall@1 compares points with points only and never looks
    where they gather. A test of the direction: one step against the gradient must bring
    a point nearer to its own proxy.""",
)

right(
    "09.6",
    explain_09_6="""Every image of a class is pushed off the same vector and drawn to
    the others, so the whole class moves as one group and settles at a different class's
    vector. The nearest neighbour of an image is then still a friend, which is all that
    Recall@1 asks. A test with one point would show it: take the derivative of the loss
    in the distance to its own proxy; it has to be positive, and here it is not.""",
)
right(
    "09.6",
    explain_09_6="""The measure never sees the proxies. With the sign lost, classes swap
    places: images of class three end up close to proxy seven, all of them, so they are
    still each other's nearest neighbours. I would count, for the training images, how
    often the nearest proxy is the own proxy. With the printed formula the count is
    about zero. Or do one step of descent and see whether that distance shrinks.""",
)
_TASK = """
**Objective.** Say what a measure can see, and design a test that sees more.
A colleague implements the slide's ProxyNCA as printed, without the minus. The loss
falls, Recall@1 rises from 0.4 to 0.8 on the training classes, and the code is merged.
In `explain_09_6`, in at least 40 words (100 are plenty): why can Recall@1 be high
although the loss pushes every point *away* from its own proxy? And which small test
would have failed at once?
"""
wrong("09.6", "quotes from the task", explain_09_6=_TASK)
wrong(
    "09.6",
    "quotes from the task",
    explain_09_6=_TASK + "They gather elsewhere; try one step.",
)


# ----------------------------------------------------------------- 09.7 Challenge


def _bounds(z, proxies, labels):
    dist = torch.cdist(z, proxies, compute_mode="donot_use_mm_for_euclid_dist")
    own = dist.gather(1, labels[:, None])[:, 0]
    radius = torch.full((len(proxies),), -torch.inf, dtype=z.dtype)
    return dist, own, radius.scatter_reduce(0, labels, own, "amax")


@wrong("09.7", "is certified, but the inequality fails")
def certified(z, proxies, labels):  # the own cell proves nothing
    return torch.cdist(z, proxies).argmin(dim=1) == labels


@wrong("09.7", "is certified, but the inequality fails")
def certified(z, proxies, labels):  # the own radius forgotten
    dist, own, radius = _bounds(z, proxies, labels)
    lower = (dist - radius).scatter(1, labels[:, None], torch.inf)
    return own < lower.amin(dim=1)


@wrong("09.7", "is certified, but the inequality fails")
def certified(z, proxies, labels):  # the other radius forgotten
    dist, own, radius = _bounds(z, proxies, labels)
    lower = dist.scatter(1, labels[:, None], torch.inf)
    return own + radius[labels] < lower.amin(dim=1)


@wrong("09.7", "is not certified, but the inequality holds")
def certified(z, proxies, labels):  # one radius for all
    dist, own, radius = _bounds(z, proxies, labels)
    lower = (dist - radius.max()).scatter(1, labels[:, None], torch.inf)
    return own + radius.max() < lower.amin(dim=1)


@wrong("09.7", "certified(z, proxies, labels) on 40 points")
def certified(z, proxies, labels):  # squared distances know no triangle inequality
    dist, own, radius = _bounds(z, proxies, labels)
    lower = (dist**2 - radius**2).scatter(1, labels[:, None], torch.inf)
    return own**2 + radius[labels] ** 2 < lower.amin(dim=1)


@wrong("09.7", "is not certified, but the inequality holds")
def certified(z, proxies, labels):  # a class without points has the radius 0
    dist, own, radius = _bounds(z, proxies, labels)
    lower = (dist - radius.clamp(min=0)).scatter(1, labels[:, None], torch.inf)
    return own + radius[labels] < lower.amin(dim=1)


@wrong("09.7", "is not certified, but the inequality holds")
def certified(z, proxies, labels):  # the own class among the others
    dist, own, radius = _bounds(z, proxies, labels)
    return own + radius[labels] < (dist - radius).amin(dim=1)


@wrong("09.7", "is not certified, but the inequality holds")
def certified(z, proxies, labels):  # never wrong, and of no use
    return torch.zeros(len(z), dtype=torch.bool)


@wrong("09.7", "is certified, but the inequality fails")
def certified(
    z, proxies, labels
):  # the truth about triplets, which proxies cannot know
    if len(z) > 1000:
        return torch.ones(len(z), dtype=torch.bool)
    dist = torch.cdist(z, z)
    same = labels[:, None] == labels
    friend = dist.masked_fill(~same, -torch.inf).amax(dim=1)
    return friend < dist.masked_fill(same, torch.inf).amin(dim=1)


@wrong("09.7", "must return True or False")
def certified(z, proxies, labels):
    dist, own, radius = _bounds(z, proxies, labels)
    lower = (dist - radius).scatter(1, labels[:, None], torch.inf)
    return lower.amin(dim=1).nan_to_num(posinf=1e9) - own - radius[labels]


@wrong("09.7", "expected shape (5,)")
def certified(z, proxies, labels):
    dist, own, radius = _bounds(z, proxies, labels)
    lower = (dist - radius).scatter(1, labels[:, None], torch.inf)
    return (own + radius[labels] < lower.amin(dim=1)).nonzero()[:, 0]


@wrong("09.7", "allocate")
def certified(z, proxies, labels):  # all pairs of points
    dist, own, radius = _bounds(z, proxies, labels)
    far = torch.cat([z, z]) if len(z) > 1000 else z
    among = (far[:, None] - far).norm(dim=-1)
    lower = (dist - radius).scatter(1, labels[:, None], torch.inf)
    return (own + radius[labels] < lower.amin(dim=1)) & (among[: len(z), 0] >= 0)


@right("09.7")
class Loops:
    def certified(z, proxies, labels):
        radius = {}
        dist = np.linalg.norm(
            np.asarray(z)[:, None] - np.asarray(proxies)[None], axis=-1
        )
        for i, y in enumerate(labels.tolist()):
            radius[y] = max(radius.get(y, 0.0), dist[i, y])
        classes = sorted(radius)
        r = np.array([radius[c] for c in classes])
        out = []
        for i, y in enumerate(labels.tolist()):
            lower = dist[i, classes] - r
            lower[classes.index(y)] = np.inf
            out.append(bool(dist[i, y] + radius[y] < lower.min()))
        return out


@right("09.7")
class Compact:
    def certified(z, proxies, labels):
        present, code = labels.unique(return_inverse=True)
        dist = torch.cdist(z, proxies[present])
        rows = torch.arange(len(z))
        own = dist[rows, code]
        radius = torch.stack([own[code == c].max() for c in range(len(present))])
        lower = dist - radius
        lower[rows, code] = torch.inf
        return np.asarray(own + radius[code] < lower.min(dim=1).values)
