"""Checks of exercise 11, Sampling in a batch."""

import math
import random
from collections import Counter

import numpy as np
import torch
from scipy import stats

from mlcourse.grading import compare, own_words, task
from mlcourse.grading.as_numbers import as_numbers

HIDES = (
    "mlcourse.miners",
    "mlcourse.samplers",
    "mlcourse.losses",
    "mlcourse.objective",
    "mlcourse.training",
)
#: Libraries that answer some of the tasks: a person looks at them, no point is lost.
FLAGS = ("pytorch_metric_learning", "mlcourse.judgements")

COUNT = "See lecture 11, section 'One formula for every sampler'."
FAR = "See lecture 11, section 'How far apart are strangers?'."
MINE = "See lecture 11, section 'Random, semi-hard, hard'."
EASY = "See lecture 11, section 'Easy positives'."
DRAW = "See lecture 11, section 'Distance-weighted sampling'."
CURE = "See lecture 11, section 'Collapse, and its cure'."
HAND = torch.tensor([[0.0, 0.5, 0.7, 0.9, 0.6], [0.5, 0, 0.4, 0.6, 0.8],
                     [0.7, 0.4, 0, 0.3, 0.2], [0.9, 0.6, 0.3, 0, 0.1],
                     [0.6, 0.8, 0.2, 0.1, 0]])  # fmt: skip
DTYPES = (torch.float64, torch.float32)


def _same(got, want, call, reading, mistakes=(), tol=1e-3):
    """Compare two tables; a known mistake is called by its name."""
    size = want.abs().clamp(min=1)
    fine = bool(((got - want).abs() <= tol * size).all())
    for said, wrong in mistakes:
        slip = bool(((got - wrong).abs() <= 1e-3 * wrong.abs().clamp(min=1)).all())
        assert fine or not slip, f"{call}: {said}. {reading}"
    if fine:
        return
    worst = int(((got - want).abs() / size).argmax())
    place = [int(p) for p in np.unravel_index(worst, tuple(got.shape))]
    raise AssertionError(
        f"{call} has {got.flatten()[worst]:.4f} at {place}, expected "
        f"{want.flatten()[worst]:.4f} there. Work one entry out by hand. {reading}"
    )


def _one(got, want, call, reading, mistakes=(), tol=1e-6):
    """Compare two numbers; a known mistake is called by its name."""
    fine = abs(got - want) <= tol * max(1, abs(want))
    for said, wrong in mistakes:
        slip = abs(got - wrong) <= 1e-6 * max(1, abs(wrong))
        assert fine or not slip, (
            f"{call} returned {got:.8g}, expected {want:.8g}: {said}. {reading}"
        )
    assert fine, f"{call} returned {got:.8g}, expected {want:.8g}. {reading}"


def _labels(sizes):
    """Return labels of classes of these sizes, with odd names, in a random order."""
    names = random.sample(range(-50, 50), len(sizes))
    labels = [name for name, k in zip(names, sizes, strict=True) for _ in range(k)]
    random.shuffle(labels)
    return labels


def _seen(n, dtype=torch.float64):
    """Return an (n, n) table of random distances, another one from each row."""
    return (0.1 + 1.8 * torch.rand(n, n).to(dtype)).fill_diagonal_(0)


def _sphere(n, k):
    """Return the distances of n random points of the sphere in k dimensions."""
    z = torch.nn.functional.normalize(torch.randn(n, k, dtype=torch.float64))
    return (2 - 2 * z @ z.T).clamp(min=0).sqrt().fill_diagonal_(0)


# ----------------------------------------------------------------- 11.1 Warm-up


def _check_count(answers, labels, name):
    call = f"n_triplets(labels) with {name}"
    got = compare.number(answers.n_triplets(torch.tensor(labels)), call, COUNT)
    sizes, n = Counter(labels).values(), len(labels)
    want = sum(k * (k - 1) * (n - k) for k in sizes)
    mistakes = [
        ("(a, p, n) and (p, a, n) are two triplets", want / 2),
        ("an anchor is not its own friend", sum(k * k * (n - k) for k in sizes)),
        ("an anchor's own class holds no strangers",
         sum(k * (k - 1) * n for k in sizes)),
        ("this counts each (a, n) once; it counts for every friend",
         sum(k * (n - k) for k in sizes)),
        ("these are the pairs of friends; each meets every stranger",
         sum(k * (k - 1) for k in sizes)),
    ]  # fmt: skip
    _one(got, want, call, COUNT, mistakes)


@task("11.1", points=1)
def test_n_triplets(answers):
    """Six points, random classes of all sizes, a data set of 60,000

    Every anchor, with each of its friends and each of its strangers.
    """
    _check_count(answers, [7, 7, 1, 7, 2, 3], "labels [7, 7, 1, 7, 2, 3]")
    for _ in range(3):
        sizes = random.sample(range(1, 12), 4)
        _check_count(answers, _labels(sizes), f"classes of {sizes}")
    _check_count(answers, [3, 3, 3], "one class alone")
    labels = torch.randint(11_000, (60_000,)).tolist()
    _check_count(answers, labels, "60,000 points of 11,000 classes")


def _gaps(dist, labels):
    """Loop over the definition: d_ap - d_an of every triplet."""
    d, n = dist.double().tolist(), range(len(labels))
    return torch.tensor(
        [
            d[a][p] - d[a][s]
            for a in n
            for p in n
            for s in n
            if p != a and labels[p] == labels[a] != labels[s]
        ],
        dtype=torch.float64,
    )


def _with_itself(dist, labels, margin):
    """Return the share of active triplets where each anchor is a friend of itself."""
    same = torch.tensor(labels)[:, None] == torch.tensor(labels)
    a, p = same.nonzero(as_tuple=True)
    hinge = dist[a, p, None] - dist[a] + margin
    return (hinge > 0)[~same[a]].double().mean().item()


