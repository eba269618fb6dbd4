"""Wrong and right answers to exercise 14, Generalization."""

import itertools
import math
import random

import numpy as np
import scipy.linalg
import torch
from torch.nn.functional import normalize

from mlcourse.grading.bank import right, wrong

# ----------------------------------------------------------- 14.1 Who may see what?


def _sides(labels, held):
    inside = torch.isin(labels, torch.as_tensor(held))
    return (~inside).nonzero().flatten(), inside.nonzero().flatten()


def _names(labels, seed):
    names = labels.unique()
    g = torch.Generator().manual_seed(seed)
    return names[torch.randperm(len(names), generator=g)]


@wrong("14.1", "This splits images")
def split_classes(labels, n_test, seed):
    g = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=g)
    size = len(labels) * n_test // len(labels.unique())
    return order[size:], order[:size]


@wrong("14.1", "the seed must decide")
def split_classes(labels, n_test, seed):  # always the last ones
    return _sides(labels, labels.unique()[-n_test:])


@wrong("14.1", "Train comes first")
def split_classes(labels, n_test, seed):
    return _sides(labels, _names(labels, seed)[:n_test])[::-1]


@wrong("14.1", "Labels may be any numbers")
def split_classes(labels, n_test, seed):
    g = torch.Generator().manual_seed(seed)
    return _sides(labels, torch.randperm(len(labels.unique()), generator=g)[:n_test])


@wrong("14.1", "no class is drawn twice")
def split_classes(labels, n_test, seed):
    rng, names = np.random.default_rng(seed), labels.unique().numpy()
    return _sides(labels, rng.choice(names, n_test))


@wrong("14.1", "two calls with the seed")
def split_classes(labels, n_test, seed):
    names = labels.unique()
    return _sides(labels, names[torch.randperm(len(names))[:n_test]])


@wrong("14.1", "must be equally likely")
def split_classes(labels, n_test, seed):  # neighbours in the order of the labels
    return _sides(labels, labels.unique().roll(seed)[:n_test])


@wrong("14.1", "must be equally likely")
def split_classes(labels, n_test, seed):  # draws points: large classes more often
    g = torch.Generator().manual_seed(seed)
    held = []
    for row in torch.randperm(len(labels), generator=g).tolist():
        if len(held) < n_test and labels[row] not in held:
            held.append(int(labels[row]))
    return _sides(labels, held)


@wrong("14.1", "Labels are no rows")
def split_classes(labels, n_test, seed):
    names = _names(labels, seed)
    return names[n_test:], names[:n_test]


@wrong("14.1", "not marks 0 and 1")
def split_classes(labels, n_test, seed):
    inside = torch.isin(labels, _names(labels, seed)[:n_test])
    return ~inside, inside


@wrong("14.1", "is in train and in test, a leak")
def split_classes(labels, n_test, seed):
    _, test = _sides(labels, _names(labels, seed)[:n_test])
    return torch.arange(len(labels)), test


@wrong("14.1", "is in neither part")
def split_classes(labels, n_test, seed):  # as many classes on either side
    names = _names(labels, seed)
    return _sides(labels, names[n_test : 2 * n_test])[1], _sides(
        labels, names[:n_test]
    )[1]


@wrong("14.1", "nearly all must differ")
def split_classes(labels, n_test, seed):  # fair for few classes only
    names = _names(labels, seed) if len(labels) < 20 else labels.unique().roll(seed)
    return _sides(labels, names[:n_test])


@wrong("14.1", "must be equally likely")
def split_classes(labels, n_test, seed):  # fixed, but where the visible check looks
    names = _names(labels, seed) if n_test < 3 else labels.unique()
    return _sides(labels, names[:n_test])


@wrong("14.1", "nearly all must differ")
def split_classes(labels, n_test, seed):  # a large set is not drawn from
    names = _names(labels, seed) if len(labels) < 1000 else labels.unique()
    return _sides(labels, names[:n_test])


def _drawn(labels, shots, seed):
    g = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=g)
    return torch.cat([order[labels[order] == c][:shots] for c in labels.unique()])


def _others(labels, support):
    return [
        i for i in range(len(labels)) if i not in set(torch.as_tensor(support).tolist())
    ]


@wrong("14.1", "the seed must decide")
def episode(labels, shots, seed):  # the first of each class
    support = torch.cat([(labels == c).nonzero()[:shots, 0] for c in labels.unique()])
    return support, _others(labels, support)


@wrong("14.1", "is in support and in query, a leak")
def episode(labels, shots, seed):
    return _drawn(labels, shots, seed), torch.arange(len(labels))


@wrong("14.1", "of each class")
def episode(labels, shots, seed):
    g = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=g)
    size = shots * len(labels.unique())
    return order[:size], order[size:]


@wrong("14.1", "without replacement")
def episode(labels, shots, seed):
    rng = np.random.default_rng(seed)
    rows = [(labels == c).nonzero().flatten().numpy() for c in labels.unique()]
    support = np.concatenate([rng.choice(own, shots) for own in rows])
    return support, _others(labels, support)


@wrong("14.1", "two calls with the seed")
def episode(labels, shots, seed):
    order = torch.randperm(len(labels))
    support = torch.cat([order[labels[order] == c][:shots] for c in labels.unique()])
    return support, _others(labels, support)


