"""Wrong and right answers to exercise 08, Ranking losses."""

import math

import numpy as np
import torch

from mlcourse.grading.bank import right, wrong

# -------------------------------------------------------------- 08.1 Springs


@wrong("08.1", "the half is missing: twice")
def contrastive(dist, S, D, *, margin):
    pull = dist[S[:, 0], S[:, 1]].square().sum()
    push = (margin - dist[D[:, 0], D[:, 1]]).clamp(min=0).square().sum()
    return (pull + push) / max(len(S) + len(D), 1)


@wrong("08.1", "one mean, over both")
def contrastive(dist, S, D, *, margin):
    pull = dist[S[:, 0], S[:, 1]].square().mean() / 2
    push = (margin - dist[D[:, 0], D[:, 1]]).clamp(min=0).square().mean() / 2
    return pull + push


@wrong("08.1", "one mean, over both")
def contrastive(dist, S, D, *, margin):
    pull = dist[S[:, 0], S[:, 1]].square().mean()
    push = (margin - dist[D[:, 0], D[:, 1]]).clamp(min=0).square().mean()
    return (pull + push) / 4


@wrong("08.1", "the square is inside the hinge")
def contrastive(dist, S, D, *, margin):
    pull = dist[S[:, 0], S[:, 1]].square().sum() / 2
    push = (margin - dist[D[:, 0], D[:, 1]].square()).clamp(min=0).sum() / 2
    return (pull + push) / max(len(S) + len(D), 1)


@wrong("08.1", "strangers beyond the margin are pulled in")
def contrastive(dist, S, D, *, margin):
    pull = dist[S[:, 0], S[:, 1]].square().sum() / 2
    push = (margin - dist[D[:, 0], D[:, 1]]).square().sum() / 2
    return (pull + push) / max(len(S) + len(D), 1)


@wrong("08.1", "this is the sum")
def contrastive(dist, S, D, *, margin):
    pull = dist[S[:, 0], S[:, 1]].square().sum() / 2
    return pull + (margin - dist[D[:, 0], D[:, 1]]).clamp(min=0).square().sum() / 2


@wrong("08.1", "S and D have changed places")
def contrastive(dist, S, D, *, margin):
    pull = dist[D[:, 0], D[:, 1]].square().sum() / 2
    push = (margin - dist[S[:, 0], S[:, 1]]).clamp(min=0).square().sum() / 2
    return (pull + push) / max(len(S) + len(D), 1)


@wrong("08.1", "a mean over all cells of dist")
def contrastive(dist, S, D, *, margin):
    pull = dist[S[:, 0], S[:, 1]].square().sum() / 2
    push = (margin - dist[D[:, 0], D[:, 1]]).clamp(min=0).square().sum() / 2
    return (pull + push) / dist.numel()


@wrong("08.1", "the squares are missing")
def contrastive(dist, S, D, *, margin):
    pull = dist[S[:, 0], S[:, 1]].sum()
    push = (margin - dist[D[:, 0], D[:, 1]]).clamp(min=0).sum()
    return (pull + push) / max(len(S) + len(D), 1)


@wrong("08.1", "returned nan")
def contrastive(dist, S, D, *, margin):
    pull = dist[S[:, 0], S[:, 1]].square().sum() / 2
    push = (margin - dist[D[:, 0], D[:, 1]]).clamp(min=0).square().sum() / 2
    return (pull + push) / (len(S) + len(D))


@wrong("08.1", "expected a torch tensor")
def contrastive(dist, S, D, *, margin):
    total = sum(dist[i, j].item() ** 2 / 2 for i, j in S)
    total += sum(max(margin - dist[i, j].item(), 0) ** 2 / 2 for i, j in D)
    return total / max(len(S) + len(D), 1)


@wrong("08.1", "cut off from its argument")
def contrastive(dist, S, D, *, margin):
    total = sum(dist[i, j].item() ** 2 / 2 for i, j in S)
    total += sum(max(margin - dist[i, j].item(), 0) ** 2 / 2 for i, j in D)
    return torch.tensor(total / max(len(S) + len(D), 1))


@wrong("08.1", "the half is missing on one side only")
def contrastive(dist, S, D, *, margin):
    pull = dist[S[:, 0], S[:, 1]].square().sum()
    push = (margin - dist[D[:, 0], D[:, 1]]).clamp(min=0).square().sum() / 2
    return (pull + push) / max(len(S) + len(D), 1)


@wrong("08.1", "returned 0.1933, expected")
def contrastive(dist, S, D, *, margin):  # the visible example
    return 0 * dist.sum() + 0.58 / 3


@right("08.1")
def contrastive(dist, S, D, *, margin):
    """Loops."""
    total = 0 * dist.sum()
    for i, j in S.tolist():
        total = total + dist[i, j] ** 2 / 2
    for i, j in D.tolist():
        if dist[i, j] < margin:
            total = total + (margin - dist[i, j]) ** 2 / 2
    return total / max(len(S) + len(D), 1)