@task("11.1", points=1)
def test_active_share(answers):
    """Five points by hand, random batches, a batch without triplets

    The share of all triplets whose hinge is above 0.
    """
    cases = [(HAND, [7, 7, 7, 2, 2], 0.15, "the table of the example")]
    for dtype in DTYPES:
        labels = _labels(random.sample(range(1, 9), 4))
        dist = _sphere(len(labels), 4).to(dtype)
        margin = 0.1 + 0.4 * random.random()
        cases.append((dist, labels, margin, f"{len(labels)} random points, {dtype}"))
    for dist, labels, margin, name in cases:
        gaps = _gaps(dist, labels)
        while (gaps + margin).abs().min() < 1e-5:  # rounding would decide
            margin += 2e-5
        call = f"active_share(dist, labels, margin={margin:.3g}) with {name}"
        got = answers.active_share(dist, torch.tensor(labels), margin)
        got = compare.number(got, call, COUNT)
        count, n = len(gaps), len(labels)
        active = int((gaps + margin > 0).sum())
        near = (gaps + margin).clamp(min=0)
        mistakes = [
            ("this is the number, not the share", active),
            ("this is the share of hard triplets; the margin has no effect",
             int((gaps > 0).sum()) / count),
            ("this is the share of triplets that are satisfied", 1 - active / count),
            ("this divides by n^3, with cells that are no triplets", active / n**3),
            ("the sign of the margin is turned", int((gaps > margin).sum()) / count),
            ("friend and stranger have changed places",
             int((margin - gaps > 0).sum()) / count),
            ("this is the mean hinge, not a share", near.mean().item()),
            ("an anchor is not its own friend", _with_itself(dist, labels, margin)),
        ]  # fmt: skip
        _one(got, active / count, call, COUNT, mistakes, tol=1e-4)
    for labels in ([4, 4, 4], [1, 2, 3]):
        call = f"active_share(dist, {labels}, 0.2), a batch without triplets,"
        got = answers.active_share(_sphere(3, 3), torch.tensor(labels), 0.2)
        _one(compare.number(got, call, COUNT), 0, call, COUNT)


# -------------------------------------------------------- 11.2 Distances of strangers


def _log_q(delta, dim):
    """By the Beta law of 1 - delta^2 / 4, whose slope is -delta / 2."""
    half, x = (dim - 1) / 2, delta.double().numpy()
    return torch.from_numpy(stats.beta.logpdf(1 - x**2 / 4, half, half) + np.log(x / 2))


def _check_density(answers, delta, dim, name):
    call = f"log_density(dist, dim={dim}) with {name}"
    got = compare.table(answers.log_density(delta, dim), tuple(delta.shape), call, FAR)
    want, x = _log_q(delta, dim), delta.double()
    rest = (1 - x.square() / 4).log()
    log_z = ((dim - 2) * x.log() + (dim - 3) / 2 * rest - want).flatten()[0]
    mistakes = [
        ("this is the density; return its logarithm", want.exp()),
        ("Z is missing", want + log_z),
        ("log Z is added; it must be taken off", want + 2 * log_z),
        ("the exponent of delta is dim - 2, not dim", want + 2 * x.log()),
        ("the exponent of delta is dim - 2, not dim - 1", want + x.log()),
        ("the exponent of the bracket is (dim - 3) / 2, not dim - 3",
         want + (dim - 3) / 2 * rest),
        ("the exponent of the bracket is (dim - 3) / 2, not (dim - 2) / 2",
         want + rest / 2),
        ("delta must be squared in the bracket",
         want + (dim - 3) / 2 * ((1 - x / 4).log() - rest)),
        ("this is the density of 1 - delta^2 / 4; that of delta has the factor "
         "delta / 2", want - (x / 2).log()),
        ("this is the normal law, which q approaches in many dimensions only",
         -dim * (x - math.sqrt(2)).square() + math.log(dim / math.pi) / 2),
        ("the sign is turned: these are the weights before their cutoff", -want),
    ]  # fmt: skip
    _same(got, want, call, FAR, mistakes, tol=5e-3)


@task("11.2", points=1)
def test_log_density(answers):
    """The example, random distances in 3 to 64 dimensions, and the area of 1

    Compared with the Beta law of 1 - delta^2 / 4; the density is then integrated.
    """
    delta = torch.tensor([0.5, 1.0, 1.5])
    _check_density(answers, delta, 4, "dist = [0.5, 1, 1.5]")
    for dim in (3, *random.sample(range(5, 64), 3)):
        for dtype in DTYPES:
            delta = (0.1 + 1.8 * torch.rand(3, 4)).to(dtype)
            _check_density(answers, delta, dim, f"random distances (3, 4), {dtype}")
    grid = (torch.arange(4000, dtype=torch.float64) + 0.5) / 2000
    dim = random.randrange(4, 40)
    call = f"exp(log_density(dist, dim={dim}))"
    got = compare.table(answers.log_density(grid, dim), (4000,), call, FAR)
    area = got.exp().sum().item() / 2000
    assert abs(area - 1) < 0.01, (
        f"{call} has the area {area:.4f} between 0 and 2, expected 1. {FAR}"
    )


@task("11.2", points=1, hidden=True)
def test_log_density_in_many_dimensions(answers):
    """The circle, and up to 2048 dimensions, in float32 too

    0.3 to the power 2046 is 0 in any float; its logarithm is -2463.
    """
    for dim in (2, 128, 512, random.randrange(600, 2000), 2048):
        for dtype in DTYPES:
            delta = torch.linspace(0.2, 1.9, 12, dtype=dtype)
            _check_density(answers, delta, dim, f"12 distances, 0.2 to 1.9, {dtype}")


# ------------------------------------------------------ 11.3 Hardest, easiest friend


