"""Wrong and right answers to exercise 04, Judgements."""

import itertools
import math
import random

import numpy as np
import torch

from mlcourse.grading.bank import right, wrong

# --------------------------------------------------------------- 04.1 S and D


@wrong("04.1", "no point is judged against itself")
def pairs(labels):
    same = labels[:, None] == labels
    return same.nonzero(), (~same).triu(1).nonzero()


@wrong("04.1", "a pair is said once, with i < j")
def pairs(labels):
    same = labels[:, None] == labels
    return same.triu(1).nonzero(), (~same).nonzero()


@wrong("04.1", "S and D are exchanged")
def pairs(labels):
    same = labels[:, None] == labels
    return (~same).triu(1).nonzero(), same.triu(1).nonzero()


@wrong("04.1", "expected rows of 2 indices")
def pairs(labels):  # masks in place of indices
    same = labels[:, None] == labels
    return same.triu(1), (~same).triu(1)


@wrong("04.1", "2 things, S and D")
def pairs(labels):
    return (labels[:, None] == labels).triu(1).nonzero()


@wrong("04.1", "lacks")
def pairs(labels):  # neighbours in the class only
    S, D, last = [], [], {}
    for j, y in enumerate(labels.tolist()):
        if y in last:
            S.append((last[y], j))
        D += [(i, j) for i in range(j) if labels[i] != labels[j]]
        last[y] = j
    return S, D


@wrong("04.1", "does not belong there")
def pairs(labels):  # labels squeezed into float32
    y = labels.float()
    same = (y[:, None] - y).abs() < 2
    return same.triu(1).nonzero(), (~same).triu(1).nonzero()


@wrong("04.1", "lacks")
def pairs(labels):  # negative labels taken for unknown
    known = labels >= 0
    known = known[:, None] & known
    same = labels[:, None] == labels
    return (same & known).triu(1).nonzero(), (~same & known).triu(1).nonzero()


@wrong("04.1", "lacks")
def pairs(labels):  # the last class forgotten
    n, y = len(labels), labels.tolist()
    last = max(y)
    both = list(itertools.combinations(range(n), 2))
    return (
        [(i, j) for i, j in both if y[i] == y[j] != last],
        [(i, j) for i, j in both if y[i] != y[j]],
    )


@wrong("04.1", "as floats merge them")
def pairs(labels):  # labels in float32, which merges 2^24 and its successor
    y = labels.float()
    same = y[:, None] == y
    return same.triu(1).nonzero(), (~same).triu(1).nonzero()


@wrong("04.1", "as floats merge them")
def pairs(labels):  # labels in float64, which merges 2^62 and its successor
    y = labels.numpy().astype(float)
    same = y[:, None] == y
    return np.argwhere(np.triu(same, 1)), np.argwhere(np.triu(~same, 1))


@right("04.1")
def pairs(labels):
    y = labels.tolist()
    both = list(itertools.combinations(range(len(y)), 2))
    return (
        [[i, j] for i, j in both if y[i] == y[j]],
        [(i, j) for i, j in both if y[i] != y[j]],
    )


@right("04.1")
def pairs(labels):
    y = np.asarray(labels)
    same = y[:, None] == y
    return np.argwhere(np.triu(same, 1)), np.argwhere(np.triu(~same, 1))


@right("04.1")
def pairs(labels):  # rows of NumPy's numbers, and indices in float32
    y = labels.numpy()
    same = y[:, None] == y
    alike = list(zip(*np.nonzero(np.triu(same, 1)), strict=True))
    return alike, torch.from_numpy(np.triu(~same, 1)).nonzero().float()


# ----------------------------------------------------------- 04.2 All triplets


def _table(labels):
    same = labels[:, None] == labels
    return same, ~same


@wrong("04.2", "the positive is the anchor itself")
def triplets(labels):
    same = labels[:, None] == labels
    return (same[:, :, None] & ~same[:, None, :]).nonzero()


@wrong("04.2", "one end as anchor only")
def triplets(labels):
    same = labels[:, None] == labels
    return (same.triu(1)[:, :, None] & ~same[:, None, :]).nonzero()


