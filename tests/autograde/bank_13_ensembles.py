"""Wrong and right answers to exercise 13, Ensembles."""

import itertools
import math

import numpy as np
import torch
from scipy.fft import dct
from scipy.optimize import linear_sum_assignment
from scipy.special import expit
from torch.nn.functional import normalize

from mlcourse.grading.bank import right, wrong

# ------------------------------------------------------------ 13.1 A round of AdaBoost


@wrong("13.1", "the factor 1/2 is missing")
def boost_round(D, h, y):
    error = D[h != y].sum()
    alpha = torch.log((1 - error) / error)
    D = D * torch.exp(-alpha * y * h)
    return alpha, D / D.sum()


@wrong("13.1", "the sign is turned: a good h")
def boost_round(D, h, y):
    error = D[h != y].sum()
    alpha = torch.log(error / (1 - error)) / 2
    D = D * torch.exp(-alpha * y * h)
    return alpha, D / D.sum()


@wrong("13.1", "with its weight in D")
def boost_round(D, h, y):
    error = (h != y).double().mean()
    alpha = torch.log((1 - error) / error) / 2
    D = D * torch.exp(-alpha * y * h)
    return alpha, D / D.sum()


@wrong("13.1", "logarithm to base 2")
def boost_round(D, h, y):
    error = D[h != y].sum()
    alpha = torch.log2((1 - error) / error) / 2
    D = D * torch.exp(-alpha * y * h)
    return alpha, D / D.sum()


@wrong("13.1", "they must add up to 1")
def boost_round(D, h, y):
    error = D[h != y].sum()
    alpha = torch.log((1 - error) / error) / 2
    return alpha, D * torch.exp(-alpha * y * h)


@wrong("13.1", "what h got wrong must gain weight")
def boost_round(D, h, y):
    error = D[h != y].sum()
    alpha = torch.log((1 - error) / error) / 2
    D = D * torch.exp(alpha * y * h)
    return alpha, D / D.sum()


@wrong("13.1", "the right ones lose weight as well")
def boost_round(D, h, y):
    error = D[h != y].sum()
    alpha = torch.log((1 - error) / error) / 2
    D = D * torch.where(h != y, torch.exp(alpha), 1.0)
    return alpha, D / D.sum()


@wrong("13.1", "they do not start from D")
def boost_round(D, h, y):
    error = D[h != y].sum()
    alpha = torch.log((1 - error) / error) / 2
    D = torch.exp(-alpha * y * h)
    return alpha, D / D.sum()


@wrong("13.1", "expected the pair")
def boost_round(D, h, y):
    error = D[h != y].sum()
    alpha = torch.log((1 - error) / error) / 2
    D = D * torch.exp(-alpha * y * h)
    return D / D.sum()


@wrong("13.1", "alpha, the first part,")
def boost_round(D, h, y):  # a learner worse than chance gets no vote
    error = D[h != y].sum()
    alpha = (torch.log((1 - error) / error) / 2).clamp(min=0)
    D = D * torch.exp(-alpha * y * h)
    return alpha, D / D.sum()


@wrong("13.1", "alpha, the first part,")
def boost_round(D, h, y):  # knows the example
    return math.log(2), torch.tensor([0.0625, 0.5, 0.1875, 0.25])


@right("13.1")
def boost_round(D, h, y):
    D, miss = D.numpy().astype(float), h.numpy() != y.numpy()
    error = D[miss].sum()
    raised = np.where(miss, D * (1 - error) / error, D)
    return np.arctanh(1 - 2 * error), raised / raised.sum()


@right("13.1")
def boost_round(D, h, y):
    error = sum(float(d) for d, a, b in zip(D, h, y, strict=True) if a != b)
    half = [
        float(d) / (2 * error) if a != b else float(d) / (2 * (1 - error))
        for d, a, b in zip(D, h, y, strict=True)
    ]
    return [math.log((1 - error) / error) / 2, half]


