"""Checks of exercise 14, Generalization."""

import itertools
import math
import random

import numpy as np
import torch
from torch.nn.functional import normalize

from mlcourse.grading import compare, own_words, task
from mlcourse.grading.as_numbers import as_numbers

HIDES = (
    "mlcourse.generalization",
    "mlcourse.ensembles",
    "mlcourse.evaluation",
    "mlcourse._reversal",
)
#: Libraries that answer some of the tasks: a person looks at them, no point is lost.
FLAGS = ("pytorch_metric_learning", "pytorch_fid", "torchmetrics", "ignite")

SEEN = "See lecture 14, section 'Classes never seen'."
FEW = "See lecture 14, section 'A few examples help'."
FLAT = "See lecture 14, section 'Over-compression'."
SHARED = "See lecture 14, section 'Mining what classes share'."
FAR = "See lecture 14, section 'How far is far'."
SHIFT = "See lecture 14, section 'Growing shift'."
DTYPES = (torch.float64, torch.float32)
SIDES, ROLES = ("train", "test"), ("support", "query")


def _pair(got, call, what, reading):
    """Return the two parts of got, or say what came."""
    two = isinstance(got, list | tuple) and len(got) == 2
    assert two, f"{call} returned {got!r:.80}, expected the pair {what}. {reading}"
    return got


# ----------------------------------------------------------- 14.1 Who may see what?


def _rows(got, n, call, reading):
    """Return got as a list of rows from 0 to n - 1, none twice, or say what is off."""
    numbers = as_numbers(got)
    flat = numbers is not None and numbers.ndim == 1
    found = "no list of numbers" if numbers is None else tuple(numbers.shape)
    assert flat, f"{call} is {found}, expected a list of rows. {reading}"
    whole = bool(((numbers == numbers.floor()) & (numbers >= 0) & (numbers < n)).all())
    assert whole, (
        f"{call} must hold rows, whole numbers from 0 to {n - 1}; it begins with "
        f"{numbers[:3].tolist()}. Labels are no rows. {reading}"
    )
    rows = numbers.long().tolist()
    twice = sorted(row for row in set(rows) if rows.count(row) > 1) if n < 100 else []
    assert len(set(rows)) == len(rows), (
        f"{call} holds {twice[:3] or 'some rows'} twice: rows are numbers of "
        f"points, not marks 0 and 1, and are drawn without replacement. {reading}"
    )
    return rows


def _parts(given, n, call, names, reading):
    """Return two parts of 0 to n - 1 without overlap and without a gap."""
    first, second = _pair(given, call, "({}, {})".format(*names), reading)
    first = _rows(first, n, f"{call}: {names[0]}, the first part,", reading)
    second = _rows(second, n, f"{call}: {names[1]}, the second part,", reading)
    both = sorted(set(first) & set(second))
    assert not both, (
        f"{call}: row {both[0]} is in {names[0]} and in {names[1]}, a leak: what one "
        f"has learned from must not be tested with. {reading}"
    )
    neither = sorted(set(range(n)) - set(first) - set(second))
    assert not neither, (
        f"{call}: row {neither[0]} is in neither part; every point is in one. {reading}"
    )
    return first, second


def _check_split(answers, labels, n_test, seed, name):
    """Check one split; returns the classes of its test part."""
    call = f"split_classes(labels, n_test={n_test}, seed={seed}) with {name}"
    given = answers.split_classes(labels, n_test, seed)
    train, test = _parts(given, len(labels), call, SIDES, SEEN)
    seen, held = ({int(labels[i]) for i in rows} for rows in (train, test))
    shared = sorted(seen & held)
    assert not shared, (
        f"{call}: class {shared[0]} is on both sides. This splits images; the "
        f"test must ask about classes that nobody has shown. {SEEN}"
    )
    swapped = len(seen) == n_test != len(held)
    said = (
        "Train comes first, test second."
        if swapped
        else "Labels may be any numbers; no class is drawn twice."
    )
    assert len(held) == n_test, (
        f"{call}: {len(held)} classes are in test, expected {n_test}. {said} {SEEN}"
    )
    return tuple(sorted(held))


def _fair(seen, every, call, reading, what):
    """Complain unless each of the equally likely outcomes came about as often."""
    n, p = len(seen), 1 / len(every)
    assert len(set(seen)) > 1, (
        f"{call}: {n} different seeds all gave {seen[0]}; the seed must decide, and "
        f"every choice of {what} must be possible. {reading}"
    )
    slack = 6 * math.sqrt(n * p * (1 - p)) + 1
    for one in every:
        count = seen.count(one)
        fair = count > 0 and abs(count - n * p) <= slack
        assert fair, (
            f"{call}: of {n} different seeds {count} gave {one}, expected about "
            f"{n * p:.0f}: every choice of {what} must be equally likely. {reading}"
        )


def _check_seeds(answers, function, labels, number, call, names, reading):
    """Complain unless each of five seeds gives one result, called twice."""
    for seed in random.sample(range(10**6), 5):  # two draws may be the same by chance
        draws = (getattr(answers, function)(labels, number, seed) for _ in range(2))
        first, again = (
            [sorted(part) for part in _parts(pair, len(labels), call, names, reading)]
            for pair in draws
        )
        assert first == again, (
            f"{call}: two calls with the seed {seed} gave different rows; draw with a "
            f"generator that starts from this seed. {reading}"
        )


def _some_labels(sizes, low=-50, high=1000):
    """Shuffled labels of classes with these sizes and any names."""
    names = random.sample(range(low, high), len(sizes))
    rows = [n for n, size in zip(names, sizes, strict=True) for _ in range(size)]
    random.shuffle(rows)
    return torch.tensor(rows)


@task("14.1", points=1)
def test_split(answers):
    """The example, and five classes under 200 seeds

    No class on both sides; the seed decides, and is fair.
    """
    labels = torch.tensor([7, 4, 7, 4, 9, 9, 4, 7, 9])
    _check_split(answers, labels, 1, 5, "the example")
    labels = _some_labels([1, 1, 2, 3, 9])
    name = "16 points of 5 classes"
    seeds = random.sample(range(10**6), 200)
    seen = [_check_split(answers, labels, 2, seed, name) for seed in seeds]
    every = list(itertools.combinations(sorted(set(labels.tolist())), 2))
    call = f"split_classes(labels, n_test=2, seed) with {name}"
    _fair(seen, every, call, SEEN, "two classes")
    _check_seeds(answers, "split_classes", labels, 2, call, SIDES, SEEN)


