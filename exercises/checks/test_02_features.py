# Written by `mlcourse release`: change the course's sources, not this file.
"""Checks of exercise 02, Features."""

import math

import torch

from mlcourse.grading import compare, own_words, task
from mlcourse.grading.as_numbers import as_numbers

HIDES = ("mlcourse.invariances",)

KEEPS = "See lecture 02, section 'What a feature keeps'."
FACES = "See lecture 02, section 'One class, many faces'."
NOTIONS = "See lecture 02, section 'Three notions of similarity'."
FORMULAS = "See lecture 02, section 'The formulas'."
CLASSES = "See lecture 02, section 'Invariance makes equivalence classes'."
SAMPLING = "See lecture 02, section 'Sampling an equivalence class'."

DTYPES = (torch.float64, torch.float32)


def _show(numbers):
    return str(torch.as_tensor(numbers).round(decimals=4).tolist())


def _frame(d, k):
    """Return k random orthonormal rows of length d."""
    return torch.linalg.qr(torch.randn(d, d, dtype=torch.float64)).Q[:, :k].T


def _axes(answers, x, k, name):
    """Check mean and axes by what makes them PCA: lengths, angles and variances."""
    call = f"pca(x, {k}) with {name}"
    n, d = x.shape
    mean, axes = compare.parts(answers.pca(x, k), ("mean", "axes"), call, FORMULAS)
    x = x.double()
    why = "It is the mean image: one number for each pixel."
    mean = compare.table(mean, (d,), f"{call}: mean", f"{why} {FORMULAS}")
    compare.same(mean, x.mean(dim=0), f"{call}: mean", FORMULAS)
    why = "Axis i is row i, of length d; eigh and svd may give columns."
    axes = compare.table(axes, (k, d), f"{call}: axes", f"{why} {FORMULAS}")
    gram = axes @ axes.T
    worst = (gram - torch.eye(k, dtype=torch.float64)).abs().max()
    assert worst < 1e-3, (
        f"{call}: the axes must have length 1 and be at right angles, axes @ axes.T is "
        f"{_show(gram)}. Rows are axes; svd gives them as rows of Vh, eigh as columns. "
        f"{FORMULAS}"
    )
    raw = x.T @ x / n
    cov = raw - torch.outer(x.mean(dim=0), x.mean(dim=0))
    values = torch.linalg.eigvalsh(cov)
    want = values.flip(0)[:k]
    got = ((axes @ cov) * axes).sum(dim=1)
    near = 1e-4 * want[0].item()
    if torch.allclose(got, want, rtol=0, atol=near):
        return
    told = f"{call}: the variances along your axes are {_show(got)}, expected"
    told = f"{told} {_show(want)}"
    turned = torch.allclose(got.sort(descending=True).values, want, rtol=0, atol=near)
    assert not turned, f"{told}: the largest comes first. {FORMULAS}"
    least = torch.allclose(got.sort().values, values[:k], rtol=0, atol=near)
    assert not least, (
        f"{told}: these are the directions that vary least; eigh sorts its eigenvalues "
        f"from the smallest to the largest. {FORMULAS}"
    )
    second = ((axes @ raw) * axes).sum(dim=1)
    top = torch.linalg.eigvalsh(raw).flip(0)[:k]
    assert not torch.allclose(second, top, rtol=1e-4, atol=near), (
        f"{told}: these are axes of x itself, so that the first one points at the mean "
        f"image; subtract the mean first. {FORMULAS}"
    )
    raise AssertionError(
        f"{told}: take the eigenvectors of the covariance of x, or the right singular "
        "vectors of x - mean. Pixels are not divided by their standard deviation. "
        f"{FORMULAS}"
    )


@task("02.1", points=1)
def test_pca_axes(answers):
    """The mean, and the directions of largest variance

    Every sign of an axis is right, and so is every rotation among axes of equal
    variance: what counts is length 1, right angles, and how much varies along each.
    """
    x = torch.tensor([[9.0, 5.0], [15.0, 5.0], [12.0, 6.0], [12.0, 4.0]]).double()
    _axes(answers, x, 1, "x = [[9, 5], [15, 5], [12, 6], [12, 4]]")
    for dtype in DTYPES:
        x = torch.rand(8, 12, dtype=torch.float64)
        x[:, 4] = 0.25
        name = f"8 random images of 12 pixels, one of them constant, {dtype}"
        _axes(answers, x.to(dtype), 4, name)
        x = torch.randn(30, 5, dtype=torch.float64) * torch.tensor([1, 4, 2, 3, 0.5])
        x = x @ _frame(5, 5) + 10 * torch.rand(5, dtype=torch.float64)
        _axes(answers, x.to(dtype), 3, f"30 random points in 5 dimensions, {dtype}")
    x = torch.cat([torch.eye(3), -torch.eye(3)]).double() + 5
    _axes(answers, x, 2, "six points with the same variance in all directions")


