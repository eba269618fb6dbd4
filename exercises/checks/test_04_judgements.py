# Written by `mlcourse release`: change the course's sources, not this file.
"""Checks of exercise 04, Judgements."""

import re
from collections import Counter

import numpy as np
import torch

from mlcourse.grading import compare, own_words, task
from mlcourse.grading.as_numbers import as_numbers

HIDES = ("mlcourse.judgements",)

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


#: What the hidden checks add, by task.
HIDDEN_POINTS = {
    "04.1": 1,
    "04.2": 1,
    "04.3": 1,
    "04.4": 1,
    "04.5": 2,
    "04.7": 2,
}
