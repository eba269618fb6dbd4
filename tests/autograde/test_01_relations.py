"""Checks of exercise 01: what a matrix of distances tells."""

import math

import numpy as np
import torch

from mlcourse.grading import compare, own_words, task

HIDES = ("mlcourse.relations", "mlcourse.evaluation")
#: Libraries that answer some of the tasks: a person looks at them, no point is lost.
FLAGS = ("sklearn.manifold", "sklearn.metrics", "sklearn.neighbors", "scipy.stats")

RETRIEVAL = "See lecture 01, section 'Retrieval'."
VOTE = "See lecture 01, section 'The vote'."
DENSITY = "See lecture 01, section 'Density'."
MAP = "See lecture 01, section 'A map'."
LIMITS = "See lecture 01, section 'What the map does not say'."


def same(a, b):
    """Say whether two answers agree, up to rounding to four digits."""
    return np.allclose(a, b, rtol=1e-4, atol=1e-4)


def likely(got, slips):
    """Name the slip that gives exactly this answer, if one of the known slips does."""
    for sentence, answer in slips:
        if same(got, answer):
            return f"Likely mistake: {sentence}"
    return "No known slip gives this: work one row out by hand and compare."


def show(array):
    """Return numbers as short text."""
    return np.array2string(
        np.asarray(array), precision=4, separator=", ", threshold=24, edgeitems=4
    )


def given(dist):
    """Return a small table as text, none of a large one, that would fill a message."""
    text = show(dist)
    return f", dist = {text}" if len(text) <= 220 else ""


# ------------------------------------------------------------------ 01.1 retrieve


def neighbours_of(got, dist, k):
    """Return the answer as indices, with what every list of neighbours must keep to."""
    table = dist.double().numpy()
    n = len(table)
    call = f"retrieve_others(dist, k={k}) with dist of shape {table.shape}"
    got = compare.table(got, (n, k), call, f"Row i is query i's. {RETRIEVAL}").numpy()
    indices = (got == got.round()) & (got >= 0) & (got < n)
    assert indices.all(), (
        f"{call} must return indices, whole numbers from 0 to {n - 1}; row 0 is "
        f"{show(got[0])}. Likely mistake: these are distances, not the indices of the "
        f"references. {RETRIEVAL}"
    )
    got = got.astype(int)
    for i in range(n):
        start = (
            f"{call}: row {i} of dist is {show(table[i])}, you return {show(got[i])}"
        )
        assert i not in got[i], (
            f"{start}, which holds {i}: the query counts itself. Take entry (i, i) out "
            "by its index before you sort. To drop the first of the sorted list is not "
            f"enough: a duplicate of the query may stand there. {RETRIEVAL}"
        )
        assert len(set(got[i].tolist())) == k, (
            f"{start}: the same reference twice, expected {k} different ones. "
            f"{RETRIEVAL}"
        )
    return got


def assert_nearest(got, dist, want, slips):
    """Compare distances, not indices, so ties may stand in any order."""
    table = dist.double().numpy()
    have = np.take_along_axis(table, got, axis=1)
    mixed = [("the right neighbours, but not nearest first.", have)]
    why = likely(have, mixed if same(np.sort(have, axis=1), want) else slips)
    for i in range(len(table)):
        assert same(have[i], want[i]), (
            f"retrieve_others(dist, k={got.shape[1]}): row {i} of dist is "
            f"{show(table[i])}, you return {show(got[i])}, at distances "
            f"{show(have[i])}; expected distances {show(want[i])}. {why} {RETRIEVAL}"
        )


@task("01.1", points=1)
def test_retrieve_on_a_line(answers):
    """Five points on a line, two of them at the same place

    Points 0 and 1 coincide. Each is the nearest neighbour of the other, at distance 0,
    and neither is a neighbour of itself. Then the same points in another order.
    """
    x = torch.tensor([0.0, 0.0, 0.4, 0.5, 0.7])
    dist = (x[:, None] - x).abs()
    # By hand: [[1, 2], [0, 2], [3, 4], [2, 4], [3, 2]], at these distances:
    want = [[0, 0.4], [0, 0.4], [0.1, 0.3], [0.1, 0.2], [0.2, 0.3]]
    slips = [
        (
            "you return the farthest first; a small distance means near.",
            [[0.7, 0.5], [0.7, 0.5], [0.4, 0.4], [0.5, 0.5], [0.7, 0.7]],
        ),
        (
            "a duplicate of the query, at distance 0, is left out. Remove the query by "
            "its index, not everything at distance 0.",
            [[0.4, 0.5], [0.4, 0.5], [0.1, 0.3], [0.1, 0.2], [0.2, 0.3]],
        ),
        (
            "the nearest other point is dropped, as if it were the query.",
            [[0.4, 0.5], [0.4, 0.5], [0.3, 0.4], [0.2, 0.5], [0.3, 0.7]],
        ),
    ]
    got = neighbours_of(answers.retrieve_others(dist, k=2), dist, 2)
    assert_nearest(got, dist, want, slips)
    for order in ([3, 0, 4, 1, 2], torch.randperm(5).tolist()):
        moved = dist[order][:, order]
        got = neighbours_of(answers.retrieve_others(moved, k=2), moved, 2)
        turned = [(why, np.array(answer)[order]) for why, answer in slips]
        assert_nearest(got, moved, np.array(want)[order], turned)