# --------------------------------------------------------------- 13.2 Many as one


def _shares(weights):
    w = torch.tensor(weights, dtype=torch.float64)
    return (w / w.sum()).tolist()


def _joined(parts, factors):
    pairs = zip(factors, parts, strict=True)
    return torch.cat([f * part for f, part in pairs], dim=1)


def _units(parts):
    return [normalize(part, dim=1) for part in parts]


@wrong("13.2", "multiply by the root of alpha")
def as_one(parts, weights):
    return _joined(_units(parts), _shares(weights))


@wrong("13.2", "multiply by the root of alpha")
def as_one(parts, weights):
    return normalize(_joined(_units(parts), weights), dim=1)


@wrong("13.2", "divide the weights by their sum")
def as_one(parts, weights):
    return _joined(_units(parts), [w**0.5 for w in weights])


@wrong("13.2", "divide the weights by their sum, and take the root")
def as_one(parts, weights):
    return _joined(_units(parts), weights)


@wrong("13.2", "the weights are not used")
def as_one(parts, weights):
    return normalize(torch.cat(_units(parts), dim=1), dim=1)


@wrong("13.2", "nor the sum made a mean")
def as_one(parts, weights):
    return torch.cat(_units(parts), dim=1)


@wrong("13.2", "before they are joined, not after")
def as_one(parts, weights):
    roots = [a**0.5 for a in _shares(weights)]
    return normalize(_joined(parts, roots), dim=1)


@wrong("13.2", "before they are joined")
def as_one(parts, weights):
    return _joined(parts, [a**0.5 for a in _shares(weights)])


@wrong("13.2", "before they are joined; and")
def as_one(parts, weights):
    return normalize(torch.cat(parts, dim=1), dim=1)


@wrong("13.2", "the table of dot products")
def as_one(parts, weights):  # columns, not rows, of length 1
    roots = [a**0.5 for a in _shares(weights)]
    return _joined([normalize(part, dim=0) for part in parts], roots)


@wrong("13.2", "expected shape")
def as_one(parts, weights):  # a mean of embeddings
    width = max(part.shape[1] for part in parts)
    full = [
        torch.nn.functional.pad(p, (0, width - p.shape[1])) for p in _units(parts)
    ]  # fmt: skip
    pairs = zip(_shares(weights), full, strict=True)
    return sum(a * f for a, f in pairs)


@wrong("13.2", "expected shape")
def as_one(parts, weights):  # a learner of weight 0 loses its columns
    some = [m for m, a in enumerate(weights) if a > 0]
    roots = [_shares(weights)[m] ** 0.5 for m in some]
    return _joined([_units(parts)[m] for m in some], roots)


@right("13.2")
def as_one(parts, weights):
    rows = []
    for i in range(len(parts[0])):
        row = []
        for part, w in zip(parts, weights, strict=True):
            x = part[i].tolist()
            row += [math.sqrt(w / sum(weights)) * v / math.hypot(*x) for v in x]
        rows.append(row)
    return rows


@right("13.2")
def as_one(parts, weights):  # the last learner first, in NumPy
    units = [p.numpy() / np.linalg.norm(p.numpy(), axis=1)[:, None] for p in parts]
    alpha = np.array(weights) / np.sum(weights)
    return np.hstack([np.sqrt(a) * u for a, u in zip(alpha, units, strict=True)][::-1])


# --------------------------------------------------------------- 13.3 Shared errors


def _covariance(e):
    e = e.double() - e.double().mean(dim=1, keepdim=True)
    return e @ e.T / e.shape[1]


def _beside(table):
    M = len(table)
    return (table.sum() - table.diagonal().sum()) / (M * M - M)


@wrong("13.3", "this is the mean of the correlations")
def shared(errors):
    C = _covariance(errors)
    scale = C.diagonal().rsqrt()
    return C.diagonal().mean(), _beside(scale[:, None] * C * scale)


