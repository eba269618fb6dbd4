# Written by `mlcourse release`: change the course's sources, not this file.
"""Checks of exercise 10, Classification losses."""

import math

import torch

from mlcourse.grading import compare, own_words, task

HIDES = (
    "mlcourse.losses",
    "mlcourse.objective",
    "mlcourse.training",
    "mlcourse.distances",
)

LAYER = "See lecture 10, section 'The last layer'."
FORMULAS = "See lecture 10, section 'The formulas'."
OWN = "See lecture 10, section 'The own logit'."
FLOOR = "See lecture 10, section 'How low can it go?'."
HINGE = "See lecture 10, section 'Why none is a hinge'."
BOUNDARY = "See lecture 10, section 'The boundary moves'."
UNSEEN = "See lecture 10, section 'On classes never seen'."
DTYPES = (torch.float64, torch.float32)


def _cosines(z, W):
    """Loop over the definition; a zero vector has cosine 0 with everything."""
    rows = []
    for a in z.double().tolist():
        row = []
        for b in W.double().tolist():
            size = math.sqrt(sum(v * v for v in a) * sum(v * v for v in b))
            dot = sum(u * v for u, v in zip(a, b, strict=True))
            row.append(dot / size if size else 0.0)
        rows.append(row)
    return torch.tensor(rows, dtype=torch.float64)


def _check_cosines(answers, z, W, name):
    call = f"cosines(z, W) with {name}"
    got = compare.table(answers.cosines(z, W), (len(z), len(W)), call, LAYER)
    want, z, W = _cosines(z, W), z.double(), W.double()
    a, b = z.norm(dim=1)[:, None], W.norm(dim=1)
    mistakes = [
        ("this is the product z'w; divide by both lengths", z @ W.T),
        ("the length of w is left in", z @ W.T / a),
        ("the length of z is left in", z @ W.T / b),
        ("this is 1 - cos, a distance", 1 - want),
        ("this divides by the squared lengths", z @ W.T / (a * b).square()),
    ]
    compare.same(got, want, call, LAYER, mistakes)


@task("10.1", points=1)
def test_cosines(answers):
    """Two points and three weights, random ones, a zero vector

    Whatever the lengths are, only directions count. A zero vector has cosine 0.
    """
    z = torch.tensor([[3.0, 4.0], [0.0, -2.0]])
    W = torch.tensor([[1.0, 0.0], [0.0, 5.0], [-1.0, -1.0]])
    _check_cosines(
        answers, z, W, "z = [[3, 4], [0, -2]], W = [[1, 0], [0, 5], [-1, -1]]"
    )
    for dtype in DTYPES:
        size = torch.tensor([[0.01, 1, 50, 3]]).T
        z, W = (size * torch.randn(4, 5)).to(dtype), (7 * torch.randn(6, 5)).to(dtype)
        _check_cosines(answers, z, W, f"4 points, 6 weights, {dtype}")
    z = torch.cat([torch.zeros(1, 3), torch.randn(2, 3)])
    _check_cosines(answers, z, torch.randn(4, 3), "a zero vector and two others")


@task("10.1", points=1)
def test_predict(answers):
    """The class of the largest cosine, whatever the lengths of the weights

    A long weight must not win because it is long.
    """
    z, W = torch.tensor([[1.0, 0.2]]), torch.tensor([[1.0, 0.0], [5.0, 5.0]])
    call = "predict(z, W) with z = [[1, 0.2]], W = [[1, 0], [5, 5]]"
    got = compare.table(answers.predict(z, W), (1,), call, LAYER)
    assert got.item() == 0, (
        f"{call} returned {got.tolist()}, expected [0]: the angle to w_0 is smaller; "
        f"w_1 is only longer. {LAYER}"
    )
    z, W = torch.randn(12, 4), torch.randn(7, 4) * torch.logspace(-1, 1, 7)[:, None]
    call = "predict(z, W) on 12 random points, 7 weights"
    got = compare.table(answers.predict(z, W), (12,), call, LAYER)
    want = _cosines(z, W).argmax(dim=1).double()
    assert got.tolist() == want.tolist(), (
        f"{call} returned {got.int().tolist()}, expected {want.int().tolist()}. {LAYER}"
    )


