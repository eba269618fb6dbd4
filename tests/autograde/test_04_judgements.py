"""Checks of exercise 04, Judgements."""

import math
import re
from collections import Counter

import numpy as np
import torch

from mlcourse.grading import compare, own_words, task
from mlcourse.grading.as_numbers import as_numbers

HIDES = ("mlcourse.judgements",)
#: Libraries that answer some of the tasks: a person looks at them, no point is lost.
FLAGS = ("metric_learn", "pytorch_metric_learning", "networkx")

FORMULAS = "See lecture 04, section 'The formulas'."
COUNTS = "See lecture 04, section 'How many there are'."
FOLLOWS = "See lecture 04, section 'What follows from what was said'."
RELATIVE = "See lecture 04, section 'Relative judgements say less, and cost less'."
ERRORS = "See lecture 04, section 'When people err'."


def _said(got, width, call, reading):
    """Return rows of whole numbers as a list of tuples, or say what is off."""
    numbers = as_numbers(got)
    if numbers is not None and numbers.numel() == 0:
        return []
    shape = "no table of numbers" if numbers is None else tuple(numbers.shape)
    table = numbers is not None and numbers.ndim == 2 and numbers.shape[1] == width
    assert table, (
        f"{call} returned {shape}, expected rows of {width} indices, one judgement a "
        f"row. {reading}"
    )
    small = numbers.abs() < 2**53  # so that no rounding is hidden; false for nan
    whole = bool(small.all() and (numbers == numbers.round()).all())
    assert whole, f"{call} must hold whole numbers, the indices of points. {reading}"
    return [tuple(row) for row in numbers.long().tolist()]


def _same_rows(got, want, call, reading, mistakes=()):
    """Compare two sets of rows; a known mistake is called by its name."""
    twice = [row for row, times in Counter(got).items() if times > 1]
    assert not twice, (
        f"{call} holds {twice[0]} more than once; each judgement is said once. "
        f"{reading}"
    )
    got, want = set(got), set(want)
    for name, wrong in mistakes:
        assert got != set(wrong) or got == want, (
            f"{call} returned {sorted(got)[:6]}...: {name}. {reading}"
        )
    extra, absent = sorted(got - want), sorted(want - got)
    assert not extra, (
        f"{call} holds {extra[0]}, which does not belong there ({len(extra)} such "
        f"rows). {reading}"
    )
    assert not absent, (
        f"{call} lacks {absent[0]} ({len(absent)} rows are missing). {reading}"
    )


def _by_labels(labels):
    """S and D by two loops."""
    pairs = [(i, j) for i in range(len(labels)) for j in range(i + 1, len(labels))]
    return (
        [(i, j) for i, j in pairs if labels[i] == labels[j]],
        [(i, j) for i, j in pairs if labels[i] != labels[j]],
    )


MERGED = "large labels are merged, as floats merge them; compare whole numbers"


def _as_floats(labels):
    """The labels as float32 and as float64 know them."""
    return [np.array(labels).astype(kind).tolist() for kind in ("float32", "float64")]


# ------------------------------------------------------------- 04.1 S and D


def _check_pairs(answers, labels):
    S, D = _by_labels(labels)
    call = f"pairs(labels) with labels {labels[:12]}"
    got = answers.pairs(torch.tensor(labels, dtype=torch.int64))
    got = compare.parts(got, ("S", "D"), call, FORMULAS)
    merged = zip(*map(_by_labels, _as_floats(labels)), strict=True)
    parts = zip("SD", got, (S, D), (D, S), merged, strict=True)
    for name, rows, want, other, floats in parts:
        where = f"{name} of {call}"
        rows = _said(rows, 2, where, FORMULAS)
        own = [row for row in rows if row[0] == row[1]]
        assert not own, (
            f"{where} holds {own[0]}: no point is judged against itself. {FORMULAS}"
        )
        turned = [row for row in rows if row[0] > row[1]]
        assert not turned, (
            f"{where} holds {turned[0]}: a pair is said once, with i < j. {FORMULAS}"
        )
        mistakes = [(MERGED, wrong) for wrong in floats]
        if other:
            mistakes.append(("S and D are exchanged", other))
        _same_rows(rows, want, where, FORMULAS, mistakes)