@task("01.1", points=1, hidden=True)
def test_retrieve_any_matrix(answers):
    """Other matrices: not symmetric, with duplicates, any diagonal, any k

    The rule is "never column i in row i", whatever number stands there; and dist[i, j]
    is read along row i. Try k = 1 and k = n - 1.
    """
    rng = np.random.default_rng()
    for n, k, unit in (
        (6, 1, 1.0),
        (9, 3, 1e3),
        (8, 7, 1e9),
        (2, 1, 1.0),
        (12, 5, 0.01),
    ):
        dist = torch.from_numpy(rng.integers(0, 8, (n, n)) * unit)
        dist.diagonal()[::2] -= 30 * unit  # any number may stand there
        for i in range(0, n - 1, 3):
            dist[i, i + 1] = 0.0  # a duplicate that comes after the query
            dist[i + 1, i] = 0.0  # and one that comes before it
        got = neighbours_of(answers.retrieve_others(dist, k=k), dist, k)
        table = dist.numpy()
        others = [np.sort(np.delete(row, i)) for i, row in enumerate(table)]
        columns = [np.sort(np.delete(row, i)) for i, row in enumerate(table.T)]
        slips = []
        if same(np.take_along_axis(table.T, got, axis=1), [c[:k] for c in columns]):
            have = np.take_along_axis(table, got, axis=1)
            slips = [("you sorted column i; the query is the row: dist[i, :].", have)]
        assert_nearest(got, dist, [row[:k] for row in others], slips)


# ---------------------------------------------------------------------- 01.2 vote


def assert_voted(got, dist, labels, k, want, slips):
    """Compare with the right labels, and with those that known slips give."""
    call = f"knn_predict(dist, labels, k={k}), dist {tuple(dist.shape)}"
    got = compare.table(got, (len(dist),), call, VOTE).numpy()
    want = np.asarray(want)
    wrong = np.flatnonzero(got != want)
    if len(wrong):
        i = wrong[0]
        near = labels[dist[i].argsort()[:k]].tolist()
        raise AssertionError(
            f"{call}, query {i}: the {k} nearest carry the labels {near}, got "
            f"{got[i]:g}, expected {want[i]}. All queries: got {show(got)}, expected "
            f"{show(want)}. "
            f"{likely(got, slips)} {VOTE}"
        )


@task("01.2", points=1)
def test_vote_by_hand(answers):
    """Five queries, seven references, k = 4

    Sort one row of dist by hand and write the labels of the four nearest beside it.
    Then the same queries and references in another order.
    """
    labels = torch.tensor([5, 2, 9, 2, 5, 9, 2])
    dist = torch.tensor(
        [
            [7.0, 6.0, 1.0, 2.0, 3.0, 4.0, 5.0],  # labels 9, 2, 5, 9: two votes for 9
            [2.0, 1.0, 3.0, 7.0, 4.0, 5.0, 6.0],  # 2, 5, 9, 5: two votes for 5
            [3.0, 2.0, 5.0, 4.0, 1.0, 7.0, 6.0],  # 5, 2, 5, 2: a tie, the smaller label
            [4.0, 3.0, 6.0, 7.0, 2.0, 5.0, 1.0],  # 2, 5, 2, 5: a tie, the smaller label
            [12.0, 11.0, 13.0, 17.0, 14.0, 15.0, 16.0],  # 2, 5, 9, 5: two votes for 5
        ]
    )
    slips = [
        ("you return the position of the class, not its label.", [2, 1, 0, 0, 1]),
        (
            "of equally many votes the nearest neighbour's class wins; here the "
            "smallest label wins.",
            [9, 5, 5, 2, 5],
        ),
        (
            "of equally many votes the largest label wins; here the smallest wins.",
            [9, 5, 5, 5, 5],
        ),
        ("the nearest reference decides alone; k of them vote.", [9, 2, 5, 2, 2]),
        (
            "the nearest reference is left out, as if it were the query. Queries are "
            "not among the references here.",
            [2, 5, 2, 5, 5],
        ),
        ("k + 1 references vote.", [2, 5, 2, 2, 5]),
        ("k - 1 references vote.", [2, 2, 5, 2, 2]),
        ("the k farthest references vote.", [2, 2, 2, 9, 2]),
        ("all references vote, not the k nearest.", [2, 2, 2, 2, 2]),
        (
            "near neighbours weigh more; here each of the k has one vote.",
            [9, 2, 5, 2, 5],
        ),
        ("you sum distances instead of counting votes.", [9, 5, 2, 5, 5]),
    ]
    got = answers.knn_predict(dist, labels, k=4)
    want = [9, 5, 2, 2, 5]
    assert_voted(got, dist, labels, 4, want, slips)
    for order in ([4, 3, 2, 1, 0], torch.randperm(5).tolist()):
        columns = torch.randperm(7)
        moved, names = dist[order][:, columns], labels[columns]
        turned = [(why, np.array(answer)[order]) for why, answer in slips]
        got = answers.knn_predict(moved, names, k=4)
        assert_voted(got, moved, names, 4, np.array(want)[order], turned)


