"""Answers to exercise 01: wrong ones that are caught, right ones that are accepted."""

import math

import numpy as np
import torch

from mlcourse.grading.bank import right, wrong

# ------------------------------------------------------------------ 01.1 retrieve


@wrong("01.1", "counts itself")
def retrieve_others(dist, *, k):
    return dist.argsort(dim=1, stable=True)[:, :k]


@wrong("01.1", "a duplicate of the query may stand there")
def retrieve_others(dist, *, k):
    return dist.argsort(dim=1, stable=True)[:, 1 : k + 1]


@wrong("01.1", "a duplicate of the query, at distance 0, is left out")
def retrieve_others(dist, *, k):
    hidden = torch.where(dist == 0, torch.inf, dist)
    return hidden.argsort(dim=1, stable=True)[:, :k]


@wrong("01.1", "counts itself")
def retrieve_others(dist, *, k):
    hidden = dist.clone()
    hidden[torch.arange(len(dist)), dist.argmin(dim=1)] = torch.inf
    return hidden.argsort(dim=1, stable=True)[:, :k]


@wrong("01.1", "counts itself")
def retrieve_others(dist, *, k):  # a large number that is not large in every unit
    return (dist + 5 * torch.eye(len(dist))).argsort(dim=1)[:, :k]


@wrong("01.1", "farthest first")
def retrieve_others(dist, *, k):
    hidden = dist.clone().fill_diagonal_(-torch.inf)
    return hidden.topk(k, dim=1).indices


@wrong("01.1", "these are distances, not the indices")
def retrieve_others(dist, *, k):
    hidden = dist.clone().fill_diagonal_(1e6)
    return hidden.sort(dim=1).values[:, :k]


@wrong("01.1", "not nearest first")
def retrieve_others(dist, *, k):
    hidden = dist.clone().fill_diagonal_(torch.inf)
    return hidden.argsort(dim=1)[:, :k].flip(1)


@wrong("01.1", "not nearest first")
def retrieve_others(dist, *, k):
    hidden = dist.clone().fill_diagonal_(torch.inf)
    return hidden.argsort(dim=1)[:, :k].sort(dim=1).values


@wrong("01.1", "you sorted column i")
def retrieve_others(dist, *, k):
    hidden = dist.clone().fill_diagonal_(torch.inf)
    return hidden.argsort(dim=0)[:k].T


@wrong("01.1", "Row i is query i's")
def retrieve_others(dist, *, k):
    hidden = dist.clone().fill_diagonal_(torch.inf)
    return hidden.argsort(dim=1)[:, :k].T


@wrong("01.1", "expected shape")
def retrieve_others(dist, *, k):
    hidden = dist.clone().fill_diagonal_(torch.inf)
    return hidden.argsort(dim=1)[:, : k - 1]


@wrong("01.1", "the nearest other point is dropped")
def retrieve_others(dist, *, k):
    hidden = dist.clone().fill_diagonal_(torch.inf)
    return hidden.argsort(dim=1)[:, 1 : k + 1]


@wrong("01.1", "the same reference twice")
def retrieve_others(dist, *, k):
    hidden = dist.clone().fill_diagonal_(torch.inf)
    return hidden.argmin(dim=1, keepdim=True).expand(len(dist), k)


@wrong("01.1", "you return [1, 2], at distances [0.5, 0.2]")
def retrieve_others(dist, *, k):  # the worked example, learnt by heart
    return torch.tensor([[1, 2], [0, 2], [3, 4], [2, 4], [3, 2]])


@wrong("01.1", "counts itself")
def retrieve_others(dist, *, k):  # a large number, until the unit is small
    return dist.clone().fill_diagonal_(1e6).argsort(dim=1)[:, :k]


@wrong("01.1", "counts itself")
def retrieve_others(dist, *, k):  # added to what stands there
    large = (dist.max() + 1) * torch.eye(len(dist))
    return (dist + large).argsort(dim=1)[:, :k]


@wrong("01.1", "counts itself")
def retrieve_others(dist, *, k):  # shift the first column away, symmetric data only
    lower = dist + torch.triu(torch.full_like(dist, 1e-9), diagonal=1)
    return lower.argsort(dim=1, stable=True)[:, 1 : k + 1]


@right("01.1")
def retrieve_others(dist, *, k):
    hidden = dist.clone().fill_diagonal_(torch.inf)
    return hidden.topk(k, dim=1, largest=False).indices


@right("01.1")
def retrieve_others(dist, *, k):
    n = len(dist)
    off = ~np.eye(n, dtype=bool)
    table = np.asarray(dist, dtype=np.float32)[off].reshape(n, n - 1)
    columns = np.tile(np.arange(n), (n, 1))[off].reshape(n, n - 1)
    order = np.argsort(table, axis=1)[:, :k]
    return np.take_along_axis(columns, order, axis=1).astype(np.int32)


@right("01.1")
def retrieve_others(dist, *, k):
    answer = []
    for i, row in enumerate(dist.tolist()):
        others = [j for j in range(len(row)) if j != i]
        answer.append(sorted(others, key=row.__getitem__)[:k])
    return answer


