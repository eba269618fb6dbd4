# Written by `mlcourse release`: change the course's sources, not this file.
"""Checks of exercise 08, Ranking losses."""

import math

import numpy as np
import torch

from mlcourse.grading import compare, own_words, task

HIDES = ("mlcourse.losses",)

SPRINGS = "See lecture 08, section 'Springs: the contrastive loss'."
BAND = "See lecture 08, section 'A learned boundary: the margin loss'."
TRIPLETS = "See lecture 08, section 'Relative: triplets'."
LISTS = "See lecture 08, section 'Lists and temperature'."
WEIGHTS = "See lecture 08, section 'Pair weights'."
RANKS = "See lecture 08, section 'Ranks: Smooth-AP'."
MISTAKES = "See lecture 08, section 'Common mistakes'."

#: What is larger than this is no answer to any task.
LARGEST = 1e9


def _near(a, b, tol=1e-3):
    a, b = torch.as_tensor(a).double(), torch.as_tensor(b).double()
    if a.shape != b.shape or not b.isfinite().all():
        return False
    return bool(((a - b).abs() <= tol * (1e-2 + b.abs())).all())


def _show(numbers):
    return str(torch.as_tensor(numbers).double().round(decimals=4).tolist())


def _same(got, want, call, reading, mistakes=()):
    """Say that got is not want, with the words of the mistake that explains it."""
    if _near(got, want):
        return
    for words, wrong in mistakes:
        slip = wrong is not None and _near(got, wrong)
        assert not slip, f"{call}: {words}. {reading}"
    got, want = (torch.as_tensor(t).double() for t in (got, want))
    raise AssertionError(f"{call} {compare.versus(got, want)}. {reading}")