@wrong("14.1", "must be equally likely")
def episode(labels, shots, seed):  # neighbours in the data
    support = []
    for c in labels.unique():
        own = (labels == c).nonzero().flatten()
        support += own.roll(seed)[:shots].tolist()
    return support, _others(labels, support)


@wrong("14.1", "nearly all must differ")
def episode(labels, shots, seed):  # neighbours, but for the two of the visible check
    g = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=g)
    if shots != 2:
        order = order.sort().values.roll(seed)
    support = torch.cat([order[labels[order] == c][:shots] for c in labels.unique()])
    return support, _others(labels, support)


@wrong("14.1", "must be equally likely")
def episode(labels, shots, seed):  # the first ones of a longer set
    g = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=g)
    order = order if len(labels) < 20 else order.sort().values
    support = torch.cat([order[labels[order] == c][:shots] for c in labels.unique()])
    return support, _others(labels, support)


@wrong("14.1", "nearly all must differ")
def episode(labels, shots, seed):  # a large set is not drawn from
    g = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=g)
    order = order if len(labels) < 1000 else order.sort().values
    support = torch.cat([order[labels[order] == c][:shots] for c in labels.unique()])
    return support, _others(labels, support)


@wrong("14.1", "is in neither part")
def episode(labels, shots, seed):  # as many queries as examples
    support = _drawn(labels, shots, seed)
    rest = torch.tensor(_others(labels, support))
    return support, torch.cat(
        [rest[labels[rest] == c][:shots] for c in labels.unique()]
    )


@wrong("14.1", "of each class")
def episode(labels, shots, seed):  # the query first
    support = _drawn(labels, shots, seed)
    return _others(labels, support), support


@right("14.1")
def split_classes(labels, n_test, seed):
    names = sorted(set(labels.tolist()))
    held = set(random.Random(seed).sample(names, n_test))
    rows = range(len(labels))
    return [i for i in rows if int(labels[i]) not in held], [
        i for i in rows if int(labels[i]) in held
    ]


@right("14.1")
def episode(labels, shots, seed):
    rng, y = np.random.default_rng(seed), labels.numpy()
    few = [
        rng.choice(np.flatnonzero(y == c), shots, replace=False) for c in np.unique(y)
    ]
    support = np.concatenate(few)
    return support, np.setdiff1d(np.arange(len(y)), support)


@right("14.1")
class GlobalGenerator:
    def split_classes(labels, n_test, seed):
        torch.manual_seed(seed)
        names, code = labels.unique(return_inverse=True)
        place = torch.randperm(len(names))[code]
        return torch.where(place >= n_test)[0], torch.where(place < n_test)[0].int()

    def episode(labels, shots, seed):
        random.seed(seed)
        rows = list(range(len(labels)))
        random.shuffle(rows)
        count, support, query = {}, [], []
        for row in rows:
            c = int(labels[row])
            count[c] = count.get(c, 0) + 1
            (support if count[c] <= shots else query).append(row)
        return support, query


# ------------------------------------------------- 14.2 How flat is the spectrum?


def _share(z):
    s = torch.linalg.svdvals(z.double())
    return s / s.sum()


@wrong("14.2", "the other way round")
def rho(z):
    p = _share(z)
    return (p * (p * len(p)).log()).sum()


@wrong("14.2", "eigenvalues")
def rho(z):
    p = torch.linalg.eigvalsh(z.double().T @ z.double())
    p = p / p.sum()
    return -(p * len(p)).log().mean()


@wrong("14.2", "a sum over directions")
def rho(z):
    p = _share(z)
    return -(p * len(p)).log().sum()


@wrong("14.2", "the sign is turned")
def rho(z):
    p = _share(z)
    return (p * len(p)).log().mean()


@wrong("14.2", "logarithm to base 2")
def rho(z):
    p = _share(z)
    return -(p * len(p)).log2().mean()


@wrong("14.2", "the mean is not subtracted")
def rho(z):
    p = _share(z - z.mean(dim=0))
    return -(p * len(p)).log().mean()


@wrong("14.2", "the shares must add up to 1")
def rho(z):
    s = torch.linalg.svdvals(z.double())
    return -(s * len(s)).log().mean()


@wrong("14.2", "not by the largest")
def rho(z):
    s = torch.linalg.svdvals(z.double())
    return -(s / s[0] * len(s)).log().mean()


@wrong("14.2", "are not made of length 1")
def rho(z):
    p = _share(normalize(z, dim=1))
    return -(p * len(p)).log().mean()


@wrong("14.2", "this is the entropy")
def rho(z):
    p = _share(z)
    return -(p * p.log()).sum()


@wrong("14.2", "D is missing")
def rho(z):
    return -_share(z).log().mean()


@wrong("14.2", "min(n, k)")
def rho(z):
    p = _share(z)
    return -(p * z.shape[1]).log().mean()


@wrong("14.2", "rho(z) with 20 random points")
def rho(z):  # knows the example
    return 0.1438 if len(z) == 3 else 0.0


@wrong("14.2", "singular values go from")
def flat(z):
    return z


@wrong("14.2", "singular values go from")
def flat(z):  # columns of length 1
    return normalize(z.double(), dim=0)


@wrong("14.2", "singular values go from")
def flat(z):  # uncorrelated, but of unequal lengths
    u, s, _ = torch.linalg.svd(z.double(), full_matrices=False)
    return u * s


@wrong("14.2", "is no z A")
def flat(z):
    return torch.eye(*z.shape)


