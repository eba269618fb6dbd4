"""Checks of exercise 12, Beyond the batch."""

import math
import random
from fractions import Fraction

import numpy as np
import torch

from mlcourse.grading import compare, own_words, task
from mlcourse.grading.as_numbers import as_numbers

HIDES = (
    "mlcourse.miners",
    "mlcourse.samplers",
    "mlcourse.synthesis",
    "mlcourse.losses",
    "mlcourse.objective",
    "mlcourse.training",
)
#: Libraries that answer some of the tasks: a person looks at them, no point is lost.
FLAGS = ("pytorch_metric_learning",)

MEETS = "See lecture 12, section 'What a batch cannot see'."
CLASSES = "See lecture 12, section 'Classes that are neighbours'."
RANKS = "See lecture 12, section 'A window of ranks'."
WALKS = "See lecture 12, section 'Near, but off the manifold'."
MADE = "See lecture 12, section 'Negatives that nobody drew'."
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


# ---------------------------------------------------------- 12.1 What a batch misses


def _misses(N, h, b):
    """Exactly: the draws miss one after the other."""
    missed = Fraction(1)
    for i in range(b):
        missed *= Fraction(max(N - h - i, 0), N - i)
    return missed


def _check_meets(answers, N, h, b):
    call = f"meets_hard(N={N}, h={h}, b={b})"
    got = compare.number(answers.meets_hard(N, h, b), call, MEETS)
    missed = float(_misses(N, h, b))
    mistakes = [
        ("this is the chance that none is hard", missed),
        ("this draws with replacement; a batch holds a stranger once",
         1 - (1 - h / N) ** b),
        ("this is the expected number of hard strangers", b * h / N),
        ("this is the share of hard strangers; it does not know b", h / N),
        ("this is the chance that all are hard", float(_misses(N, N - h, b))),
        ("h and b have changed places with N - h", 1 - float(_misses(N, N - h, b))),
    ]  # fmt: skip
    _one(got, 1 - missed, call, MEETS, mistakes, tol=1e-5)