@task("01.2", points=1, hidden=True)
def test_vote_fresh_data(answers):
    """Other data, other labels, other k

    Labels need not be 0, 1, 2, ...; a tie of votes goes to the smallest label; each
    query is judged by its own row. Try k = 1 and k = the number of references.
    """
    rng = np.random.default_rng()
    for m, k, names in (
        (9, 4, [3, 8, 20]),
        (11, 6, [0, 1, 7]),
        (7, 1, [4, 5]),
        (8, 8, [30, 2, 11]),
        (10, 5, [600, 1, 3, 1000]),
    ):
        labels = rng.permutation(np.resize(names, m))
        dist = rng.permuted(np.tile(np.arange(1.0, m + 1), (30, 1)), axis=1)
        want = []
        for row in dist:
            votes = labels[np.argsort(row)[:k]].tolist()
            want.append(min(votes, key=lambda c, votes=votes: (-votes.count(c), c)))
        dist, labels = torch.from_numpy(dist), torch.from_numpy(labels)
        got = answers.knn_predict(dist, labels, k=k)
        assert_voted(got, dist, labels, k, want, [])


# ------------------------------------------------------------------- 01.3 density


def assert_log_density(got, dist, h, d, want, slips):
    """Compare with the right values, and with those that known slips give."""
    call = (
        f"parzen_log_density(dist, bandwidth={h:g}, dim={d}), dist {tuple(dist.shape)}"
    )
    logs = "Stay in logarithms, also of the volume: far away exp underflows to 0."
    got = compare.table(got, (len(dist),), call, f"{logs} {DENSITY}").numpy()
    # float32 leaves 0.003 where large terms cancel.
    assert np.allclose(got, want, rtol=1e-4, atol=0.01), (
        f"{call}{given(dist)}: got {show(got)}, expected {show(want)}. "
        f"{likely(got, slips)} {DENSITY}"
    )


@task("01.3", points=1)
def test_density_by_hand(answers):
    """Two queries, three references in space, bandwidth 3

    At distance 0 a bump is exp(0) = 1. The mean bump is divided by the volume
    (sqrt(2 pi) h)^d, here with h = 3 and d = 3. Then the same in another unit: the
    volume alone changes.
    """
    dist = torch.tensor([[0.0, 3.0, 6.0], [1.0, 4.0, 8.0]])
    # By hand, first query: log((1 + exp(-1/2) + exp(-2)) / 3) - 3 log(3 sqrt(2 pi))
    got = answers.parzen_log_density(dist, bandwidth=3.0, dim=3)
    assert_log_density(got, dist, 3.0, 3, [-6.59631, -6.82510], DENSITY_SLIPS)
    unit = 1.5 + torch.rand(()).item()
    dist, h = unit * dist.flip(0), 3 * unit
    want = np.array([-6.82510, -6.59631]) - 3 * math.log(unit)
    got = answers.parzen_log_density(dist, bandwidth=h, dim=3)
    assert_log_density(got, dist, h, 3, want, [])


DENSITY_SLIPS = [
    ("this is the density; its natural logarithm is asked for.", [0.00137, 0.00109]),
    ("log10 in place of the natural logarithm.", [-2.86474, -2.96411]),
    ("the mean over the references is missing: you sum.", [-5.49770, -5.72649]),
    ("the factor h^d is missing from the volume.", [-3.30047, -3.52927]),
    ("the volume holds h, not h^d: it counts once a dimension.", [-4.39908, -4.62788]),
    ("the volume holds sqrt(2 pi), not (2 pi)^(d/2).", [-4.75843, -4.98723]),
    ("the factor (2 pi)^(d/2) is missing.", [-3.83949, -4.06829]),
    ("the volume holds sqrt(2 pi) h, not (sqrt(2 pi) h)^d.", [-2.56121, -2.79000]),
    ("the volume multiplies; it must divide.", [5.50900, 5.28020]),
    ("the volume (sqrt(2 pi) h)^d is missing.", [-0.54366, -0.77245]),
    ("the exponent lacks the factor 1/2.", [-6.82470, -7.08860]),
    ("the distance is not squared in the exponent.", [-6.47100, -6.66668]),
    ("the distance is not squared in the exponent.", [-6.21008, -6.28086]),
    (
        "the bandwidth is not squared in the exponent dist^2 / (2 h^2).",
        [-6.94783, -7.23902],
    ),
    (
        "a mean of log-bumps is not the logarithm of the mean bump.",
        [-6.88599, -7.55265],
    ),
]