@right("01.1")
def retrieve_others(dist, *, k):
    order = dist.float().argsort(dim=1, descending=True).flip(1)
    keep = order != torch.arange(len(dist))[:, None]
    return order[keep].reshape(len(dist), -1)[:, :k].to(torch.int16)


# ---------------------------------------------------------------------- 01.2 vote


@wrong("01.2", "the nearest neighbour's class wins")
def knn_predict(dist, labels, *, k):
    answer = []
    for row in dist.argsort(dim=1)[:, :k]:
        votes = {}
        for label in labels[row].tolist():
            votes[label] = votes.get(label, 0) + 1
        answer.append(max(votes, key=votes.get))  # the first of the fullest
    return torch.tensor(answer)


@wrong("01.2", "the largest label wins")
def knn_predict(dist, labels, *, k):
    near = labels[dist.argsort(dim=1)[:, :k]]
    votes = torch.nn.functional.one_hot(near, int(labels.max()) + 1).sum(dim=1)
    return votes.shape[1] - 1 - votes.flip(1).argmax(dim=1)


@wrong("01.2", "the nearest reference decides alone")
def knn_predict(dist, labels, *, k):
    return labels[dist.argmin(dim=1)]


@wrong("01.2", "the nearest reference is left out")
def knn_predict(dist, labels, *, k):
    return labels[dist.argsort(dim=1)[:, 1 : k + 1]].mode(dim=1).values


@wrong("01.2", "k + 1 references vote")
def knn_predict(dist, labels, *, k):
    return labels[dist.argsort(dim=1)[:, : k + 1]].mode(dim=1).values


@wrong("01.2", "k farthest references vote")
def knn_predict(dist, labels, *, k):
    return labels[dist.topk(k, dim=1).indices].mode(dim=1).values


@wrong("01.2", "all references vote")
def knn_predict(dist, labels, *, k):
    return labels.mode().values.expand(len(dist))


@wrong("01.2", "position of the class")
def knn_predict(dist, labels, *, k):
    near = labels[dist.argsort(dim=1)[:, :k]]
    classes = labels.unique()
    return (near[..., None] == classes).sum(dim=1).argmax(dim=1)


@wrong("01.2", "near neighbours weigh more")
def knn_predict(dist, labels, *, k):
    near = dist.argsort(dim=1)[:, :k]
    weight = 1 / (dist.gather(1, near) + 1e-9)
    votes = torch.zeros(len(dist), int(labels.max()) + 1, dtype=dist.dtype)
    return votes.scatter_add_(1, labels[near], weight).argmax(dim=1)


@wrong("01.2", "sum distances instead of counting")
def knn_predict(dist, labels, *, k):
    near = dist.argsort(dim=1)[:, :k]
    votes = torch.zeros(len(dist), int(labels.max()) + 1, dtype=dist.dtype)
    return votes.scatter_add_(1, labels[near], dist.gather(1, near)).argmax(dim=1)


@wrong("01.2", "work one row out by hand")
def knn_predict(dist, labels, *, k):  # a mean of names is no name
    return labels[dist.argsort(dim=1)[:, :k]].double().mean(dim=1).round()


@wrong("01.2", "query 0: the 4 nearest carry the labels [2, 5, 9, 5]")
def knn_predict(dist, labels, *, k):  # the worked example, learnt by heart
    return torch.tensor([9, 5, 2, 2, 5]).repeat(100)[: len(dist)]


@wrong("01.2", "Class values must be smaller than num_classes")
def knn_predict(dist, labels, *, k):  # a table for the labels seen so far
    near = labels[dist.argsort(dim=1)[:, :k]]
    return torch.nn.functional.one_hot(near, 100).sum(dim=1).argmax(dim=1)


@right("01.2")
def knn_predict(dist, labels, *, k):
    return labels[dist.topk(k, dim=1, largest=False).indices].mode(dim=1).values


@right("01.2")
def knn_predict(dist, labels, *, k):
    table, names = np.asarray(dist), np.asarray(labels)
    near = names[np.argpartition(table, k - 1, axis=1)[:, :k]]
    return np.array([np.bincount(row).argmax() for row in near], dtype=np.int32)


@right("01.2")
def knn_predict(dist, labels, *, k):
    answer = []
    for row in dist.tolist():
        near = sorted(range(len(row)), key=lambda j: row[j])[:k]
        votes = [int(labels[j]) for j in near]
        answer.append(min(set(votes), key=lambda c: (-votes.count(c), c)))
    return answer


@right("01.2")
def knn_predict(dist, labels, *, k):
    from sklearn.neighbors import KNeighborsClassifier

    table = np.asarray(dist)
    model = KNeighborsClassifier(k, metric="precomputed")
    square = np.zeros((table.shape[1], table.shape[1]))
    return model.fit(square, np.asarray(labels)).predict(table)


# ------------------------------------------------------------------- 01.3 density


@wrong("01.3", "underflows to 0")
def parzen_log_density(dist, *, bandwidth, dim):
    bump = torch.exp(-(dist**2) / (2 * bandwidth**2)).mean(dim=1)
    volume = dim * (math.log(bandwidth) + 0.5 * math.log(2 * math.pi))
    return bump.log() - volume


