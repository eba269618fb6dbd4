# Written by `mlcourse release`: change the course's sources, not this file.
"""Checks of exercise 03, Distances."""

import math

import torch

from mlcourse.grading import compare, own_words, task
from mlcourse.grading.as_numbers import as_numbers

HIDES = ("mlcourse.distances",)

FORMULAS = "See lecture 03, section 'The formulas'."
AXIOMS = "See lecture 03, section 'The axioms'."
BLIND = "See lecture 03, section 'Zero, and yet not the same'."
ZERO = "See lecture 03, section 'A zero must be computed as a zero'."
PRUNING = "See lecture 03, section 'What the triangle inequality buys'."
ORDER = "See lecture 03, section 'What only the order needs'."

KEYS = ("nonnegativity", "self_distance", "separation", "symmetry", "triangle")


def _rows(got):
    """Return got as a list of whole numbers, or None."""
    numbers = as_numbers(got)
    if numbers is None and isinstance(got, list | tuple) and not got:
        return []
    if numbers is None or numbers.ndim > 1 or not numbers.isfinite().all():
        return None
    whole = [int(number) for number in numbers.reshape(-1).tolist()]
    return whole if whole == numbers.reshape(-1).tolist() else None


def _table(got, shape, call, reading):
    """Return got as a finite float64 table of distances of this shape."""
    rows = "Entry [i, j] compares row i of the first argument with row j of the second."
    return compare.table(got, shape, call, f"{rows} {reading}")


@task("03.1", points=1)
def test_euclidean_by_hand(answers):
    """Distances that you can check by hand

    Take row 1 of x, (3, 4), and row 0 of y, (0, 0): the sides are 3 and 4.
    """
    x = torch.tensor([[0.0, 0.0], [3.0, 4.0], [1.0, 1.0]], dtype=torch.float64)
    y = torch.tensor([[0.0, 0.0], [6.0, 8.0]], dtype=torch.float64)
    want = torch.tensor(
        [[0.0, 10.0], [5.0, 5.0], [1.41421356, 8.60232527]], dtype=torch.float64
    )
    call = "euclidean(x, y) with x = [[0, 0], [3, 4], [1, 1]], y = [[0, 0], [6, 8]]"
    got = _table(answers.euclidean(x, y), (3, 2), call, FORMULAS)
    mistakes = [
        ("these are the squares, the root is missing", want**2),
        (
            "these are sums of absolute differences; square, sum, then take the root",
            [[0, 14], [7, 7], [2, 12]],
        ),
        (
            "these are means over the coordinates; the formula has a sum",
            want / 2**0.5,
        ),
    ]
    compare.same(got, want, call, FORMULAS, mistakes)

    x, y = torch.rand(4, 3, dtype=torch.float64), torch.rand(5, 3, dtype=torch.float64)
    want = [[math.dist(a, b) for b in y.tolist()] for a in x.tolist()]
    call = "euclidean(x, y) on 4 and 5 random points in 3 dimensions"
    got = _table(answers.euclidean(x, y), (4, 5), call, FORMULAS)
    compare.same(got, torch.tensor(want, dtype=torch.float64), call, FORMULAS)