def _hidden_log_density(got, dist, h, d):
    """Compare with a loop, the largest exponent taken out before exp."""
    want, slips = [], []
    table = dist.double().numpy()
    volume = d * (math.log(h) + 0.5 * math.log(2 * math.pi))
    for row in table:
        powers = [-(r**2) / (2 * h**2) for r in row]
        top = max(powers)
        bumps = math.fsum(math.exp(p - top) for p in powers)
        want.append(top + math.log(bumps / len(row)) - volume)
    with np.errstate(under="ignore"):
        bump = np.exp(-(table**2) / (2 * h**2)).mean(axis=1)
    for tiny in (1e-300, 1e-100, 1e-50, 1e-38, 1e-30, 1e-20, 1e-16, 1e-12, 1e-9):
        sentence = (
            f"a constant of {tiny:g} hides the underflow; log(0 + {tiny:g}) is no "
            "log-density. Take the largest exponent out of the sum (logsumexp)."
        )
        slips.append((sentence, np.log(bump + tiny) - volume))
    assert_log_density(got, dist, h, d, want, slips)


@task("01.3", points=1, hidden=True)
def test_density_integrates_to_one(answers):
    """A density integrates to 1, in one dimension and in two, at any bandwidth

    Sum exp(log-density) over a fine grid, times the area of a grid cell. What in the
    formula depends on the dimension, and what on the number of references?
    """
    rng = np.random.default_rng()
    for d, h, cells in ((1, 0.3, 400), (2, 1.7, 60)):
        x = rng.normal(size=(5, d))
        axis = np.linspace(-4 - 7 * h, 4 + 7 * h, cells)
        grid = np.stack(np.meshgrid(*[axis] * d), axis=-1).reshape(-1, d)
        dist = torch.from_numpy(np.linalg.norm(grid[:, None] - x, axis=-1))
        call = f"parzen_log_density(dist, bandwidth={h}, dim={d}) on a grid"
        got = answers.parzen_log_density(dist, bandwidth=h, dim=d)
        got = compare.table(got, (len(grid),), call, DENSITY).numpy()
        with np.errstate(over="ignore"):
            mass = np.exp(got).sum() * (axis[1] - axis[0]) ** d
        assert abs(mass - 1) < 0.01, (
            f"{call} of {cells} points an axis: the density integrates to {mass:.4g}, "
            "expected 1. Likely mistake: the volume (sqrt(2 pi) h)^d or the mean over "
            f"the references is not as in the formula. {DENSITY}"
        )
        some = slice(None, None, cells // 4)
        _hidden_log_density(got[some], dist[some], h, d)


@task("01.3", points=1, hidden=True)
def test_density_far_away(answers):
    """Far from every reference, and in many dimensions, it is still a number

    In float64, exp(-800) is 0 and log(0) is -inf; and 0.05^784 is 0 too. Neither may
    occur on the way.
    """
    rng = np.random.default_rng()
    for h, d, reach in (
        (0.01, 2, 50.0),
        (0.05, 784, 9.0),
        (30.0, 500, 900.0),
        (1.0, 1, 90.0),
    ):
        near = rng.uniform(0.2, 1.0, (4, 6)) * reach
        near[0, 0] = h / 2  # one query beside a reference, three far from all,
        near[1] = reach  # of them one equally far from all, one nearly so
        near[2] = np.sqrt(reach**2 + h**2 * rng.uniform(0, 2, 6))
        dist = torch.from_numpy(near)
        got = answers.parzen_log_density(dist, bandwidth=h, dim=d)
        _hidden_log_density(got, dist, h, d)


# --------------------------------------------------------------------- 01.4 t-SNE


def perplexities(p):
    """Return exp(entropy in nats) of each row; 0 ln 0 = 0."""
    return np.exp(-(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=1))


def off_the_bump(p, dist, power):
    """Fit log p = a - beta dist^power in each row; return the largest miss in p."""
    worst = np.zeros(len(p))
    for i, row in enumerate(p):
        x, y = np.delete(dist[i] ** power, i), np.delete(row, i)
        seen = y > 1e-6
        log = np.log(y[seen])
        centre = np.average(x[seen], weights=y[seen])
        spread = np.average((x[seen] - centre) ** 2, weights=y[seen])
        level = np.average(log, weights=y[seen])
        slope = np.average((x[seen] - centre) * log, weights=y[seen])
        slope = slope / spread if spread > 0 else 0.0
        with np.errstate(over="ignore"):
            fit = np.exp(np.minimum(level + slope * (x - centre), 0.0))
        worst[i] = np.abs(fit - y).max() if slope < 0 else 1.0
    return worst


def assert_calibrated(got, dist, perplexity):
    """Judge sums, diagonal, perplexity and shape of the bump, in this order."""
    table = dist.double().numpy()
    n = len(table)
    call = (
        f"neighbour_probabilities(dist, perplexity={perplexity:g}), dist {table.shape}"
    )
    first = "Subtract a row's smallest squared distance before exp, or all underflow."
    p = compare.table(got, (n, n), call, f"{first} {MAP}").numpy()
    i = p.diagonal().argmax()
    assert np.abs(p.diagonal()).max() < 1e-9, (
        f"{call}: p[{i}, {i}] = {p[i, i]:.4g}, expected 0: a point is not its own "
        "neighbour. Likely mistake: exp(0) = 1 on the diagonal was kept in the sum. "
        f"{MAP}"
    )
    i = np.abs(p.sum(axis=1) - 1).argmax()
    if abs(p.sum() - 1) < 1e-3:
        why = (
            "the whole matrix sums to 1; here each row does, before any symmetrisation"
        )
    elif np.allclose(p.sum(axis=0), 1, atol=1e-3):
        why = "the columns sum to 1, so it is transposed: row i belongs to point i"
    else:
        why = "the row was not divided by its sum"
    assert abs(p[i].sum() - 1) < 1e-3, (
        f"{call}: row {i} sums to {p[i].sum():.4g}, expected 1. Likely mistake: {why}. "
        f"{MAP}"
    )
    assert p.min() >= 0, (
        f"{call}: the smallest entry is {p.min():.4g}; it must not be below 0. {MAP}"
    )
    found = perplexities(p)
    i = np.abs(found - perplexity).argmax()
    off = abs(found[i] - perplexity) / perplexity
    if np.allclose(found, perplexity ** (1 / math.log(2)), rtol=2e-3):
        why = "the entropy is in nats but its target is log2(perplexity): use one base"
    elif np.allclose(found, perplexity ** math.log(2), rtol=2e-3):
        why = "the entropy is in bits but its target is ln(perplexity): use one base"
    elif np.allclose(found, math.exp(min(perplexity, 300)), rtol=2e-3):
        why = "the entropy was set to the perplexity; the perplexity is exp(entropy)"
    elif np.median(np.abs(found / perplexity - 1)) < 1e-3:
        why = (
            "most rows are right, this one is not: the search for its beta ended too "
            "early, its first interval did not hold the answer, or exp underflowed "
            "(subtract the smallest squared distance of the row first)"
        )
    elif abs(found.mean() / perplexity - 1) < 2e-3:
        why = "one beta for all rows; each row needs its own"
    else:
        why = (
            "too few halvings, or a first interval of beta that does not hold the "
            "answer (it depends on the unit of dist: widen it until it does)"
        )
    assert off < 1e-3, (
        f"{call}: row {i} has perplexity {found[i]:.4f}, expected {perplexity:g} "
        f"within 0.1 percent. Likely mistake: {why}. {MAP}"
    )
    worst = off_the_bump(p, table, 2)
    i = worst.argmax()
    if off_the_bump(p, table, 1).max() < 5e-3:
        why = "the exponent holds dist; it must hold dist squared"
    elif off_the_bump(p, table, 4).max() < 5e-3:
        why = "dist is squared twice"
    else:
        why = (
            "p[i, j] must be proportional to exp(-beta_i dist[i, j]^2), beta_i > 0, "
            "for every j; or exp underflowed (subtract the smallest squared distance "
            "of the row first)"
        )
    assert worst[i] < 5e-3, (
        f"{call}: the perplexity is right, but row {i} is not Gaussian in the "
        f"distance: at distances {show(table[i])} you give {show(p[i])}. Likely "
        f"mistake: {why}. {MAP}"
    )


@task("01.4", points=1)
def test_perplexity_of_three_points(answers):
    """Three points on a line, worked by hand; then thirty in the plane

    With two neighbours a row is (a, 1 - a), and the perplexity alone fixes a: for 0.9
    it is exp(-0.9 ln 0.9 - 0.1 ln 0.1) = 1.3842. So each of the three rows gives 0.9 to
    the nearer neighbour and 0.1 to the farther one.
    """
    x = torch.tensor([0.0, 1.0, 3.0], dtype=torch.float64)
    dist = (x[:, None] - x).abs()
    target = 0.9**-0.9 * 0.1**-0.1
    assert_calibrated(
        answers.neighbour_probabilities(dist, perplexity=target), dist, target
    )
    x = torch.from_numpy(np.random.default_rng().normal(size=(30, 2)))
    dist = (x[:, None] - x).norm(dim=-1)
    assert_calibrated(answers.neighbour_probabilities(dist, perplexity=8.0), dist, 8.0)


@task("01.4", points=1, hidden=True)
def test_perplexity_any_unit(answers):
    """Dense and sparse regions, an outlier, and other units of distance

    Millimetres or kilometres: the probabilities are the same, so the search for beta
    must find its own range. For a point far from all others every exp(-beta dist^2) may
    be 0 in floating point: what may you subtract from all exponents of a row?
    """
    rng = np.random.default_rng()
    spread = np.repeat([1.0, 0.05], [14, 16])[:, None]
    for unit, perplexity, far in (
        (1.0, 5.0, 3.0),
        (1e-3, 9.3, 3.0),
        (1e3, 3.5, 3.0),
        (1.0, 6.4, 1000.0),
        (1.0, 1.3, 3.0),
        (1e-3, 27.0, 3.0),
    ):
        x = rng.normal(size=(30, 3)) * spread
        x[0] += far
        x = torch.from_numpy(unit * x)
        dist = (x[:, None] - x).norm(dim=-1)
        got = answers.neighbour_probabilities(dist, perplexity=perplexity)
        assert_calibrated(got, dist, perplexity)


def divergence(z, P):
    """KL(P || Q) of the map z by its definition, with loops."""
    n = len(z)
    w = np.array(
        [
            [1 / (1 + ((z[i] - z[j]) ** 2).sum()) * (i != j) for j in range(n)]
            for i in range(n)
        ]
    )
    q = w / w.sum()
    return sum(
        P[i, j] * math.log(P[i, j] / q[i, j])
        for i in range(n)
        for j in range(n)
        if P[i, j] > 0
    )


@task("01.4", points=1)
def test_gradient_by_differences(answers):
    """The gradient of three points, then of fresh maps against the slope of KL

    For the fresh maps each coordinate is moved by 0.00001 to both sides; the change of
    KL over 0.00002 is the slope. Two of the points of the map coincide.
    """
    z = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    P = np.array([[0.0, 0.3, 0.1], [0.3, 0.0, 0.1], [0.1, 0.1, 0.0]])
    rng = np.random.default_rng()
    assert_slope(answers, z, P, GRADIENT_SLIPS)
    for n, k in ((5, 2), (7, 3)):
        z = rng.normal(size=(n, k))
        z[1] = z[0]
        P = rng.uniform(0.2, 1.0, (n, n)) ** 2
        P = (P + P.T) * (1 - np.eye(n))
        assert_slope(answers, z, P / P.sum(), [])


def assert_slope(answers, z, P, slips):
    """Compare with central differences of KL."""
    call = f"tsne_gradient(z, P) with z of shape {z.shape}"
    got = answers.tsne_gradient(torch.from_numpy(z), torch.from_numpy(P))
    slope = "A root has no slope where two points of the map coincide: take none."
    got = compare.table(got, z.shape, call, f"{slope} {MAP}").numpy()
    want, step = np.zeros_like(z), 1e-5
    for place in np.ndindex(z.shape):
        ahead, back = z.copy(), z.copy()
        ahead[place] += step
        back[place] -= step
        want[place] = (divergence(ahead, P) - divergence(back, P)) / (2 * step)
    assert np.abs(got - want).max() < 1e-3 * np.abs(want).max(), (
        f"{call}: rows 0 and 1 are {show(got[:2])}, finite differences of KL give "
        f"{show(want[:2])}. {likely(got, slips)} {MAP}"
    )


GRADIENT_SLIPS = [
    (
        "the sign: this is the direction of descent, not the gradient.",
        [[0.02308, -0.02462], [-0.02564, 0.00513], [0.00256, 0.01949]],
    ),
    (
        "the factor is 4, not 2: each pair occurs as (i, j) and (j, i).",
        [[-0.01154, 0.01231], [0.01282, -0.00256], [-0.00128, -0.00974]],
    ),
    (
        "the factor 4 is missing.",
        [[-0.00577, 0.00615], [0.00641, -0.00128], [-0.00064, -0.00487]],
    ),
    (
        "w_ii = 1 was counted in the sum that makes q.",
        [[-0.38873, -0.09239], [0.43192, -0.08638], [-0.04319, 0.17878]],
    ),
    (
        "q is divided by the sum of its row, not of all pairs.",
        [[0.82857, 0.29714], [-1.00000, 0.20000], [0.23636, -1.18545]],
    ),
    (
        "q is not divided by the sum of all w.",
        [[0.40000, 0.16000], [-0.44444, 0.08889], [0.04444, -0.24889]],
    ),
    (
        "the factor w_ij after (p_ij - q_ij) is missing.",
        [[-0.04615, 0.12308], [0.06154, -0.03077], [-0.01538, -0.09231]],
    ),
    (
        "w_ij must divide by 1 + |z_i - z_j|^2; you multiply.",
        [[-0.09231, 0.61538], [0.18462, -0.18462], [-0.09231, -0.43077]],
    ),
    (
        "w is Student's 1 / (1 + d^2), not a Gaussian.",
        [[0.24739, -0.01124], [-0.24493, -0.00493], [-0.00246, 0.01617]],
    ),
    (
        "w is Student's 1 / (1 + d^2), not a Gaussian.",
        [[0.67248, -0.61355], [-0.30677, -0.73141], [-0.36570, 1.34496]],
    ),
]


# ------------------------------------------------------------------ 01.5 break it


def assert_fooled(got, worst):
    """Vote with the point itself left out; equal distances are ordered against you."""
    call = "fool_three()"
    got = compare.parts(got, ("x", "y"), call, VOTE)
    y = compare.table(got[1], (None,), f"{call}: y", VOTE).numpy()
    n = len(y)
    assert 10 <= n <= 200, f"{call}: y must hold 10 to 200 labels, got {n}. {VOTE}"
    x = compare.table(got[0], (n, None), f"{call}: x", VOTE).numpy()
    near = np.abs(x) <= 1e6
    assert near.all(), f"{call}: every coordinate must be within 1e6 of 0. {VOTE}"
    names, counts = np.unique(y, return_counts=True)
    fair = len(names) == 2 and counts.min() >= 5
    assert fair, (
        f"{call}: expected two classes of at least 5 points each, got the labels "
        f"{show(names)} with {show(counts)} points. {VOTE}"
    )
    dist = np.sqrt(((x[:, None] - x) ** 2).sum(axis=-1))
    slack = 1e-6 * dist.max()
    right = {1: 0, 3: 0}
    for i in range(n):
        others = np.delete(np.arange(n), i)
        row, own = dist[i, others], y[others] == y[i]
        for k in right:
            edge = np.sort(row)[k - 1]
            sure, even = row < edge - slack, np.abs(row - edge) <= slack
            places = k - sure.sum()
            least = own[sure].sum() + max(0, places - (~own)[even].sum())
            most = own[sure].sum() + min(places, own[even].sum())
            right[k] += (least if k == 1 else most) > k / 2
    one, three = right[1] / n, right[3] / n
    if one < 1 and len(np.unique(x, axis=0)) < n:
        why = "points of both classes coincide: whose copy is nearest is a coin toss"
    elif one < 1:
        why = (
            "a point is not its own neighbour: whose is the nearest other one? Random "
            "labels look perfect only while each point counts itself"
        )
    else:
        why = (
            "among the second and third neighbour of too many points is one more of "
            "the own class; of three votes the own class may hold only one. Equal "
            "distances count against you"
        )
    met = one == 1 and three <= worst
    assert met, (
        f"{call}: leave-one-out 1-NN is right for {one:.0%} of your {n} points, 3-NN "
        f"for {three:.0%}; expected 100% and at most {worst:.0%}. Likely mistake: "
        f"{why}. {VOTE}"
    )


@task("01.5", points=1)
def test_three_is_worse(answers):
    """1-NN never errs, 3-NN errs on at least half of the points

    For each point write down the labels of its three nearest others.
    """
    assert_fooled(answers.fool_three(), 0.5)


@task("01.5", points=1)
def test_three_is_always_wrong(answers):
    """1-NN never errs, 3-NN always does

    Start from one point that is fooled and repeat the pattern; check the two ends.
    """
    assert_fooled(answers.fool_three(), 0.0)


# ------------------------------------------------------------------- 01.6 explain

#: What the task says, but for what an answer may say likewise: to quote it is none.
STORY = """
tell what a t-sne map shows from what it only seems to show a colleague puts a t-sne map
of test images on a slide and says classes a and b lie at opposite ends so our distance
finds them most different a's island is twice as wide as b's so a varies twice as much c
has two islands so it has two sub-classes and today's photo which we added to the map
falls between a and c write an answer of 60 to 250 words in explain_01_6 it is read by a
person half a point for each of these so use the four words in bold 1 distance why the
gap between two islands does not measure how far the two classes are apart 2 size which
step of the method makes a dense and a spread-out class look equally wide 3 perplexity
what you would change and look at again before you believe in c's two islands 4 new and
which number computed from the distances themselves you would report instead of the map
the check only sees that an answer is there 60 to 250 words 35 of them different and the
four words what you quote from this task does not count it counts the two points for the
time being the person who reads it decides for each claim ask which term of the cost
would grow if the claim were false text kl sum p ij ln p ij q ij weighs each pair by p
ij which is nearly 0 for far pairs and beta i is chosen for each point so that every row
has the same perplexity four short paragraphs one a word in bold the claim the step of
the method that breaks it what you would do instead
"""


@task("01.6", points=2)
def test_explanation_is_there(answers):
    """Your explanation: 60 to 250 words on the four points of the rubric

    The machine sees only that an answer is there; a person reads it and confirms the
    points.
    """
    said = own_words(answers, "explain_01_6", rubric=(), see=LIMITS, story=STORY,
                     least=(60, 35))  # fmt: skip
    long = len(answers.value("explain_01_6").split())
    assert long <= 250, f"explain_01_6 has {long} words, 250 are the most. {LIMITS}"
    for word in ("distance", "size", "perplexity", "new"):
        assert word[:7] in said, (
            f"explain_01_6 does not mention the rubric's word {word!r}: say what the "
            f"map does, or does not, tell about it. {LIMITS}"
        )


# ----------------------------------------------------------------- 01.7 challenge


def assert_map_at_r(got, dist, labels, want, without, slips):
    """Compare with the right numbers, and with the values that known slips give."""
    call = f"map_at_r(dist, labels) with labels {labels.tolist()}"
    names = ("MAP@R", "the number of queries left out")
    value, left_out = (
        compare.number(part, f"{call}: {name}", RETRIEVAL)
        for part, name in zip(
            compare.parts(got, names, call, RETRIEVAL), names, strict=True
        )
    )
    assert abs(value - want) < 1e-4, (
        f"{call}{given(dist)}: got MAP@R = {value:.4f}, expected {want:.4f}. "
        f"{likely(value, slips)} {RETRIEVAL}"
    )
    assert left_out == without, (
        f"{call}: got {left_out:g} queries left out, expected {without}. Likely "
        "mistake: a query is left out when no other item carries its label, not when "
        f"its list holds no hit. {RETRIEVAL}"
    )


@task("01.7", points=1)
def test_map_at_r_by_hand(answers):
    """Six items, one of them the only one of its class

    R = 2 for the three items of class 1 and R = 1 for the two of class 0. Write each
    row's labels in the order of distance, cross out the query, keep the first R. Then
    items in pairs: R = 1, so that only the nearest other counts.
    """
    labels = torch.tensor([1, 0, 1, 4, 1, 0])
    dist = torch.tensor(
        [
            [0.0, 11.0, 1.0, 15.0, 7.0, 2.0],  # first two: hit, miss; (1/1 + 0) / 2
            [11.0, 0.0, 14.0, 4.0, 3.0, 5.0],  # first: miss; 0 / 1
            [1.0, 14.0, 0.0, 12.0, 6.0, 8.0],  # hit, hit; (1/1 + 2/2) / 2
            [15.0, 4.0, 12.0, 0.0, 9.0, 10.0],  # no other item of its class: left out
            [7.0, 3.0, 6.0, 9.0, 0.0, 13.0],  # miss, hit; (0 + 1/2) / 2
            [2.0, 5.0, 8.0, 10.0, 13.0, 0.0],  # miss; 0 / 1
        ]
    )
    own = "the query is in its own list; take it out by its index."
    slips = [
        (own, 0.9),
        (own, 0.6444),
        (own, 0.7037),
        ("queries without a match count as 0; leave them out of the mean.", 0.2917),
        ("the gain is divided by the hits found; it must be by R.", 0.5),
        ("this is R-precision: each hit counts with the precision at its rank.", 0.4),
        ("this is average precision over the whole list; stop at rank R.", 0.65),
        ("R counts the query; R is the number of other items of its class.", 0.3722),
        ("the farthest come first.", 0.0),
    ]
    got = answers.map_at_r(dist, labels)
    assert_map_at_r(got, dist, labels, 1.75 / 5, 1, slips)
    rng = np.random.default_rng()
    for alone in ([], [3, 8]):
        labels = torch.from_numpy(rng.permutation([2, 2, 5, 5, 7, 7, *alone]))
        n = len(labels)
        dist = torch.from_numpy(rng.permutation(np.arange(1.0, n * n + 1)))
        dist = dist.reshape(n, n)
        others = dist.clone().fill_diagonal_(torch.inf)
        hits = (labels[others.argmin(dim=1)] == labels).sum().item()
        got = answers.map_at_r(dist, labels)
        assert_map_at_r(got, dist, labels, hits / 6, len(alone), [])


@task("01.7", points=1, hidden=True)
def test_map_at_r_fresh_data(answers):
    """Other matrices: many classes, classes of one, any diagonal, not symmetric

    Never trust the diagonal to be the smallest entry of its row, and read along the
    rows. What is R when a class has one item only?
    """
    rng = np.random.default_rng()
    for sizes in ((4, 1, 6, 2), (3, 3, 3), (1, 1, 2, 9), (2, 1, 1, 1, 1), (12, 8)):
        n = sum(sizes)
        names = rng.choice(50, len(sizes), replace=False)
        labels = rng.permutation(np.repeat(names, sizes))
        dist = rng.permutation(np.arange(1.0, n * n + 1)).reshape(n, n)
        dist *= 10.0 ** rng.integers(-3, 10)
        want, without = _hidden_map_at_r(dist, labels)
        slips = [
            (
                "columns were ranked; the query is the row.",
                _hidden_map_at_r(dist.T, labels)[0],
            )
        ]
        dist, labels = torch.from_numpy(dist), torch.from_numpy(labels)
        got = answers.map_at_r(dist, labels)
        assert_map_at_r(got, dist, labels, want, without, slips)


def _hidden_map_at_r(dist, labels):
    """MAP@R and the number of queries left out, by a loop."""
    values, left_out = [], 0
    for i, row in enumerate(dist):
        order = [j for j in np.argsort(row) if j != i]
        R = int((labels == labels[i]).sum()) - 1
        if R == 0:
            left_out += 1
            continue
        hits, gain = 0, 0.0
        for rank, j in enumerate(order[:R], start=1):
            hits += labels[j] == labels[i]
            gain += (labels[j] == labels[i]) * hits / rank
        values.append(gain / R)
    return sum(values) / len(values), left_out