@task("04.1", points=1)
def test_pairs_by_hand(answers):
    """Six points in classes of three, two and one

    Points 0, 2 and 4 are of class 7: three pairs. Points 1 and 3: one pair.
    """
    _check_pairs(answers, [7, 2, 7, 2, 7, 9])
    _check_pairs(answers, torch.randint(0, 4, (9,)).tolist())


@task("04.1", points=1, hidden=True)
def test_pairs_of_any_labels(answers):
    """Labels with gaps and minus signs, large labels, one class, only lonely points

    Only whether two labels are equal counts: not their values, their order or their
    number. Large whole numbers are not all floats. An empty S or D is an empty table.
    """
    for labels in (
        [-1, 5, -1, 10**12, 5, -1, 0],
        [3, 3, 3, 3],
        [4, 1, 3, 2],
        [2**31, 0, 2**31, 2**32],
        [2**24, 2**24 + 1, 2**24],  # one number in float32
        [2**62, 2**62 + 1, -(2**62), 2**62, 2**62 + 1],  # and in float64
        [0],
        (torch.randint(-5, 6, (23,)) * 1000).tolist(),
    ):
        _check_pairs(answers, labels)


# --------------------------------------------------------- 04.2 All triplets


def _triplets_by_labels(labels):
    """T by the loop over its definition, negatives last."""
    points = range(len(labels))
    return [
        (a, p, n)
        for a in points
        for p in points
        if a != p and labels[a] == labels[p]
        for n in points
        if labels[a] != labels[n]
    ]


def _check_triplets(answers, labels):
    call = f"triplets(labels) with labels {labels[:12]}"
    want = _triplets_by_labels(labels)
    got = answers.triplets(torch.tensor(labels, dtype=torch.int64))
    rows = _said(got, 3, call, FORMULAS)
    own = [row for row in rows if row[0] == row[1]]
    assert not own, (
        f"{call} holds {own[0]}: the positive is the anchor itself. {FORMULAS}"
    )
    mistakes = [
        ("positive and negative are exchanged", [(a, n, p) for a, p, n in want]),
        (
            "each pair serves with one end as anchor only; a and p change places too",
            [row for row in want if row[0] < row[1]],
        ),
        *((MERGED, _triplets_by_labels(floats)) for floats in _as_floats(labels)),
    ]
    _same_rows(rows, want, call, FORMULAS, mistakes)


@task("04.2", points=1)
def test_triplets_by_hand(answers):
    """Every ordered triplet of a small set

    Class 7 holds 0, 2 and 4: each is anchor for two positives, with three negatives.
    """
    _check_triplets(answers, [7, 2, 7, 2, 7, 9])
    _check_triplets(answers, torch.randint(0, 3, (8,)).tolist())


@task("04.2", points=1, hidden=True)
def test_triplets_of_many_lonely_points(answers):
    """Ten thousand points, of which seven have company

    There are 99,950 triplets, and 10^12 places in a table of all (a, p, n). Start from
    the pairs that are alike, and give each its negatives. Labels may be negative.
    """
    for labels in (
        [1, 1, 1],
        [4, -1, 3],
        [-3, -3, 10**12, -3, 0, 10**12],
        [2**62, 2**62 + 1, 2**62],  # one number as floats
    ):
        _check_triplets(answers, labels)
    n = 10_000
    labels, place = torch.arange(n) - n // 2, torch.randperm(n)
    labels[place[:3]], labels[place[3:5]], labels[place[5:7]] = n, n + 7, n + 9
    alike = [place[:3].tolist(), place[3:5].tolist(), place[5:7].tolist()]
    ordered = [(a, p) for group in alike for a in group for p in group if a != p]
    want = sum(
        n - len(group) for group in alike for a in group for p in group if a != p
    )
    call = "triplets(labels) with 10,000 points, of which seven have company"
    rows = _said(answers.triplets(labels), 3, call, COUNTS)
    assert len(rows) == want, (
        f"{call} returned {len(rows)} rows, expected {want}: the sum of "
        f"n_c (n_c - 1) (n - n_c) over the classes. {COUNTS}"
    )
    y = labels.tolist()
    _same_rows(
        rows,
        [(a, p, m) for a, p in ordered for m in range(n) if y[m] != y[a]],
        call,
        COUNTS,
    )


# -------------------------------------------------------- 04.3 What follows


def _groups(S, n):
    """The smallest point that S joins to each, by passing names along."""
    group = list(range(n))
    for _ in range(n):
        for i, j in S:
            group[i] = group[j] = min(group[i], group[j])
    return group