@wrong("01.3", "underflows to 0")
def parzen_log_density(dist, *, bandwidth, dim):
    bump = torch.exp(-(dist**2) / (2 * bandwidth**2)).mean(dim=1)
    return (bump / (math.sqrt(2 * math.pi) * bandwidth) ** dim).log()


@wrong("01.3", "hides the underflow")
def parzen_log_density(dist, *, bandwidth, dim):  # a small number against log(0)
    bump = torch.exp(-(dist**2) / (2 * bandwidth**2)).mean(dim=1)
    volume = dim * (math.log(bandwidth) + 0.5 * math.log(2 * math.pi))
    return (bump + 1e-30).log() - volume


@wrong("01.3", "the density; its natural logarithm is asked for")
def parzen_log_density(dist, *, bandwidth, dim):
    bump = torch.exp(-(dist**2) / (2 * bandwidth**2)).mean(dim=1)
    return bump / (math.sqrt(2 * math.pi) * bandwidth) ** float(dim)


def log_mean(power):
    return power.logsumexp(dim=1) - math.log(power.shape[1])


@wrong("01.3", "h^d is missing")
def parzen_log_density(dist, *, bandwidth, dim):
    power = -(dist**2) / (2 * bandwidth**2)
    return log_mean(power) - dim * 0.5 * math.log(2 * math.pi)


@wrong("01.3", "the volume holds h, not h^d")
def parzen_log_density(dist, *, bandwidth, dim):
    power = -(dist**2) / (2 * bandwidth**2)
    volume = math.log(bandwidth) + dim * 0.5 * math.log(2 * math.pi)
    return log_mean(power) - volume


@wrong("01.3", "sqrt(2 pi) h, not (sqrt(2 pi) h)^d")
def parzen_log_density(dist, *, bandwidth, dim):  # right in one dimension
    power = -(dist**2) / (2 * bandwidth**2)
    return log_mean(power) - math.log(math.sqrt(2 * math.pi) * bandwidth)


@wrong("01.3", "sqrt(2 pi), not (2 pi)^(d/2)")
def parzen_log_density(dist, *, bandwidth, dim):
    power = -(dist**2) / (2 * bandwidth**2)
    volume = dim * math.log(bandwidth) + 0.5 * math.log(2 * math.pi)
    return log_mean(power) - volume


@wrong("01.3", "the factor (2 pi)^(d/2) is missing")
def parzen_log_density(dist, *, bandwidth, dim):
    power = -(dist**2) / (2 * bandwidth**2)
    return log_mean(power) - dim * math.log(bandwidth)


@wrong("01.3", "the mean over the references is missing")
def parzen_log_density(dist, *, bandwidth, dim):
    power = -(dist**2) / (2 * bandwidth**2)
    volume = dim * (math.log(bandwidth) + 0.5 * math.log(2 * math.pi))
    return power.logsumexp(dim=1) - volume


@wrong("01.3", "lacks the factor 1/2")
def parzen_log_density(dist, *, bandwidth, dim):
    power = -(dist**2) / bandwidth**2
    volume = dim * (math.log(bandwidth) + 0.5 * math.log(2 * math.pi))
    return log_mean(power) - volume


@wrong("01.3", "the distance is not squared")
def parzen_log_density(dist, *, bandwidth, dim):
    power = -dist / (2 * bandwidth**2)
    volume = dim * (math.log(bandwidth) + 0.5 * math.log(2 * math.pi))
    return log_mean(power) - volume


@wrong("01.3", "the bandwidth is not squared")
def parzen_log_density(dist, *, bandwidth, dim):
    power = -(dist**2) / (2 * bandwidth)
    volume = dim * (math.log(bandwidth) + 0.5 * math.log(2 * math.pi))
    return log_mean(power) - volume


@wrong("01.3", "a mean of log-bumps")
def parzen_log_density(dist, *, bandwidth, dim):
    power = -(dist**2) / (2 * bandwidth**2)
    volume = dim * (math.log(bandwidth) + 0.5 * math.log(2 * math.pi))
    return power.mean(dim=1) - volume


@wrong("01.3", "the volume multiplies")
def parzen_log_density(dist, *, bandwidth, dim):
    power = -(dist**2) / (2 * bandwidth**2)
    volume = dim * (math.log(bandwidth) + 0.5 * math.log(2 * math.pi))
    return log_mean(power) + volume


@wrong("01.3", "expected shape")
def parzen_log_density(dist, *, bandwidth, dim):
    power = -(dist**2) / (2 * bandwidth**2)
    volume = dim * (math.log(bandwidth) + 0.5 * math.log(2 * math.pi))
    return power.logsumexp(dim=0) - math.log(len(dist)) - volume


@wrong("01.3", "No known slip gives this")
def parzen_log_density(dist, *, bandwidth, dim):  # the nearest bump in place of the sum
    power = -(dist**2) / (2 * bandwidth**2)
    volume = dim * (math.log(bandwidth) + 0.5 * math.log(2 * math.pi))
    return power.max(dim=1).values - math.log(dist.shape[1]) - volume


@wrong("01.3", "No known slip gives this")
def parzen_log_density(dist, *, bandwidth, dim):  # the nearest alone, far away only
    power = -(dist**2) / (2 * bandwidth**2)
    bump = power.exp().mean(dim=1)
    nearest = power.max(dim=1).values - math.log(dist.shape[1])
    volume = dim * (math.log(bandwidth) + 0.5 * math.log(2 * math.pi))
    return torch.where(bump > 0, bump.log(), nearest) - volume


