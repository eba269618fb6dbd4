"""Checks of exercise 13, Ensembles."""

import itertools
import math
import random

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment

from mlcourse.grading import compare, own_words, task
from mlcourse.grading.as_numbers import as_numbers

HIDES = ("mlcourse.ensembles",)
#: Libraries that answer some of the tasks: a person looks at them, no point is lost.
FLAGS = ("sklearn.ensemble", "pytorch_metric_learning")

VOTES = "See lecture 13, section 'Many weak votes'."
MEANS = "See lecture 13, section 'Why averages win'."
NETS = "See lecture 13, section 'Independent networks'."
BOOST = "See lecture 13, section 'Boosting embeddings'."
APART = "See lecture 13, section 'What keeps learners apart'."
DEPTHS = "See lecture 13, section 'A cascade of depths'."
DIVIDE = "See lecture 13, section 'Divide and conquer'."
EQUAL = "See lecture 13, section 'Equal parameters, equal budget'."
DTYPES = (torch.float64, torch.float32)


def _pair(got, call, what, reading):
    """Return the two parts of got, or say what came."""
    two = isinstance(got, list | tuple) and len(got) == 2
    assert two, f"{call} returned {got!r:.80}, expected the pair {what}. {reading}"
    return got


# ------------------------------------------------------------ 13.1 A round of AdaBoost


def _check_round(answers, D, h, y, name):
    call = f"boost_round(D, h, y) with {name}"
    weights = D.double()
    wrong = h != y
    error = weights[wrong].sum().item()
    plain = wrong.double().mean().item()
    given = answers.boost_round(D, h, y)
    alpha, after = _pair(given, call, "(alpha, new weights)", VOTES)

    def log_odds(share):
        return math.log((1 - share) / share) if 0 < share < 1 else math.inf

    want = log_odds(error) / 2
    found = compare.number(alpha, f"{call}: alpha, the first part,", VOTES)
    mistakes = [
        ("the factor 1/2 is missing", 2 * want),
        ("the sign is turned: a good h has alpha > 0", -want),
        ("the error counts each example with its weight in D, not once",
         log_odds(plain) / 2),
        ("the error counts each example with its weight in D, not once; and the "
         "factor 1/2 is missing", log_odds(plain)),
        ("this is a logarithm to base 2", want / math.log(2)),
        ("this is a logarithm to base 10", want / math.log(10)),
        ("this is the weighted error", error),
    ]  # fmt: skip
    compare.one(found, want, f"{call}: alpha, the first part,", VOTES, mistakes)
    part = f"{call}: the new weights"
    n = len(D)
    got = compare.table(after, (n,), part, VOTES)
    raised = weights * torch.where(wrong, math.exp(want), math.exp(-want))
    turned = weights * torch.where(wrong, math.exp(-want), math.exp(want))
    once = weights * torch.where(wrong, math.exp(want), 1.0)
    fresh = torch.where(wrong, math.exp(want), math.exp(-want)).double()
    total = raised.sum()
    slips = [
        ("they must add up to 1: divide by Z, their sum", raised),
        ("the sign is turned: what h got wrong must gain weight",
         turned / turned.sum()),
        ("only the wrong ones were changed; the right ones lose weight as well",
         once / once.sum()),
        ("they do not start from D, the weights of the round before",
         fresh / fresh.sum()),
        ("nothing was changed", weights),
    ]  # fmt: skip
    scale = n if n > 20 else 1  # many weights are each small
    compare.same(scale * got, scale * raised / total, part if scale == 1 else
          f"{part}, each times {n},", VOTES,
          [(said, scale * slip) for said, slip in slips], tol=1e-4)  # fmt: skip
    left = got[wrong].sum().item()
    assert abs(left - 0.5) < 1e-3, (
        f"{part}: the same h must err by exactly 1/2 under them, it errs by "
        f"{left:.4f}. {VOTES}"
    )


def _round(n, error, dtype=torch.float64):
    """Weights, votes and labels of n examples, with this weighted error."""
    D = torch.rand(n, dtype=torch.float64) + 0.05
    wrong = torch.rand(n) < 0.4
    wrong[:2] = torch.tensor([True, False])
    D[wrong] *= error / D[wrong].sum()
    D[~wrong] *= (1 - error) / D[~wrong].sum()
    y = 2 * torch.randint(2, (n,)) - 1
    mixed = torch.randperm(n)
    return D[mixed].to(dtype), torch.where(wrong, -y, y)[mixed], y[mixed]