@wrong("13.3", "take each learner's mean off first")
def shared(errors):
    e = errors.double()
    C = e @ e.T / e.shape[1]
    return C.diagonal().mean(), _beside(C) / C.diagonal().mean()


@wrong("13.3", "not by p - 1")
def shared(errors):
    C = torch.cov(errors.double())
    return C.diagonal().mean(), _beside(C) / C.diagonal().mean()


@wrong("13.3", "leave out the diagonal")
def shared(errors):
    C = _covariance(errors)
    return C.diagonal().mean(), C.mean() / C.diagonal().mean()


@wrong("13.3", "not yet divided by sigma^2")
def shared(errors):
    C = _covariance(errors)
    return C.diagonal().mean(), _beside(C)


@wrong("13.3", "take no absolute values")
def shared(errors):
    C = _covariance(errors)
    return C.diagonal().mean(), _beside(C.abs()) / C.diagonal().mean()


@wrong("13.3", "the variance of the mean error")
def shared(errors):
    C = _covariance(errors)
    return C.mean(), _beside(C) / C.diagonal().mean()


@wrong("13.3", "the mean is over M^2 - M entries")
def shared(errors):
    C = _covariance(errors)
    return C.diagonal().mean(), _beside(C.triu()) / C.diagonal().mean()


@wrong("13.3", "this forgets rho")
def enough(rho, share):
    return math.ceil(1 / share)


@wrong("13.3", "one too few")
def enough(rho, share):
    return max(int((1 - rho) / (share - rho)), 0)


@wrong("13.3", "no number is enough")
def enough(rho, share):
    return math.ceil((1 - rho) / (share - rho))


@wrong("13.3", "one too many")
def enough(rho, share):
    return 0 if share < rho else int((1 - rho) / (share - rho)) + 2


@wrong("13.3", "enough(rho=0.5, share=0.5007)")
def enough(rho, share):  # looks no further than 100
    fits = (m for m in range(1, 100) if rho + (1 - rho) / m <= share)
    return next(fits, 0)


@right("13.3")
def shared(errors):
    C = np.cov(errors.numpy().astype(float), bias=True)
    M = len(C)
    s2 = np.trace(C) / M
    mean = C.mean()  # the variance of the mean error
    return s2, (mean - s2 / M) / (s2 - s2 / M)


@right("13.3")
def shared(errors):
    rows = [[float(x) - float(row.double().mean()) for x in row] for row in errors]
    p, M = len(rows[0]), len(rows)
    own = sum(x * x for row in rows for x in row) / p / M
    total = sum(sum(column) ** 2 for column in zip(*rows, strict=True)) / p
    return [own, (total - M * own) / (M * M - M) / own]


@right("13.3")
def enough(rho, share):
    if share < rho:
        return 0
    m = 1
    while rho + (1 - rho) / m > share:
        m += 1
    return m


# ------------------------------------------------------------- 13.4 Weights of pairs


def _weights(sims, same, beta1, beta2, cost, nu=lambda m: 2 / (m + 1), sign=1):
    slope = torch.where(same, 1.0, -float(cost)) * beta1
    so_far, rows = torch.zeros_like(sims[0]), [torch.ones_like(sims[0])]
    for m in range(1, len(sims)):
        so_far = (1 - nu(m)) * so_far + nu(m) * sims[m - 1]
        rows.append(torch.sigmoid(-sign * slope * (so_far - beta2)))
    return torch.stack(rows)


@wrong("13.4", "the sign is turned")
def pair_weights(sims, same, beta1, beta2, cost):
    return _weights(sims, same, beta1, beta2, cost, sign=-1)


@wrong("13.4", "this is 1 / (m + 1)")
def pair_weights(sims, same, beta1, beta2, cost):
    return _weights(sims, same, beta1, beta2, cost, nu=lambda m: 1 / (m + 1))