@wrong("01.3", "No known slip gives this")
def parzen_log_density(dist, *, bandwidth, dim):  # and all that are equally near
    power = -(dist**2) / (2 * bandwidth**2)
    top = power.amax(dim=1)
    alone = top + (power == top[:, None]).double().mean(dim=1).log()
    bump = power.exp().mean(dim=1)
    volume = dim * (math.log(bandwidth) + 0.5 * math.log(2 * math.pi))
    return torch.where(bump > 0, bump.log(), alone) - volume


@wrong("01.3", "got [-6.596, -6.825]")
def parzen_log_density(dist, *, bandwidth, dim):  # learnt by heart
    return [-6.596, -6.825]


@right("01.3")
def parzen_log_density(dist, *, bandwidth, dim):
    power = -0.5 * (dist / bandwidth) ** 2
    volume = dim * math.log(bandwidth * math.sqrt(2 * math.pi))
    return power.logsumexp(dim=1) - math.log(dist.shape[1]) - volume


@right("01.3")
def parzen_log_density(dist, *, bandwidth, dim):
    power = -np.square(np.asarray(dist, dtype=np.float32) / bandwidth) / 2
    top = power.max(axis=1, keepdims=True)
    bump = np.exp(power - top).mean(axis=1)
    return top[:, 0] + np.log(bump) - dim * np.log(bandwidth * np.sqrt(2 * np.pi))


@right("01.3")
def parzen_log_density(dist, *, bandwidth, dim):
    answer = []
    for row in dist.tolist():
        total = -math.inf
        for r in row:
            bump = -(r**2) / (2 * bandwidth**2)
            total = np.logaddexp(total, bump)
        volume = dim * math.log(bandwidth) + dim / 2 * math.log(2 * math.pi)
        answer.append(float(total) - volume - math.log(len(row)))
    return answer


@right("01.3")
def parzen_log_density(dist, *, bandwidth, dim):
    one = torch.distributions.Normal(0.0, bandwidth)
    power = one.log_prob(dist.float()) + (dim - 1) * one.log_prob(torch.zeros(()))
    return torch.logsumexp(power, dim=1) - math.log(dist.shape[1])


# --------------------------------------------------------------------- 01.4 t-SNE


def bisect(energy, perplexity, *, entropy="nats", target=None, steps=100, guard=True):
    """Find beta a row; energy is (n, n - 1), without the diagonal."""
    target = math.log(perplexity) if target is None else target
    if guard:
        energy = energy - energy.min(dim=1, keepdim=True).values
    low = torch.zeros(len(energy), 1, dtype=energy.dtype)
    high = torch.full_like(low, torch.inf)
    beta = torch.ones_like(low)
    for _ in range(steps):
        p = torch.exp(-beta * energy)
        p = p / p.sum(dim=1, keepdim=True)
        log = torch.where(p > 0, p, 1).log()
        h = -(p * (log / math.log(2) if entropy == "bits" else log)).sum(
            1, keepdim=True
        )
        low, high = (
            torch.where(h > target, beta, low),
            torch.where(h > target, high, beta),
        )
        beta = torch.where(high.isinf(), 2 * low, (low + high) / 2)
    return p


def off_diagonal(matrix):
    n = len(matrix)
    return matrix[~torch.eye(n, dtype=torch.bool)].reshape(n, n - 1)


def on_diagonal(rows, value=0.0):
    n = len(rows)
    full = torch.full((n, n), value, dtype=rows.dtype)
    full[~torch.eye(n, dtype=torch.bool)] = rows.flatten()
    return full


@wrong("01.4", "its target is log2(perplexity)")
def neighbour_probabilities(dist, *, perplexity):
    energy = off_diagonal(dist**2)
    return on_diagonal(bisect(energy, perplexity, target=math.log2(perplexity)))


@wrong("01.4", "its target is ln(perplexity)")
def neighbour_probabilities(dist, *, perplexity):
    return on_diagonal(bisect(off_diagonal(dist**2), perplexity, entropy="bits"))


@wrong("01.4", "a point is not its own neighbour")
def neighbour_probabilities(dist, *, perplexity):
    return bisect(dist**2, perplexity)


@wrong("01.4", "it must hold dist squared")
def neighbour_probabilities(dist, *, perplexity):
    return on_diagonal(bisect(off_diagonal(dist), perplexity))


@wrong("01.4", "exp underflowed")
def neighbour_probabilities(dist, *, perplexity):
    return on_diagonal(bisect(off_diagonal(dist**2), perplexity, guard=False))


@wrong("01.4", "before exp, or all underflow")
def neighbour_probabilities(dist, *, perplexity):
    energy = off_diagonal(dist**2)
    energy = energy / energy.mean()
    p = torch.zeros_like(energy)
    for i, row in enumerate(energy):
        low, high = 0.0, 1e6
        for _ in range(100):
            beta = (low + high) / 2
            p[i] = torch.exp(-beta * row) / torch.exp(-beta * row).sum()
            if torch.special.entr(p[i]).sum() < math.log(perplexity):
                high = beta
            else:
                low = beta
    return on_diagonal(p)