def _check_closure(answers, S, D, n):
    call = f"close(S, D, n) with S = {S[:8]}, D = {D[:8]}, n = {n}"
    group = _groups(S, n)
    torn = [(i, j) for i, j in D if group[i] == group[j]]
    apart = {frozenset((group[i], group[j])) for i, j in D if (i, j) not in torn}
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    wants = {
        "S+": [(i, j) for i, j in pairs if group[i] == group[j]],
        "D+": [(i, j) for i, j in pairs if frozenset((group[i], group[j])) in apart],
        "the contradictions": torn,
    }
    got = answers.close(
        torch.tensor(S, dtype=torch.int64).view(-1, 2),
        torch.tensor(D, dtype=torch.int64).view(-1, 2),
        n,
    )
    got = compare.parts(got, list(wants), call, FOLLOWS)
    for (name, want), rows in zip(wants.items(), got, strict=True):
        where = f"{name} of {call}"
        rows = _said(rows, 2, where, FOLLOWS)
        turned = [row for row in rows if row[0] >= row[1]]
        assert not turned, (
            f"{where} holds {turned[0]}: say each pair with i < j, none with itself. "
            f"{FOLLOWS}"
        )
        mistakes = [("this is what was said; say what follows, too", S)]
        if name == "D+":
            mistakes = [
                ("this is what was said; D speaks for whole groups", D),
                (
                    "different from a common third does not mean different, and "
                    "undecided pairs stay out",
                    [p for p in pairs if p not in wants["S+"]],
                ),
            ]
        if name == "the contradictions":
            mistakes = [("D against a pair or a chain of S contradicts", ())]
        _same_rows(rows, want, where, FOLLOWS, mistakes if want else ())


@task("04.3", points=1)
def test_closure_by_hand(answers):
    """Chains, and what D says about groups

    0, 1, 2 are joined by a chain, and 3, 4 by a pair. D parts 2 and 3, so it parts all
    of the first group from all of the second. 5 is parted from 4, hence from 3.
    """
    _check_closure(answers, [(0, 1), (1, 2), (3, 4)], [(2, 3), (4, 5)], 7)
    _check_closure(answers, [(2, 6), (1, 3), (3, 6), (0, 4)], [(0, 2), (4, 5)], 8)


@task("04.3", points=1, hidden=True)
def test_closure_of_any_judgements(answers):
    """Long chains, contradictions, nothing said

    A pair of D within a group is a contradiction: report it, and keep it out of D+. A
    chain may be long and its pairs in any order.
    """
    _check_closure(answers, [(0, 1), (1, 2), (2, 3)], [(0, 3), (1, 4)], 6)
    _check_closure(answers, [], [(0, 2)], 3)
    _check_closure(answers, [(1, 2)], [], 3)
    order = torch.randperm(29).tolist()
    _check_closure(answers, [(i, i + 1) for i in order], [(3, 30), (2, 9)], 32)
    for _ in range(4):
        draw = torch.rand(14, 14).triu(diagonal=1)
        S, D = ((draw > 0.9).nonzero(), ((draw > 0.82) & (draw < 0.9)).nonzero())
        S, D = ([tuple(row) for row in rows.tolist()] for rows in (S, D))
        _check_closure(answers, S, D, 14)


# ------------------------------------------------ 04.4 Weights, and a fair draw