@task("13.1", points=1)
def test_round(answers):
    """Four examples by hand, random weights

    Compared with the formula, and with its identity: afterwards h errs by 1/2.
    """
    D = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    h, y = torch.tensor([1, -1, -1, -1]), torch.tensor([1, 1, -1, -1])
    _check_round(answers, D, h, y, "the example")
    for dtype in DTYPES:
        error = 0.1 + 0.3 * random.random()
        _check_round(answers, *_round(15, error, dtype), f"15 random ones, {dtype}")


@task("13.1", points=1, hidden=True)
def test_round_at_the_ends(answers):
    """1,000 examples, a learner that is hardly ever wrong, one that mostly is

    Worse than chance is no mistake of the formula: alpha is below 0 there.
    """
    for error in (1e-5, 0.02, 0.7 + 0.2 * random.random(), 0.5):
        _check_round(answers, *_round(1000, error), f"an error of {error:.3g}")


# --------------------------------------------------------------- 13.2 Many as one


def _cosines(z):
    unit = z.double() / z.double().norm(dim=1, keepdim=True)
    return unit @ unit.T


def _check_as_one(answers, parts, weights, name):
    call = f"as_one(parts, weights) with {name}"
    n, width = len(parts[0]), sum(part.shape[1] for part in parts)
    got = answers.as_one(parts, list(weights))
    z = compare.table(got, (n, width), call, NETS)
    w = torch.tensor(weights, dtype=torch.float64)
    alpha = w / w.sum()
    sims = torch.stack([_cosines(part) for part in parts])

    def mean(shares, tables=sims):
        return torch.einsum("m,mij->ij", shares, tables)

    raw = torch.stack([part.double() @ part.double().T for part in parts])
    loose = mean(alpha, raw)
    length = loose.diagonal().sqrt()
    joined = raw.sum(dim=0)
    whole = joined.diagonal().sqrt()
    squared = alpha.square() / alpha.square().sum()
    mistakes = [
        ("this gives each learner alpha^2: multiply by the root of alpha",
         mean(alpha.square())),
        ("this gives each learner alpha^2: multiply by the root of alpha",
         mean(squared)),
        ("divide the weights by their sum", mean(w)),
        ("divide the weights by their sum, and take the root", mean(w.square())),
        ("the weights are not used", mean(torch.full_like(alpha, 1 / len(parts)))),
        ("the weights are not used, nor the sum made a mean",
         mean(torch.ones_like(alpha))),
        ("each learner is made of length 1 before they are joined", loose),
        ("each learner is made of length 1 before they are joined, not after",
         loose / (length[:, None] * length)),
        ("each learner is made of length 1 before they are joined; and the weights "
         "are not used", joined / (whole[:, None] * whole)),
    ]  # fmt: skip
    what = f"{call}: the table of dot products of its rows"
    compare.same(z @ z.T, mean(alpha), what, NETS, mistakes)


def _parts(n, widths, dtype=torch.float64):
    """Embeddings of n points by learners of these widths, of unequal lengths."""
    return [
        (torch.randn(n, d) * (0.3 + 4 * torch.rand(n, 1)) * (m + 1)).to(dtype)
        for m, d in enumerate(widths)
    ]


@task("13.2", points=1)
def test_as_one(answers):
    """Two learners by hand, three random ones

    Dot products are compared with the weighted mean of the cosines.
    """
    parts = [torch.tensor([[3.0, 4.0], [4.0, 3.0]]), torch.tensor([[-2.0], [5.0]])]
    _check_as_one(answers, parts, [1.0, 3.0], "the example")
    for dtype in DTYPES:
        weights = [round(0.3 + 3 * random.random(), 3) for _ in range(3)]
        parts = _parts(9, random.sample(range(2, 8), 3), dtype)
        _check_as_one(answers, parts, weights, f"3 random learners, {dtype}")


@task("13.2", points=2, hidden=True)
def test_as_one_at_the_ends(answers):
    """One learner, twelve, a weight of 0, lengths from 0.001 to 1,000

    A learner of weight 0 keeps its columns, and counts nothing.
    """
    _check_as_one(answers, _parts(6, [5]), [0.4], "one learner")
    weights = [0.1 + random.random() for _ in range(12)]
    _check_as_one(answers, _parts(20, range(1, 13)), weights, "12 learners")
    _check_as_one(answers, _parts(8, [4, 2, 3]), [2.0, 0.0, 5.0], "a weight of 0")
    parts = [10.0 ** (6 * torch.rand(30, 1) - 3) * p for p in _parts(30, [8, 16])]
    _check_as_one(answers, parts, [300.0, 100.0], "lengths from 0.001 to 1,000")