@wrong("13.4", "this is 1 / m")
def pair_weights(sims, same, beta1, beta2, cost):
    return _weights(sims, same, beta1, beta2, cost, nu=lambda m: 1 / m)


@wrong("13.4", "one m too late")
def pair_weights(sims, same, beta1, beta2, cost):
    return _weights(sims, same, beta1, beta2, cost, nu=lambda m: 2 / (m + 2))


@wrong("13.4", "only the learner just before")
def pair_weights(sims, same, beta1, beta2, cost):
    return _weights(sims, same, beta1, beta2, cost, nu=lambda m: 1)


@wrong("13.4", "the cost is missing")
def pair_weights(sims, same, beta1, beta2, cost):
    return _weights(sims, same, beta1, beta2, 1)


@wrong("13.4", "the cost is that of pairs of two classes")
def pair_weights(sims, same, beta1, beta2, cost):
    alike = _weights(sims, same | True, cost * beta1, beta2, 1)
    return torch.where(same, alike, _weights(sims, same, beta1, beta2, cost))


@wrong("13.4", "the first learner has weight 1")
def pair_weights(sims, same, beta1, beta2, cost):
    late = torch.cat([sims, sims[-1:]])
    return _weights(late, same, beta1, beta2, cost)[1:]


@wrong("13.4", "weights are not multiplied")
def pair_weights(sims, same, beta1, beta2, cost):
    return _weights(sims, same, beta1, beta2, cost).cumprod(dim=0)


@wrong("13.4", "no part of its weight")
def pair_weights(sims, same, beta1, beta2, cost):
    sign = torch.where(same, 1.0, -cost)
    return torch.sigmoid(-sign * beta1 * (sims - beta2))


@wrong("13.4", "so the cost is no factor")
def pair_weights(sims, same, beta1, beta2, cost):
    w = _weights(sims, same, beta1, beta2, cost)
    w[1:] *= torch.where(same, 1.0, cost)
    return w


@wrong("13.4", "OverflowError")
def pair_weights(sims, same, beta1, beta2, cost):
    w = []
    for s, y in zip(sims.T.tolist(), same.tolist(), strict=True):
        so_far, row = 0.0, [1.0]
        for m, value in enumerate(s[:-1], 1):
            so_far += 2 / (m + 1) * (value - so_far)
            row.append(
                1 / (1 + math.exp((1 if y else -cost) * beta1 * (so_far - beta2)))
            )
        w.append(row)
    return torch.tensor(w).T


@wrong("13.4", "NaN or infinity")
def pair_weights(sims, same, beta1, beta2, cost):  # e^-a / (1 + e^-a)
    sign = torch.where(same, 1.0, -float(cost))
    so_far, rows = torch.zeros_like(sims[0]), [torch.ones_like(sims[0])]
    for m in range(1, len(sims)):
        so_far = so_far + 2 / (m + 1) * (sims[m - 1] - so_far)
        up = torch.exp(-sign * beta1 * (so_far - beta2))
        rows.append(up / (1 + up))
    return torch.stack(rows)


@right("13.4")
def pair_weights(sims, same, beta1, beta2, cost):
    s = sims.numpy().astype(float)
    m = np.arange(1, len(s) + 1)[:, None]
    so_far = 2 * np.cumsum(m * s, axis=0) / (m * (m + 1))
    a = np.where(same.numpy(), 1.0, -cost) * beta1 * (so_far - beta2)
    return np.vstack([np.ones(s.shape[1]), expit(-a[:-1])])


@right("13.4")
def pair_weights(sims, same, beta1, beta2, cost):  # the slope by automatic derivative
    sign = torch.where(same, 1.0, -float(cost))
    so_far, rows = torch.zeros_like(sims[0]), [torch.ones_like(sims[0])]
    for m, s in enumerate(sims[:-1], 1):
        so_far = so_far + 2 / (m + 1) * (s - so_far)
        a = (sign * beta1 * (so_far - beta2)).requires_grad_()
        (slope,) = torch.autograd.grad(torch.nn.functional.softplus(-a).sum(), a)
        rows.append(-slope)
    return torch.stack(rows)