def _triplets(got, labels, call, reading):
    """Return got as triplets, each with a friend and a stranger of its anchor."""
    table, n = as_numbers(got), len(labels)
    if table is not None and table.numel() == 0:
        return []
    fits = table is not None and table.ndim == 2 and table.shape[1] == 3
    found = "no table of numbers" if table is None else tuple(table.shape)
    assert fits, (
        f"{call} returned {found}, expected rows (a, p, n), shape (t, 3). {reading}"
    )
    whole = bool(((table == table.floor()) & (table >= 0) & (table < n)).all())
    assert whole, (
        f"{call} returned a row with an entry that is no number of a point, 0 to "
        f"{n - 1}: {table[0].tolist()} is the first. {reading}"
    )
    rows = [tuple(row) for row in table.long().tolist()]
    for a, p, s in rows:
        assert p != a, (
            f"{call} has ({a}, {p}, {s}): the anchor is its own friend. Mask the "
            "diagonal, by index, with a value that never wins; and an anchor without a "
            f"friend has no row. {reading}"
        )
        assert labels[p] == labels[a], (
            f"{call} has ({a}, {p}, {s}): point {p} is no friend of {a}. A masked cell "
            "must never win: minus infinity under a maximum, plus infinity under a "
            f"minimum; and an anchor without a friend has no row. {reading}"
        )
        assert labels[s] != labels[a], (
            f"{call} has ({a}, {p}, {s}): point {s} is no stranger to {a}. A masked "
            "cell must never win: a 0 is the smallest of all distances; and an anchor "
            f"without a stranger has no row. {reading}"
        )
    return rows


def _partners(labels):
    """Return for each point its friends and its strangers, as lists."""
    points = range(len(labels))
    friends = [[j for j in points if j != i and labels[j] == labels[i]] for i in points]
    strangers = [[j for j in points if labels[j] != labels[i]] for i in points]
    return friends, strangers


def _anchors(rows, want, call, reading, why):
    """Compare the anchors that have a row with those that must have one."""
    found = sorted(a for a, _, _ in rows)
    extra, absent = set(found) - set(want), set(want) - set(found)
    assert not extra, (
        f"{call} has a row of anchor {min(extra)}, which must have none: {why}. "
        f"{reading}"
    )
    assert not absent, (
        f"{call} has no row of anchor {min(absent)}, expected one. Copies at distance "
        f"0 count like any other point. {reading}"
    )
    assert found == sorted(want), (
        f"{call} has several rows of one anchor, expected one. {reading}"
    )


def _is_hard(rows, d, friends, strangers):
    return all(
        d[a][p] == max(d[a][j] for j in friends[a])
        and d[a][s] == min(d[a][j] for j in strangers[a])
        for a, p, s in rows
    )


def _check_hard(answers, dist, labels, name):
    call = f"batch_hard(dist, labels) with {name}"
    rows = _triplets(answers.batch_hard(dist, torch.tensor(labels)), labels, call, MINE)
    d, (friends, strangers) = dist.tolist(), _partners(labels)
    want = [a for a in range(len(d)) if friends[a] and strangers[a]]
    _anchors(rows, want, call, MINE, "it has no friend or no stranger")
    columns = list(zip(*d, strict=True))
    turned = _is_hard(rows, columns, friends, strangers)
    assert not turned or _is_hard(rows, d, friends, strangers), (
        f"{call} reads column a for anchor a. Row a of dist is what anchor a sees. "
        f"{MINE}"
    )
    for a, p, s in rows:
        far, near = max(d[a][j] for j in friends[a]), min(d[a][j] for j in strangers[a])
        one = f"{call} has ({a}, {p}, {s}) at distances {d[a][p]:.4g}, {d[a][s]:.4g}"
        if d[a][p] != far:
            assert d[a][p] != min(d[a][j] for j in friends[a]), (
                f"{one}: {p} is the nearest friend; the hardest is the farthest. {MINE}"
            )
        assert d[a][p] == far, f"{one}: the farthest friend is at {far:.4g}. {MINE}"
        if d[a][s] != near:
            assert d[a][s] != max(d[a][j] for j in strangers[a]), (
                f"{one}: {s} is the farthest stranger; the hardest is the nearest. "
                f"{MINE}"
            )
        assert d[a][s] == near, f"{one}: the nearest stranger is at {near:.4g}. {MINE}"


def _check_easy(answers, dist, labels, name):
    call = f"easy_positive(dist, labels) with {name}"
    got = answers.easy_positive(dist, torch.tensor(labels))
    rows = _triplets(got, labels, call, EASY)
    d, (friends, strangers) = dist.tolist(), _partners(labels)
    near = [min((d[a][j] for j in friends[a]), default=None) for a in range(len(d))]
    behind = [
        [d[a][j] for j in strangers[a] if near[a] is not None and d[a][j] > near[a]]
        for a in range(len(d))
    ]
    for a, p, _ in rows:
        far = max(d[a][j] for j in friends[a])
        assert d[a][p] == near[a] or d[a][p] != far, (
            f"{call}: point {p} is the farthest friend of {a}; the easy one is the "
            f"nearest. {EASY}"
        )
        assert d[a][p] == near[a], (
            f"{call}: point {p} is {d[a][p]:.4g} from {a}, its nearest friend "
            f"{near[a]:.4g}. A copy at distance 0 is a friend like any other. {EASY}"
        )
    want = [a for a in range(len(d)) if behind[a]]
    why = "it has no friend, or no stranger farther than its nearest friend"
    _anchors(rows, want, call, EASY, why)
    for a, p, s in rows:
        one = f"{call} has ({a}, {p}, {s}) at distances {d[a][p]:.4g}, {d[a][s]:.4g}"
        assert d[a][s] > near[a], (
            f"{one}: the stranger must be farther than the friend, by the strict sign. "
            f"{EASY}"
        )
        assert d[a][s] == min(behind[a]), (
            f"{one}: the nearest stranger behind the friend is at {min(behind[a]):.4g}."
            f" {EASY}"
        )


@task("11.3", points=1)
def test_batch_hard(answers):
    """Five points by hand, random tables

    One row for each anchor: farthest friend, nearest stranger.
    """
    _check_hard(answers, HAND, [7, 7, 7, 2, 2], "the table of the example")
    for dtype in DTYPES:
        labels = _labels([2, 3, 5, 4])
        _check_hard(answers, _seen(14, dtype), labels, f"14 points, {dtype}")