# --------------------------------------------------------------- 13.3 Shared errors


def _check_shared(answers, errors, name):
    call = f"shared(errors) with {name}"
    got = compare.table(answers.shared(errors), (2,), call, MEANS)
    e = errors.double()
    M, p = e.shape
    centred = e - e.mean(dim=1, keepdim=True)

    def parts(table, size):
        cov = table @ table.T / size
        own = cov.diagonal().mean().item()
        return own, (cov.sum() - cov.diagonal().sum()).item() / (M * M - M), cov

    s2, between, cov = parts(centred, p)
    s2_raw, between_raw, _ = parts(e, p)
    scale = cov.diagonal().rsqrt()
    pearson = scale[:, None] * cov * scale
    mean_pearson = (pearson.sum() - M).item() / (M * M - M)
    compare.one(
        got[0].item(),
        s2,
        f"{call}: the first number",
        MEANS,
        [
            ("a variance is taken about the mean: take each learner's mean off first",
             s2_raw),
            ("divide by p, not by p - 1", s2 * p / (p - 1)),
            ("this is the variance of the mean error; the mean of the variances is "
             "asked for", centred.mean(dim=0).square().mean().item()),
            ("this is its root", math.sqrt(s2)),
            ("this is the variance of all errors together",
             (e - e.mean()).square().mean().item()),
            ("this is a sum over learners, not a mean", M * s2),
        ],
    )  # fmt: skip
    rho = between / s2
    compare.one(
        got[1].item(),
        rho,
        f"{call}: the second number",
        MEANS,
        [
            ("this is the mean of the correlations; where variances differ, the mean "
             "covariance over sigma^2 is another number", mean_pearson),
            ("this is the mean covariance, not yet divided by sigma^2", between),
            ("leave out the diagonal: a learner with itself is no pair",
             cov.mean().item() / s2),
            ("a covariance is taken about the means: take each learner's mean off "
             "first", between_raw / s2_raw),
            ("take no absolute values: errors of opposite sign cancel",
             (cov.abs().sum() - cov.diagonal().sum()).item() / (M * M - M) / s2),
            ("each pair stands in the table twice: the mean is over M^2 - M entries",
             between / s2 / 2),
        ],
    )  # fmt: skip
    mean = centred.mean(dim=0).square().mean().item()
    s, r = got.tolist()
    assert abs(r * s + (1 - r) * s / M - mean) <= 1e-3 * max(1, mean), (
        f"{call}: rho sigma^2 + (1 - rho) sigma^2 / M is not the variance of the mean "
        f"error, {mean:.4f}. {MEANS}"
    )


def _errors(M, p, common, dtype=torch.float64):
    """Errors of M learners, with something in common, of unequal sizes, not about 0."""
    e = common * torch.randn(p) + torch.randn(M, p)
    size = 0.3 + 2 * torch.rand(M, 1)
    return (size * e + 2 * torch.rand(M, 1)).to(dtype)


@task("13.3", points=1)
def test_shared(answers):
    """Two learners by hand, random ones

    Compared with sums over all pairs, and with the variance of the mean error.
    """
    errors = torch.tensor([[3.0, 0.0, 0.0], [2.0, 2.0, 8.0]], dtype=torch.float64)
    _check_shared(answers, errors, "the example")
    for dtype in DTYPES:
        M, common = random.randrange(3, 6), 0.5 + random.random()
        name = f"{M} random learners, {dtype}"
        _check_shared(answers, _errors(M, 11, common, dtype), name)


def _check_enough(answers, rho, share):
    call = f"enough(rho={rho}, share={share})"
    got = compare.number(answers.enough(rho, share), call, MEANS)
    want = next(
        (m for m in range(1, 100_000) if rho + (1 - rho) / m <= share), 0
    )  # fmt: skip
    mistakes = [
        ("this forgets rho: errors that are shared do not average out",
         math.ceil(1 / share)),
        ("this is one too few: the variance is still above", want - 1),
        ("this is one too many", want + 1),
        ("this is the share that is left with no end of learners", rho),
    ]  # fmt: skip
    if want == 0:
        assert got == 0, (
            f"{call} returned {got:.6g}, expected 0: the variance never falls below "
            f"rho = {rho} of one learner's, so that no number is enough. {MEANS}"
        )
    compare.one(got, want, call, MEANS, mistakes, tol=1e-9)