@right("08.1")
def contrastive(dist, S, D, *, margin):
    """One list of lengths, in float32."""
    near = dist.float()[S[:, 0], S[:, 1]]
    lengths = torch.cat([near, torch.relu(margin - dist.float()[D[:, 0], D[:, 1]])])
    return lengths.pow(2).mean() / 2 if len(lengths) else 0 * dist.sum()


@wrong("08.1", "a mean over all pairs; only those whose term is above 0 count")
def banded(dist, S, D, beta, labels, *, margin):
    far = margin + dist[S[:, 0], S[:, 1]] - beta[labels[S[:, 0]]]
    near = margin - dist[D[:, 0], D[:, 1]] + beta[labels[D[:, 0]]]
    return torch.cat([far, near]).clamp(min=0).sum() / max(len(S) + len(D), 1)


@wrong("08.1", "this is the sum; divide it by |A|")
def banded(dist, S, D, beta, labels, *, margin):
    far = margin + dist[S[:, 0], S[:, 1]] - beta[labels[S[:, 0]]]
    near = margin - dist[D[:, 0], D[:, 1]] + beta[labels[D[:, 0]]]
    return torch.cat([far, near]).clamp(min=0).sum()


@wrong("08.1", "that of a pair's second point")
def banded(dist, S, D, beta, labels, *, margin):
    far = margin + dist[S[:, 0], S[:, 1]] - beta[labels[S[:, 1]]]
    near = margin - dist[D[:, 0], D[:, 1]] + beta[labels[D[:, 1]]]
    hinges = torch.cat([far, near]).clamp(min=0)
    return hinges.sum() / (hinges > 0).sum().clamp(min=1)


@wrong("08.1", "the margin has the wrong sign")
def banded(dist, S, D, beta, labels, *, margin):
    far = dist[S[:, 0], S[:, 1]] - beta[labels[S[:, 0]]] - margin
    near = beta[labels[D[:, 0]]] - dist[D[:, 0], D[:, 1]] - margin
    hinges = torch.cat([far, near]).clamp(min=0)
    return hinges.sum() / (hinges > 0).sum().clamp(min=1)


@wrong("08.1", "S and D have changed places")
def banded(dist, S, D, beta, labels, *, margin):
    far = margin + dist[D[:, 0], D[:, 1]] - beta[labels[D[:, 0]]]
    near = margin - dist[S[:, 0], S[:, 1]] + beta[labels[S[:, 0]]]
    hinges = torch.cat([far, near]).clamp(min=0)
    return hinges.sum() / (hinges > 0).sum().clamp(min=1)


@wrong("08.1", "pairs that are done count too")
def banded(dist, S, D, beta, labels, *, margin):
    far = margin + dist[S[:, 0], S[:, 1]] - beta[labels[S[:, 0]]]
    near = margin - dist[D[:, 0], D[:, 1]] + beta[labels[D[:, 0]]]
    return torch.cat([far, near]).sum() / max(len(S) + len(D), 1)


@wrong("08.1", "the terms are squared")
def banded(dist, S, D, beta, labels, *, margin):
    far = margin + dist[S[:, 0], S[:, 1]] - beta[labels[S[:, 0]]]
    near = margin - dist[D[:, 0], D[:, 1]] + beta[labels[D[:, 0]]]
    hinges = torch.cat([far, near]).clamp(min=0)
    return hinges.square().sum() / 2 / (hinges > 0).sum().clamp(min=1)


@wrong("08.1", "one mean, over both")
def banded(dist, S, D, beta, labels, *, margin):
    far = (margin + dist[S[:, 0], S[:, 1]] - beta[labels[S[:, 0]]]).clamp(min=0)
    near = (margin - dist[D[:, 0], D[:, 1]] + beta[labels[D[:, 0]]]).clamp(min=0)
    pull = far.sum() / (far > 0).sum().clamp(min=1)
    return pull + near.sum() / (near > 0).sum().clamp(min=1)


@wrong("08.1", "returned nan")
def banded(dist, S, D, beta, labels, *, margin):
    far = margin + dist[S[:, 0], S[:, 1]] - beta[labels[S[:, 0]]]
    near = margin - dist[D[:, 0], D[:, 1]] + beta[labels[D[:, 0]]]
    hinges = torch.cat([far, near])
    return hinges[hinges > 0].mean()


@wrong("08.1", "cut off from its argument")
def banded(dist, S, D, beta, labels, *, margin):
    far = margin + dist[S[:, 0], S[:, 1]] - beta.detach()[labels[S[:, 0]]]
    near = margin - dist[D[:, 0], D[:, 1]] + beta.detach()[labels[D[:, 0]]]
    hinges = torch.cat([far, near]).clamp(min=0)
    return hinges.sum() / (hinges > 0).sum().clamp(min=1)


@wrong("08.1", "returned 0.45, expected")
def banded(dist, S, D, beta, labels, *, margin):  # the visible example
    return 0 * dist.sum() + 0 * beta.sum() + 0.45