@task("03.1", points=1)
def test_euclidean_is_exact(answers):
    """Right at any place and any scale

    Identical rows have distance exactly 0 wherever they stand in x and y. Data far
    from the origin and tiny data keep their distances. Subtract first, then square:
    the expansion x² + y² - 2xy cancels, and torch.cdist uses it from 26 points on
    unless compute_mode says otherwise.
    """
    for dtype in (torch.float32, torch.float64):
        x = torch.rand(100, 3, dtype=dtype) + 10
        call = f"euclidean(x, x) with 100 random rows, {dtype}"
        got = _table(answers.euclidean(x, x), (100, 100), call, ZERO)
        worst = got.diagonal().abs().max().item()
        assert worst == 0, (
            f"{call}: the diagonal must be exactly 0, its largest entry is "
            f"{worst:.1e}: x² + y² - 2xy cancels, and so does torch.cdist's default "
            f"from 26 points on. {ZERO}"
        )
        order = torch.randperm(100)
        call = f"euclidean(x, y) where y holds the rows of x in another order, {dtype}"
        got = _table(answers.euclidean(x, x[order]), (100, 100), call, ZERO)
        worst = got[order, torch.arange(100)].abs().max().item()
        assert worst == 0, (
            f"{call}: identical rows must have distance exactly 0, got {worst:.1e}; "
            "filling the diagonal with zeros hides the cancellation, it does not "
            f"cure it. {ZERO}"
        )
    grid = torch.cartesian_prod(torch.arange(6), torch.arange(6)).double() / 8
    want = torch.tensor(
        [[math.dist(a, b) for b in grid.tolist()] for a in grid.tolist()],
        dtype=torch.float64,
    )
    away = (grid + 4096).to(torch.float32)
    call = "euclidean(x, x) with float32 points 1/8 apart, 4096 from the origin"
    got = _table(answers.euclidean(away, away), (36, 36), call, ZERO)
    worst = (got - want).abs().max().item()
    assert worst < 1e-3, (
        f"{call}: an entry is off by {worst:.1e}; x² + y² - 2xy subtracts numbers near "
        f"10^7 to get one near 1. Subtract first. {ZERO}"
    )
    tiny = torch.rand(5, 3, dtype=torch.float64) * 1e-9
    tiny[4] += 1  # and distances near 1, so that no threshold fits both
    want = torch.tensor(
        [[math.dist(a, b) for b in tiny.tolist()] for a in tiny.tolist()],
        dtype=torch.float64,
    )
    call = "euclidean(x, x) with distances near 1e-9 and near 1"
    got = _table(answers.euclidean(tiny, tiny), (5, 5), call, ZERO)
    worst = ((got - want).abs() / (want + 1e-12)).max()
    assert worst < 1e-3, (
        f"{call}: entry [0, 1] is {got[0, 1]:.1e}, expected {want[0, 1]:.1e}, and an "
        f"entry is off by {100 * worst:.2g} percent; a threshold or "
        "an added epsilon changes small distances. The difference of two rows needs "
        f"neither. {ZERO}"
    )