def _shares(rho):
    """A share above rho, at which no whole number is just enough."""
    while True:
        share = round(rho + (1 - rho) * (0.03 + 0.9 * random.random()), 3)
        exact = (1 - rho) / (share - rho)
        if 0.02 < exact % 1 < 0.98:
            return share


@task("13.3", points=1)
def test_enough(answers):
    """Two numbers by hand, random ones

    Compared with a search from one learner upwards.
    """
    _check_enough(answers, 0.2, 0.5)
    _check_enough(answers, 0.6, 0.5)
    for _ in range(4):
        rho = round(0.05 + 0.7 * random.random(), 2)
        _check_enough(answers, rho, _shares(rho))


@task("13.3", points=1, hidden=True)
def test_shared_and_enough_at_the_ends(answers):
    """40 learners, 5,000 pairs, copies of one learner, errors that cancel

    rho is 1 for copies, and -1 for two learners whose errors cancel.
    """
    _check_shared(answers, _errors(40, 5000, 1.0), "40 learners")
    e = 3 + torch.randn(1, 50, dtype=torch.float64)
    _check_shared(answers, e.repeat(4, 1), "four copies of a learner")
    _check_shared(answers, torch.cat([e, 1 - e]), "two learners whose errors cancel")
    for rho, share in ((0.0, 0.3), (0.9, 0.85), (0.31, 0.3), (0.5, 0.5007), (0.4, 1.0)):
        _check_enough(answers, rho, share)


# ------------------------------------------------------------- 13.4 Weights of pairs


def _bier(sims, same, beta1, beta2, cost, *, step=None, sign=1, every=False):
    """Loop over learners and pairs; the keywords make the known mistakes."""
    M, p = sims.shape
    w = torch.ones(M, p, dtype=torch.float64)
    for j in range(p):
        so_far = 0.0
        for m in range(1, M):
            nu = 2 / (m + 1) if step is None else step(m)
            so_far = (1 - nu) * so_far + nu * sims[m - 1, j].item()
            a = beta1 * (so_far - beta2)
            if not same[j]:
                a = -cost * a
            elif every:
                a = cost * a
            w[m, j] = torch.sigmoid(torch.tensor(-sign * a, dtype=torch.float64))
    return w


def _check_bier(answers, sims, same, beta1, beta2, cost, name):
    numbers = f"beta1={beta1}, beta2={beta2}, cost={cost}"
    call = f"pair_weights(sims, same, {numbers}) with {name}"
    got = answers.pair_weights(sims, same, beta1, beta2, cost)
    got = compare.table(got, tuple(sims.shape), call, BOOST)
    case = (sims.double(), same, beta1, beta2, cost)
    want = _bier(*case)
    early = torch.allclose(got[:-1], want[1:], atol=1e-4)
    assert len(sims) == 1 or not early, (
        f"{call}: the first learner has weight 1, and w_2 stands in the second row; "
        f"here all stand one row too early. {BOOST}"
    )
    running = want.cumprod(dim=0)
    again = want.clone()
    a = torch.where(same, 1.0, -cost).double() * beta1 * (case[0] - beta2)
    again[1:] = torch.sigmoid(-a[:-1])
    own = torch.sigmoid(-a)
    value = torch.nn.functional.softplus(-torch.where(same, 1.0, -cost).double()
        * beta1 * (_so_far(case[0]) - beta2))  # fmt: skip
    losses = torch.cat([torch.ones_like(value[:1]), value[:-1]])
    slope = want * torch.where(same, 1.0, cost)
    slope[0] = 1
    mistakes = [
        ("the sign is turned: what is not yet as it should be weighs most",
         _bier(*case, sign=-1)),
        ("nu_m is 2 / (m + 1), this is 1 / (m + 1): nu_1 must be 1, so that the "
         "second learner looks at all that the first says",
         _bier(*case, step=lambda m: 1 / (m + 1))),
        ("nu_m is 2 / (m + 1), this is 1 / m: a plain mean of those before",
         _bier(*case, step=lambda m: 1 / m)),
        ("nu_m is 2 / (m + 1), this is one m too late",
         _bier(*case, step=lambda m: 2 / (m + 2))),
        ("the cost is that of pairs of two classes only", _bier(*case, every=True)),
        ("the cost is missing", _bier(*case[:4], 1.0)),
        ("only the learner just before is heard, not all before", again),
        ("learner m's own cosine is no part of its weight", own),
        ("weights are not multiplied: each comes from s^m alone", running),
        ("this is the loss, not its slope", losses),
        ("the derivative is by a, so the cost is no factor", slope),
    ]  # fmt: skip
    compare.same(got, want, call, BOOST, mistakes)