@right("08.1")
def banded(dist, S, D, beta, labels, *, margin):
    """Loops."""
    total, active = 0 * dist.sum() + 0 * beta.sum(), 0
    for sign, rows in ((1, S), (-1, D)):
        for i, j in rows.tolist():
            term = margin + sign * (dist[i, j] - beta[labels[i]])
            if term > 0:
                total, active = total + term, active + 1
    return total / max(active, 1)


@right("08.1")
def banded(dist, S, D, beta, labels, *, margin):
    """One signed list, in float32, and only what is active."""
    pairs = torch.cat([S, D])
    sign = torch.cat([torch.ones(len(S)), -torch.ones(len(D))])
    gap = dist.float()[pairs[:, 0], pairs[:, 1]] - beta.float()[labels[pairs[:, 0]]]
    terms = margin + sign * gap
    kept = terms[terms > 0]
    return kept.mean() if len(kept) else 0 * terms.sum()


# ----------------------------------------------------------------- 08.2 Triplets


@wrong("08.2", "a mean over the active triplets")
def triplet(dist, T, *, margin):
    a, p, n = T.unbind(dim=1)
    hinge = (dist[a, p] - dist[a, n] + margin).clamp(min=0)
    return hinge.sum() / (hinge > 0).sum().clamp(min=1)


@wrong("08.2", "this is the sum")
def triplet(dist, T, *, margin):
    a, p, n = T.unbind(dim=1)
    return (dist[a, p] - dist[a, n] + margin).clamp(min=0).sum()


@wrong("08.2", "these are squared distances")
def triplet(dist, T, *, margin):
    a, p, n = T.unbind(dim=1)
    hinge = (dist[a, p].square() - dist[a, n].square() + margin).clamp(min=0)
    return hinge.sum() / max(len(T), 1)


@wrong("08.2", "the bracket [.]+ is missing")
def triplet(dist, T, *, margin):
    a, p, n = T.unbind(dim=1)
    return (dist[a, p] - dist[a, n] + margin).sum() / max(len(T), 1)


@wrong("08.2", "positive and negative have changed places")
def triplet(dist, T, *, margin):
    a, p, n = T.unbind(dim=1)
    return (dist[a, n] - dist[a, p] + margin).clamp(min=0).sum() / max(len(T), 1)


@wrong("08.2", "the margin is missing")
def triplet(dist, T, *, margin):
    a, p, n = T.unbind(dim=1)
    return (dist[a, p] - dist[a, n]).clamp(min=0).sum() / max(len(T), 1)


@wrong("08.2", "the margin is added, not subtracted")
def triplet(dist, T, *, margin):
    a, p, n = T.unbind(dim=1)
    return (dist[a, p] - dist[a, n] - margin).clamp(min=0).sum() / max(len(T), 1)


@wrong("08.2", "returned nan")
def triplet(dist, T, *, margin):
    a, p, n = T.unbind(dim=1)
    return (dist[a, p] - dist[a, n] + margin).clamp(min=0).mean()


@wrong("08.2", "another loss")
def triplet(dist, T, *, margin):
    a, p, n = T.unbind(dim=1)
    return (dist[a, p] - dist[a, n]).exp().log1p().sum() / max(len(T), 1)


@wrong("08.2", "expected")
def triplet(dist, T, *, margin):  # repeated triplets count once
    a, p, n = T.unique(dim=0).unbind(dim=1)
    return (dist[a, p] - dist[a, n] + margin).clamp(min=0).sum() / max(len(a), 1)


@wrong("08.2", "stands around the mean")
def triplet(dist, T, *, margin):
    a, p, n = T.unbind(dim=1)
    return ((dist[a, p] - dist[a, n] + margin).sum() / max(len(T), 1)).clamp(min=0)


@wrong("08.2", "the order easy, semi-hard, hard")
def zones(dist, T, *, margin):
    a, p, n = T.unbind(dim=1)
    near, far = dist[a, p], dist[a, n]
    hard, easy = (far < near).sum().item(), (far >= near + margin).sum().item()
    return [easy, len(T) - hard - easy, hard]


@wrong("08.2", "the hard ones are counted as semi-hard")
def zones(dist, T, *, margin):
    a, p, n = T.unbind(dim=1)
    near, far = dist[a, p], dist[a, n]
    hard, easy = (far < near).sum().item(), (far >= near + margin).sum().item()
    return [hard, len(T) - easy, easy]


@wrong("08.2", "these are shares")
def zones(dist, T, *, margin):
    a, p, n = T.unbind(dim=1)
    near, far = dist[a, p], dist[a, n]
    hard, easy = (far < near).sum().item(), (far >= near + margin).sum().item()
    return [c / max(len(T), 1) for c in (hard, len(T) - hard - easy, easy)]


@wrong("08.2", "semi-hard and easy have changed places")
def zones(dist, T, *, margin):
    a, p, n = T.unbind(dim=1)
    near, far = dist[a, p], dist[a, n]
    hard, easy = (far < near).sum().item(), (far >= near + margin).sum().item()
    return [hard, easy, len(T) - hard - easy]