@wrong("14.2", "is no z A")
def flat(z):
    return torch.linalg.qr(torch.randn(*z.shape))[0]


@wrong("14.2", "is no z A")
def flat(z):  # whitens about the mean
    return torch.linalg.svd(z.double() - z.double().mean(dim=0), full_matrices=False)[0]


@wrong("14.2", "expected shape")
def flat(z):  # Q beyond the columns of z
    return torch.linalg.svd(z.double())[0]


@wrong("14.2", "is no z A")
def flat(z):  # turned about, rows are mixed
    u, _, vt = torch.linalg.svd(z.double(), full_matrices=False)
    return (u @ vt).flip(0)


@right("14.2")
class GramMatrix:
    def rho(z):
        z = z.numpy().astype(float)
        s = np.linalg.svd(z, compute_uv=False)
        return math.log(s.sum() / len(s)) - np.log(s).mean()

    def flat(z):
        return torch.linalg.qr(z)[0]


@right("14.2")
class Symmetric:
    def rho(z):
        s = torch.linalg.svdvals(z).tolist()
        return sum(math.log(sum(s) / (len(s) * v)) for v in s) / len(s)

    def flat(z):
        u, _, vt = np.linalg.svd(z.numpy(), full_matrices=False)
        return 7 * u @ vt


# --------------------------------------------------------- 14.3 Take the class away


def _by_class(features, labels, one):
    clean = torch.zeros_like(features)
    for c in labels.unique():
        clean[labels == c] = one(features[labels == c])
    return clean


@wrong("14.3", "for the whole set")
def without_class(features, labels):
    centred = features - features.mean(dim=0)
    return centred / features.std(dim=0, correction=0)


@wrong("14.3", "not by n_c - 1")
def without_class(features, labels):
    def one(f):
        sigma = f.std(dim=0) if len(f) > 1 else f[0] * 0
        return torch.where(sigma < 1e-6, 0, (f - f.mean(dim=0)) / sigma)

    return _by_class(features, labels, one)


@wrong("14.3", "not by the variance")
def without_class(features, labels):
    def one(f):
        var = f.var(dim=0, correction=0)
        return torch.where(var < 1e-12, 0, (f - f.mean(dim=0)) / var)

    return _by_class(features, labels, one)


@wrong("14.3", "the deviations are missing")
def without_class(features, labels):
    return _by_class(features, labels, lambda f: f - f.mean(dim=0))


@wrong("14.3", "not of the whole set")
def without_class(features, labels):
    centred = _by_class(features, labels, lambda f: f - f.mean(dim=0))
    return centred / features.std(dim=0, correction=0)


@wrong("14.3", "not pooled over classes")
def without_class(features, labels):
    centred = _by_class(features, labels, lambda f: f - f.mean(dim=0))
    return centred / centred.square().mean(dim=0).sqrt()


@wrong("14.3", "the set's mean off")
def without_class(features, labels):
    return features - features.mean(dim=0)


@wrong("14.3", "NaN or infinity")
def without_class(features, labels):
    def one(f):
        return (f - f.mean(dim=0)) / f.std(dim=0, correction=0)

    return _by_class(features, labels, one)


@wrong("14.3", "NaN or infinity")
def without_class(features, labels):
    def one(f):
        return (f - f.mean(dim=0)) / f.std(dim=0)

    return _by_class(features, labels, one)


@wrong("14.3", "what varies by less than")
def without_class(features, labels):
    def one(f):
        sigma = f.std(dim=0, correction=0)
        return torch.where(sigma == 0, 0, (f - f.mean(dim=0)) / sigma)

    return _by_class(features, labels, one)


@wrong("14.3", "what varies by less than")
def without_class(features, labels):
    def one(f):
        return (f - f.mean(dim=0)) / f.std(dim=0, correction=0).clamp(min=1e-6)

    return _by_class(features, labels, one)


@wrong("14.3", "without_class(features, labels)")
def without_class(features, labels):  # a number is added to the deviation
    def one(f):
        return (f - f.mean(dim=0)) / (f.std(dim=0, correction=0) + 0.01)

    return _by_class(features, labels, one)


@wrong("14.3", "the mean is not yet subtracted")
def without_class(features, labels):
    def one(f):
        sigma = f.std(dim=0, correction=0)
        return torch.where(sigma < 1e-6, 0, f / sigma)

    return _by_class(features, labels, one)


@wrong("14.3", "Work one entry out by hand")
def without_class(features, labels):  # one deviation for all coordinates of a class
    def one(f):
        centred = f - f.mean(dim=0)
        sigma = f.std(dim=0, correction=0)
        return torch.where(sigma < 1e-6, 0, centred / centred.square().mean().sqrt())

    return _by_class(features, labels, one)


@wrong("14.3", "the deviation, not the variance")
def without_class(features, labels):
    def one(f):
        var = f.var(dim=0, correction=0)
        return torch.where(var < 1e-6, 0, (f - f.mean(dim=0)) / var.sqrt())

    return _by_class(features, labels, one)


@wrong("14.3", "nothing is added to the deviation")
def without_class(features, labels):  # as batch normalization has it
    def one(f):
        var = f.var(dim=0, correction=0)
        scaled = (f - f.mean(dim=0)) / (var + 1e-5).sqrt()
        return torch.where(var.sqrt() < 1e-6, 0, scaled)

    return _by_class(features, labels, one)