def _check_weights(answers, sizes):
    n = sum(sizes)
    wants = {
        "S": [c * (c - 1) // 2 for c in sizes],
        "D": [c * (n - c) for c in sizes],
        "T": [c * (c - 1) * (n - c) for c in sizes],
    }
    call = f"weights(sizes) with sizes {sizes}"
    got = answers.weights(torch.tensor(sizes))
    got = compare.parts(got, list(wants), call, COUNTS)
    slips = {
        "S": [("each pair is said once, not twice", [c * (c - 1) for c in sizes])],
        "D": [("D pairs a class with all the others", [c * n for c in sizes])],
        "T": [
            ("a positive is not the anchor", [c * c * (n - c) for c in sizes]),
            (
                "both ends of a pair are anchors",
                [c * (c - 1) * (n - c) // 2 for c in sizes],
            ),
        ],
    }
    for (name, want), part in zip(wants.items(), got, strict=True):
        numbers = as_numbers(part)
        found = None if numbers is None else numbers.reshape(-1).tolist()
        fits = found is not None and len(found) == len(sizes)
        assert fits, (
            f"{name} of {call} must hold one count a class, {len(sizes)} numbers. "
            f"{COUNTS}"
        )
        for words, wrong in slips[name]:
            assert found != wrong or wrong == want, (
                f"{name} of {call} returned {found}, expected {want}: {words}. {COUNTS}"
            )
        right = all(abs(a - b) <= 1e-6 * b for a, b in zip(found, want, strict=True))
        assert right, f"{name} of {call} returned {found}, expected {want}. {COUNTS}"


@task("04.4", points=1)
def test_weights(answers):
    """How many judgements each class has

    A class of 3 among 6 points: 3 pairs in S, 3 times 3 in D, 3 times 2 times 3 in T.
    """
    _check_weights(answers, [3, 2, 1])
    _check_weights(answers, [1 + int(v) for v in torch.randint(0, 9, (5,))])
    _check_weights(answers, [200_000, 1_000, 1])


def _drawn(answers, y, m, seed):
    """The rows of one draw, each a pair of S."""
    call = f"fair_pairs(labels, m={m}, seed) with classes of 40, 8, 3, 2, 1 and 1"
    rows = _said(answers.fair_pairs(y, m, seed), 2, call, COUNTS)
    assert len(rows) == m, f"{call} returned {len(rows)} pairs, expected {m}. {COUNTS}"
    inside = all(0 <= i < j < len(y) for i, j in rows)
    assert inside, (
        f"{call} must hold pairs 0 <= i < j < n, no point with itself. {COUNTS}"
    )
    labels = y.tolist()
    alike = all(labels[i] == labels[j] for i, j in rows)
    assert alike, f"{call} holds a pair of two classes. {COUNTS}"
    return rows


@task("04.4", points=1, hidden=True)
def test_fair_draw(answers):
    """A draw in which every class counts alike

    Choose the class first, then a pair of it. Lonely points have no pair. The same
    seed gives the same pairs, another seed others; a fair draw fails in fewer than one
    of a million checks.
    """
    sizes = {4: 40, -1: 8, 9: 3, 6: 2}
    y = torch.tensor([c for c in sizes for _ in range(sizes[c])] + [2, 70])
    y = y[torch.randperm(len(y))]
    labels = y.tolist()
    m, seed = 4000, int(torch.randint(2**31, ()))
    rows = _drawn(answers, y, m, seed)
    few = [_drawn(answers, y, 40, seed + k) for k in range(40)]
    _drawn(answers, y.flip(0), m, seed)
    call = f"fair_pairs(labels, m={m}, seed) with classes of 40, 8, 3, 2, 1 and 1"
    assert rows == _drawn(answers, y, m, seed), (
        f"{call}: the same seed gave other pairs. Draw from a generator of your own "
        f"that is set to the seed. {COUNTS}"
    )
    assert len(set(map(tuple, few))) == 40, (
        f"{call}: another seed gave the same pairs. {COUNTS}"
    )
    share = Counter(labels[i] for i, _ in rows)
    for label in reversed(sizes):
        spread = 6 * math.sqrt(m * 3 / 16)
        assert abs(share[label] - m / 4) < spread, (
            f"{call}: the class of {labels.count(label)} got {share[label]} pairs, "
            f"expected {m // 4} up to {spread:.0f}: choose a class first, each alike, "
            f"anew for each pair, then a pair of it. {COUNTS}"
        )
    counts = [Counter(labels[i] for i, _ in drawn) for drawn in few]
    odd = sum((count[label] - 10) ** 2 / 10 for count in counts for label in sizes)
    assert odd > 50, (
        f"{call} gave the classes too equal shares, for 40 seeds of 40 pairs: that is "
        f"dealt in turn, not drawn (chi squared {odd:.0f}, expected about 120). "
        f"{COUNTS}"
    )
    assert odd < 230, (
        f"{call} gave the classes too unequal shares, for 40 seeds of 40 pairs (chi "
        f"squared {odd:.0f}, expected about 120): choose a class first, "
        f"anew for each pair. {COUNTS}"
    )
    for label, least, most in ((4, 540, 1060), (-1, 3, 100), (9, -1, 35)):
        times = Counter(row for row in rows if labels[row[0]] == label)
        count = labels.count(label)
        pairs = count * (count - 1) // 2
        mean = share[label] / pairs
        odd = sum((v - mean) ** 2 for v in times.values()) / mean
        odd += (pairs - len(times)) * mean
        assert odd > least, (
            f"{call}: each pair of the class of {count} comes too nearly as often as "
            f"the next (chi squared {odd:.1f}, expected about {pairs - 1}): draw with "
            f"replacement. {COUNTS}"
        )
        assert odd < most, (
            f"{call}: the pairs of the class of {count} are not drawn alike (chi "
            f"squared {odd:.0f}, expected about {pairs - 1}): two different points, "
            f"each pair as likely as the next. {COUNTS}"
        )
    points = Counter(v for row in rows if labels[row[0]] == 4 for v in row)
    mean = 2 * share[4] / 40
    odd = sum((v - mean) ** 2 for v in points.values()) / mean
    odd += (40 - len(points)) * mean
    assert odd < 120, (
        f"{call}: the points of the largest class are not drawn alike (chi squared "
        f"{odd:.0f}, expected about 39). {COUNTS}"
    )


# --------------------------------------------------------------- 04.5 Break it


def _order(T):
    """Pairs sorted so that every triplet goes upwards, or None for a circle."""
    below = {}
    for a, p, n in T:
        below.setdefault(frozenset((a, n)), set()).add(frozenset((a, p)))
        below.setdefault(frozenset((a, p)), set())
    while below:
        free = {pair for pair, under in below.items() if not under}
        if not free:
            return None
        below = {q: under - free for q, under in below.items() if q not in free}
    return True


def _rows_of_three(got, call):
    T = _said(got, 3, call, RELATIVE)
    assert T, f"{call} returned no triplet. {RELATIVE}"
    distinct = all(len(set(row)) == 3 and min(row) >= 0 for row in T)
    assert distinct, (
        f"{call}: a triplet holds three different points, from 0 on. {RELATIVE}"
    )
    said = set(T)
    plain = len(said) == len(T) and not any((a, n, p) in said for a, p, n in T)
    assert plain, (
        f"{call}: a triplet is said twice, or turned round as well; that is too plain "
        f"a contradiction. {RELATIVE}"
    )
    return T


@task("04.5", points=1)
def test_circle(answers):
    """(a) A circle of exactly k triplets

    Each triplet says that one distance is smaller than another. A chain of such
    statements that returns to its start cannot hold; without any one of them it can.
    """
    for k in range(3, 13):
        call = f"circle({k})"
        T = _rows_of_three(answers.circle(k), call)
        assert len(T) == k, (
            f"{call} returned {len(T)} triplets, expected {k}. {RELATIVE}"
        )
        assert _order(T) is None, (
            f"{call} can be satisfied: the distances it compares can be sorted. Return "
            f"to the first distance at the end. {RELATIVE}"
        )
        needed = all(_order(T[:i] + T[i + 1 :]) for i in range(k))
        assert needed, (
            f"{call}: without one of its triplets it must be satisfiable; a shorter "
            f"circle is hidden in it. {RELATIVE}"
        )


@task("04.5", points=1, hidden=True)
def test_no_labels(answers):
    """(b) Triplets that a metric satisfies, and no classes do

    Classes make the positive equal to the anchor and the negative different: join
    anchors and positives, then ask whether a negative was joined, too.
    """
    for n in range(3, 13):
        call = f"no_labels({n})"
        T = _rows_of_three(answers.no_labels(n), call)
        used = {v for row in T for v in row}
        assert used == set(range(n)), (
            f"{call} must use the points 0 to {n - 1}, all of them; it uses "
            f"{sorted(used)[:12]}. {RELATIVE}"
        )
        assert _order(T), (
            f"{call} cannot be satisfied by any distance: it holds a circle. {RELATIVE}"
        )
        group = _groups([(a, p) for a, p, _ in T], n)
        torn = [(a, p, m) for a, p, m in T if group[a] == group[m]]
        assert torn, (
            f"{call} can be had from labels: put all points that are joined by anchor "
            "and positive in one class. Let a negative be somebody's positive. "
            f"{RELATIVE}"
        )


def _plane(tau):
    """Distances of six points, two near each other; no two differ by a rounding."""
    while True:
        x = torch.rand(6, 2, dtype=torch.float64) * tau
        x[5] = x[4] + tau * 1e-2
        dist = (x[:, None] - x).norm(dim=2)
        i, j = torch.triu_indices(6, 6, offset=1)
        if dist[i, j].sort().values.diff().min() > 1e-4 * tau:
            return dist


def _scales():
    """Tables of distances, each with a tau: small, large, with ties, far beyond tau."""
    for tau in (1e6, 0.3, 1e-6):
        yield _plane(tau), tau
    copies = torch.tensor([[0, 0, 2, 1], [0, 0, 2, 1], [2, 2, 0, 2], [1, 1, 2, 0]])
    for tau in (1.0, 1.0 + 50 * torch.rand(()).item()):
        yield copies.double(), tau
    line = torch.tensor([0, 1, 2, 5, 40, 100], dtype=torch.float64)
    yield (line[:, None] - line).abs(), 2.5


@task("04.5", points=1, hidden=True)
def test_other_scale(answers):
    """(c) The same order, another scale

    A rise by a constant, off the diagonal, keeps the order and the axioms.
    """
    for dist, tau in _scales():
        call = f"other_scale(dist, tau) with tau = {tau:.3g}, {len(dist)} points"
        got = answers.other_scale(dist, tau)
        got = compare.table(got, tuple(dist.shape), call, RELATIVE)
        proper = torch.equal(got, got.T) and bool((got.diagonal() == 0).all())
        assert proper, (
            f"{call} must be symmetric and 0 on the diagonal: a point is at distance 0 "
            f"from itself on every scale. {RELATIVE}"
        )
        i, j = torch.triu_indices(len(dist), len(dist), offset=1)
        assert bool((got[i, j] > tau).all()), (
            f"{call}: a pair is still at most tau apart, {got[i, j].min():.3g}; no "
            f"pair may be called alike, however large tau is. {RELATIVE}"
        )
        old, new = dist[i, j], got[i, j]
        kept = torch.equal(
            (old[:, None] - old).sign(),
            torch.where(
                (new[:, None] - new).abs() < 1e-12 * new.max(), 0.0, new[:, None] - new
            ).sign(),
        )
        assert kept, (
            f"{call}: the order of two pairs changed, or a tie was broken or made, so "
            "the triplets changed. A rise much above tau drowns small differences. "
            f"{RELATIVE}"
        )
        detour = (got[:, :, None] + got[None]).amin(dim=1)
        assert bool((got <= detour + 1e-9 * got.max()).all()), (
            f"{call} breaks the triangle inequality; the new scale must be a metric as "
            f"well. {RELATIVE}"
        )


# ---------------------------------------------------------------- 04.6 Explain

#: Words, and the numbers of the statement, that compare two numbers.
MANY = (
    r"\b(rare|scarce|few|many|more\b|outnumber|large|small|big|tiny|most\b|"
    r"m[ai][jn]ority|times|hundred|99|19[ ,.']?[08]00|1[ ,.']?9[68]0)"
)


#: Parts of the rubric that nobody writes by chance.
RUBRIC = (
    "nearly all pairs are dissimilar so that 1 % of them",
    "it stays among as many",
    "exchanges its positive and negative",
)
#: All that the task says: to quote it is no explanation.
STORY = """
tell why the same rate of errors harms s and spares t a crowd judges all pairs of 2,000
photographs of 100 persons 20 each and errs in 1 of the pairs half of its s is wrong
another crowd judges triplets errs in 1 and 1 of t is wrong in explain_04_6 in at least
40 words 100 are plenty why is s so much worse and why are triplets not count what can
move and what it moves into s 19,000 d 1,980,000 1 of each changes sides two sentences
on pairs two on triplets explain_04_6 of all pairs a triplet nearly all pairs are
dissimilar so that 1 of them moved into s are as many as the true pairs of s an error in
a triplet exchanges its positive and negative it stays among as many so that there is no
rare side to flood the machine looks for 40 words 20 of them different for a comparison
of numbers few most rare times or the counts themselves and for the word triplet it
refuses sentences of the rubric and what you quote from this task does not count use
your own words the points are confirmed or not by the person who reads it
"""


@task("04.6", points=2)
def test_explanation_is_there(answers):
    """Your explanation, before a person reads it

    Compare how many pairs can move from D to S with how many S has.
    """
    joined = own_words(answers, "explain_04_6", rubric=RUBRIC, see=ERRORS, story=STORY)
    assert re.search(MANY, joined), (
        "explain_04_6 does not compare how many pairs are alike and how many are not. "
        f"{ERRORS}"
    )
    assert "triplet" in joined, (
        f"explain_04_6 does not say why triplets fare better. {ERRORS}"
    )


# -------------------------------------------------------------- 04.7 Challenge


def _asked(rates, q):
    """The truth of q pairs, half of them alike, and what each person says."""
    truth = torch.rand(q) < 0.5
    wrong = torch.rand(q, len(rates)) < torch.tensor(rates)
    return truth, truth[:, None] ^ wrong


def _crowds(m):
    """Rates of m people: of all kinds, all good, all bad, in a random order."""
    for name, low, high in (
        ("different", 0.05, 0.3),
        ("good", 0.05, 0.08),
        ("bad", 0.27, 0.3),
    ):
        steps = (torch.randperm(m) + 0.5 * torch.rand(m)) / (m - 0.5)
        yield name, (low + (high - low) * steps).tolist()


def _check_rates(answers, rates, q, name):
    call = f"error_rates(said) with {q} pairs, {name}"
    got = as_numbers(answers.error_rates(_asked(rates, q)[1]))
    found = None if got is None else got.reshape(-1)
    fits = found is not None and len(found) == len(rates)
    finite = fits and bool(found.isfinite().all())
    assert finite, (
        f"{call} must return one finite number a person, {len(rates)}. {ERRORS}"
    )
    for guess, rate in zip(found.tolist(), rates, strict=True):
        assert abs(guess - rate) < 0.05, (
            f"{call}: a person who errs with {rate:.2f} is said to err with "
            f"{guess:.2f}. The majority errs, too, and with the person: use how often "
            f"two persons agree. {ERRORS}"
        )


@task("04.7", points=1)
def test_error_rates_of_three(answers):
    """Three people, no truth

    Two people with rates p and q agree in a share a with 2a - 1 = (1 - 2p)(1 - 2q). A
    right estimate fails here in fewer than one of ten thousand checks.
    """
    for name, rates in _crowds(3):
        _check_rates(answers, rates, 20_000, f"three {name} people")


@task("04.7", points=1, hidden=True)
def test_error_rates_of_many(answers):
    """Five and six people, good and bad

    Every third person gives an estimate; their mean is steadier.
    """
    for m in (4, 5, 6):
        for name, rates in _crowds(m):
            _check_rates(answers, rates, 20_000, f"{m} {name} people")


def _wrong_share(answers, rates, call):
    """Return the share of 20,000 pairs in which ``truth`` is wrong."""
    rates = [rates[i] for i in torch.randperm(len(rates)).tolist()]
    truth, said = _asked(rates, 20_000)
    got = as_numbers(answers.truth(said))
    found = None if got is None else got.reshape(-1)
    fits = found is not None and len(found) == len(truth)
    plain = fits and bool(((found == 0) | (found == 1)).all())
    assert plain, (
        f"{call} must return True or False for each of {len(truth)} pairs. {ERRORS}"
    )
    return (found.bool() != truth).double().mean().item()


@task("04.7", points=1, hidden=True)
def test_truth_beats_the_majority(answers):
    """Trust the good ones more, and not the others too much

    Two people err rarely, three often. The majority is wrong in 6.7 percent of the
    pairs, each of the good ones in 10; weights of log((1 - p)/p) bring it below 5.
    With one who errs in 5 percent and three in 33, the one alone decides.
    """
    call = "truth(said) with 20,000 pairs and five people, two of them good"
    wrong = _wrong_share(answers, [0.1, 0.1, 0.3, 0.3, 0.3], call)
    assert wrong < 0.057, (
        f"{call} is wrong in {wrong:.1%} of the pairs, expected below 5.7 percent: "
        f"weigh each person by log((1 - p)/p), and leave nobody out. {ERRORS}"
    )
    call = "truth(said) with 20,000 pairs and four people, one of them good"
    wrong = _wrong_share(answers, [0.05, 0.33, 0.33, 0.33], call)
    assert wrong < 0.059, (
        f"{call} is wrong in {wrong:.1%} of the pairs, expected below 5.9 percent: "
        "three who err in a third of the pairs weigh less than one who errs in 5 "
        f"percent. The weight is log((1 - p)/p), near 0 for who guesses. {ERRORS}"
    )