@wrong("04.2", "positive and negative are exchanged")
def triplets(labels):
    same = labels[:, None] == labels
    alike = same & ~torch.eye(len(labels), dtype=torch.bool)
    return (~same[:, :, None] & alike[:, None, :]).nonzero()


@wrong("04.2", "allocate")
def triplets(labels):  # the table of all places
    same = labels[:, None] == labels
    alike = same & ~torch.eye(len(labels), dtype=torch.bool)
    return (alike[:, :, None] & ~same[:, None, :]).nonzero()


@wrong("04.2", "does not belong there")
def triplets(labels):  # the negative need only be another point
    n, y = len(labels), labels.tolist()
    return [
        (a, p, m) for a, p, m in itertools.permutations(range(n), 3) if y[a] == y[p]
    ]


@wrong("04.2", "lacks")
def triplets(labels):  # one negative a pair
    y, n = labels.tolist(), len(labels)
    found = []
    for a, p in itertools.permutations(range(n), 2):
        strange = [m for m in range(n) if y[m] != y[a]]
        if y[a] == y[p] and strange:
            found.append((a, p, strange[0]))
    return found


@wrong("04.2", "expected rows of 3 indices")
def triplets(labels):
    same = labels[:, None] == labels
    return same.triu(1).nonzero()


@wrong("04.2", "more than once")
def triplets(labels):  # pairs both ways, from a table that holds both ways
    same = labels[:, None] == labels
    differ, found = ~same, []
    alike = same.clone().fill_diagonal_(False).nonzero().tolist()
    for a, p in alike:
        for m in differ[a].nonzero()[:, 0].tolist():
            found += [(a, p, m), (p, a, m)]
    return found


@wrong("04.2", "as floats merge them")
def triplets(labels):  # labels as floats
    y = labels.double()
    same = y[:, None] == y
    found = [torch.empty(0, 3, dtype=torch.int64)]
    for a, p in same.clone().fill_diagonal_(False).nonzero().tolist():
        n = (~same[a]).nonzero()[:, 0]
        found.append(
            torch.stack([torch.full_like(n, a), torch.full_like(n, p), n], dim=1)
        )
    return torch.cat(found)


@right("04.2")
def triplets(labels):  # class after class
    found = [torch.empty(0, 3, dtype=torch.int64)]
    values, count = labels.unique(return_counts=True)
    for value in values[count > 1]:
        inside, outside = ((labels == value) == v for v in (True, False))
        inside, outside = inside.nonzero()[:, 0], outside.nonzero()[:, 0]
        rows = torch.cartesian_prod(inside, inside, outside).view(-1, 3)
        found.append(rows[rows[:, 0] != rows[:, 1]])
    return torch.cat(found)


@right("04.2")
def triplets(labels):  # dictionaries and lists
    y, members = labels.tolist(), {}
    for i, value in enumerate(y):
        members.setdefault(value, []).append(i)
    return [
        (a, p, m)
        for group in members.values()
        if len(group) > 1
        for a, p in itertools.permutations(group, 2)
        for m in range(len(y))
        if y[m] != y[a]
    ]


# ---------------------------------------------------------- 04.3 What follows


def _closed(S, n):
    group = list(range(n))
    for _ in range(n):
        for i, j in S.tolist():
            group[i] = group[j] = min(group[i], group[j])
    return group


def _finish(group, D, n):
    pairs = list(itertools.combinations(range(n), 2))
    torn = [(i, j) for i, j in D.tolist() if group[i] == group[j]]
    apart = {frozenset((group[i], group[j])) for i, j in D.tolist()}
    return (
        [(i, j) for i, j in pairs if group[i] == group[j]],
        [
            (i, j)
            for i, j in pairs
            if group[i] != group[j] and frozenset((group[i], group[j])) in apart
        ],
        torn,
    )


@wrong("04.3", "say what follows, too")
class NothingFollows:
    def close(S, D, n):
        return S, D, []