def _so_far(sims):
    """What the learners up to each say together, (M, p)."""
    m = torch.arange(1, len(sims) + 1, dtype=torch.float64)[:, None]
    return (2 * m * sims).cumsum(dim=0) / (m * (m + 1))


@task("13.4", points=1)
def test_pair_weights(answers):
    """Two pairs by hand, thirty random ones

    Compared with a loop over learners and pairs.
    """
    sims = torch.tensor([[0.9, 0.48], [0.1, 0.54], [0.7, -0.2]], dtype=torch.float64)
    same = torch.tensor([True, False])
    _check_bier(answers, sims, same, 2.0, 0.5, 25.0, "the example")
    for dtype in DTYPES:
        M = random.randrange(4, 7)
        sims = (2 * torch.rand(M, 30) - 1).to(dtype)
        cost = round(2 + 4 * random.random(), 2)
        name = f"{M} learners and 30 random pairs, {dtype}"
        _check_bier(answers, sims, torch.rand(30) < 0.4, 1.5, 0.4, cost, name)


@task("13.4", points=2, hidden=True)
def test_pair_weights_at_the_ends(answers):
    """One learner, twelve, all pairs alike, a cost of 1,000

    No exponential leaves the range of floats.
    """
    sims = 2 * torch.rand(12, 40, dtype=torch.float64) - 1
    same = torch.rand(40) < 0.5
    _check_bier(answers, sims[:1], same, 2.0, 0.5, 25.0, "one learner")
    _check_bier(answers, sims, same, 2.0, 0.3, 5.0, "12 learners")
    _check_bier(answers, sims[:3], same | True, 2.0, 0.5, 25.0, "similar pairs only")
    _check_bier(answers, sims[:3], same & False, 2.0, 0.5, 3.0, "no similar pair")
    _check_bier(answers, sims[:4], same, 4.0, 0.5, 1000.0, "4 learners")
    _check_bier(answers, sims[:4].float(), same, 4.0, 0.5, 1000.0, "float32")


# ------------------------------------------------------------ 13.5 Who keeps a cluster


def _overlap(old, new, K):
    """Points in new cluster i and old cluster j, (K, K), counted one by one."""
    shared = np.zeros((K, K), dtype=int)
    for i, j in zip(new.tolist(), old.tolist(), strict=True):
        shared[i, j] += 1
    return shared


def _most_kept(shared):
    """The largest number of points that can keep their number."""
    K = len(shared)
    if K <= 6:
        every = itertools.permutations(range(K))
        return max(sum(shared[i, pi[i]] for i in range(K)) for pi in every)
    rows, columns = linear_sum_assignment(shared, maximize=True)
    return shared[rows, columns].sum()


def _check_renumber(answers, old, new, K, name):
    call = f"renumber(old, new, K={K}) with {name}"
    got = answers.renumber(old, new, K)
    got = compare.whole(got, (len(old),), K, call, DIVIDE)
    names = {}
    for c, given in zip(new.tolist(), got.tolist(), strict=True):
        first = names.setdefault(c, given)
        assert first == given, (
            f"{call}: points of the new cluster {c} got the numbers {first} and "
            f"{given}. The parts stay as they are; only their numbers change. {DIVIDE}"
        )
    double = len(set(names.values())) < len(names)
    assert not double, (
        f"{call}: two new clusters got the same number, in {names}; a learner has one "
        f"cluster. {DIVIDE}"
    )
    shared = _overlap(old, new, K)
    best, kept = int(_most_kept(shared)), int((got == old).sum())
    if kept == best:
        return
    cost = linear_sum_assignment(shared)[1].tolist()
    found = [names.get(i) for i in range(K)]
    there = all(f is None or f == c for f, c in zip(found, cost, strict=True))
    turned = linear_sum_assignment(shared.T, maximize=True)[1].tolist()
    back = all(f is None or f == c for f, c in zip(found, turned, strict=True))
    sizes = shared.sum(axis=0) + shared.sum(axis=1, keepdims=True)
    united = shared / (sizes - shared).clip(min=1)
    counts = shared.sum(axis=1, keepdims=True).clip(min=1)
    by_share = [linear_sum_assignment(table, maximize=True)[1].tolist()
                for table in (united, shared / counts)]  # fmt: skip
    by_share = [all(f is None or f == c for f, c in zip(found, way, strict=True))
                for way in by_share]  # fmt: skip
    said = "Try all renamings of a small example. "
    if bool((got == new).all()):
        said = "Nothing was renamed. "
    elif back:
        said = "The renaming goes the wrong way: from a new number to an old one. "
    elif any(by_share):
        said = "Points are counted, not shares of a cluster: large ones count more. "
    elif there:
        said = "This keeps as few as possible: the overlap is to be as large. "
    raise AssertionError(
        f"{call}: {kept} of {len(old)} points keep their number, {best} could. "
        f"{said}{DIVIDE}"
    )