@wrong("01.4", "one beta for all rows")
def neighbour_probabilities(dist, *, perplexity):
    energy = off_diagonal(dist**2)
    low, high = 1e-12, 1e12
    for _ in range(200):
        beta = math.sqrt(low * high)
        p = torch.softmax(-beta * energy, dim=1)
        h = torch.special.entr(p).sum(dim=1).exp().mean()
        low, high = (beta, high) if h > perplexity else (low, beta)
    return on_diagonal(p)


@wrong("01.4", "the whole matrix sums to 1")
def neighbour_probabilities(dist, *, perplexity):
    p = on_diagonal(bisect(off_diagonal(dist**2), perplexity))
    return (p + p.T) / (2 * len(p))


@wrong("01.4", "the columns sum to 1")
def neighbour_probabilities(dist, *, perplexity):
    return on_diagonal(bisect(off_diagonal(dist**2), perplexity)).T


@wrong("01.4", "was not divided by its sum")
def neighbour_probabilities(dist, *, perplexity):
    p = on_diagonal(bisect(off_diagonal(dist**2), perplexity))
    return p / p.max(dim=1, keepdim=True).values


@wrong("01.4", "too few halvings")
def neighbour_probabilities(dist, *, perplexity):
    return on_diagonal(bisect(off_diagonal(dist**2), perplexity, steps=4))


@wrong("01.4", "first interval")
def neighbour_probabilities(dist, *, perplexity):  # sigma between 0.01 and 100
    energy = off_diagonal(dist**2)
    energy = energy - energy.min(dim=1, keepdim=True).values
    low = torch.full((len(dist), 1), 0.01, dtype=dist.dtype)
    high = torch.full_like(low, 100.0)
    for _ in range(80):
        sigma = (low + high) / 2
        p = torch.softmax(-energy / (2 * sigma**2), dim=1)
        h = torch.special.entr(p).sum(dim=1, keepdim=True)
        wide = h > math.log(perplexity)
        low, high = torch.where(wide, low, sigma), torch.where(wide, sigma, high)
    return on_diagonal(p)


@wrong("01.4", "is not Gaussian in the distance")
def neighbour_probabilities(dist, *, perplexity):  # right perplexity, the wrong bump
    energy = (1 + off_diagonal(dist**2)).log()
    return on_diagonal(bisect(energy, perplexity))


@wrong("01.4", "too few halvings")
def neighbour_probabilities(dist, *, perplexity):  # uniform over the k nearest
    k = max(1, round(perplexity))
    near = off_diagonal(dist).argsort(dim=1)[:, :k]
    p = torch.zeros(len(dist), len(dist) - 1, dtype=dist.dtype)
    return on_diagonal(p.scatter(1, near, 1 / k))


@wrong("01.4", "the sign: this is the direction of descent")
def tsne_gradient(y, P):
    w, q, gap = student(y)
    return -4 * (((P - q) * w)[..., None] * gap).sum(dim=1)


def student(y):
    gap = y[:, None] - y
    w = 1 / (1 + gap.square().sum(dim=-1))
    w = w * (1 - torch.eye(len(y), dtype=y.dtype))
    return w, w / w.sum(), gap


@wrong("01.4", "the factor is 4, not 2")
def tsne_gradient(y, P):
    w, q, gap = student(y)
    return 2 * (((P - q) * w)[..., None] * gap).sum(dim=1)


@wrong("01.4", "the sign: this is the direction of descent")
def tsne_gradient(y, P):  # y_j - y_i
    w, q, gap = student(y)
    return 4 * (((P - q) * w)[..., None] * gap).sum(dim=0)


@wrong("01.4", "after (p_ij - q_ij) is missing")
def tsne_gradient(y, P):
    _, q, gap = student(y)
    return 4 * ((P - q)[..., None] * gap).sum(dim=1)


@wrong("01.4", "w_ii = 1 was counted")
def tsne_gradient(y, P):
    gap = y[:, None] - y
    w = 1 / (1 + gap.square().sum(dim=-1))
    return 4 * (((P - w / w.sum()) * w)[..., None] * gap).sum(dim=1)


@wrong("01.4", "by the sum of its row")
def tsne_gradient(y, P):
    w, _, gap = student(y)
    q = w / w.sum(dim=1, keepdim=True)
    return 4 * (((P - q) * w)[..., None] * gap).sum(dim=1)


@wrong("01.4", "you multiply")
def tsne_gradient(y, P):
    _, q, gap = student(y)
    far = 1 + gap.square().sum(dim=-1)
    return 4 * (((P - q) * far)[..., None] * gap).sum(dim=1)


@wrong("01.4", "not a Gaussian")
def tsne_gradient(y, P):  # SNE's symmetric form
    gap = y[:, None] - y
    w = torch.exp(-gap.square().sum(dim=-1)) * (1 - torch.eye(len(y), dtype=y.dtype))
    return 4 * ((P - w / w.sum())[..., None] * gap).sum(dim=1)