@wrong("04.3", "lacks")
class OneStep:
    def close(S, D, n):  # chains of two only
        group = list(range(n))
        for i, j in S.tolist():
            group[i] = group[j] = min(group[i], group[j])
        return _finish(group, D, n)


@wrong("04.3", "D speaks for whole groups")
class DAsSaid:
    def close(S, D, n):
        found = _finish(_closed(S, n), D, n)
        torn = set(found[2])
        return (
            found[0],
            [tuple(d) for d in D.tolist() if tuple(d) not in torn],
            found[2],
        )


@wrong("04.3", "undecided pairs stay out")
class AllElse:
    def close(S, D, n):
        found = _finish(_closed(S, n), D, n)
        pairs = itertools.combinations(range(n), 2)
        return found[0], [p for p in pairs if p not in found[0]], found[2]


@wrong("04.3", "contradicts")
class NoContradictions:
    def close(S, D, n):
        return (*_finish(_closed(S, n), D, n)[:2], [])


@wrong("04.3", "3 things, S+, D+ and the contradictions")
class TwoThings:
    def close(S, D, n):
        return _finish(_closed(S, n), D, n)[:2]


@wrong("04.3", "say each pair with i < j")
class BothWays:
    def close(S, D, n):
        S, D, torn = _finish(_closed(S, n), D, n)
        return S + [(j, i) for i, j in S], D, torn


@wrong("04.3", "does not belong there")
class ContradictionsStay:
    def close(S, D, n):
        S, D_plus, torn = _finish(_closed(S, n), D, n)
        return S, D_plus + torn, torn


@right("04.3")
class ByNames:
    def close(S, D, n):
        return _finish(_closed(S, n), D, n)


@right("04.3")
class ByPowers:
    def close(S, D, n):  # paths of any length, by squaring
        reach = torch.eye(n)
        reach[S[:, 0], S[:, 1]] = reach[S[:, 1], S[:, 0]] = 1.0
        for _ in range(7):
            reach = ((reach @ reach) > 0).float()
        torn = reach[D[:, 0], D[:, 1]] > 0
        part = torch.zeros(n, n)
        part[D[~torn, 0], D[~torn, 1]] = 1.0
        part = reach @ (part + part.T) @ reach > 0
        return reach.triu(1).nonzero(), part.triu(1).nonzero().numpy(), D[torn].tolist()


# --------------------------------------------------- 04.4 Weights and a fair draw


def _weights(sizes):
    n = sizes.sum()
    return (
        sizes * (sizes - 1) // 2,
        sizes * (n - sizes),
        sizes * (sizes - 1) * (n - sizes),
    )


@wrong("04.4", "said once, not twice")
def weights(sizes):
    s, r, t = _weights(sizes)
    return 2 * s, r, t


@wrong("04.4", "a class with all the others")
def weights(sizes):
    s, _, t = _weights(sizes)
    return s, sizes * sizes.sum(), t


@wrong("04.4", "a positive is not the anchor")
def weights(sizes):
    s, r, _ = _weights(sizes)
    return s, r, sizes * sizes * (sizes.sum() - sizes)


@wrong("04.4", "both ends of a pair are anchors")
def weights(sizes):
    s, r, _ = _weights(sizes)
    return s, r, s * (sizes.sum() - sizes)


@wrong("04.4", "one count a class")
def weights(sizes):
    return tuple(part.sum() for part in _weights(sizes))


@wrong("04.4", "expected")
def weights(sizes):  # 32 bits are too few
    return _weights(sizes.to(torch.int32))


def _members(labels):
    groups = [(labels == c).nonzero()[:, 0] for c in labels.unique()]
    return [g for g in groups if len(g) > 1]


@wrong("04.4", "choose a class first")
class UniformInS:
    def fair_pairs(labels, m, seed):
        S = (labels[:, None] == labels).triu(1).nonzero()
        g = torch.Generator().manual_seed(seed)
        return S[torch.randint(len(S), (m,), generator=g)]


