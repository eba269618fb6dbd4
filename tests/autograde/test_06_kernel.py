"""Checks of exercise 06, Kernels."""

import math

import torch

from mlcourse.grading import compare, own_words, task
from mlcourse.grading.as_numbers import as_numbers

HIDES = ("mlcourse.kernel",)
#: Libraries that answer some of the tasks: a person looks at them, no point is lost.
FLAGS = (
    "sklearn.decomposition",
    "sklearn.kernel_approximation",
    "sklearn.metrics.pairwise",
    "sklearn.gaussian_process",
    "scipy.spatial",
)

FORMULAS = "See lecture 06, section 'The formulas'."
KERNEL = "See lecture 06, section 'The kernel trick'."
COEFFICIENTS = "See lecture 06, section 'Coefficients instead of directions'."
KPCA = "See lecture 06, section 'The KPCA trick'."
CENTRING = "See lecture 06, section 'Centring'."
PRICE = "See lecture 06, section 'The price'."
LANDMARKS = "See lecture 06, section 'Landmarks'."


def _f64(values):
    return torch.tensor(values, dtype=torch.float64)


def _random(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def _squares(x, y):
    """Return the squared Euclidean distances of the rows, by differences."""
    return ((x[:, None] - y) ** 2).sum(dim=-1)


def _products(x):
    """Return all products of two entries of (x, 1): features of (x'y + 1)²."""
    longer = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)
    return (longer[:, :, None] * longer[:, None]).flatten(1)


# ------------------------------------------------------------------- 06.1 Warm-up


@task("06.1", points=1)
def test_rbf_kernel(answers):
    """Two points and three, random points, and points far from the origin

    Row 0 of x, (0, 0), and row 1 of y, (1, 2), have the squared distance 5.
    """
    x, y = _f64([[0, 0], [1, 2]]), _f64([[1, 0], [1, 2], [0, 2]])
    squares = _f64([[1, 5, 4], [4, 0, 1]])
    want = torch.exp(-0.25 * squares)
    call = "rbf_kernel(x, y, 0.25), x = [[0, 0], [1, 2]], y = [[1, 0], [1, 2], [0, 2]]"
    got = compare.table(answers.rbf_kernel(x, y, 0.25), (2, 3), call, FORMULAS)
    mistakes = [
        (
            "the distance must be squared in the exponent",
            (-0.25 * squares.sqrt()).exp(),
        ),
        ("gamma multiplies the squared distance, it is no width", (-squares * 4).exp()),
        ("gamma multiplies the squared distance, it is no width", (-squares * 8).exp()),
        ("the sign is lost: the kernel falls with the distance", 1 / want),
        ("gamma is not used", (-squares).exp()),
        ("this is the distance; the kernel is 1 for equal points", 1 - want),
    ]
    compare.same(got, want, call, FORMULAS, mistakes, tol=1e-4)
    for n, d, dtype in ((5, 3, torch.float32), (4, 6, torch.float64)):
        x, y = torch.rand(n, d, dtype=dtype), torch.rand(4, d, dtype=dtype)
        gamma = 0.5 + torch.rand(()).item()
        want = [
            [math.exp(-gamma * math.dist(a, b) ** 2) for b in y.tolist()]
            for a in x.tolist()
        ]
        call = f"rbf_kernel(x, y, {gamma:.4f}) on {n} and 4 random points, {dtype}"
        got = compare.table(answers.rbf_kernel(x, y, gamma), (n, 4), call, FORMULAS)
        compare.same(got, _f64(want), call, FORMULAS, tol=1e-4)
    grid = torch.cartesian_prod(torch.arange(6), torch.arange(6)).double() / 8
    away = (grid + 4096).to(torch.float32)
    call = "rbf_kernel(x, x, 2) with float32 points 1/8 apart, 4096 from the origin"
    got = compare.table(answers.rbf_kernel(away, away, 2.0), (36, 36), call, FORMULAS)
    worst = (got - torch.exp(-2 * _squares(grid, grid))).abs().max().item()
    assert worst < 1e-3, (
        f"{call}: an entry is off by {worst:.1e}; x² + y² - 2xy, which torch.cdist "
        "uses for more than 25 points, subtracts numbers near 10^7 to get one near 1. "
        f"Subtract the points first. {FORMULAS}"
    )