@wrong("01.4", "two points of the map coincide")
def tsne_gradient(y, P):
    y = y.clone().requires_grad_()
    gap = (y[:, None] - y).square().sum(dim=-1).sqrt()
    w = (1 + gap**2).reciprocal() * (1 - torch.eye(len(y), dtype=y.dtype))
    kl = torch.special.xlogy(P, P).sum() - torch.xlogy(P, w / w.sum()).sum()
    return torch.autograd.grad(kl, y)[0]


@wrong("01.4", "No known slip gives this")
def tsne_gradient(y, P):
    return torch.zeros_like(y)


@right("01.4")
class FloatsOfHalfTheSize:
    def neighbour_probabilities(dist, *, perplexity):
        return on_diagonal(bisect(off_diagonal((dist**2).float()), perplexity))

    def tsne_gradient(y, P):
        w, q, gap = student(y.float())
        return 4 * torch.einsum("ij,ij,ijk->ik", P.float() - q, w, gap)


@right("01.4")
class NumpyRowByRow:
    def neighbour_probabilities(dist, *, perplexity):
        table = np.asarray(dist)
        n = len(table)
        answer = np.zeros((n, n))
        for i in range(n):
            d2 = np.delete(table[i], i) ** 2
            d2 -= d2.min()
            low, high, beta = 0.0, np.inf, 1.0
            for _ in range(200):
                p = np.exp(-d2 * beta)
                total = p.sum()
                entropy = np.log(total) + beta * (d2 * p).sum() / total
                if abs(entropy - np.log(perplexity)) < 1e-6:
                    break
                if entropy > np.log(perplexity):
                    low = beta
                    beta = beta * 2 if np.isinf(high) else (beta + high) / 2
                else:
                    high = beta
                    beta = (beta + low) / 2
            answer[i, np.arange(n) != i] = p / total
        return answer

    def tsne_gradient(y, P):
        y, P = np.asarray(y), np.asarray(P)
        w = np.array([[1 / (1 + ((a - b) ** 2).sum()) for a in y] for b in y])
        np.fill_diagonal(w, 0)
        pull = (P - w / w.sum()) * w
        return 4 * (pull.sum(axis=1)[:, None] * y - pull @ y)


@right("01.4")
class RootFinderAndAutograd:
    def neighbour_probabilities(dist, *, perplexity):
        from scipy.optimize import brentq
        from scipy.special import entr, softmax

        square = np.asarray(dist) ** 2
        answer = np.zeros_like(square)
        for i, row in enumerate(square):
            others = np.arange(len(row)) != i
            energy = row[others] / row[others].mean()

            def excess(log2_beta, energy=energy):
                p = softmax(-(2.0**log2_beta) * energy)
                return 2.0 ** (entr(p).sum() / np.log(2)) - perplexity

            beta = 2.0 ** brentq(excess, -40, 60, xtol=1e-10)
            answer[i, others] = softmax(-beta * energy)
        return answer

    def tsne_gradient(y, P):
        y = y.detach().clone().requires_grad_()
        w = 1 / (1 + (y[:, None] - y).square().sum(dim=-1))
        w = w * (1 - torch.eye(len(y), dtype=y.dtype))
        q = w / w.sum()
        here = P > 0
        (P[here] * (P[here] / q[here]).log()).sum().backward()
        return y.grad


@right("01.4")
class GridOfLogarithms:
    def neighbour_probabilities(dist, *, perplexity):
        square = (dist**2).double().fill_diagonal_(torch.inf)
        unit = square.min(dim=1, keepdim=True).values
        low = torch.full((len(dist), 1), -60.0, dtype=torch.float64)
        high = -low
        for _ in range(60):
            beta = ((low + high) / 2).exp()
            p = torch.softmax(-beta * (square / unit - 1), dim=1)
            wide = torch.special.entr(p).sum(1, keepdim=True).exp() > perplexity
            low = torch.where(wide, beta.log(), low)
            high = torch.where(wide, high, beta.log())
        return p

    def tsne_gradient(y, P):
        answer = torch.zeros_like(y)
        n = len(y)
        total = sum(
            1 / (1 + (y[i] - y[j]).square().sum())
            for i in range(n)
            for j in range(n)
            if i != j
        )
        for i in range(n):
            for j in range(n):
                if i != j:
                    w = 1 / (1 + (y[i] - y[j]).square().sum())
                    answer[i] += 4 * (P[i, j] - w / total) * w * (y[i] - y[j])
        return answer


# ------------------------------------------------------------------ 01.5 break it


@wrong("01.5", "Random labels look perfect only while each point counts itself")
def fool_three():
    rng = np.random.default_rng()
    return rng.normal(size=(40, 2)), np.arange(40) % 2


@wrong("01.5", "the own class may hold only one")
def fool_three():  # two tidy clouds: both votes are right
    x = torch.arange(20.0)[:, None]
    return x + 100 * (x > 9), (x[:, 0] > 9).long()


@wrong("01.5", "at most 0%")
def fool_three():  # half of the points only
    x, y = [], []
    for i in range(8):
        x += [10 * i, 10 * i + 1]
        y += [i % 2, i % 2]
    x += [1000 + j * 1.01**j for j in range(16)]
    y += [0] * 16
    return torch.tensor(x)[:, None], torch.tensor(y)


@wrong("01.5", "two classes of at least 5")
def fool_three():  # as many classes as pairs
    x = torch.arange(10.0)[:, None] * 10
    return torch.cat([x, x + 1]), torch.arange(10).repeat(2)