def _logsumexp(values):
    top = max(values)
    return top + math.log(sum(math.exp(v - top) for v in values))


def _surprise(logits, labels):
    """Mean of -log p of the own class, row by row."""
    rows = logits.double().tolist()
    found = [_logsumexp(r) - r[c] for r, c in zip(rows, labels, strict=True)]
    return sum(found) / len(found)


def _check_loss(answers, cos, labels, scale, name):
    call = f"softmax_loss(cos, labels, scale={scale:g}) with {name}"
    got = answers.softmax_loss(cos, torch.tensor(labels), scale)
    got = compare.number(got, call, FORMULAS)
    c = cos.double()
    want = _surprise(scale * c, labels)
    own = c.gather(1, torch.tensor(labels)[:, None])
    others = (scale * c).scatter(1, torch.tensor(labels)[:, None], -torch.inf)
    ratio = (others.logsumexp(dim=1) - scale * own[:, 0]).mean().item()
    mean_p = (scale * own[:, 0] - (scale * c).logsumexp(dim=1)).exp().mean().item()
    mistakes = [
        ("this is the sum over the points; take the mean", want * len(labels)),
        ("the sign is turned", -want),
        ("the scale has no effect", _surprise(c, labels)),
        ("the scale divides; it multiplies the cosines", _surprise(c / scale, labels)),
        ("the own class belongs into the denominator too", ratio),
        ("this is the mean probability, not -log p", mean_p),
    ]  # fmt: skip
    compare.one(got, want, call, FORMULAS, mistakes, tol=1e-3)


@task("10.2", points=2)
def test_softmax_loss(answers):
    """One point by hand, random tables, several scales

    The mean over the points of -log of the own class's probability.
    """
    cos = torch.tensor([[0.5, 0.0, -0.5]])
    _check_loss(answers, cos, [0], 2.0, "cos = [[0.5, 0, -0.5]], labels [0]")
    for dtype in DTYPES:
        cos = (2 * torch.rand(6, 5) - 1).to(dtype)
        for scale in (0.5, 1.0, 16.0):
            _check_loss(answers, cos, [4, 0, 0, 2, 1, 3], scale, f"6 x 5, {dtype}")


def _with_own(cos, labels, scale, phi):
    """Scaled table with phi of the angle in the place of the own cosine."""
    rows = []
    for row, c in zip(cos.double().tolist(), labels, strict=True):
        theta = math.acos(min(1.0, max(-1.0, row[c])))
        rows.append([scale * (phi(theta) if j == c else v) for j, v in enumerate(row)])
    return torch.tensor(rows, dtype=torch.float64)


def _arc(m):
    return lambda t: (
        math.cos(t + m) if t <= math.pi - m else math.cos(t) - m * math.sin(m)
    )


def _check_margin(answers, name, cos, labels, m, scale, words):
    call = f"{name}(cos, labels, m={m:g}, scale={scale:g}) with {words}"
    kept = cos.clone()
    got = getattr(answers, name)(cos, torch.tensor(labels), m, scale)
    got = compare.table(got, tuple(cos.shape), call, FORMULAS)
    c = kept.double()
    if name == "cosface_logits":
        want = _with_own(c, labels, scale, lambda t: math.cos(t) - m)
        unscaled = scale * c - m * (want - scale * c != 0)
        mistakes = [
            ("the margin is taken off after scaling; take it off the cosine",
             _with_own(c, labels, scale, lambda t: math.cos(t) - m / scale)),
            ("the margin is taken off everywhere; it concerns the own class",
             scale * (c - m)),
            ("the margin is added; the own logit must become smaller",
             _with_own(c, labels, scale, lambda t: math.cos(t) + m)),
            ("this is ArcFace", _with_own(c, labels, scale, _arc(m))),
            ("the scale is missing", want / scale),
            ("nothing was changed", scale * c),
            ("the margin is not scaled", unscaled),
        ]  # fmt: skip
    else:
        want = _with_own(c, labels, scale, _arc(m))
        everywhere = torch.tensor(
            [[scale * _arc(m)(math.acos(min(1, max(-1, v)))) for v in row]
             for row in c.tolist()]).double()  # fmt: skip
        mistakes = [
            ("m is an angle in radians, not in degrees",
             _with_own(c, labels, scale, _arc(math.radians(m)))),
            ("the margin is put on every class; it concerns the own one", everywhere),
            ("the angle is made smaller; the own logit must fall",
             _with_own(c, labels, scale, lambda t: math.cos(t - m))),
            ("beyond pi - m the logit must keep falling: cos theta - m sin m",
             _with_own(c, labels, scale, lambda t: math.cos(t + m))),
            ("this is CosFace", _with_own(c, labels, scale, lambda t: math.cos(t) - m)),
            ("the scale is missing", want / scale),
            ("nothing was changed", scale * c),
            ("beyond pi - m no margin is left: that is the easy variant",
             _with_own(c, labels, scale,
                       lambda t: math.cos(t + m) if t <= math.pi - m else math.cos(t))),
        ]  # fmt: skip
    compare.same(got, want, call, FORMULAS, mistakes, tol=2e-3)