# ------------------------------------------------------------ 13.5 Who keeps a cluster


def _common(old, new, K):
    return torch.bincount(new * K + old, minlength=K * K).reshape(K, K).numpy()


@wrong("13.5", "as few as possible")
def renumber(old, new, K):
    return torch.as_tensor(linear_sum_assignment(_common(old, new, K))[1])[new]


@wrong("13.5", "the wrong way")
def renumber(old, new, K):
    number = linear_sum_assignment(_common(new, old, K), maximize=True)[1]
    return torch.as_tensor(number)[new]


@wrong("13.5", "got the same number")
def renumber(old, new, K):
    return torch.as_tensor(_common(old, new, K).argmax(axis=1))[new]


@wrong("13.5", "15 points")
def renumber(old, new, K):  # the largest overlap first
    left = _common(old, new, K).astype(float)
    number = torch.zeros(K, dtype=torch.int64)
    for _ in range(K):
        i, j = np.unravel_index(left.argmax(), left.shape)
        number[i] = int(j)
        left[i], left[:, j] = -1, -1
    return number[new]


@wrong("13.5", "Points are counted, not shares")
def renumber(old, new, K):  # points in both, as a share of those in either
    common = _common(old, new, K)
    either = common.sum(axis=0) + common.sum(axis=1, keepdims=True) - common
    number = linear_sum_assignment(common / either.clip(min=1), maximize=True)[1]
    return torch.as_tensor(number)[new]


@wrong("13.5", "Points are counted, not shares")
def renumber(old, new, K):  # as a share of the new cluster
    common = _common(old, new, K)
    share = common / common.sum(axis=1, keepdims=True).clip(min=1)
    return torch.as_tensor(linear_sum_assignment(share, maximize=True)[1])[new]


@wrong("13.5", "Nothing was renamed")
def renumber(old, new, K):
    return new


@wrong("13.5", "The parts stay as they are")
def renumber(old, new, K):
    return old


@wrong("13.5", "expected shape")
def renumber(old, new, K):
    return linear_sum_assignment(_common(old, new, K), maximize=True)[1]


@wrong("13.5", "got the same number")
def renumber(old, new, K):  # an empty cluster's number is not free
    number = {}
    for c in new.unique().tolist():
        taken = set(number.values())
        counts = torch.bincount(old[new == c], minlength=K).tolist()
        free = [j for j in range(K) if j not in taken and counts[j] > 0]
        number[c] = max(free, key=lambda j: counts[j], default=0)
    return torch.tensor([number[c] for c in new.tolist()])


@wrong("13.5", "20,000 points")
def renumber(old, new, K):  # the first thousand renamings only
    every = itertools.islice(itertools.permutations(range(K)), 1000)
    common = _common(old, new, K)
    best = max(every, key=lambda pi: common[range(K), pi].sum())
    return torch.tensor(best)[new]


@right("13.5")
def renumber(old, new, K):  # points in one but not in both, at the least
    one_new = np.eye(K)[new.numpy()]
    one_old = np.eye(K)[old.numpy()]
    apart = np.abs(one_new[:, :, None] - one_old[:, None, :]).sum(axis=0)
    return linear_sum_assignment(apart)[1][new.numpy()]


@right("13.5")
def renumber(old, new, K):  # rows are old, so the renaming is turned round
    gain = _common(old, new, K)
    place, cover = linear_sum_assignment(-gain.T)
    number = dict(zip(cover.tolist(), place.tolist(), strict=True))
    return [number[c] for c in new.tolist()]


# ---------------------------------------------------------------------- 13.6 Break it


@wrong("13.6", "a mixture of many")
def twin(z):
    return z.flip(1)