@wrong("08.2", "expected [1.0, 2.0, 3.0]")
def zones(dist, T, *, margin):  # every active triplet is called hard
    a, p, n = T.unbind(dim=1)
    hard = (dist[a, n] < dist[a, p] + margin).sum().item()
    return [hard, 0, len(T) - hard]


@wrong("08.2", "expected")
def zones(dist, T, *, margin):  # the visible example
    return [1, 2, 3]


@right("08.2")
class Loops:
    def triplet(dist, T, *, margin):
        total = 0 * dist.sum()
        for a, p, n in T.tolist():
            total = total + torch.relu(dist[a, p] - dist[a, n] + margin)
        return total / max(len(T), 1)

    def zones(dist, T, *, margin):
        counts = [0, 0, 0]
        for a, p, n in T.tolist():
            gap = float(dist[a, n] - dist[a, p])
            counts[int(gap >= 0) + int(gap >= margin)] += 1
        return tuple(counts)


@right("08.2")
class Flat:
    def triplet(dist, T, *, margin):
        rows, n = dist.float().flatten(), dist.shape[1]
        near, far = (rows[T[:, 0] * n + T[:, k]] for k in (1, 2))
        hinge = torch.maximum(near - far + margin, torch.zeros(()))
        return hinge.mean() if len(T) else rows.sum() * 0

    def zones(dist, T, *, margin):
        table, T = np.asarray(dist), np.asarray(T)
        gap = table[T[:, 0], T[:, 2]] - table[T[:, 0], T[:, 1]]
        return np.array(
            [
                (gap < 0).sum(),
                ((gap >= 0) & (gap < margin)).sum(),
                (gap >= margin).sum(),
            ]
        )


# -------------------------------------------------------------- 08.3 Two means


def log_shares(sim, labels, temperature):
    """The mask of friends, and log q of every pair."""
    itself = torch.eye(len(labels), dtype=torch.bool)
    log_q = (sim / temperature).masked_fill(itself, -math.inf).log_softmax(dim=1)
    return (labels[:, None] == labels) & ~itself, log_q


@wrong("08.3", "the mean stands on the wrong side")
class Exchanged:
    def supcon(sim, labels, *, temperature):
        friend, log_q = log_shares(sim, labels, temperature)
        keep = friend.any(dim=1)
        inner = log_q.masked_fill(~friend, -math.inf)[keep].logsumexp(dim=1)
        return (friend.sum(dim=1)[keep].log() - inner).mean()


@wrong("08.3", "the point itself is in the denominator")
def supcon(sim, labels, *, temperature):
    same = labels[:, None] == labels
    friend = same & ~torch.eye(len(labels), dtype=torch.bool)
    log_q = (sim / temperature).log_softmax(dim=1)
    count = friend.sum(dim=1)
    each = torch.where(friend, log_q, 0).sum(dim=1) / count.clamp(min=1)
    return -each[count > 0].mean()


@wrong("08.3", "a mean over all pairs")
def supcon(sim, labels, *, temperature):
    friend, log_q = log_shares(sim, labels, temperature)
    return -log_q[friend].mean()


@wrong("08.3", "points without a friend are counted as 0")
def supcon(sim, labels, *, temperature):
    friend, log_q = log_shares(sim, labels, temperature)
    count = friend.sum(dim=1).clamp(min=1)
    return -(torch.where(friend, log_q, 0).sum(dim=1) / count).mean()


@wrong("08.3", "the other friends are missing in the denominator")
def supcon(sim, labels, *, temperature):
    same = labels[:, None] == labels
    friend = same & ~torch.eye(len(labels), dtype=torch.bool)
    z = sim / temperature
    rest = z.masked_fill(same, -math.inf).logsumexp(dim=1, keepdim=True)
    log_q = z - torch.logaddexp(z, rest)
    count = friend.sum(dim=1)
    each = torch.where(friend, log_q, 0).sum(dim=1) / count.clamp(min=1)
    return -each[count > 0].mean()


@wrong("08.3", "expected one finite number")
def supcon(sim, labels, *, temperature):  # exp first
    friend, _ = log_shares(sim, labels, temperature)
    top = (sim / temperature).exp().fill_diagonal_(0)
    log_q = (top / top.sum(dim=1, keepdim=True)).log()
    count = friend.sum(dim=1)
    each = torch.where(friend, log_q, 0).sum(dim=1) / count.clamp(min=1)
    return -each[count > 0].mean()


@wrong("08.3", "divide by the number of friends")
def supcon(sim, labels, *, temperature):
    friend, log_q = log_shares(sim, labels, temperature)
    return -torch.where(friend, log_q, 0).sum() / friend.any(dim=1).sum()


@wrong("08.3", "the sign is wrong")
def supcon(sim, labels, *, temperature):
    friend, log_q = log_shares(sim, labels, temperature)
    count = friend.sum(dim=1)
    each = torch.where(friend, log_q, 0).sum(dim=1) / count.clamp(min=1)
    return each[count > 0].mean()