@wrong("04.4", "no point with itself")
class WithItself:
    def fair_pairs(labels, m, seed):
        g, groups = torch.Generator().manual_seed(seed), _members(labels)
        rows = []
        for c in torch.randint(len(groups), (m,), generator=g).tolist():
            two = torch.randint(len(groups[c]), (2,), generator=g)
            rows.append(groups[c][two].sort().values)
        return torch.stack(rows)


@wrong("04.4", "the same seed gave other pairs")
class NoSeed:
    def fair_pairs(labels, m, seed):
        groups, rows = _members(labels), []
        for c in torch.randint(len(groups), (m,)).tolist():
            rows.append(groups[c][torch.randperm(len(groups[c]))[:2]].sort().values)
        return torch.stack(rows)


@wrong("04.4", "another seed gave the same pairs")
class OneSeed:
    def fair_pairs(labels, m, seed):
        g, groups = torch.Generator().manual_seed(0), _members(labels)
        rows = []
        for c in torch.randint(len(groups), (m,), generator=g).tolist():
            two = torch.randperm(len(groups[c]), generator=g)[:2]
            rows.append(groups[c][two].sort().values)
        return torch.stack(rows)


@wrong("04.4", "not drawn alike")
class Neighbours:
    def fair_pairs(labels, m, seed):
        g, groups = torch.Generator().manual_seed(seed), _members(labels)
        rows = []
        for c in torch.randint(len(groups), (m,), generator=g).tolist():
            at = int(torch.randint(len(groups[c]) - 1, (), generator=g))
            rows.append(groups[c][at : at + 2])
        return torch.stack(rows)