def _check_episode(answers, labels, shots, seed, name):
    """Check one episode; returns the support's rows by class."""
    call = f"episode(labels, shots={shots}, seed={seed}) with {name}"
    given = answers.episode(labels, shots, seed)
    support, _ = _parts(given, len(labels), call, ROLES, FEW)
    of = {}
    for row in sorted(support):
        of.setdefault(int(labels[row]), []).append(row)
    for label in labels.unique().tolist():
        count = len(of.get(label, []))
        assert count == shots, (
            f"{call}: {count} points of class {label} are in support, expected {shots} "
            f"of each class. {FEW}"
        )
    return of


@task("14.1", points=1)
def test_episode(answers):
    """The example, and three classes under 200 seeds

    No query in the support; the seed decides, and is fair.
    """
    labels = torch.tensor([7, 4, 7, 4, 9, 9, 4, 7, 9])
    _check_episode(answers, labels, 1, 5, "the example")
    labels = _some_labels([4, 5, 4])
    name = "13 points of 3 classes"
    seeds = random.sample(range(10**6), 200)
    found = [_check_episode(answers, labels, 2, seed, name) for seed in seeds]
    call = f"episode(labels, shots=2, seed) with {name}"
    for label in labels.unique().tolist():
        own = (labels == label).nonzero().flatten().tolist()
        every = list(itertools.combinations(own, 2))
        seen = [tuple(of[label]) for of in found]
        _fair(seen, every, call, FEW, f"two points of class {label}")
    _check_seeds(answers, "episode", labels, 2, call, ROLES, FEW)


def _check_shares(draws, every, share, call, reading, what):
    """Complain unless all are drawn about as often, and hardly a draw comes twice."""
    n = len(draws)
    slack = 6 * math.sqrt(n * share * (1 - share)) + 1
    for one in every:
        count = sum(one in draw for draw in draws)
        assert abs(count - n * share) <= slack, (
            f"{call}: {n} different seeds drew {what} {one} {count} times, expected "
            f"about {n * share:.0f}: every choice must be equally likely. {reading}"
        )
    different = len(set(draws))
    assert different > 0.8 * n, (
        f"{call}: {n} different seeds gave {different} different draws only; nearly "
        f"all must differ, as every choice must be equally likely. {reading}"
    )


@task("14.1", points=1, hidden=True)
def test_draws_of_large_sets(answers):
    """3,000 points of 200 classes, classes of one point, all classes but one

    The same demands; other numbers of classes and shots are drawn as fairly.
    """
    labels = _some_labels([random.randrange(1, 9) for _ in range(25)])
    names = labels.unique().tolist()
    seeds, what = random.sample(range(10**6), 120), f"{len(labels)} points"
    call = f"split_classes(labels, n_test=8, seed) with {what} of 25 classes"
    draws = [_check_split(answers, labels, 8, seed, what) for seed in seeds]
    _check_shares(draws, names, 8 / 25, call, SEEN, "class")
    labels = _some_labels([15, 16, 15])
    seeds, what = seeds[:60], "46 points of 3 classes"
    call = f"episode(labels, shots=6, seed) with {what}"
    found = [_check_episode(answers, labels, 6, seed, what) for seed in seeds]
    for name in labels.unique().tolist():
        own = (labels == name).nonzero().flatten().tolist()
        draws = [tuple(of[name]) for of in found]
        _check_shares(draws, own, 6 / len(own), call, FEW, f"of class {name} the row")
    sizes = [random.randrange(13, 18) for _ in range(200)]
    labels = _some_labels(sizes, low=-(10**9), high=10**9)
    name = f"{len(labels)} points of 200 classes"
    call = f"split_classes(labels, n_test=60, seed) with {name}"
    draws = [_check_split(answers, labels, 60, seed, name) for seed in seeds[:9]]
    _check_shares(draws, [], 0.3, call, SEEN, "class")
    call = f"episode(labels, shots=3, seed) with {name}"
    found = [_check_episode(answers, labels, 3, seed, name) for seed in seeds[:9]]
    draws = [tuple(sorted(itertools.chain(*of.values()))) for of in found]
    _check_shares(draws, [], 0.2, call, FEW, "row")
    for n_test in (1, 77, 199):
        _check_split(answers, labels, n_test, random.randrange(10**6), name)
    for shots in (1, 5, 11):
        _check_episode(answers, labels, shots, random.randrange(10**6), name)
    _check_split(answers, _some_labels([1] * 30), 12, 3, "30 classes of one point")
    _check_split(answers, _some_labels([1, 40]), 1, 9, "two classes, of 1 and 40")
    _check_episode(answers, _some_labels([9]), 7, 4, "one class")


# ------------------------------------------------- 14.2 How flat is the spectrum?


def _kl(s, log=math.log):
    """Mean logarithm of an equal share over each one's, in a loop."""
    shares = [value / sum(s) for value in s]
    return sum(log(1 / len(s) / share) for share in shares) / len(s)


def _check_rho(answers, z, name):
    call = f"rho(z) with {name}"
    s = np.linalg.svd(z.double().numpy(), compute_uv=False).tolist()
    want = _kl(s)
    got = compare.number(answers.rho(z), call, FLAT)
    D = len(s)
    shares = [v / sum(s) for v in s]
    turned = sum(p * math.log(D * p) for p in shares)
    centred = (z - z.mean(dim=0)).double().numpy()
    unit = normalize(z.double(), dim=1).numpy()
    mistakes = [
        ("this is the divergence the other way round, S from U; the mean is over equal "
         "shares", turned),
        ("these are eigenvalues, the squares of the singular values",
         _kl([v * v for v in s])),
        ("this is a sum over directions, divide by D", want * D),
        ("this is a logarithm to base 2", want / math.log(2)),
        ("the sign is turned: no divergence is below 0", -want),
        ("the shares must add up to 1: divide by the sum of the singular values",
         -sum(math.log(D * v) for v in s) / D),
        ("divide by the sum of the singular values, not by the largest",
         -sum(math.log(D * v / s[0]) for v in s) / D),
        ("the mean is not subtracted from z", _centred_kl(centred)),
        ("the rows are not made of length 1",
         _kl(np.linalg.svd(unit, compute_uv=False).tolist())),
        ("this is the entropy of the shares", math.log(D) - turned),
        ("D is missing: an equal share is 1 / D", want + math.log(D)),
        ("D is the number of singular values, min(n, k)",
         want - math.log(z.shape[1] / D)),
    ]  # fmt: skip
    compare.one(got, want, call, FLAT, mistakes, tol=1e-3)