@task("02.1", points=1)
def test_pca_of_new_points(answers):
    """New points, seen through the training mean

    The mean and the axes belong to the encoder: they are fitted once, and a new point
    must not change them. One point alone has a code, too.
    """
    mean = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    axes = torch.tensor([[0.0, 1.0, 0.0], [0.6, 0.0, 0.8]], dtype=torch.float64)
    x = torch.tensor([[1.0, 7.0, 3.0], [2.0, 2.0, 3.0], [2, 2, 4]]).double()
    where = "mean = [1, 2, 3], axes = [[0, 1, 0], [0.6, 0, 0.8]]"
    call = f"encode(x, mean, axes) with x = [[1, 7, 3], [2, 2, 3], [2, 2, 4]], {where}"
    why = "Row i is the code of row i, column j its coordinate along axis j."
    own = "this subtracts the mean of the new points; subtract the mean that is passed"
    want = torch.tensor([[5.0, 0.0], [0.0, 0.6], [0.0, 1.4]]).double()
    got = compare.table(answers.encode(x, mean, axes), (3, 2), call, f"{why} {KEEPS}")
    mistakes = [(own, (x - x.mean(dim=0)) @ axes.T), ("no mean", x @ axes.T)]
    compare.same(got, want, call, KEEPS, mistakes)

    z = torch.tensor([[5.0, 0.0], [0.0, 1.4]], dtype=torch.float64)
    call = f"decode(z, mean, axes) with z = [[5, 0], [0, 1.4]], {where}"
    got = compare.table(answers.decode(z, mean, axes), (2, 3), call, f"{why} {KEEPS}")
    mistakes = [("the mean is missing; add it again", z @ axes)]
    compare.same(got, [[1, 7, 3], [1.84, 2, 4.12]], call, KEEPS, mistakes)

    for dtype in DTYPES:
        mean, axes = torch.randn(6, dtype=torch.float64), _frame(6, 3)
        for n in (1, 4):
            x, z = torch.randn(n, 6).double(), torch.randn(n, 3).double()
            given = [part.to(dtype) for part in (x, mean, axes)]
            call = f"encode(x, mean, axes) on {n} random points in 6 dimensions"
            got = answers.encode(*given)
            got = compare.table(got, (n, 3), call, f"{why} {KEEPS}")
            want = [[float((p - mean) @ axis) for axis in axes] for p in x]
            mistakes = [(own, (x - x.mean(dim=0)) @ axes.T)]
            compare.same(got, want, call, KEEPS, mistakes)
            call = f"decode(z, mean, axes) on {n} random codes of length 3"
            got = answers.decode(z.to(dtype), *given[1:])
            got = compare.table(got, (n, 6), call, f"{why} {KEEPS}")
            want = torch.stack(
                [mean + sum(c[j] * axes[j] for j in range(3)) for c in z]
            )
            compare.same(got, want, call, KEEPS)


def _spread(z, labels):
    """Loop over all pairs; return the mean within and the mean between."""
    within, between = [], []
    z, labels = z.tolist(), labels.tolist()
    for i in range(len(z)):
        for j in range(i + 1, len(z)):
            pairs = within if labels[i] == labels[j] else between
            pairs.append(math.dist(z[i], z[j]))
    return within, between


def _ratio(answers, z, labels, name):
    """Check spread on one data set against the loop."""
    call = f"spread(z, labels) with {name}"
    got = as_numbers(answers.spread(z, labels))
    one = got is not None and got.ndim == 0
    assert one, f"{call}: expected one number, nan where it has none. {FACES}"
    z = z.double()
    within, between = _spread(z, labels)
    if not within or not between:
        missing = "within a class" if not within else "between classes"
        assert got.isnan(), (
            f"{call}: there is no pair {missing}, so the answer is nan, got "
            f"{got.item():.4f}. {FACES}"
        )
        return
    n, a, b = len(z), sum(within) / len(within), sum(between) / len(between)
    squares = sum(s * s for s in within) / len(within)
    squares = squares / (sum(s * s for s in between) / len(between))
    loops = sum(within) * 2 / (len(within) * 2 + n)
    means, centres = [], []
    for c in labels.unique():
        inside, _ = _spread(z[labels == c], labels[labels == c])
        means += [sum(inside) / len(inside)] if inside else []
        centres.append(z[labels == c].mean(dim=0))
    far, _ = _spread(torch.stack(centres), torch.zeros(len(centres)))
    mistakes = [
        ("this is between over within; it is within over between", b / a if a else 0),
        ("these are squared distances; take the root", squares),
        ("a point is no pair with itself, i < j", loops / b),
        ("this divides sums; the formula divides means", sum(within) / sum(between)),
        (
            "this divides by the mean over all pairs; below the line stand those with "
            "different labels only",
            a / ((sum(within) + sum(between)) / (len(within) + len(between))),
        ),
        (
            "this averages class by class; every pair within a class counts alike",
            sum(means) / len(means) / b,
        ),
        (
            "this measures between class means; the formula has pairs of points",
            a / (sum(far) / len(far)) if sum(far) else 0,
        ),
    ]
    compare.same(got, a / b, call, FACES, mistakes)


