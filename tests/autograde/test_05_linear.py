"""Checks of exercise 05, Linear metric learning."""

import math

import numpy as np
import torch

from mlcourse.grading import compare, own_words, task

HIDES = ("mlcourse.linear",)
#: Libraries that answer some of the tasks: a person looks at them, no point is lost.
FLAGS = (
    "sklearn.covariance",
    "sklearn.discriminant_analysis",
    "sklearn.neighbors",
    "metric_learn",
    "pylmnn",
    "dml",
)

RCA = "See lecture 05, section 'Whitening and RCA'."
MMC = "See lecture 05, section 'From pairs: MMC'."
LMNN = "See lecture 05, section 'Large margins: LMNN'."
NCA = "See lecture 05, section 'Soft neighbours: NCA'."
CONE = "See lecture 05, section 'Semi-definite and low rank'."
FREE = "See lecture 05, section 'Without semi-definiteness'."
MAP = "See lecture 05, section 'A map of the methods'."

#: What is larger than this is no answer to any task.
LARGEST = 1e9


def _pair(got, shape, call, reading):
    """Return value and gradient, or say what is off."""
    got = compare.parts(got, ("the value", "the gradient"), call, reading)
    value = compare.number(got[0], f"{call}: the value", reading)
    gradient = compare.table(got[1], shape, f"{call}: the gradient", reading)
    return value, gradient


def _show(numbers):
    return str(torch.as_tensor(numbers).round(decimals=4).tolist())


def _near(a, b, tol=1e-3):
    a, b = torch.as_tensor(a).double(), torch.as_tensor(b).double()
    if a.shape != b.shape or not b.isfinite().all():
        return False
    return bool(((a - b).abs() <= tol * (1 + b.abs())).all())