def _centred_kl(z):
    """The same of centred points; NaN where a direction is lost."""
    s = np.linalg.svd(z, compute_uv=False)
    return _kl(s.tolist()) if s[-1] > 1e-9 * s[0] else math.nan


def _embedding(n, k, least, dtype=torch.float64):
    """Random points whose singular values go from 1 down to the least."""
    u, _ = torch.linalg.qr(torch.randn(n, min(n, k), dtype=torch.float64))
    v, _ = torch.linalg.qr(torch.randn(k, min(n, k), dtype=torch.float64))
    s = least ** torch.linspace(0, 1, min(n, k), dtype=torch.float64)
    return ((3 + 5 * random.random()) * (u * s) @ v.T).to(dtype)


@task("14.2", points=1)
def test_rho(answers):
    """Two singular values by hand, random embeddings

    Compared with a loop over shares; equal singular values must give 0.
    """
    z = torch.tensor([[0.0, 3.0], [1.0, 0.0], [0.0, 0.0]])
    _check_rho(answers, z, "the example")
    for dtype in DTYPES:
        z = _embedding(20, 5, 0.05, dtype) + 0.3
        _check_rho(answers, z, f"20 random points in 5 dimensions, {dtype}")
    equal = 4 * _embedding(12, 6, 1.0)
    _check_rho(answers, equal, "12 points, all singular values equal")


def _check_flat(answers, z, name):
    call = f"flat(z) with {name}"
    got = compare.table(answers.flat(z), tuple(z.shape), call, FLAT)
    A = torch.linalg.lstsq(z.double(), got).solution
    off = (z.double() @ A - got).norm() / got.norm().clamp(min=1e-300)
    assert off < 1e-3, (
        f"{call}: {off.item():.2%} of the result is no z A for any (k, k) matrix A. "
        f"The columns must be mixtures of z's columns, the rows stay. {FLAT}"
    )
    s = np.linalg.svd(got.numpy(), compute_uv=False).tolist()
    value = _kl(s) if s[-1] > 1e-12 * s[0] else math.inf
    assert value <= 1e-3, (
        f"{call} has the spectral decay {value:.4f}, its singular values go from "
        f"{s[0]:.4g} to {s[-1]:.4g}; all must be equal, so all columns orthogonal and "
        f"of one length. {FLAT}"
    )


@task("14.2", points=1)
def test_flat(answers):
    """The example, random embeddings

    A linear image of z, with spectral decay 0.
    """
    _check_flat(
        answers, torch.tensor([[0.0, 3.0], [1.0, 0.0], [0.0, 0.0]]), "the example"
    )
    for dtype in DTYPES:
        z = _embedding(20, 5, 0.05, dtype) + 0.3
        _check_flat(answers, z, f"20 random points in 5 dimensions, {dtype}")


@task("14.2", points=1, hidden=True)
def test_spectra_of_other_sizes(answers):
    """Fewer rows than columns, one column, as many rows as columns, 2,000 rows

    Singular values down to a thousandth of the largest.
    """
    for n, k, least in ((5, 20, 0.1), (30, 1, 1.0), (9, 9, 0.01), (2000, 32, 0.001)):
        z = _embedding(n, k, least)
        _check_rho(answers, z, f"{n} points in {k} dimensions")
        if n >= k:
            _check_flat(answers, z, f"{n} points in {k} dimensions")
    _check_rho(answers, 1e-3 * _embedding(40, 8, 0.01) + 5e-4, "40 points near 0")


# --------------------------------------------------------- 14.3 Take the class away


def _standard(features, labels, power=0.5, correction=0, divided=True, least=1e-6):
    """Class by class, coordinate by coordinate; the keywords make the mistakes."""
    clean = features.clone()
    for name in set(labels.tolist()):
        own = [i for i, label in enumerate(labels.tolist()) if label == name]
        for j in range(features.shape[1]):
            column = [features[i, j].item() for i in own]
            mean = sum(column) / len(own)
            square = sum((f - mean) ** 2 for f in column)
            spread = (square / max(len(own) - correction, 1)) ** power or 1.0
            for i, f in zip(own, column, strict=True):
                zero = (square / len(own)) ** 0.5 < least
                clean[i, j] = 0 if zero else (f - mean) / (spread if divided else 1)
    return clean


def _check_standard(answers, features, labels, name):
    call = f"without_class(features, labels) with {name}"
    got = answers.without_class(features, labels)
    got = compare.table(got, tuple(features.shape), call, SHARED)
    want = _standard(features, labels)
    one = torch.zeros_like(labels)
    little = "what varies by less than 0.000001"
    flat = features - features.mean(dim=0)
    own = _standard(features, labels, divided=False)
    raw = _standard(features, labels, divided=False, least=1e-15)
    whole = features.std(dim=0, correction=0).clamp(min=1e-6)
    within = own.square().mean(dim=0).sqrt().clamp(min=1e-6)
    mistakes = [
        ("this is one mean and one deviation for the whole set; each class has its own",
         _standard(features, one)),
        ("the deviations are missing: divide by them", own),
        ("divide by the deviation, not by the variance",
         _standard(features, labels, power=1.0)),
        ("divide by n_c, not by n_c - 1: standard deviations have a correction by "
         "default", _standard(features, labels, correction=1)),
        ("the deviation is that of the class too, not of the whole set", own / whole),
        ("the deviation is that of the class too, not pooled over classes",
         own / within),
        (f"{little} in a class becomes 0", _standard(features, labels, least=1e-15)),
        (f"{little} in a class becomes 0",
         torch.where(raw.abs() < 2e-6, 1e6 * raw, want)),
        ("what is below 0.000001 is the deviation, not the variance",
         _standard(features, labels, least=1e-3)),
        ("nothing is added to the deviation", _softened(features, labels)),
        ("the mean is not yet subtracted", _scaled(features, labels)),
        ("the class means are to be subtracted; this only takes the set's mean off",
         flat),
    ]  # fmt: skip
    compare.same(got, want, call, SHARED, mistakes)
    constant = (want == 0) & (got.abs() > 1e-4)
    assert not constant.any(), f"{call}: what does not vary in a class is 0. {SHARED}"