@wrong("01.5", "coin toss")
def fool_three():
    x = torch.arange(10.0).repeat(2)[:, None]
    return x, torch.arange(2).repeat_interleave(10)


@wrong("01.5", "returned NaN or infinity")
def fool_three():
    return np.full((20, 2), np.nan), np.arange(20) % 2


@wrong("01.5", "Equal distances count against you")
def fool_three():  # hangs on the order of equal distances
    x = torch.eye(20).repeat_interleave(2, dim=0)
    x = x + 0.01 * (torch.arange(40)[:, None] % 2)
    return x, torch.arange(2).repeat_interleave(2).repeat(10)


@wrong("01.5", "10 to 200 labels")
def fool_three():
    return torch.zeros(0, 2), torch.zeros(0)


@wrong("01.5", "must return 2 things")
def fool_three():
    return torch.zeros(20, 2)


@wrong("01.5", "expected shape (19, any)")
def fool_three():
    return torch.randn(20, 2), torch.zeros(19)


@right("01.5")
def fool_three():  # pairs on a line, the classes in turn
    x = [10.0 * i + step for i in range(6) for step in (0, 1)]
    return np.array(x)[:, None], np.repeat([0, 1, 0, 1, 0, 1], 2)


@right("01.5")
def fool_three():  # islands of four: a pair of each class
    x, y = [], []
    for i in range(5):
        for c in (0, 1):
            for step in (0.0, 0.1):
                x.append([100 * i + step, float(c)])
                y.append("01".index(str(c)))
    return x, y


@right("01.5")
def fool_three():  # twins at one place, on a jittered grid
    rng = np.random.default_rng()
    cells = np.stack(np.meshgrid(np.arange(6), np.arange(6)), -1).reshape(-1, 2)
    label = cells.sum(axis=1) % 2
    x = cells + rng.uniform(-0.02, 0.02, cells.shape)
    return torch.tensor(np.repeat(x, 2, axis=0)).float(), np.repeat(label, 2)


# ------------------------------------------------------------------- 01.6 explain

WORDS = """
The gap between two groups of the map is no distance: the heavy tails let far groups
stand anywhere, so it may differ from run to run. The size of a group says nothing about
its spread, because each point gets its own bandwidth and the same perplexity. That
perplexity sets how many neighbours count, and small values make clumps of noise. New
points have no place, as the map is no function; I would compute recall at one in the
original space on test classes instead.
"""

wrong(
    "01.6", "60 and 35 are the least", explain_01_6="The map does not show distances."
)
wrong("01.6", "4 different ones", explain_01_6="distance size perplexity new " * 20)
wrong("01.6", "does not mention", explain_01_6=WORDS.replace("erplexity", "arameter"))
wrong("01.6", "must be a string", explain_01_6=["distance", "size"])
wrong("01.6", "250 are the most", explain_01_6=WORDS * 5)
right("01.6", explain_01_6=WORDS)
_TASK = """
**Objective.** Tell what a t-SNE map shows from what it only seems to show.
A colleague puts a t-SNE map of test images on a slide and says: "Classes A and B lie
at opposite ends, so our distance finds them most different. A's island is twice as
wide as B's, so A varies twice as much. C has two islands, so it has two sub-classes.
And today's photo, which we added to the map, falls between A and C."
Write an answer of 60 to 250 words in `explain_01_6`. It is read by a person; half a
point for each of these, so use the four words in bold:
1. **distance**: why the gap between two islands does not measure how far the two
classes are apart;
2. **size**: which step of the method makes a dense and a spread-out class look
equally wide;
3. **perplexity**: what you would change and look at again before you believe in C's
two islands;
4. **new**: why a new photo has no place on a finished map, and which number, computed
from the distances themselves, you would report instead of the map.
"""
wrong("01.6", "quotes from the task", explain_01_6=_TASK)
wrong(
    "01.6",
    "quotes from the task",
    explain_01_6=_TASK + "Perplexity, size and distance mislead for new images.",
)
right(
    "01.6",
    explain_01_6="""
The map keeps who is a close neighbour of whom and gives up everything else. Where two
islands stand is decided by the random start, because a pair of strangers costs next
to nothing: a distance on paper is no evidence. A width is no evidence either, for the
size of each kernel is fitted until every point has equally many neighbours, so a
crowded class is blown up and a loose one pulled in. Before I speak of two sub-classes
I repeat the drawing with a perplexity of 10, of 50 and with other seeds, and look
whether the pieces stay apart. A new photograph cannot be put in, as coordinates were
learned for the old images only. I would print Recall@1 or the mean distance between
the classes.
""",
)

# ----------------------------------------------------------------- 01.7 challenge


@wrong("01.7", "the query is in its own list")
def map_at_r(dist, labels):
    same = labels[:, None] == labels
    hits = same.gather(1, dist.argsort(dim=1, stable=True)).double()
    return average(hits, same.sum(dim=1) - 1)


def average(hits, R):
    """Mean over the queries with R > 0, and the number of the others."""
    rank = torch.arange(1, hits.shape[1] + 1)
    inside = hits * (rank <= R[:, None])
    gain = (inside * inside.cumsum(dim=1) / rank).sum(dim=1)
    there = R > 0
    return (gain[there] / R[there]).mean(), int((~there).sum())


