"""Wrong and right answers to exercise 07, Nutshell."""

import math

import numpy as np
import torch

from mlcourse.grading.bank import right, wrong

# ----------------------------------------------------------- 07.1 Two small rules


@wrong("07.1", "not by that of the table")
def on_sphere(z):
    return z / z.norm()


@wrong("07.1", "not by its square")
def on_sphere(z):
    return z / (z**2).sum(dim=1, keepdim=True).clamp(min=1)


@wrong("07.1", "returned NaN or infinity")
def on_sphere(z):
    return z / z.norm(dim=1, keepdim=True)


@wrong("07.1", "nothing is added to the length")
def on_sphere(z):
    return z / (z.norm(dim=1, keepdim=True) + 1e-8)


@wrong("07.1", "not by the sum")
def on_sphere(z):
    return z / z.abs().sum(dim=1, keepdim=True).clamp(min=1e-30)


@wrong("07.1", "not each column")
def on_sphere(z):
    return z / z.norm(dim=0)


@wrong("07.1", "an entry is off by")
def on_sphere(z):  # clips, and leaves short rows alone
    return z / z.norm(dim=1, keepdim=True).clamp(min=1)


@wrong("07.1", "the run had stopped before")
def epoch_to_keep(scores, patience):
    return max(range(len(scores)), key=scores.__getitem__)


@wrong("07.1", "only a score above the best so far")
def epoch_to_keep(scores, patience):
    best = 0
    for epoch, score in enumerate(scores):
        if score >= scores[best]:
            best = epoch
        if epoch - best == patience:
            break
    return best


@wrong("07.1", "scores[0] is the untrained network")
def epoch_to_keep(scores, patience):  # numbers the epochs from 0
    best = 0
    for epoch, score in enumerate(scores):
        if score > scores[best]:
            best = epoch
        if epoch - best == patience:
            break
    return best - 1


@wrong("07.1", "starts anew after each better one")
def epoch_to_keep(scores, patience):  # never forgives
    best, worse = 0, 0
    for epoch, score in enumerate(scores[1:], start=1):
        if score > scores[best]:
            best = epoch
        else:
            worse += 1
        if worse == patience:
            break
    return best


@wrong("07.1", "the run had stopped before")
def epoch_to_keep(scores, patience):  # compares with the epoch before
    last = 0
    for epoch in range(1, len(scores)):
        if scores[epoch] > scores[epoch - 1]:
            last = epoch
        elif epoch - last == patience:
            break
    return last


@wrong("07.1", "returned 1, expected")
def epoch_to_keep(scores, patience):  # knows the example
    return 1


@wrong("07.1", "the run had stopped before")
def epoch_to_keep(scores, patience):  # waits one epoch too long
    best = 0
    for epoch, score in enumerate(scores):
        if score > scores[best]:
            best = epoch
        if epoch - best > patience:
            break
    return best


@right("07.1")
class Loops:
    def on_sphere(z):
        rows = []
        for row in z.tolist():
            length = math.sqrt(sum(v * v for v in row))
            rows.append([v / length if length else 0.0 for v in row])
        return rows

    def epoch_to_keep(scores, patience):
        best, waited, top = 0, 0, scores[0]
        for epoch in range(1, len(scores)):
            if scores[epoch] > top:
                best, waited, top = epoch, 0, scores[epoch]
                continue
            waited += 1
            if waited >= patience:
                return best
        return best