def _blocks(shared):
    """Old and new numbers of points, shuffled, with these overlaps [new, old]."""
    pairs = [
        (j, i)
        for i, row in enumerate(shared)
        for j, count in enumerate(row)
        for _ in range(count)
    ]
    random.shuffle(pairs)
    return torch.tensor(pairs).T


@task("13.5", points=1)
def test_renumber(answers):
    """The example, overlaps on which the greedy choice fails, random clusters

    Compared with all renamings.
    """
    old, new = torch.tensor([[0, 0, 1, 1, 1, 2], [2, 2, 0, 0, 1, 1]])
    _check_renumber(answers, old, new, 3, "the example")
    greedy = _blocks([[5, 4, 0], [4, 0, 0], [0, 1, 2]])
    _check_renumber(answers, *greedy, 3, "15 points")
    shares = _blocks([[5, 0, 9], [0, 0, 4], [5, 3, 0]])
    _check_renumber(answers, *shares, 3, "26 points")
    circle = _blocks([[1, 6, 0, 0], [0, 1, 7, 0], [0, 0, 0, 5], [8, 0, 1, 0]])
    _check_renumber(answers, *circle, 4, "29 points")
    for K in (4, 5):
        _check_renumber(answers, *torch.randint(K, (2, 60)), K, "60 random points")


@task("13.5", points=1, hidden=True)
def test_renumber_in_large_data(answers):
    """25 clusters of 20,000 points, clusters that are empty, one cluster

    25 clusters have more renamings than can be tried.
    """
    pi = torch.randperm(25)
    old = torch.randint(25, (20_000,))
    new = torch.where(torch.rand(20_000) < 0.5, pi[old], torch.randint(25, (20_000,)))
    _check_renumber(answers, old, new, 25, "20,000 points")
    _check_renumber(answers, *torch.randint(25, (2, 300)), 25, "300 random points")
    old, new = 2 + torch.randint(3, (40,)), torch.randint(4, (40,))
    _check_renumber(answers, old, new, 6, "40 points, some clusters empty")
    _check_renumber(answers, *torch.zeros(2, 5, dtype=torch.int64), 1, "one cluster")


# ---------------------------------------------------------------------- 13.6 Break it


def _white(n, d):
    """Random points whose columns are uncorrelated, of variance 1, of any mean."""
    z = torch.randn(n, d, dtype=torch.float64)
    q, _ = torch.linalg.qr(z - z.mean(dim=0))
    return math.sqrt(n) * q + torch.randn(d)


def _check_twin(answers, n, d):
    call = f"twin(z) with {n} points, {d} columns"
    z = _white(n, d)
    got = as_numbers(answers.twin(z))
    found = "no table of numbers" if got is None else tuple(got.shape)
    fits = got is not None and got.ndim == 2 and len(got) == n and got.shape[1] <= 64
    assert fits, f"{call} returned {found}, expected shape ({n}, k), k <= 64. {APART}"
    assert got.isfinite().all(), f"{call} returned NaN or infinity. {APART}"
    want = z @ z.T
    off = (got @ got.T - want).abs().max().item() / want.abs().max().item()
    assert off < 1e-4, (
        f"{call}: a dot product of two rows has changed by {off:.2%} of the largest; "
        f"all must stay, so that the twin judges every pair as z does. {APART}"
    )
    joint = torch.corrcoef(torch.cat([z, got], dim=1).T)[:d, d:].nan_to_num(nan=0.0)
    a, b = (int(i) for i in np.unravel_index(int(joint.abs().argmax()), joint.shape))
    most = joint[a, b].item()
    assert abs(most) <= 0.5, (
        f"{call}: column {b} of the twin has the correlation {most:.3f} with column "
        f"{a} of z, expected 0.5 at most, up or down: each column must be a mixture of "
        f"many of z, no one of them large. {APART}"
    )


@task("13.6", points=1)
def test_twin(answers):
    """300 points, 16 and 24 columns

    Other columns, the same dot products.
    """
    for d in (16, 24):
        _check_twin(answers, 300, d)