@task("10.3", points=1)
def test_cosface_logits(answers):
    """The margin comes off the own cosine, before the scale

    All other logits are scale times their cosine.
    """
    cos = torch.tensor([[0.8, 0.1], [-0.3, 0.9]])
    _check_margin(answers, "cosface_logits", cos, [0, 0], 0.35, 2.0,
                  "cos = [[0.8, 0.1], [-0.3, 0.9]], labels [0, 0]")  # fmt: skip
    for dtype in DTYPES:
        cos = (2 * torch.rand(5, 4) - 1).to(dtype)
        _check_margin(
            answers,
            "cosface_logits",
            cos,
            [3, 1, 0, 2, 1],
            0.2,
            16.0,
            f"5 x 4, {dtype}",
        )


@task("10.3", points=1)
def test_arcface_logits(answers):
    """The margin is added to the own angle, in radians

    These angles stay below pi - m.
    """
    cos = torch.tensor([[0.5, 0.1], [-0.3, 0.9]])
    _check_margin(answers, "arcface_logits", cos, [0, 1], 0.5, 2.0,
                  "cos = [[0.5, 0.1], [-0.3, 0.9]], labels [0, 1]")  # fmt: skip
    for dtype in DTYPES:
        cos = (1.4 * torch.rand(5, 4) - 0.6).to(dtype)
        _check_margin(
            answers,
            "arcface_logits",
            cos,
            [3, 1, 0, 2, 1],
            0.4,
            16.0,
            f"5 x 4, {dtype}",
        )


def _psi(theta, m):
    k = min(int(m * theta / math.pi), m - 1)
    return (-1) ** k * math.cos(m * theta) - 2 * k


def _check_psi(answers, theta, m, name):
    call = f"psi(theta, m={m}) with {name}"
    got = compare.table(answers.psi(theta, m), tuple(theta.shape), call, OWN)
    want = torch.tensor([_psi(t, m) for t in theta.double().tolist()]).double()
    t = theta.double()
    k = (m * t / math.pi).floor().clamp(max=m - 1)
    mistakes = [
        ("cos(m theta) alone rises again; it needs (-1)^k and - 2k", (m * t).cos()),
        ("the sign (-1)^k is missing", (m * t).cos() - 2 * k),
        ("- 2k is missing", (-1) ** k * (m * t).cos()),
        ("2k is taken off, not k", (-1) ** k * (m * t).cos() - k),
        ("this is cos(theta); m has no effect", t.cos()),
    ]  # fmt: skip
    compare.same(got, want, call, OWN, mistakes)


@task("10.4", points=1)
def test_psi(answers):
    """Angles in the first pieces, for m = 1, 2, 3, 4

    psi is cos(m theta) at first, and goes on falling.
    """
    _check_psi(answers, torch.tensor([0.0, 0.5, 1.0, 2.0]), 2, "theta = [0, 0.5, 1, 2]")
    for m in (1, 2, 3, 4):
        for dtype in DTYPES:
            theta = (3.1 * torch.rand(20)).to(dtype)
            _check_psi(answers, theta, m, f"20 random angles, {dtype}")