@task("12.1", points=1)
def test_meets_hard(answers):
    """Four strangers by hand, random numbers up to 50, and the ends

    Compared with exact fractions.
    """
    for N, h, b in ((4, 1, 2), (4, 2, 2)):
        _check_meets(answers, N, h, b)
    for _ in range(6):
        N = random.randrange(6, 51)
        _check_meets(answers, N, random.randrange(1, N // 2), random.randrange(1, N))
    for N, h, b in ((9, 0, 4), (9, 3, 0), (9, 9, 1), (9, 3, 9), (9, 3, 7), (1, 1, 1)):
        _check_meets(answers, N, h, b)


@task("12.1", points=1, hidden=True)
def test_meets_hard_in_large_data(answers):
    """Up to 60,000 strangers

    A factorial of 60,000 is no float; its logarithm is.
    """
    for N in (1980, 60_000, random.randrange(3000, 50_000)):
        for b in (28, random.randrange(60, 400), N // 3):
            _check_meets(answers, N, random.randrange(1, 40), b)
    _check_meets(answers, 60_000, 30_000, 5)


# -------------------------------------------------------------- 12.2 Class distances


def _class_loop(z, labels):
    """Means over all pairs, class by class."""
    square = torch.cdist(z.double(), z.double()).square()
    groups = [
        [i for i, c in enumerate(labels) if c == name] for name in sorted(set(labels))
    ]
    rows = [[square[p][:, q].mean() for q in groups] for p in groups]
    dist = torch.tensor(rows, dtype=torch.float64)
    inside = [square[p][:, p].sum() / (len(p) ** 2 - len(p)) for p in groups]
    return dist, torch.tensor(inside, dtype=torch.float64)


def _class_cases():
    z = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [-1.0, 2.0]])
    yield z, [4, 4, 7, 7], "the example"
    for dtype in DTYPES:
        labels = _labels(random.sample(range(2, 9), 4))
        z = (torch.randn(len(labels), 5) + 2 * torch.rand(5)).to(dtype)
        yield z, labels, f"{len(labels)} random points of 4 classes, {dtype}"


def _class_answer(answers, z, labels, name):
    call = f"class_distances(z, labels) with {name}"
    got = answers.class_distances(z, torch.tensor(labels))
    C = len(set(labels))
    return compare.table(got, (C, C), call, CLASSES), call


def _off(table):
    """The entries beside the diagonal."""
    return table[~torch.eye(len(table), dtype=torch.bool)]


@task("12.2", points=1)
def test_distances_of_two_classes(answers):
    """The example and random points, beside the diagonal

    Compared with the mean over all pairs.
    """
    for z, labels, name in _class_cases():
        got, call = _class_answer(answers, z, labels, name)
        want, _ = _class_loop(z, labels)
        names = sorted(set(labels))
        y = torch.tensor(labels)
        mean = torch.stack([z.double()[y == c].mean(dim=0) for c in names])
        apart = torch.cdist(mean, mean)
        plain = torch.cdist(z.double(), z.double())
        rows = [[plain[y == p][:, y == q].mean() for q in names] for p in names]
        appear = list(dict.fromkeys(labels))
        place = [appear.index(c) for c in names]
        turned = torch.empty_like(want)
        for i, p in enumerate(place):
            for j, q in enumerate(place):
                turned[p, q] = want[i, j]
        size = torch.tensor([labels.count(c) for c in names])
        mistakes = [
            ("this is the distance of the means; the scatter of both classes is "
             "missing", _off(apart.square())),
            ("this is the distance of the means, not even squared", _off(apart)),
            ("square the distances before the mean",
             _off(torch.tensor(rows, dtype=torch.float64))),
            ("classes must be in the order of their numbers", _off(turned)),
            ("this is a sum over pairs; divide by their number",
             _off(want * size[:, None] * size)),
            ("this is the root of the mean", _off(want.sqrt())),
        ]  # fmt: skip
        _same(_off(got), _off(want), f"{call}, beside the diagonal,", CLASSES, mistakes)


@task("12.2", points=1)
def test_distances_inside_a_class(answers):
    """The diagonal: pairs of different points of one class

    The distance of a point from itself is not counted.
    """
    for z, labels, name in _class_cases():
        got, call = _class_answer(answers, z, labels, name)
        dist, want = _class_loop(z, labels)
        mistakes = [
            ("a point and itself are no pair: divide by n^2 - n", dist.diagonal()),
            ("this is half of it: each pair counts as (i, j) and as (j, i), above and "
             "below the line", want / 2),
            ("the diagonal is not 0: points of one class differ", 0 * want),
            ("this is the root of the mean", want.sqrt()),
        ]  # fmt: skip
        _same(got.diagonal(), want, f"{call}, on the diagonal,", CLASSES, mistakes)


@task("12.2", points=1, hidden=True)
def test_distances_of_many_points(answers):
    """60,000 points of 500 classes, far from the origin

    Two classes are then compared by a loop.
    """
    y = torch.arange(60_000) % 500
    z = torch.randn(60_000, 16) + 3 * torch.rand(16)
    z = z + 0.2 * torch.randn(500, 16)[y]
    call = "class_distances(z, labels) with 60,000 points of 500 classes"
    got = compare.table(answers.class_distances(z, y), (500, 500), call, CLASSES)
    for p, q in (random.sample(range(500), 2) for _ in range(8)):
        pick = (y == p) | (y == q)
        dist, inside = _class_loop(z[pick], y[pick].tolist())
        want = torch.stack([dist[0, 1], *inside])
        first, last = sorted((p, q))
        found = torch.stack([got[p, q], got[first, first], got[last, last]])
        name = f"{call}: d({p}, {q}), d({first}, {first}), d({last}, {last})"
        _same(found, want, name, CLASSES)


# ------------------------------------------------------------------------ 12.3 Margins


def _tree(C, low, high):
    """Return heights (C, C) of a random tree: an ultrametric."""
    height = torch.zeros(C, C, dtype=torch.float64)
    groups = [[c] for c in torch.randperm(C).tolist()]
    steps = (low + (high - low) * torch.rand(C - 1, dtype=torch.float64)).sort().values
    for h in steps:
        random.shuffle(groups)
        p, q = groups.pop(), groups.pop()
        for i in p:
            for j in q:
                height[i, j] = height[j, i] = h
        groups.append(p + q)
    return height


def _thresholded(height, d_0, levels, kind):
    share = (height - d_0) / (4 - d_0) * levels
    level = {"up": torch.ceil, "down": torch.floor, "near": torch.round}[kind](share)
    return d_0 + level.clamp(0, levels) / levels * (4 - d_0)


def _check_margins(answers, case, name):
    T, labels, height, spread, levels, beta = case
    call = f"margins(T, labels, height, spread, levels={levels}, beta={beta}), {name},"
    got = compare.table(answers.margins(*case), (len(T),), call, CLASSES)
    a, n = labels[T[:, 0]], labels[T[:, 2]]
    h, s, d_0 = height.double()[a, n], spread.double(), spread.double().mean()
    up = _thresholded(h - 1e-6, d_0, levels, "up")
    above = _thresholded(h + 1e-6, d_0, levels, "up")
    raw = beta + up - s[a]
    want = raw.clamp(min=0)
    tie = (beta + above - s[a]).clamp(min=0)  # where rounding may lift a threshold
    want = torch.where((got - tie).abs() < 1e-3, tie, want)

    def slip(joined=up, scatter=s[a], cut=True):
        value = beta + joined - scatter
        return value.clamp(min=0) if cut else value

    mistakes = [
        ("the margin is cut at 0", slip(cut=False)),
        ("take the first threshold that is not below the height, not the one before",
         slip(_thresholded(h, d_0, levels, "down"))),
        ("take the first threshold that is not below the height, not the nearest",
         slip(_thresholded(h, d_0, levels, "near"))),
        ("this takes the height itself; it must be lifted to a threshold", slip(h)),
        ("the thresholds begin at d_0, not at 0",
         slip(_thresholded(h, 0 * d_0, levels, "up"))),
        ("s is that of the anchor's class", slip(scatter=s[n])),
        ("s is taken off, not added", slip(scatter=-s[a])),
        ("s is missing", slip(scatter=0)),
        ("beta is missing", (up - s[a]).clamp(min=0)),
    ]  # fmt: skip
    _same(got, want, call, CLASSES, mistakes)


def _margin_case(C, t, low, high, spread, levels, beta):
    labels = torch.arange(3 * C) // 3
    labels = labels[torch.randperm(len(labels))]
    a, n = torch.randint(3 * C, (4 * t,)), torch.randint(3 * C, (4 * t,))
    keep = (labels[a] != labels[n]).nonzero(as_tuple=True)[0][:t]
    a, n = a[keep], n[keep]
    p = torch.tensor([int((labels == labels[i]).nonzero()[0, 0]) for i in a])
    T = torch.stack([a, p, n], dim=1)
    return T, labels, _tree(C, low, high), spread, levels, beta


@task("12.3", points=1)
def test_margins(answers):
    """The example, and random trees of nine classes

    Heights between d_0 and 4.
    """
    height = torch.tensor([[0.0, 1.0, 2.4], [1.0, 0.0, 2.4], [2.4, 2.4, 0.0]])
    spread = torch.tensor([0.5, 0.4, 0.6], dtype=torch.float64)
    T, labels = torch.tensor([[0, 1, 2], [0, 1, 3]]), torch.tensor([0, 0, 1, 2])
    case = (T, labels, height.double(), spread, 7, 0.1)
    _check_margins(answers, case, "the example")
    for dtype in DTYPES:
        spread = (0.3 + 0.5 * torch.rand(9)).to(dtype)
        beta = round(0.05 + 0.2 * random.random(), 3)
        case = _margin_case(9, 30, 0.9, 3.5, spread, random.randrange(5, 20), beta)
        _check_margins(answers, case, f"30 triplets of 9 classes, {dtype}")


@task("12.3", points=1, hidden=True)
def test_margins_at_the_ends(answers):
    """Heights below d_0, a height of 4, one level, classes that scatter widely

    The lowest threshold is d_0, the highest 4, and no margin is below 0.
    """
    for _ in range(4):  # in some draws no margin below d_0 is above 0
        spread = 1.2 + 1.5 * torch.rand(9)
        _check_margins(answers, _margin_case(9, 40, 0.2, 2.5, spread, 8, 0.1),
                       "heights from 0.2, classes that scatter up to 2.7")  # fmt: skip
    spread = 0.2 + torch.rand(6)
    _check_margins(answers, _margin_case(6, 20, 0.1, 3.0, spread, 1, 0.3), "one level")
    T, labels, height, *_ = case = _margin_case(5, 20, 1.0, 4.0, spread[:5], 16, 0.1)
    height[height == height.max()] = 4.0
    _check_margins(answers, (T, labels, height, *case[3:]), "two branches at height 4")


# ----------------------------------------------------------------- 12.4 Window of ranks


def _check_window(answers, z, labels, first, width, name):
    n = len(labels)
    call = f"window(z, labels, first={first}, width={width}) with {name}"
    got = answers.window(z, torch.tensor(labels), first, width)
    table = compare.table(got, (n, width), call, RANKS)
    whole = bool(((table == table.floor()) & (table >= 0) & (table < n)).all())
    assert whole, f"{call}: entries must be numbers of points, 0 to {n - 1}. {RANKS}"
    rows = table.long()
    y = torch.tensor(labels)
    same = y[:, None] == y
    dist = torch.cdist(z.double(), z.double())
    tiny = 1e-5 * dist.max().item()
    friends = same.gather(1, rows)
    if friends.any():
        a = int(friends.any(dim=1).nonzero()[0, 0])
        other = int(rows[a][friends[a]][0])
        what = "the anchor itself" if other == a else "a point of its class"
        raise AssertionError(
            f"{call}: row {a} holds {other}, {what}. Take the class out of the list "
            f"before you rank and cut it, not after. {RANKS}"
        )
    double = (rows.sort(dim=1).values.diff(dim=1) == 0).any()
    assert not double, f"{call}: a row holds one stranger twice. {RANKS}"
    by_rank = dist.masked_fill(same, torch.inf).sort(dim=1).values
    found = dist.gather(1, rows)
    want = by_rank[:, first - 1 : first - 1 + width]
    if bool(((found - want).abs() <= tiny).all()):
        return
    for said, start in (
        ("the first rank is 1, not 0", first),
        ("this is the window from rank 1; it begins at first", 0),
        ("this begins one rank too early", first - 2),
    ):
        slip = by_rank[:, max(start, 0) : max(start, 0) + width]
        other = slip.shape == found.shape and ((found - slip).abs() <= tiny).all()
        assert not other, f"{call}: {said}. {RANKS}"
    in_order = ((found.sort(dim=1).values - want).abs() <= tiny).all()
    assert not in_order, (
        f"{call}: the right strangers, but not in the order of their rank, the nearest "
        f"first. {RANKS}"
    )
    a = int(((found - want).abs() > tiny).any(dim=1).nonzero()[0, 0])
    raise AssertionError(
        f"{call}: row {a} has strangers at {[round(x, 4) for x in found[a].tolist()]}, "
        f"expected at {[round(x, 4) for x in want[a].tolist()]}: the strangers of rank "
        f"{first} to {first + width - 1}, the nearest of all is rank 1. {RANKS}"
    )


@task("12.4", points=1)
def test_window(answers):
    """Five points on a line, thirty random ones

    Strangers by rank, the nearest first.
    """
    line = torch.tensor([[0.0], [1.0], [3.0], [6.0], [10.0]])
    for first, width in ((1, 2), (2, 2), (1, 3), (3, 1)):
        _check_window(answers, line, [7, 7, 1, 1, 2], first, width, "the example")
    for dtype in DTYPES:
        labels = _labels([5, 6, 7, 9, 3])
        z = torch.randn(30, 4).to(dtype)
        first, width = random.randrange(2, 6), random.randrange(2, 6)
        _check_window(answers, z, labels, first, width, f"30 random points, {dtype}")


@task("12.4", points=2, hidden=True)
def test_window_in_large_data(answers):
    """Compact classes, one of them large, copies of points, 2,000 points

    The nearest points of an anchor are all of its own class.
    """
    labels = _labels([40, 6, 6, 6])
    place = {name: 5 * torch.randn(3) for name in set(labels)}
    z = torch.stack([place[c] for c in labels]) + 0.1 * torch.randn(58, 3)
    _check_window(answers, z, labels, 1, 18, "58 points in compact classes")
    labels = _labels([7, 8, 9])
    z = torch.randint(3, (24, 2)).float()  # many copies
    _check_window(answers, z, labels, 2, 5, "24 points, many of them copies")
    labels = _labels([20] * 100)
    z = torch.randn(2000, 8) + torch.arange(2000)[:, None] / 1000
    first = random.randrange(10, 60)
    _check_window(answers, z, labels, first, 20, "2,000 points of 100 classes")


# ----------------------------------------------------------------------- 12.5 Along


def _graph(z, k, *, mutual=True, power=3, self_loops=False, least=0.0):
    """Return the weights (n, n) of the graph of mutual neighbours."""
    z = z.double()
    square = torch.cdist(z, z).square()
    ranked = square.clone()
    if not self_loops:
        ranked.fill_diagonal_(torch.inf)
    chosen = torch.zeros(square.shape, dtype=torch.bool)
    chosen.scatter_(1, ranked.argsort(dim=1)[:, :k], True)
    both = chosen & chosen.T if mutual else chosen | chosen.T
    return (1 - square / 2).clamp(min=least) ** power * both


def _walk(W, r, alpha, kind="both"):
    """Solve (I - alpha S) f = e_r."""
    total = W.sum(dim=1)
    root = total.rsqrt().nan_to_num(nan=0.0, posinf=0.0)
    S = {
        "both": root[:, None] * W * root,
        "rows": (root**2)[:, None] * W,
        "columns": W * root**2,
        "plain": W,
    }[kind]
    eye = torch.eye(len(W), dtype=torch.float64)
    return torch.linalg.solve(eye - alpha * S, eye[:, r])


def _check_along(answers, z, r, k, alpha, name):
    call = f"along(z, r={r}, k={k}, alpha={alpha}) with {name}"
    got = compare.table(answers.along(z, r, k, alpha), (len(z),), call, WALKS)
    W = _graph(z, k)
    want = _walk(W, r, alpha)
    half = _walk(_graph(z, k, mutual=False), r, alpha)
    step = torch.cdist(z.double(), z.double())
    bare = (1 - step / 2).clamp(min=0) ** 3 * (W > 0)
    mistakes = [
        ("both must have chosen the other; here one was enough", half),
        ("divide by the roots of both sums; this divides by the row's sum only",
         _walk(W, r, alpha, "rows")),
        ("divide by the roots of both sums; this divides by the column's sum only",
         _walk(W, r, alpha, "columns")),
        ("the weights are not divided by the roots of their sums",
         _walk(W, r, alpha, "plain")),
        ("a point is none of its own neighbours",
         _walk(_graph(z, k, self_loops=True), r, alpha)),
        ("a weight is never below 0: cut it there",
         _walk(_graph(z, k, least=-torch.inf), r, alpha)),
        ("the weight has the power 3", _walk(_graph(z, k, power=1), r, alpha)),
        ("the weight has the squared distance", _walk(bare, r, alpha)),
        ("f is (1 - alpha) times what was asked", (1 - alpha) * want),
        ("f is the row of weights; solve (I - alpha S) f = e_r", W[r]),
    ]  # fmt: skip
    _same(got, want, call, WALKS, mistakes)


@task("12.5", points=1)
def test_along(answers):
    """Four points on a line, random points in the plane

    The graph, its normalisation, and the solution of the linear system.
    """
    line = torch.tensor([[0.0], [0.1], [0.25], [1.2]], dtype=torch.float64)
    for r in range(4):
        _check_along(answers, line, r, 1, 0.5, "the example")
    for dtype in DTYPES:
        z = (0.9 * torch.rand(14, 2)).to(dtype)
        r, k = random.randrange(14), random.randrange(3, 7)
        alpha = round(0.3 + 0.5 * random.random(), 3)
        _check_along(answers, z, r, k, alpha, f"14 random points, {dtype}")


@task("12.5", points=2, hidden=True)
def test_along_in_large_data(answers):
    """Long walks, lonely points, points farther apart than the root of 2

    A point that nobody chooses back has no neighbour, and f is e_r there.
    """
    for n, k, alpha in ((60, 6, 0.99), (400, 10, 0.95), (25, 24, 0.9)):
        z = torch.rand(n, 3, dtype=torch.float64)
        name = f"{n} random points"
        _check_along(answers, z, random.randrange(n), k, alpha, name)
    z = 0.5 * torch.rand(20, 2, dtype=torch.float64)
    z[7] += 30  # nobody is near
    for r in (7, 3):
        _check_along(answers, z, r, 4, 0.9, "20 points, one of them far away")
    z = 2 * torch.rand(30, 2, dtype=torch.float64)
    _check_along(answers, z, 4, 12, 0.9, "30 points in a square of side 2")
    _check_along(answers, z, 4, 5, 0.0, "30 points in a square of side 2")
    _check_along(answers, z, 4, 29, 0.9, "30 points in a square of side 2, all chosen")


# ---------------------------------------------------------------------- 12.6 Break it


def _check_tangled(answers, n):
    call = f"tangled({n})"
    z = as_numbers(answers.tangled(n))
    found = "no table of numbers" if z is None else tuple(z.shape)
    fits = z is not None and z.ndim == 2 and len(z) == 2 * n and 1 <= z.shape[1] <= 10
    assert fits, (
        f"{call} returned {found}, expected shape ({2 * n}, d), d <= 10. {WALKS}"
    )
    assert z.isfinite().all(), f"{call} returned NaN or infinity. {WALKS}"
    dist = torch.cdist(z, z, compute_mode="donot_use_mm_for_euclid_dist")
    assert dist.max() < 1, (
        f"{call}: the largest distance is {dist.max():.4g}, expected below 1. {WALKS}"
    )
    alone = dist.clone().fill_diagonal_(torch.inf)
    assert alone.min() > 1e-9, f"{call}: two points are equal. {WALKS}"
    same = torch.arange(2 * n) < n
    W = _graph(z, 6)
    right, along = 0.0, 0.0
    for r in random.sample(range(2 * n), 10):
        near = alone[r].argsort()[:n]
        right += (same[near] == same[r]).double().mean().item() / 10
        f = _walk(W, r, 0.99)
        f[r] = -1
        most = f.argsort(descending=True)[: n - 1]
        most = most[f[most] > 1e-12]  # where no walk arrives, nothing is said
        met = (same[most] == same[r]).sum().item()
        along += met / (n - 1) / 10
    assert right <= 0.8, (
        f"{call}: of the {n} nearest others {right:.0%} are of the point's own class, "
        f"expected 80 % or fewer: straight lines must mislead. {WALKS}"
    )
    assert along >= 0.95, (
        f"{call}: of the {n - 1} points most similar by walks {along:.0%} are of the "
        "point's own class, expected 95 % or more. Where walks do not arrive, a class "
        "is in pieces: its neighbours must be near each other all along; where they "
        f"cross, the classes touch. {WALKS}"
    )


@task("12.6", points=1)
def test_tangled(answers):
    """100 points of each class

    Nearest neighbours mislead, walks do not; averaged over ten points.
    """
    _check_tangled(answers, 100)


@task("12.6", points=1, hidden=True)
def test_tangled_of_other_sizes(answers):
    """60, 150, and something between

    The same construction must carry on.
    """
    for n in (60, random.randrange(70, 140), 150):
        _check_tangled(answers, n)


# ------------------------------------------------------------------------ 12.7 Explain

RUBRIC = """
the network changes so the neighbours found before training are no longer the nearest
after a while the list is out of date and must be computed anew every epoch or so over
so many images the single nearest stranger is mostly a wrong label a copy or an outlier
and training on extremes alone can collapse take a window of ranks or draw at random
among many hard ones the machine looks for 40 words 20 of them different for a word on
the age of the list stale outdated change moves refresh again and for one on what the
nearest strangers are label noise outlier duplicate collapse it refuses sentences of the
rubric and what you quote from this task does not count use your own words the points
are confirmed or not by the person who reads it
"""
#: What else the task says: to quote it is no explanation.
STORY = """
say what goes wrong with global mining when it is done carelessly a colleague embeds all
60,000 training images with the untrained network writes down for each anchor the single
nearest stranger and trains for 50 epochs on these triplets the hardest negatives of the
whole data set and i need to search only once in explain_12_7 in at least 40 words 100
are plenty name two things that go wrong and what one does instead ask of the list when
was it made and who stands at its top one answer is about time the other about extremes
two or three sentences on each between the triple quotes
"""


@task("12.7", points=2)
def test_explanation_is_there(answers):
    """Your explanation, before a person reads it

    The machine looks for length and for the two ideas of the rubric only; the points
    are confirmed by the person who reads it.
    """
    joined = own_words(answers, "explain_12_7", rubric=RUBRIC, see=RANKS, story=STORY)
    old = ("stale", "out of date", "outdated", "chang", "moves", "moved",
           "refresh", "recomput", "re comput", "update", "every epoch", "each epoch",
           "once per epoch", "repeat", "again", "no longer")  # fmt: skip
    assert any(stem in joined for stem in old), (
        "explain_12_7 does not say what happens to the list while the network learns. "
        f"{RANKS}"
    )
    extreme = ("label", "nois", "outlier", "duplicate", "collaps", "annotat", "copies",
               "identical", "mistake")  # fmt: skip
    assert any(stem in joined for stem in extreme), (
        "explain_12_7 does not say what the single nearest strangers of so many images "
        f"are. {RANKS}"
    )


# ---------------------------------------------------------------------- 12.8 Challenge


def _harder(z, z_pos, z_neg, alpha, J):
    """Loop over the definition."""
    rows = []
    for a, p, n in zip(z.double(), z_pos.double(), z_neg.double(), strict=True):
        near, far = (p - a).norm().item(), (n - a).norm().item()
        kept = math.exp(-alpha / J) if J > 0 else 0.0
        share = (near + (far - near) * kept) / far if far > near else 1.0
        rows.append(a + share * (n - a))
    return torch.stack(rows)


def _check_harder(answers, z, z_pos, z_neg, alpha, J, name):
    call = f"harder(z, z_pos, z_neg, alpha={alpha}, J={J}) with {name}"
    got = answers.harder(z, z_pos, z_neg, alpha, J)
    got = compare.table(got, tuple(z.shape), call, MADE)
    want = _harder(z, z_pos, z_neg, alpha, J)
    a, p, n = z.double(), z_pos.double(), z_neg.double()
    near, far = ((x - a).norm(dim=1, keepdim=True) for x in (p, n))
    kept = math.exp(-alpha / J) if J > 0 else 0.0
    turned = math.exp(-J / alpha)
    pull = far > near

    def moved(share):
        return a + torch.where(pull, share, 1.0) * (n - a)

    safe = far.clamp(min=1e-12)
    always = a + (near + (far - near) * kept) / safe * (n - a)
    square = (near**2 + (far**2 - near**2) * kept) / safe**2
    mistakes = [
        ("negatives that are nearer than the positive stay where they are", always),
        ("lambda is what is kept of the way from the anchor; this moves by lambda from "
         "the negative",
         n + torch.where(pull, (near + (far - near) * kept) / safe, 1.0) * (a - n)),
        ("the exponent is -alpha / J, not -J / alpha",
         moved((near + (far - near) * turned) / safe)),
        ("the distances are not squared", moved(square)),
        ("this forgets d+: lambda goes to d+ / d-, not to 0", moved(kept + 0 * far)),
        ("this returns lambda (z- - z); add the anchor",
         moved((near + (far - near) * kept) / safe) - a),
        ("nothing was moved", n),
        ("e^{-alpha / J} and 1 - e^{-alpha / J} have changed places",
         moved((near + (far - near) * (1 - kept)) / safe)),
    ]  # fmt: skip
    _same(got, want, call, MADE, mistakes)


def _three(b, k, dtype=torch.float64):
    z = 2 * torch.rand(b, k) - 1
    p, n = z + 0.4 * torch.randn(b, k), z + torch.randn(b, k)
    return [x.to(dtype) for x in (z, p, n)]


@task("12.8", points=1)
def test_harder(answers):
    """The example, random batches

    Some negatives are nearer than their positives, and stay.
    """
    one = [torch.tensor([x]) for x in ([0.0, 0.0], [3.0, 0.0], [0.0, 5.0])]
    for J in (7.0, 0.0):
        _check_harder(answers, *one, 7.0, J, "the example")
    for dtype in DTYPES:
        alpha, J = round(1 + 6 * random.random(), 2), round(2 + 6 * random.random(), 2)
        rows = _three(24, 3, dtype)
        _check_harder(answers, *rows, alpha, J, f"24 random rows, {dtype}")


@task("12.8", points=1, hidden=True)
def test_harder_at_the_ends(answers):
    """J = 0 and J huge, coinciding points, alpha far above J

    Nothing is divided by 0, and no power leaves the range of floats.
    """
    for alpha, J in ((90.0, 4.0), (1.0, 1e6), (0.3, 0.5), (7.0, 0.0), (1e6, 1e-3)):
        _check_harder(answers, *_three(12, 8), alpha, J, "12 random rows")
    z, p, n = _three(4, 3)
    n[0] = z[0]  # d- = 0
    p[1] = z[1]  # d+ = 0
    p[2], n[2] = z[2], z[2]
    for J in (0.0, 2.0):
        _check_harder(answers, z, p, n, 3.0, J, "rows in which points coincide")