def _draw(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def _mix(d):
    """A random map (d, d) that is far from singular: it stretches by 0.5 to 2."""
    turns = torch.linalg.qr(_draw(2, d, d)).Q
    return turns[0] * torch.linspace(0.5, 2, d).double() @ turns[1]


def _classes(sizes):
    """Labels, not in order and not from 0, with these class sizes."""
    names = (torch.randperm(9)[: len(sizes)] - 3).tolist()
    y = [c for c, size in zip(names, sizes, strict=True) for _ in range(size)]
    return torch.tensor(y)[torch.randperm(len(y))]


# --------------------------------------------- 05.1 Whiten what varies in a class


def _scatter(X, centres):
    rows = X - centres
    return rows.T @ rows / len(X)


def _centres(X, y):
    """The mean of each point's own class, by a loop."""
    centres = torch.empty_like(X)
    for i in range(len(X)):
        own = [X[j] for j in range(len(X)) if y[j] == y[i]]
        centres[i] = sum(own) / len(own)
    return centres


def _whitens(answers, X, y, name, rank):
    """Check that L whitens the within-class covariance, by what L does."""
    call = f"within_whitening(X, y) on {name}"
    n, d = X.shape
    L = answers.within_whitening(X.numpy(), y.numpy())
    L = compare.table(L, (None, d), call, RCA)
    C = _scatter(X, _centres(X, y))
    total = _scatter(X, X.mean(dim=0))
    groups = [X[y == c] for c in y.unique()]
    each = sum(_scatter(g, g.mean(dim=0)) for g in groups) / len(groups)
    values, vectors = torch.linalg.eigh(C)
    # on the directions in which classes vary, each in its own unit: must be I
    varying = L @ (vectors[:, -rank:] * values[-rank:].sqrt())
    seen = varying.T @ varying
    blind = L @ vectors[:, :-rank] * values[-1].sqrt()
    one = torch.eye(d, dtype=torch.float64)
    right = _near(seen, one[:rank, :rank]) and bool((blind.abs() < 1e-3).all())

    def whitens(S, by=1.0):
        return not right and len(L) == d and _near(L @ S @ L.T, by * one)

    scale = (L @ C @ L.T).trace().item() / d
    all_points = whitens(total) or whitens(total, (n - 1) / n)
    assert not all_points, (
        f"{call}: L makes the covariance of all points the identity. That sees no "
        f"labels: subtract from each point the mean of its own class. {RCA}"
    )
    assert rank < d or not whitens(C, scale) or abs(n * scale - 1) > 0.1, (
        f"{call}: L C_w L' is the identity divided by {n}: C_w is a mean over the n "
        f"points, not a sum. {RCA}"
    )
    assert rank < d or not whitens(C, scale), (
        f"{call}: L C_w L' is {scale:.4f} times the identity, expected 1: C_w divides "
        f"by n, the number of all points. {RCA}"
    )
    assert not whitens(each), (
        f"{call}: this whitens the mean of the class covariances. In C_w each point "
        f"counts once, so a large class counts more. {RCA}"
    )
    assert right or len(L) != d or not _near(L.T @ C @ L, one), (
        f"{call}: L' C_w L is the identity, so this is the transpose of L: V "
        f"diag(λ)^(-1/2) holds the directions as columns. {RCA}"
    )
    assert right or not _near(L.T @ L / C.norm(), C / C.norm()), (
        f"{call}: L' L is C_w itself; whitening needs its inverse. {RCA}"
    )
    assert right or len(L) != d or not _near(L @ C, one), (
        f"{call}: this is M, the inverse of C_w; L is a root of it, L' L = M. {RCA}"
    )
    kept = torch.linalg.eigvalsh(seen)
    assert kept[0] > 1e-3 or not _near(kept, kept.round().clamp(0, 1)), (
        f"{call}: L forgets directions in which the classes vary: C_w has rank {rank}, "
        f"so L needs {rank} rows that differ, one for each eigenvalue above 1e-9 of "
        f"the largest, whatever the unit of X. {RCA}"
    )
    assert (blind.abs() < 1e-3).all(), (
        f"{call}: C_w has rank {rank}, and L must be blind in the other directions, "
        "in which no class varies: give eigenvalues below 1e-9 of the largest, not of "
        f"a fixed number, the weight 0. {RCA}"
    )
    assert right, (
        f"{call}: L C_w L' is {_show(L @ C @ L.T)}, expected the identity. C_w is the "
        "mean of (x - m)(x - m)' over all points, m the mean of the point's class. "
        f"{RCA}"
    )


@task("05.1", points=1)
def test_whitening_by_hand(answers):
    """Four points by hand, then random classes of unequal size

    In the statement's example the class means are (1, 0) and (5, 3), so the eight
    deviations are +-1 along the first axis and +-2 along the second.
    """
    X = torch.tensor([[0, 0], [2, 0], [5, 1], [5, 5]], dtype=torch.float64)
    name = "X = [[0, 0], [2, 0], [5, 1], [5, 5]], y = [0, 0, 1, 1]"
    _whitens(answers, X, torch.tensor([0, 0, 1, 1]), name, 2)
    for d, sizes in ((3, (12, 4, 5)), (2, (3, 9)), (5, (9, 4, 20))):
        y = _classes(sizes)
        shift = 4 * _draw(10, d)[y + 3]
        spread = 1 + y[:, None].double() / 4
        X = (_draw(len(y), d) * spread) @ _mix(d) + shift + 10
        _whitens(answers, X, y, f"{len(y)} points of {len(sizes)} classes in {d}D", d)


@task("05.1", points=1, hidden=True)
def test_whitening_of_low_rank(answers):
    """Features that are constant, repeated, or more than the points

    C_w then has eigenvalues 0. Their inverse root is infinite or, after rounding, huge:
    give such directions the weight 0 instead. What is too small is said by the largest
    eigenvalue, not by a fixed number: X may have any unit.
    """
    for _ in range(4):
        y = _classes((4, 6, 7))
        X = _draw(17, 3) @ _mix(3) + _draw(10, 3)[y + 3]
        constant = torch.full((17, 1), 0.1, dtype=torch.float64)
        name = "17 points with a constant feature"
        _whitens(answers, torch.cat([X, constant], dim=1), y, name, 3)
        name = "17 points, a feature of which occurs twice"
        _whitens(answers, torch.cat([X, X[:, :1]], dim=1), y, name, 3)
        name = "17 points with a feature that is their class"
        _whitens(answers, torch.cat([y[:, None].double(), X], dim=1), y, name, 3)
        name = "17 points, a feature of which has 1e11 times less variance"
        _whitens(answers, torch.cat([X, 3e-6 * _draw(17, 1)], dim=1), y, name, 3)
        name = "17 points with numbers near 1e-6, a feature of which occurs twice"
        _whitens(answers, 1e-6 * torch.cat([X, X[:, :1]], dim=1), y, name, 3)
        name = "17 points in 3 of 8 dimensions"
        _whitens(answers, X @ _draw(3, 8), y, name, 3)
        y = _classes((3, 4))
        _whitens(answers, _draw(7, 9), y, "7 points of 2 classes in 9D", 5)
        units = torch.tensor([1e-2, 1.0, 30.0], dtype=torch.float64)
        y = _classes((8, 9))
        _whitens(answers, _draw(17, 3) * units, y, "features in unlike units", 3)


# ------------------------------------------------- 05.2 Onto the cone, low rank


def _projects(answers, M, name):
    """Check the nearest PSD matrix by the conditions that only it meets."""
    call = f"project_psd(M) with {name}"
    d = len(M)
    P = compare.table(answers.project_psd(M.numpy()), (d, d), call, CONE)
    M = M.double()
    S = (M + M.T) / 2
    tol = 1e-4 * (1 + M.abs().max())
    values, vectors = torch.linalg.eigh(S)
    lower = torch.linalg.eigh(M)  # reads the lower triangle only
    mistakes = [
        (
            "these are the absolute values of the eigenvalues; negative ones become 0",
            (vectors * values.abs()) @ vectors.T,
        ),
        (
            "this adds a multiple of I until nothing is negative, which moves all "
            "eigenvalues; only the negative ones must move",
            S - values.min().clamp(max=0) * torch.eye(d, dtype=torch.float64),
        ),
        ("this clips the entries of M; clip its eigenvalues", S.clamp(min=0)),
        (
            "only the lower triangle was read: eigh takes its argument to be "
            "symmetric. Take (M + M')/2 first",
            (lower.eigenvectors * lower.eigenvalues.clamp(min=0))
            @ lower.eigenvectors.T,
        ),
    ]
    gap = P - S
    symmetric = (P - P.T).abs().max() < tol
    nearest = (
        symmetric
        and torch.linalg.eigvalsh(P).min() > -tol
        and torch.linalg.eigvalsh(gap).min() > -tol
        and (gap * P).sum().abs() < d * tol * (1 + P.abs().max())
    )
    for words, wrong in mistakes:
        assert nearest or not _near(P, wrong, 1e-4), f"{call}: {words}. {CONE}"
    assert symmetric, (
        f"{call}: the result must be symmetric, [i, j] and [j, i] differ by "
        f"{(P - P.T).abs().max():.1e}. {CONE}"
    )
    least = torch.linalg.eigvalsh(P).min()
    assert least > -tol, (
        f"{call}: the result has the eigenvalue {least:.4f}, so it is not positive "
        f"semi-definite. {CONE}"
    )
    best = values.clamp(max=0).norm()
    assert nearest, (
        f"{call}: the result is semi-definite, but not the nearest. Seen from the "
        f"symmetric part of M it is {gap.norm():.4f} away, and {best:.4f} is possible. "
        f"{CONE}"
    )


def _factors(answers, values, k, name):
    """Check a map of k rows by how near L'L is to M, whose eigenvalues are known."""
    d = len(values)
    frame = torch.linalg.qr(_draw(d, d)).Q
    M = (frame * torch.tensor(values, dtype=torch.float64)) @ frame.T
    M = (M + M.T) / 2
    call = f"factor(M, k={k}) with {name}"
    L = compare.table(answers.factor(M.numpy(), k=k), (k, d), call, CONE)
    ordered = sorted(values, reverse=True)
    kept = [max(v, 0) for v in ordered[:k]]
    left = math.sqrt(sum((v - w) ** 2 for v, w in zip(ordered, kept, strict=False)))
    left = math.hypot(left, *ordered[k:])
    off = (L.T @ L - M).norm().item()
    scale = max(abs(v) for v in values)
    if off >= left + 1e-3 * scale:
        roots = torch.linalg.svdvals(L)
        assert not _near(roots, kept, 1e-4), (
            f"{call}: the rows have the eigenvalues as lengths, and L' L their "
            f"squares; take the roots. {CONE}"
        )
        turned = k == d and (L @ L.T - M).norm() < left + 1e-3 * scale
        assert not turned, (
            f"{call}: L L' is near M, L' L is not: the eigenvectors are rows of L. "
            f"{CONE}"
        )
    assert off < left + 1e-3 * scale, (
        f"{call}: L' L is {off:.4f} away from M, and {left:.4f} is possible. Keep the "
        "k largest eigenvalues, not their absolute values, and 0 where fewer than k "
        f"are positive. {CONE}"
    )


@task("05.2", points=1)
def test_projection(answers):
    """The nearest matrix of the cone

    [[0, 2], [2, 0]] has the eigenvalues 2 and -2. The first stays, with its direction
    (1, 1), the second becomes 0.
    """
    M = torch.tensor([[0.0, 2.0], [2.0, 0.0]], dtype=torch.float64)
    _projects(answers, M, "M = [[0, 2], [2, 0]]")
    M = torch.tensor([[2.0, -3.0], [-3.0, 1.0]], dtype=torch.float64)
    _projects(answers, M, "M = [[2, -3], [-3, 1]]")
    for d in (3, 4, 6):
        M = _draw(d, d)
        _projects(answers, (M + M.T) / 2, f"a random symmetric {d} x {d} matrix")


@task("05.2", points=1)
def test_low_rank_map(answers):
    """The map with k rows whose metric is nearest

    Each row is an eigenvector, times the root of its eigenvalue: the k largest.
    """
    for k in (3, 2, 1):
        values = [4 + 2 * torch.rand(()).item(), 2 + torch.rand(()).item(), 0.5]
        _factors(answers, values, k, "a 3 x 3 matrix, all eigenvalues positive")
    _factors(answers, [3.0, 1.0, 0.2, 5.0, 2.0], 2, "eigenvalues 5, 3, 2, 1, 0.2")


@task("05.2", points=1, hidden=True)
def test_cone_elsewhere(answers):
    """Matrices of every kind

    Some are not symmetric, negative definite or already semi-definite; to factor, some
    have fewer than k positive eigenvalues, or a negative one that is large.
    """
    M = torch.tensor([[3.0, 4.0], [0.0, -1.0]], dtype=torch.float64)
    _projects(answers, M, "M = [[3, 4], [0, -1]], not symmetric")
    for d in (5, 2):
        root = _draw(d, d)
        _projects(answers, root, f"a random {d} x {d} matrix, not symmetric")
        _projects(answers, root.T @ root, "a matrix that is semi-definite")
        _projects(answers, -root.T @ root, "a matrix that is negative definite")
        _projects(answers, 1e3 * (root + root.T), "a symmetric matrix, numbers of 1000")
        _projects(answers, (root + root.T).float(), "a symmetric float32 matrix")
    _projects(answers, torch.tensor([[-1.5]], dtype=torch.float64), "M = [[-1.5]]")
    _factors(answers, [1.0, 3.0, -6.0, 2.0], 2, "eigenvalues 3, 2, 1, -6")
    _factors(answers, [2.0, 5.0, -1.0, -3.0], 3, "eigenvalues 5, 2, -1, -3")
    _factors(answers, [2.0, 0.0, 0.0], 3, "a 3 x 3 matrix of rank 1")
    _factors(answers, [0.0, 0.0, 7.0, 1.0], 1, "a 4 x 4 matrix of rank 2")
    _factors(answers, [-1.0, -2.0], 1, "eigenvalues -1 and -2")


# ------------------------------------------------------ 05.3 NCA, value and gradient


def _squares(L, X):
    """|L x_i - L x_j|^2 by loops, as lists."""
    Z = (X @ L.T).tolist()
    return [
        [sum((s - t) ** 2 for s, t in zip(a, b, strict=True)) for b in Z] for a in Z
    ]


def _soft(squares, y, *, itself=False, half=1.0):
    """p_i of every point, by loops; the nearest counts e^0, so no sum is 0."""
    n, found = len(squares), []
    for i in range(n):
        others = [j for j in range(n) if itself or j != i]
        least = min(squares[i][j] for j in others)
        terms = {j: math.exp(half * (least - squares[i][j])) for j in others}
        right = sum(term for j, term in terms.items() if y[j] == y[i])
        found.append(right / sum(terms.values()))
    return found


def _nca_value(L, X, y):
    return sum(_soft(_squares(L, X), y.tolist()))


def _slope(f, L, h=1e-6):
    """The gradient of f at L by central differences."""
    gradient = torch.zeros_like(L)
    for index in np.ndindex(*L.shape):
        up, down = L.clone(), L.clone()
        up[index] += h
        down[index] -= h
        gradient[index] = (f(up) - f(down)) / (2 * h)
    return gradient


def _nca(answers, L, X, y, name):
    call = f"nca_objective(L, X, y) on {name}"
    got = answers.nca_objective(L.numpy(), X.numpy(), y.numpy())
    return call, *_pair(got, tuple(L.shape), call, NCA)


def _nca_compare(answers, L, X, y, name):
    """Compare the value with a loop; a known mistake is called by its name."""
    call, got, _ = _nca(answers, L, X, y, name)
    labels, squares = y.tolist(), _squares(L, X)
    right = _soft(squares, labels)
    want = sum(right)
    roots = [[math.sqrt(s) for s in row] for row in squares]
    plain = _squares(torch.eye(X.shape[1], dtype=torch.float64), X)
    n = len(X)
    none_alike = list(range(n))
    themselves = _soft(squares, none_alike, itself=True)
    logs = [math.log(p) for p in right if p > 0]
    mistakes = [
        (
            "a point counts as its own neighbour; p_ii is 0, in the sum below the "
            "line too",
            sum(_soft(squares, labels, itself=True)),
        ),
        (
            "a point counts as its own neighbour in the sum below the line",
            sum(_soft(squares, labels, itself=True)) - sum(themselves),
        ),
        ("the distances must be squared", sum(_soft(roots, labels))),
        ("there is no 1/2 in the exponent", sum(_soft(squares, labels, half=0.5))),
        ("this is the mean of the p_i; f is their sum", want / n),
        ("this is the sum of log p_i; f is the sum of p_i", sum(logs)),
        ("this is minus f; f is to be maximised", -want),
        ("L has no effect: compare L x_i with L x_j", sum(_soft(plain, labels))),
        ("this is the expected number of wrong points, n - f", n - want),
    ]
    if not _near(got, want):
        for words, wrong in mistakes:
            assert not _near(got, wrong, 1e-6), (
                f"{call}: the value is {got:.4f}, expected {want:.4f}: {words}. {NCA}"
            )
    assert _near(got, want), (
        f"{call}: the value is {got:.4f}, expected {want:.4f}. Each row i has its own "
        "sum below the line, over all j but i; above it, the points of i's class. "
        f"{NCA}"
    )


@task("05.3", points=1)
def test_nca_value(answers):
    """The value, by hand and by loops

    At distances 0.5, 1.5 and 1 the squares are 0.25, 2.25 and 1. The first point finds
    the second with probability exp(-0.25) / (exp(-0.25) + exp(-2.25)) = 0.8808.
    """
    X = torch.tensor([[0.0], [1.0], [3.0]], dtype=torch.float64)
    L = torch.tensor([[0.5]], dtype=torch.float64)
    name = "L = [[0.5]], X = [[0], [1], [3]], y = [0, 0, 1]"
    _nca_compare(answers, L, X, torch.tensor([0, 0, 1]), name)
    for k, d, sizes in ((2, 2, (4, 5)), (1, 3, (3, 2, 4)), (3, 2, (6, 1))):
        y = _classes(sizes)
        L, X = _draw(k, d) * 0.7, _draw(len(y), d)
        _nca_compare(answers, L, X, y, f"L ({k}, {d}) and {len(y)} random points")


def _nca_slope(answers, L, X, y, name):
    call, _, got = _nca(answers, L, X, y, name)
    want = _slope(lambda at: _nca_value(at, X, y), L)
    mistakes = [
        ("the sign is wrong: this is the gradient of -f", -want),
        ("a factor 2 is missing: |Lx|² has the derivative 2 L x x'", want / 2),
        ("a factor 2 too many: each pair (i, j) counts once in each order", 2 * want),
    ]
    for words, wrong in mistakes:
        assert _near(got, want, 1e-4) or not _near(got, wrong, 1e-4), (
            f"{call}: the gradient is {_show(got)}, finite differences say "
            f"{_show(want)}: {words}. {NCA}"
        )
    size = want.abs().max().clamp(min=1)
    assert _near(got / size, want / size), (
        f"{call}: the gradient is {_show(got)}, finite differences of the value say "
        f"{_show(want)}. Row i of the weights is p_i p_ij, less p_ij where the classes "
        "agree; it is not symmetric, so W and W' both count. "
        f"{NCA}"
    )


@task("05.3", points=1)
def test_nca_gradient(answers):
    """The gradient, against finite differences

    Move one entry of L by 0.000001 up and down: the change of f, divided by 0.000002,
    is that entry of the gradient.
    """
    X = torch.tensor([[0.0], [1.0], [3.0]], dtype=torch.float64)
    L = torch.tensor([[0.5]], dtype=torch.float64)
    name = "L = [[0.5]], X = [[0], [1], [3]], y = [0, 0, 1]"
    _nca_slope(answers, L, X, torch.tensor([0, 0, 1]), name)
    for k, d, sizes in ((2, 2, (4, 5)), (1, 3, (3, 2, 4)), (3, 2, (6, 2))):
        y = _classes(sizes)
        L, X = _draw(k, d) * 0.7, _draw(len(y), d)
        _nca_slope(answers, L, X, y, f"L ({k}, {d}) and {len(y)} random points")


@task("05.3", points=1, hidden=True)
def test_nca_far_and_near(answers):
    """Points far apart, points that coincide, a class of one

    exp(-1000) is 0 in floating point, and 0/0 is NaN. Subtract the smallest square of
    each row before the exponential: no share changes, and the largest term is 1.
    """
    for size in (30.0, 300.0, 3000.0):
        y = _classes((5, 4))
        X, L = size * _draw(9, 3), _draw(2, 3)
        name = f"9 points about {size:.0f} apart"
        call, got, _ = _nca(answers, L, X, y, name)
        want = _nca_value(L, X, y)
        assert _near(got, want), (
            f"{call}: the value is {got:.4f}, expected {want:.4f}: the nearest other "
            "point takes nearly all of p_ij, however far it is. A small number added "
            f"below the line hides the 0/0 and loses the point. {NCA}"
        )
    # two groups, far from each other: inside them the gradient is as it ever was
    y = _classes((6, 6))
    far, near = torch.full((1, 2), 1e3, dtype=torch.float64), torch.zeros(2)
    while near[1] < near[0] + 100:  # a far point's share must not turn in one step
        X = 0.5 * _draw(12, 2) + 80.0 * (torch.arange(12) % 2)[:, None]
        near = (X - far).square().sum(dim=1).sort().values
    L = torch.eye(2, dtype=torch.float64)
    _nca_compare(answers, L, X, y, "two groups of 6, about 110 apart")
    _nca_slope(answers, L, X, y, "two groups of 6, about 110 apart")
    lonely = torch.cat([X, far])
    y = torch.cat([y, y[:1]])
    _nca_compare(answers, L, lonely, y, "two groups, and one point 1300 away")
    _nca_slope(answers, L, lonely, y, "two groups, and one point 1300 away")
    # corners of a simplex: all others are equally far, so each has a share
    X = 28 * torch.eye(6, dtype=torch.float64) + 0.005 * _draw(6, 6)
    turn, y = torch.linalg.qr(_draw(6, 6)).Q, _classes((3, 3))
    name = "6 points about 40 from each other, all at nearly the same distance"
    _nca_compare(answers, turn, X, y, name)
    _nca_slope(answers, turn, X, y, name)
    X = _draw(8, 2)
    X[3] = X[0]
    y = _classes((4, 4))
    _nca_compare(answers, L, X, y, "8 points, two of which coincide")
    _nca_slope(answers, L, X, y, "8 points, two of which coincide")
    y = _classes((5, 1))
    _nca_slope(answers, _draw(2, 3), _draw(6, 3), y, "6 points, one alone in its class")
    X = _draw(60, 5)
    y = _classes((20, 25, 15))
    _nca_compare(answers, 0.5 * _draw(3, 5), X, y, "60 random points in 5D")


# ------------------------------------------------------ 05.4 LMNN, targets and hinges


def _targets(X, y, k):
    """The k nearest of one's own class, by a loop."""
    n, points, labels = len(X), X.tolist(), y.tolist()
    found = []
    for i in range(n):
        own = [j for j in range(n) if j != i and labels[j] == labels[i]]
        found.append(sorted(own, key=lambda j: math.dist(points[i], points[j]))[:k])
    return found


def _parts(L, X, y, targets):
    """Sum of the pulls, and what stands in each hinge, by loops."""
    squares, labels = _squares(L, X), y.tolist()
    pairs = [(i, j) for i, row in enumerate(targets) for j in row]
    pull = sum(squares[i][j] for i, j in pairs)
    inside = {
        (i, j, m): 1 + squares[i][j] - squares[i][m]
        for i, j in pairs
        for m in range(len(labels))
        if labels[m] != labels[i]
    }
    return pull, inside


def _lmnn_value(L, X, y, targets, mu):
    pull, inside = _parts(L, X, y, targets)
    return (1 - mu) * pull + mu * sum(max(h, 0) for h in inside.values())


def _lmnn_draw(rows, d, sizes, k):
    """A random example on which rounding decides nothing: no tie, no hinge near 0."""
    while True:
        y = _classes(sizes)
        X = _draw(len(y), d) + _draw(10, d)[y + 3]
        L = _draw(rows, d) * torch.tensor([1.5, 0.4, 0.8][:d], dtype=torch.float64)
        targets = _targets(X, y, k)
        inside = _parts(L, X, y, targets)[1].values()
        clear = min(abs(h) for h in inside) > 1e-3
        if clear and targets != _targets(X @ L.T, y, k):
            return L, X, y, targets


def _lmnn(answers, L, X, y, k, mu, name):
    call = f"lmnn_objective(L, X, y, k={k}, mu={mu}) on {name}"
    got = answers.lmnn_objective(L.numpy(), X.numpy(), y.numpy(), k=k, mu=mu)
    return call, *_pair(got, tuple(L.shape), call, LMNN)


def _lmnn_compare(answers, L, X, y, k, mu, name):
    """Compare the value with a loop; a known mistake is called by its name."""
    call, got, _ = _lmnn(answers, L, X, y, k, mu, name)
    targets, squares, labels = _targets(X, y, k), _squares(L, X), y.tolist()
    pull, inside = _parts(L, X, y, targets)
    hinges = {key: max(h, 0) for key, h in inside.items()}
    push = sum(hinges.values())
    want = (1 - mu) * pull + mu * push
    moved = _lmnn_value(L, X, y, _targets(X @ L.T, y, k), mu)
    pairs = [(i, j) for i, row in enumerate(targets) for j in row]
    roots = sum(
        max(1 + squares[i][j] ** 0.5 - squares[i][m] ** 0.5, 0) for i, j, m in inside
    )
    worst = sum(max(hinges[t] for t in inside if t[:2] == pair) for pair in pairs)
    every = push + sum(
        max(1 + squares[i][j] - squares[i][m], 0)
        for i, j in pairs
        for m in range(len(labels))
        if labels[m] == labels[i]
    )
    others = push + sum(
        max(1 + squares[i][j] - squares[i][m], 0)
        for i, j in pairs
        for m in range(len(labels))
        if labels[m] == labels[i] and m not in (i, j)
    )
    pulled, unhinged = (1 - mu) * pull, sum(inside.values())
    margin = sum(max(h - 1, 0) for h in inside.values())
    square = sum(h * h for h in hinges.values())
    means = pulled / len(pairs) + mu * push / len(inside)
    mistakes = [
        ("the weights are exchanged: 1 - mu pulls", mu * pull + (1 - mu) * push),
        ("the push is missing", pulled),
        ("the pull is missing", mu * push),
        ("the targets are the nearest in X; here they are the nearest in LX", moved),
        ("in the hinge the distances must be squared", pulled + mu * roots),
        ("each impostor counts, not only the worst of a pair", pulled + mu * worst),
        ("points of i's own class are no impostors", pulled + mu * every),
        ("points of i's own class are no impostors", pulled + mu * others),
        ("the margin 1 is missing in the hinge", pulled + mu * margin),
        ("the hinge is max(h, 0); here h < 0 counts, too", pulled + mu * unhinged),
        ("the hinge is not squared", pulled + mu * square),
        ("these are means over pairs and triplets, expected sums", means),
        ("this is a mean over the points, expected sums", want / len(X)),
    ]
    if not _near(got, want):
        for words, wrong in mistakes:
            assert not _near(got, wrong, 1e-6), (
                f"{call}: the value is {got:.4f}, expected {want:.4f}: {words}. {LMNN}"
            )
    assert _near(got, want), (
        f"{call}: the value is {got:.4f}, expected {want:.4f}: the pulls sum to "
        f"{pull:.4f}, the hinges to {push:.4f}, over all triplets (i, j, l) with j a "
        f"target of i, in both orders. {LMNN}"
    )


@task("05.4", points=1)
def test_target_neighbours(answers):
    """The k nearest of one's own class

    Of 0, 1, 1.5, 4 with the classes 0, 0, 1, 1 the nearest of one's own class are the
    points 1, 0, 3, 2, although 1 and 1.5 are nearer to each other.
    """
    X = torch.tensor([[0.0], [1.0], [1.5], [4.0]], dtype=torch.float64)
    cases = [("X = [[0], [1], [1.5], [4]], y = [0, 0, 1, 1]", X, [0, 0, 1, 1], 1)]
    for d, sizes, k in ((1, (4, 6), 2), (2, (6, 4, 5), 3), (3, (2, 9), 1)):
        y = _classes(sizes)
        name = f"{len(y)} random points of {len(sizes)} classes in {d}D"
        cases.append((name, _draw(len(y), d), y, k))
    for name, X, y, k in cases:
        call = f"target_neighbours(X, y, k={k}) on {name}"
        y = torch.as_tensor(y)
        got = answers.target_neighbours(X.numpy(), y.numpy(), k=k)
        got = compare.whole(got, (len(X), k), len(X), call, LMNN).tolist()
        want, labels = _targets(X, y, k), y.tolist()
        for i, row in enumerate(got):
            assert i not in row, (
                f"{call}: row {i} holds {i} itself; a point is no neighbour of its "
                f"own. {LMNN}"
            )
            assert all(0 <= j < len(X) and labels[j] == labels[i] for j in row), (
                f"{call}: row {i} is {row}, but its class has the rows "
                f"{[j for j in range(len(X)) if labels[j] == labels[i]]}: targets are "
                f"of one's own class. {LMNN}"
            )
            assert sorted(row) == sorted(want[i]), (
                f"{call}: row {i} is {row}, expected {want[i]}: the nearest, each "
                f"once. {LMNN}"
            )
            assert row == want[i], (
                f"{call}: row {i} is {row}, expected {want[i]}, the nearest first. "
                f"{LMNN}"
            )


@task("05.4", points=1)
def test_lmnn_value(answers):
    """The value, by hand and by loops

    For 0, 1, 1.5, 4 and L = 1 the pulls are 1, 1, 6.25, 6.25. Point 1.5 wants 4, at
    6.25, nearer than 1, at 0.25: the hinge is 1 + 6.25 - 0.25 = 7.
    """
    X = torch.tensor([[0.0], [1.0], [1.5], [4.0]], dtype=torch.float64)
    one, y = torch.ones(1, 1, dtype=torch.float64), torch.tensor([0, 0, 1, 1])
    name = "L = [[1]], X = [[0], [1], [1.5], [4]], y = [0, 0, 1, 1]"
    _lmnn_compare(answers, one, X, y, 1, 0.5, name)
    _lmnn_compare(answers, one, X, y, 1, 0.25, name)
    for rows, d, sizes, k in (
        (2, 2, (4, 5), 2),
        (1, 3, (3, 4, 4), 2),
        (3, 2, (5, 3), 1),
    ):
        L, X, y, _ = _lmnn_draw(rows, d, sizes, k)
        name = f"L ({rows}, {d}) and {len(y)} random points"
        _lmnn_compare(answers, L, X, y, k, 0.3, name)


@task("05.4", points=1, hidden=True)
def test_lmnn_gradient(answers):
    """The gradient of pull and push

    Only hinges above 0 have a slope: such a triplet pulls its target, too, and pushes
    its impostor. Each square |L v|² has the derivative 2 L v v'.
    """
    for rows, d, sizes, k in (
        (2, 2, (4, 5), 2),
        (1, 3, (3, 4, 4), 1),
        (3, 3, (5, 4), 3),
        (1, 2, (2, 3), 1),
    ):
        for mu in (0.3, 0.8):
            L, X, y, targets = _lmnn_draw(rows, d, sizes, k)
            name = f"L ({rows}, {d}) and {len(y)} random points"
            _lmnn_compare(answers, L, X, y, k, mu, name)
            call, _, got = _lmnn(answers, L, X, y, k, mu, name)

            def value(at, X=X, y=y, targets=targets, mu=mu):
                return _lmnn_value(at, X, y, targets, mu)

            want = _slope(value, L)
            pull = _slope(lambda at, v=value: v(at, mu=0.0), L) * (1 - mu)
            for words, wrong in (
                ("the sign is wrong: the objective is to be minimised", -want),
                ("a factor 2 is missing: |Lv|² has the derivative 2 L v v'", want / 2),
                ("the hinges have a gradient, too", pull),
            ):
                assert _near(got, want, 1e-4) or not _near(got, wrong, 1e-4), (
                    f"{call}: the gradient is {_show(got)}, finite differences say "
                    f"{_show(want)}: {words}. {LMNN}"
                )
            assert _near(got, want), (
                f"{call}: the gradient is {_show(got)}, finite differences of the "
                f"value say {_show(want)}. A hinge above 0 adds mu (C_ij - C_il) to "
                f"the pull's (1 - mu) C_ij, and the gradient is 2 L times it all. "
                f"{LMNN}"
            )


# ------------------------------------------------------------------ 05.5 Break it


def _votes(X, y, L):
    """Smallest square to another point of one's own class, and of another class."""
    # differences first: they are exact where two large numbers are near each other
    square = ((X[:, None] - X) @ L.T).square().sum(dim=-1)
    own = y[:, None] == y
    alike = own & ~torch.eye(len(X), dtype=torch.bool)
    inf = torch.full_like(square, torch.inf)
    nearest = torch.where(alike, square, inf).amin(1)
    return nearest, torch.where(own, inf, square).amin(1)


def _surely_right(X, y, L):
    """Share of points whose nearest other in LX has their class, without any tie."""
    own, other = _votes(X, y, L)
    return (own < other * (1 - 1e-6)).double().mean().item()


def _perhaps_right(X, y, L):
    """The same, where every tie is a right vote."""
    own, other = _votes(X, y, L)
    return (own <= other * (1 + 1e-6)).double().mean().item()


def _two_classes(got, n, call, reading):
    """Return points and labels of two classes, x - m_y, and m_1 - m_0."""
    X = compare.table(got[0], (2 * n, None), f"{call}: X", reading)
    y = compare.table(got[1], (2 * n,), f"{call}: y", reading)
    most = 2 * n - 2  # of more directions, some do not vary inside the classes
    assert 2 <= X.shape[1] <= most, (
        f"{call}: X must have 2 to {most} columns, got {X.shape[1]}. {reading}"
    )
    assert X.abs().max() < LARGEST, f"{call}: X has numbers beyond 1e9. {reading}"
    assert sorted(y.tolist()) == [0.0] * n + [1.0] * n, (
        f"{call}: y must hold {n} zeros and {n} ones, got {y.unique().tolist()[:4]}. "
        f"{reading}"
    )
    # less a point of their own, so that no offset costs digits of the small numbers
    start = torch.stack([X[y == c][0] for c in (0, 1)])
    own = X - start[y.long()]
    shift = torch.stack([own[y == c].mean(dim=0) for c in (0, 1)])
    own -= shift[y.long()]
    gap = (start[1] - start[0]) + (shift[1] - shift[0])
    spread = torch.linalg.eigvalsh(own.T @ own / len(X))
    assert spread[0] > 1e-9 * spread[-1], (
        f"{call}: in some direction the classes do not vary at all, or 1e9 times less "
        "than in another, so C_w has no inverse. Add a little variation there. "
        f"{reading}"
    )
    return X, y, own, gap


def _inverse_root(C):
    values, vectors = torch.linalg.eigh(C)
    return (vectors / values.sqrt()).T


def _white(own, y, gap):
    """Return the points after whitening all of them, however large the gap is.

    Where C_w = I, the covariance of all points is I + u u', u half the gap: only the
    direction of u is to be shrunk, and the class centres are then less than 2 apart.
    """
    root = _inverse_root(own.T @ own / len(own))
    u = root @ gap / 2
    axis = u / u.norm().clamp(min=1e-300)
    shrink = 1 / math.hypot(1, u.norm().item())
    Z = own @ root.T
    along = (Z @ axis)[:, None]
    return Z - (1 - shrink) * along * axis + 2 * shrink * y[:, None] * u


@task("05.5", points=1)
def test_whitening_hurts(answers):
    """(a) Whitening all points ruins what was right, whitening the classes does not

    Total whitening gives every direction the same variance: the one that tells the
    classes apart shrinks to the size of all the others.
    """
    for n in (20, 30, 20 + int(torch.randint(0, 21, ()))):
        call = f"whitening_hurts({n})"
        got = answers.whitening_hurts(n)
        got = compare.parts(got, ("X", "y"), call, RCA)
        X, y, own, gap = _two_classes(got, n, call, RCA)
        one = torch.eye(X.shape[1], dtype=torch.float64)
        before = _surely_right(X, y, one)
        assert before >= 0.95, (
            f"{call}: the nearest other point has the right class for {before:.0%} of "
            f"the points of X, expected at least 95 %. {RCA}"
        )
        after = _perhaps_right(_white(own, y, gap), y, one)
        assert after <= 0.65, (
            f"{call}: after whitening all points it is {after:.0%}, expected at most "
            "65 %. Two class centres are then at most 2 apart; how far apart are the "
            f"points of one class, in many dimensions? {RCA}"
        )
        within = _surely_right(X, y, _inverse_root(own.T @ own / len(X)))
        assert within >= 0.95, (
            f"{call}: after whitening within the classes it is {within:.0%}, expected "
            "at least 95 %. In the direction that tells the classes apart, a class "
            f"must vary little. {RCA}"
        )


@task("05.5", points=1)
def test_fools_lda(answers):
    """(b) A shape of class that LDA cannot see

    LDA looks at class means and at one covariance. Where a class is two groups, one on
    either side of the other class, its mean is where it has no point.
    """
    for n in (12, 40, 4 * int(torch.randint(3, 11, ()))):
        call = f"fools_lda({n})"
        got = answers.fools_lda(n)
        got = compare.parts(got, ("X", "y", "w"), call, MAP)
        X, y, own, gap = _two_classes(got, n, call, MAP)
        assert X.shape[1] == 2, (
            f"{call}: X must have 2 columns, got {X.shape[1]}. {MAP}"
        )
        w = compare.table(got[2], (2,), f"{call}: w", MAP)
        direction = torch.linalg.solve(own.T @ own / len(X), gap)
        assert gap @ direction > 1e-4, (
            f"{call}: the class means agree, so LDA has no direction at all: move one "
            f"class a little. {MAP}"
        )
        seen = _perhaps_right(X, y, direction[None])
        assert seen <= 0.7, (
            f"{call}: along LDA's direction {_show(direction / direction.norm())} the "
            f"nearest other point has the right class for {seen:.0%} of the points, "
            f"expected at most 70 %. {MAP}"
        )
        right = _surely_right(X, y, w[None])
        assert right >= 0.95, (
            f"{call}: along your w = {_show(w)} the nearest other point has the right "
            f"class for {right:.0%} of the points, expected at least 95 %. {MAP}"
        )


@task("05.5", points=1)
def test_prefer_each_other(answers):
    """(c) Two points, each more like the other than like itself

    For W = [[0, 1], [1, 0]], the point (1, 0) has the similarity 0 to itself and 1 to
    (0, 1). No metric does that: it would be a negative squared distance.
    """
    pairs = [
        ([1.0, 0.0], [0.0, 1.0]),
        ([2.0, 0.0], [1.0, 1.0]),
        ([3.0, 4.0, 0.0], [6.0, 8.5, 0.0]),
    ]
    pairs += [(_draw(d).tolist(), _draw(d).tolist()) for d in (2, 2, 3, 5)]
    for x, z in pairs:
        x, z = torch.tensor([x, z], dtype=torch.float64)
        d = len(x)
        call = f"prefer_each_other(x, z) with x = {_show(x)}, z = {_show(z)}"
        W = answers.prefer_each_other(x.numpy(), z.numpy())
        W = compare.table(W, (d, d), call, FREE)
        for name, a, b in (("x", x, z), ("z", z, x)):
            gain = a @ W @ b - a @ W @ a
            assert gain >= 0.999, (
                f"{call}: s(a, b) - s(a, a) is {gain:.4f} for a = {name} and b the "
                "other, expected at least 1. s(a, b) - s(a, a) = a'W(b - a): so W must "
                f"turn x - z into a vector g with x'g <= -1 and z'g >= 1. {FREE}"
            )


# ------------------------------------------------------------------- 05.6 Explain


#: Parts of the rubric that nobody writes by chance.
RUBRIC = (
    "so the sum of hinges is convex and has no local minimum that is not global",
    "the matrices of rank at most k are no convex set",
)
#: All that the task says: to quote it is no explanation.
STORY = """
say what is convex what is not and what a limited rank changes lmnn can be solved for m
d d positive semi-definite or for l k d with m l top l in explain_05_6 in at least 40
words 100 are plenty why is the problem convex in m but not in l and what does each
choice cost and why is rank of m at most k a hard constraint on m although l with k rows
fulfils it without any effort write lx lx 2 once with m and once with l which of the two
is a straight line in its argument what is halfway between two solutions delta ij
operatorname tr m c ij is linear in m a maximum of linear functions is convex for the
rank tfrac12 u u top tfrac12 v v top two or three sentences on each half between the
triple quotes explain_05_6 in m in l the rank name convexity and the rank say what each
choice costs in m each squared distance is linear so the sum of hinges is convex and has
no local minimum that is not global the cost is to stay semi-definite an
eigendecomposition of o d3 a step in l it is quadratic with minus signs in the hinges l
and -l are equally good and the point between them 0 need not be the matrices of rank at
most k are no convex set an average of two has up to the rank 2k and minimising over
them is np-hard in general l with k rows has the rank built in but is not convex so the
result may depend on the start the machine looks for 40 words 20 of them different and
for the words convex and rank it refuses sentences of the rubric and what you quote from
this task does not count use your own words the points are confirmed or not by the
person who reads it
"""


@task("05.6", points=2)
def test_explanation_is_there(answers):
    """Your explanation, before a person reads it

    The machine looks for length and for the two ideas of the rubric only; the points
    are confirmed by the person who reads it.
    """
    joined = own_words(answers, "explain_05_6", rubric=RUBRIC, see=CONE, story=STORY)
    assert "convex" in joined, (
        "explain_05_6 does not say which of the two problems is convex, and in what. "
        f"{CONE}"
    )
    assert "rank" in joined, (
        f"explain_05_6 does not say what a limited rank does to either problem. {CONE}"
    )


# ----------------------------------------------------------------- 05.7 Challenge


def _side(sizes, d, apart):
    """Points in unlike units, with all pairs of their classes: X, S, D."""
    y = _classes(sizes)
    mix = _mix(d) * torch.tensor([0.3, 1.0, 3.0, 1.0, 0.3][:d]).double()
    X = (_draw(len(y), d) + apart * _draw(10, d)[y + 3]) @ mix
    i, j = torch.triu_indices(len(y), len(y), 1)
    same = y[i] == y[j]
    pairs = torch.stack([i, j], dim=1)
    return X, pairs[same], pairs[~same]


def _deltas(X, pairs):
    return X[pairs[:, 0]] - X[pairs[:, 1]]


def _g(M, apart):
    """The sum of distances over D."""
    return ((apart @ M) * apart).sum(dim=1).clamp(min=0).sqrt().sum().item()


def _certificate(M, apart, W):
    """No feasible matrix has a larger sum of distances than this."""
    length = ((apart @ M) * apart).sum(dim=1).clamp(min=0).sqrt()
    length = length.clamp(min=1e-8 * length.max())
    G = (apart / (2 * length[:, None])).T @ apart
    root = _inverse_root(W)
    return (length.sum() / 2 + torch.linalg.eigvalsh(root @ G @ root.T)[-1]).item()


def _with_squares(W, apart):
    """The best M if g had squares: of rank 1."""
    root = _inverse_root(W)
    v = torch.linalg.eigh(root @ apart.T @ apart @ root.T).eigenvectors[:, -1] @ root
    return torch.outer(v, v)


def _feasible(W, rank):
    """A random M with tr(M W) = 1."""
    A = _draw(rank, len(W))
    M = A.T @ A
    return M / (M * W).sum()


def _mmc(answers, X, S, D, name):
    """Return the student's M after the check that it is feasible."""
    call = f"mmc(X, S, D) on {name}"
    d = X.shape[1]
    got = answers.mmc(X.numpy(), S.numpy(), D.numpy())
    M = compare.table(got, (d, d), call, MMC)
    tol = 1e-5 * M.abs().max()
    symmetric = tol > 0 and (M - M.T).abs().max() <= tol
    assert symmetric, f"{call}: M must be symmetric and not 0. {MMC}"
    M = (M + M.T) / 2
    # in white coordinates, so that no unit decides what is round-off
    near = _deltas(X, S)
    W = near.T @ near
    back = torch.linalg.inv(_inverse_root(W))
    values = torch.linalg.eigvalsh(back.T @ M @ back)
    assert values[0] >= -1e-4 * values[-1].abs(), (
        f"{call}: M has a negative eigenvalue ({values[0]:.4f} where the largest is "
        f"{values[-1]:.4f}, in the coordinates that whiten W_S), so it is no metric. "
        f"{MMC}"
    )
    size = (M * W).sum().item()
    assert abs(size - 1) < 1e-3, (
        f"{call}: the squared distances over S sum to {size:.4f}, expected 1: divide M "
        f"by their sum. {MMC}"
    )
    return call, M, W


@task("05.7", points=1)
def test_mmc_bound(answers):
    """The certificate, by hand and against feasible matrices

    In one dimension every feasible M is the same number, so the bound equals g.
    """
    X = torch.tensor([[0.0], [2.0], [5.0], [6.0]], dtype=torch.float64)
    line = (X, torch.tensor([[0, 1], [2, 3]]), torch.tensor([[0, 2], [1, 3]]))
    square = torch.tensor([[0, 0], [1, 0], [0, 2], [3, 2]], dtype=torch.float64)
    plane = (square, torch.tensor([[0, 1], [0, 2]]), torch.tensor([[0, 3], [1, 2]]))
    cases = [("the line 0, 2, 5, 6, S = [01, 23], D = [02, 13]", line)]
    cases += [("the points (0, 0), (1, 0), (0, 2), (3, 2)", plane)]
    for sizes, d in (((5, 6, 4), 2), ((8, 7), 4)):
        name = f"{sum(sizes)} random points in {d}D"
        cases.append((name, _side(sizes, d, 1.0)))
    for name, (X, S, D) in cases:
        near, apart = _deltas(X, S), _deltas(X, D)
        W, d = near.T @ near, X.shape[1]
        M = 0.5 * torch.linalg.inv(W) / d + 0.5 * _feasible(W, d)
        call = f"mmc_bound(M, X, S, D) on {name}"
        got = answers.mmc_bound(M.numpy(), X.numpy(), S.numpy(), D.numpy())
        got = compare.number(got, call, MMC)
        g = _g(M, apart)
        want = _certificate(M, apart, W)
        best = max([_g(_feasible(W, r), apart) for r in (1, 2, d) for _ in range(50)])
        if not _near(got, want):
            assert not _near(got, g, 1e-6), (
                f"{call}: this is g(M) itself, {g:.4f}, the sum of distances over D. "
                f"No other M being better is what must be shown. {MMC}"
            )
            assert not _near(got, want + g / 2, 1e-6), (
                f"{call}: {got:.4f} is g(M) + λ_max, which is a bound, too, but never "
                f"meets g. tr(M ∇g) is g/2, so half of g drops out. {MMC}"
            )
            assert got >= max(g, best) * (1 - 1e-6), (
                f"{call}: {got:.4f} bounds nothing, a feasible matrix reaches "
                f"{max(g, best):.4f}. λ_max is that of W^(-1/2) ∇g W^(-1/2), and ∇g "
                f"sums δδ' / (2 |δ|_M). {MMC}"
            )
        assert _near(got, want), (
            f"{call}: {got:.4f}, expected {want:.4f} = g(M)/2 + λ_max(W^(-1/2) ∇g "
            f"W^(-1/2)), with g(M) = {g:.4f} and W the scatter of the pairs of S. {MMC}"
        )


@task("05.7", points=1)
def test_mmc_is_better_than_chance(answers):
    """Feasible, and better than whitening and 200 random matrices

    M must be semi-definite and the squared distances over S must sum to 1.
    """
    for sizes, d in (((6, 6, 5), 2), ((10, 9), 3), ((7, 8, 6), 4)):
        start = g = 1.0
        while g < 1.05 * start:  # until the start is far from the best
            X, S, D = _side(sizes, d, 1.0)
            near, apart = _deltas(X, S), _deltas(X, D)
            W = near.T @ near
            start = _g(torch.linalg.inv(W) / d, apart)
            g = _g(_with_squares(W, apart), apart)
        name = f"{sum(sizes)} random points in {d}D, all pairs of their classes"
        call, M, _ = _mmc(answers, X, S, D, name)
        got = _g(M, apart)
        assert got > start * 1.001, (
            f"{call}: g(M) = {got:.4f} is not above that of the start W^(-1)/d, "
            f"{start:.4f}: do the steps go uphill? {MMC}"
        )
        chance = [_feasible(W, 1 + trial % d) for trial in range(200)]
        luck = max(_g(M, apart) for M in chance)
        assert got > luck * 0.995, (
            f"{call}: g(M) = {got:.4f}, and of 200 random feasible matrices one "
            f"reaches {luck:.4f}. {MMC}"
        )
        assert got > g * 0.995, (
            f"{call}: g(M) = {got:.4f}, and the one direction that is best for the "
            f"squares of the distances reaches {g:.4f}. {MMC}"
        )


def _hidden_best(W, apart):
    """The largest g that steps find, and a bound that no feasible matrix passes."""
    Z = apart @ _inverse_root(W).T
    B = torch.eye(len(W), dtype=torch.float64) / len(W)
    g, bound = 0.0, math.inf
    for _ in range(300):
        length = ((Z @ B) * Z).sum(dim=1).clamp(min=0).sqrt()
        g = length.sum().item()
        length = length.clamp(min=1e-8 * length.max())
        G = (Z / (2 * length[:, None])).T @ Z
        above = (length.sum() / 2 + torch.linalg.eigvalsh(G)[-1]).item()
        bound = min(bound, above)
        if bound < 1.0005 * g:
            break
        values, vectors = torch.linalg.eigh(B)
        half = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
        B = half @ G @ half
        B = B / B.trace()
    return g, bound


def _hidden_side(sizes, d):
    """Pairs with a known best, which neither the start nor one direction is near."""
    while True:
        X, S, D = _side(sizes, d, 0.4)
        D = D[torch.randperm(len(D))[: len(D) // 2]]
        near, apart = _deltas(X, S), _deltas(X, D)
        W = near.T @ near
        g, bound = _hidden_best(W, apart)
        simple = (torch.linalg.inv(W) / d, _with_squares(W, apart))
        far = all(_g(M, apart) < 0.98 * g for M in simple)
        if far and bound < 1.001 * g:
            return X, S, D, bound


@task("05.7", points=1, hidden=True)
def test_mmc_is_optimal(answers):
    """Within 0.5 percent of what is possible

    The certificate tells when to stop: go on until it is nearly g.
    """
    for sizes, d in (((6, 6, 5), 2), ((5, 5, 5, 5), 3), ((12, 9), 4), ((7, 8, 9), 5)):
        X, S, D, bound = _hidden_side(sizes, d)
        name = f"{sum(sizes)} random points in {d}D, half of the pairs of D"
        call, M, _ = _mmc(answers, X, S, D, name)
        got = _g(M, _deltas(X, D))
        assert got >= 0.995 * bound, (
            f"{call}: g(M) = {got:.4f}; {bound:.4f} is possible, up to "
            f"{100 * (1 - got / bound):.1f} percent more. Take more steps, and steps "
            f"in the coordinates that whiten W. {MMC}"
        )