def _softened(features, labels, added=1e-5):
    """As batch normalization has it: a little is added to the variance."""
    own = _standard(features, labels, divided=False)
    unit = _standard(features, labels)
    sigma = torch.where(unit == 0, 1.0, own / unit)
    return own / (sigma.square() + added).sqrt()


def _scaled(features, labels):
    """Features over their deviation in the class, with the mean left in."""
    scaled = torch.zeros_like(features)
    for c in labels.unique():
        sigma = features[labels == c].std(dim=0, correction=0)
        scaled[labels == c] = torch.where(
            sigma < 1e-6, 0, features[labels == c] / sigma
        )
    return scaled


def _classes(sizes, d):
    """Points of classes with means and deviations of their own, and their labels."""
    labels = _some_labels(sizes)
    mean, sigma = 6 * torch.randn(2000, d), 0.2 + 3 * torch.rand(2000, d)
    features = mean[labels + 60] + sigma[labels + 60] * torch.randn(len(labels), d)
    return features.double(), labels


@task("14.3", points=1)
def test_without_class(answers):
    """Five points by hand, random classes

    Compared with loops over classes and coordinates.
    """
    rows = [[1.0, 5.0], [10.0, 0.0], [3.0, 5.0], [40.0, 2.0], [8.0, 9.0]]
    features = torch.tensor(rows, dtype=torch.float64)
    labels = torch.tensor([7, 2, 7, 2, 5])
    _check_standard(answers, features, labels, "the example")
    for _ in range(2):
        features, labels = _classes([4, 6, 3, 7], 3)
        _check_standard(answers, features, labels, "20 points of 4 random classes")


@task("14.3", points=1, hidden=True)
def test_without_class_at_the_ends(answers):
    """2,000 classes, one class, classes of one point, constants such as 0.1

    What rounding leaves of a constant is no spread; 0.00004 is one.
    """
    features, labels = _classes([1, 5, 1, 2], 4)
    _check_standard(answers, features, labels, "classes of one and two points")
    features, labels = _classes([3, 7, 11], 3)
    features[:, 1] = torch.where(labels == labels[0], 0.1, 0.7)
    features[:, 1] += 2e-7 * torch.rand(len(features))
    _check_standard(
        answers, features, labels, "a column of 0.1 and 0.7, but for rounding"
    )
    features, labels = _classes([6, 9, 12], 3)
    features[:, 0] = 4e-5 * torch.randn(27, dtype=torch.float64)
    _check_standard(answers, features, labels, "a column of deviation 0.00004")
    features, labels = _classes([15], 2)
    _check_standard(answers, features, labels, "one class")
    labels = torch.randint(-(10**6), 10**6, (2000,)).repeat(10)
    labels = labels[torch.randperm(20_000)]
    features = labels[:, None] / 1e5 + torch.randn(20_000, 2, dtype=torch.float64)
    call = "without_class(features, labels) with 20,000 points"
    got = answers.without_class(features, labels)
    got = compare.table(got, (20_000, 2), call, SHARED)
    code = labels.unique(return_inverse=True)[1]
    size = code.bincount()[:, None]
    empty = torch.zeros(len(size), 2, dtype=torch.float64)
    mean = empty.index_add(0, code, features) / size
    centred = features - mean[code]
    sigma = (empty.index_add(0, code, centred.square()) / size).sqrt()
    compare.same(got, centred / sigma[code], call, SHARED)


# ----------------------------------------------------------------- 14.4 How far is far?


def _moments(x):
    """Mean and covariance in NumPy, by n - 1."""
    x = x.double().numpy()
    centred = x - x.mean(axis=0)
    return x.mean(axis=0), centred.T @ centred / (len(x) - 1)


def _root(matrix):
    """Root of a symmetric matrix without negative eigenvalues."""
    value, vector = np.linalg.eigh(matrix)
    return (vector * np.sqrt(value.clip(min=0))) @ vector.T


def _gaussians(mean, a, other, b):
    """Four terms: means, tr a, tr b, tr (ab)^(1/2)."""
    half = _root(a)
    cross = np.trace(_root(half @ b @ half))
    return ((mean - other) ** 2).sum(), np.trace(a), np.trace(b), cross


def _frechet(x, y):
    between, a, b, cross = _gaussians(*_moments(x), *_moments(y))
    return float(between + a + b - 2 * cross)


def _check_frechet(answers, x, y, name):
    call = f"frechet(x, y) with {name}"
    rank = (
        "A covariance may lack full rank: take roots of eigenvalues, not of a matrix."
    )
    got = compare.number(answers.frechet(x, y), call, f"{rank} {FAR}")
    (m, A), (w, B) = _moments(x), _moments(y)
    between, a, b, cross = _gaussians(m, A, w, B)
    want = float(between + a + b - 2 * cross)
    n, k = (len(x) - 1) / len(x), (len(y) - 1) / len(y)
    fewer = a * n + b * k - 2 * cross * math.sqrt(n * k)
    spread = a + b - 2 * cross
    entries = np.sqrt(np.diag(A @ B).clip(min=0)).sum()
    lone = np.sqrt(np.diag(A) * np.diag(B)).sum()
    mistakes = [
        ("the covariances are divided by n, not by n - 1", between + fewer),
        ("this is its root; F is a squared distance", math.sqrt(max(want, 0))),
        ("the distance of the means is to be squared", math.sqrt(between) + spread),
        ("the means are missing", spread),
        ("the covariances are missing", between),
        ("the root counts twice", between + a + b - cross),
        ("the root's trace is missing", between + a + b),
        ("this takes the product itself, not its root",
         between + a + b - 2 * np.trace(A @ B)),
        ("this takes the root of each entry, not the root of the matrix",
         between + a + b - 2 * entries),
        ("this looks at variances only; covariances count", between + a + b - 2 * lone),
        ("the trace of a root is not the root of the trace",
         between + a + b - 2 * math.sqrt(np.trace(A @ B))),
        ("this compares the covariances entry by entry",
         between + ((A - B) ** 2).sum()),
        ("the roots are those of the covariances one by one",
         between + ((_root(A) - _root(B)) ** 2).sum()),
    ]  # fmt: skip
    compare.one(got, want, call, FAR, mistakes, tol=1e-3)