@task("02.2", points=1)
def test_spread(answers):
    """Within a class over between classes

    Every unordered pair of different rows counts once, either within or between. A
    class with one member has no pair within.
    """
    z = torch.tensor([[0, 0], [6, 8], [3, 4], [6, 9], [3, 12], [6, 8]]).double()
    labels = torch.tensor([7, 3, 7, 3, 5, 7])
    name = "z = [[0, 0], [6, 8], [3, 4], [6, 9], [3, 12], [6, 8]], "
    _ratio(answers, z, labels, name + "labels = [7, 3, 7, 3, 5, 7]")
    for dtype in DTYPES:
        z = torch.randn(20, 3, dtype=dtype) + torch.randn(3, dtype=dtype)
        labels = torch.tensor([0] * 8 + [1] * 5 + [4] * 4 + [-2] * 2 + [9])
        labels = labels[torch.randperm(20)]
        z = z + labels[:, None].sign() * torch.rand(3, dtype=dtype)
        _ratio(answers, z, labels, f"20 random codes in five ragged classes, {dtype}")
    z = torch.randn(4, 2, dtype=torch.float64)
    _ratio(answers, z, torch.arange(4), "four classes of one member each")
    _ratio(answers, z, torch.zeros(4, dtype=torch.int64), "a single class")
    copies = torch.tensor([[0.0, 0.0], [0.0, 0.0], [1.0, 2.0]]).double()
    _ratio(answers, copies, torch.tensor([1, 1, 2]), "two equal codes of one class")


@task("02.2", points=1)
def test_units(answers):
    """Other units, another spread

    Which coordinate tells the classes apart? A large unit for it, and small ones for
    the others, changes what the distance listens to. It may be the one that varies
    most, or least.
    """
    for trial in range(8):
        d, n = 3 + trial % 3, 24
        labels = torch.arange(n) % 3
        size = 1 + trial // 2 % 2
        z = size * torch.randn(n, d, dtype=torch.float64) * (1 + torch.rand(d))
        clear = int(torch.randint(0, d, ()))
        z[:, clear] = 3 * torch.randperm(3)[labels] + torch.rand(n) - 3
        order = torch.randperm(n)
        z, labels = z[order].to(DTYPES[trial % 2]), labels[order]
        call = f"units(z, labels) with {n} codes of {d} coordinates in three classes"
        why = "One factor for each coordinate."
        got = compare.table(answers.units(z, labels), (d,), call, f"{why} {FACES}")
        inside = got.min() >= 0.1 - 1e-6 and got.max() <= 10 + 1e-6
        assert inside, (
            f"{call}: every factor lies between 0.1 and 10, got {_show(got)}. {FACES}"
        )
        spreads = []
        for factors in (torch.ones(d, dtype=torch.float64), got):
            within, between = _spread(z.double() * factors, labels)
            spreads.append(sum(within) / len(within) * len(between) / sum(between))
        old, new = spreads
        assert new < 0.5 * old, (
            f"{call}: the spread was {old:.4f} and is {new:.4f} in the units "
            f"{_show(got)}; at most half is asked. The same factor for all coordinates "
            "changes nothing: find the coordinate whose own spread is the smallest. "
            f"{FACES}"
        )