@task("13.6", points=1, hidden=True)
def test_twin_of_other_sizes(answers):
    """Every number of columns from 16 to 32, 100 to 600 points

    The same construction must carry on.
    """
    _check_twin(answers, 100, 17)
    _check_twin(answers, 600, 31)
    for d in range(16, 33):
        _check_twin(answers, random.randrange(100, 600), d)


# ------------------------------------------------------------------------ 13.7 Explain

RUBRIC = """
a low correlation of activations proves nothing learners of pure noise and a rotated
copy of one learner have it too one must look at each learner alone against all together
and at the correlation of their errors four networks have four times the parameters and
were trained for four times the steps the fair opponent is a single network as large or
as expensive which already reaches 0.95 the machine looks for 40 words 20 of them
different for a word on what low correlation may hide noise useless random rotation
errors alone and for one on what the ensemble costs parameters wide larger steps budget
compute it refuses sentences of the rubric and what you quote from this task does not
count use your own words the points are confirmed or not by the person who reads it
"""
#: What else the task says: to quote it is no explanation.
STORY = """
say what a low correlation does not prove and whom an ensemble must beat a colleague
trains four networks for themselves and concatenates them recall@1 rises from 0.92 to
0.97 and she writes the learners activations are hardly correlated only 0.24 on average
so it is diversity and nothing else that gains the five points in explain_13_7 in at
least 40 words 100 are plenty name two things that her sentence does not show and what
she would have to measure ask first what else has a correlation of 0.24 then ask what
else was changed together with the number of learners one answer is about what the
number means the other about whom she compares with two or three sentences on each
between the triple quotes
"""


@task("13.7", points=2)
def test_explanation_is_there(answers):
    """Your explanation, before a person reads it

    The machine looks for length and for the two ideas of the rubric only; the points
    are confirmed by the person who reads it.
    """
    joined = own_words(answers, "explain_13_7", rubric=RUBRIC, see=EQUAL, story=STORY)
    hides = ("nois", "useless", "random", "rotat", "error", "alone", "by itself",
             "nonsense", "garbage", "worthless", "meaningless", "copy", "copies",
             "individual", "uninformative", "mistakes", "on its own", "on their own",
             "each learner", "each network", "each member", "separately",
             "quality")  # fmt: skip
    assert any(stem in joined for stem in hides), (
        "explain_13_7 does not say which learners have a low correlation as well, "
        f"though they add nothing. {APART}"
    )
    costs = ("parameter", "weights", "wide", "larger", "bigger", "steps", "budget",
             "comput", "cost", "expens", "capacity", "as large", "as big", "size",
             "four times", "fourfold")  # fmt: skip
    assert any(stem in joined for stem in costs), (
        "explain_13_7 does not say what the ensemble has more of than the single "
        f"network it is compared with. {EQUAL}"
    )


# ---------------------------------------------------------------------- 13.8 Challenge


def _sizes(p, shares):
    sizes = []
    for share in shares:
        p = math.ceil(share * p)
        sizes.append(p)
    return sizes


def _slip_size(p, shares, k, size):
    """What a wrong number of pairs comes from, in words."""
    before = [p, *_sizes(p, shares)][k]
    if size == math.floor(shares[k] * before):
        return "round up, not down"
    if size == math.ceil(shares[k] * p):
        return "h_k is a share of those that exit k - 1 kept, not of all"
    if size == before - math.ceil(shares[k] * before):
        return "these may be the ones to be dropped"
    return "each exit keeps the share h_k of those that the exit before kept"


def _check_funnel(answers, losses, shares, name):
    K, p = losses.shape
    call = f"funnel(losses, shares={list(shares)}) with {name}"
    given = answers.funnel(losses, list(shares))
    if isinstance(given, torch.Tensor | np.ndarray) and given.ndim == 2:
        given = list(given)  # rows of one length
    rows = len(given) if isinstance(given, list | tuple) else None
    assert rows == K, (
        f"{call} returned {given!r:.80}, expected a list of {K} rows of pair numbers, "
        f"one an exit. {DEPTHS}"
    )
    alive = list(range(p))
    for k, (size, row) in enumerate(zip(_sizes(p, shares), given, strict=True)):
        where = f"{call}: exit {k + 1}"
        numbers = as_numbers(row)
        flat = numbers is not None and numbers.ndim == 1
        assert flat, f"{where} is {row!r:.80}, expected a row of numbers. {DEPTHS}"
        said = _slip_size(p, shares, k, len(numbers))
        assert len(numbers) == size, (
            f"{where} keeps {len(numbers)} pairs, expected {size}: {said}. {DEPTHS}"
        )
        kept = compare.whole(row, (size,), p, where, DEPTHS).tolist()
        assert len(set(kept)) == size, f"{where} keeps a pair twice. {DEPTHS}"
        _check_hardest(losses.double(), k, alive, kept, where)
        alive = kept