def _cloud(n, d, dtype=torch.float64):
    """Random points with correlated columns about a mean of their own."""
    mix = torch.randn(d, d, dtype=torch.float64)
    return (torch.randn(n, d, dtype=torch.float64) @ mix + torch.randn(d)).to(dtype)


@task("14.4", points=1)
def test_frechet(answers):
    """Four points by hand, a shift of 1, a doubled spread, random clouds

    Compared with a formula of symmetric roots.
    """
    x, y = torch.tensor([[0.0], [2.0]]), torch.tensor([[10.0], [14.0]])
    _check_frechet(answers, x, y, "the example")
    x = _cloud(9, 3)
    shift = torch.tensor([0.6, 0.0, -0.8], dtype=torch.float64)
    _check_frechet(answers, x, x + shift, "a set and itself, moved by 1")
    _check_frechet(answers, x, 2 * x, "a set and its double")
    for dtype in DTYPES:
        name = f"random clouds in 3 dimensions, {dtype}"
        _check_frechet(answers, _cloud(12, 3, dtype), _cloud(7, 3, dtype), name)


def _check_chance(answers, x, y, name):
    call = f"chance(x, y) with {name}"
    got = compare.number(answers.chance(x, y), call, FAR)
    both, given = torch.cat([x, y]).double(), _frechet(x, y)
    everyone = range(len(both))
    values = []
    for rows in itertools.combinations(everyone, len(x)):
        others = [i for i in everyone if i not in rows]
        values.append(_frechet(both[list(rows)], both[others]))
    slack = 1e-6 * max(1.0, given)
    total = len(values)
    least = sum(v >= given - slack for v in values)
    more = sum(v > given + slack for v in values)
    mistakes = [
        ("equal distances count too: at least, not more than", more / total),
        ("the given split is a choice too, and counts", (least - 1) / (total - 1)),
        ("the given split is a choice too, and counts; so does one that is as far but "
         "for rounding", (least - 1) / total),
        ("this is the share of splits that are nearer", 1 - least / total),
        ("this is the share of splits that are at most as far", 1 - more / total),
        ("this is their number; divide by the number of choices", least),
    ]  # fmt: skip
    compare.one(got, least / total, call, FAR, mistakes, tol=1e-3)


@task("14.4", points=1)
def test_chance(answers):
    """Four points by hand, up to nine random ones

    Compared with a loop over all choices.
    """
    x, y = torch.tensor([[0.0], [2.0]]), torch.tensor([[10.0], [14.0]])
    _check_chance(answers, x, y, "the example")
    _check_chance(
        answers, _cloud(3, 1), _cloud(4, 1), "3 and 4 random points on a line"
    )
    points = _cloud(7, 2)
    _check_chance(answers, points[:3], points[3:], "3 and 4 points of one cloud")
    _check_chance(answers, points[:5], points[5:], "5 and 2 points of one cloud")
    _check_chance(answers, points[:2] + 9, points[2:], "2 points, 5 others, moved")
    for _ in range(6):  # halves: each distance comes twice, but for rounding
        points = _cloud(6, 2)
        name = "3 points, 3 others, moved"
        _check_chance(answers, points[:3], points[3:] + 2, name)


@task("14.4", points=1, hidden=True)
def test_frechet_at_the_ends(answers):
    """20 points in 64 dimensions, equal sets, far ones; chance of nine points

    Fewer points than dimensions have no full covariance.
    """
    _check_frechet(
        answers, _cloud(20, 64), _cloud(20, 64), "20 points in 64 dimensions"
    )
    x = _cloud(30, 5)
    _check_frechet(answers, x, x[torch.randperm(30)], "a set and itself, shuffled")
    _check_frechet(answers, x, x + 1000, "a set and itself, far away")
    _check_frechet(answers, _cloud(40, 1), _cloud(9, 1), "one dimension")
    _check_frechet(answers, _cloud(2, 3), _cloud(3, 3), "2 and 3 points")
    line = torch.randn(25, 1, dtype=torch.float64) @ torch.randn(1, 4).double()
    _check_frechet(answers, line, _cloud(25, 4), "points on a line, and a cloud")
    _check_frechet(answers, x, _cloud(500, 5), "30 and 500 points")
    _check_chance(answers, _cloud(4, 2), _cloud(5, 2), "4 and 5 points")


# -------------------------------------------------------------- 14.5 Let the shift grow


def _foreign(means, own, other, *, alone=False, power=1):
    """Classes of own, the most foreign first, and how foreign each is."""
    here, there = (means[list(side)].mean(dim=0) for side in (own, other))
    value = {
        c: ((means[c] - there).norm() ** power).item()
        - (0 if alone else ((means[c] - here).norm() ** power).item())
        for c in own
    }
    return sorted(own, key=value.__getitem__), value


def _moved(train, test, a, b):
    """Both sides after a and b have changed places."""
    return (set(train) - set(a)) | set(b), (set(test) - set(b)) | set(a)


def _check_swap(answers, means, train, test, count, name):
    call = f"swap(means, train, test, count={count}) with {name}"
    given = answers.swap(means, torch.tensor(train), torch.tensor(test), count)
    sides = _pair(given, call, "(train, test)", SHIFT)
    n = len(means)
    parts = ((f"{call}: train, the first part,", sides[0], len(train)),
             (f"{call}: test, the second part,", sides[1], len(test)))  # fmt: skip
    found = []
    for what, side, size in parts:
        rows = _rows(side, n, what, SHIFT)
        assert len(rows) == size, (
            f"{what} has {len(rows)} classes, expected {size} as before: as many come "
            f"as leave; and a place in a side is no class number. {SHIFT}"
        )
        found.append(set(rows))
    points = means.double()
    a, b = _foreign(points, train, test)[0], _foreign(points, test, train)[0]
    want = _moved(train, test, a[:count], b[:count])
    if tuple(found) == want:
        return
    both = found[0] & found[1]
    assert not both, f"{call}: class {min(both)} is on both sides. {SHIFT}"
    slips = [
        ("nothing has moved", (set(train), set(test))),
        ("these are the least foreign: the sides mix, and the distance falls",
         _moved(train, test, a[-count:], b[-count:])),
        ("the sides have changed their places: train comes first", want[::-1]),
        *_close(points, train, test, count),
    ]  # fmt: skip
    for said, wrong in slips:
        assert tuple(found) != wrong, f"{call}: {said}. {SHIFT}"
    gone, right = sorted(set(train) - found[0]), sorted(a[:count])
    raise AssertionError(
        f"{call}: from train the classes {gone} have left, expected {right}; from test "
        f"{sorted(set(test) - found[1])}, expected {sorted(b[:count])}. {SHIFT}"
    )