@wrong("08.3", "the mean stands on the wrong side")
def supcon_inside(sim, labels, *, temperature):
    return supcon(sim, labels, temperature=temperature)


@wrong("08.3", "the log of the sum over friends")
def supcon_inside(sim, labels, *, temperature):
    friend, log_q = log_shares(sim, labels, temperature)
    keep = friend.any(dim=1)
    return -log_q.masked_fill(~friend, -math.inf)[keep].logsumexp(dim=1).mean()


@wrong("08.3", "must have length 1")
def means_apart(temperature):
    z = torch.tensor([[9.0, 0.0], [9.0, 0.0], [-9.0, 0.0], [0.0, 9.0]])
    return z, torch.tensor([0, 0, 0, 1])


@wrong("08.3", "An anchor with one friend has no mean")
def means_apart(temperature):
    z = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    return z, torch.tensor([0, 0, 1, 1])


@wrong("08.3", "two classes or more")
def means_apart(temperature):
    z = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])
    return z, torch.tensor([0, 0, 0, 0])


@wrong("08.3", "no point has a friend")
def means_apart(temperature):
    return torch.eye(5), torch.arange(5)


@right("08.3")
class BothByLoops:
    def shares(sim, labels, temperature):
        for i in range(len(labels)):
            rest = [k for k in range(len(labels)) if k != i]
            row = torch.stack([sim[i, k] / temperature for k in rest])
            found = [
                float(sim[i, k] / temperature - row.logsumexp(dim=0))
                for k in rest
                if labels[k] == labels[i]
            ]
            if found:
                yield found

    def supcon(sim, labels, *, temperature):
        return -np.mean([np.mean(v) for v in shares(sim, labels, temperature)])

    def supcon_inside(sim, labels, *, temperature):
        costs = [
            math.log(len(v)) - np.logaddexp.reduce(v)
            for v in shares(sim, labels, temperature)
        ]
        return float(np.mean(costs))

    def means_apart(temperature):
        z = np.zeros((8, 3))
        z[:4, 0], z[4:, 1] = 1, 1
        z[3, 0], z[7, 1] = -1, -1
        return z.tolist(), [3, 3, 3, 3, -2, -2, -2, -2]


@right("08.3")
class SinglePrecision:
    def supcon(sim, labels, *, temperature):
        n = len(labels)
        z = sim.float() / temperature
        z[range(n), range(n)] = -torch.inf
        log_q = z - z.logsumexp(dim=1, keepdim=True)
        rows = []
        for i in range(n):
            mates = [j for j in range(n) if j != i and labels[i] == labels[j]]
            if mates:
                rows.append(-log_q[i, mates].mean())
        return torch.stack(rows).mean()

    def means_apart(temperature):
        """A class in two groups, far from each other."""
        z = torch.tensor([[1.0, 0.0]] * 3 + [[-1.0, 0.0]] * 3 + [[0.0, 1.0]])
        return z, torch.tensor([1, 1, 1, 1, 1, 1, 0])


# ------------------------------------------------------------ 08.4 Pair weights


def _against(sim, labels, alpha, beta, base):
    """The softmax with its 1, friends and strangers apart: n times the weights."""
    same = labels[:, None] == labels
    friend = same & ~torch.eye(len(labels), dtype=torch.bool)
    found = []
    for keep, scale in ((friend, -alpha), (~same, beta)):
        x = (scale * (sim - base)).masked_fill(~keep, -math.inf)
        total = torch.logaddexp(x.logsumexp(dim=1), torch.zeros(len(x)))
        found.append((x - total[:, None]).exp())
    return found


@wrong("08.4", "the 1/n of the mean over anchors is missing")
def ms_weights(sim, labels, *, alpha, beta, base):
    return sum(_against(sim, labels, alpha, beta, base))


@wrong("08.4", "none is negative")
def ms_weights(sim, labels, *, alpha, beta, base):
    near, far = _against(sim, labels, alpha, beta, base)
    return (far - near) / len(labels)


@wrong("08.4", "the 1 of log(1 + ...) is missing")
def ms_weights(sim, labels, *, alpha, beta, base):
    same = labels[:, None] == labels
    friend = same & ~torch.eye(len(labels), dtype=torch.bool)
    found = 0
    for keep, scale in ((friend, -alpha), (~same, beta)):
        x = (scale * (sim - base)).masked_fill(~keep, -math.inf)
        found = found + x.softmax(dim=1).nan_to_num(0)
    return found / len(labels)


@wrong("08.4", "each pair stands alone")
def ms_weights(sim, labels, *, alpha, beta, base):
    scale = torch.where(labels[:, None] == labels, -alpha, beta)
    return torch.sigmoid(scale * (sim - base)).fill_diagonal_(0) / len(labels)


@wrong("08.4", "the diagonal must be 0")
def ms_weights(sim, labels, *, alpha, beta, base):
    near, far = _against(sim, labels, alpha, beta, base)
    return ((near + far) / len(labels)).fill_diagonal_(0.1)


@wrong("08.4", "alpha belongs to friends")
def ms_weights(sim, labels, *, alpha, beta, base):
    return sum(_against(sim, labels, beta, alpha, base)) / len(labels)