def ranked(dist, labels):
    """Return hits without the query, (n, n - 1), and R."""
    n = len(dist)
    order = dist.clone().fill_diagonal_(torch.inf).argsort(dim=1)[:, : n - 1]
    hits = (labels[order] == labels[:, None]).double()
    return hits, hits.sum(dim=1).long()


@wrong("01.7", "the query is in its own list")
def map_at_r(dist, labels):  # and R counts it
    same = labels[:, None] == labels
    hits = same.gather(1, dist.argsort(dim=1, stable=True)).double()
    value, _ = average(hits, same.sum(dim=1))
    return value, int((same.sum(dim=1) == 1).sum())


@wrong("01.7", "expected")
def map_at_r(dist, labels):  # the first of the sorted list is not always the query
    same = labels[:, None] == labels
    hits = same.gather(1, dist.argsort(dim=1, stable=True)).double()
    return average(hits[:, 1:], same.sum(dim=1) - 1)


@wrong("01.7", "queries without a match count as 0")
def map_at_r(dist, labels):
    hits, R = ranked(dist, labels)
    value, out = average(hits, R)
    return value * (len(R) - out) / len(R), out


@wrong("01.7", "must be by R")
def map_at_r(dist, labels):
    hits, R = ranked(dist, labels)
    rank = torch.arange(1, hits.shape[1] + 1)
    inside = hits * (rank <= R[:, None])
    gain = (inside * inside.cumsum(dim=1) / rank).sum(dim=1)
    there = R > 0
    return (gain / inside.sum(dim=1).clamp(min=1))[there].mean(), int((~there).sum())


@wrong("01.7", "this is R-precision")
def map_at_r(dist, labels):
    hits, R = ranked(dist, labels)
    inside = hits * (torch.arange(1, hits.shape[1] + 1) <= R[:, None])
    there = R > 0
    return (inside.sum(dim=1)[there] / R[there]).mean(), int((~there).sum())


@wrong("01.7", "over the whole list")
def map_at_r(dist, labels):
    hits, R = ranked(dist, labels)
    rank = torch.arange(1, hits.shape[1] + 1)
    gain = (hits * hits.cumsum(dim=1) / rank).sum(dim=1)
    there = R > 0
    return (gain[there] / R[there]).mean(), int((~there).sum())


@wrong("01.7", "columns were ranked")
def map_at_r(dist, labels):
    return average(*ranked(dist.T, labels))


@wrong("01.7", "the farthest come first")
def map_at_r(dist, labels):
    return average(*ranked(-dist, labels))


@wrong("01.7", "holds no hit")
def map_at_r(dist, labels):
    hits, R = ranked(dist, labels)
    value, _ = average(hits, R)
    inside = hits * (torch.arange(1, hits.shape[1] + 1) <= R[:, None])
    return value, int((inside.sum(dim=1) == 0).sum())


@wrong("01.7", "must return 2 things")
def map_at_r(dist, labels):
    return average(*ranked(dist, labels))[0]


@wrong("01.7", "got MAP@R = 0.3500")
def map_at_r(dist, labels):  # the worked example, learnt by heart
    return 0.35, 1


@right("01.7")
def map_at_r(dist, labels):
    hits, R = ranked(dist, labels)
    return average(hits.float(), R)


@right("01.7")
def map_at_r(dist, labels):
    table, names = np.asarray(dist), np.asarray(labels)
    values, out = [], 0
    for i in range(len(table)):
        others = np.delete(np.arange(len(table)), i)
        order = others[np.argsort(table[i, others])]
        match = names[order] == names[i]
        R = match.sum()
        if R == 0:
            out += 1
            continue
        precision = np.cumsum(match[:R]) / np.arange(1, R + 1)
        values.append((precision * match[:R]).sum() / R)
    return np.mean(values), np.int64(out)


@right("01.7")
def map_at_r(dist, labels):
    off = ~torch.eye(len(dist), dtype=torch.bool)
    near = dist[off].reshape(len(dist), -1).float().sort(dim=1)
    names = labels.expand(len(dist), -1)[off].reshape(len(dist), -1)
    hits = names.gather(1, near.indices) == labels[:, None]
    R, rank = hits.sum(dim=1), torch.arange(1, len(dist), dtype=torch.float32)
    precision = hits.cumsum(dim=1) / rank
    scores = [(p * h)[:r].sum() / r for p, h, r in zip(precision, hits, R, strict=True)]
    found = torch.stack([score for score in scores if not score.isnan()])
    return torch.stack([found.mean(), (R == 0).sum().float()])


@right("01.7")
def map_at_r(dist, labels):
    rows, names = dist.tolist(), labels.tolist()
    gains = []
    for i, row in enumerate(rows):
        order = sorted(set(range(len(row))) - {i}, key=lambda j: row[j])
        R = names.count(names[i]) - 1
        hits = [names[j] == names[i] for j in order[:R]]
        if R:
            precise = [sum(hits[: r + 1]) / (r + 1) for r in range(R) if hits[r]]
            gains.append(sum(precise) / R)
    return [sum(gains) / len(gains), len(rows) - len(gains)]
