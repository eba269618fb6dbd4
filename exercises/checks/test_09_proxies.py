# Written by `mlcourse release`: change the course's sources, not this file.
"""Checks of exercise 09, Proxies."""

import math

import torch

from mlcourse.grading import compare, own_words, task

HIDES = ("mlcourse.losses",)

REFERENCE = "See lecture 09, section 'One reference a class'."
CELLS = "See lecture 09, section 'Cells'."
FORMULAS = "See lecture 09, section 'The formulas'."
PULL = "See lecture 09, section 'The pull that never ends'."
SIGN = "See lecture 09, section 'The missing minus'."
ANCHOR = "See lecture 09, section 'Proxy Anchor'."
CENTRES = "See lecture 09, section 'SoftTriple: several centres a class'."


def _f64(values):
    return torch.tensor(values, dtype=torch.float64)


def _random(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def _labels(n, present):
    """Return n labels that hold each class of present, in random order."""
    present = torch.as_tensor(present)
    more = present[torch.randint(len(present), (n - len(present),))]
    both = torch.cat([present, more])
    return both[torch.randperm(n)]


def _distances(z, proxies):
    """Return Euclidean distances (n, C), by differences."""
    return ((z[:, None] - proxies) ** 2).sum(dim=-1).sqrt()


@task("09.1", points=1)
def test_class_means(answers):
    """Three points with labels 2, 0, 2, then random classes, one of them empty

    Class 1 has no point: its row is (0, 0), not NaN.
    """
    z, labels = _f64([[0, 0], [4, 0], [2, 2]]), torch.tensor([2, 0, 2])
    call = "class_means(z, labels, 3), z = [[0, 0], [4, 0], [2, 2]], labels = [2, 0, 2]"
    got = compare.table(answers.class_means(z, labels, 3), (3, 2), call, CELLS)
    mistakes = [
        ("these are sums, divide by the number of points", [[4, 0], [0, 0], [2, 2]]),
        (
            "divide by the points of the class, not by all",
            (_f64([[4, 0], [0, 0], [2, 2]]) / 3),
        ),
        (
            "row c belongs to class c, in the order of the numbers",
            [[1, 1], [0, 0], [4, 0]],
        ),
        (
            "row c belongs to class c, in the order of the numbers",
            [[1, 1], [4, 0], [0, 0]],
        ),
    ]
    compare.same(got, _f64([[4, 0], [0, 0], [1, 1]]), call, CELLS, mistakes)
    for n, present, C, dtype in (
        (9, [0, 2, 3], 5, torch.float32),
        (12, [1, 0], 2, torch.float64),
        (7, [3, 5], 6, torch.float64),
    ):
        z, labels = torch.randn(n, 3, dtype=dtype), _labels(n, present)
        want = torch.zeros(C, 3, dtype=torch.float64)
        for c in range(C):
            rows = [z[i].double() for i in range(n) if labels[i] == c]
            if rows:
                want[c] = sum(rows) / len(rows)
        call = f"class_means(z, labels, {C}) with labels {labels.tolist()}, {dtype}"
        got = compare.table(answers.class_means(z, labels, C), (C, 3), call, CELLS)
        compare.same(got, want, call, CELLS)


@task("09.1", points=1)
def test_cells(answers):
    """Three points, a tie, and proxies of very different lengths

    A long proxy has large inner products with everything near its direction, and yet
    it is far from most points.
    """
    z = _f64([[0, 0], [4, 0], [2, 2]])
    proxies = _f64([[4, 0], [0, 0], [1, 1]])
    call = (
        "cells(z, proxies), z = [[0, 0], [4, 0], [2, 2]], "
        "proxies = [[4, 0], [0, 0], [1, 1]]"
    )
    got = compare.table(answers.cells(z, proxies), (3,), call, CELLS)
    mistakes = [
        ("these are the farthest proxies", [0, 1, 0]),
        ("this is the largest inner product, not the smallest distance", [0, 0, 0]),
        ("proxies are numbered from 0", [2, 1, 3]),
    ]
    compare.same(got, _f64([1, 0, 2]), call, CELLS, mistakes)
    z, proxies = _f64([[0.0], [2.0], [5.0]]), _f64([[3.0], [1.0], [-1.0], [9.0]])
    call = "cells(z, proxies) for the numbers 0, 2, 5 and the proxies 3, 1, -1, 9"
    got = compare.table(answers.cells(z, proxies), (3,), call, CELLS)
    mistakes = [("of equal distances the lowest number counts", t) for t in (
        [2, 1, 0], [2, 0, 3], [1, 1, 0], [1, 0, 3], [2, 0, 0], [2, 1, 3], [1, 1, 3]
    )]  # fmt: skip
    compare.same(got, _f64([1, 0, 0]), call, CELLS, mistakes)
    for n, C, d, dtype in ((20, 6, 3, torch.float32), (5, 8, 2, torch.float64)):
        length = torch.logspace(-1, 1, C, dtype=dtype)[torch.randperm(C)]
        proxies = torch.randn(C, d, dtype=dtype) * length[:, None]
        z = 2 * torch.randn(n, d, dtype=dtype)
        want = _distances(z.double(), proxies.double()).argmin(dim=1)
        call = f"cells(z, proxies) for {n} points and {C} proxies of lengths 0.1 to 10"
        got = compare.table(answers.cells(z, proxies), (n,), call, CELLS)
        mistakes = [
            (
                "this is the largest inner product, not the smallest distance",
                (z @ proxies.T).argmax(dim=1),
            ),
            (
                "this is the largest cosine, not the smallest distance",
                (z @ (proxies / proxies.norm(dim=1)[:, None]).T).argmax(dim=1),
            ),
        ]
        compare.same(got, want.double(), call, CELLS, mistakes, tol=1e-6)


def _row_loss(row, own, include):
    """Return one point's loss, by its formula; for small distances."""
    others = sum(math.exp(-d) for c, d in enumerate(row) if include or c != own)
    return -math.log(math.exp(-row[own]) / others)


def _nca_by_loop(dist, labels, include):
    rows = zip(dist.tolist(), labels.tolist(), strict=True)
    return sum(_row_loss(row, own, include) for row, own in rows) / len(labels)


def _nca_mistakes(dist, labels, include):
    """Return known slips of the loss, with their names."""
    right = {flag: _nca_by_loop(dist, labels, flag) for flag in (False, True)}
    other = (
        "2017 leaves the own proxy out of the sum below"
        if not include
        else "++ has the own proxy in the sum below"
    )
    slips = [
        ("the minus sign is missing, as on the slide", -right[include]),
        (other, right[not include]),
        ("this is the sum over points, not their mean", right[include] * len(labels)),
        (
            "dist is a distance already: do not square it",
            _nca_by_loop(dist**2, labels, include),
        ),
        ("the exponent is minus the distance", _nca_by_loop(-dist, labels, include)),
        ("the minus sign is missing, as on the slide", -right[include] * len(labels)),
        ("this is the logarithm to base 2 or 10", right[include] / math.log(2)),
        ("this is the logarithm to base 2 or 10", right[include] / math.log(10)),
    ]
    return slips


@task("09.2", points=1)
def test_proxy_nca(answers):
    """One point by hand, then random points and absent classes

    With the distances 1, 2, 2 and label 0 the form of 2017 is log 2 - 1, below 0.
    """
    for include, want in ((False, math.log(2) - 1), (True, 0.5514447)):
        dist, labels = _f64([[1, 2, 2]]), torch.tensor([0])
        call = f"proxy_nca([[1, 2, 2]], [0], {include})"
        got = compare.number(answers.proxy_nca(dist, labels, include), call, FORMULAS)
        compare.same(
            got, want, call, FORMULAS, _nca_mistakes(dist, labels, include)[:3]
        )
    for n, C, dtype in (
        (6, 4, torch.float32),
        (5, 2, torch.float64),
        (9, 12, torch.float64),
    ):
        dist = 4 * torch.rand(n, C, dtype=dtype)
        labels = _labels(n, [0, C - 1])
        for include in (False, True):
            want = _nca_by_loop(dist.double(), labels, include)
            mistakes = _nca_mistakes(dist.double(), labels, include)
            call = f"proxy_nca(dist, labels, {include}) on {n} points, {C} proxies"
            got = compare.number(
                answers.proxy_nca(dist, labels, include), call, FORMULAS
            )
            compare.same(got, want, call, FORMULAS, mistakes)


def _pulls(dist, labels, include):
    p = torch.softmax(-dist, dim=1).gather(1, labels[:, None])[:, 0]
    return 1 - p if include else torch.ones_like(p)


@task("09.2", points=1)
def test_pull(answers):
    """How hard a point is pulled: always by 1, or by the probability of being wrong

    It is the slope of one point's loss, so the number of points must not matter.
    """
    cases = [(_f64([[1, 2, 2]]), torch.tensor([0]), "dist = [[1, 2, 2]], labels = [0]")]
    for n, C, dtype in ((6, 4, torch.float32), (5, 2, torch.float64)):
        dist, labels = 4 * torch.rand(n, C, dtype=dtype), _labels(n, [0, C - 1])
        cases.append((dist, labels, f"{n} random points and {C} proxies, {dtype}"))
    for dist, labels, name in cases:
        n = len(labels)
        for include in (False, True):
            call = f"pull(dist, labels, {include}), {name}"
            want = _pulls(dist.double(), labels, include)
            got = compare.table(answers.pull(dist, labels, include), (n,), call, PULL)
            other = _pulls(dist.double(), labels, not include)
            mistakes = [
                ("the sign: a larger own distance makes the loss larger", -want),
                ("this is the probability of being right", 1 - want),
                (
                    "each point's own loss is meant, without the division by n",
                    want / n,
                ),
                (
                    "2017 has the own distance in one place only: above"
                    if not include
                    else "++ has the own distance in the sum below, too",
                    other,
                ),
            ]
            compare.same(got, want, call, PULL, mistakes)
            if n > 1:
                step = torch.zeros_like(dist.double())
                step[torch.arange(n), labels] = 1e-4
                up, down = (
                    _nca_by_loop(dist.double() + s * step, labels, include)
                    for s in (1, -1)
                )
                assert abs((up - down) / 2e-4 - got.mean().item()) < 1e-2, (
                    f"{call}: the mean slope is {got.mean():.4f}, finite differences "
                    f"of the loss give {(up - down) / 2e-4:.4f}. {PULL}"
                )


def _log1p_sum(exponents):
    """Return log(1 + the sum of exp), for exponents of any size."""
    top = max([0.0, *exponents])
    return top + math.log(math.exp(-top) + sum(math.exp(t - top) for t in exponents))


def _anchor_terms(sim, labels, m, alpha):
    """Return the pull and the push of each proxy."""
    y, table = labels.tolist(), sim.tolist()
    pull, push = [], []
    for c in range(sim.shape[1]):
        column = [row[c] for row in table]
        own = [-alpha * (s - m) for s, k in zip(column, y, strict=True) if k == c]
        rest = [alpha * (s + m) for s, k in zip(column, y, strict=True) if k != c]
        pull.append(_log1p_sum(own))
        push.append(_log1p_sum(rest))
    return sum(pull), sum(push)


def _anchor(sim, labels, m, alpha):
    pull, push = _anchor_terms(sim, labels, m, alpha)
    return pull / len(set(labels.tolist())) + push / sim.shape[1]


def _anchor_mistakes(sim, labels, m, alpha):
    """Return known slips, with their names."""
    P, C = len(set(labels.tolist())), sim.shape[1]
    pull, push = _anchor_terms(sim, labels, m, alpha)
    pull_m, push_m = _anchor_terms(sim, labels, -m, alpha)  # the margin's sign flipped
    own = sim.gather(1, labels[:, None])[:, 0]
    masked = sim.scatter(1, labels[:, None], -torch.inf)
    rows = torch.log1p((alpha * (masked + m)).exp().sum(dim=1)).mean()
    rows = rows + torch.log1p((-alpha * (own - m)).exp()).mean()
    everybody = torch.log1p((alpha * (sim + m)).exp().sum(dim=0)).mean()
    bare_pull = bare_push = 0.0
    for c in range(C):
        for mask, sign in ((labels == c, -1), (labels != c, 1)):
            if mask.any():
                value = (alpha * (sign * sim[mask, c] + m)).logsumexp(0).item()
                bare_pull += value if sign < 0 else 0
                bare_push += value if sign > 0 else 0
    return [
        (
            "the pull is a mean over the classes in the batch, not over all C",
            (pull + push) / C,
        ),
        (
            "the push is a mean over all C proxies, present or absent",
            (pull + push) / P,
        ),
        ("the divisors are exchanged", pull / C + push / P),
        ("these are sums, divide the pull by |P+| and the push by C", pull + push),
        ("|P+| counts classes in the batch, not points", pull / len(labels) + push / C),
        ("in the push it is S + m: strangers want S < -m", pull / P + push_m / C),
        ("in the pull it is S - m: friends want S > m", pull_m / P + push / C),
        ("both signs of the margin are exchanged", pull_m / P + push_m / C),
        ("the sums run down a column, over the points of the batch", rows),
        (
            "the push of a proxy leaves the points of its own class out",
            pull / P + everybody,
        ),
        ("the 1 in the logarithm is missing", bare_pull / P + bare_push / C),
        ("the push is missing", pull / P),
        ("the pull is missing", push / C),
        (
            "the minus in the pull is missing: it falls with S",
            _anchor_terms(-sim, labels, -m, alpha)[0] / P + push / C,
        ),
        ("alpha is not used", _anchor(sim, labels, m, 1.0)),
        ("the margin is not used", _anchor(sim, labels, 0.0, alpha)),
    ]


@task("09.3", points=1)
def test_proxy_anchor_by_hand(answers):
    """Two points of class 0, three proxies, all cosines 0

    Proxy 0 has two friends and no stranger, the others have two strangers each.
    """
    sim, labels = torch.zeros(2, 3, dtype=torch.float64), torch.tensor([0, 0])
    call = "proxy_anchor(sim, labels, 0, 1), sim all 0 of shape (2, 3), labels = [0, 0]"
    got = compare.number(answers.proxy_anchor(sim, labels, 0.0, 1.0), call, ANCHOR)
    third = math.log(3)
    mistakes = [
        ("the pull is a mean over the classes in the batch, not over all C", third),
        ("the push is a mean over all C proxies, present or absent", 3 * third),
        ("the 1 in the logarithm is missing", math.log(2) * 5 / 3),
        ("the push of a proxy leaves the points of its own class out", 2 * third),
        ("|P+| counts classes in the batch, not points", third / 2 + third * 2 / 3),
        (
            "the sums run down a column, over the points of the batch",
            third + math.log(2),
        ),
    ]
    compare.same(got, third * 5 / 3, call, ANCHOR, mistakes)
    sim = _f64([[0.5, -0.5, 0.2], [0.1, 0.8, -0.3], [-0.2, 0.4, 0.6]])
    labels = torch.tensor([0, 1, 1])
    call = "proxy_anchor(sim, labels, 0.1, 2) with three points of classes 0, 1, 1"
    got = compare.number(answers.proxy_anchor(sim, labels, 0.1, 2.0), call, ANCHOR)
    compare.same(
        got,
        _anchor(sim, labels, 0.1, 2.0),
        call,
        ANCHOR,
        _anchor_mistakes(sim, labels, 0.1, 2.0),
    )


@task("09.3", points=1)
def test_proxy_anchor_at_random(answers):
    """Random cosines, absent classes, one point, one proxy

    A class that is not in the batch pulls nothing and pushes all.
    """
    for n, C, present, dtype in (
        (7, 5, [0, 3], torch.float32),
        (6, 3, [0, 1, 2], torch.float64),
        (1, 4, [2], torch.float64),
        (3, 1, [0], torch.float64),
        (10, 6, [5], torch.float64),
    ):
        for m, alpha in ((0.1, 32.0), (0.3, 4.0)):
            sim = 2 * torch.rand(n, C, dtype=dtype) - 1
            labels = _labels(n, present)
            call = (
                f"proxy_anchor(sim, labels, {m}, {alpha:g}) on {n} points, {C} proxies"
            )
            got = compare.number(
                answers.proxy_anchor(sim, labels, m, alpha), call, ANCHOR
            )
            table = sim.double()
            mistakes = _anchor_mistakes(table, labels, m, alpha)
            compare.same(got, _anchor(table, labels, m, alpha), call, ANCHOR, mistakes)


def _soft(z, centers, gamma):
    """Return the similarities, by loops over points, classes and centres."""
    out = []
    for point in z.tolist():
        row = []
        for group in centers.tolist():
            s = [
                sum(a * b for a, b in zip(point, w, strict=True))
                / math.hypot(*point)
                / math.hypot(*w)
                for w in group
            ]
            top = max(s)
            q = [math.exp((t - top) / gamma) for t in s]
            row.append(sum(a * b for a, b in zip(q, s, strict=True)) / sum(q))
        out.append(row)
    return _f64(out)


def _soft_mistakes(z, centers, gamma):
    zu, wu = (torch.nn.functional.normalize(t, dim=-1) for t in (z, centers))
    cos = torch.einsum("nd,ckd->nck", zu, wu)
    raw = torch.einsum("nd,ckd->nck", z, centers)
    half = [torch.einsum("nd,ckd->nck", *two) for two in ((z, wu), (zu, centers))]

    def mixed(logits, values, dim=2):
        return (logits.softmax(dim=dim) * values).sum(dim=2)

    return [
        ("z and the centres must be divided by their lengths", mixed(raw / gamma, raw)),
        ("z must be divided by its length", mixed(half[0] / gamma, half[0])),
        (
            "the centres must be divided by their lengths",
            mixed(half[1] / gamma, half[1]),
        ),
        (
            "the softmax runs over the centres of a class, not over classes",
            mixed(cos / gamma, cos, dim=1),
        ),
        ("divide the cosines by gamma, do not multiply", mixed(cos * gamma, cos)),
        ("gamma is not used", mixed(cos, cos)),
        ("this is the best centre alone; the choice is soft", cos.amax(dim=2)),
        ("this is the plain mean over centres; weigh them by q", cos.mean(dim=2)),
        ("this is the sum over centres; weigh them by q", cos.sum(dim=2)),
        (
            "this is gamma times a log-sum-exp; the formula has a weighted mean",
            gamma * (cos / gamma).logsumexp(dim=2),
        ),
    ]


@task("09.4", points=1)
def test_soft_similarity(answers):
    """One point and two centres by hand, then random ones

    In class 0 the cosines 1 and 0 get the weights 0.8808 and 0.1192 for gamma = 0.5.
    """
    z, centers = _f64([[3, 0]]), _f64([[[1, 0], [0, 2]], [[1, 1], [-1, 3]]])
    call = "soft_similarity([[3, 0]], [[[1, 0], [0, 2]], [[1, 1], [-1, 3]]], 0.5)"
    got = compare.table(answers.soft_similarity(z, centers, 0.5), (1, 2), call, CENTRES)
    mistakes = _soft_mistakes(z, centers, 0.5)
    compare.same(got, _soft(z, centers, 0.5), call, CENTRES, mistakes)
    for n, C, K, d, dtype in (
        (4, 3, 2, 5, torch.float32),
        (3, 2, 4, 2, torch.float64),
        (2, 5, 1, 3, torch.float64),
        (3, 3, 3, 3, torch.float64),
    ):
        z, centers = torch.randn(n, d, dtype=dtype), torch.randn(C, K, d, dtype=dtype)
        call = (
            f"soft_similarity(z, centers, 0.3) for {n} points, {C} classes, {K} centres"
        )
        got = compare.table(
            answers.soft_similarity(z, centers, 0.3), (n, C), call, CENTRES
        )
        z, centers = z.double(), centers.double()
        mistakes = _soft_mistakes(z, centers, 0.3)
        compare.same(got, _soft(z, centers, 0.3), call, CENTRES, mistakes)


@task("09.5", points=1)
def test_silent_sign(answers):
    """(a) The printed loss is low, Recall@1 is perfect, and no point is at home

    Where would a point go that flees from its own proxy? Let its friends go with it.
    """
    cases = [(torch.tensor([0, 1, 0, 1]), 2)]
    for C in (3, 6, 10):
        present = torch.randperm(C)[: max(2, C - 1)]
        labels = torch.cat([present, _labels(C + 6, present)])
        cases.append((labels, C))
    for labels, C in cases:
        n = len(labels)
        call = f"silent_sign(labels, {C}) with labels {labels.tolist()}"
        got = answers.silent_sign(labels, C)
        z, proxies = compare.parts(got, ("z", "proxies"), call, SIGN)
        z = compare.table(z, (n, None), f"{call}: z", SIGN)
        proxies = compare.table(proxies, (C, z.shape[1]), f"{call}: proxies", SIGN)
        assert 1 <= z.shape[1] <= 64, (
            f"{call}: z has {z.shape[1]} coordinates, 1 to 64 are allowed. {SIGN}"
        )
        for name, rows in (("z", z), ("proxies", proxies)):
            off = (rows.norm(dim=1) - 1).abs().max().item()
            assert off < 1e-3, f"{call}: a row of {name} has no length 1. {SIGN}"
        to = _distances(z, proxies)
        others = to.scatter(1, labels[:, None], torch.inf)
        own = to.gather(1, labels[:, None])[:, 0]
        L = (-9 * own**2 - (-9 * others**2).logsumexp(dim=1)).mean().item()
        assert L < -15, (
            f"{call}: the printed loss is {L:.2f}, expected below -15: each point must "
            f"be far from its own proxy and near to another. {SIGN}"
        )
        among = _distances(z, z).fill_diagonal_(torch.inf)
        same = labels[:, None] == labels
        friend = among.masked_fill(~same, torch.inf).amin(dim=1)
        stranger = among.masked_fill(same, torch.inf).amin(dim=1)
        assert (friend + 0.1 <= stranger + 1e-6).all(), (
            f"{call}: a stranger is as near as the nearest friend, or nearer by less "
            "than 0.1: Recall@1 must be perfect. Let each class gather at a place of "
            f"its own. {SIGN}"
        )
        assert (others.amin(dim=1) + 0.1 <= own + 1e-6).all(), (
            f"{call}: a point has its own proxy nearest, or another nearer by less "
            f"than 0.1 only. {SIGN}"
        )


def _nca_2017(z, proxies, labels):
    square = _distances(z, proxies) ** 2
    own = square.gather(1, labels[:, None])[:, 0]
    others = square.scatter(1, labels[:, None], torch.inf)
    return (own + (-others).logsumexp(dim=1)).mean().item()


@task("09.5", points=1)
def test_expand(answers):
    """(b) However low the bound, a factor gets the loss of 2017 below it

    All squared distances grow by the square of the factor.
    """
    for trial in range(8):
        unit = 10 ** (4 * torch.rand(()).item() - 2)
        C, d = 2 + trial, 2 + trial % 3
        proxies = _random(C, d)
        labels = _labels(C + 5, torch.arange(C))
        gap = torch.pdist(proxies).min()
        step = _random(len(labels), d)
        z = proxies[labels] + 0.4 * gap * step / step.norm(dim=1, keepdim=True)
        z, proxies = unit * z, unit * proxies
        bound = -(10.0 ** (1 + 5 * torch.rand(()).item())) if trial else -1e6
        call = (
            f"expand(z, proxies, labels, {bound:.6g}), {C} proxies of spread {unit:.2g}"
        )
        s = compare.number(answers.expand(z, proxies, labels, bound), call, PULL)
        assert 0 < s < 1e12, f"{call} returned {s:.4g}, expected a number > 0. {PULL}"
        loss = _nca_2017(s * z, s * proxies, labels)
        assert loss < bound, (
            f"{call} returned {s:.6g}: the loss is {loss:.6g}, expected below the "
            "bound. By how much does a squared distance grow, and what may the sum "
            f"over the other proxies cost? {PULL}"
        )
        assert loss > 1000 * bound - 1000, (
            f"{call} returned {s:.6g}: the loss is {loss:.6g}, absurdly far below the "
            "bound: it falls with the square of the factor, in the unit of the data. "
            f"{PULL}"
        )


#: Parts of the rubric that nobody writes by chance.
RUBRIC = (
    "still get the same forces and gather",
    "compares points with points only and never looks",
    "must bring a point nearer to its own proxy (or",
)
#: All that the task says: to quote it is no explanation.
STORY = """
say what a measure can see and design a test that sees more a colleague implements the
slide's proxynca as printed without the minus the loss falls recall@1 rises from 0.4 to
0.8 on the training classes and the code is merged in explain_09_6 in at least 40 words
100 are plenty why can recall@1 be high although the loss pushes every point away from
its own proxy and which small test would have failed at once which vectors go into
recall@1 and which into the loss sign of partial l partial delta own what must it be and
what is it as printed two or three sentences on each half explain_09_6 points of a class
a test points of one class still get the same forces and gather namely at a proxy of
another class recall@1 compares points with points only and never looks where they
gather a test of the direction one step against the gradient must bring a point nearer
to its own proxy or the derivative with respect to the own distance must be positive or
the share of points whose nearest proxy is their own the machine looks for 40 words 20
of them different for words on where the points gather together near another wrong and
for one on the test step gradient derivative own proxy it refuses sentences of the
rubric and what you quote from this task does not count use your own words the points
are confirmed or not by the person who reads it
"""


@task("09.6", points=2)
def test_explanation_is_there(answers):
    """Your explanation, before a person reads it

    The machine looks for length and for the two ideas of the rubric only; the points
    are confirmed by the person who reads it.
    """
    joined = own_words(answers, "explain_09_6", rubric=RUBRIC, see=SIGN, story=STORY)
    place = ("other", "another", "different", "wrong", "elsewhere", "next class")
    meet = ("gather", "together", "side by side", "cluster", "meet", "same place")
    meet += ("close", "near", "group", "end up", "collect", "move to", "flee")
    said = any(stem in joined for stem in place) and any(s in joined for s in meet)
    assert said, (
        "explain_09_6 does not say where the points of a class get to, and that they "
        f"get there together. {SIGN}"
    )
    test = (
        "step",
        "gradient",
        "derivative",
        "slope",
        "own cell",
        "own proxy",
        "sign of",
    )
    assert any(stem in joined for stem in test), (
        "explain_09_6 names no test that looks at the direction of the pull, or at the "
        f"proxies. {SIGN}"
    )


def _certified(z, proxies, labels):
    """Return the certificates, by loops over classes."""
    C = len(proxies)
    dist = _distances(z, proxies)
    own = dist.gather(1, labels[:, None])[:, 0]
    radius = [
        own[labels == c].max().item() if (labels == c).any() else None for c in range(C)
    ]
    gap = []
    for i, y in enumerate(labels.tolist()):
        lower = [
            dist[i, c].item() - radius[c]
            for c in range(C)
            if c != y and radius[c] is not None
        ]
        gap.append(min(lower) - own[i].item() - radius[y])
    return _f64(gap)  # > 0: certified


def _flags(got, n, call):
    """Return the n answers as booleans, or say what came."""
    numbers = compare.table(got, (n,), call, REFERENCE)
    only = bool(((numbers == 0) | (numbers == 1)).all())
    assert only, f"{call} must return True or False for each point. {REFERENCE}"
    return numbers == 1


def _compare(answers, z, proxies, labels, name):
    call = f"certified(z, proxies, labels) on {name}"
    got = _flags(answers.certified(z, proxies, labels), len(z), call)
    gap = _certified(z, proxies, labels)
    sure = gap.abs() > 1e-5  # so near a tie either answer is right
    wrong = ((got != (gap > 0)) & sure).nonzero()[:, 0].tolist()
    claimed = [i for i in wrong if got[i]]
    assert not claimed, (
        f"{call}: point {claimed[:1]} is certified, but the inequality fails by "
        f"{-gap[claimed[0]] if claimed else 0:.4f}. Add the radius of the own class, "
        "subtract that of the other; take plain distances, not squared ones. "
        f"{REFERENCE}"
    )
    assert not wrong, (
        f"{call}: point {wrong[:1]} is not certified, but the inequality holds by "
        f"{gap[wrong[0]] if wrong else 0:.4f}. Only classes with points count, the own "
        f"class has no strangers, and each class has its own radius. {REFERENCE}"
    )
    return got


@task("09.7", points=1)
def test_certified(answers):
    """Five numbers by hand, then random clusters

    Points -1, 1, 4 at proxy 0 have the radius 4, points 9, 12 at proxy 10 have 2.
    """
    z, proxies = _f64([[-1], [1], [4], [9], [12]]), _f64([[0], [10]])
    labels = torch.tensor([0, 0, 0, 1, 1])
    name = "the numbers -1, 1, 4 (class 0) and 9, 12 (class 1), proxies 0 and 10"
    _compare(answers, z, proxies, labels, name)
    for trial in range(6):
        C, d = 2 + trial, 2 + trial % 4
        proxies = 6 * _random(C, d)
        labels = _labels(40, torch.arange(C))
        spread = 0.2 + torch.rand(C, dtype=torch.float64)
        z = proxies[labels] + spread[labels][:, None] * _random(40, d)
        name = f"40 points about {C} proxies in {d} dimensions"
        _compare(answers, z, proxies, labels, name)


#: What the hidden checks add, by task.
HIDDEN_POINTS = {
    "09.2": 1,
    "09.3": 1,
    "09.4": 1,
    "09.5": 1,
    "09.7": 2,
}