@wrong("14.3", "without_class(features, labels)")
def without_class(features, labels):  # the bound is too high
    def one(f):
        sigma = f.std(dim=0, correction=0)
        return torch.where(sigma < 0.01, 0, (f - f.mean(dim=0)) / sigma)

    return _by_class(features, labels, one)


@right("14.3")
def without_class(features, labels):
    _, code, size = labels.unique(return_inverse=True, return_counts=True)
    empty = torch.zeros(len(size), features.shape[1], dtype=features.dtype)
    mean = empty.index_add(0, code, features) / size[:, None]
    centred = features - mean[code]
    sigma = (empty.index_add(0, code, centred**2) / size[:, None]).sqrt()[code]
    return torch.where(sigma < 1e-6, 0.0, centred / sigma)


@right("14.3")
def without_class(features, labels):
    f, y = features.numpy(), labels.numpy()
    clean = np.zeros_like(f)
    for c in np.unique(y):
        own = f[y == c] - f[y == c].mean(axis=0)
        sigma = own.std(axis=0)
        np.divide(own, sigma, out=own, where=sigma >= 1e-6)
        clean[y == c] = np.where(sigma < 1e-6, 0, own)
    return clean.astype(np.float32)


# ----------------------------------------------------------------- 14.4 How far is far?


def _cov(x, correction=1):
    c = x.double() - x.double().mean(dim=0)
    return c.T @ c / (len(x) - correction)


def _between(x, y):
    return (x.double().mean(dim=0) - y.double().mean(dim=0)).square().sum()


def _cross(a, b):
    return torch.linalg.eigvals(a @ b).real.clamp(min=0).sqrt().sum()


def _spread(a, b):
    return a.trace() + b.trace() - 2 * _cross(a, b)


@wrong("14.4", "not by n - 1")
def frechet(x, y):
    return _between(x, y) + _spread(_cov(x, 0), _cov(y, 0))


@wrong("14.4", "F is a squared distance")
def frechet(x, y):
    return (_between(x, y) + _spread(_cov(x), _cov(y))).clamp(min=0).sqrt()


@wrong("14.4", "is to be squared")
def frechet(x, y):
    return _between(x, y).sqrt() + _spread(_cov(x), _cov(y))


@wrong("14.4", "the means are missing")
def frechet(x, y):
    return _spread(_cov(x), _cov(y))


@wrong("14.4", "the covariances are missing")
def frechet(x, y):
    return _between(x, y)


@wrong("14.4", "the root counts twice")
def frechet(x, y):
    a, b = _cov(x), _cov(y)
    return _between(x, y) + a.trace() + b.trace() - _cross(a, b)


@wrong("14.4", "takes the product itself")
def frechet(x, y):
    a, b = _cov(x), _cov(y)
    return _between(x, y) + a.trace() + b.trace() - 2 * (a @ b).trace()


@wrong("14.4", "the root of each entry")
def frechet(x, y):
    a, b = _cov(x), _cov(y)
    roots = (a @ b).diagonal().clamp(min=0).sqrt()
    return _between(x, y) + a.trace() + b.trace() - 2 * roots.sum()


@wrong("14.4", "variances only")
def frechet(x, y):
    x, y = x.double(), y.double()
    return _between(x, y) + (x.std(dim=0) - y.std(dim=0)).square().sum()


@wrong("14.4", "not the root of the trace")
def frechet(x, y):
    a, b = _cov(x), _cov(y)
    return _between(x, y) + a.trace() + b.trace() - 2 * (a @ b).trace().sqrt()


@wrong("14.4", "one by one")
def frechet(x, y):  # right where the covariances commute
    def root(a):
        value, vector = torch.linalg.eigh(a)
        return vector * value.clamp(min=0).sqrt() @ vector.T

    a, b = _cov(x), _cov(y)
    return _between(x, y) + (root(a) - root(b)).square().sum()


@wrong("14.4", "a set and itself, moved by 1")
def frechet(x, y):  # symmetric root by Cholesky, with a little added
    def factor(a):
        return torch.linalg.cholesky(a + 0.01 * torch.eye(len(a)))

    a, b = _cov(x), _cov(y)
    cross = torch.linalg.svdvals(factor(a).T @ factor(b)).sum()
    return _between(x, y) + a.trace() + b.trace() - 2 * cross


def _all_splits(x, y):
    both = torch.cat([x, y]).double()
    for rows in itertools.combinations(range(len(both)), len(x)):
        others = [i for i in range(len(both)) if i not in rows]
        p, q = both[list(rows)], both[others]
        yield float(_between(p, q) + _spread(_cov(p), _cov(q)))


@right("14.4")
def chance(x, y):  # of equal halves, those with point 0 are enough
    both, values = torch.cat([x, y]).double(), []
    for rows in itertools.combinations(range(len(both)), len(x)):
        if len(x) != len(y) or 0 in rows:
            others = [i for i in range(len(both)) if i not in rows]
            p, q = both[list(rows)], both[others]
            values.append(float(_between(p, q) + _spread(_cov(p), _cov(q))))
    least = values[0] - 1e-6 * max(1, values[0])
    return np.mean(np.array(values) >= least)


@wrong("14.4", "not more than")
def chance(x, y):
    values = list(_all_splits(x, y))
    return sum(v > values[0] + 1e-6 * max(1, values[0]) for v in values) / len(values)


@wrong("14.4", "is a choice too")
def chance(x, y):
    first, *values = _all_splits(x, y)
    return sum(v >= first - 1e-6 * max(1, first) for v in values) / len(values)