def _close(means, train, test, count):
    """What the mistakes give that are hard to tell from the right answer."""
    keys = ({"alone": True}, {"power": 2})
    alone, squared = (
        _moved(train, test, _foreign(means, train, test, **key)[0][:count],
               _foreign(means, test, train, **key)[0][:count])
        for key in keys
    )  # fmt: skip
    a = _foreign(means, train, test)[0][:count]
    less, more = [c for c in train if c not in a], [*test, *a]
    b = [c for c in _foreign(means, more, less)[0] if c in test][:count]
    return [
        ("the distance to the own side's mean is to be subtracted", alone),
        ("distances are not squared", squared),
        ("test is chosen by the means from before the swap, not after train has moved",
         _moved(train, test, a, b)),
    ]  # fmt: skip


def _clear(means, train, test, count):
    """Whether the last class that moves is clearly more foreign than the next."""
    for own, other in ((train, test), (test, train)):
        order, value = _foreign(means, own, other)
        if count < len(own) and value[order[count]] - value[order[count - 1]] < 1e-3:
            return False
    return True


def _telling(means, train, test, count):
    """Whether the close mistakes differ, the last of them where many classes move."""
    a, b = _foreign(means, train, test)[0], _foreign(means, test, train)[0]
    sides = [wrong for _, wrong in _close(means, train, test, count)]
    sides = [_moved(train, test, a[:count], b[:count]), *sides[: 2 + (count > 2)]]
    return all(p != q for p, q in itertools.combinations(sides, 2))


def _sides(n, a, d, count, dtype=torch.float64, *, telling=False):
    """Class means of unequal spread, and a split with a clear answer."""
    while True:
        size = 0.3 + 3 * torch.rand(n, 1, dtype=torch.float64)
        means = (size * torch.randn(n, d, dtype=torch.float64) + 2).to(dtype)
        order = random.sample(range(n), n)
        case = means.double(), order[:a], order[a:], count
        if _clear(*case) and (not telling or _telling(*case)):
            return means, *case[1:]


@task("14.5", points=1)
def test_swap(answers):
    """The example, ten random splits

    Compared with loops over the classes of each side.
    """
    means = torch.tensor([[0.0], [1.0], [10.0], [2.0], [11.0], [12.0]])
    _check_swap(answers, means, [0, 1, 2], [3, 4, 5], 1, "the example")
    for dtype in DTYPES:
        for count in (1, 2, 3, 2, 1):
            case = _sides(17, 9, 3, count, dtype, telling=True)
            _check_swap(answers, *case, f"17 random classes, {dtype}")


def _check_score(answers, distance, performance, name):
    call = f"score(distance, performance) with {name}"
    got = compare.number(answers.score(distance, performance), call, SHIFT)
    F, a = distance.double().tolist(), performance.double().tolist()

    def area(pairs, scale, left=False):
        steps = itertools.pairwise(pairs)
        return sum(
            (q[0] - p[0]) * (p[1] if left else (p[1] + q[1]) / 2) for p, q in steps
        ) / (scale or 1)

    given = list(zip(F, a, strict=True))
    curve, span = sorted(given), max(F) - min(F)
    mean = sum(a) / len(a)
    ranked = [(k, value) for k, (_, value) in enumerate(curve)]
    mistakes = [
        ("sort the splits by distance first", area(given, span)),
        ("this is a plain mean: what lies between two distances is not used", mean),
        ("the distance is to be scaled to the range from 0 to 1", area(curve, 1)),
        ("subtract the least distance first: u begins at 0", area(curve, max(F))),
        ("this is a sum of rectangles; between two splits the curve is straight",
         area(curve, span, left=True)),
        ("this is a sum of rectangles; between two splits the curve is straight",
         2 * area(curve, span) - area(curve, span, left=True)),
        ("this is a mean over ranks: what lies between two distances is not used",
         area(ranked, len(F) - 1)),
        ("both are sorted, each by itself: a performance belongs to its split",
         area(list(zip(sorted(F), sorted(a), strict=True)), span)),
        ("both are sorted, each by itself: a performance belongs to its split",
         area(list(zip(sorted(F), sorted(a)[::-1], strict=True)), span)),
        ("performance stays as it is, only the distance is scaled",
         (area(curve, span) - min(a)) / ((max(a) - min(a)) or 1)),
        ("the curve runs backwards", -area(curve, span)),
    ]  # fmt: skip
    compare.one(got, area(curve, span), call, SHIFT, mistakes, tol=1e-3)


@task("14.5", points=1)
def test_score(answers):
    """Three splits by hand, random curves, a constant one

    Compared with a sum of trapezoids; a constant curve has its constant.
    """
    F, a = torch.tensor([1.0, 5.0, 2.0]), torch.tensor([0.75, 0.25, 0.4])
    _check_score(answers, F, a, "the example")
    for dtype in DTYPES:
        F = (0.3 + 2 * torch.rand(6)).cumsum(0)[torch.randperm(6)].to(dtype)
        _check_score(answers, F, torch.rand(6).to(dtype), f"six random splits, {dtype}")
    F = torch.tensor([40.0, 8.5, 120.0, 19.0])
    _check_score(answers, F, torch.full((4,), 0.61), "a constant performance of 0.61")


@task("14.5", points=1, hidden=True)
def test_shift_of_other_sizes(answers):
    """100 classes in 16 dimensions, sides of unequal size, 2 and 500 splits

    The same demands.
    """
    for a, count in ((50, 1), (50, 10), (30, 7), (80, 3)):
        _check_swap(answers, *_sides(100, a, 16, count), "100 random classes")
    _check_swap(answers, *_sides(5, 2, 1, 1), "five classes on a line")
    means, train, test, _ = _sides(7, 3, 2, 3)
    if _clear(means, test, train, 3):
        _check_swap(answers, means, train, test, 3, "all classes of a side")
    F = torch.tensor([0.11, 1.61])[torch.randperm(2)]
    _check_score(answers, F, torch.tensor([0.8, 0.65]), "two splits")
    F = (0.001 + torch.rand(500, dtype=torch.float64)).cumsum(0)[torch.randperm(500)]
    _check_score(answers, 1000 + F, torch.rand(500), "500 splits")
    F = torch.tensor([0.0, 0.003, 0.001, 0.002])
    _check_score(answers, F, torch.tensor([90.0, 20.0, 80.0, 70.0]), "small distances")