@task("11.3", points=1)
def test_easy_positive(answers):
    """Five points by hand, random tables

    One row for each anchor: nearest friend, the nearest stranger behind it.
    """
    _check_easy(answers, HAND, [7, 7, 7, 2, 2], "the table of the example")
    for dtype in DTYPES:
        labels = _labels([2, 3, 5, 4])
        _check_easy(answers, _seen(14, dtype), labels, f"14 points, {dtype}")


@task("11.3", points=1, hidden=True)
def test_awkward_batches(answers):
    """Lonely points, one class alone, copies at distance 0, large and equal distances

    No friend or no stranger: no row. No distance is too large, none too small.
    """
    for check in (_check_hard, _check_easy):
        check(answers, _seen(9), _labels([1, 1, 4, 3]), "two points without a friend")
        check(answers, _seen(4), [5, 5, 5, 5], "one class alone")
        check(answers, _seen(4), [3, 1, 2, 0], "four classes of one point")
        dist, labels = _seen(12), _labels([4, 4, 4])
        same = torch.tensor(labels)[:, None] == torch.tensor(labels)
        check(answers, dist * ~same, labels, "friends that are copies, at distance 0")
        check(answers, dist * same, labels, "strangers that are copies, at distance 0")
        check(answers, 1e7 * dist, labels, "distances up to 19,000,000")
        ties = torch.randint(1, 4, (12, 12)).double().fill_diagonal_(0)
        check(answers, ties, labels, "distances 1, 2 and 3 only")


# ------------------------------------------------------------------ 11.4 Semi-hard


def _mask(got, t, call):
    found = as_numbers(got)
    flat = found is not None and found.ndim in (0, 1) and found.numel() == t
    shape = "no table" if found is None else tuple(found.shape)
    assert flat, (
        f"{call}: fell_back is {shape}, expected one entry for each of the {t} rows. "
        f"{MINE}"
    )
    found = found.reshape(-1)
    binary = bool(((found == 0) | (found == 1)).all())
    assert binary, f"{call}: fell_back must hold True and False only. {MINE}"
    return [bool(v) for v in found.tolist()]


def _semihard(answers, dist, labels, call):
    """Return the triplets and the mask after the checks of their form."""
    got = answers.semihard(dist, torch.tensor(labels))
    got = compare.parts(got, ("triplets", "fell_back"), call, MINE)
    rows = _triplets(got[0], labels, call, MINE)
    return rows, _mask(got[1], len(rows), call)


def _check_semihard(answers, dist, labels, name):
    call = f"semihard(dist, labels) with {name}"
    rows, fell = _semihard(answers, dist, labels, call)
    d, (friends, strangers) = dist.tolist(), _partners(labels)
    points = range(len(d))
    want = [(a, p) for a in points for p in friends[a] if strangers[a]]
    found = sorted((a, p) for a, p, _ in rows)
    assert found == want, (
        f"{call} has {len(found)} rows, {len(set(found))} different pairs (a, p); "
        f"expected every ordered pair of friends once, {len(want)}: (a, p) and (p, a) "
        f"are two, and no pair is dropped for want of a semi-hard stranger. {MINE}"
    )
    for (a, p, s), alarm in zip(rows, fell, strict=True):
        behind = [d[a][j] for j in strangers[a] if d[a][j] > d[a][p]]
        far = max(d[a][j] for j in strangers[a])
        one = (
            f"{call} has ({a}, {p}, {s}) at distances {d[a][p]:.4g}, {d[a][s]:.4g}, "
            f"fell_back {alarm}"
        )
        if not alarm:
            assert d[a][s] > d[a][p], (
                f"{one}: this stranger is nearer than the friend, or as near: it is "
                f"hard. Take one behind the friend, or fall back. {MINE}"
            )
        if behind:
            assert d[a][s] == min(behind), (
                f"{one}: the nearest stranger behind the friend is at "
                f"{min(behind):.4g}. {MINE}"
            )
        else:
            assert d[a][s] == far, (
                f"{one}: no stranger is behind the friend, so take the farthest, at "
                f"{far:.4g}. {MINE}"
            )
        assert alarm != bool(behind), (
            f"{one}: fell_back is True where no stranger is behind the friend, and "
            f"only there. {MINE}"
        )


@task("11.4", points=1)
def test_semihard(answers):
    """Five points by hand, random tables

    Every ordered pair of friends: the nearest stranger behind, or else the farthest.
    """
    _check_semihard(answers, HAND, [7, 7, 7, 2, 2], "the table of the example")
    for dtype in DTYPES:
        labels = _labels([2, 3, 5, 2])
        _check_semihard(answers, _seen(12, dtype), labels, f"12 points, {dtype}")