def _lowest(C, s):
    return math.log1p((C - 1) * math.exp(-s * C / (C - 1)))


def _classes(low, high):
    """Three fresh numbers of classes."""
    return torch.randint(low, high, (3,)).tolist()


@task("10.5", points=1)
def test_lowest_loss(answers):
    """Two classes, ten, a hundred; small and large scales

    Own cosine 1, all others -1 / (C - 1).
    """
    fixed = ((2, 1.0), (2, 4.0), (10, 1.0), (100, 1.0), (100, 4.0))
    fresh = [(C, 0.3 + 2.5 * torch.rand(()).item()) for C in _classes(3, 40)]
    for C, s in (*fixed, *fresh, (1000, 16.0)):
        call = f"lowest_loss(C={C}, scale={s:.4g})"
        got = compare.number(answers.lowest_loss(C, s), call, FLOOR)
        falls, other = math.exp(-s * C / (C - 1)), C - 1
        mistakes = [
            ("the others have cosine -1 / (C - 1), not 0",
             math.log1p(other * math.exp(-s))),
            ("only two classes can be opposite: others have -1 / (C - 1), not -1",
             math.log1p(other * math.exp(-2 * s))),
            ("there are C - 1 other classes", math.log1p(C * falls)),
            ("this is the probability; the loss is -log p", 1 / (1 + other * falls)),
            ("the scale has no effect", _lowest(C, 1.0)),
        ]  # fmt: skip
        compare.one(got, _lowest(C, s), call, FLOOR, mistakes, tol=1e-3)


def _accurate(answers, C):
    call = f"accurate_and_useless(C={C})"
    parts = compare.parts(answers.accurate_and_useless(C), ("z", "W"), call, UNSEEN)
    z = compare.table(parts[0], (2 * C, None), f"{call}: z", UNSEEN)
    W = compare.table(parts[1], (C, z.shape[1]), f"{call}: W", UNSEEN)
    for rows, name in ((z, "z"), (W, "W")):
        off = (rows.norm(dim=1) - 1).abs().max().item()
        assert off < 1e-5, f"{call}: a row of {name} has not length 1. {UNSEEN}"
    z, W = (table / table.norm(dim=1, keepdim=True) for table in (z, W))
    labels = torch.arange(C).repeat_interleave(2)
    cos = z @ W.T
    own = cos.gather(1, labels[:, None])
    other = cos.scatter(1, labels[:, None], -2).max(dim=1, keepdim=True).values
    right = (own > other + 1e-6).double().mean().item()
    assert right == 1, (
        f"{call}: only {right:.0%} of the points are nearest to their own weight; rows "
        f"2c and 2c + 1 of z belong to class c, row c of W is its weight. {LAYER}"
    )
    sim = (z @ z.T).fill_diagonal_(-2)
    friend = sim[torch.arange(2 * C), torch.arange(2 * C) ^ 1]
    hidden = sim.clone()
    hidden[torch.arange(2 * C), torch.arange(2 * C) ^ 1] = -2
    lost = (hidden.max(dim=1).values > friend + 1e-6).double().mean().item()
    assert lost == 1, (
        f"{call}: for {1 - lost:.0%} of the points the friend is nearest, or as near "
        f"as the nearest stranger; Recall@1 must be 0. {UNSEEN}"
    )


@task("10.6", points=1)
def test_accurate_and_useless(answers):
    """Two, three and five classes of two points

    Every point is nearest to its own weight, and to no friend.
    """
    for C in (3, 2, 5):
        _accurate(answers, C)