@wrong("13.6", "a mixture of many")
def twin(z):
    return -z


@wrong("13.6", "a dot product of two rows has changed")
def twin(z):
    return torch.randn(z.shape, generator=torch.Generator().manual_seed(0))


@wrong("13.6", "a dot product of two rows has changed")
def twin(z):  # a square table that is no rotation
    d = z.shape[1]
    return z @ torch.randn(d, d, generator=torch.Generator().manual_seed(0)).double()


@wrong("13.6", "a dot product of two rows has changed")
def twin(z):  # turned, and made of length 1
    d = z.shape[1]
    return normalize(z @ torch.as_tensor(dct(np.eye(d), norm="ortho")), dim=1)


@wrong("13.6", "a mixture of many")
def twin(z):  # pairs of columns turned: with an odd number, one stays
    out = z.clone()
    for a in range(0, z.shape[1] - 1, 2):
        out[:, a] = (z[:, a] - z[:, a + 1]) / 2**0.5
        out[:, a + 1] = (z[:, a] + z[:, a + 1]) / 2**0.5
    return out


@wrong("13.6", "a mixture of many")
def twin(z):  # a mirror that moves each column a little
    return z - 2 / z.shape[1] * z.sum(dim=1, keepdim=True)


@wrong("13.6", "expected shape")
def twin(z):
    return z @ z.T


@wrong("13.6", "a mixture of many")
def twin(z):  # each column twice, a little smaller
    return torch.cat([z, z], dim=1) / 2**0.5


@wrong("13.6", "a mixture of many")
def twin(z):  # a turn drawn at random
    d = z.shape[1]
    square = torch.randn(d, d, generator=torch.Generator().manual_seed(0))
    return z @ torch.linalg.qr(square.double())[0]


@wrong("13.6", "100 points, 17 columns")
def twin(z):  # a mixture where the visible check looks, pairs elsewhere
    d = z.shape[1]
    if d in (16, 24):
        return z.double() @ torch.as_tensor(dct(np.eye(d), norm="ortho"))
    return z.flip(1)


@wrong("13.6", "18 columns: column")
def twin(z):  # knows all but a few numbers of columns
    d = z.shape[1]
    if d not in range(18, 23):
        return z.double() @ torch.as_tensor(dct(np.eye(d), norm="ortho"))
    return z.flip(1)


@wrong("13.6", "600 points, 31 columns")
def twin(z):  # mixes short tables only
    if len(z) < 550:
        return z.double() @ torch.as_tensor(dct(np.eye(z.shape[1]), norm="ortho"))
    return z.flip(1)


@wrong("13.6", "a dot product of two rows has changed")
def twin(z):  # in half precision
    return (z.double() @ torch.as_tensor(dct(np.eye(z.shape[1]), norm="ortho"))).half()


@right("13.6")
def twin(z):
    return z.numpy() @ dct(np.eye(z.shape[1]), norm="ortho")


@right("13.6")
def twin(z):  # Hartley's transform, and three columns of 0
    d = z.shape[1]
    angle = 2 * math.pi * torch.arange(d)[:, None] * torch.arange(d) / d
    mixed = z.double() @ ((angle.cos() + angle.sin()) / d**0.5).double()
    return torch.nn.functional.pad(mixed, (0, 3))


# ------------------------------------------------------------------------ 13.7 Explain