@task("11.4", points=1, hidden=True)
def test_semihard_in_a_large_batch(answers):
    """Ragged classes, equal distances, one class alone; then 2,100 points

    A table of 2,100^3 cells has 9 thousand million: it does not fit. One of pairs of
    friends times points does.
    """
    _check_semihard(answers, _seen(9), _labels([1, 1, 4, 3]), "classes of 1, 1, 4, 3")
    _check_semihard(answers, _seen(4), [5, 5, 5, 5], "one class alone")
    _check_semihard(answers, _seen(4), [3, 1, 2, 0], "four classes of one point")
    ties = torch.randint(1, 4, (12, 12)).double().fill_diagonal_(0)
    _check_semihard(answers, ties, _labels([4, 4, 4]), "distances 1, 2 and 3 only")
    n = 2100
    labels = torch.arange(n // 2).repeat(2)
    dist, mate = 0.1 + torch.rand(n, n), torch.arange(n).roll(n // 2)
    dist[torch.rand(n) < 0.3, :] *= 0.5
    lost = torch.rand(n) < 0.1
    dist[torch.arange(n)[lost], mate[lost]] = 1.5
    call = f"semihard(dist, labels) with {n} points, two of each class,"
    rows, fell = _semihard(answers, dist, labels.tolist(), call)
    assert sorted((a, p) for a, p, _ in rows) == list(enumerate(mate.tolist())), (
        f"{call} has {len(rows)} rows, expected one for each pair (a, p), {n}. {MINE}"
    )
    own = dist[torch.arange(n), mate]
    table = dist.clone()
    table[torch.arange(n), mate] = -1
    table.fill_diagonal_(-1)
    behind = table > own[:, None]
    near = table.masked_fill(~behind, torch.inf).amin(dim=1)
    want = torch.where(behind.any(dim=1), near, table.amax(dim=1))
    got = torch.tensor([(a, s) for a, _, s in rows])
    off = int((dist[got[:, 0], got[:, 1]] != want[got[:, 0]]).sum())
    assert not off, (
        f"{call} took a wrong stranger in {off} rows; wanted is the nearest behind the "
        f"friend, and the farthest where none is behind. {MINE}"
    )
    off = int((torch.tensor(fell) == behind.any(dim=1)[got[:, 0]]).sum())
    assert not off, f"{call} has {off} wrong entries of fell_back. {MINE}"


# ------------------------------------------------- 11.5 Drawn by inverse density


def _weights(got, want, call):
    """Return got where it must be finite, after its shape and its zeros are checked."""
    table = as_numbers(got)
    found = "no table of numbers" if table is None else tuple(table.shape)
    assert found == tuple(want.shape), (
        f"{call} returned {found}, expected {tuple(want.shape)}. {DRAW}"
    )
    assert not table.isnan().any(), (
        f"{call} has NaN: at distance 2 a logarithm is infinite, and infinity times 0, "
        f"or infinity minus infinity, is NaN. Set cells by torch.where. {DRAW}"
    )
    return table.masked_fill(table < -1e20, -torch.inf)


def _check_weights(answers, dist, labels, dim, cutoff, most, name):
    call = f"log_weights(dist, labels, {dim}, {cutoff}, {most}) with {name}"
    y = torch.tensor(labels)
    got = answers.log_weights(dist, y, dim, cutoff, most)
    d, same = dist.double(), y[:, None] == y
    allowed = ~same & (d < most)

    def of(x, power=None, root=None):
        x = x.clamp(min=cutoff, max=1.999)
        power, root = power or 2 - dim, (3 - dim) / 2 if root is None else root
        return power * x.log() + root * (1 - x.square() / 4).log()

    want = of(d).masked_fill(~allowed, -torch.inf)
    got = _weights(got, want, call)
    open_ = got > -torch.inf
    for cells, said in (
        (same & open_, "has a weight; own class and diagonal must have minus infinity, "
         "since a log-weight of 0 is a weight of 1"),
        (~same & (d >= most) & open_, f"has a weight, at a distance from {most} on; "
         "it must have minus infinity"),
        (allowed & (d < cutoff) & ~open_, f"has none, at a distance below {cutoff}; "
         "the cutoff bounds the weight, it does not forbid the stranger"),
        (allowed & ~open_, "has no weight, and must have one"),
    ):  # fmt: skip
        if cells.any():
            i, j = cells.nonzero()[0].tolist()
            raise AssertionError(
                f"{call}: cell [{i}, {j}] (distance {d[i, j]:.4g}, labels {labels[i]}, "
                f"{labels[j]}) {said}. {DRAW}"
            )
    clipped, raw = of(d), (2 - dim) * d.log() + (3 - dim) / 2 * (1 - d**2 / 4).log()
    slips = [
        ("the sign is turned: strangers that are rare must weigh more", -clipped),
        ("the exponent of delta is dim - 2, not dim", of(d, power=-dim)),
        ("the exponent of delta is dim - 2, not dim - 1", of(d, power=1 - dim)),
        ("the exponent of the bracket is (dim - 3) / 2, not dim - 3",
         of(d, root=3 - dim)),
        ("dist holds distances, not their squares: square them once",
         of(d.clamp(min=cutoff).sqrt())),
        ("the bracket is missing", of(d, root=0.0)),
        ("the cutoff has no effect: nearer strangers weigh as much as one at the "
         "cutoff", raw),
        ("all strangers weigh the same", torch.zeros_like(d)),
    ]  # fmt: skip

    def rest(table):
        """Compare rows up to a constant: a row's weights need no common factor."""
        first = allowed.double().argmax(dim=1, keepdim=True)
        return (table - table.gather(1, first))[allowed]

    if allowed.any():
        _same(
            rest(got),
            rest(want),
            f"{call}, each row less its first",
            DRAW,
            [(said, rest(table)) for said, table in slips],
            tol=2e-3,
        )


@task("11.5", points=1)
def test_log_weights(answers):
    """Four points by hand, random batches

    A constant that is added to a whole row changes nothing.
    """
    hand = torch.tensor([[0.0, 0.4, 0.8, 1.3], [0.4, 0, 0.9, 0.3],
                         [0.8, 0.9, 0, 1.5], [1.3, 0.3, 1.5, 0]])  # fmt: skip
    _check_weights(answers, hand, [7, 7, 1, 2], 8, 0.5, 1.4, "the table of the example")
    for dtype in DTYPES:
        labels, dim = _labels([2, 3, 5, 4, 1]), random.randrange(5, 40)
        dist = _seen(15, dtype)
        _check_weights(answers, dist, labels, dim, 0.5, 1.4, f"15 points, {dtype}")


ROWS = 6000
COLUMNS = 5


def _drawn(got, n, columns, call):
    """Return got as column numbers, or say what is off."""
    table = compare.table(got, (n,), call, DRAW)
    whole = bool(((table == table.floor()) & (table >= -1) & (table < columns)).all())
    assert whole, (
        f"{call} returned an entry that is no number of a column, 0 to {columns - 1}, "
        f"nor -1 for a row that is minus infinity throughout. {DRAW}"
    )
    return table.long()


def _noisy(log_w, noise):
    """Return the shares of the columns in 20,000 maxima of log_w plus noise."""
    got = (log_w + noise(20_000, len(log_w))).argmax(dim=1)
    return got.bincount(minlength=len(log_w)) / len(got)


def _gumbel(*shape):
    return -torch.empty(shape, dtype=torch.float64).exponential_().log()


def _slip(share, log_w):
    """Return what a wrong sampler that fits these shares has done, or nothing."""
    n = len(log_w)
    noise = "the noise is not Gumbel's, -log(-log u), or its sign is turned"
    wrong = [
        ("the weights have no effect", torch.full((n,), 1 / n)),
        ("the sign of the weights is turned", (-log_w).softmax(dim=0)),
        ("it is always the largest weight: nothing is drawn",
         (log_w == log_w.max()).double()),
        *((noise, _noisy(log_w, sample)) for sample in (
            lambda *s: -_gumbel(*s), torch.randn, torch.rand,
            lambda *s: -torch.rand(s).log())),
    ]  # fmt: skip
    gap, said = min(((share - w).abs().sum().item(), said) for said, w in wrong)
    return f": {said}" if gap < 0.12 else ""


def _check_shares(column, log_w, call):
    """A chi-squared test, which a right draw fails once in 100 million times."""
    p = log_w.softmax(dim=0)
    count = column.bincount(minlength=len(p)).double()
    surprise = ((count - len(column) * p).square() / (len(column) * p)).sum().item()
    share = count / len(column)
    assert stats.chi2.sf(surprise, len(p) - 1) > 1e-8, (
        f"{call}: of {len(column)} rows with the weights {_list(p)}, these shares drew "
        f"each column: {_list(share)}{_slip(share, log_w)}. {DRAW}"
    )


def _check_independence(answers, row, seed):
    """A chi-squared test of pairs of rows that follow each other, all alike."""
    call = f"draw(log_w, seed) with {ROWS} equal rows"
    got = _drawn(answers.draw(row.expand(ROWS, -1), seed), ROWS, COLUMNS, call)
    assert (got >= 0).all(), f"{call}: -1 where a row has weights. {DRAW}"
    pair = COLUMNS * got[::2] + got[1::2]
    p = row.softmax(dim=0)
    p, count = (p[:, None] * p).flatten(), pair.bincount(minlength=COLUMNS**2)
    surprise = ((count - len(pair) * p).square() / (len(pair) * p)).sum().item()
    assert stats.chi2.sf(surprise, COLUMNS**2 - 1) > 1e-8, (
        f"{call}: rows that follow each other do not draw independently; each row and "
        f"column needs noise of its own. {DRAW}"
    )


def _list(values):
    return "[" + ", ".join(f"{v:.3f}" for v in values.tolist()) + "]"


def _kinds():
    """Return the log-weights of three kinds of rows, and the kind of each row."""
    scale = torch.tensor([1.2, 1.8, 2.4], dtype=torch.float64)[:, None]
    steps = torch.stack([torch.randperm(COLUMNS) for _ in range(3)]) / (COLUMNS - 1)
    return scale * steps, torch.randint(3, (ROWS,))


@task("11.5", points=1)
def test_draw(answers):
    """6,000 rows of three kinds, each drawn in proportion to its weights

    The same seed draws the same, another seed another. A right draw fails this check
    fewer than once in a million times.
    """
    kinds, kind = _kinds()
    seed = random.randrange(10**6)
    call = f"draw(log_w, seed) with {ROWS} rows of {COLUMNS} columns"
    got = _drawn(answers.draw(kinds[kind], seed), ROWS, COLUMNS, call)
    assert (got >= 0).all(), f"{call}: -1 where a row has weights. {DRAW}"
    for k in range(3):
        _check_shares(got[kind == k], kinds[k], call)
    again = _drawn(answers.draw(kinds[kind], seed), ROWS, COLUMNS, call)
    assert again.tolist() == got.tolist(), (
        f"{call}: the same seed drew something else. Draw from a generator of your own "
        f"that is set to the seed. {DRAW}"
    )
    other = _drawn(answers.draw(kinds[kind], seed + 1), ROWS, COLUMNS, call)
    assert other.tolist() != got.tolist(), f"{call}: another seed drew the same. {DRAW}"
    _check_independence(answers, kinds[0], seed)


@task("11.5", points=1, hidden=True)
def test_log_weights_at_the_ends(answers):
    """512 dimensions, distances 0 and 2, an anchor without strangers in reach

    Logarithms near 370 are fine; their exponentials would not be.
    """
    for dim in (4, 64, 512):
        labels = _labels([2, 3, 5, 2])
        dist = _seen(12)
        dist[torch.rand(12, 12) < 0.2] = 2.0
        dist[torch.rand(12, 12) < 0.1] = 0.0
        dist[3] = 1.9
        dist.fill_diagonal_(0)
        for dtype in DTYPES:
            name = f"distances 0 and 2 among others, {dtype}"
            _check_weights(answers, dist.to(dtype), labels, dim, 0.5, 1.4, name)
    most = round(1 + 0.6 * random.random(), 2)
    cutoff = round(0.3 + 0.4 * random.random(), 2)
    _check_weights(answers, _seen(10), _labels([5, 5]), 16, cutoff, most, "10 points")
    _check_weights(answers, _seen(3), [1, 1, 1], 16, 0.5, 1.4, "one class alone")


@task("11.5", points=1, hidden=True)
def test_draw_from_extreme_weights(answers):
    """Rows thousands apart, columns of weight 0, empty rows, independent rows

    Only differences within a row count. Right draws fail fewer than once in a million.
    """
    kinds, kind = _kinds()
    blocked = torch.rand(ROWS, 2) < 0.5
    extra = torch.where(blocked, -torch.inf, -900.0)
    log_w = torch.cat([kinds[kind], extra], dim=1)
    log_w += 4000 * torch.rand(ROWS, 1, dtype=torch.float64) - 2000
    empty = torch.rand(ROWS) < 0.1
    log_w[empty] = -torch.inf
    call = f"draw(log_w, seed) with {ROWS} rows whose weights are thousands apart"
    seed = random.randrange(10**6)
    got = _drawn(answers.draw(log_w, seed), ROWS, COLUMNS + 2, call)
    drawn = int((got[empty] >= 0).sum())
    assert not drawn, (
        f"{call}: {drawn} rows of minus infinity drew a column, expected -1. {DRAW}"
    )
    lost = int((got[~empty] < 0).sum())
    assert not lost, (
        f"{call}: {lost} rows drew nothing. Subtract the largest of each row, not of "
        f"the whole table, or take no exponential at all. {DRAW}"
    )
    bad = int((got >= COLUMNS).sum())
    assert not bad, (
        f"{call}: {bad} rows drew a column whose weight is 0, or exp(-900) of the "
        f"others. {DRAW}"
    )
    for k in range(3):
        _check_shares(got[(kind == k) & ~empty], kinds[k], call)
    _check_independence(answers, kinds[0], seed)


# ----------------------------------------------------------------- 11.6 Break it


def _slopes(dist, labels):
    """Return the slope of the mean hinge at scale 0: of batch-hard and of all."""
    friends, strangers = _partners(labels)
    hard, every = [], []
    for a, row in enumerate(dist.tolist()):
        near = [row[j] for j in friends[a]]
        far = [row[j] for j in strangers[a]]
        hard.append(max(near) - min(far))
        every.append(sum(near) / len(near) - sum(far) / len(far))
    return sum(hard) / len(hard), sum(every) / len(every)


def _check_collapse(answers, C, m):
    call = f"collapsing_batch(C={C}, m={m})"
    x = as_numbers(answers.collapsing_batch(C, m))
    found = "no table of numbers" if x is None else tuple(x.shape)
    fits = x is not None and x.ndim == 2 and len(x) == C * m and x.shape[1] > 0
    assert fits, f"{call} returned {found}, expected shape ({C * m}, k). {CURE}"
    size = x.abs().max().item()
    assert size <= 100, (
        f"{call} has an entry of size {size:.4g}, expected finite ones up to 100. "
        f"{CURE}"
    )
    labels = [c for c in range(C) for _ in range(m)]
    dist = (x[:, None] - x).square().sum(dim=2).sqrt()
    y = torch.tensor(labels)
    same = y[:, None] == y
    unit = dist[~same].mean().item()
    assert unit > 1e-2, f"{call}: all points are in one place already. {CURE}"
    friend = dist.masked_fill(~same, torch.inf).fill_diagonal_(torch.inf).amin(dim=1)
    stranger = dist.masked_fill(same, torch.inf).amin(dim=1)
    good = (friend < stranger - 1e-6 * unit).double().mean().item()
    assert good >= 0.5, (
        f"{call}: only {good:.0%} of the points have a friend as nearest neighbour, "
        f"expected at least half: the data must be good. {CURE}"
    )
    hard, every = (slope / unit for slope in _slopes(dist, labels))
    assert every < -0.1, (
        f"{call}: over all triplets, d_ap - d_an is {every:.2f} times the mean "
        "distance of strangers on average, expected below -0.1: random triplets must "
        f"make w grow. {CURE}"
    )
    assert hard > 0.1, (
        f"{call}: over the batch-hard triplets, d_ap - d_an is {hard:.2f} times the "
        "mean distance of strangers on average, expected above 0.1: batch-hard must "
        f"push w to 0, but here it lets w grow. {CURE}"
    )


@task("11.6", points=1)
def test_collapsing_batch(answers):
    """Two classes of four, three of five

    Good data, on which random triplets spread the points and batch-hard shrinks them.
    """
    for C, m in ((2, 4), (3, 5)):
        _check_collapse(answers, C, m)


@task("11.6", points=1, hidden=True)
def test_collapsing_batch_of_other_sizes(answers):
    """From 2 classes of 4 to 12 classes of 10

    The same construction must carry on.
    """
    for C, m in ((2, 7), (12, 4), (12, 10), *[(random.randrange(3, 9), 6)]):
        _check_collapse(answers, C, m)


# ------------------------------------------------------------------- 11.7 Explain

RUBRIC = """
in many dimensions the distances of strangers all lie near the square root of 2 so
nearly every triplet drawn at random satisfies the margin early and its hinge is 0 the
loss describes the sampler and not the embedding which is judged by retrieval on classes
never seen the nearest stranger is wrongly labelled or as near as noise more often than
any other its gradient points in a direction that noise decides and all anchors together
can shrink the embedding to one point the machine looks for 40 words 20 of them
different for a word on what most random triplets contribute in the end inactive
satisfied zero easy and for one on what goes wrong with the nearest stranger noise
outlier mislabelled collapse it refuses sentences of the rubric and what you quote from
this task does not count use your own words the points are confirmed or not by the
person who reads it
"""
#: What else the task says: to quote it is no explanation.
STORY = """
say what random and what hardest strangers do a colleague trains in 128 dimensions with
random triplets and reports after an hour the loss was nearly 0 so training is finished
you object and she changes the sampler now i always take the nearest stranger in the
batch its gradient is the most useful of all in explain_11_7 in at least 40 words 100
are plenty what is wrong with each at which distance from its anchor is a random
stranger and which strangers are unusually near the hinge is max 0 d ap d an m with d an
approx sqrt2 for the second half look at task 11.6 two or three sentences on each half
between the triple quotes
"""


@task("11.7", points=2)
def test_explanation_is_there(answers):
    """Your explanation, before a person reads it

    The machine looks for length and for the two ideas of the rubric only; the points
    are confirmed by the person who reads it.
    """
    joined = own_words(answers, "explain_11_7", rubric=RUBRIC, see=FAR, story=STORY)
    idle = ("inactive", "active", "satisf", "zero", " 0 ", "no gradient", "easy",
            "uninformative", "nothing to learn")  # fmt: skip
    assert any(stem in joined for stem in idle), (
        "explain_11_7 does not say what most random triplets contribute late in "
        f"training, and why. {FAR}"
    )
    harm = ("collaps", "nois", "mislabel", "outlier", "wrong label", "one point",
            "label error", "wrongly label")  # fmt: skip
    assert any(stem in joined for stem in harm), (
        "explain_11_7 does not say what goes wrong with the nearest stranger alone. "
        f"{CURE}"
    )


# ----------------------------------------------------------------- 11.8 Challenge

DRAWS = 5000


def _counts(p, samples):
    """Return how often each column came in so many samples of 5,000 draws each."""
    rng = np.random.default_rng(random.getrandbits(64))
    return torch.from_numpy(rng.multinomial(DRAWS, p.numpy(), size=samples))


def _suspected(answers, log_w, samples, name):
    """Return the verdicts of each group of samples, which are shown in any order."""
    call = f"suspicious(counts, log_w) with {name}"
    counts, order = torch.cat(samples), torch.randperm(sum(map(len, samples)))
    got = answers.suspicious(counts[order], log_w)
    got = compare.table(got, (len(counts),), call, DRAW)
    binary = bool(((got == 0) | (got == 1)).all())
    assert binary, f"{call} returned something else than True and False. {DRAW}"
    verdicts = torch.empty(len(counts), dtype=torch.bool)
    verdicts[order] = got.bool()
    return verdicts.split([len(rows) for rows in samples])


def _alone(answers, log_w, wrong, name):
    """Show samples of one wrong sampler: all but log_w says that they are right."""
    for said, q in wrong.items():
        (verdicts,) = _suspected(answers, log_w, [_counts(q, 3)], name)
        assert verdicts.all(), (
            f"suspicious(counts, log_w) with {name}, all of them {said}, did not "
            "suspect each. A row is judged by the claim log_w, not by the other rows. "
            f"{DRAW}"
        )


def _few(alarms, runs, name, why):
    """At most 4 alarms: with rate 1 in 10,000 there are 0.04 in 400 right samples."""
    assert alarms <= 4, (
        f"suspicious(counts, log_w) with {name} suspected {alarms} of {runs} right "
        f"samples, expected one in 10,000: {why}. {DRAW}"
    )


def _plain():
    """Return log-weights of 5 to 8 columns, of which none is rare, with any offset."""
    n = random.randrange(5, 9)
    steps = torch.randperm(n).double() + 0.3 * torch.rand(n).double()
    return 2 * steps / n + 2000 * random.random() - 1000


def _blocked():
    """Return log-weights of which one is minus infinity."""
    log_w = _plain()
    log_w[random.randrange(len(log_w))] = -torch.inf
    return log_w


def _rare():
    """Return log-weights of 5 common columns and 40 with fewer than 0.2 draws each."""
    common = (torch.randperm(5) + 0.3 * torch.rand(5)).double() / 5
    rare = math.log(0.2 / DRAWS) - 5 * torch.rand(40).double()
    log_w = torch.cat([common.log_softmax(dim=0), rare])
    return log_w[torch.randperm(45)] + 2000 * random.random() - 1000


@task("11.8", points=1)
def test_suspicious(answers):
    """400 right samples of 5,000 draws, and wrong ones among them

    At most 4 of the right ones may be suspected, and every wrong one must be.
    """
    alarms = 0
    for _ in range(4):
        log_w = _plain()
        p, n = log_w.softmax(dim=0), len(log_w)
        wrong = {
            "uniform draws": torch.full((n,), 1 / n).double(),
            "draws by the inverse weights": (-log_w).softmax(dim=0),
            "draws by the squared weights": (2 * log_w).softmax(dim=0),
            "draws of the largest weight only": (p == p.max()).double(),
            "draws by the weights of the neighbouring columns": p.roll(1),
        }
        samples = [_counts(p, 100), *(_counts(q, 3) for q in wrong.values())]
        name = f"{n} columns, none of them rare"
        right, *found = _suspected(answers, log_w, samples, name)
        alarms += int(right.sum())
        for said, verdicts in zip(wrong, found, strict=True):
            assert verdicts.all(), (
                f"suspicious(counts, log_w) with {name} did not suspect {said}. "
                f"Compare the counts with 5,000 times the softmax of log_w. {DRAW}"
            )
        _alone(answers, log_w, wrong, name)
    why = "chance alone moves each count, by about its square root"
    _few(alarms, 400, "5 to 8 columns, none of them rare,", why)


@task("11.8", points=2, hidden=True)
def test_suspicious_of_the_rare(answers):
    """Rare columns, impossible ones, a sampler that favours the rare

    A column that is expected 0.05 times may be drawn once. One of weight 0 may not.
    """
    alarms = blind = 0
    for _ in range(4):
        log_w = _rare()
        p, alike = log_w.softmax(dim=0), log_w.clone()
        alike[log_w > log_w.max() - 3] = log_w.max()
        mixed = 0.95 * p + 0.05 / len(p)
        samples = [_counts(p, 100), _counts(mixed, 3), _counts(alike.softmax(dim=0), 3)]
        name = "45 columns, 40 of them rare"
        right, one, two = _suspected(answers, log_w, samples, name)
        alarms += int(right.sum())
        assert two.all(), (
            f"suspicious(counts, log_w) with {name} did not suspect a sampler that "
            "draws the common columns alike; 5,000 draws tell five different weights "
            f"from equal ones. {DRAW}"
        )
        assert one.all(), (
            f"suspicious(counts, log_w) with {name} did not suspect a sampler of which "
            "one draw in 20 is uniform: the rare columns came far too often, all "
            f"together. Put them together, do not leave them out. {DRAW}"
        )
        _alone(answers, log_w, {"mixed with uniform draws": mixed}, name)
        log_w = _blocked()
        samples = [_counts(log_w.softmax(dim=0), 100), _counts(log_w.softmax(dim=0), 5)]
        samples[1][:, log_w.argmax()] -= 1
        samples[1][:, log_w.argmin()] += 1
        name = "a column of weight 0"
        right, one = _suspected(answers, log_w, samples, name)
        blind += int(right.sum())
        assert one.all(), (
            f"suspicious(counts, log_w) with {name} did not suspect a sample in which "
            "it was drawn once: a single impossible draw proves the sampler wrong. "
            f"{DRAW}"
        )
    why = "columns with few expected draws break the chi-squared law; put them together"
    _few(alarms, 400, "45 columns, 40 of them rare,", why)
    why = "0 draws of 0 expected are no surprise; take care of 0 / 0"
    _few(blind, 400, "a column of weight 0, never drawn,", why)