def _check_hardest(losses, k, alive, kept, where):
    """Complain unless kept are those of alive with the largest losses of exit k."""
    loss = losses[k]
    best = loss[alive].sort(descending=True).values[: len(kept)]
    inside = set(kept) <= set(alive)
    if inside and torch.equal(loss[kept].sort(descending=True).values, best):
        return

    def picks(values, among=alive, largest=True):
        order = values[among].argsort(descending=largest)[: len(kept)]
        return {among[i] for i in order.tolist()}

    every = list(range(losses.shape[1]))
    slips = [
        ("these have the smallest losses; a hard pair has a large one",
         picks(loss, largest=False)),
        ("each exit ranks by its own loss, this one by that of the first exit",
         picks(losses[0]) if k > 1 else None),
        ("each exit ranks by its own loss, this one by that of the exit before",
         picks(losses[k - 1])),
        ("this ranks by the mean loss over exits", picks(losses.mean(dim=0))),
        ("this chooses among all pairs; exit k sees only what exit k - 1 kept",
         picks(loss, every)),
    ]  # fmt: skip
    for said, slip in slips:
        assert set(kept) != slip, f"{where} is wrong: {said}. {DEPTHS}"
    places = [i for i in kept if i < len(alive)]
    moved = [alive[i] for i in places]
    ordered = [sorted(alive)[i] for i in places]
    position = any(
        len(row) == len(kept)
        and torch.equal(loss[row].sort(descending=True).values, best)
        for row in (moved, ordered)
    )
    assert not position, (
        f"{where} holds places in the row of the exit before; write down which pairs "
        f"stand there. {DEPTHS}"
    )
    strangers = sorted(set(kept) - set(alive))
    assert inside, (
        f"{where} keeps pair {strangers[:1]}, which an exit before has dropped. "
        f"{DEPTHS}"
    )
    easy = min(kept, key=lambda j: loss[j].item())
    missed = max(set(alive) - set(kept), key=lambda j: loss[j].item())
    raise AssertionError(
        f"{where} keeps pair {easy} with loss {loss[easy]:.4f}, and drops {missed} "
        f"with {loss[missed]:.4f}: the hardest are kept. {DEPTHS}"
    )


@task("13.8", points=1)
def test_funnel(answers):
    """Five pairs by hand, sixty random ones

    At each exit: how many, which, and by whose loss.
    """
    rows = [[4.0, 3.0, 2.0, 1.0, 5.0], [0.0, 5.0, 9.0, 7.0, 6.0], [3.0, 1.0, 2.0, 8, 4]]
    losses = torch.tensor(rows, dtype=torch.float64)
    _check_funnel(answers, losses, (0.75, 0.5, 0.5), "the example")
    for dtype in DTYPES:
        shares = [0.625, *(random.randrange(4, 8) / 8 for _ in range(2))]
        losses = torch.rand(3, 61).to(dtype)
        _check_funnel(answers, losses, shares, f"61 random pairs, {dtype}")


@task("13.8", points=2, hidden=True)
def test_funnel_at_the_ends(answers):
    """Six exits, 5,000 pairs, shares of 1, close and equal losses, a single pair

    Of equal losses any may be kept.
    """
    _check_funnel(answers, torch.rand(6, 5000), [1.0, *[0.625] * 5], "5,000 pairs")
    _check_funnel(answers, torch.rand(3, 40), (1.0, 1.0, 1.0), "40 pairs")
    losses = 1 + torch.rand(3, 200) / 1000
    _check_funnel(answers, losses, (0.625, 0.5, 0.5), "200 pairs of close losses")
    losses = (torch.rand(4, 300) - 0.6).clamp(min=0)  # most of them 0
    _check_funnel(answers, losses, (0.875, 0.75, 0.75, 0.5), "300 pairs, many at 0")
    losses = torch.randint(3, (3, 33)).double()
    _check_funnel(answers, losses, (0.5, 0.5, 0.125), "33 pairs of equal losses")
    _check_funnel(answers, torch.rand(3, 1), (0.5, 0.25, 0.125), "one pair")
    _check_funnel(answers, torch.rand(1, 9), (0.375,), "one exit")