def _kept(answers, z, factor, name):
    """Check agreement and chance against loops."""
    call = f"kept(z, factor) with {name}"
    parts = compare.parts(
        answers.kept(z, factor), ("agreement", "chance"), call, NOTIONS
    )
    first = compare.number(parts[0], f"{call}: agreement", NOTIONS)
    second = compare.number(parts[1], f"{call}: chance", NOTIONS)
    n, z, f = len(z), z.double().tolist(), factor.tolist()
    hits = dict.fromkeys(("right", "last", "far", "apart"), 0)
    for i in range(n):
        others = [j for j in range(n) if j != i]
        dist = {j: math.dist(z[i], z[j]) for j in others}
        nearest = min(others, key=lambda j: (dist[j], j))
        hits["right"] += f[nearest] == f[i]
        hits["last"] += f[min(others, key=lambda j: (dist[j], -j))] == f[i]
        hits["far"] += f[max(others, key=lambda j: (dist[j], -j))] == f[i]
        apart = [j for j in others if dist[j] > 0] or others
        hits["apart"] += f[min(apart, key=lambda j: (dist[j], j))] == f[i]
    agreement = hits["right"] / n
    counts = [f.count(c) for c in sorted(set(f))]
    chance = sum(c * (c - 1) for c in counts) / (n * (n - 1))
    mistakes = [
        ("each row found itself; it is no neighbour of its own", 1.0),
        ("of equally near rows the one with the lowest index counts", hits["last"] / n),
        (
            "copies were left out with the row itself; exclude the row by its index, "
            "not by its distance 0",
            hits["apart"] / n,
        ),
        ("these are the farthest rows", hits["far"] / n),
        ("this is a count; divide by n", hits["right"]),
        ("this is chance; agreement comes first", chance),
    ]
    compare.same(first, agreement, f"{call}: agreement", NOTIONS, mistakes)
    mistakes = [
        ("this draws the row itself, too", sum((c / n) ** 2 for c in counts)),
        ("this holds for values that are equally frequent", 1 / len(counts)),
        ("this always guesses the most frequent value", max(counts) / n),
    ]
    compare.same(second, chance, f"{call}: chance", NOTIONS, mistakes)


@task("02.3", points=1)
def test_kept_by_hand(answers):
    """Six codes on a line, and twenty at random

    Leave each row out in turn, and ask its nearest other row for the factor. Chance is
    what another row drawn at random would answer.
    """
    z = torch.tensor([[0.0], [0.0], [2.0], [5.0], [6.0], [9.0]], dtype=torch.float64)
    factor = torch.tensor([1, 2, 1, 2, 2, 7])
    name = "z = [[0], [0], [2], [5], [6], [9]], factor = [1, 2, 1, 2, 2, 7]"
    _kept(answers, z, factor, name)
    for _ in range(4):
        z = torch.randn(20, 3, dtype=torch.float64)
        factor = torch.tensor([0] * 12 + [1] * 5 + [2] * 3)[torch.randperm(20)]
        _kept(answers, z, factor, "20 random codes, factor values 12, 5 and 3 times")


def _gaussian(d, k, rank):
    """Return L (k, d), mu (d,), cov (d, d) of this rank, and C's ingredients."""
    root = torch.randn(d, rank, dtype=torch.float64)
    cov = root @ root.T / rank
    if rank >= d:
        cov = cov + 0.2 * torch.eye(d, dtype=torch.float64)
    L = _frame(d, k) + 0.2 * torch.randn(k, d, dtype=torch.float64)
    while torch.linalg.cond(L @ cov @ L.T) > 30:  # so that float32 is good enough
        L = _frame(d, k) + 0.2 * torch.randn(k, d, dtype=torch.float64)
    return L, 3 * torch.randn(d, dtype=torch.float64), cov


def _loop_gain(L, cov):
    """G by Cramer's way: every column solved on its own."""
    inner = L @ cov @ L.T
    return torch.stack([torch.linalg.solve(inner, L @ column) for column in cov])