@right("07.1")
class NumPySingle:
    def on_sphere(z):
        z = np.asarray(z, dtype=np.float32)
        length = np.sqrt((z.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
        return (z / np.where(length == 0, 1, length)).astype(np.float32)

    def epoch_to_keep(scores, patience):
        scores = np.asarray(scores)
        top = np.maximum.accumulate(scores)
        first = np.array([int(np.argmax(scores[: e + 1])) for e in range(len(scores))])
        stops = np.flatnonzero(np.arange(len(scores)) - first >= patience)
        end = stops[0] if len(stops) else len(scores) - 1
        return np.int64(np.argmax(scores[: end + 1] == top[end]))


@right("07.1")
class Library:
    def on_sphere(z):
        return torch.nn.functional.normalize(z, dim=1)

    def epoch_to_keep(scores, patience):
        for epoch in range(patience, len(scores)):
            seen = scores[: epoch + 1]
            if seen.index(max(seen)) <= epoch - patience:
                return seen.index(max(seen))
        return torch.tensor(scores.index(max(scores)))


# ----------------------------------------------------------------- 07.2 NCA's loss


def _masks(dist, labels):
    itself = torch.eye(len(dist), dtype=torch.bool)
    same = labels[:, None] == labels
    return itself, same & ~itself


@wrong("07.2", "j = i is left in the denominator")
def nca_loss(dist, labels):
    _, friends = _masks(dist, labels)
    e = torch.exp(-dist)
    p = (e * friends).sum(dim=1) / e.sum(dim=1)
    return -p[friends.any(dim=1)].log().mean()


@wrong("07.2", "each point is its own friend")
def nca_loss(dist, labels):
    e = torch.exp(-dist)
    p = (e * (labels[:, None] == labels)).sum(dim=1) / e.sum(dim=1)
    return -p.log().mean()


@wrong("07.2", "the denominator holds friends and strangers")
def nca_loss(dist, labels):
    _, friends = _masks(dist, labels)
    e = torch.exp(-dist)
    p = (e * friends).sum(dim=1) / (e * (labels[:, None] != labels)).sum(dim=1)
    return -p[friends.any(dim=1)].log().mean()


@wrong("07.2", "take -log of each first")
def nca_loss(dist, labels):
    itself, friends = _masks(dist, labels)
    p = torch.softmax((-dist).masked_fill(itself, -torch.inf), dim=1)
    return -(p * friends).sum(dim=1)[friends.any(dim=1)].mean()


@wrong("07.2", "not the mean of the logs")
def nca_loss(dist, labels):
    itself, friends = _masks(dist, labels)
    p = torch.softmax((-dist).masked_fill(itself, -torch.inf), dim=1)
    return -(p * friends).sum(dim=1)[friends.any(dim=1)].mean().log()


@wrong("07.2", "the sign is lost")
def nca_loss(dist, labels):
    itself, friends = _masks(dist, labels)
    p = torch.softmax((-dist).masked_fill(itself, -torch.inf), dim=1)
    return (p * friends).sum(dim=1)[friends.any(dim=1)].log().mean()


@wrong("07.2", "not the mean")
def nca_loss(dist, labels):
    itself, friends = _masks(dist, labels)
    p = torch.softmax((-dist).masked_fill(itself, -torch.inf), dim=1)
    return -(p * friends).sum(dim=1)[friends.any(dim=1)].log().sum()


@wrong("07.2", "larger distances must weigh less")
def nca_loss(dist, labels):
    itself, friends = _masks(dist, labels)
    p = torch.softmax(dist.masked_fill(itself, -torch.inf), dim=1)
    return -(p * friends).sum(dim=1)[friends.any(dim=1)].log().mean()


@wrong("07.2", "expected one finite number")
def nca_loss(dist, labels):  # right while nothing is far
    itself, friends = _masks(dist, labels)
    e = torch.exp(-dist) * ~itself
    p = (e * friends).sum(dim=1) / e.sum(dim=1)
    return -p[friends.any(dim=1)].log().mean()


@wrong("07.2", "expected one finite number")
def nca_loss(dist, labels):  # safe below, not above
    itself, friends = _masks(dist, labels)
    p = torch.softmax((-dist).masked_fill(itself, -torch.inf), dim=1)
    return -(p * friends).sum(dim=1)[friends.any(dim=1)].log().mean()


@wrong("07.2", "points without a friend are left out of the mean")
def nca_loss(dist, labels):
    itself, friends = _masks(dist, labels)
    near = (-dist).masked_fill(itself, -torch.inf)
    right = near.masked_fill(~friends, -torch.inf).logsumexp(dim=1)
    cost = torch.where(friends.any(dim=1), near.logsumexp(dim=1) - right, 0)
    return cost.mean()


@wrong("07.2", "the gradient of nca_loss")
def nca_loss(dist, labels):  # a floor on p: no slope where it is needed
    itself, friends = _masks(dist, labels)
    p = torch.softmax((-dist).masked_fill(itself, -torch.inf), dim=1)
    return -(p.detach() * friends).sum(dim=1)[friends.any(dim=1)].log().mean() + (
        0 * dist.sum()
    )


@wrong("07.2", "lose the gradient")
def nca_loss(dist, labels):
    itself, friends = _masks(dist, labels)
    some = friends.any(dim=1)
    if not some.any():
        return torch.tensor(0.0)
    near = (-dist).masked_fill(itself, -torch.inf)[some]
    right = near.masked_fill(~friends[some], -torch.inf).logsumexp(dim=1)
    return torch.tensor((near.logsumexp(dim=1) - right).mean().item())


@right("07.2")
def nca_loss(dist, labels):  # row by row
    costs = []
    for i in range(len(dist)):
        others = [j for j in range(len(dist)) if j != i]
        friends = [j for j in others if labels[j] == labels[i]]
        if friends:
            near = -dist[i]
            right = torch.logsumexp(near[friends], dim=0)
            costs.append(torch.logsumexp(near[others], dim=0) - right)
    return torch.stack(costs).mean() if costs else dist.sum() * 0


@right("07.2")
def nca_loss(dist, labels):  # log of softmax, in single precision where it is enough
    itself, friends = _masks(dist, labels)
    some = friends.any(dim=1)
    if not some.any():
        return dist.sum() * 0
    log_p = (-dist).masked_fill(itself, -1e30).log_softmax(dim=1)[some]
    return -log_p.masked_fill(~friends[some], -1e30).logsumexp(dim=1).mean()


@right("07.2")
def nca_loss(dist, labels):  # both minima taken out by hand
    itself, friends = _masks(dist, labels)
    some = friends.any(dim=1)
    if not some.any():
        return torch.zeros(()) * dist.sum()
    d, friends, others = dist[some], friends[some], ~itself[some]
    low = d.detach().masked_fill(~others, torch.inf).amin(dim=1, keepdim=True)
    near = d.detach().masked_fill(~friends, torch.inf).amin(dim=1, keepdim=True)
    total = torch.where(others, d - low, torch.inf).neg().exp().sum(dim=1)
    right = torch.where(friends, d - near, torch.inf).neg().exp().sum(dim=1)
    return (total.log() - right.log() + (near - low)[:, 0]).mean()


# -------------------------------------------------------------- 07.3 One step of psi


def _dist(z, pairs):
    return (z[pairs[:, 0]] - z[pairs[:, 1]]).norm(dim=1)


def _cost(W, x, S, D, margin):
    z = x @ W.T
    pull = _dist(z, S).square().sum() / 2
    push = (margin - _dist(z, D)).clamp(min=0).square().sum() / 2
    return (pull + push) / max(len(S) + len(D), 1)


def _new(L, loss, lr, sign=-1):
    W = L.detach().clone().requires_grad_()
    loss(W).backward()
    return L + sign * lr * W.grad


@wrong("07.3", "this goes uphill")
def step(L, x, S, D, margin, lr):
    return _new(L, lambda W: _cost(W, x, S, D, margin), lr, sign=1)


@wrong("07.3", "this is the gradient, not the new L")
def step(L, x, S, D, margin, lr):
    return (L - _new(L, lambda W: _cost(W, x, S, D, margin), 1.0)).detach()


@wrong("07.3", "lr is not used")
def step(L, x, S, D, margin, lr):
    return _new(L, lambda W: _cost(W, x, S, D, margin), 1.0)


@wrong("07.3", "divided by the number of pairs")
def step(L, x, S, D, margin, lr):
    count = len(S) + len(D)
    return _new(L, lambda W: _cost(W, x, S, D, margin) * count, lr)


@wrong("07.3", "the halves of the formula are missing")
def step(L, x, S, D, margin, lr):
    return _new(L, lambda W: 2 * _cost(W, x, S, D, margin), lr)


@wrong("07.3", "the pair of D does not push")
def step(L, x, S, D, margin, lr):
    def loss(W):
        z = x @ W.T
        push = (margin - _dist(z, D).square()).clamp(min=0).square().sum() / 2
        return (_dist(z, S).square().sum() / 2 + push) / (len(S) + len(D))

    return _new(L, loss, lr)


@wrong("07.3", "the hinge on D is squared and halved")
def step(L, x, S, D, margin, lr):
    def loss(W):
        z = x @ W.T
        push = (margin - _dist(z, D)).clamp(min=0).sum()
        return (_dist(z, S).square().sum() / 2 + push) / (len(S) + len(D))

    return _new(L, loss, lr)


@wrong("07.3", "by finite differences")
def step(L, x, S, D, margin, lr):  # no hinge: pushes for ever
    def loss(W):
        z = x @ W.T
        push = (margin - _dist(z, D)).square().sum() / 2
        return (_dist(z, S).square().sum() / 2 + push) / (len(S) + len(D))

    return _new(L, loss, lr)


@wrong("07.3", "returned NaN or infinity")
def step(L, x, S, D, margin, lr):  # the root at 0
    def loss(W):
        z = x @ W.T
        dist = (z[D[:, 0]] - z[D[:, 1]]).square().sum(dim=1).sqrt()
        push = (margin - dist).clamp(min=0).square().sum() / 2
        pull = (z[S[:, 0]] - z[S[:, 1]]).square().sum() / 2
        return (pull + push) / max(len(S) + len(D), 1)

    return _new(L, loss, lr)


@wrong("07.3", "returned NaN or infinity")
def step(L, x, S, D, margin, lr):  # divides by no pairs
    near, apart = x[S[:, 0]] - x[S[:, 1]], x[D[:, 0]] - x[D[:, 1]]
    dist = (apart @ L.T).norm(dim=1)
    push = (margin - dist).clamp(min=0) / dist.clamp(min=1e-9)
    total = near.T @ near - apart.T @ (apart * push[:, None])
    return L - lr * L @ total / (len(S) + len(D))


@wrong("07.3", "by finite differences")
def step(L, x, S, D, margin, lr):  # one mean of S and one of D
    def loss(W):
        z = x @ W.T
        pull = _dist(z, S).square().sum() / 4 / max(len(S), 1)
        push = (margin - _dist(z, D)).clamp(min=0).square().sum() / 4 / max(len(D), 1)
        return pull + push

    return _new(L, loss, lr)


_GATHERED = {}


@wrong("07.3", "by finite differences")
def step(L, x, S, D, margin, lr):  # gathers the gradients of all calls
    W = L.detach().clone().requires_grad_()
    _cost(W, x, S, D, margin).backward()
    key = tuple(L.shape)
    _GATHERED[key] = _GATHERED.get(key, 0) + W.grad.double()
    return L - lr * _GATHERED[key].to(L.dtype)


@wrong("07.3", "one similar pair alone")
def step(L, x, S, D, margin, lr):  # never divides by one
    pairs = len(S) + len(D)
    return _new(L, lambda W: _cost(W, x, S, D, margin) * pairs / max(pairs, 2), lr)


@right("07.3")
def step(L, x, S, D, margin, lr):  # autograd
    return _new(L, lambda W: _cost(W, x, S, D, margin), lr)


@right("07.3")
def step(L, x, S, D, margin, lr):  # pair by pair, with NumPy
    L, x = np.asarray(L, dtype=float), np.asarray(x, dtype=float)
    slope = np.zeros_like(L)
    for i, j in S.tolist():
        gap = x[i] - x[j]
        slope += np.outer(L @ gap, gap)
    for i, j in D.tolist():
        gap = x[i] - x[j]
        dist = np.linalg.norm(L @ gap)
        if 0 < dist < margin:
            slope -= (margin - dist) / dist * np.outer(L @ gap, gap)
    return L - lr * slope / max(len(S) + len(D), 1)


@right("07.3")
def step(L, x, S, D, margin, lr):  # an optimizer of torch
    W = torch.nn.Parameter(L.clone())
    sgd = torch.optim.SGD([W], lr=lr)
    _cost(W, x, S, D, margin).backward()
    sgd.step()
    return W.detach().float()


# ------------------------------------------------------------- 07.4 Balanced batches


@wrong("07.4", "(i, j) and (j, i) are one pair")
def count_judgements(labels):
    same = labels[:, None] == labels
    pairs = int(same.sum()) - len(labels)
    return pairs, int(((same.sum(dim=1) - 1) * (~same).sum(dim=1)).sum())


@wrong("07.4", "no point is paired with itself")
def count_judgements(labels):
    same = labels[:, None] == labels
    pairs = int(same.triu().sum())
    return pairs, int(((same.sum(dim=1) - 1) * (~same).sum(dim=1)).sum())


@wrong("07.4", "(a, p, n) and (p, a, n) are two")
def count_judgements(labels):
    same = labels[:, None] == labels
    pairs = int(same.triu(1).sum())
    return pairs, int((same.triu(1).sum(dim=1) * (~same).sum(dim=1)).sum())


@wrong("07.4", "every anchor, with each of its friends")
def count_judgements(labels):  # the anchor as its own positive
    same = labels[:, None] == labels
    pairs = int(same.triu(1).sum())
    return pairs, int((same.sum(dim=1) * (~same).sum(dim=1)).sum())


@wrong("07.4", "2 things, pairs and triplets")
def count_judgements(labels):
    return int((labels[:, None] == labels).triu(1).sum())


def _balanced(labels, classes, per_class, draw, replace=False):
    names, size = np.unique(np.asarray(labels), return_counts=True)
    chosen = draw.choice(names[size >= per_class], classes, replace=replace)
    rows = [np.flatnonzero(np.asarray(labels) == c) for c in chosen]
    return np.concatenate([draw.choice(r, per_class, replace=False) for r in rows])


@wrong("07.4", "holds a point twice")
def balanced_batch(labels, classes, per_class, seed):
    draw = np.random.default_rng(seed)
    names, size = np.unique(labels.numpy(), return_counts=True)
    chosen = draw.choice(names[size >= per_class], classes, replace=False)
    rows = [np.flatnonzero(labels.numpy() == c) for c in chosen]
    return np.concatenate([draw.choice(r, per_class) for r in rows])


@wrong("07.4", "holds a point twice")
def balanced_batch(labels, classes, per_class, seed):  # a class twice
    return _balanced(
        labels, classes, per_class, np.random.default_rng(seed), replace=True
    )


@wrong("07.4", "expected are")
def balanced_batch(labels, classes, per_class, seed):  # random points
    draw = torch.Generator().manual_seed(seed)
    return torch.randperm(len(labels), generator=draw)[: classes * per_class]


@wrong("07.4", "equal seeds must give equal batches")
def balanced_batch(labels, classes, per_class, seed):
    return _balanced(labels, classes, per_class, np.random.default_rng())


@wrong("07.4", "expected about 50 %")
def balanced_batch(labels, classes, per_class, seed):  # a class as often as its points
    draw = np.random.default_rng(seed)
    y, rows = labels.numpy(), []
    names, size = np.unique(y, return_counts=True)
    large = names[size >= per_class]
    chosen = []
    for r in draw.permutation(len(y)):
        if y[r] in large and y[r] not in chosen:
            chosen.append(y[r])
    for c in chosen[:classes]:
        rows += draw.permutation(np.flatnonzero(y == c))[:per_class].tolist()
    return rows


@wrong("07.4", "expected about 50 %")
def balanced_batch(labels, classes, per_class, seed):  # always the first classes
    names, size = labels.unique(return_counts=True)
    draw, rows = torch.Generator().manual_seed(seed), []
    for c in names[size >= per_class][:classes]:
        every = torch.nonzero(labels == c).flatten()
        rows += every[torch.randperm(len(every), generator=draw)][:per_class].tolist()
    return rows


@wrong("07.4", "all points of a class have the same chance")
def balanced_batch(labels, classes, per_class, seed):  # always the first points
    draw = torch.Generator().manual_seed(seed)
    names, size = labels.unique(return_counts=True)
    names = names[size >= per_class]
    names = names[torch.randperm(len(names), generator=draw)][:classes]
    return torch.cat([torch.nonzero(labels == c)[:per_class, 0] for c in names])


@wrong("07.4", "expected shape")
def balanced_batch(labels, classes, per_class, seed):  # small classes, too
    draw = torch.Generator().manual_seed(seed)
    names, rows = labels.unique(), []
    for c in names[torch.randperm(len(names), generator=draw)][:classes]:
        every = torch.nonzero(labels == c).flatten()
        rows += every[torch.randperm(len(every), generator=draw)][:per_class].tolist()
    return rows


@wrong("07.4", "entries must be whole numbers")
def balanced_batch(labels, classes, per_class, seed):  # rows from 1
    rows = _balanced(labels, classes, per_class, np.random.default_rng(seed))
    return [int(r) + len(labels) for r in rows]


@right("07.4")
class Numpy:
    def count_judgements(labels):
        m = np.unique(np.asarray(labels), return_counts=True)[1]
        return np.array([(m * (m - 1)).sum() // 2, (m * (m - 1) * (m.sum() - m)).sum()])

    def balanced_batch(labels, classes, per_class, seed):
        return _balanced(labels, classes, per_class, np.random.default_rng(seed))


@right("07.4")
class PlainPython:
    def count_judgements(labels):
        from collections import Counter

        n, sizes = len(labels), Counter(labels.tolist()).values()
        return [
            sum(m * (m - 1) / 2 for m in sizes),
            sum(m * (m - 1) * (n - m) for m in sizes),
        ]

    def balanced_batch(labels, classes, per_class, seed):
        import random

        draw, groups = random.Random(seed), {}
        for row, label in enumerate(labels.tolist()):
            groups.setdefault(label, []).append(row)
        large = [rows for rows in groups.values() if len(rows) >= per_class]
        chosen = draw.sample(large, classes)
        return [row for rows in chosen for row in draw.sample(rows, per_class)]


# ----------------------------------------------------------------- 07.5 Break it


def _on_circle(angle):
    return torch.stack([angle.cos(), angle.sin()], dim=1)


def _member(labels):
    """Return the class number of each point, and its number within the class."""
    place = labels.unique(return_inverse=True)[1]
    member = torch.zeros_like(place)
    for c in place.unique():
        member[place == c] = torch.arange(int((place == c).sum()))
    return place.double(), member.double()


@wrong("07.5", "keep them 1e-6 or more apart")
def content(labels):
    return torch.ones(len(labels), 2, dtype=torch.float64) / 2**0.5


@wrong("07.5", "have a friend as near")
def content(labels):  # a class is a group
    place, member = _member(labels)
    return _on_circle(1e-3 * place + 1e-5 * member)


@wrong("07.5", "pull all points nearly together")
def content(labels):
    place, member = _member(labels)
    return _on_circle(0.3 * member + 0.01 * place / len(labels))


@wrong("07.5", "has not the length 1")
def content(labels):
    place, member = _member(labels)
    return 1e-3 * _on_circle(member + 0.1 * place / len(labels))


@wrong("07.5", "the batch-hard loss is")
def at_margin(labels):
    place, member = _member(labels)
    return _on_circle(1e-2 * place + 1e-5 * member)


@wrong("07.5", "the batch-hard loss is")
def at_margin(labels):  # solved: the loss is 0
    place, member = _member(labels)
    return _on_circle(2 * torch.pi * place / (place.max() + 1) + 1e-5 * member)


@wrong("07.5", "every friend must be nearer")
def at_margin(labels):  # groups of strangers
    place, member = _member(labels)
    return _on_circle(1e-4 * member + 1e-5 * place / len(labels))


@wrong("07.5", "keep them 1e-6 or more apart")
def at_margin(labels):
    return torch.ones(len(labels), 4, dtype=torch.float64) / 2


@wrong("07.5", "put strangers side by side")
def wide(labels):  # friends side by side
    place, member = _member(labels)
    return _on_circle(
        2 * torch.pi * (place * (member.max() + 1) + member) / len(labels)
    )


@wrong("07.5", "put strangers side by side")
def wide(labels):  # all are equally far
    return torch.eye(len(labels), dtype=torch.float64)


@wrong("07.5", "spread the points evenly")
def wide(labels):  # half of the circle
    place, member = _member(labels)
    turn = (member * (place.max() + 1) + place) / len(labels)
    return _on_circle(torch.pi * turn)


@wrong("07.5", "columns, expected")
def wide(labels):
    return torch.ones(len(labels), 1, dtype=torch.float64)


@wrong("07.5", "content([")
def content(labels):  # knows one size
    angle = torch.tensor([0.0, 1e-3, 1e-5, 1e-3 + 1e-5], dtype=torch.float64)
    return _on_circle(angle)


@right("07.5")
class InManyCoordinates:
    def content(labels):
        place, member = _member(labels)
        z = torch.zeros(len(labels), 40, dtype=torch.float64)
        z[:, 0] = 1
        z[torch.arange(len(labels)), 1 + member.long()] = 5e-3
        z[torch.arange(len(labels)), 20 + place.long()] = 1e-4
        return z / z.norm(dim=1, keepdim=True)

    def at_margin(labels):
        place, member = _member(labels)
        z = torch.zeros(len(labels), 40, dtype=torch.float64)
        z[:, 0] = 1
        z[torch.arange(len(labels)), 1 + place.long()] = 3e-4
        z[torch.arange(len(labels)), 20 + member.long()] = 1e-5
        return z / z.norm(dim=1, keepdim=True)

    def wide(labels):
        place, member = _member(labels)
        turn = (member * (place.max() + 1) + place) / len(labels)
        z = torch.zeros(len(labels), 3, dtype=torch.float64)
        z[:, 1:] = _on_circle(1 + 2 * torch.pi * turn)
        return z[:, 1:]


@right("07.5")
class WithNumPy:
    def content(labels):
        y = np.asarray(labels)
        angle, seen = [], {}
        for c in y:
            j = seen[c] = seen.get(c, -1) + 1
            rank = sorted(set(y.tolist())).index(c)
            angle.append(2e-3 * j + 2e-5 * rank)
        return np.stack([np.sin(angle), np.cos(angle)], axis=1)

    def at_margin(labels):
        y = np.asarray(labels)
        names = sorted(set(y.tolist()))
        own = np.arange(len(y)) / len(y)
        angle = np.array([names.index(c) for c in y]) * 5e-4 / len(names)
        angle = angle + own * 1e-5
        return np.stack([np.cos(angle), np.sin(angle)], axis=1).tolist()

    def wide(labels):
        order = np.argsort(np.asarray(labels), kind="stable")
        n, m = len(labels), int((labels == labels[0]).sum())
        angle = np.zeros(n)
        slot = np.arange(n).reshape(n // m, m).T.flatten()  # column by column
        angle[order[slot]] = 2 * np.pi * np.arange(n) / n
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)


# ------------------------------------------------------------------- 07.6 Explain

wrong("07.6", "are the least", explain_07_6="It has collapsed; lower the rate.")
wrong("07.6", "must be a string", explain_07_6=7)
wrong("07.6", "are the least", explain_07_6="collapse distance rate " * 30)
wrong(
    "07.6",
    "repeats the rubric",
    explain_07_6="""Collapse, not convergence; all distances are nearly equal, so every
    hinge is the margin (a solved task has the loss 0). To be sure: the mean distance,
    or the singular values. Recall@1 sees only the order of tiny differences. Cures:
    all triplets instead of the hardest, a smaller learning rate.""",
)
wrong(
    "07.6",
    "does not name a number",
    explain_07_6="""My friend is right that the run has come to its end, because a value
    which has been the same for one hour will also be the same tomorrow. Nothing else
    needs to be looked at. As a cure one may take a smaller learning rate, or simply be
    content, since the result of the ranking is good already.""",
)
wrong(
    "07.6",
    "does not name a cure",
    explain_07_6="""A collapse. The distances of friends and strangers have become
    about the same, so each hinge has the value of the margin, whatever the labels are.
    I would look at the mean distance of all points in a batch, which will be close to
    zero. I do not know what could help against it.""",
)
right(
    "07.6",
    explain_07_6="""This is collapse: the points lie in one place, the distances of each
    triplet cancel, and what remains is the margin. With everything solved the value
    would be 0. The mean pairwise distance tells, or the singular values of z. Recall@1
    needs only an order, however small the differences. I would average over all
    triplets, or add dissimilar pairs with a margin, and lower the learning rate.""",
)
right(
    "07.6",
    explain_07_6="""Not converged but crowded. If all images have nearly one embedding,
    then the farthest positive and the nearest negative are equally far and the hinge
    shows 0.2. Print the largest cosine gap, or rho: one direction dominates. A ranking
    survives shrinking, so Recall@1 is blind. First cure: a regularizer that spreads
    the cloud. Second: start with easier triplets, go to the hardest ones later.""",
)
_TASK = """
**Objective.** Diagnose a training run from its numbers.
A friend trains a network with a triplet loss, margin 0.2, on the hardest triplet of
each anchor. For an hour the printed loss has been 0.200. "It has converged," says
your friend, "and Recall@1 on the validation classes is 0.6, so it has learned
something."
In `explain_07_6`, in at least 40 words (100 are plenty): what has probably happened,
and why does the loss say 0.200? Which number, other than the loss, would you look at
to be sure, and why is Recall@1 not enough? Name two different cures.
"""
wrong("07.6", "quotes from the task", explain_07_6=_TASK)
wrong(
    "07.6",
    "quotes from the task",
    explain_07_6=_TASK + "Print the singular values, and lower the rate.",
)

# ----------------------------------------------------------------- 07.7 Challenge


@wrong("07.7", "Recall@1 on 25 other classes is")
def learn(x, y, k):  # the loudest directions
    return torch.linalg.svd(x - x.mean(dim=0))[2][:k]


@wrong("07.7", "Recall@1 on 25 other classes is")
def learn(x, y, k):  # untrained
    return torch.randn(k, x.shape[1], dtype=x.dtype)


@wrong("07.7", "Recall@1 on 25 other classes is")
def learn(x, y, k):  # whitens all points, and sees no class
    value, axis = torch.linalg.eigh((x - x.mean(dim=0)).T @ (x - x.mean(dim=0)))
    return (axis / value.sqrt()).T[:k]


@wrong("07.7", "expected shape (3, 12)")
def learn(x, y, k):
    return torch.eye(x.shape[1], dtype=x.dtype)


@wrong("07.7", "Recall@1 on 25 other classes is")
def learn(x, y, k):  # learns the whitened coordinates, forgets to whiten
    return _discriminant(x, y, k)[1]


@wrong("07.7", "returned NaN or infinity")
def learn(x, y, k):  # raw squared distances, large steps: diverges
    L = torch.ones(k, x.shape[1], dtype=x.dtype)
    for _ in range(400):
        L = L + 10 * L @ (x.T @ x)
    return L


def _discriminant(x, y, k):
    spread = x.std(dim=0)
    z = (x - x.mean(dim=0)) / spread
    names, place = y.unique(return_inverse=True)
    mean = torch.stack([z[place == c].mean(dim=0) for c in range(len(names))])
    inner = z - mean[place]
    value, axis = torch.linalg.eigh(inner.T @ inner / len(z))
    white = (axis / value.clamp(min=1e-9).sqrt()).T
    between = white @ mean.T @ mean @ white.T
    turn = torch.linalg.eigh(between)[1].flip(1).T[:k]
    return turn @ white / spread, turn


@right("07.7")
def learn(x, y, k):  # linear discriminant analysis
    return _discriminant(x, y, k)[0]


@right("07.7")
def learn(x, y, k):  # the same with SciPy, in lists
    import scipy.linalg

    X, y = np.asarray(x), np.asarray(y)
    scale = X.std(axis=0)
    X = (X - X.mean(axis=0)) / scale
    inner, outer = 0, 0
    for c in set(y.tolist()):
        group = X[y == c]
        inner = inner + np.cov(group.T, bias=True) * len(group)
        outer = outer + len(group) * np.outer(group.mean(axis=0), group.mean(axis=0))
    return (scipy.linalg.eigh(outer, inner)[1][:, ::-1][:, :k].T / scale).tolist()


@right("07.7")
def learn(
    x, y, k
):  # margin-free triplets by steps on all pairs, from the whitened start
    start, _ = _discriminant(x, y, x.shape[1])
    z = (x - x.mean(dim=0)) @ start.T
    W = torch.eye(k, x.shape[1], dtype=x.dtype).requires_grad_()
    itself = torch.eye(len(x), dtype=torch.bool)
    strangers = (y[:, None] != y) | itself
    adam = torch.optim.Adam([W], lr=0.02)
    for _ in range(30):
        point = z @ W.T
        near = -(point[:, None] - point).square().sum(dim=2)
        near = near.masked_fill(itself, -torch.inf)
        cost = near.logsumexp(dim=1) - near.masked_fill(
            strangers, -torch.inf
        ).logsumexp(dim=1)
        adam.zero_grad()
        cost.mean().backward()
        adam.step()
    return W.detach() @ start