# ---------------------------------------------------------------------- 14.6 Break it


def _means(n, d, rank):
    """Means of n classes in several clusters, varying in rank directions."""
    centre = 4 * torch.randn(5, rank, dtype=torch.float64)
    spread = 0.1 + torch.rand(rank, dtype=torch.float64)
    core = centre[torch.randint(5, (n,))] + spread * torch.randn(n, rank)
    mix = torch.randn(rank, d, dtype=torch.float64)
    return core @ mix + torch.randn(d)


def _check_decoy(answers, n, d, rank, dtype=torch.float64):
    call = f"decoy(x) with {n} points in {d} dimensions"
    x = _means(n, d, rank).to(dtype)
    got = as_numbers(answers.decoy(x))
    found = "no table of numbers" if got is None else tuple(got.shape)
    fits = got is not None and got.ndim == 2 and got.shape[1] == d and len(got) >= 2
    assert fits, f"{call} returned {found}, expected shape (m, {d}), m >= 2. {FAR}"
    assert len(got) <= 2 * d, (
        f"{call} returned {len(got)} rows, expected {2 * d} at most. {FAR}"
    )
    assert got.isfinite().all(), (
        f"{call} returned NaN or infinity; an eigenvalue of 0 may come out a little "
        f"below 0. {FAR}"
    )
    (mean, A), (other, B) = _moments(x), _moments(got)
    size = np.trace(A)
    between = ((mean - other) ** 2).sum()
    assert between <= 1e-6 * size, (
        f"{call}: the mean of y is off by {math.sqrt(between):.4f}, so that F is at "
        f"least {between:.4g}; points in pairs about the mean of x have it. {FAR}"
    )
    ratio = np.trace(B) / size
    m = len(got)
    close = abs(ratio - m / (m - 1)) < 1e-4
    assert not close, (
        f"{call}: the variance is m / (m - 1) times too large; the covariance of y is "
        f"divided by m - 1, not by m. {FAR}"
    )
    assert abs(ratio - 1) < 1e-2, (
        f"{call}: the variance of y, over all columns, is {ratio:.4f} times that of x, "
        f"expected 1. {FAR}"
    )
    value = _frechet(x, got)
    assert value <= 1e-6 * size, (
        f"{call}: mean and total variance are right, but F is {value:.4g}, expected at "
        f"most {1e-6 * size:.3g}: the covariance must be that of x, in every entry; "
        f"eigenvectors are columns. {FAR}"
    )


@task("14.6", points=1)
def test_decoy(answers):
    """Clusters in 4 and 12 dimensions

    Few points, distance 0.
    """
    for d in (4, 12):
        for dtype in DTYPES:
            _check_decoy(answers, 200, d, d, dtype)


@task("14.6", points=1, hidden=True)
def test_decoy_of_other_sizes(answers):
    """Every number of columns from 4 to 16, 100 to 600 points, fewer directions

    The same construction must carry on.
    """
    for d in range(4, 17):
        _check_decoy(answers, random.randrange(100, 600), d, d)
        _check_decoy(answers, random.randrange(100, 600), d, random.randrange(1, d))


# ------------------------------------------------------------------------ 14.7 Explain

RUBRIC = """
the loss only rewards what tells the training classes apart directions that do not are
given up or compressed and new classes may differ in just those the choice belongs to
validation classes that were neither trained on nor tested with over several seeds with
their interval new images of the trained classes would not do the machine looks for 40
words 20 of them different for a word on what becomes of features compress discard
direction variance specialise ignore and for one on how to choose validation held out
seeds interval it refuses sentences of the rubric and what you quote from this task does
not count use your own words the points are confirmed or not by the person who reads it
"""
#: What else the task says: to quote it is no explanation.
STORY = """
say why a lower training loss can be worth nothing on classes never seen or cost there a
colleague doubles the batch and what she trains on fits better on the training images
recall@1 rises from 0.87 to 0.94 so the embedding is seven points better she writes and
we shall use it for the characters of the new alphabet on unseen classes five seeds it
goes from 0.80 to 0.81 a gain of 0.01 0.02 in explain_14_7 in at least 40 words 100 are
plenty say why the training loss can fall without anything for new classes or even at
their cost and say what she should have looked at to choose what does the loss never ask
for and whose images show whether it is there one answer is about what an embedding may
forget unpunished the other about a third group of classes two or three sentences on
each between the triple quotes
"""


@task("14.7", points=2)
def test_explanation_is_there(answers):
    """Your explanation, before a person reads it

    The machine looks for length and for the two ideas of the rubric only; the points
    are confirmed by the person who reads it.
    """
    joined = own_words(answers, "explain_14_7", rubric=RUBRIC, see=SEEN, story=STORY)
    features = ("compress", "discard", "direction", "varia", "speciali", "ignor",
                "feature", "squeez", "collaps", "forget", "drop", "throw", "thrown",
                "dimension", "lost", "lose", "shrink", "shrunk", "attribute", "trait",
                "characteristic", "shortcut", "flatten", "invarian", "overfit",
                "coincide", "information", "detail", "suppress")  # fmt: skip
    assert any(stem in joined for stem in features), (
        "explain_14_7 does not say what an embedding may do with whatever does not "
        f"help to tell its training classes apart. {FLAT}"
    )
    choose = ("validat", "held out", "hold out", "holdout", "set aside", "seed",
              "interval", "never trained", "third group", "third set", "repeat",
              "left out", "other classes", "separate classes", "kept back", "withheld",
              "reserved", "development", "keep back", "put aside")  # fmt: skip
    assert any(stem in joined for stem in choose), (
        "explain_14_7 does not say on which classes, or how often, one must look "
        f"before choosing. {SEEN}"
    )


# ---------------------------------------------------------------------- 14.8 Challenge


def _loss(z, other, W):
    """The value by a formula in float64, without any reversal."""
    u = z / z.norm(dim=1, keepdim=True)
    o = other / other.norm(dim=1, keepdim=True)
    v = o @ W / (o @ W).norm(dim=1, keepdim=True)
    return u, o, v, -(u.square() * v.square()).sum() / z.numel()