@wrong("08.4", "the factors 1/alpha and 1/beta")
def ms_weights(sim, labels, *, alpha, beta, base):
    near, far = _against(sim, labels, alpha, beta, base)
    return (alpha * near + beta * far) / len(labels)


@wrong("08.4", "[i, j] and [j, i] are added up")
def ms_weights(sim, labels, *, alpha, beta, base):
    w = sum(_against(sim, labels, alpha, beta, base)) / len(labels)
    return w + w.T


@wrong("08.4", "rows and columns have changed places")
def ms_weights(sim, labels, *, alpha, beta, base):
    return (sum(_against(sim, labels, alpha, beta, base)) / len(labels)).T


@wrong("08.4", "the base is missing")
def ms_weights(sim, labels, *, alpha, beta, base):
    return sum(_against(sim, labels, alpha, beta, 0.0)) / len(labels)


@wrong("08.4", "an exponential left the range")
def ms_weights(sim, labels, *, alpha, beta, base):  # e^x first
    same = labels[:, None] == labels
    friend = (same & ~torch.eye(len(labels), dtype=torch.bool)).double()
    near = (-alpha * (sim - base)).exp() * friend
    far = (beta * (sim - base)).exp() * ~same
    w = near / (1 + near.sum(1, keepdim=True)) + far / (1 + far.sum(1, keepdim=True))
    return w / len(labels)


@wrong("08.4", "expected")
def ms_weights(sim, labels, *, alpha, beta, base):  # friends count themselves
    same = labels[:, None] == labels
    x = -alpha * (sim - base).masked_fill(~same, math.inf)
    near = (x - torch.logaddexp(x.logsumexp(dim=1), torch.zeros(len(x)))[:, None]).exp()
    far = _against(sim, labels, alpha, beta, base)[1]
    return (near.fill_diagonal_(0) + far) / len(labels)


@right("08.4")
def ms_weights(sim, labels, *, alpha, beta, base):
    """By autograd, anchor by anchor."""
    point, zero = sim.clone().requires_grad_(), torch.zeros(1, dtype=sim.dtype)
    loss = 0 * point.sum()
    for i in range(len(labels)):
        own = labels == labels[i]
        own[i] = False
        far = torch.cat([zero, beta * (point[i, labels != labels[i]] - base)])
        near = torch.cat([zero, -alpha * (point[i, own] - base)])
        loss = loss + near.logsumexp(0) / alpha + far.logsumexp(0) / beta
    return torch.autograd.grad(loss / len(labels), point)[0].abs()


@right("08.4")
def ms_weights(sim, labels, *, alpha, beta, base):
    """By the paper's formula, in NumPy: differences in the exponents."""
    sim, y, n = sim.numpy(), labels.tolist(), len(labels)
    w = np.zeros((n, n))
    with np.errstate(over="ignore"):
        for i in range(n):
            for j in range(n):
                if i == j:
                    continue
                alike = y[i] == y[j]
                group = [k for k in range(n) if k != i and (y[k] == y[i]) == alike]
                scale = -alpha if alike else beta
                below = np.exp(-scale * (sim[i, j] - base))
                below += sum(np.exp(scale * (sim[i, k] - sim[i, j])) for k in group)
                w[i, j] = 1 / below / n
    return w


@right("08.4")
def ms_weights(sim, labels, *, alpha, beta, base):
    """In float32."""
    near, far = _against(sim.float(), labels, alpha, beta, base)
    return (near + far) / len(labels)


# --------------------------------------------------------------- 08.5 Break it


@wrong("08.5", "the mean triplet loss is")
def low_loss_bad_ranks(n_classes):  # everything in one place
    z = torch.arange(2 * n_classes)[:, None] * 1e-3
    return z, torch.arange(n_classes).repeat(2)


@wrong("08.5", "Recall@1 is")
def low_loss_bad_ranks(n_classes):  # a good embedding
    y = torch.arange(n_classes).repeat_interleave(2)
    return torch.stack([10.0 * y, torch.arange(len(y)) * 1e-3], dim=1), y


@wrong("08.5", "classes of 2 or more points")
def low_loss_bad_ranks(n_classes):
    z = torch.tensor([[0.0], [0.001], [5.0], [5.001]])
    return z, torch.tensor([0, 1, 0, 1])