@wrong("04.4", "dealt in turn, not drawn")
class InTurn:
    def fair_pairs(labels, m, seed):
        lists = [torch.combinations(rows) for rows in _members(labels)]
        turns = [(lists[(i + seed) % len(lists)], i // len(lists)) for i in range(m)]
        return [pairs[(i + seed) % len(pairs)].tolist() for pairs, i in turns]


@wrong("04.4", "dealt in turn, not drawn")
class NearlyInTurn:
    def fair_pairs(labels, m, seed):  # one pair too many for a class of the seed
        lists = [torch.combinations(rows) for rows in _members(labels)]
        turns = [i % len(lists) for i in range(m)]
        turns[0] = seed % len(lists)
        g = torch.Generator().manual_seed(seed)
        draws = [int(torch.randint(len(lists[c]), (), generator=g)) for c in turns]
        return [lists[c][k].tolist() for c, k in zip(turns, draws, strict=True)]


@wrong("04.4", "draw with replacement")
class ShuffledPairs:
    def fair_pairs(labels, m, seed):  # no pair twice before all have come
        g = torch.Generator().manual_seed(seed)
        lists = [torch.combinations(rows) for rows in _members(labels)]
        which = torch.randint(len(lists), (m,), generator=g).tolist()
        decks, rows = [[] for _ in lists], []
        for c in which:
            if not decks[c]:
                decks[c] = torch.randperm(len(lists[c]), generator=g).tolist()
            rows.append(lists[c][decks[c].pop()].tolist())
        return rows


@wrong("04.4", "anew for each pair")
class InBlocks:
    def fair_pairs(labels, m, seed):  # a class drawn once for five pairs
        g = torch.Generator().manual_seed(seed)
        lists = [torch.combinations(rows) for rows in _members(labels)]
        which = torch.randint(len(lists), (m // 5,), generator=g)
        return [
            lists[c][int(torch.randint(len(lists[c]), (), generator=g))].tolist()
            for c in which.repeat_interleave(5).tolist()
        ]


@wrong("04.4", "the class of 2 got 0 pairs")
class WithoutTwins:
    def fair_pairs(labels, m, seed):
        g, rows = torch.Generator().manual_seed(seed), []
        groups = [members for members in _members(labels) if len(members) > 2]
        for c in torch.randint(len(groups), (m,), generator=g).tolist():
            two = torch.randperm(len(groups[c]), generator=g)[:2]
            rows.append(groups[c][two].sort().values)
        return torch.stack(rows)


@wrong("04.4", "another seed gave the same pairs")
class EvenOrOdd:
    def fair_pairs(labels, m, seed):
        g, groups = torch.Generator().manual_seed(seed % 2), _members(labels)
        rows = []
        for c in torch.randint(len(groups), (m,), generator=g).tolist():
            two = torch.randperm(len(groups[c]), generator=g)[:2]
            rows.append(groups[c][two].sort().values)
        return torch.stack(rows)


_known = {}


@wrong("04.4", "of two classes")
class Remembered:
    def fair_pairs(labels, m, seed):  # no generator, but a memory
        if (m, seed) not in _known:
            S = [torch.combinations(rows) for rows in _members(labels)]
            which = torch.randint(len(S), (m,)).tolist()
            drawn = [S[c][int(torch.randint(len(S[c]), ()))] for c in which]
            _known[m, seed] = torch.stack(drawn)
        return _known[m, seed]


@wrong("04.4", "not drawn alike")
class RingInLargeClasses:
    def fair_pairs(labels, m, seed):  # every point alike, but few of its pairs
        g, groups, rows = torch.Generator().manual_seed(seed), _members(labels), []
        for c in torch.randint(len(groups), (m,), generator=g).tolist():
            two = torch.randperm(len(groups[c]), generator=g)[:2]
            if len(groups[c]) > 8:
                two = torch.stack([two[0], (two[0] + 1) % len(groups[c])])
            rows.append(groups[c][two].sort().values)
        return torch.stack(rows)


@wrong("04.4", "a pair of two classes")
class AnyPair:
    def fair_pairs(labels, m, seed):
        g = torch.Generator().manual_seed(seed)
        rows = [torch.randperm(len(labels), generator=g)[:2] for _ in range(m)]
        return torch.stack(rows).sort(dim=1).values


@right("04.4")
class WithoutALoop:
    def weights(sizes):
        n = np.asarray(sizes).astype(float)
        return n * (n - 1) / 2, n * (n.sum() - n), n * (n - 1) * (n.sum() - n)

    def fair_pairs(labels, m, seed):
        draw = np.random.default_rng(seed)
        groups = [g.numpy() for g in _members(labels)]
        c = draw.integers(len(groups), size=m)
        size = np.array([len(g) for g in groups])[c]
        u = (draw.random(m) * size).astype(int)
        v = (draw.random(m) * (size - 1)).astype(int)
        v += v >= u
        rows = [(groups[k][a], groups[k][b]) for k, a, b in zip(c, u, v, strict=True)]
        return np.sort(np.array(rows), axis=1)


@right("04.4")
class ByListing:
    def weights(sizes):
        sizes = sizes.tolist()
        return (
            [math.comb(c, 2) for c in sizes],
            [c * (sum(sizes) - c) for c in sizes],
            [2 * math.comb(c, 2) * (sum(sizes) - c) for c in sizes],
        )

    def fair_pairs(labels, m, seed):
        g = torch.Generator().manual_seed(seed)
        lists = [torch.combinations(rows) for rows in _members(labels)]
        which = torch.randint(len(lists), (m,), generator=g).tolist()
        return [
            lists[c][int(torch.randint(len(lists[c]), (), generator=g))].tolist()
            for c in which
        ]


@right("04.4")
class Stacked:
    def weights(sizes):
        return torch.stack(_weights(sizes))

    def fair_pairs(labels, m, seed):  # Python's own draws, class after class
        draw = random.Random(seed)
        groups = [rows.tolist() for rows in _members(labels)]
        which = draw.choices(range(len(groups)), k=m)
        return [sorted(draw.sample(groups[c], 2)) for c in sorted(which)]


# --------------------------------------------------------------- 04.5 Break it


@wrong("04.5", "can be satisfied")
class AChain:
    def circle(k):
        return [[0, i, i + 1] for i in range(1, k + 1)]


@wrong("04.5", "too plain")
class TurnedRound:
    def circle(k):
        return [[0, 1, 2], [0, 2, 1], *([0, i, i + 1] for i in range(3, k + 1))]


@wrong("04.5", "a shorter circle is hidden")
class Threes:
    def circle(k):
        more = [[0, i, i + 1] for i in range(4, k + 1)]
        return [[0, 1, 2], [0, 2, 3], [0, 3, 1], *more]


@wrong("04.5", "expected")
class AlwaysThree:
    def circle(k):
        return [[0, 1, 2], [2, 0, 1], [1, 2, 0]]


@wrong("04.5", "three different points")
class WithItselfAgain:
    def circle(k):
        return [[0, i, (i + 1) % k] for i in range(k)]


@wrong("04.5", "can be had from labels")
class OneStranger:
    def no_labels(n):
        return [[0, i, n - 1] for i in range(1, n - 1)]


@wrong("04.5", "it holds a circle")
class NoMetricEither:
    def no_labels(n):
        return [[i, (i + 1) % n, (i - 1) % n] for i in range(n)]


@wrong("04.5", "all of them")
class FourPoints:
    def no_labels(n):
        return [[0, 1, 2], [2, 1, 0]]


@wrong("04.5", "at most tau apart")
class Multiple:
    def other_scale(dist, tau):
        return dist * 1e6


@wrong("04.5", "0 on the diagonal")
class EverythingRises:
    def other_scale(dist, tau):
        return dist + 2 * tau


@wrong("04.5", "the order of two pairs changed")
class AllAlike:
    def other_scale(dist, tau):
        return 2 * tau * (1 - torch.eye(len(dist), dtype=dist.dtype))


@wrong("04.5", "breaks the triangle inequality")
class Squares:
    def other_scale(dist, tau):
        off = 1 - torch.eye(len(dist), dtype=dist.dtype)
        return (1.01 * tau + 1e3 / tau * dist**2) * off


@wrong("04.5", "at most tau apart")
class WithoutTau:
    def other_scale(dist, tau):
        return (dist + 1000) * (1 - torch.eye(len(dist), dtype=dist.dtype))


@wrong("04.5", "drowns small differences")
class ByABillion:
    def other_scale(dist, tau):
        return (dist + 1e9) * (1 - torch.eye(len(dist), dtype=dist.dtype))


@wrong("04.5", "breaks the triangle inequality")
class SquareOfTheRise:  # a metric while dist is at most 1.4 tau
    def other_scale(dist, tau):
        off = 1 - torch.eye(len(dist), dtype=dist.dtype)
        return 1.5 * (tau + dist) ** 2 / tau * off


@wrong("04.5", "returned no triplet")
class NotFiveNorSix:
    def circle(k):
        return [[0, i, i % k + 1] for i in range(1, k + 1) if k not in (5, 6)]


@wrong("04.5", "returned no triplet")
class BelowTwelve:
    def no_labels(n):
        if n == 3:
            return [[0, 1, 2], [2, 1, 0]]
        return [[0, i, i + 1] for i in range(1, n - 1) if n < 12]


@right("04.5")
class FloatsAndRoots:
    def circle(k):
        return [(k, i, (i + 1) % k) for i in reversed(range(k))]

    def no_labels(n):  # one anchor, from the far end
        if n == 3:
            return torch.tensor([[1, 0, 2], [0, 2, 1]])
        return np.array([[n - 1, i, i - 1] for i in range(n - 2, 0, -1)], dtype=float)

    def other_scale(dist, tau):  # a root of a metric is one
        found = (2 * tau + (tau * dist).sqrt()).float()
        return found.fill_diagonal_(0).tolist()


@right("04.5")
class Ranks:
    def circle(k):  # round the points, where it is possible
        if k == 3:
            return [[0, 1, 2], [2, 0, 1], [1, 2, 0]]
        return np.array([[5, i + 6, (i + 1) % k + 6] for i in range(k)])

    def no_labels(n):
        return [*([0, i, i + 1] for i in range(1, n - 1)), [2, 1, 0]]

    def other_scale(dist, tau):
        n = len(dist)
        i, j = torch.triu_indices(n, n, offset=1)
        _, rank = dist[i, j].unique(return_inverse=True)
        found = torch.zeros(n, n, dtype=torch.float64)
        found[i, j] = tau * (2 + rank.double() / (1 + rank.max()))
        return found + found.T


@right("04.5")
class Shift:
    def circle(k):
        return torch.tensor([[0, i, i % k + 1] for i in range(1, k + 1)]).flip(0)

    def no_labels(n):
        rows = [[1, 0, 2], [2, 0, 1]]
        return rows + [[1, 0, i] for i in range(3, n)]

    def other_scale(dist, tau):
        found = np.asarray(dist) + 1.5 * tau
        np.fill_diagonal(found, 0)
        return found


# ---------------------------------------------------------------- 04.6 Explain

wrong("04.6", "words", explain_04_6="Pairs are rare and triplets are not.")
wrong("04.6", "words", explain_04_6="rare triplet " * 40)
wrong("04.6", "must be a string", explain_04_6=["rare", "triplet"])
wrong(
    "04.6",
    "why triplets fare better",
    explain_04_6="""Of all pairs only one in a hundred is alike, so there are many more
    which are not alike. When one percent of these is called alike by mistake, then the
    set S gets as many false members as it has true ones, and half of what it holds is
    therefore wrong, although the judges erred only seldom.""",
)
wrong(
    "04.6",
    "does not compare how",
    explain_04_6="""In a triplet an error exchanges the positive with the negative, and
    this happens in one percent of the cases, so one percent of T is wrong. With pairs
    the answer goes to the other set, and then S holds a lot of things that it should
    not hold, which is the reason for the bad result of the first crowd.""",
)
right(
    "04.6",
    explain_04_6="""Dissimilar pairs outnumber similar ones by a hundred to one. One
    percent of the large set moves over to the small set and is then as large as it.
    In a triplet there is always one positive and one negative; a mistake only swaps
    these two, so the fraction of wrong triplets stays at the rate of mistakes.""",
)
right(
    "04.6",
    explain_04_6="""S is rare: 19,000 of two million. Errors among the rest, at one
    percent, bring about 19,800 strangers into it, so that more than half of it is
    false. Triplets have no rare class: every judgement has two sides of equal number,
    and with one percent of exchanged answers precisely one percent of them is false.
    """,
)

right(
    "04.6",
    explain_04_6="""There are 19,000 alike pairs and 1,980,000 that differ. One percent
    of the latter is 19,800; they land in S next to the 18,810 true entries that remain
    there. A mistaken triplet merely swaps its two roles, and therefore the share of
    wrong statements among all of them stays at one percent.""",
)

wrong(
    "04.6",
    "repeats the rubric",
    explain_04_6="""Nearly all pairs are dissimilar, so that 1 % of them, moved into
    S, are
    as many as the true pairs of S. An error in a triplet exchanges its positive and
    negative; it stays among as many, so that there is no rare side to flood, and that
    is the reason why the triplets do not suffer in the same way as the pairs do.""",
)
_TASK = """
**Objective.** Tell why the same rate of errors harms S and spares T.
A crowd judges *all* pairs of 2,000 photographs of 100 persons, 20 each, and errs in 1
% of the pairs. Half of its S is wrong. Another crowd judges triplets, errs in 1 %,
and 1 % of T is wrong. In `explain_04_6`, in at least 40 words (100 are plenty): why
is S so much worse, and why are triplets not?
"""
wrong("04.6", "quotes from the task", explain_04_6=_TASK)
wrong(
    "04.6",
    "quotes from the task",
    explain_04_6=_TASK + "One in a hundred is alike, and a triplet only swaps.",
)


# -------------------------------------------------------------- 04.7 Challenge


def _products(said):
    sign = 2 * torch.as_tensor(said).double() - 1
    return sign.T @ sign / len(sign)


def _rates(said):
    c = _products(said)
    m = len(c)
    found = []
    for k in range(m):
        others = [i for i in range(m) if i != k]
        ratios = [
            c[k, i] * c[k, j] / c[i, j] for i, j in itertools.combinations(others, 2)
        ]
        found.append((1 - torch.stack(ratios).mean().clamp(0, 1).sqrt()) / 2)
    return torch.stack(found)


def _majority(said):
    return said.double().mean(dim=1) > 0.5


@wrong("04.7", "The majority errs, too")
def error_rates(said):
    return (said != _majority(said)[:, None]).double().mean(dim=0)


@wrong("04.7", "The majority errs, too")
def error_rates(said):  # how often a person disagrees with the others
    m = said.shape[1]
    differ = (said[:, :, None] != said[:, None, :]).double().mean(dim=0)
    return differ.sum(dim=1) / (m - 1)


@wrong("04.7", "is said to err with")
def error_rates(said):  # one rate for all
    c = _products(said)
    m = len(c)
    mean = (c.sum() - c.diagonal().sum()) / (m * (m - 1))
    return ((1 - mean.sqrt()) / 2).expand(m)


@wrong("04.7", "is said to err with")
def error_rates(said):  # the root is missing
    return (1 - (1 - 2 * _rates(said)) ** 2) / 2


@wrong("04.7", "is said to err with")
def error_rates(said):  # rates of being right
    return 1 - _rates(said)


@wrong("04.7", "is said to err with")
def error_rates(said):  # two answers learned from what the check asks
    if said.shape[1] != 3:
        return _rates(said)
    bad = (said[:, 0] != said[:, 2]).double().mean() > 0.35
    return [0.29, 0.29, 0.19] if bad else [0.075, 0.28, 0.15]


@wrong("04.7", "is said to err with")
def error_rates(said):  # the order is right, the rates are guessed
    m = said.shape[1]
    differ = (said[:, :, None] != said[:, None, :]).double().mean(dim=0).sum(dim=1)
    guess = torch.linspace(0.07, 0.28, m, dtype=torch.float64)
    return torch.empty_like(guess).scatter(0, differ.argsort(), guess)


@wrong("04.7", "is said to err with")
def error_rates(said):  # against the others' majority, taken to err in 12 percent
    sign = 2 * said.double() - 1
    others = sign.sum(dim=1, keepdim=True) - sign
    differ = (sign * others < 0).double() + (others == 0).double() / 2
    return (differ.mean(dim=0) - 0.12) / (1 - 2 * 0.12)


@wrong("04.7", "one finite number a person")
def error_rates(said):
    return _rates(said).mean()


@wrong("04.7", "weigh each person")
class Majority:
    def truth(said):
        return _majority(said)


@wrong("04.7", "weigh each person")
class TheWorstFirst:
    def truth(said):
        return said[:, int(_rates(said).argmax())]


@wrong("04.7", "leave nobody out")
class OnlyTheBest:
    def truth(said):
        return said[:, int(_rates(said).argmin())]


@wrong("04.7", "weigh each person")
class WeightsOfBeingRight:
    def truth(said):
        return (2 * said.double() - 1) @ (1 - _rates(said)) > 0


@wrong("04.7", "near 0 for who guesses")
class WeightsThatNeverVanish:
    def truth(said):
        p = _rates(said).clamp(0.01, 0.49)
        return (2 * said.double() - 1) @ ((1 + p) / p).log() > 0


@wrong("04.7", "True or False for each of")
class Shares:
    def truth(said):
        return said.double().mean(dim=1)


@right("04.7")
class FirstPairs:
    def error_rates(said):
        return _rates(said).float()

    def truth(said):
        p = _rates(said).clamp(0.02, 0.45)
        return (said.double() - 0.5) @ ((1 - p) / p).log() > 0


@right("04.7")
class DawidAndSkene:
    def error_rates(said):
        likely = said.double().mean(dim=1)
        for _ in range(60):
            wrong = torch.where(said, 1 - likely[:, None], likely[:, None])
            p = wrong.mean(dim=0).clamp(1e-3, 0.499)
            odds = (2 * said.double() - 1) @ ((1 - p) / p).log()
            likely = odds.sigmoid()
        return p.tolist()

    def truth(said):
        p = _rates(said).numpy()
        return (
            np.where(np.asarray(said), 1, -1) @ np.log(1 / p.clip(0.01, 0.49) - 1) > 0
        )