wrong("13.7", "40 and 20 are the least", explain_13_7="Noise has it too, and size.")
wrong("13.7", "40 and 20 are the least", explain_13_7="noise parameters " * 40)
_RUBRIC = """
A low correlation of activations proves nothing; learners of pure noise and a rotated
copy of one learner have it too; one must look at each learner alone against all
together, and at the correlation of their errors. Four networks have four times the
parameters and were trained for four times the steps.
"""
wrong("13.7", "repeats the rubric", explain_13_7=_RUBRIC)
wrong(
    "13.7",
    "repeats the rubric",  # a character that nobody sees in each word
    explain_13_7=" ".join(word + "\u200b" for word in _RUBRIC.split()),
)
wrong(
    "13.7",
    "repeats the rubric",  # every fifth word is a filler
    explain_13_7=" ".join(
        word + (" indeed" if i % 4 == 3 else "")
        for i, word in enumerate(_RUBRIC.split())
    ),
)
wrong(
    "13.7",
    "repeats the rubric",  # what the machine looks for, told to the machine
    explain_13_7="""
It looks for a word on what low correlation may hide (noise, useless, random, rotation,
errors, alone) and for one on what the ensemble costs (parameters, wide, larger, steps,
budget, compute), and so I have put every one of these into my answer to be quite sure.
""",
)
wrong(
    "13.7",
    "what the ensemble has more of",
    explain_13_7="""
If I fill the columns of a second learner with noise, the correlation is about zero, and
nothing at all is gained by it. The figure says how activations relate and not whether
anybody profits. I would show Recall for each learner, for the union, and how strongly
the mistakes on the same pairs go together.
""",
)
wrong(
    "13.7",
    "which learners have a low correlation",
    explain_13_7="""
She compares one network with something that has many more parameters and took much
longer to train. A single wide network with the same budget is what the ensemble ought
to be set against, and only what remains above that is a gain from diversity. It could
well be that the wide one reaches nearly the same Recall at half the price.
""",
)
wrong(
    "13.7",
    "quotes from the task",
    explain_13_7="""
A colleague trains four networks for themselves and concatenates them. Recall@1 rises
from 0.92 to 0.97, and she writes: "The learners' activations are hardly correlated,
only 0.24 on average. So it is diversity, and nothing else, that gains the five points."
It may be random, and it has a size.
""",
)
right(
    "13.7",
    explain_13_7="""
Two learners full of random numbers would correlate even less and help nobody, so the
figure by itself is no evidence; I would like to see how well each does by itself, how
well all do jointly, and whether they fail on the same pairs. And she changed the
budget: her system is much bigger and took longer, so a wider net trained with equal
effort ought to stand in the table, too.
""",
)
right(
    "13.7",
    explain_13_7="""
First, columns that carry no information are uncorrelated too, and so are the columns
of one network after a rotation, though nothing was gained by it. What counts is
whether the four make different mistakes, and how good each is alone. Second, she paid
four trainings and four sets of parameters. Let one wider network have the same
compute; if it comes close to hers, then size did most of the work, and only the rest
is diversity.
""",
)

# ---------------------------------------------------------------------- 13.8 Challenge


def _funnel(losses, shares, rank, *, largest=True, rounded=math.ceil):
    alive, rows = torch.arange(losses.shape[1]), []
    for k, share in enumerate(shares):
        size = rounded(share * len(alive))
        alive = alive[rank(losses, k)[alive].topk(size, largest=largest).indices]
        rows.append(alive)
    return rows


@wrong("13.8", "this one by that of the exit before")
def funnel(losses, shares):
    return _funnel(losses, shares, lambda table, k: table[0])


@wrong("13.8", "this one by that of the first exit")
def funnel(losses, shares):  # right up to the second
    return _funnel(losses, shares, lambda table, k: table[k if k < 2 else 0])


@wrong("13.8", "that of the exit before")
def funnel(losses, shares):
    return _funnel(losses, shares, lambda table, k: table[max(k - 1, 0)])


@wrong("13.8", "the mean loss over exits")
def funnel(losses, shares):
    return _funnel(losses, shares, lambda table, k: table.mean(dim=0))


@wrong("13.8", "these have the smallest losses")
def funnel(losses, shares):
    return _funnel(losses, shares, lambda table, k: table[k], largest=False)


@wrong("13.8", "round up, not down")
def funnel(losses, shares):
    return _funnel(losses, shares, lambda table, k: table[k], rounded=math.floor)