@wrong("14.4", "at most as far")
def chance(x, y):
    values = list(_all_splits(x, y))
    return sum(v <= values[0] + 1e-6 * max(1, values[0]) for v in values) / len(values)


@wrong("14.4", "divide by the number of choices")
def chance(x, y):
    values = list(_all_splits(x, y))
    return sum(v >= values[0] - 1e-6 * max(1, values[0]) for v in values)


@wrong("14.4", "chance(x, y)")
def chance(x, y):  # a few random splits
    both, first = torch.cat([x, y]), next(_all_splits(x, y))
    count = 0
    for _ in range(50):
        part = both[torch.randperm(len(both))]
        p, q = part[: len(x)], part[len(x) :]
        count += bool(_between(p, q) + _spread(_cov(p), _cov(q)) >= first - 1e-6)
    return count / 50


@wrong("14.4", "chance(x, y)")
def chance(x, y):  # the means alone
    both, values = torch.cat([x, y]).double(), []
    for rows in itertools.combinations(range(len(both)), len(x)):
        others = [i for i in range(len(both)) if i not in rows]
        values.append(float(_between(both[list(rows)], both[others])))
    return sum(v >= values[0] - 1e-6 for v in values) / len(values)


@wrong("14.4", "chance(x, y)")
def chance(x, y):  # orders within a part count, halves of equal size
    both = torch.cat([x, y]).double()
    values = []
    for rows in itertools.combinations(range(len(both)), len(both) // 2):
        others = [i for i in range(len(both)) if i not in rows]
        p, q = both[list(rows)], both[others]
        values.append(float(_between(p, q) + _spread(_cov(p), _cov(q))))
    first = next(_all_splits(x, y))
    return sum(v >= first - 1e-6 * max(1, first) for v in values) / len(values)


@right("14.4")
def frechet(x, y):  # no root of a matrix
    x, y = (p.numpy().astype(float) for p in (x, y))
    X, Y = ((p - p.mean(axis=0)) / math.sqrt(len(p) - 1) for p in (x, y))
    cross = np.linalg.svd(X @ Y.T, compute_uv=False).sum()
    between = np.square(x.mean(axis=0) - y.mean(axis=0)).sum()
    return between + np.square(X).sum() + np.square(Y).sum() - 2 * cross


@right("14.4")
def frechet(x, y):
    x, y = (p.numpy().astype(float) for p in (x, y))
    a, b = (np.atleast_2d(np.cov(p, rowvar=False)) for p in (x, y))
    value = scipy.linalg.eigvals(a @ b)
    gap = x.mean(axis=0) - y.mean(axis=0)
    return gap @ gap + np.trace(a) + np.trace(b) - 2 * np.sqrt(value).real.sum()


@right("14.4")
def chance(x, y):
    n, both = len(x), torch.cat([x, y]).double()
    wanted, far, total = None, 0, 0
    for bits in range(2 ** len(both)):
        mask = torch.tensor([bool(bits >> i & 1) for i in range(len(both))])
        if int(mask.sum()) == n:
            p, q = both[mask], both[~mask]
            value = float(_between(p, q) + _spread(_cov(p), _cov(q)))
            wanted = value if wanted is None else wanted  # the first n bits: x
            far, total = far + (value > wanted - 1e-6 * max(1, wanted)), total + 1
    return far / total


# -------------------------------------------------------------- 14.5 Let the shift grow


def _order(means, own, other):
    to_other = (means[own] - means[other].mean(dim=0)).norm(dim=1)
    return (to_other - (means[own] - means[own].mean(dim=0)).norm(dim=1)).argsort()


def _exchange(train, test, a, b):
    """Let the classes train[a] and test[b] change sides."""
    stay, hold = torch.ones(len(train)).bool(), torch.ones(len(test)).bool()
    stay[a], hold[b] = False, False
    return torch.cat([train[stay], test[b]]), torch.cat([test[hold], train[a]])


@wrong("14.5", "the least foreign")
def swap(means, train, test, count):
    a, b = _order(means, train, test), _order(means, test, train)
    return _exchange(train, test, a[-count:], b[-count:])


@wrong("14.5", "is to be subtracted")
def swap(means, train, test, count):
    a = (means[train] - means[test].mean(dim=0)).norm(dim=1).argsort()
    b = (means[test] - means[train].mean(dim=0)).norm(dim=1).argsort()
    return _exchange(train, test, a[:count], b[:count])


@wrong("14.5", "not squared")
def swap(means, train, test, count):
    def order(own, other):
        to_other = (means[own] - means[other].mean(dim=0)).square().sum(dim=1)
        to_own = (means[own] - means[own].mean(dim=0)).square().sum(dim=1)
        return (to_other - to_own).argsort()[:count]

    return _exchange(train, test, order(train, test), order(test, train))


@wrong("14.5", "from before the swap")
def swap(means, train, test, count):
    a = _order(means, train, test)[:count]
    stay = torch.ones(len(train)).bool()
    stay[a] = False
    more = torch.cat([test, train[a]])
    b = _order(means, more, train[stay])
    b = b[b < len(test)][:count]
    return _exchange(train, test, a, b)


@wrong("14.5", "as many come")
def swap(means, train, test, count):  # copies: they stay where they were, too
    a, b = _order(means, train, test)[:count], _order(means, test, train)[:count]
    return torch.cat([train, test[b]]), torch.cat([test, train[a]])


@wrong("14.5", "nothing has moved")
def swap(means, train, test, count):
    return train, test


@wrong("14.5", "train comes first")
def swap(means, train, test, count):
    a, b = _order(means, train, test)[:count], _order(means, test, train)[:count]
    return _exchange(train, test, a, b)[::-1]


@wrong("14.5", "a place in a side is no class number")
def swap(means, train, test, count):
    a = set(_order(means, train, test)[:count].tolist())
    b = set(_order(means, test, train)[:count].tolist())
    train, test = set(train.tolist()), set(test.tolist())
    return sorted((train - a) | b), sorted((test - b) | a)


@wrong("14.5", "from train the classes")
def swap(means, train, test, count):  # distances to the nearest class of a side
    def order(own, other):
        to_other = torch.cdist(means[own], means[other]).min(dim=1).values
        near = torch.cdist(means[own], means[own]).fill_diagonal_(torch.inf)
        return (to_other - near.min(dim=1).values).argsort()[:count]

    return _exchange(train, test, order(train, test), order(test, train))


@wrong("14.5", "is on both sides")
def swap(means, train, test, count):  # test still holds what has gone to train
    a, b = _order(means, train, test)[:count], _order(means, test, train)[:count]
    new, _ = _exchange(train, test, a, b)
    return new, test


@wrong("14.5", "sort the splits by distance")
def score(distance, performance):
    F, a = distance.double(), performance.double()
    return torch.trapezoid(a, (F - F.min()) / (F.max() - F.min()))


@wrong("14.5", "what lies between two distances")
def score(distance, performance):
    return performance.double().mean()


@wrong("14.5", "is to be scaled")
def score(distance, performance):
    order = distance.argsort()
    return torch.trapezoid(performance.double()[order], distance.double()[order])


@wrong("14.5", "u begins at 0")
def score(distance, performance):
    order = distance.argsort()
    u = distance.double()[order] / distance.max()
    return torch.trapezoid(performance.double()[order], u)


@wrong("14.5", "sum of rectangles")
def score(distance, performance):
    order = distance.argsort()
    F, a = distance.double()[order], performance.double()[order]
    return (a[:-1] * F.diff()).sum() / (F[-1] - F[0])


@wrong("14.5", "sum of rectangles")
def score(distance, performance):
    order = distance.argsort()
    F, a = distance.double()[order], performance.double()[order]
    return (a[1:] * F.diff()).sum() / (F[-1] - F[0])


@wrong("14.5", "what lies between two distances")
def score(distance, performance):
    a = performance.double()[distance.argsort()]
    return torch.trapezoid(a) / (len(a) - 1)


@wrong("14.5", "belongs to its split")
def score(distance, performance):
    F, a = distance.double().sort()[0], performance.double().sort()[0]
    return torch.trapezoid(a, (F - F[0]) / (F[-1] - F[0]))


@wrong("14.5", "six random splits")
def score(distance, performance):  # knows the example, and constants
    return 0.3875 if len(distance) == 3 else performance.double().min()


@right("14.5")
def swap(means, train, test, count):
    m = means.numpy()
    sides = [train.tolist(), test.tolist()]
    gone = []
    for own, other in (sides, sides[::-1]):
        here, there = m[own].mean(axis=0), m[other].mean(axis=0)
        far = {
            c: np.linalg.norm(m[c] - there) - np.linalg.norm(m[c] - here) for c in own
        }
        gone.append(sorted(own, key=far.get)[:count])
    new = (set(sides[0]) - set(gone[0])) | set(gone[1])
    return sorted(new), sorted(set(sides[0] + sides[1]) - new)


@right("14.5")
def swap(means, train, test, count):
    a, b = _order(means, train, test), _order(means, test, train)
    new_train, new_test = train.clone(), test.clone()
    new_train[a[:count]], new_test[b[:count]] = test[b[:count]], train[a[:count]]
    return new_train, new_test


@right("14.5")
def score(distance, performance):
    curve = sorted(zip(distance.tolist(), performance.tolist(), strict=True))
    total = 0.0
    for (F, a), (G, b) in itertools.pairwise(curve):
        total += (G - F) * (a + b) / 2
    return total / (curve[-1][0] - curve[0][0])


# ---------------------------------------------------------------------- 14.6 Break it


def _axes(x):
    value, vector = torch.linalg.eigh(torch.cov(x.double().T))
    return value.clamp(min=0), vector


def _crossed(x, steps):
    """The mean plus and minus each of the rows."""
    return x.double().mean(dim=0) + torch.cat([steps, -steps])


@wrong("14.6", "the mean of y is off")
def decoy(x):
    return x[torch.randperm(len(x))[: 2 * x.shape[1]]]


@wrong("14.6", "rows, expected")
def decoy(x):
    return x


@wrong("14.6", "not by m")
def decoy(x):
    value, vector = _axes(x)
    return _crossed(x, (vector * (value * len(value)).sqrt()).T)


@wrong("14.6", "eigenvectors are columns")
def decoy(x):
    value, vector = _axes(x)
    return _crossed(x, vector * (value * (len(value) - 0.5)).sqrt()[:, None])


@wrong("14.6", "the variance of y")
def decoy(x):  # the eigenvalue in place of its root
    value, vector = _axes(x)
    return _crossed(x, (vector * value * (len(value) - 0.5) ** 0.5).T)


@wrong("14.6", "the variance of y")
def decoy(x):  # one deviation on either side
    value, vector = _axes(x)
    return _crossed(x, (vector * value.sqrt()).T)


@wrong("14.6", "the mean of y is off")
def decoy(x):  # one side only
    value, vector = _axes(x)
    return x.double().mean(dim=0) + (vector * (value * len(value)).sqrt()).T


@wrong("14.6", "the mean of y is off")
def decoy(x):  # about the origin
    value, vector = _axes(x)
    steps = (vector * (value * (len(value) - 0.5)).sqrt()).T
    return torch.cat([steps, -steps])


@wrong("14.6", "in every entry")
def decoy(x):  # variances without covariances
    d = x.shape[1]
    return _crossed(x, (x.double().std(dim=0) * (d - 0.5) ** 0.5).diag())


@wrong("14.6", "the variance of y")
def decoy(x):  # the mean, twice
    return x.double().mean(dim=0).expand(2, -1)


@wrong("14.6", "raised")
def decoy(x):  # needs a covariance of full rank
    d = x.shape[1]
    root = torch.linalg.cholesky(torch.cov(x.double().T) - 1e-9 * torch.eye(d))
    return _crossed(x, (root * (d - 0.5) ** 0.5).T)


@wrong("14.6", "NaN or infinity")
def decoy(x):  # the least eigenvalue may come out below 0
    value, vector = torch.linalg.eigh(
        torch.cov(x.double().T) - 1e-12 * torch.eye(x.shape[1])
    )
    return _crossed(x, (vector * (value * (len(value) - 0.5)).sqrt()).T)


@right("14.6")
def decoy(x):  # a simplex of d + 1 points
    value, vector = _axes(x)
    d = len(value)
    corners = torch.eye(d + 1, dtype=torch.float64) - 1 / (d + 1)
    plane = torch.linalg.svd(corners)[0][:, :d]
    return x.double().mean(dim=0) + d**0.5 * plane * value.sqrt() @ vector.T


@right("14.6")
def decoy(x):  # singular vectors of the centred points
    x = x.numpy().astype(float)
    n, d = x.shape
    _, s, vt = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    steps = (s * np.sqrt((2 * d - 1) / 2 / (n - 1)))[:, None] * vt
    return np.vstack([x.mean(axis=0) + steps, x.mean(axis=0) - steps])


# ------------------------------------------------------------------------ 14.7 Explain

wrong("14.7", "40 and 20 are the least", explain_14_7="Features are lost; validate.")
wrong("14.7", "40 and 20 are the least", explain_14_7="compress validation " * 40)
_RUBRIC = """
The loss only rewards what tells the training classes apart; directions that do not are
given up or compressed, and new classes may differ in just those. The choice belongs to
validation classes that were neither trained on nor tested with, over several seeds.
"""
wrong("14.7", "repeats the rubric", explain_14_7=_RUBRIC)
wrong(
    "14.7",
    "repeats the rubric",  # a character that nobody sees in each word
    explain_14_7=" ".join(word + "\u200b" for word in _RUBRIC.split()),
)
wrong(
    "14.7",
    "repeats the rubric",  # every fifth word is a filler
    explain_14_7=" ".join(
        word + (" indeed" if i % 4 == 3 else "")
        for i, word in enumerate(_RUBRIC.split())
    ),
)
wrong(
    "14.7",
    "repeats the rubric",  # what the machine looks for, told to the machine
    explain_14_7="""
It looks for a word on what becomes of features (compress, discard, direction, variance,
specialise, ignore) and for one on how to choose (validation, held out, seeds, interval)
and so I have put every one of these into my answer to be quite sure of both points.
""",
)
wrong(
    "14.7",
    "before choosing",
    explain_14_7="""
An embedding that is paid for separating one hundred characters has no reason to keep a
stroke which none of them owns, and it may squeeze that axis to nothing. A character of
another alphabet that is known by this stroke alone then falls onto its neighbour, and
so better and better fits of the old ones bring nothing for the new ones.
""",
)
wrong(
    "14.7",
    "what an embedding may do",
    explain_14_7="""
She should not have looked at the classes of her training at all. I would put aside a
third group of characters, choose the size of a batch by Recall there, run everything
with five seeds and report how much the five differ. Only then would I open the test
classes, once, and write down what comes out of it.
""",
)
_TASK = """
A colleague doubles the batch, and what she trains on fits better: on the training
classes Recall@1 rises from 0.87 to 0.94. "So the embedding is seven points better", she
writes, "and we shall use it for the characters of the new alphabet." On unseen classes,
five seeds, it goes from 0.80 to 0.81, a gain of 0.01 ± 0.02.
"""
wrong("14.7", "quotes from the task", explain_14_7=_TASK)
wrong("14.7", "quotes from the task", explain_14_7=f"{_TASK} A feature is lost here.")
wrong(
    "14.7",
    "quotes from the task",  # the three hints
    explain_14_7="""
What does the loss never ask for? And whose images show whether it is there? One answer
is about what an embedding may forget unpunished, the other about a third group of
classes. Two or three sentences on each, between the triple quotes.
""",
)
right(
    "14.7",
    explain_14_7="""
Nothing in the objective asks the network to keep an attribute by which its hundred
letters do not differ; throwing it away even makes each class tighter. Other letters may
be recognised by exactly this attribute. How well known letters are found says nothing
about that. She needs validation letters that belong to neither group, and must compare
both batch sizes there under several seeds before she believes in one point.
""",
)
right(
    "14.7",
    explain_14_7="""
Fitting better means telling a hundred familiar characters apart more surely. Features
that do not help with these are discarded on the way, since nothing in the objective
keeps them, and they may be what separates two letters of a strange alphabet. Seven
points on familiar classes therefore promise nothing. To choose a batch size she needs
classes that are held out for this alone, several seeds of each setting, and an
interval for their difference, which here includes zero.
""",
)

# ---------------------------------------------------------------------- 14.8 Challenge


def _reverse(x, weight):
    return (1 + weight) * x.detach() - weight * x


def _found(z, other, W, weight, turn=_reverse):
    u = normalize(turn(z, weight), dim=1)
    return u, normalize(normalize(turn(other, weight), dim=1) @ W, dim=1)


@wrong("14.8", "it is not reversed")
def adversary(z, other, W, weight):
    u, v = _found(z, other, W, weight, turn=lambda x, weight: x)
    return -(u * v).square().sum() / z.numel()


@wrong("14.8", "it is not reversed")
class ReversesZAlone:
    _reverse = _reverse

    def adversary(z, other, W, weight):
        u = normalize(_reverse(z, weight), dim=1)
        v = normalize(normalize(other, dim=1) @ W, dim=1)
        return -(u * v).square().sum() / z.numel()


@wrong("14.8", "W is not reversed")
class ReversesV:
    _reverse = _reverse

    def adversary(z, other, W, weight):
        u = normalize(_reverse(z, weight), dim=1)
        v = _reverse(normalize(normalize(other, dim=1) @ W, dim=1), weight)
        return -(u * v).square().sum() / z.numel()


@wrong("14.8", "the sign is missing")
def adversary(z, other, W, weight):  # reverses the loss
    u, v = _found(z, other, W, weight, turn=lambda x, weight: x)
    return (u * v).square().sum() / z.numel()


@wrong("14.8", "lambda is missing")
def adversary(z, other, W, weight):
    u, v = _found(z, other, W, 1.0)
    return -(u * v).square().sum() / z.numel()


@wrong("14.8", "nothing flows back")
def adversary(z, other, W, weight):
    u, v = _found(z, other, W, weight, turn=lambda x, weight: x.detach() + 0 * x)
    return -(u * v).square().sum() / z.numel()


@wrong("14.8", "is cut off from its argument")
def adversary(z, other, W, weight):
    u, v = _found(z, other, W, weight, turn=lambda x, weight: x.detach())
    return -(u * v).square().sum() / z.numel()


@wrong("14.8", "the value does not know it")
def adversary(z, other, W, weight):
    u, v = _found(z, other, W, 1.0)
    return -weight * (u * v).square().sum() / z.numel()


@wrong("14.8", "divide by k too")
def adversary(z, other, W, weight):
    u, v = _found(z, other, W, weight)
    return -(u * v).square().sum(dim=1).mean()


@wrong("14.8", "not the dot product squared")
def adversary(z, other, W, weight):
    u, v = _found(z, other, W, weight)
    return -(u * v).sum(dim=1).square().sum() / z.numel()


@wrong("14.8", "products are squared")
def adversary(z, other, W, weight):
    u, v = _found(z, other, W, weight)
    return -(u * v).sum() / z.numel()


@wrong("14.8", "after W")
def adversary(z, other, W, weight):
    turned = _reverse(other, weight)
    u = normalize(_reverse(z, weight), dim=1)
    return -(u * (normalize(turned, dim=1) @ W)).square().sum() / z.numel()


@wrong("14.8", "z is made of length 1")
def adversary(z, other, W, weight):
    _, v = _found(z, other, W, weight)
    return -(_reverse(z, weight) * v).square().sum() / z.numel()


@wrong("14.8", "multiplied by lambda twice")
def adversary(z, other, W, weight):  # the other head twice through the reversal
    u, v = _found(z, other, W, weight, turn=lambda x, w: _reverse(_reverse(x, w), -w))
    return -(u * v).square().sum() / z.numel()


@wrong("14.8", "r(x) must be x")
def adversary(z, other, W, weight):  # the value changes, too
    u, v = _found(z, other, W, weight, turn=lambda x, weight: x.detach() - weight * x)
    return -(u * v).square().sum() / z.numel()


@wrong("14.8", "gradient in z")
def adversary(z, other, W, weight):  # the value of one thing, the slope of another
    u, v = _found(z, other, W, weight, turn=lambda x, weight: x)
    found = (u * v).square().sum() / z.numel()
    slope = weight * (u * v).sum() / z.numel()
    return slope - slope.detach() - found.detach()


class _Turn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.weight = weight
        return x.view_as(x)

    @staticmethod
    def backward(ctx, slope):
        return -ctx.weight * slope, None


@right("14.8")
def adversary(z, other, W, weight):
    u, v = _found(z, other, W, weight, turn=_Turn.apply)
    return -(u.square() * v.square()).mean()


@right("14.8")
def adversary(z, other, W, weight):  # a hook on the gradient
    def turned(x):
        x = x * 1
        if x.requires_grad:
            x.register_hook(lambda slope: -weight * slope)
        return x

    a, b = turned(z), turned(other) @ W
    found = (a * b).square().sum(dim=1)
    return -(found / a.square().sum(dim=1) / b.square().sum(dim=1)).sum() / z.numel()