def _class(answers, L, mu, cov, name, dtype=torch.float64):
    """Check a sampler by its properties: code, mean, linearity and covariance."""
    k, d = L.shape
    given = [part.to(dtype) for part in (L, mu, cov)]
    # the numbers that the answer got, rounding included
    L, mu, cov = (part.double() for part in given)
    z = torch.randn(k, dtype=torch.float64).to(dtype)
    G = _loop_gain(L, cov)
    C = cov - G @ L @ cov
    call = f"sample_class(L, mu, cov, z, v) with {name}"
    why = "One image for each row of v."

    def sample(v):
        got = answers.sample_class(*given, z, v.to(dtype))
        return compare.table(got, (len(v), d), call, f"{why} {SAMPLING}")

    tol = 1e-3 * (1 + float(cov.abs().max()) + float(mu.abs().max()))
    eye = torch.eye(d, dtype=torch.float64)
    v = torch.randn(5, d, dtype=torch.float64).to(dtype).double()
    got = sample(torch.cat([torch.zeros(1, d).double(), eye, v]))
    centre, B, samples = got[0], (got[1 : d + 1] - got[0]).T, got[d + 1 :]
    code = z.double()
    best = mu + G @ code
    off = (centre - best).abs().max()
    told = f"{call}: for v = 0 the sample is {_show(centre)}, expected {_show(best)}"
    plain = mu + torch.linalg.pinv(L) @ code
    if off >= tol:
        for said, other in (
            ("mu is missing", best - mu),
            ("this is mu, whatever the code; add G z", mu),
            (
                "this has the right code, but it goes straight along L; G bends it by "
                "the covariance",
                plain,
            ),
            ("here z is taken for L x; it is L (x - mu)", mu + G @ (code - L @ mu)),
        ):
            assert (centre - other).abs().max() >= tol, f"{told}: {said}. {SAMPLING}"
        raise AssertionError(f"{told}: mu + G z. {SAMPLING}")
    off = (B @ B.T - C).abs().max()
    turned = (B.T @ B - C).abs().max() < tol
    assert off < tol or not turned, (
        f"{call}: B' B is C, but B B' is not: apply B to each v, which for rows is "
        f"v @ B.T. {SAMPLING}"
    )
    same = (B @ B.T - cov).abs().max() >= tol
    assert off < tol or same, (
        f"{call}: the samples vary with covariance Sigma; once z is known, only "
        f"C = Sigma - G L Sigma is left. {SAMPLING}"
    )
    flat = (B - C).abs().max() >= tol
    assert off < tol or flat, (
        f"{call}: v is multiplied by C itself; it needs a B with B B' = C. {SAMPLING}"
    )
    assert off < tol, (
        f"{call}: an entry of the samples' covariance B B' is off by {off:.1e}, where "
        "column i of B is what v = e_i adds to v = 0. Clamp the eigenvalues of C at 0, "
        f"and multiply each eigenvector by the root of its own. {SAMPLING}"
    )
    worst = (samples - best - v @ B.T).abs().max()
    assert worst < tol, (
        f"{call}: the samples are not mu + G z + B v, one is off by {worst:.1e}: the v "
        f"that is passed is the only source of chance, and B is fixed. {SAMPLING}"
    )
    codes = (samples - mu) @ L.T
    worst = (codes - code).abs().max()
    assert worst < 10 * tol, (
        f"{call}: the code L (x' - mu) of a sample is off by {worst:.1e}; all of them "
        f"have the code z. {SAMPLING}"
    )


@task("02.4", points=1)
def test_gain(answers):
    """The code's best guess of the rest

    Two pixels that always rise together: if the code tells one of them, the best guess
    of the other follows.
    """
    cases = []
    for code, sigma in (([1, 0], [[4, 2], [2, 3]]), ([1, 1], [[3, 0], [0, 1]])):
        L, cov = torch.tensor([code]).double(), torch.tensor(sigma).double()
        cases.append((L, cov, f"L = [{code}], cov = {sigma}"))
    for d, k in ((4, 1), (5, 2), (6, 4)):
        L, _, cov = _gaussian(d, k, d)
        cases.append((L, cov, f"a random L of shape ({k}, {d})"))
    for L, cov, name in cases:
        for dtype in DTYPES:
            call = f"gain(L, cov) with {name}, {dtype}"
            k, d = L.shape
            why = "It turns a code of length k into an image of length d."
            got = answers.gain(L.to(dtype), cov.to(dtype))
            got = compare.table(got, (d, k), call, f"{why} {FORMULAS}")
            mistakes = [
                (
                    "this is the pseudo-inverse of L, right only where Sigma is a "
                    "multiple of the identity",
                    torch.linalg.pinv(L),
                ),
                ("the inverse of L Sigma L' is missing", cov @ L.T),
            ]
            compare.same(got, _loop_gain(L, cov), call, FORMULAS, mistakes, tol=2e-3)


@task("02.4", points=1)
def test_samples_of_a_class(answers):
    """All of one code, and as varied as the data

    The check passes v = 0 and every unit vector, so it sees the mean and every column
    of your B. Any B with B B' = C is right.
    """
    L = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    cov = torch.tensor([[4.0, 2.0], [2.0, 3.0]], dtype=torch.float64)
    mu = torch.tensor([1.0, -1.0], dtype=torch.float64)
    name = "L = [[1, 0]], mu = [1, -1], cov = [[4, 2], [2, 3]]"
    _class(answers, L, mu, cov, name)
    for d, k in ((3, 1), (5, 2), (6, 4)):
        _class(answers, *_gaussian(d, k, d), f"a random L of shape ({k}, {d})")