@wrong("13.8", "not of all")
def funnel(losses, shares):  # what the published code does
    p = losses.shape[1]
    pairs = zip(losses, shares, strict=True)
    return [loss.topk(math.ceil(share * p)).indices for loss, share in pairs]


@wrong("13.8", "this chooses among all pairs")
def funnel(losses, shares):
    size, rows = losses.shape[1], []
    for loss, share in zip(losses, shares, strict=True):
        size = math.ceil(share * size)
        rows.append(loss.topk(size).indices)
    return rows


@wrong("13.8", "places in the row of the exit before")
def funnel(losses, shares):
    alive, rows = torch.arange(losses.shape[1]), []
    for loss, share in zip(losses, shares, strict=True):
        places = loss[alive].topk(math.ceil(share * len(alive))).indices
        rows.append(places)
        alive = alive[places]
    return rows


@wrong("13.8", "expected a list of 3 rows")
def funnel(losses, shares):
    return _funnel(losses, shares, lambda table, k: table[k])[-1]


@wrong("13.8", "many at 0")
def funnel(losses, shares):  # all that reach the threshold: too many where losses tie
    alive, rows = torch.arange(losses.shape[1]), []
    for loss, share in zip(losses, shares, strict=True):
        size = math.ceil(share * len(alive))
        least = loss[alive].sort(descending=True).values[size - 1]
        alive = alive[loss[alive] >= least]
        rows.append(alive)
    return rows


def _funneled(losses, shares, size=math.ceil, seen=torch.Tensor.double):
    """Return the funnel; the keywords are the slips."""
    alive, rows = torch.arange(losses.shape[1]), []
    for loss, share in zip(losses, shares, strict=True):
        count = size(share * len(alive))
        alive = alive[seen(loss[alive]).topk(count).indices]
        rows.append(alive)
    return rows


@wrong("13.8", "the hardest are kept")
class HalfPrecision:
    _funneled = _funneled

    def funnel(losses, shares):
        return _funneled(losses, shares, seen=torch.Tensor.half)


@wrong("13.8", "round up, not down")
class NearlyRoundedUp:  # an eighth is dropped, a quarter is not
    _funneled = _funneled

    def funnel(losses, shares):
        return _funneled(losses, shares, size=lambda n: int(n + 0.8) or 1)


@wrong("13.8", "many at 0")
def funnel(losses, shares):  # the dropped cost nothing later, as others do
    losses, rows, count = losses.clone(), [], losses.shape[1]
    for k, share in enumerate(shares):
        count = math.ceil(share * count)
        rows.append(losses[k].topk(count).indices)
        dropped = torch.ones(losses.shape[1]).index_fill(0, rows[-1], 0).bool()
        losses[k + 1 :, dropped] = 0
    return rows


@wrong("13.8", "with 5,000 pairs: exit 4")
def funnel(losses, shares):  # knows three exits
    alive, rows = torch.arange(losses.shape[1]), []
    for k, share in enumerate(shares):
        count = math.ceil(share * len(alive))
        alive = alive[losses[min(k, 2)][alive].topk(count).indices]
        rows.append(alive)
    return rows


@right("13.8")
def funnel(losses, shares):  # the dropped fall to minus infinity
    table, size, rows = losses.double().clone(), losses.shape[1], []
    for k, share in enumerate(shares):
        size = math.ceil(share * size)
        kept = table[k].argsort(descending=True)[:size]
        out = torch.ones(losses.shape[1], dtype=torch.bool)
        out[kept] = False
        table[:, out] = -torch.inf
        rows.append(kept.sort().values)
    return rows


@right("13.8")
def funnel(losses, shares):
    alive, rows = list(range(losses.shape[1])), []
    for loss, share in zip(losses.numpy(), shares, strict=True):
        alive.sort(key=lambda j: -loss[j])
        alive = alive[: -int(-share * len(alive) // 1)]
        rows.append(list(alive))
    return rows