def _draw(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def _labels(*sizes):
    """Labels, not in order and not from 0, with these class sizes."""
    names = (torch.randperm(9)[: len(sizes)] - 3).tolist()
    y = [c for c, size in zip(names, sizes, strict=True) for _ in range(size)]
    return torch.tensor(y)[torch.randperm(len(y))]


def _distances(n, scale=1.0):
    """Distances of random points in the plane, none of them near another's."""
    z = _draw(n, 2)
    return scale * torch.cdist(z, z, compute_mode="donot_use_mm_for_euclid_dist")


def _cosines(n, d=4):
    z = torch.nn.functional.normalize(_draw(n, d))
    sim = z @ z.T
    return ((sim + sim.T) / 2).clamp(-1, 1)


def _pairs(y):
    """S and D with i < j, by loops."""
    found = {True: [], False: []}
    for i in range(len(y)):
        for j in range(i + 1, len(y)):
            found[bool(y[i] == y[j])].append((i, j))
    return tuple(_rows(found[same], 2) for same in (True, False))


def _rows(rows, width):
    return torch.tensor(rows, dtype=torch.int64).reshape(len(rows), width)


def _friends(y, i):
    return [j for j in range(len(y)) if j != i and y[j] == y[i]]


def _strangers(y, i):
    return [j for j in range(len(y)) if y[j] != y[i]]


def _triplets(y):
    found = [
        (a, p, n)
        for a in range(len(y))
        for p in _friends(y, a)
        for n in _strangers(y, a)
    ]
    return _rows(found, 3)


def _slope(f, table, step=1e-6):
    """The derivative of f in every entry of a table, by central differences."""
    slopes = torch.zeros_like(table)
    for i in range(table.shape[0]):
        for j in range(table.shape[1]):
            ends = []
            for sign in (1, -1):
                moved = table.clone()
                moved[i, j] += sign * step
                ends.append(f(moved))
            slopes[i, j] = (ends[0] - ends[1]) / (2 * step)
    return slopes


def _springs(dist, S, D, margin):
    """Every pair's term: of S, and of D."""
    pull = [dist[i, j].item() ** 2 / 2 for i, j in S.tolist()]
    push = [max(margin - dist[i, j].item(), 0) ** 2 / 2 for i, j in D.tolist()]
    return pull, push


def _contrastive(dist, S, D, margin):
    pull, push = _springs(dist, S, D, margin)
    return (sum(pull) + sum(push)) / max(len(pull) + len(push), 1)


def _mean(values):
    return sum(values) / max(len(values), 1)


def _contrasts(answers, dist, S, D, margin, name):
    call = f"contrastive(dist, S, D, margin={margin}) with {name}"
    got = compare.number(answers.contrastive(dist, S, D, margin=margin), call, SPRINGS)
    pull, push = _springs(dist, S, D, margin)
    total, count = sum(pull) + sum(push), max(len(pull) + len(push), 1)
    far = [dist[i, j].item() for i, j in D.tolist()]
    near = [dist[i, j].item() for i, j in S.tolist()]
    square = [max(margin - d**2, 0) / 2 for d in far]
    twice = [max(margin - d**2, 0) ** 2 / 2 for d in far]
    open_end = [(margin - d) ** 2 / 2 for d in far]
    other_pull, other_push = _springs(dist, D, S, margin)
    mistakes = (
        ("the half is missing: twice what it should be", 2 * total / count),
        (
            "the half is missing on one side only",
            (2 * sum(pull) + sum(push)) / count,
        ),
        (
            "the half is missing on one side only",
            (sum(pull) + 2 * sum(push)) / count,
        ),
        ("this is the sum; divide it by |S| + |D|", total),
        (
            "S and D have a mean each here, added; there is one mean, over both",
            _mean(pull) + _mean(push),
        ),
        (
            "S and D have a mean each here; there is one mean, over both",
            (_mean(pull) + _mean(push)) / 2,
        ),
        ("this is a mean over all cells of dist", total / dist.numel()),
        (
            "the square is inside the hinge, as in [m - d²]; it is outside: [m - d]²",
            (sum(pull) + sum(square)) / count,
        ),
        (
            "the distance is squared in the hinge, [m - d²]²; it is [m - d]²",
            (sum(pull) + sum(twice)) / count,
        ),
        (
            "strangers beyond the margin are pulled in: the bracket [.]+ is max(., 0)",
            (sum(pull) + sum(open_end)) / count,
        ),
        (
            "the squares are missing",
            (sum(near) + sum(max(margin - d, 0) for d in far)) / count,
        ),
        (
            "the squares are missing",
            (sum(near) + sum(max(margin - d, 0) for d in far)) / 2 / count,
        ),
        (
            "S and D have changed places: S is to be near, D far",
            (sum(other_pull) + sum(other_push)) / count,
        ),
    )
    _same(got, _contrastive(dist, S, D, margin), call, SPRINGS, mistakes)


@task("08.1", points=1)
def test_contrastive_value(answers):
    """The statement's example, then random points

    (1²/2 + 0.4²/2 + 0) / 3: one friend at 1, one stranger at 0.5, one beyond 0.9.
    """
    dist = torch.tensor([[0, 1, 0.5], [1, 0, 2], [0.5, 2, 0]], dtype=torch.float64)
    S, D = torch.tensor([[0, 1]]), torch.tensor([[0, 2], [1, 2]])
    _contrasts(answers, dist, S, D, 0.9, "the statement's example")
    for sizes in ((3, 5), (2, 4, 4)):
        y = _labels(*sizes)
        S, D = _pairs(y)
        _contrasts(answers, _distances(len(y)), S, D, 1.4, f"{len(y)} random points")


def _band(dist, S, D, beta, y, margin, end=0):
    """The terms of S and of D before max(0, .); ``end`` says whose class counts."""
    pairs = [[(p[0], p[1], y[p[end]].item()) for p in rows.tolist()] for rows in (S, D)]
    pull = [(margin + dist[i, j] - beta[c]).item() for i, j, c in pairs[0]]
    push = [(margin - dist[i, j] + beta[c]).item() for i, j, c in pairs[1]]
    return pull, push


def _hinged(*terms):
    """Mean of those above 0; 0 where there is none."""
    return _mean([term for each in terms for term in each if term > 0])


def _bands(answers, dist, S, D, beta, y, margin, name):
    call = f"banded(dist, S, D, beta, labels, margin={margin}) with {name}"
    got = compare.number(answers.banded(dist, S, D, beta, y, margin=margin), call, BAND)
    pull, push = _band(dist, S, D, beta, y, margin)
    active = [term for term in (*pull, *push) if term > 0]
    want, count = _mean(active), len(pull) + len(push)
    mistakes = (
        (
            "this is a mean over all pairs; only those whose term is above 0 count, "
            f"here {len(active)} of {count}",
            sum(active) / max(count, 1),
        ),
        ("this is the sum; divide it by |A|", sum(active)),
        (
            "S and D have a mean each here, added; there is one mean, over both",
            _hinged(pull) + _hinged(push),
        ),
        (
            "the boundary is that of a pair's second point; it is that of the first",
            _hinged(*_band(dist, S, D, beta, y, margin, end=1)),
        ),
        (
            "the margin has the wrong sign: friends are to be within beta - m, "
            "strangers beyond beta + m",
            _hinged(*_band(dist, S, D, beta, y, -margin)),
        ),
        (
            "S and D have changed places: S is to be near, D far",
            _hinged(*_band(dist, D, S, beta, y, margin)),
        ),
        (
            "pairs that are done count too: the terms are max(0, .)",
            _mean(pull + push),
        ),
        (
            "the terms are squared; these hinges are not",
            _mean([term**2 for term in active]),
        ),
        (
            "the terms are squared; these hinges are not",
            _mean([term**2 / 2 for term in active]),
        ),
    )
    _same(got, want, call, BAND, mistakes)


@task("08.1", points=1)
def test_banded_value(answers):
    """A boundary for each class: the statement's example, then random points

    (0.3 + 0.6) / 2: the friends are too far, one stranger is too near, one is done.
    """
    dist = torch.tensor([[0, 1, 0.5], [1, 0, 2], [0.5, 2, 0]], dtype=torch.float64)
    S, D = torch.tensor([[0, 1]]), torch.tensor([[0, 2], [1, 2]])
    beta, y = torch.tensor([0.9, 3.0], dtype=torch.float64), torch.tensor([0, 0, 1])
    _bands(answers, dist, S, D, beta, y, 0.2, "the statement's example")
    for C in (2, 4):
        y = torch.arange(C).repeat(3)[torch.randperm(3 * C)]
        beta = 1 + torch.rand(C, dtype=torch.float64)
        S, D = _pairs(y)
        _bands(answers, _distances(3 * C), S, D, beta, y, 0.3, f"{3 * C} random points")


def _hinges(dist, T, margin, power=1):
    return [
        dist[a, p].item() ** power - dist[a, n].item() ** power + margin
        for a, p, n in T.tolist()
    ]


def _triplet(dist, T, margin):
    return _mean([max(h, 0) for h in _hinges(dist, T, margin)])


def _compares(answers, dist, T, margin, name):
    call = f"triplet(dist, T, margin={margin}) with {name}"
    got = compare.number(answers.triplet(dist, T, margin=margin), call, TRIPLETS)
    raw = _hinges(dist, T, margin)
    cut = [max(h, 0) for h in raw]
    active = [h for h in raw if h > 0]
    squares = [max(h, 0) for h in _hinges(dist, T, margin, power=2)]
    flipped = [max(2 * margin - h, 0) for h in raw]
    bare = [max(h - margin, 0) for h in raw]
    less = [max(h - 2 * margin, 0) for h in raw]
    each = "is missing, or stands around the mean: max(., 0) of each triplet"
    soft = [math.log1p(math.exp(h - margin)) for h in raw]
    mistakes = (
        ("this is the sum; divide it by the number of triplets", sum(cut)),
        (
            "this is a mean over the active triplets; those with loss 0 count, too",
            _mean(active),
        ),
        ("these are squared distances; dist holds them as they are", _mean(squares)),
        (f"the bracket [.]+ {each}", _mean(raw)),
        (f"the bracket [.]+ {each}", max(_mean(raw), 0)),
        (
            "positive and negative have changed places: T holds (a, p, n)",
            _mean(flipped),
        ),
        ("the margin is missing", _mean(bare)),
        ("the margin is added, not subtracted", _mean(less)),
        ("this is the soft margin, log(1 + e^.), another loss", _mean(soft)),
        ("this counts the active triplets", len(active) / max(len(raw), 1)),
    )
    _same(got, _triplet(dist, T, margin), call, TRIPLETS, mistakes)


def _zones(dist, T, margin):
    """hard, semi-hard, easy, by a loop."""
    counts = [0, 0, 0]
    for a, p, n in T.tolist():
        near, far = dist[a, p].item(), dist[a, n].item()
        counts[0 if far < near else 1 if far < near + margin else 2] += 1
    return counts


def _sorts(answers, dist, T, margin, name):
    call = f"zones(dist, T, margin={margin}) with {name}"
    got = compare.table(answers.zones(dist, T, margin=margin), (3,), call, TRIPLETS)
    hard, semi, easy = want = _zones(dist, T, margin)
    squared = _zones(dist.square(), T, margin)
    mistakes = (
        ("this is the order easy, semi-hard, hard", [easy, semi, hard]),
        ("this is the order semi-hard, hard, easy", [semi, hard, easy]),
        (
            "the hard ones are counted as semi-hard, too",
            [hard, hard + semi, easy],
        ),
        ("these are shares; return counts", [c / max(len(T), 1) for c in want]),
        ("the distances were squared, the margin was not", squared),
        (
            "semi-hard and easy have changed places: easy means a loss of 0",
            [hard, easy, semi],
        ),
    )
    _same(got, want, call, TRIPLETS, mistakes)


@task("08.2", points=1)
def test_triplet_value(answers):
    """The statement's example, then all triplets of random points

    Hinges 0.4, 1.2, -0.6, 0.1, -0.8, -0.5: those below 0 count as 0.
    """
    dist = torch.tensor(
        [[0, 1, 1.1, 0.3], [1, 0, 1.8, 2], [1.1, 1.8, 0, 0.7], [0.3, 2, 0.7, 0]],
        dtype=torch.float64,
    )
    T = torch.tensor([[0, 1, 2], [0, 1, 3], [2, 3, 1], [2, 3, 0], [3, 2, 1], [1, 0, 3]])
    _compares(answers, dist, T[:2], 0.5, "the first two triplets of the example")
    _compares(answers, dist, T, 0.5, "the statement's example")
    for sizes in ((3, 4), (4, 2, 3)):
        y = _labels(*sizes)
        _compares(answers, _distances(len(y)), _triplets(y), 0.7, f"{len(y)} points")


@task("08.2", points=1)
def test_zones(answers):
    """Hard, semi-hard, easy

    The second is hard, since 0.3 < 1; the first semi-hard, since 1 <= 1.1 < 1 + 0.5.
    """
    dist = torch.tensor(
        [[0, 1, 1.1, 0.3], [1, 0, 1.8, 2], [1.1, 1.8, 0, 0.7], [0.3, 2, 0.7, 0]],
        dtype=torch.float64,
    )
    T = torch.tensor([[0, 1, 2], [0, 1, 3], [2, 3, 1], [2, 3, 0], [3, 2, 1], [1, 0, 3]])
    _sorts(answers, dist, T, 0.5, "the statement's example")
    for sizes in ((3, 4), (4, 2, 3)):
        y = _labels(*sizes)
        T = _triplets(y)[: 3 * len(y)]
        _sorts(answers, _distances(len(y)), T, 0.6, f"{len(y)} random points")


def _logs(sim, y, tau, *, rest=None, itself=False, bare=False):
    """log p_ip of every anchor's friends, by loops, shifted so that nothing overflows.

    ``rest``: the denominator, "alone" for this friend and the strangers.
    """
    found = []
    for i in range(len(y)):
        friends, logs = _friends(y, i), []
        for p in friends:
            own = _strangers(y, i)
            own += [p] if rest == "alone" else [] if rest == "none" else friends
            own += [i] if itself else []
            if not own:
                return None
            top = max(sim[i, k].item() for k in own)
            scale = 1.0 if bare else tau
            total = sum(math.exp((sim[i, k].item() - top) / scale) for k in own)
            logs.append(sim[i, p].item() / tau - top / scale - math.log(total))
        found.append(logs)
    return found


def _outside(logs):
    logs = [each for each in logs if each]
    return _mean([-_mean(each) for each in logs])


def _inside(logs):
    logs = [each for each in logs if each]
    costs = []
    for each in logs:
        top = max(each)
        costs.append(-top - math.log(_mean([math.exp(v - top) for v in each])))
    return _mean(costs)


def _means(answers, sim, y, tau, name):
    for function, mean, other in (
        ("supcon", _outside, _inside),
        ("supcon_inside", _inside, _outside),
    ):
        call = f"{function}(sim, labels, temperature={tau}) with {name}"
        got = getattr(answers, function)(sim, y, temperature=tau)
        got = compare.number(got, call, LISTS)
        logs = _logs(sim, y, tau)
        want = mean(logs)
        flat = [v for each in logs for v in each]
        anchors, n = sum(bool(each) for each in logs), len(y)
        summed = _mean([-sum(each) for each in logs if each])
        alone = _logs(sim, y, tau, rest="alone")
        without = _logs(sim, y, tau, rest="none")
        mistakes = [
            (
                "the mean stands on the wrong side of the logarithm: supcon has the "
                "mean of logs, supcon_inside the log of a mean",
                other(logs),
            ),
            (
                "the point itself is in the denominator, with similarity 1",
                mean(_logs(sim, y, tau, itself=True)),
            ),
            (
                "the other friends are missing in the denominator; this is InfoNCE's",
                mean(alone),
            ),
            (
                "the denominator holds strangers only; the friends belong in it, too",
                None if without is None else mean(without),
            ),
            (
                "points without a friend are counted as 0; leave them out of the mean",
                want * anchors / n,
            ),
            ("the sign is wrong", -want),
            ("this is the sum over anchors; take their mean", want * anchors),
            (
                "the temperature divides the friend's similarity only; it divides "
                "those of the denominator, too",
                mean(_logs(sim, y, tau, bare=True)),
            ),
            ("the similarities are multiplied by the temperature", None),
        ]
        mistakes[-1] = (mistakes[-1][0], mean(_logs(sim, y, 1 / tau)))
        if function == "supcon":
            mistakes += [
                (
                    "this is a mean over all pairs; take it over the friends of each "
                    "anchor first, so that a small class counts as much",
                    -_mean(flat),
                ),
                ("divide by the number of friends of the anchor", summed),
            ]
        else:
            total = _mean([v - math.log(len(e)) for v, e in _each(logs)])
            mistakes += [
                ("this is the log of the sum over friends, not of their mean", total)
            ]
        _same(got, want, call, LISTS, mistakes)


def _each(logs):
    """Each anchor's inner cost and its logs."""
    return [(_inside([each]), each) for each in logs if each]


@task("08.3", points=1)
def test_two_means(answers):
    """Four points by hand, then classes of unequal size

    In the statement's example only anchors 0, 1 and 2 have friends.
    """
    sim = torch.tensor(
        [[1, 0.8, 0, 0.4], [0.8, 1, 0.2, 0], [0, 0.2, 1, -0.4], [0.4, 0, -0.4, 1]],
        dtype=torch.float64,
    )
    y = torch.tensor([0, 0, 0, 1])
    _means(answers, sim, y, 0.2, "the statement's example")
    for sizes in ((3, 5), (2, 4, 3)):
        y = _labels(*sizes)
        _means(answers, _cosines(len(y)), y, 0.3, f"classes of {sizes} points")


@task("08.3", points=1)
def test_where_the_means_part(answers):
    """A batch on which the two means differ

    The check computes both losses of your points, by loops.
    """
    for tau in (0.05, 0.1, 0.2):
        call = f"means_apart({tau})"
        got = answers.means_apart(tau)
        got = compare.parts(got, ("z", "labels"), call, LISTS)
        z = compare.table(got[0], (None, None), f"{call}: z", LISTS)
        y = compare.table(got[1], (len(z),), f"{call}: labels", LISTS)
        assert 4 <= len(z) <= 20, f"{call}: {len(z)} points, expected 4 to 20. {LISTS}"
        unit = _near(z.norm(dim=1), torch.ones(len(z)), 1e-3)
        assert unit, (
            f"{call}: the rows of z must have length 1, got {_show(z.norm(dim=1))}: "
            f"similarities are cosines. {LISTS}"
        )
        kinds = len(set(y.tolist()))
        assert kinds >= 2, f"{call}: there must be two classes or more. {LISTS}"
        logs = _logs(z @ z.T, y, tau)
        assert any(logs), f"{call}: no point has a friend. {LISTS}"
        outer, inner = _outside(logs), _inside(logs)
        assert outer >= inner + 0.3 / tau, (
            f"{call}: supcon is {outer:.2f}, supcon_inside {inner:.2f} on your points; "
            f"they must differ by {0.3 / tau:.1f}. An anchor with one friend has no "
            "mean to take; one with a near and a far friend has. Write out both losses "
            f"for friends at similarity 1 and -1. {LISTS}"
        )


def _softplus_sum(exponents):
    """log(1 + sum of e^x), for exponents of any size."""
    top = max([0.0, *exponents])
    return top + math.log(math.exp(-top) + sum(math.exp(x - top) for x in exponents))


def _ms(sim, y, alpha, beta, base):
    """The loss, by loops."""
    total = 0.0
    for i in range(len(y)):
        near = [-alpha * (sim[i, p].item() - base) for p in _friends(y, i)]
        far = [beta * (sim[i, k].item() - base) for k in _strangers(y, i)]
        total += _softplus_sum(near) / alpha + _softplus_sum(far) / beta
    return total / len(y)


def _ms_weights(sim, y, alpha, beta, base, *, one=True):
    """Weights by loops: e^x_j / (1 + sum of e^x). ``one=False``: a mere softmax."""
    w = torch.zeros(len(y), len(y), dtype=torch.float64)
    for i in range(len(y)):
        for others, scale in ((_friends(y, i), -alpha), (_strangers(y, i), beta)):
            x = [scale * (sim[i, j].item() - base) for j in others]
            top = max([0.0, *x]) if one else max(x, default=0.0)
            total = (math.exp(-top) if one else 0.0) + sum(math.exp(v - top) for v in x)
            for j, v in zip(others, x, strict=True):
                w[i, j] = math.exp(v - top) / total / len(y)
    return w


def _weighs(answers, sim, y, alpha, beta, base, name):
    call = f"ms_weights(sim, labels, alpha={alpha}, beta={beta}, base={base}), {name}"
    got = answers.ms_weights(sim, y, alpha=alpha, beta=beta, base=base)
    n = len(y)
    got = compare.table(got, (n, n), call, WEIGHTS)
    want = _ms_weights(sim, y, alpha, beta, base)
    same = y[:, None] == y
    own = torch.where(same, -want, want)
    scale = torch.where(same, alpha, beta)
    alone = torch.sigmoid(torch.where(same, -alpha, beta) * (sim - base)) / n
    alone = alone.fill_diagonal_(0).double()
    filled = want.clone().fill_diagonal_(got.diagonal()[0].item())
    mistakes = (
        ("a weight is the size of a slope, so none is negative", own),
        ("the 1/n of the mean over anchors is missing", n * want),
        ("the diagonal must be 0: no point is its own friend", filled),
        (
            "the 1 of log(1 + ...) is missing: without it the weights of an anchor's "
            "friends, or strangers, always have the same sum",
            _ms_weights(sim, y, alpha, beta, base, one=False),
        ),
        (
            "each pair stands alone here: the 1 + sum runs over all friends, or all "
            "strangers, of the anchor",
            alone,
        ),
        (
            "alpha belongs to friends and beta to strangers, with a minus before alpha",
            _ms_weights(sim, y, beta, alpha, base),
        ),
        (
            "friends and strangers have changed places",
            _ms_weights(-sim, y, alpha, beta, -base),
        ),
        (
            "the factors 1/alpha and 1/beta of the loss are missing",
            want * scale,
        ),
        ("the base is missing", _ms_weights(sim, y, alpha, beta, 0.0)),
        (
            "[i, j] and [j, i] are added up here; each entry of sim is a variable of "
            "its own",
            want + want.T,
        ),
        (
            "rows and columns have changed places: row i is the anchor's",
            want.T,
        ),
    )
    _same(got, want, call, WEIGHTS, mistakes)


@task("08.4", points=1)
def test_weights_by_hand(answers):
    """The statement's example

    Row 0: one friend at 0.5, the base: weight 1/2 over n = 3. One stranger at 0.5, too.
    """
    sim = torch.tensor([[1, 0.5, 0.5], [0.5, 1, 0.6], [0.5, 0.6, 1]]).double()
    y = torch.tensor([0, 0, 1])
    _weighs(answers, sim, y, 2.0, 10.0, 0.5, "the statement's example")


@task("08.4", points=1)
def test_weights_against_finite_differences(answers):
    """Random cosines, against the slopes of the loss by finite differences

    The check moves every entry of sim a little, up and down, and sees what the loss
    does. Its loss is a loop over the formula.
    """
    for sizes in ((3, 4), (2, 3, 2)):
        y = _labels(*sizes)
        sim = _cosines(7)
        _weighs(answers, sim, y, 3.0, 8.0, 0.3, f"classes of {sizes} points")
        got = answers.ms_weights(sim, y, alpha=3.0, beta=8.0, base=0.3)
        slopes = _slope(lambda table, y=y: _ms(table, y, 3.0, 8.0, 0.3), sim).abs()
        call = "ms_weights against the slopes by finite differences"
        _same(compare.table(got, (7, 7), call, WEIGHTS), slopes, call, WEIGHTS)


def _cloud(got, call):
    """Return z and labels of a construction, and its distances."""
    got = compare.parts(got, ("z", "labels"), call, TRIPLETS)
    z = compare.table(got[0], (None, None), f"{call}: z", TRIPLETS)
    y = compare.table(got[1], (len(z),), f"{call}: labels", TRIPLETS)
    assert 4 <= len(z) <= 200, (
        f"{call}: there must be 4 to 200 points, got {len(z)}. {TRIPLETS}"
    )
    assert z.shape[1] >= 1, f"{call}: z has no columns. {TRIPLETS}"
    assert z.abs().max() < LARGEST, f"{call}: z has numbers beyond 1e9. {TRIPLETS}"
    return z, y, (z[:, None] - z).square().sum(dim=2).sqrt()


def _costs(dist, y, margin):
    """The hinge of every triplet, in blocks of an anchor."""
    costs = []
    for a in range(len(y)):
        own = y == y[a]
        own[a] = False
        gaps = dist[a, own][:, None] - dist[a, y != y[a]] + margin
        costs.append(gaps.clamp(min=0).flatten())
    return torch.cat(costs)


def _recall(dist, y):
    """Share of points whose nearest other is a friend; a tie counts as half."""
    right = []
    for a in range(len(y)):
        own = y == y[a]
        own[a] = False
        friend = dist[a, own].min() if own.any() else torch.tensor(math.inf)
        far = dist[a, y != y[a]]
        stranger = far.min() if len(far) else torch.tensor(math.inf)
        right.append(0.5 if friend == stranger else float(friend < stranger))
    return sum(right) / len(right)


@task("08.5", points=1)
def test_low_loss_bad_ranks(answers):
    """(a) A small mean loss, and no right neighbour

    The check computes the mean loss over all triplets and Recall@1 of your points.
    """
    for n_classes in (20, 30, 24):
        call = f"low_loss_bad_ranks({n_classes})"
        _, y, dist = _cloud(answers.low_loss_bad_ranks(n_classes), call)
        sizes = y.unique(return_counts=True)[1]
        fits = len(sizes) == n_classes and bool((sizes >= 2).all())
        assert fits, (
            f"{call}: there must be {n_classes} classes of 2 or more points, got class "
            f"sizes {sizes.tolist()}. {TRIPLETS}"
        )
        loss, recall = _costs(dist, y, 0.2).mean().item(), _recall(dist, y)
        assert recall <= 0.1, (
            f"{call}: Recall@1 is {recall:.2f}, and must be 0.1 or less: the nearest "
            f"other point must be a stranger (a tie counts half). {TRIPLETS}"
        )
        assert loss <= 0.03, (
            f"{call}: the mean triplet loss is {loss:.3f} with the margin 0.2, and "
            "must be 0.03 or less. Every wrong neighbour costs a margin or more, but "
            f"most strangers of an anchor can be far away. {TRIPLETS}"
        )


@task("08.5", points=1)
def test_high_loss_right_ranks(answers):
    """(b) Nearly the whole margin lost, and every neighbour right

    The check computes the cost of each triplet and Recall@1 of your points.
    """
    for margin in (0.2, 1.0, 0.05):
        call = f"high_loss_right_ranks({margin})"
        _, y, dist = _cloud(answers.high_loss_right_ranks(margin), call)
        sizes = y.unique(return_counts=True)[1]
        fits = len(sizes) >= 2 and bool((sizes >= 2).all())
        assert fits, (
            f"{call}: there must be 2 or more classes of 2 or more points, got class "
            f"sizes {sizes.tolist()}. {TRIPLETS}"
        )
        costs, recall = _costs(dist, y, margin), _recall(dist, y)
        assert recall == 1, (
            f"{call}: Recall@1 is {recall:.2f}, and must be 1: each point's nearest "
            f"other is a friend, without ties. {TRIPLETS}"
        )
        least = (costs / margin).min().item()
        assert least >= 0.9, (
            f"{call}: a triplet costs only {least:.2f} of the margin, and each must "
            "cost 0.9 or more. The margin is absolute; how large are your distances? "
            f"{TRIPLETS}"
        )


@task("08.5", points=1)
def test_square_or_not(answers):
    """(c) Easy by distance or by its square, but not by both

    The check computes both hinges of each of your two triplets.
    """
    got = answers.square_or_not()
    two = isinstance(got, list | tuple | torch.Tensor | np.ndarray) and len(got) == 2
    assert two, f"square_or_not() must return two triplets of points. {MISTAKES}"
    found = []
    for number, part in enumerate(got, start=1):
        call = f"square_or_not(): triplet {number}"
        z = compare.table(part, (3, 2), f"{call}, the rows a, p, n", MISTAKES)
        unit = _near(z.norm(dim=1), torch.ones(3), 1e-3)
        assert unit, (
            f"{call}: all points must have length 1, got {_show(z.norm(dim=1))}. "
            f"{MISTAKES}"
        )
        near, far = ((z[0] - z[k]).norm().item() for k in (1, 2))
        found.append((near - far + 0.2, near**2 - far**2 + 0.2))
    for number, (plain, squared) in enumerate(found, start=1):
        easy, active = (plain, squared) if number == 1 else (squared, plain)
        names = ("distances", "their squares")
        first, second = names if number == 1 else names[::-1]
        parted = easy <= -0.01 and active >= 0.01
        assert parted, (
            f"square_or_not(): triplet {number} has the hinge {easy:.3f} by {first} "
            f"and {active:.3f} by {second}; the first must be -0.01 or less (easy), "
            "the second 0.01 or more (active). Where is the square of a difference "
            f"small, where large? {MISTAKES}"
        )


RUBRIC = (
    "the few active triplets are divided by the number of all",
    "only the hardest strangers are pushed",
)
#: All that the task says: to quote it is no explanation.
STORY = """
say what an average and a temperature do to the forces in explain_08_6 in at least 40
words 100 are plenty a network is trained with the mean triplet loss over all triplets
of a batch why do its updates fade although some triplets are still wrong and what
changes if one averages over the active triplets instead one gain one price and which
strangers does a list loss such as infonce push when its temperature is very low or very
high write down the gradient of the mean for one violated triplet among 11,520 then the
share of the push for tau to 0 and tau to infty the size of a mean's gradient goes like
number active t the push on stranger k is proportional to e s ik tau two or three
sentences on each half between the triple quotes explain_08_6 the mean the temperature
name the gradient one gain one price and both ends of the temperature the few active
triplets are divided by the number of all so the gradient shrinks with their share a
mean over active ones keeps its size but the value of the loss no longer shows progress
or a few outliers or mislabelled images get the whole step low only the hardest
strangers are pushed as by a maximum high all strangers alike the easy ones too the
machine looks for 40 words 20 of them different and for the words temperature and
gradient or force it refuses sentences of the rubric and what you quote from this task
does not count use your own words the points are confirmed or not by the person who
reads it
"""


@task("08.6", points=2)
def test_explanation(answers):
    """Your explanation, before a person reads it

    Two halves: what a mean over all triplets does to the gradient, and what a low
    temperature does to the push.
    """
    joined = own_words(
        answers, "explain_08_6", rubric=RUBRIC, see=TRIPLETS, story=STORY
    )
    assert "gradient" in joined or "force" in joined, (
        "explain_08_6 does not say what becomes of the gradient, or of the forces. "
        f"{TRIPLETS}"
    )
    assert "temperature" in joined, (
        f"explain_08_6 does not say what the temperature does. {LISTS}"
    )


def _sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def _step(x):
    return float(x > 0)


def _spaced(n):
    """A symmetric table of similarities, no two of which are near each other."""
    i, j = torch.triu_indices(n, n, 1)
    sim = torch.eye(n, dtype=torch.float64)
    sim[i, j] = torch.randperm(len(i)).double() / len(i) * 1.8 - 0.9
    return sim + sim.triu(1).T


def _precision(sim, y, above, *, itself=False, tie=0.0, top=1.0):
    """AP of every query that has a friend, by loops over the formula.

    ``above`` says how much a difference of similarities counts. Slips: ``itself``: the
    query is in its list; ``tie``: the friend counts itself; ``top``: the 1 of the rank.
    """
    found = []
    for q in range(len(y)):
        friends, strangers = _friends(y, q), _strangers(y, q)
        friends = [*friends, q] if itself else friends
        values = []
        for i in friends:
            gap = {j: (sim[q, j] - sim[q, i]).item() for j in friends + strangers}
            among = sum(above(gap[j]) for j in friends if j != i)
            rank = among + sum(above(gap[j]) for j in strangers)
            values.append((top + tie + among) / max(top + tie + rank, 1e-12))
        if values:
            found.append(values)
    return found


def _ap(found):
    return 1 - _mean([_mean(values) for values in found])


def _ranks(answers, function, sim, y, name, above, **numbers):
    said = "".join(f", {key}={value}" for key, value in numbers.items())
    call = f"{function}(sim, labels{said}) with {name}"
    got = compare.number(getattr(answers, function)(sim, y, **numbers), call, RANKS)
    found = _precision(sim, y, above)
    want, n = _ap(found), len(y)
    flat = [v for values in found for v in values]
    mistakes = [
        (
            "the query stands in its own list, at rank 1; leave it out",
            _ap(_precision(sim, y, above, itself=True)),
        ),
        ("this is AP; the loss is 1 - AP", 1 - want),
        (
            "this is a mean over all friends; take it over those of each query first",
            1 - _mean(flat),
        ),
        (
            "queries without a friend are counted; leave them out of the mean",
            1 - (1 - want) * len(found) / n,
        ),
        (
            "the comparison is the wrong way round: a point counts where it is more "
            "similar to the query than the friend",
            _ap(_precision(-sim, y, above)),
        ),
    ]
    if numbers:
        half = _precision(sim, y, above, tie=0.5)
        mistakes.append(
            (
                "the friend is compared with itself, which adds 1/2 to its rank",
                _ap(half),
            )
        )
        plain = _precision(sim, y, _sigmoid)
        mistakes.append(("the temperature is missing", _ap(plain)))
    _same(got, want, call, RANKS, mistakes)


def _smooth(tau):
    return lambda gap: _sigmoid(gap / tau)


@task("08.7", points=1)
def test_exact_ap(answers):
    """Exact ranks: the statement's example, then random cosines

    Query 0 has its friends at ranks 1 and 3: AP (1/1 + 2/3) / 2.
    """
    sim = torch.tensor(
        [[1, 0.9, 0.1, 0.5], [0.9, 1, 0.3, 0.2], [0.1, 0.3, 1, 0.4], [0.5, 0.2, 0.4, 1]]
    ).double()
    y = torch.tensor([0, 0, 0, 1])
    _ranks(answers, "ap_loss", sim, y, "the statement's example", _step)
    for sizes in ((3, 5), (2, 4, 3)):
        y = _labels(*sizes)
        name = f"classes of {sizes} points"
        _ranks(answers, "ap_loss", _spaced(len(y)), y, name, _step)


@task("08.7", points=1)
def test_smooth_ap(answers):
    """Smooth ranks, against loops over the formula

    The sum over j leaves out the query and the friend i itself.
    """
    for sizes, tau in (((3, 5), 0.1), ((2, 4, 3), 0.5), ((4, 2, 2), 0.03)):
        y = _labels(*sizes)
        name = f"classes of {sizes} points"
        args = (answers, "smooth_ap", _cosines(len(y)), y, name, _smooth(tau))
        _ranks(*args, temperature=tau)


#: What the hidden checks add, by task.
HIDDEN_POINTS = {
    "08.1": 2,
    "08.2": 1,
    "08.3": 1,
    "08.4": 1,
    "08.7": 1,
}