def _by_hand(z, other, W):
    """The value in a loop over rows."""
    total = 0.0
    for a, b in zip(z.tolist(), other.tolist(), strict=True):
        u = [p / math.hypot(*a) for p in a]
        seen = [
            sum(p * row[c] for p, row in zip(b, W.tolist(), strict=True))
            for c in range(len(a))
        ]
        v = [p / math.hypot(*seen) for p in seen]
        total += sum((p * q) ** 2 for p, q in zip(u, v, strict=True))
    return -total / z.numel()


def _check_adversary(answers, z, other, W, weight, name):
    call = f"adversary(z, other, W, weight={weight}) with {name}"
    got = compare.number(answers.adversary(z, other, W, weight), call, SHARED)
    z, other, W = z.double(), other.double(), W.double()
    n, k = z.shape
    want = _by_hand(z, other, W)
    u, o, v, _ = _loss(z, other, W)
    raw = other @ W
    long = o @ W
    mistakes = [
        ("the sign is missing: what is found lowers the loss", -want),
        ("lambda is a weight of the gradient, the value does not know it",
         weight * want),
        ("lambda is a weight of the gradient, the value does not know it",
         -weight * want),
        ("divide by k too", k * want),
        ("this is a sum over points; divide by n", n * want),
        ("this is a sum; divide by n and k", n * k * want),
        ("squares of products are summed, not the dot product squared",
         -(u * v).sum(dim=1).square().sum().item() / (n * k)),
        ("products are squared", -(u * v).sum().item() / (n * k)),
        ("products are squared", -(u * v).abs().sum().item() / (n * k)),
        ("z is made of length 1", -(z * v).square().sum().item() / (n * k)),
        ("v is made of length 1, after W", -(u * long).square().sum().item() / (n * k)),
        ("v is made of length 1, after W", -(u * raw).square().sum().item() / (n * k)),
        ("rows are made of length 1", -(z * raw).square().sum().item() / (n * k)),
    ]  # fmt: skip
    return compare.one(got, want, f"{call}: the value", SHARED, mistakes, tol=1e-4)


def _check_slopes(answers, z, other, W, weight, name):
    leaves = [t.double().requires_grad_() for t in (z, other, W)]
    ordinary = torch.autograd.grad(_loss(*leaves)[-1], leaves)
    names = ("z", "other", "W")
    inputs = (z, other, W, weight)
    for where, (what, slope) in enumerate(zip(names, ordinary, strict=True)):
        call = (
            f"adversary(z, other, W, weight={weight}) with {name}: gradient in {what}"
        )
        given = answers.grad("adversary", *inputs, wrt=where)
        got = compare.table(given, tuple(slope.shape), call, SHARED)
        want = slope if what == "W" else -weight * slope
        scale = 1 / want.abs().max().item()  # they may all be small
        slips = [
            ("it is 0: nothing flows back", 0 * slope),
            *(
                [("the projection must learn to find: W is not reversed", -slope),
                 ("the projection must learn to find: W is not reversed",
                  -weight * slope),
                 ("lambda belongs to z and other only", weight * slope)]
                if what == "W" else
                [("it is not reversed: the embeddings learn to be found", slope),
                 ("it is not reversed: the embeddings learn to be found",
                  weight * slope),
                 ("lambda is missing", -slope),
                 ("it is multiplied by lambda twice", -weight**2 * slope),
                 ("it is multiplied by lambda twice", weight**2 * slope),
                 ("it is divided by lambda", -slope / weight),
                 ("r(x) must be x, not (1 - lambda) x",
                  -weight / (1 - weight or math.nan) * slope)]
            ),
        ]  # fmt: skip
        wrongs = [(said, scale * wrong) for said, wrong in slips]
        compare.same(
            scale * got, scale * want, f"{call}, over its largest,", SHARED, wrongs
        )


def _two_heads(n, k, j, dtype=torch.float64):
    """Two embeddings with something in common, and a projection."""
    other = torch.randn(n, j, dtype=torch.float64)
    W = torch.randn(j, k, dtype=torch.float64)
    z = 0.5 * other @ W + torch.randn(n, k, dtype=torch.float64)
    size = 0.3 + 3 * torch.rand(n, 1, dtype=torch.float64)
    return (size * z).to(dtype), (2 * other / size).to(dtype), (3 * W).to(dtype)


_EXAMPLE = torch.tensor([[3.0, 4.0], [2.0, 0.0]], dtype=torch.float64)


def _weight():
    """A weight that no mistake hides behind: not near 1."""
    return round(random.choice((0.2, 0.4, 2.5)) * (1 + random.random() / 2), 3)


@task("14.8", points=1)
def test_adversary(answers):
    """Two points by hand, random embeddings

    The value, compared with a loop over points.
    """
    eye = torch.eye(2, dtype=torch.float64)
    _check_adversary(answers, _EXAMPLE, _EXAMPLE, eye, 0.5, "the example")
    for dtype in DTYPES:
        name = f"7 random points, {dtype}"
        _check_adversary(answers, *_two_heads(7, 4, 3, dtype), _weight(), name)


@task("14.8", points=1)
def test_slopes(answers):
    """Gradients in z, in other and in W

    Compared with the ordinary gradients: W as ever, the embeddings turned round.
    """
    eye = torch.eye(2, dtype=torch.float64)
    other = torch.tensor([[1.0, 2.0], [2.0, -1.0]], dtype=torch.float64)
    _check_slopes(answers, _EXAMPLE, other, eye, 0.3, "two points")
    for dtype in DTYPES:
        name = f"7 random points, {dtype}"
        _check_slopes(answers, *_two_heads(7, 4, 3, dtype), _weight(), name)


@task("14.8", points=1, hidden=True)
def test_adversary_at_other_sizes(answers):
    """One point, 128 dimensions, heads of unequal width, weights from 0.01 to 500

    Values and gradients.
    """
    for n, k, j, weight in ((1, 3, 2, 0.01), (40, 128, 64, 2.5), (5, 2, 9, 500.0)):
        case, name = _two_heads(n, k, j), f"{n} random points in {k} dimensions"
        _check_adversary(answers, *case, weight, name)
        _check_slopes(answers, *case, weight, name)
    case = _two_heads(300, 16, 16, torch.float32)
    _check_adversary(answers, *case, 1.0, "300 random points, float32")
    _check_slopes(answers, *case, 1.0, "300 random points, float32")