@task("03.2", points=1)
def test_cosine_family_by_hand(answers):
    """Right angles, half right angles and opposite directions

    The angle between (1, 1) and (5, 0) is pi/4, so S = 0.7071. Lengths play no part.
    """
    x = torch.tensor([[2.0, 0.0], [1.0, 1.0], [0.0, -3.0]], dtype=torch.float64)
    y = torch.tensor([[5.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    r = 0.70710678
    sim = torch.tensor([[1, 0], [r, r], [0, -1]], dtype=torch.float64)
    angle = torch.tensor([[0, 2], [1, 1], [2, 4]], dtype=torch.float64) * math.pi / 4
    dot = torch.tensor([[10, 0], [5, 1], [0, -3]], dtype=torch.float64)
    where = "with x = [[2, 0], [1, 1], [0, -3]], y = [[5, 0], [0, 1]]"

    call = f"cosine(x, y) {where}"
    got = _table(answers.cosine(x, y), (3, 2), call, FORMULAS)
    mistakes = [
        ("this is the similarity S; the distance is 1 - S", sim),
        ("this is 1 - x'y; divide by both lengths", 1 - dot),
    ]
    compare.same(got, 1 - sim, call, FORMULAS, mistakes)

    call = f"chordal(x, y) {where}"
    got = _table(answers.chordal(x, y), (3, 2), call, FORMULAS)
    mistakes = [
        ("this is 2 - 2S, the root is missing", 2 - 2 * sim),
        (
            "this is the root of 1 - S; the chord is the root of 2 - 2S",
            (1 - sim) ** 0.5,
        ),
    ]
    compare.same(got, (2 - 2 * sim) ** 0.5, call, FORMULAS, mistakes)

    call = f"angular(x, y) {where}"
    got = _table(answers.angular(x, y), (3, 2), call, FORMULAS)
    mistakes = [
        ("these are degrees; give radians", angle * 180 / math.pi),
        ("this is the angle divided by pi; give radians", angle / math.pi),
    ]
    compare.same(got, angle, call, FORMULAS, mistakes)

    x, y = torch.randn(4, 3, dtype=torch.float64), torch.randn(2, 3).double()
    want = torch.empty(4, 2, dtype=torch.float64)
    for i, a in enumerate(x.tolist()):
        for j, b in enumerate(y.tolist()):
            dots = sum(s * t for s, t in zip(a, b, strict=True))
            want[i, j] = 1 - dots / math.hypot(*a) / math.hypot(*b)
    where = "on 4 and 2 random points in 3 dimensions"
    for name, wanted in (
        ("cosine", want),
        ("chordal", (2 * want).sqrt()),
        ("angular", (1 - want).arccos()),
    ):
        call = f"{name}(x, y) {where}"
        got = _table(getattr(answers, name)(x, y), (4, 2), call, FORMULAS)
        compare.same(got, wanted, call, FORMULAS)


def _violations(answers, dist, name):
    """Return the student's five numbers as floats."""
    call = f"axiom_violations(dist) on {name}"
    got = answers.axiom_violations(dist)
    keys = set(got) if isinstance(got, dict) else None
    assert keys == set(KEYS), (
        f"{call} returned {got!r:.200}, expected a dict with exactly the keys "
        f"{', '.join(KEYS)}. {AXIOMS}"
    )
    return call, {
        key: compare.number(got[key], f"{call}: {key}", AXIOMS) for key in KEYS
    }


SLIPS = {
    "nonnegativity": "the size of the most negative entry, diagonal included, or 0",
    "self_distance": "the largest absolute value on the diagonal",
    "separation": "the number of entries [i, j] off the diagonal that are exactly 0; "
    "two equal points make two, and nearly 0 is not 0",
    "symmetry": "the largest absolute difference between [i, j] and [j, i]",
    "triangle": "the largest dist[i, k] - dist[i, j] - dist[j, k] over all i, j, k, "
    "or 0: from i by way of j to k, in this order",
}


def _compare_axioms(answers, dist, name, **broken):
    """Compare with the expected numbers; axioms that are not named hold."""
    dist = torch.as_tensor(dist, dtype=torch.float64)
    call, got = _violations(answers, dist, name)
    for key in KEYS:
        want = broken.get(key, 0)
        assert abs(got[key] - want) < 1e-4, (
            f"{call}: {key} is {got[key]:.4f}, expected {want:.4f}. It is "
            f"{SLIPS[key]}. {AXIOMS}"
        )


@task("03.3", points=1)
def test_axioms_by_hand(answers):
    """The matrix of the statement, and the metric on the line

    The way from 0 to 2 costs 5; the detour 0, 1, 2 costs 1 + 1. What is the difference?
    """
    _compare_axioms(
        answers,
        [[0.0, 1.0, 5.0], [2.0, 0.0, 1.0], [5.0, 1.0, 0.5]],
        "[[0, 1, 5], [2, 0, 1], [5, 1, 0.5]]",
        self_distance=0.5,
        symmetry=1,
        triangle=3,
    )
    _compare_axioms(
        answers,
        [[0.0, 1.0, 3.0], [1.0, 0.0, 2.0], [3.0, 2.0, 0.0]],
        "the distances of the numbers 0, 1, 3",
    )
    _compare_axioms(
        answers,
        [[0.0, 0.0, 3.0], [0.0, 0.0, 3.0], [3.0, 3.0, 0.0]],
        "the distances of the numbers 0, 0, 3",
        separation=2,
    )
    u, v, low, more = (torch.rand(4) + 0.5).tolist()
    _compare_axioms(
        answers,
        [[0.0, u, u + v + more], [u, low / 2, v], [u + v, v, 0.0]],
        f"[[0, {u:.4f}, {u + v + more:.4f}], [{u:.4f}, {low / 2:.4f}, {v:.4f}], "
        f"[{u + v:.4f}, {v:.4f}, 0]]",
        self_distance=low / 2,
        symmetry=more,
        triangle=more,
    )
    _compare_axioms(
        answers,
        [[0.0, -low], [-low, 0.0]],
        f"[[0, -{low:.4f}], [-{low:.4f}, 0]]",
        nonnegativity=low,
        triangle=2 * low,
    )


def _factor(answers, M, name):
    """Return the student's L after the check that L'L = M."""
    call = f"factor(M) with {name}"
    d = len(M)
    clamp = "Clamp the eigenvalues at 0: rounding may make them negative."
    L = compare.table(answers.factor(M), (None, d), call, f"{clamp} {FORMULAS}")
    M = M.double()
    scale = 1e-4 * (1 + M.abs().max())
    off = (L.T @ L - M).abs().max()
    turned = len(L) == d and (L @ L.T - M).abs().max() < scale
    assert off < scale or not turned, (
        f"{call}: L L' is M, but L' L is off by {off:.1e}. A Cholesky factor, and V "
        "times the roots of the eigenvalues, must be transposed. "
        f"{FORMULAS}"
    )
    assert off < scale, (
        f"{call}: L' L must be M, an entry is off by {off:.1e}. L holds the "
        "eigenvectors as rows, each times the root of its eigenvalue. "
        f"{FORMULAS}"
    )


@task("03.4", points=1)
def test_mahalanobis_by_hand(answers):
    """One matrix by hand, one at random

    For the difference (1, 0) and M = [[4, 2], [2, 3]] the square is 4. Any L with
    L'L = M is right: L, -L and QL for a rotation Q measure the same distance.
    """
    M = torch.tensor([[4.0, 2.0], [2.0, 3.0]], dtype=torch.float64)
    x = torch.tensor([[1.0, 0.0], [0.0, 0.0]], dtype=torch.float64)
    y = torch.tensor([[0.0, 0.0], [1.0, 2.0], [0.0, 1.0]], dtype=torch.float64)
    _factor(answers, M, "M = [[4, 2], [2, 3]]")
    squares = torch.tensor([[4, 12, 3], [0, 24, 3]], dtype=torch.float64)
    call = (
        "mahalanobis(x, y, M) with M = [[4, 2], [2, 3]], x = [[1, 0], [0, 0]], "
        "y = [[0, 0], [1, 2], [0, 1]]"
    )
    got = _table(answers.mahalanobis(x, y, M), (2, 3), call, FORMULAS)
    inverse = torch.tensor([[3, 16, 11], [0, 11, 4]], dtype=torch.float64) / 8
    mistakes = [
        ("these are the squares, the root is missing", squares),
        ("this is the distance for the inverse of M; M is used as it is", inverse**0.5),
        (
            "this is the Euclidean distance, M has no effect",
            [[1, 2, 2**0.5], [0, 5**0.5, 1]],
        ),
    ]
    compare.same(got, squares**0.5, call, FORMULAS, mistakes)

    root = torch.randn(3, 3, dtype=torch.float64)
    M = root.T @ root + 0.1 * torch.eye(3, dtype=torch.float64)
    _factor(answers, M, "a random positive definite 3 x 3 matrix")
    x, y = torch.randn(4, 3, dtype=torch.float64), torch.randn(2, 3).double()
    diff = x[:, None] - y
    want = ((diff @ root.T) ** 2 + 0.1 * diff**2).sum(dim=-1) ** 0.5
    call = "mahalanobis(x, y, M) with a random positive definite 3 x 3 matrix M"
    got = _table(answers.mahalanobis(x, y, M), (4, 2), call, FORMULAS)
    compare.same(got, want, call, FORMULAS)


@task("03.4", points=1)
def test_mahalanobis_of_low_rank(answers):
    """M with eigenvalues 0: a pseudo-metric

    Cholesky needs positive eigenvalues. An eigendecomposition does not, but rounding
    makes some of the zero eigenvalues negative. Rows that differ only in a direction
    with eigenvalue 0 have distance 0.
    """
    for trial in range(20):
        dtype = torch.float32 if trial % 2 else torch.float64
        frame = torch.linalg.qr(torch.randn(6, 6, dtype=torch.float64)).Q
        rank = 1 + trial % 4
        values = 1 + 4 * torch.rand(rank, dtype=torch.float64)
        M = ((frame[:, :rank] * values) @ frame[:, :rank].T).to(dtype)
        name = f"a {dtype} 6 x 6 matrix of rank {rank}"
        _factor(answers, M, name)
        x = torch.randn(5, 6, dtype=torch.float64)
        y = torch.cat([torch.randn(2, 6, dtype=torch.float64), x + frame[:, -1]])
        along = (x[:, None] - y) @ frame[:, :rank]
        want = (along**2 * values).sum(dim=-1) ** 0.5
        call = f"mahalanobis(x, y, M) with M {name}"
        got = answers.mahalanobis(x.to(dtype), y.to(dtype), M)
        got = _table(got, (5, 7), call, BLIND)
        blind = got[torch.arange(5), torch.arange(2, 7)].abs().max()
        assert blind < 2e-2, (
            f"{call}: rows that differ along an eigenvector with eigenvalue 0 must "
            f"have distance 0, got {blind:.1e}. {BLIND}"
        )
        worst = (got - want).abs().max()
        assert worst < 2e-2, (
            f"{call}: an entry is off by {worst:.1e}. Keep all directions with a "
            f"positive eigenvalue. {BLIND}"
        )
    M = torch.zeros(3, 3, dtype=torch.float64)
    _factor(answers, M, "M = 0")
    x = torch.randn(2, 3, dtype=torch.float64)
    call = "mahalanobis(x, x, M) with M = 0"
    got = _table(answers.mahalanobis(x, x, M), (2, 2), call, BLIND)
    compare.same(got, torch.zeros(2, 2, dtype=torch.float64), call, BLIND)


def _broken_triangle(answers, factor):
    """Check three points whose squared way is factor times the squared detour."""
    call = f"broken_triangle({factor:.4f})"
    points = answers.broken_triangle(factor)
    points = compare.table(points, (3, None), call, f"Three points as rows. {AXIOMS}")
    x, y, z = points.tolist()
    assert abs(math.dist(x, z) - 1) < 1e-3, (
        f"{call}: |x - z| must be 1, got {math.dist(x, z):.4f}. x is row 0, z is "
        f"row 2, and y, between them, row 1. {AXIOMS}"
    )
    # huge numbers: a product becomes infinite, a power would raise an error
    first, second = math.dist(x, y), math.dist(y, z)
    detour = first * first + second * second
    ratio = 1 / max(detour, 1e-9)
    assert abs(ratio - factor) < 5e-3, (
        f"{call}: the squared way is {ratio:.4f} times the squared detour, expected "
        f"{factor:.4f}. Where must y lie for the factor 2, where for 1? "
        f"{AXIOMS}"
    )


def _blind_pair(answers, M, name):
    """Check two distinct points that M does not tell apart."""
    call = f"blind_pair(M) with {name}"
    points = compare.table(answers.blind_pair(M), (2, len(M)), call, BLIND)
    v = points[0] - points[1]
    assert abs(v.norm() - 1) < 1e-3, (
        f"{call}: the two points must be 1 apart in the Euclidean distance, got "
        f"{v.norm():.4f}. Two copies of a point prove nothing. "
        f"{BLIND}"
    )
    left = (v @ M.double() @ v).item()
    assert left < 1e-4, (
        f"{call}: Δ_M(a, b)² is {left:.4f}, expected 0. Which direction does M map to "
        "0? An eigenvector with eigenvalue 0, not the first axis or the largest "
        f"eigenvalue. {BLIND}"
    )


def _lost_neighbour(answers, q, p):
    """Check that squares in the bound throw the nearest point a away."""
    call = f"lost_neighbour({q:.4f}, {p:.4f})"
    numbers = f"The two numbers are a and b. {PRUNING}"
    pair = compare.table(answers.lost_neighbour(q, p), (2,), call, numbers)
    a, b = pair.tolist()
    call = f"{call} returned a = {a:.8g}, b = {b:.8g}"
    assert abs(q - a) < min(abs(q - b), abs(q - p)), (
        f"{call}: a must be the nearest to q, but the distances are {abs(q - a):.4f} "
        f"to a, {abs(q - b):.4f} to b, {abs(q - p):.4f} to p. {PRUNING}"
    )
    bound, best = abs((q - p) ** 2 - (p - a) ** 2), (q - b) * (q - b)
    assert bound >= best * (1 - 1e-4), (
        f"{call}: the squared bound |(q - p)² - (p - a)²| is {bound:.4f}, the square "
        f"of the best so far, (q - b)², is {best:.4f}; so a is not thrown away. Must b "
        f"be so much farther than a? {PRUNING}"
    )


@task("03.5", points=1)
def test_broken_triangle(answers):
    """(a) Halfway, a right angle, and any factor between

    Halfway between x and z each of the two steps has the square 1/4: factor 2. Where y
    sees x and z at a right angle, the squares add up: factor 1.
    """
    for factor in (2.0, 1.0, 1.001, 1.999, *(1 + torch.rand(8)).tolist()):
        _broken_triangle(answers, factor)


@task("03.5", points=1)
def test_blind_pair(answers):
    """(b) Two points that M does not tell apart, for any M of low rank

    Only the difference of the two points matters: M must map it to 0.
    """
    M = torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=torch.float64)
    _blind_pair(answers, M, "M = [[1, -1], [-1, 1]]")
    M = torch.diag(torch.tensor([2.0, 0.0, 1.0], dtype=torch.float64))
    _blind_pair(answers, M, "the diagonal matrix M of 2, 0, 1")
    for trial in range(12):
        d = 3 + trial % 4
        frame = torch.linalg.qr(torch.randn(d, d, dtype=torch.float64)).Q
        # one to three eigenvalues are 0, one is small and not 0
        blind = min(1 + trial // 4, d - 1)
        values = [0.0] * blind + [0.02, 3.0, 1.0, 2.0, 5.0]
        values = torch.tensor(values[:d], dtype=torch.float64)
        M = (frame * values) @ frame.T
        M = M.to(torch.float32) if trial % 2 else M
        _blind_pair(answers, M, f"a {M.dtype} {d} x {d} matrix of rank {d - blind}")


@task("03.5", points=1)
def test_lost_neighbour(answers):
    """(c) A nearest neighbour that the squared bound throws away

    Beyond q, seen from p, the squares grow fast: put a and b there, b a little farther.
    """
    for _ in range(8):
        q = 100 * torch.rand(()).item() - 50
        far = 10 ** (3 * torch.rand(()).item() - 1) + 1e-6
        _lost_neighbour(answers, q, q - 10)
        _lost_neighbour(answers, q, q - far)
        _lost_neighbour(answers, q, q + far)


#: Parts of the rubric that nobody writes by chance.
RUBRIC = (
    "the square is increasing on non-negative numbers",
    "so it can exceed the true value and discard",
)
#: All that the task says: to quote it is no explanation.
STORY = """
tell apart what needs the order of distances from what computes with them many search
libraries return squared euclidean distances because the root costs time and recall@k
stays the same a colleague takes such squares into a search that skips points by the
bound of task 03.5 c and now and then it returns a wrong neighbour in explain_03_6 in at
least 40 words 100 are plenty why does retrieval not care whether distances are squared
and why does pruning what does retrieval do with a distance but compare it with another
one what does the bound do with it s le t leftrightarrow s 2 le t 2 for s t ge 0 but
lvert s 2 t 2 rvert le s t 2 is false two or three sentences on each half between the
triple quotes explain_03_6 retrieval pruning your points of task 03.5 c make a good
example the square is increasing on non-negative numbers so every ranking is unchanged
and with it recall@k the bound is the triangle inequality which squares violate so it
can exceed the true value and discard the true neighbour the machine looks for 40 words
20 of them different for a word on the order order rank sort monotone increasing and for
the triangle inequality by its name it refuses sentences of the rubric and what you
quote from this task does not count use your own words the points are confirmed or not
by the person who reads it
"""


@task("03.6", points=2)
def test_explanation_is_there(answers):
    """Your explanation, before a person reads it

    The machine looks for length and for the two ideas of the rubric only; the points
    are confirmed by the person who reads it.
    """
    joined = own_words(answers, "explain_03_6", rubric=RUBRIC, see=ORDER, story=STORY)
    order = ("order", "rank", "monoton", "increas", "sort")
    assert any(stem in joined for stem in order), (
        "explain_03_6 does not say what squaring keeps, so why the list of neighbours "
        f"stays as it is. {ORDER}"
    )
    assert "triang" in joined, (
        "explain_03_6 does not name the axiom that the bound rests on and that squares "
        f"break. {PRUNING}"
    )


def _search(answers, x, query, pivots, name):
    """Check one search by its certificate; return index and visited."""
    call = f"pivot_search(x, query, pivots) on {name}"
    got = answers.pivot_search(x, query, pivots)
    got = compare.parts(got, ("index", "visited"), call, PRUNING)
    index, visited = _rows(got[0]), _rows(got[1])
    assert index is not None, (
        f"{call}: index must be one row number, got {got[0]!r:.80}. {PRUNING}"
    )
    assert visited is not None, (
        f"{call}: visited must be a list of row numbers, got {got[1]!r:.80}. {PRUNING}"
    )
    once = len(set(visited)) == len(visited)
    assert once, (
        f"{call}: visited must hold each row number once, got {visited[:20]}. {PRUNING}"
    )
    assert set(visited) | set(index) <= set(range(len(x))), (
        f"{call}: index and visited must be row numbers of x, from 0 to {len(x) - 1}, "
        f"got {index} and {visited[:20]}. {PRUNING}"
    )
    assert len(index) == 1, (
        f"{call}: index must be one row number, got {index}. {PRUNING}"
    )
    index = index[0]
    assert set(visited[: len(pivots)]) == set(pivots), (
        f"{call}: visited starts with {visited[: len(pivots)]}, expected the pivots "
        f"{pivots}: their distances to the query are evaluated first, and count. "
        f"{PRUNING}"
    )
    x, query = x.double(), query.double()
    to_query = (x - query).norm(dim=1)
    between = (x[:, None] - x[pivots]).norm(dim=2)  # (n, pivots)
    bound = (to_query[pivots] - between).abs().amax(dim=1)
    slack = 1e-4 * (to_query.max() + between.max()).item()
    best = to_query.min().item()
    assert to_query[index] <= best + slack, (
        f"{call}: index {index}, at {to_query[index]:.4f}, is not the nearest row; "
        f"that is row {int(to_query.argmin())}, at {best:.4f}. Is the bound made of "
        "distances, not squares, does a skipped point end only its own turn, and may a "
        f"pivot win? {PRUNING}"
    )
    assert index in visited, (
        f"{call}: index {index} is not in visited: a distance that was used counts. "
        f"{PRUNING}"
    )
    for i in set(range(len(x))) - set(visited):
        assert bound[i] >= best - slack, (
            f"{call}: row {i} was skipped, but its bound {bound[i]:.4f} is below the "
            f"best distance {best:.4f}, so it could have been nearer. "
            f"{PRUNING}"
        )
    best = to_query[pivots].min().item()
    for i in visited[len(pivots) :]:
        assert bound[i] < best + slack, (
            f"{call}: row {i} was evaluated although its bound {bound[i]:.4f} was not "
            f"below the best distance so far, {best:.4f}. Take the largest bound over "
            f"the pivots, and skip. {PRUNING}"
        )
        best = min(best, to_query[i].item())
    return index, visited


@task("03.7", points=1)
def test_pivot_search_by_hand(answers):
    """Seven points on a line, then sixty in the plane

    From the pivot at 0 the query has distance 9 and the point 20 has distance 20, so
    these two are at least 11 apart: no need to look, once something nearer is known.
    """
    x = torch.tensor([[0.0], [2.0], [20.0], [10.5], [4.0], [7.4], [30.0]])
    name = "the points 0, 2, 20, 10.5, 4, 7.4, 30 with query 9 and pivots [0, 1]"
    _search(answers, x, torch.tensor([9.0]), [0, 1], name)
    for _ in range(5):
        x = torch.rand(60, 2, dtype=torch.float64)
        query = torch.rand(2, dtype=torch.float64)
        pivots = torch.randperm(60)[:3].tolist()
        _search(answers, x, query, pivots, "60 random points in the plane")


#: What the hidden checks add, by task.
HIDDEN_POINTS = {
    "03.1": 1,
    "03.2": 1,
    "03.3": 1,
    "03.7": 2,
}