def _gamma(answers, x, name, far=False):
    """Check one gamma: both middle values of an even number of pairs are fine.

    Far from the origin a loss of digits looks like any other mistake: none is named.
    """
    call = f"median_gamma(x) with {name}"
    points = x.double().tolist()
    pairs = [
        math.dist(points[i], points[j]) ** 2
        for i in range(len(points))
        for j in range(i + 1, len(points))
    ]
    everything = sorted([*pairs, *pairs, *([0.0] * len(points))])
    pairs.sort()
    low, high = pairs[(len(pairs) - 1) // 2], pairs[len(pairs) // 2]
    middle = everything[len(everything) // 2], everything[(len(everything) - 1) // 2]
    got = compare.number(answers.median_gamma(x), call, KERNEL)
    fits = (1 - 1e-4) / high <= got <= (1 + 1e-4) / low
    wrongs = [
        ("no pair of a point with itself counts", [1 / m for m in middle if m > 0]),
        ("the median is that of squared distances", [low**-0.5, high**-0.5]),
        ("gamma is 1 divided by the median", [low, high]),
        ("no factor 2 belongs here", [0.5 / low, 0.5 / high]),
        ("this is 1 divided by the mean, not the median", [len(pairs) / sum(pairs)]),
    ]
    for words, values in () if far else wrongs:
        near = any(abs(got - value) < 1e-3 * value for value in values)
        assert fits or not near, (
            f"{call} returned {got:.6g}, expected {1 / low:.6g}: {words}. {KERNEL}"
        )
    assert fits, (
        f"{call} returned {got:.6g}, expected {1 / low:.6g}. List the squared "
        "distances of all pairs i < j, sort them, and take the middle one; two copies "
        f"of a point are a pair too; subtract before you square. {KERNEL}"
    )


@task("06.1", points=1)
def test_median_gamma(answers):
    """The numbers 0, 1, 3, and random points in any unit

    The pairs of 0, 1, 3 have the squared distances 1, 9, 4: the median is 4.
    """
    _gamma(answers, _f64([[0], [1], [3]]), "the numbers 0, 1, 3")
    _gamma(answers, _f64([[0], [0], [0], [1], [3]]), "the numbers 0, 0, 0, 1, 3")
    for n, dtype in ((6, torch.float32), (7, torch.float64), (30, torch.float64)):
        unit = 10 ** (4 * torch.rand(()).item() - 2)
        x = unit * torch.randn(n, 3, dtype=dtype)
        _gamma(answers, x, f"{n} random points of spread {unit:.2g}, {dtype}")
    for _ in range(2):
        away = torch.rand(30, 2) + 512
        name = "30 float32 points of spread 1, 512 from the origin"
        _gamma(answers, away, name, far=True)


# ------------------------------------------------- 06.2 Distances from k, centring


@task("06.2", points=1)
def test_kernel_distance(answers):
    """The kernel x'y, whose distance you know, and a polynomial one

    For k(x, y) = x'y the map phi changes nothing: (0, 0) and (3, 0) are 3 apart.
    """
    K, k_x, k_y = _f64([[0, 0], [9, 25]]), _f64([0, 25]), _f64([9, 25])
    want = _f64([[3, 5], [4, 0]])
    call = (
        "kernel_distance(K, k_x, k_y), K = [[0, 0], [9, 25]], k_x = [0, 25], "
        "k_y = [9, 25]"
    )
    got = compare.table(answers.kernel_distance(K, k_x, k_y), (2, 2), call, KERNEL)
    swapped = k_x + k_y[:, None] - 2 * K
    mistakes = [
        ("these are the squares, the root is missing", want**2),
        (
            "k(x, x) is not 1 for every kernel; use k_x and k_y",
            (2 - 2 * K).clamp(min=0).sqrt(),
        ),
        ("k_x belongs to the rows, k_y to the columns", swapped.clamp(min=0).sqrt()),
        (
            "the mixed term counts twice",
            (k_x[:, None] + k_y - K).clamp(min=0).sqrt(),
        ),
    ]
    compare.same(got, want, call, KERNEL, mistakes, tol=2e-2)
    for dtype in (torch.float32, torch.float64):
        x, y = _random(4, 2), _random(3, 2)
        p, q = _products(x), _products(y)
        K, k_x, k_y = (x @ y.T + 1) ** 2, (p * p).sum(dim=1), (q * q).sum(dim=1)
        call = f"kernel_distance(K, k_x, k_y) for the kernel (x'y + 1)², {dtype}"
        got = answers.kernel_distance(K.to(dtype), k_x.to(dtype), k_y.to(dtype))
        got = compare.table(got, (4, 3), call, KERNEL)
        compare.same(got, _squares(p, q).sqrt(), call, KERNEL, tol=1e-2)


@task("06.2", points=1, hidden=True)
def test_kernel_distance_survives_rounding(answers):
    """Equal points are at distance 0, in float32 too, and near ones are not

    Rounding makes k(x, x) + k(y, y) - 2 k(x, y) a little negative for equal points.
    """
    for dtype in (torch.float32, torch.float64):
        p = torch.randn(60, 7, dtype=dtype)
        q = p[torch.randperm(60)]
        step = torch.randn(20, 7, dtype=dtype)
        q[:20] += 0.1 * step / step.norm(dim=1, keepdim=True)  # near, not equal
        q = torch.cat([q, torch.randn(5, 7, dtype=dtype)])
        K, k_x, k_y = p @ q.T, (p * p).sum(dim=1), (q * q).sum(dim=1)
        call = (
            "kernel_distance(K, k_x, k_y), 60 points in another order, 20 of them "
            f"moved by 0.1, {dtype}"
        )
        got = compare.table(
            answers.kernel_distance(K, k_x, k_y), (60, 65), call, KERNEL
        )
        worst = (got - _squares(p.double(), q.double()).sqrt()).abs().max().item()
        assert worst < 2e-2, (
            f"{call}: an entry is off by {worst:.1e}. Clamp what is below 0 at 0, and "
            f"change nothing else. {KERNEL}"
        )


def _centred(K, K_test):
    """Return both kernels centred with the statistics of the training points."""
    mean = K.mean(dim=0)
    return (
        K - mean - mean[:, None] + K.mean(),
        K_test - K_test.mean(dim=1, keepdim=True) - mean + K.mean(),
    )


def _miscentred(K, K_test):
    """Return usual mistakes in centring the test kernel, with their names."""
    rows, columns = K_test.mean(dim=1, keepdim=True), K_test.mean(dim=0)
    mean = K.mean(dim=0)
    return [
        ("the test kernel is not centred at all", K_test),
        (
            "this uses the mean of the test points; a point's coordinates must not "
            "depend on which others are tested with it",
            K_test - rows - columns + K_test.mean(),
        ),
        (
            "the column means must be those of the training kernel K",
            K_test - rows - columns + K.mean(),
        ),
        (
            "the last term must be the mean of the training kernel K",
            K_test - rows - mean + K_test.mean(),
        ),
        ("the column means of K are not subtracted", K_test - rows),
        ("the row means of K_test are not subtracted", K_test - mean),
        ("the mean of K must be added back", K_test - rows - mean),
    ]


def _check_centre(answers, p, q, name, mistakes=False):
    """Compare with features from which the mean training feature is subtracted."""
    K, K_test = p @ p.T, q @ p.T
    call = f"centre(K, K_test) on {name}"
    both = compare.parts(answers.centre(K, K_test), ("K", "K_test"), call, CENTRING)
    p, q = p.double(), q.double()
    middle = p.mean(dim=0)
    want = (p - middle) @ (p - middle).T, (q - middle) @ (p - middle).T
    scale = 1 + K.double().abs().max().item()
    tol = 1e-3 if mistakes else 1e-4 * scale
    K, K_test = K.double(), K_test.double()
    wrongs = [("K is not centred at all", K), ("centre rows and columns", K - K.mean())]
    wrongs += [("centre the columns too", K - K.mean(dim=1, keepdim=True))]
    got = compare.table(both[0], tuple(K.shape), f"{call}: the first result", CENTRING)
    compare.same(
        got, want[0], f"{call}: the first", CENTRING, wrongs if mistakes else (), tol
    )
    got = compare.table(
        both[1], tuple(K_test.shape), f"{call}: the second result", CENTRING
    )
    wrongs = _miscentred(K, K_test) if mistakes else ()
    compare.same(got, want[1], f"{call}: the second", CENTRING, wrongs, tol)


@task("06.2", points=1)
def test_centre(answers):
    """Three numbers and two new ones, then random features

    The mean of 0, 1, 5 is 2, so centred they are -2, -1, 3, and 4 and 7 become 2 and 5.
    """
    p, q = _f64([[0], [1], [5]]), _f64([[4], [7]])
    _check_centre(answers, p, q, "k(x, y) = xy, train 0, 1, 5, test 4, 7", True)
    _check_centre(answers, p, q[:1], "k(x, y) = xy, train 0, 1, 5, test 4")
    q = _f64([[4], [7], [1]])  # as many as training points
    _check_centre(answers, p, q, "k(x, y) = xy, train 0, 1, 5, test 4, 7, 1", True)
    for dtype in (torch.float32, torch.float64):
        p = torch.randn(6, 4, dtype=dtype) + 1
        q = torch.randn(3, 4, dtype=dtype) - 1
        _check_centre(answers, p, q, f"6 and 3 random points, {dtype}")


# ------------------------------------------------------- 06.3 An explicit U


@task("06.3", points=1)
def test_kernel_metric_distance(answers):
    """One U by hand, one at random, in both precisions

    The first difference k_x - k_y is (1, -2, 2), and U takes it to (3, -2).
    """
    U = _f64([[1, -1, 0], [0, 2, 1]])
    K_x, K_y = _f64([[1, 0, 2], [3, 1, 1]]), _f64([[0, 2, 0]])
    call = (
        "kernel_metric_distance(U, K_x, K_y), U = [[1, -1, 0], [0, 2, 1]], "
        "K_x = [[1, 0, 2], [3, 1, 1]], K_y = [[0, 2, 0]]"
    )
    got = answers.kernel_metric_distance(U, K_x, K_y)
    got = compare.table(got, (2, 1), call, COEFFICIENTS)
    want = _f64([[13], [17]]).sqrt()
    diff = K_x - K_y
    mistakes = [
        ("these are the squares, the root is missing", want**2),
        ("U is not used", diff.norm(dim=1, keepdim=True)),
        ("subtract k_y before the norm", (K_x @ U.T).norm(dim=1, keepdim=True)),
        (
            "this is |U'U(k_x - k_y)|; U is applied once",
            (diff @ U.T @ U).norm(dim=1, keepdim=True),
        ),
        ("these are inner products, not distances", K_x @ U.T @ U @ K_y.T),
    ]
    compare.same(got, want, call, COEFFICIENTS, mistakes)
    for dtype in (torch.float32, torch.float64):
        U, K_x, K_y = _random(4, 4), _random(3, 4), _random(5, 4)
        want = torch.zeros(3, 5, dtype=torch.float64)
        for i in range(3):
            for j in range(5):
                image = [
                    sum(U[r, t] * (K_x[i, t] - K_y[j, t]) for t in range(4))
                    for r in range(4)
                ]
                want[i, j] = math.hypot(*image)
        call = f"kernel_metric_distance(U, K_x, K_y), a random 4 x 4 matrix U, {dtype}"
        got = answers.kernel_metric_distance(U.to(dtype), K_x.to(dtype), K_y.to(dtype))
        got = compare.table(got, (3, 5), call, COEFFICIENTS)
        turned = torch.cdist(K_x @ U, K_y @ U)
        wrongs = [("this uses U' where the formula has U", turned)]
        compare.same(got, want, call, COEFFICIENTS, wrongs)
    call = "kernel_metric_distance(U, K_x, K_x), a random U (3, 5) and 100 points,"
    U, K_x = _random(3, 5), _random(100, 5)
    got = answers.kernel_metric_distance(U, K_x, K_x)
    got = compare.table(got, (100, 100), call, COEFFICIENTS)
    worst = got.diagonal().abs().max().item()
    assert worst < 1e-3, (
        f"{call} has {worst:.4g} on its diagonal, expected 0: that is a point and "
        f"itself. {COEFFICIENTS}"
    )


def _columns(answers, x, name):
    """Return the monomials of x, checked for their number."""
    d = x.shape[1]
    call = f"monomials(x) with {name}"
    got = compare.table(answers.monomials(x), (len(x), None), call, KERNEL)
    D = (d + 1) * (d + 2) // 2
    assert got.shape[1] == D, (
        f"{call} has {got.shape[1]} columns, expected {D}: the constant, the "
        "coordinates, their squares, and every product of two different ones once. "
        f"{KERNEL}"
    )
    return call, got


@task("06.3", points=1)
def test_monomials(answers):
    """Features whose inner products are (x'y + 1)², and how many numbers are learned

    In one dimension (xy + 1)² = 1 + 2xy + x²y²: the features are 1, √2 x, x². The two
    sets of features that belong to x and to y must come from one and the same map.
    """
    x, y = _f64([[1, 2], [3, 0]]), _f64([[2, 1]])
    call, p = _columns(answers, x, "x = [[1, 2], [3, 0]]")
    _, q = _columns(answers, y, "x = [[2, 1]]")
    call = f"{call}, times monomials(y)' with y = [[2, 1]],"
    mistakes = [
        ("x_1 x_2 occurs twice in the square: it needs the factor √2", [[21], [49]]),
        ("x_1 and x_2 alone need the factor √2", [[21], [43]]),
        ("all but the squares and the constant need the factor √2", [[17], [43]]),
        ("the factor is √2, not 2: it meets itself in the product", [[41], [61]]),
    ]
    compare.same(p @ q.T, _f64([[25], [49]]), call, KERNEL, mistakes)
    for d in (1, 2, 3, 5):
        dtype = torch.float64 if d % 2 else torch.float32
        x, y = _random(4, d).to(dtype), _random(6, d).to(dtype)
        call, p = _columns(answers, x, f"4 random rows (4, {d})")
        _, q = _columns(answers, y, f"6 random rows (6, {d})")
        want = (x.double() @ y.double().T + 1) ** 2
        compare.same(p @ q.T, want, f"{call}, times monomials(y)',", KERNEL)
    counts = [(100, 3, 2), *torch.randint(2, 50, (5, 3)).tolist()]
    for n, d, r in counts:
        call = f"n_parameters({n}, {d}, {r})"
        pair = answers.n_parameters(n, d, r)
        pair = compare.parts(pair, ("the count of U", "that of L"), call, PRICE)
        got = [compare.number(value, call, PRICE) for value in pair]
        want = [r * n, r * (d + 1) * (d + 2) // 2]
        assert got == want, (
            f"{call} returned {got}, expected {want}: the entries of U (r, n), one "
            "column for each training point, and those of L (r, D), one column for "
            f"each monomial, the constant included. {PRICE}"
        )


# ----------------------------------------------------------- 06.4 The KPCA trick


def _directions(K):
    """Return eigenvalues and eigenvectors of a centred kernel, null ones dropped."""
    values, vectors = torch.linalg.eigh(K)
    keep = values > 1e-6 * values.max()
    return values[keep], vectors[:, keep]


def _kpca_train(answers, K, K_test, name):
    """Check the coordinates of the training points; return them and the rest."""
    call = f"kpca(K, K_test) on {name}"
    both = compare.parts(answers.kpca(K, K_test), ("Z", "Z_test"), call, KPCA)
    drop = f"Drop the eigenvalues of the centred kernel that are 0. {KPCA}"
    Z = compare.table(both[0], (len(K), None), f"{call}: Z", drop)
    values, vectors = _directions(_centred(K, K_test)[0])
    assert Z.shape[1] >= len(values), (
        f"{call}: Z has {Z.shape[1]} columns, expected {len(values)}, one for each "
        "eigenvalue of the centred kernel that is not 0 up to rounding. What is 0 is "
        f"measured by the largest, not by a fixed number. {KPCA}"
    )
    mistakes = [
        ("each column of Z must have the length √λ, yours has λ", vectors * values),
        ("each column of Z must have the length √λ, yours has 1", vectors),
        (
            "each column of Z must have the length √λ, yours has 1/√λ",
            vectors / values.sqrt(),
        ),
    ]
    unit = K.abs().max()
    mistakes = [(words, _squares(wrong, wrong) / unit) for words, wrong in mistakes]
    want = K.diagonal()[:, None] + K.diagonal() - 2 * K
    words = f"{call}: the table of squared distances of the rows of Z, by max |K|,"
    compare.same(_squares(Z, Z) / unit, want / unit, words, KPCA, mistakes)
    off = Z.mean(dim=0).abs().max().item()
    assert off < 1e-3 * unit**0.5, (
        f"{call}: the columns of Z have means up to {off:.4g}, expected 0: centre the "
        f"kernel before the eigendecomposition. {CENTRING}"
    )
    assert Z.shape[1] <= len(values), (
        f"{call}: Z has {Z.shape[1]} columns, expected {len(values)}: drop the "
        f"eigenvalues of the centred kernel that are 0 up to rounding. {KPCA}"
    )
    return Z, both[1]


def _kpca(answers, K, K_test, name):
    """Check one call of kpca against the kernels; return Z and Z_test."""
    Z, rest = _kpca_train(answers, K, K_test, name)
    call = f"kpca(K, K_test) on {name}"
    Z_test = compare.table(rest, (len(K_test), Z.shape[1]), f"{call}: Z_test", KPCA)
    centred, test = _centred(K, K_test)
    values, vectors = _directions(centred)
    roots = values.sqrt()
    frame = (vectors * roots).T
    wrongs = [
        (words, wrong @ vectors / roots @ frame)
        for words, wrong in _miscentred(K, K_test)
    ]
    wrongs += [
        ("divide by √λ: here it was multiplied by it", test @ vectors * roots @ frame),
        ("divide by √λ: here it was left out", test @ vectors @ frame),
        ("divide by √λ, not by λ", test @ vectors / values @ frame),
    ]
    unit = K.abs().max()
    wrongs = [(words, wrong / unit) for words, wrong in wrongs]
    words = f"{call}: the table of inner products Z_test Z', by max |K|,"
    compare.same(Z_test @ Z.T / unit, test / unit, words, KPCA, wrongs)
    return Z, Z_test


@task("06.4", points=1)
def test_kpca_training(answers):
    """Three numbers on the line, and random features of low rank

    With k(x, y) = xy the numbers 0, 1, 5 get the one coordinate -2, -1, 3, or 2, 1, -3.
    """
    p, q = _f64([[0], [1], [5]]), _f64([[4], [7]])
    _kpca_train(answers, p @ p.T, q @ p.T, "k(x, y) = xy, train 0, 1, 5, test 4, 7")
    p, q = _random(12, 3) + 1, _random(5, 3)
    _kpca_train(
        answers, p @ p.T, q @ p.T, "12 and 5 random points, kernel x'y of rank 3"
    )


@task("06.4", points=1)
def test_kpca_test_points(answers):
    """New points: alone or together, near or far, and the training points again

    A point's coordinates depend on the training points and on itself, on nothing else.
    Out of sample distances can only shrink: what phi(x) has outside the span of the
    training images is lost.
    """
    p, q = _f64([[0], [1], [5]]), _f64([[4], [7]])
    _kpca(answers, p @ p.T, q @ p.T, "k(x, y) = xy, train 0, 1, 5, test 4, 7")
    x, y = _random(8, 4), _random(6, 4)
    K, K_test = torch.exp(-_squares(x, x) / 2), torch.exp(-_squares(y, x) / 2)
    name = "8 and 6 random points, RBF kernel with gamma 0.5"
    _kpca(answers, K, K_test, name)
    for i in (0, 5):
        _kpca(answers, K, K_test[i : i + 1], f"{name}, one tested alone")
    Z, again = _kpca(answers, K, K, f"{name}, tested on the training points")
    worst = (Z - again).abs().max().item()
    assert worst < 1e-3, (
        f"kpca(K, K) on {name}: a training point that is tested has other "
        f"coordinates, by {worst:.4f}. {KPCA}"
    )


@task("06.4", points=1, hidden=True)
def test_kpca_drops_null_directions(answers):
    """Copies, low rank, and kernels in any unit

    A centred kernel always has an eigenvalue 0, and rounding makes it 1e-17 or -1e-17.
    What is null is measured by the largest eigenvalue, not by a fixed number.
    """
    for _ in range(4):
        p, q = _random(10, 3), _random(4, 3) + 2
        p = p[torch.tensor([*range(10), 0, 3, 3])]
        K, K_test = p @ p.T + 5, q @ p.T + 5
        Z, _ = _kpca(answers, K, K_test, "13 points with three copies, kernel x'y + 5")
        worst = (Z[3] - Z[12]).abs().max().item()
        assert worst < 1e-3, (
            "kpca(K, K_test) on 13 points with three copies: two copies have different "
            f"coordinates, by {worst:.1e}. {KPCA}"
        )
        for unit in (1e-10, 1e8):
            name = f"13 points with three copies, kernel {unit:.0e} (x'y + 5)"
            _kpca(answers, unit * K, unit * K_test, name)
        x, y = _random(6, 2), _random(3, 2)
        K, K_test = (x @ x.T + 1) ** 2, (y @ x.T + 1) ** 2
        values = torch.linalg.eigvalsh(_centred(K, K_test)[0])
        if values[1] > 1e-3 * values[-1]:
            _kpca(answers, K, K_test, "6 and 3 random points, kernel (x'y + 1)²")


# ------------------------------------------------------------------ 06.5 Break it


@task("06.5", points=1)
def test_indefinite_points(answers):
    """(a) Points on which a similarity is no kernel, for any p and gamma

    Try three equally spaced points and the combination 1, -2, 1.
    """
    draws = [(4.0, 1.0), (2.5, 1.0), (6.0, 1.0), (3.0, 100.0), (3.0, 0.01)]
    for _ in range(8):
        p, g = (torch.rand(2).double()).tolist()
        draws.append((2.5 + 3.5 * p, 10 ** (6 * g - 3)))
    for p, gamma in draws:
        call = f"indefinite_points({p:.4g}, {gamma:.4g})"
        x = as_numbers(answers.indefinite_points(p, gamma))
        fits = x is not None and x.ndim == 1 and 2 <= len(x) <= 20
        fits = fits and bool(x.isfinite().all())
        assert fits, (
            f"{call} must return 2 to 20 finite numbers, shape (n,), got "
            f"{None if x is None else x.tolist()!s:.80}. {KERNEL}"
        )
        K = torch.exp(-gamma * (x[:, None] - x).abs() ** p)
        least = torch.linalg.eigvalsh(K)[0].item()
        assert least < -0.01, (
            f"{call}: the smallest eigenvalue on your points is {least:.4f}, expected "
            "below -0.01. Points that are far apart give the identity, points that "
            "are too near a matrix of ones, and both have no negative eigenvalue: "
            f"what is a distance in the unit of gamma? {KERNEL}"
        )


@task("06.5", points=1)
def test_two_gammas(answers):
    """(b) One gamma that sees every point alone, one that sees straight lines only

    The extremes decide: which pair is the nearest, which the farthest?
    """
    line = "the numbers 0, 1, 3 and the test point 5"
    cases = [(line, _f64([[0], [1], [3]]), _f64([[5]]))]
    for trial in range(10):
        unit = 10 ** (6 * torch.rand(()).item() - 3)
        n, d = 4 + trial, 1 + trial % 3
        x, x_test = unit * _random(n, d), unit * _random(3, d)
        if trial % 2:  # a test point that is nearer to one than any pair is
            near = (torch.nn.functional.pdist(x).min() / 3).item()
            x_test[1] = x[2] + near * x_test[1] / x_test[1].norm()
        name = f"{n} random points in {d} dimensions, spread {unit:.2g}, 3 test points"
        cases.append((name, x, x_test))
    for name, x, x_test in cases:
        squares = _squares(x, x)[~torch.eye(len(x), dtype=torch.bool)]
        least = min(squares.min().item(), _squares(x_test, x).min().item())
        call = f"memorizing_gamma(x, x_test) with {name}"
        gamma = compare.number(answers.memorizing_gamma(x, x_test), call, KERNEL)
        largest = math.exp(min(-gamma * least, 700.0))
        assert largest <= 1e-3, (
            f"{call} returned {gamma:.4g}: the largest kernel value of two different "
            f"points is {largest:.2g}, expected at most 0.001. The nearest pair "
            "decides, of two training points or of a test point and a training point. "
            f"{KERNEL}"
        )
        assert largest >= 1e-6, (
            f"{call} returned {gamma:.4g}: the largest kernel value of two different "
            f"points is {largest:.1e}, asked for is one between 1e-6 and 1e-3: the "
            f"least that it takes, up to a factor of 2. {KERNEL}"
        )
        call = f"linear_gamma(x) with {name}"
        gamma = compare.number(answers.linear_gamma(x), call, KERNEL)
        assert gamma > 0, f"{call} returned {gamma:.4g}; gamma is positive. {KERNEL}"
        far = gamma * squares.max().item()
        ratio = -math.expm1(-far) / far if far > 0 else 1.0
        assert ratio >= 0.99, (
            f"{call} returned {gamma:.4g}: for the farthest pair the squared kernel "
            f"distance is {ratio:.4f} times 2 gamma times the squared distance, "
            f"expected at least 0.99. The farthest pair decides. {KERNEL}"
        )
        assert ratio <= 0.9999, (
            f"{call} returned {gamma:.4g}: for the farthest pair the squared kernel "
            f"distance is {ratio:.8f} times 2 gamma times the squared distance; asked "
            "for is a ratio between 0.99 and 0.9999, because a smaller gamma leaves "
            f"only the rounding of 2 - 2k. {KERNEL}"
        )


@task("06.5", points=1)
def test_collapsing_pair(answers):
    """(c) Two points that are far apart and get the same coordinates

    What does k_x look like for a point that is far from every training point?
    """
    for trial in range(10):
        unit = 10 ** (6 * torch.rand(()).item() - 3)
        n, d = 5 + trial, 1 + trial % 3
        x = unit * (torch.randn(n, d, dtype=torch.float64) + 3)
        squares = _squares(x, x)
        spread = squares.max().sqrt().item()
        gamma = 2 / squares[squares > 0].median().item()
        name = f"{n} random points in {d} dimensions, of spread {unit:.2g}"
        call = f"collapsing_pair(x, {gamma:.4g}) with {name}"
        pair = compare.table(answers.collapsing_pair(x, gamma), (2, d), call, KPCA)
        away = (pair - x.mean(dim=0)).norm(dim=1).max().item()
        assert away <= 100 * spread, (
            f"{call}: a point is {away / spread:.3g} times the largest distance of the "
            f"data away from their mean, at most 100 are allowed. {KPCA}"
        )
        apart = 2 - 2 * torch.exp(-gamma * (pair[0] - pair[1]).square().sum()).item()
        assert apart >= 1.9, (
            f"{call}: the images of your two points are {math.sqrt(apart):.4f} apart, "
            "expected almost √2, a square of at least 1.9: they must be far from each "
            f"other too. {KPCA}"
        )
        K, K_test = torch.exp(-gamma * squares), torch.exp(-gamma * _squares(pair, x))
        centred, test = _centred(K, K_test)
        values, vectors = torch.linalg.eigh(centred)
        keep = values > 1e-10 * values.max()
        z = test @ vectors[:, keep] / values[keep].sqrt()
        left = (z[0] - z[1]).norm().item()
        assert left <= 0.01, (
            f"{call}: the coordinates of your two points differ by {left:.4f}, "
            "expected at most 0.01. Both must be so far from all training points that "
            f"each k(x, x_i) is almost 0. {KPCA}"
        )


# ------------------------------------------------------------------- 06.6 Explain


#: Parts of the rubric that nobody writes by chance.
RUBRIC = (
    "changes no distance of training points and only adds to",
    "weighs the directions differently and has another minimum",
)
#: All that the task says: to quote it is no explanation.
STORY = """
say why coefficients suffice and why their euclidean length is the wrong thing to punish
a colleague runs a linear metric learner with weight decay min u text loss u mu u f 2 on
the vectors k x as if they were plain features and says that is kernelised metric
learning since the slide has l top phi u top the loss depends on distances of training
points only in explain_06_6 in at least 40 words 100 are plenty why may the rows of l be
combinations of the n training images so that n 2 numbers suffice for m u top u even if
phi has infinitely many coordinates and why is the colleague's problem not min l text
loss l mu l f 2 take one row of l and split it in two what the training images can see
of it and the rest l u phi top hence ll top u phi top phi u top uku top its trace is l f
2 two or three sentences on each half between the triple quotes explain_06_6 the
orthogonal part the penalty the part of a row of l that is orthogonal to all training
images changes no distance of training points and only adds to l so it may be 0 and what
is left are n coefficients a row r n numbers n² for m uᵀu l f 2 operatorname tr u k u
top which is not u f 2 operatorname tr uu top unless k is the identity so the
regulariser weighs the directions differently and has another minimum the machine looks
for 40 words 20 of them different for a word on where the rows come from span subspace
combination projection orthogonal and for one on what is kept small regulariser penalty
decay norm length trace it refuses sentences of the rubric and what you quote from this
task does not count use your own words the points are confirmed or not by the person who
reads it
"""


@task("06.6", points=2)
def test_explanation_is_there(answers):
    """Your explanation, before a person reads it

    The machine looks for length and for the two ideas of the rubric only; the points
    are confirmed by the person who reads it.
    """
    joined = own_words(
        answers, "explain_06_6", rubric=RUBRIC, see=COEFFICIENTS, story=STORY
    )
    span = ("span", "orthogonal", "perpendicular", "right angle", "combin")
    span += ("project", "subspace")
    assert any(stem in joined for stem in span), (
        "explain_06_6 does not say where the rows of L may be taken from without loss, "
        f"and why. {COEFFICIENTS}"
    )
    penalty = ("regulari", "penal", "decay", "trace", " tr ", "norm", "length")
    assert any(stem in joined for stem in penalty), (
        "explain_06_6 does not say what the learner on k_x keeps small, and what it "
        f"should. {KPCA}"
    )


# ----------------------------------------------------------------- 06.7 Challenge


def _nystroem(answers, C, W, name, tol=1e-3):
    """Return F F' in float64, after a check of F's shape."""
    call = f"nystroem(C, W) on {name}"
    F = compare.table(answers.nystroem(C, W), (len(C), None), call, LANDMARKS)
    assert F.shape[1] <= len(W), (
        f"{call} has {F.shape[1]} columns, expected at most {len(W)}, one for each "
        f"landmark. {LANDMARKS}"
    )
    return call, F


def _rbf(x, rows, gamma=0.5):
    return torch.exp(-gamma * _squares(x, x[rows]))


@task("06.7", points=1)
def test_nystroem(answers):
    """One landmark, two landmarks, and all points as landmarks

    With one landmark at 2 and k(x, y) = xy, C is [2, 4, 6]' and W is [[4]]: the feature
    is C/2, the numbers 1, 2, 3 again.
    """
    C, W = _f64([[2], [4], [6]]), _f64([[4]])
    call, F = _nystroem(answers, C, W, "C = [[2], [4], [6]], W = [[4]]")
    mistakes = [
        ("these are the rows of C, not yet divided by a root of W", C @ C.T),
        ("divide by the root of W, not by W", C @ C.T / 16),
        ("multiply by the inverse root of W", C @ C.T * 4),
    ]
    want = C @ C.T / 4
    compare.same(F @ F.T, want, f"{call}, as F F',", LANDMARKS, mistakes)
    W, C = _f64([[2, 1], [1, 5]]), _f64([[2, 1], [1, 5], [3, 1], [0, 2]])
    call, F = _nystroem(answers, C, W, "W = [[2, 1], [1, 5]] and C with 4 rows")
    inverse = _f64([[5, -1], [-1, 2]]) / 9
    mistakes = [
        ("divide by the root of W, not by W", C @ inverse @ inverse @ C.T),
        ("the landmarks depend on each other: W is no diagonal", C @ C.T / 2),
        ("these are the rows of C, not yet divided by a root of W", C @ C.T),
    ]
    compare.same(F @ F.T, C @ inverse @ C.T, f"{call}, as F F',", LANDMARKS, mistakes)
    for dtype in (torch.float32, torch.float64):
        x = _random(9, 3)
        K = _rbf(x, slice(None)).to(dtype)
        call, F = _nystroem(answers, K, K, f"9 points, all of them landmarks, {dtype}")
        compare.same(F @ F.T, K.double(), f"{call}, as F F',", LANDMARKS)
        rows = torch.randperm(9)[:4]
        C = K[:, rows]
        call, F = _nystroem(answers, C, C[rows], f"9 points, 4 landmarks, {dtype}")
        got = F @ F[rows].T
        words = f"{call}, the inner products with the landmarks,"
        compare.same(got, C.double(), words, LANDMARKS)


@task("06.7", points=1, hidden=True)
def test_nystroem_with_copies(answers):
    """Landmarks that repeat, low rank, any unit, float32

    W is then singular: an inverse or a Cholesky factor does not exist, and rounding
    makes some of its eigenvalues negative.
    """
    for trial in range(6):
        dtype = torch.float32 if trial % 2 else torch.float64
        x = _random(20, 3)
        rows = torch.tensor([0, 4, 4, 7, 7, 7, 9])
        K = _rbf(x, slice(None))
        C = K[:, rows].to(dtype)
        name = f"20 points, 7 landmarks, 4 of them different, {dtype}"
        call, F = _nystroem(answers, C, C[rows], name)
        part = K[:, [0, 4, 7, 9]]
        want = part @ torch.linalg.solve(part[[0, 4, 7, 9]], part.T)
        compare.same(F @ F.T, want, f"{call}, as F F',", LANDMARKS, tol=1e-2)
        for unit in (1e-6, 1.0, 1e6):
            K = unit * x @ x.T  # rank 3: seven landmarks say everything
            rows = torch.randperm(20)[:7]
            C = K[:, rows].to(dtype)
            name = f"20 points, kernel {unit:.0e} x'y of rank 3, 7 landmarks, {dtype}"
            call, F = _nystroem(answers, C, C[rows], name)
            got = F @ F.T / unit
            compare.same(got, K / unit, f"{call}, as F F',", LANDMARKS, tol=1e-2)


@task("06.7", points=1, hidden=True)
def test_nystroem_never_gets_worse(answers):
    """More landmarks never hurt, and 30,000 points need no 30,000 x 30,000 matrix

    What is left, K - F F', has no negative eigenvalue, and its trace never grows when
    a landmark is added. C and W are all that you need.
    """
    for _ in range(3):
        x, order = _random(25, 2), torch.randperm(25)
        K = _rbf(x, slice(None))
        before = 25.0
        for m in (1, 2, 4, 8, 12):
            C = K[:, order[:m]]
            name = f"25 points, {m} nested landmarks"
            call, F = _nystroem(answers, C, C[order[:m]], name)
            left = K - F @ F.T
            least = torch.linalg.eigvalsh(left)[0].item()
            assert least > -1e-2, (
                f"{call}: K - F F' has the eigenvalue {least:.4f}, and none may be "
                f"below 0: F F' says more than K. {LANDMARKS}"
            )
            trace = left.trace().item()
            assert trace < before + 1e-2, (
                f"{call}: the trace of K - F F' is {trace:.4f}, with fewer of these "
                f"landmarks it was {before:.4f}. {LANDMARKS}"
            )
            before = trace
            worst = left[:, order[:m]].abs().max().item()
            assert worst < 1e-2, (
                f"{call}: a kernel value with a landmark is off by {worst:.4f}; those "
                f"are exact. {LANDMARKS}"
            )
    x = _random(30_000, 2)
    C = _rbf(x, slice(8))
    call, F = _nystroem(answers, C, C[:8], "30,000 points, 8 landmarks")
    some = torch.randperm(30_000)[:200]
    got, want = F[some] @ F[:8].T, C[some]
    compare.same(
        got, want, f"{call}, some inner products with the landmarks,", LANDMARKS
    )