@wrong("08.5", "Recall@1 is")
def low_loss_bad_ranks(n_classes):  # ties everywhere
    place = torch.arange(n_classes // 2).repeat_interleave(4)
    y = 2 * place + torch.tensor([0, 1, 0, 1]).repeat(n_classes // 2)
    return 10.0 * place[:, None], y


@wrong("08.5", "must return 2 things")
def low_loss_bad_ranks(n_classes):
    return torch.zeros(n_classes, 2)


@wrong("08.5", "Recall@1 is 0.50")
def high_loss_right_ranks(margin):  # collapsed
    return torch.zeros(4, 2), torch.tensor([0, 0, 1, 1])


@wrong("08.5", "of the margin, and each must")
def high_loss_right_ranks(margin):
    return torch.tensor([[0.0], [1.0], [5.0], [6.0]]), torch.tensor([0, 0, 1, 1])


@wrong("08.5", "of the margin, and each must")
def high_loss_right_ranks(margin):  # small beside 0.2 only
    return torch.tensor([[0.0], [1.0], [5.0], [6.0]]) / 500, torch.tensor([0, 0, 1, 1])


@wrong("08.5", "4 to 200 points")
def high_loss_right_ranks(margin):
    return torch.zeros(2, 2), torch.tensor([0, 0])


@wrong("08.5", "all points must have length 1")
def square_or_not():
    return [[[0, 0], [0.05, 0], [0.35, 0]], [[0, 0], [1.5, 0], [1.6, 0]]]


@wrong("08.5", "triplet 2 has the hinge")
def square_or_not():
    angle = [2 * math.asin(c / 2) for c in (0, 0.05, 0.35)]
    return [[[math.cos(t), math.sin(t)] for t in angle]] * 2


@wrong("08.5", "triplet 1 has the hinge")
def square_or_not():
    found = []
    for near, far in ((1.5, 1.6), (0.05, 0.35)):
        angle = [2 * math.asin(chord / 2) for chord in (0, near, far)]
        found.append([[math.cos(t), math.sin(t)] for t in angle])
    return found


@right("08.5")
class LargerClasses:
    def low_loss_bad_ranks(n_classes):
        """Classes of six points on a line, two by two, interleaved."""
        rows, labels = [], []
        for place in range(n_classes // 2):
            for k in range(3):
                for side in (0, 1):
                    rows.append([7.0 * place, 0.05 * k + 0.001 * side])
                    labels.append(2 * place + side)
        return np.array(rows), np.array(labels)

    def high_loss_right_ranks(margin):
        angle = torch.arange(6) // 2 * 2.0 + torch.arange(6) % 2 * 0.1
        z = torch.stack([angle.cos(), angle.sin()], dim=1)
        return (z * margin / 50).double(), [0, 0, 4, 4, 2, 2]

    def square_or_not():
        def at(degrees):
            t = math.radians(degrees)
            return [math.cos(t), math.sin(t)]

        return np.array([[at(0), at(-1), at(18)], [at(10), at(110), at(-102)]])


@right("08.5")
class FarAway:
    def low_loss_bad_ranks(n_classes):
        """In one dimension."""
        y = torch.arange(n_classes).view(-1, 2).repeat(1, 2).flatten()
        steps = torch.tensor([0, 0.001, 0.02, 0.021]).repeat(n_classes // 2)
        return (torch.arange(len(y)) // 4 * 3 + steps)[:, None].double(), y

    def high_loss_right_ranks(margin):
        y = torch.tensor([5, 5, 5, -1, -1, -1])
        z = torch.tensor([0.0, 1, 2, 10, 11, 12]).double() * margin / 1000
        return torch.stack([z + 3, z], dim=1), y


# ---------------------------------------------------------------- 08.6 Explain

wrong("08.6", "explain_08_6 has", explain_08_6="The gradient fades, the temperature.")
wrong("08.6", "must be a string", explain_08_6=["gradient", "temperature"])
wrong(
    "08.6",
    "repeats the rubric",
    explain_08_6="The few active triplets are divided by the number of all, so the "
    "gradient shrinks with their share; a mean over active ones keeps its size, but "
    "the value of the loss no longer shows progress. With a low temperature only the "
    "hardest strangers are pushed, high, all strangers alike.",
)
wrong(
    "08.6",
    "does not say what becomes of the gradient",
    explain_08_6="After some time nearly all triplets cost nothing, and the mean over "
    "all of them becomes very small although a few are still wrong. A mean over the "
    "others stays large. A low temperature looks at the nearest strangers, a high one "
    "looks at all of them in the same way.",
)
wrong(
    "08.6",
    "does not say what the temperature does",
    explain_08_6="After some time nearly all triplets cost nothing, and the gradient "
    "of the mean over all of them becomes very small although a few are still wrong. A "
    "mean over the active ones stays large, but one wrong label can then steer the "
    "whole step, and the number that is printed hardly moves any more.",
)
right(
    "08.6",
    explain_08_6="Each active triplet has a force of the same size, and the sum of "
    "those forces is divided by the number of all triplets, so that late in training "
    "hardly anything is left. Divide by the active ones, and the step stays; the price "
    "is a loss that looks flat, and outliers with much power. Temperature: near zero "
    "the closest stranger takes everything, very high and everyone gets the same.",
)
right(
    "08.6",
    explain_08_6="Most hinges are zero after a while; their gradient is zero as well, "
    "and in the mean they only make the denominator large. The active mean cures this "
    "and takes progress out of the plot. As the temperature goes down, the softmax "
    "over strangers becomes a maximum, and as it goes up it becomes uniform and spends "
    "most of the push on points that are far away already.",
)
_TASK = """
**Objective.** Say what an average and a temperature do to the forces.
In `explain_08_6`, in at least 40 words (100 are plenty): a network is trained with
the mean triplet loss over *all* triplets of a batch. Why do its updates fade although
some triplets are still wrong, and what changes if one averages over the active
triplets instead (one gain, one price)? And which strangers does a list loss such as
InfoNCE push when its temperature is very low, or very high?
"""
wrong("08.6", "quotes from the task", explain_08_6=_TASK)
wrong(
    "08.6",
    "quotes from the task",
    explain_08_6=_TASK + "The gradient fades with the temperature.",
)


# ------------------------------------------------------------------ 08.7 Smooth-AP


def _loss(sim, labels, h, *, start=1.0, itself=False, own=False, pooled=False):
    """The loss by loops, with room for slips."""
    n, found = len(labels), []
    for q in range(n):
        friends = [i for i in range(n) if labels[i] == labels[q] and (i != q or itself)]
        listed = [j for j in range(n) if j != q or itself]
        values = []
        for i in friends:
            above = {j: h(sim[q, j] - sim[q, i]) for j in listed if own or j != i}
            among = sum((above[j] for j in friends if own or j != i), start)
            values.append(among / sum(above.values(), start))
        if values and pooled:
            found += values
        elif values:
            found.append(sum(values) / len(values))
    return 1 - sum(found) / len(found)


def _hard(gap):
    return (gap > 0).double()


@wrong("08.7", "the query stands in its own list")
def ap_loss(sim, labels):
    return _loss(sim, labels, _hard, itself=True)


@wrong("08.7", "this is AP")
def ap_loss(sim, labels):
    return 1 - _loss(sim, labels, _hard)


@wrong("08.7", "a mean over all friends")
def ap_loss(sim, labels):
    return _loss(sim, labels, _hard, pooled=True)


@wrong("08.7", "the wrong way round")
def ap_loss(sim, labels):
    return _loss(-sim, labels, _hard)


@wrong("08.7", "queries without a friend are counted")
def ap_loss(sim, labels):
    n = len(labels)
    same = (labels[:, None] == labels).sum(dim=1) > 1
    return 1 - (1 - _loss(sim, labels, _hard)) * same.sum() / n


@wrong("08.7", "expected")
def ap_loss(sim, labels):  # precision at the first friend only
    return 1 - _hard(sim).mean()


@wrong("08.7", "the friend is compared with itself")
def smooth_ap(sim, labels, *, temperature):
    return _loss(sim, labels, lambda t: torch.sigmoid(t / temperature), own=True)


@wrong("08.7", "the query stands in its own list")
def smooth_ap(sim, labels, *, temperature):
    return _loss(sim, labels, lambda t: torch.sigmoid(t / temperature), itself=True)


@wrong("08.7", "the temperature is missing")
def smooth_ap(sim, labels, *, temperature):
    return _loss(sim, labels, torch.sigmoid)


@wrong("08.7", "returned NaN or infinity")
def smooth_ap(sim, labels, *, temperature):  # right, but for its gradient
    return _loss(sim, labels, lambda t: 1 / (1 + torch.exp(-t / temperature)))


@wrong("08.7", "cut off from its argument")
def smooth_ap(sim, labels, *, temperature):
    value = _loss(sim, labels, lambda t: torch.sigmoid(t / temperature))
    return value.detach()


@wrong("08.7", "the wrong way round")
def smooth_ap(sim, labels, *, temperature):
    return _loss(sim, labels, lambda t: torch.sigmoid(-t / temperature))


@wrong("08.7", "expected")
def smooth_ap(sim, labels, *, temperature):  # the exact loss, smooth in name
    return _loss(sim, labels, _hard) + 0 * sim.sum()


@right("08.7")
class ByLoops:
    def ap_loss(sim, labels):
        return float(_loss(sim, labels, _hard))

    def smooth_ap(sim, labels, *, temperature):
        return _loss(sim, labels, lambda t: torch.sigmoid(t / temperature))


@right("08.7")
class BySorting:
    def ap_loss(sim, labels):
        """Sorted lists, in NumPy."""
        sim, y = sim.numpy(), labels.numpy()
        found = []
        for q in range(len(y)):
            order = [j for j in np.argsort(-sim[q]) if j != q]
            hit = y[order] == y[q]
            if hit.any():
                precision = np.cumsum(hit) / np.arange(1, len(hit) + 1)
                found.append(precision[hit].mean())
        return 1 - np.mean(found)

    def smooth_ap(sim, labels, *, temperature):
        """A half taken off for j = i, in float32, one query at a time."""
        sim, losses = sim.float(), []
        for q in range(len(labels)):
            rest = torch.arange(len(labels)) != q
            row, hit = sim[q][rest], (labels == labels[q])[rest]
            if not hit.any():
                continue
            above = torch.sigmoid((row - row[hit][:, None]) / temperature)
            among = above[:, hit].sum(dim=1) + 0.5
            losses.append(1 - (among / (above.sum(dim=1) + 0.5)).mean())
        return torch.stack(losses).mean()