def _network(x, z, W1, W2):
    """Loop over the rows; return r and t, each (n, d - d // 2)."""
    d = x.shape[1]
    rows = []
    for point, code in zip(x.tolist(), z.tolist(), strict=True):
        entry = [*point[: d // 2], *code]
        hidden = [
            math.tanh(sum(w * e for w, e in zip(row, entry, strict=True)))
            for row in W1.tolist()
        ]
        rows.append(
            [
                sum(w * h for w, h in zip(row, hidden, strict=True))
                for row in W2.tolist()
            ]
        )
    return torch.tensor(rows).double().split(d - d // 2, dim=1)


def _layer(d, c, n, *, h=4, size=1.0):
    """Return random x (n, d), z (n, c), W1, W2."""
    x, z = torch.randn(n, d).double(), torch.randn(n, c).double()
    W1 = size * torch.randn(h, d // 2 + c).double()
    W2 = size * torch.randn(2 * (d - d // 2), h).double()
    return x, z, W1, W2


def _rounding(W1, W2):
    """Return the error to allow: large weights magnify the rounding of float32."""
    single = 3e-6 if W1.dtype == torch.float32 else 0.0
    return 1e-3 + single * float(W1.abs().max() * W2.abs().max())


def _forward(answers, x, z, W1, W2, name):
    """Return y and log_det of the student's layer, of the right shapes."""
    call = f"coupling(x, z, W1, W2) with {name}"
    parts = answers.coupling(x, z, W1, W2)
    y, log_det = compare.parts(parts, ("y", "log_det"), call, SAMPLING)
    why = "The layer keeps the number of dimensions; d // 2 of them stay as they are."
    y = compare.table(y, tuple(x.shape), f"{call}: y", f"{why} {SAMPLING}")
    why = "One number for each row."
    return y, compare.table(log_det, (len(x),), f"{call}: log_det", f"{why} {SAMPLING}")


def _coupling(answers, x, z, W1, W2, name):
    """Check y and log_det against the loop, and call mistakes by their names."""
    y, log_det = _forward(answers, x, z, W1, W2, name)
    call = f"coupling(x, z, W1, W2) with {name}"
    d = x.shape[1]
    a, b = x.double().split([d // 2, d - d // 2], dim=1)
    moved = (y[:, : d // 2] - a).abs().max()
    assert moved < 1e-4, (
        f"{call}: the first d // 2 = {d // 2} of {d} dimensions must stay, one moved "
        f"by {moved:.4f}. {SAMPLING}"
    )
    r, t = _network(x, z, W1, W2)
    s = 2 * (r / 2).tanh()
    r0, t0 = _network(x, torch.zeros_like(z), W1, W2)
    r1, t1 = _network(x, z[:1].expand_as(z), W1, W2)
    swapped = torch.cat([z.double(), a], dim=1) @ W1.double().T
    r2, t2 = (swapped.tanh() @ W2.double().T).split(d - d // 2, dim=1)
    straight = torch.cat([a, z.double()], dim=1) @ W1.double().T @ W2.double().T
    r3, t3 = straight.split(d - d // 2, dim=1)
    mistakes = [
        ("s is r itself; it is 2 tanh(r / 2)", b * r.clamp(max=700).exp() + t),
        ("s is tanh r; it is 2 tanh(r / 2)", b * r.tanh().exp() + t),
        ("s is tanh(r / 2); it is 2 tanh(r / 2)", b * (s / 2).exp() + t),
        ("r and t are swapped; r comes first", b * (2 * (t / 2).tanh()).exp() + r),
        ("the code z has no effect", b * (2 * (r0 / 2).tanh()).exp() + t0),
        ("all rows get the first row's code", b * (2 * (r1 / 2).tanh()).exp() + t1),
        ("z stands before x_a; x_a is first", b * (2 * (r2 / 2).tanh()).exp() + t2),
        ("the tanh after W1 is missing", b * (2 * (r3 / 2).tanh()).exp() + t3),
        ("x_b is divided by exp(s)", b * (-s).exp() + t),
        ("x_b is multiplied by s, not by exp(s)", b * s + t),
        ("t is added before x_b is multiplied", (b + t) * s.exp()),
    ]
    want = b * s.exp() + t
    call_y, tol = f"{call}: the moved half of y", _rounding(W1, W2)
    compare.same(y[:, d // 2 :], want, call_y, SAMPLING, mistakes, tol=tol)
    want = s.sum(dim=1)
    mistakes = [
        ("the sign is turned", -want),
        ("this is the determinant, not its logarithm", want.exp()),
        ("this is a mean; the logarithm of a product is a sum", s.mean(dim=1)),
        ("this is one number for all rows", want.sum().expand(len(x))),
        ("this sums up r, not s", r.sum(dim=1)),
    ]
    compare.same(log_det, want, f"{call}: log_det", SAMPLING, mistakes, tol=tol)


def _inverse(answers, x, z, W1, W2, name):
    """Check that coupling_inverse undoes the layer."""
    call = f"coupling_inverse(y, z, W1, W2) with {name}"
    d = x.shape[1]
    a, b = x.double().split([d // 2, d - d // 2], dim=1)
    r, t = _network(x, z, W1, W2)
    s = 2 * (r / 2).tanh()
    y = torch.cat([a, b * s.exp() + t], dim=1).to(x.dtype)
    got = answers.coupling_inverse(y, z, W1, W2)
    got = compare.table(got, tuple(x.shape), call, f"It has the shape of y. {SAMPLING}")
    moved = y.double()[:, d // 2 :]
    mistakes = [
        ("subtract t first, then divide by exp(s)", moved * (-s).exp() - t),
        ("t is added; subtract it", (moved + t) * (-s).exp()),
        ("this multiplies by exp(s) again; divide", (moved - t) * s.exp()),
        ("this is the layer once more, not its inverse", moved * s.exp() + t),
        ("this changes nothing", moved),
    ]
    mistakes = [(said, torch.cat([a, wrong], dim=1)) for said, wrong in mistakes]
    compare.same(got, x.double(), call, SAMPLING, mistakes, tol=_rounding(W1, W2))


@task("02.5", points=1)
def test_coupling(answers):
    """Forward, back, and how the volume changes

    The slopes of the layer are measured by finite differences, without a look at your
    formula: the logarithm of their determinant is log_det.
    """
    x = torch.tensor([[0.5, 1.0, -2.0]], dtype=torch.float64)
    z = torch.tensor([[0.5]], dtype=torch.float64)
    W1 = torch.tensor([[1.0, 1.0]], dtype=torch.float64)
    W2 = torch.tensor([[1.0], [0.0], [0.0], [2.0]], dtype=torch.float64)
    name = "x = [[0.5, 1, -2]], z = [[0.5]], W1 = [[1, 1]], W2 = [[1], [0], [0], [2]]"
    _coupling(answers, x, z, W1, W2, name)
    _inverse(answers, x, z, W1, W2, name)
    for d, c, n in ((2, 1, 3), (5, 2, 4), (4, 3, 1)):
        given = _layer(d, c, n)
        name = f"{n} random points in {d} dimensions, codes of length {c}"
        _coupling(answers, *given, name)
        _inverse(answers, *given, name)
        x, z, W1, W2 = given
        step = 1e-3 * torch.eye(d, dtype=torch.float64)
        around = torch.cat([x[0] + step, x[0] - step])
        y, _ = _forward(answers, around, z[:1].expand(2 * d, c).clone(), W1, W2, name)
        slopes = (y[:d] - y[d:]) / 2e-3  # row j: the slopes in x_j
        _, log_det = _forward(answers, x[:1], z[:1], W1, W2, name)
        measured = torch.linalg.det(slopes).abs().clamp(min=1e-9).log()
        assert abs(measured - log_det[0]) < 5e-2, (
            f"coupling(x, z, W1, W2) with {name}: log_det is {log_det[0]:.4f}, but the "
            f"logarithm of the determinant of its slopes is {measured:.4f}. {SAMPLING}"
        )


def _twin(answers, E, x, name):
    """Check one image that E cannot tell from x."""
    call = f"twin(E, x) with {name}"
    why = "It is another image of as many pixels."
    got = answers.twin(E, x)
    got = compare.table(got, tuple(x.shape), call, f"{why} {CLASSES}")
    E, x = E.double(), x.double()
    far = (got - x).abs().max()
    assert far >= 0.1 - 1e-6, (
        f"{call}: the pixel that differs most differs by {far:.4f}, at least 0.1 is "
        f"asked; an image is no twin of its own. {CLASSES}"
    )
    inside = got.min() >= -1e-6 and got.max() <= 1 + 1e-6
    assert inside, (
        f"{call}: pixels must stay from 0 to 1, yours go from {got.min():.4f} to "
        f"{got.max():.4f}. Scale the step; a pixel that is 0 or 1 already cannot move "
        f"both ways, so let it stay. {CLASSES}"
    )
    off = (E @ (got - x)).abs().max()
    assert off < 1e-3, (
        f"{call}: the codes differ by {off:.4f}. The step must be in the null space of "
        "E, E @ step = 0, and nothing may be clamped afterwards. "
        f"{CLASSES}"
    )


@task("02.6", points=1)
def test_twin_of_a_grey_image(answers):
    """Pixels with room on both sides

    Only the step from one image to the other matters: E must map it to 0.
    """
    E = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]], dtype=torch.float64)
    x = torch.tensor([0.3, 0.6, 0.5], dtype=torch.float64)
    _twin(answers, E, x, "E = [[1, 1, 0], [0, 0, 1]], x = [0.3, 0.6, 0.5]")
    for trial in range(8):
        dtype = DTYPES[trial % 2]
        k, d = ((1, 3), (3, 4), (4, 9), (7, 16))[trial % 4]
        E = torch.randn(k, d, dtype=torch.float64).to(dtype)
        x = 0.2 + 0.6 * torch.rand(d, dtype=torch.float64).to(dtype)
        _twin(answers, E, x, f"a random {k} x {d} matrix and a grey image, {dtype}")


#: Parts of the rubric that nobody writes by chance.
RUBRIC = (
    "wanted for reading where the font is noise and fatal for finding",
    "whatever is computed from the code gives them the same",
    "all axioms hold but one since distinct images may be",
)
#: All that the task says: to quote it is no explanation.
STORY = """
say what an invariance costs and for whom an encoder was trained to recognise letters
whatever their font it gives the letter a in two fonts exactly the same code colleagues
take its codes first for reading scanned pages then for finding the font of a page in
explain_02_7 in at least 40 words 100 are plenty for which task is the invariance wanted
for which is it fatal and why can no classifier on top of the codes repair it and what
kind of distance between images is e x e x think of a function of the code what can it
do with two inputs that are equal e x e x rightarrow g e x g e x for every g and e x e x
0 without x x two or three sentences on each half between the triple quotes explain_02_7
for the task of reading the distance your twins of task 02.6 make a good example the
invariance is wanted for reading where the font is noise and fatal for finding the font
images in one equivalence class have one code so that whatever is computed from the code
gives them the same answer a pseudo-metric all axioms hold but one since distinct images
may be at distance 0 it is a metric between classes the machine looks for 40 words 20 of
them different for the word task or purpose and for the name of this kind of distance it
refuses sentences of the rubric and what you quote from this task does not count use
your own words the points are confirmed or not by the person who reads it
"""


@task("02.7", points=2)
def test_explanation_is_there(answers):
    """Your explanation, before a person reads it

    The machine looks for length and for the two ideas of the rubric only; the points
    are confirmed by the person who reads it.
    """
    joined = own_words(answers, "explain_02_7", rubric=RUBRIC, see=CLASSES, story=STORY)
    assert "task" in joined or "purpose" in joined, (
        "explain_02_7 does not say for which task the invariance is wanted, and for "
        f"which it is fatal. {CLASSES}"
    )
    assert "pseudo" in joined, (
        "explain_02_7 does not name what kind of distance is left, when two different "
        f"images may be 0 apart. {CLASSES}"
    )


@task("02.8", points=1)
def test_flow_nll(answers):
    """The loss of a flow, and its gradient

    With v = 0 and log_det = 0 the loss is half of log(2 pi), 0.9189 nats per dimension.
    """
    v = torch.tensor([[1.0, 2.0], [0.0, 1.0]], dtype=torch.float64)
    log_det = torch.tensor([0.5, 2.0], dtype=torch.float64)
    cases = [(v, log_det, "v = [[1, 2], [0, 1]], log_det = [0.5, 2]")]
    v, log_det = torch.zeros(1, 3).double(), torch.zeros(1).double()
    cases.append((v, log_det, "v = [[0, 0, 0]], log_det = [0]"))
    for n, d in ((5, 3), (4, 1), (1, 6)):
        v, log_det = torch.randn(n, d).double(), torch.randn(n).double()
        cases.append((v, log_det, f"{n} random rows in {d} dimensions"))
    constant = math.log(2 * math.pi)
    for v, log_det, name in cases:
        call = f"flow_nll(v, log_det) with {name}"
        n, d = v.shape
        got = answers.flow_nll(v, log_det)
        got = compare.number(got, call, FORMULAS)
        squares, dets = (v**2).sum() / n, log_det.mean()
        want = squares / 2 / d + constant / 2 - dets / d
        mistakes = [
            ("this is per row; divide by d", want * d),
            ("this is a sum over the rows; take the mean", want * n * d),
            ("this is a sum over the rows; take the mean", want * n),
            ("the sign of log_det is turned", want + 2 * dets / d),
            ("log_det is missing", want + dets / d),
            ("log_det is not divided by d", want + dets / d - dets),
            ("the constant log(2 pi) / 2 is missing", want - constant / 2),
            (
                "the constant belongs to every dimension",
                want - constant * (d - 1) / 2 / d,
            ),
            ("the half of the squares is missing", want + squares / 2 / d),
            ("these are bits; give nats", want / math.log(2)),
            ("this is the log-likelihood, not its negative", -want),
        ]
        compare.same(got, want, call, FORMULAS, mistakes)
    for wrt, want in ((0, v / n / d), (1, torch.full_like(log_det, -1 / n / d))):
        call = f"the gradient of flow_nll(v, log_det) in argument {wrt}, with {name}"
        got = as_numbers(answers.grad("flow_nll", v, log_det, wrt=wrt))
        why = "A gradient has the shape of its argument."
        got = compare.table(got, tuple(want.shape), call, f"{why} {FORMULAS}")
        compare.same(got, want, call, FORMULAS)


#: What the hidden checks add, by task.
HIDDEN_POINTS = {
    "02.3": 1,
    "02.4": 1,
    "02.5": 1,
    "02.6": 1,
    "02.8": 2,
}