RUBRIC = """
the margin needs the label since it lowers the own logit only in deployment which class
is the true one is not known and for classes never seen there is no weight at all the
margin shapes the embedding in training later only angles count softmax is no hinge the
slope of a right point is s 1 p small but never exactly 0 how small the scale decides
the machine looks for 40 words 20 of them different for a word on what would have to be
known label true class unseen unknown and for one on what a right point still feels
slope gradient pull push hinge it refuses sentences of the rubric and what you quote
from this task does not count use your own words the points are confirmed or not by the
person who reads it
"""
#: What else the task says: to quote it is no explanation.
STORY = """
say what a margin is for and what softmax does to points that are right a colleague
trains with arcface and writes two things in deployment i compute arcface_logits and
take the largest so that the margin protects my predictions and after training i checked
most images satisfy the margin so they no longer contribute as with a hinge in
explain_10_7 in at least 40 words 100 are plenty what is wrong with each which argument
of arcface_logits is missing in deployment the slope in the own cosine is s 1 p two or
three sentences on each half between the triple quotes
"""


@task("10.7", points=2)
def test_explain(answers):
    """At least 40 words of your own, on the margin and on the slope

    The machine looks for length and for the two ideas of the rubric only; the points
    are confirmed by the person who reads it.
    """
    joined = own_words(
        answers, "explain_10_7", rubric=RUBRIC, see=BOUNDARY, story=STORY
    )
    known = ("know", "label", "true class", "unseen", "new class", "unknown")
    assert any(stem in joined for stem in known), (
        "explain_10_7 does not say what a prediction with the margin would have to "
        f"know beforehand. {BOUNDARY}"
    )
    slope = ("slope", "gradient", "derivative", "hinge", "pull", "push", "exponential")
    assert any(stem in joined for stem in slope), (
        "explain_10_7 does not say what softmax does to a point that is right by far, "
        f"and a hinge does not. {HINGE}"
    )


def _arc_loss(cos, labels, m, s):
    return _surprise(_with_own(cos, labels, s, _arc(m)), labels)


def _differences(cos, labels, m, s):
    """Central differences of ArcFace's loss in each cosine."""
    slope = torch.zeros_like(cos)
    for i in range(cos.shape[0]):
        for j in range(cos.shape[1]):
            ends = []
            for sign in (1, -1):
                moved = cos.clone()
                moved[i, j] += sign * 1e-5
                ends.append(_arc_loss(moved, labels, m, s))
            slope[i, j] = (ends[0] - ends[1]) / 2e-5
    return slope


def _check_slope(answers, cos, labels, m, s, name):
    call = f"arcface_slope(cos, labels, m={m:.4g}, scale={s:.4g}) with {name}"
    got = answers.arcface_slope(cos.clone(), torch.tensor(labels), m, s)
    got = compare.table(got, tuple(cos.shape), call, FORMULAS)
    want = _differences(cos.double(), labels, m, s)
    p = _with_own(cos, labels, s, _arc(m)).softmax(dim=1)
    hot = torch.nn.functional.one_hot(torch.tensor(labels), cos.shape[1]).double()
    mistakes = [
        ("the sign is turned", -want),
        ("this is the slope of the sum; the loss is a mean", want * len(cos)),
        ("the own class lacks the slope of cos(theta + m), sin(theta + m) / sin(theta)",
         s * (p - hot) / len(cos)),
        ("the scale is missing", want / s),
    ]  # fmt: skip
    compare.same(got, want, call, FORMULAS, mistakes, tol=5e-3)


@task("10.8", points=1)
def test_arcface_slope(answers):
    """One point, and random tables, against finite differences

    dL / dcos, shape (n, C), of the mean loss.
    """
    cos = torch.tensor([[0.5, 0.1]]).double()
    _check_slope(answers, cos, [0], 0.5, 2.0, "cos = [[0.5, 0.1]], labels [0]")
    for n, C in ((4, 3), (3, 5), (4, 3)):
        m, s = (0.15 + 0.45 * torch.rand(())).item(), (2 + 8 * torch.rand(())).item()
        cos = 1.6 * torch.rand(n, C).double() - 0.8
        labels = torch.randint(C, (n,)).tolist()
        _check_slope(answers, cos, labels, m, s, f"{n} x {C} cosines")


#: What the hidden checks add, by task.
HIDDEN_POINTS = {
    "10.2": 1,
    "10.3": 1,
    "10.4": 1,
    "10.5": 1,
    "10.6": 1,
    "10.8": 2,
}
