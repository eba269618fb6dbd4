"""Checks of exercise 07, Nutshell."""

import math
import random
from collections import Counter

import torch

from mlcourse.grading import compare, own_words, task

HIDES = (
    "mlcourse.linear",
    "mlcourse.losses",
    "mlcourse.networks",
    "mlcourse.objective",
    "mlcourse.regularizers",
    "mlcourse.samplers",
    "mlcourse.training",
)
#: Libraries that answer some of the tasks: a person looks at them, no point is lost.
FLAGS = (
    "sklearn.neighbors",
    "sklearn.discriminant_analysis",
    "metric_learn",
    "pytorch_metric_learning",
)

FORMULA = "See lecture 07, section 'The formula'."
NCA = "See lecture 07, section 'NCA once more'."
SPHERE = "See lecture 07, section 'The unit sphere'."
LOOP = "See lecture 07, section 'The loop'."
BATCHES = "See lecture 07, section 'Balanced batches'."
COLLAPSE = "See lecture 07, section 'Collapse'."
UNSEEN = "See lecture 07, section 'On classes never seen'."


def _f64(values):
    return torch.tensor(values, dtype=torch.float64)


def _random(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def _squares(x):
    """Return the squared Euclidean distances of the rows, by differences."""
    return ((x[:, None] - x) ** 2).sum(dim=-1)


# ----------------------------------------------------------- 07.1 Two small rules


@task("07.1", points=1)
def test_on_sphere(answers):
    """Two vectors and a zero, then vectors of any length

    (3, 4) has the length 5, so it becomes (0.6, 0.8); (0, 0) stays (0, 0).
    """
    z, want = _f64([[3, 4], [0, 0], [0, -2]]), _f64([[0.6, 0.8], [0, 0], [0, -1]])
    call = "on_sphere([[3, 4], [0, 0], [0, -2]])"
    got = compare.table(answers.on_sphere(z), (3, 2), call, SPHERE)
    mistakes = [
        ("divide by the length of each row, not by that of the table", z / z.norm()),
        ("divide by the length, not by its square", z / _f64([[25], [1], [4]])),
        ("divide by the length, not by the sum", z / _f64([[7], [1], [2]])),
        ("divide each row, not each column", z / z.norm(dim=0)),
        ("divide by the length, not by the largest", z / _f64([[4], [1], [2]])),
    ]
    compare.same(got, want, call, SPHERE, mistakes, tol=1e-4)
    for dtype in (torch.float32, torch.float64):
        for power in (-10, -5, 0, 5, 10):
            n, k = random.randint(4, 9), random.randint(2, 7)
            unit = _random(n, k)
            unit /= unit.norm(dim=1, keepdim=True)
            unit[random.randrange(n)] = 0
            z = (unit * (10.0**power * (0.5 + torch.rand(n, 1)))).to(dtype)
            call = f"on_sphere(z) with {n} vectors of lengths near 1e{power}, {dtype}"
            got = compare.table(answers.on_sphere(z), (n, k), call, SPHERE)
            worst = (got - unit).abs().max().item()
            assert worst < 1e-4, (
                f"{call}: an entry is off by {worst:.1e}. One of the rows is 0 and "
                "stays 0; every other one gets the length 1, however short it is: "
                f"nothing is added to the length. {SPHERE}"
            )


def _kept(scores, patience):
    """Return the epoch that early stopping keeps, by the rule of the statement."""
    best, waited = 0, 0
    for epoch in range(1, len(scores)):
        if scores[epoch] > scores[best]:
            best, waited = epoch, 0
        else:
            waited += 1
        if waited == patience:
            break
    return best


@task("07.1", points=1)
def test_epoch_to_keep(answers):
    """A run that stops too early to see its best score, and random runs

    With patience 2, the scores 0.40 (untrained), 0.55, 0.52, 0.53 end the run after
    epoch 3; whatever would have come in epoch 4 is never seen.
    """
    runs = [
        ([0.40, 0.55, 0.52, 0.53, 0.60], 2),
        ([0.40, 0.55, 0.52, 0.56, 0.53, 0.51, 0.60], 2),
        ([0.50, 0.40, 0.45], 5),
        ([0.40, 0.55, 0.55, 0.50], 3),
        ([0.40, 0.50, 0.50, 0.60], 2),
        ([0.40, 0.50, 0.45, 0.46, 0.55], 2),
        ([0.40, 0.50, 0.45, 0.60, 0.55, 0.70], 2),
        ([0.60, 0.40, 0.50, 0.55, 0.70], 3),
        ([0.40], 1),
    ]
    for _ in range(30):
        size, digits = random.randint(1, 15), random.choice((1, 2))
        scores = [round(random.random(), digits) for _ in range(size)]
        runs.append((scores, random.randint(1, 4)))
    for scores, patience in runs:
        want = _kept(scores, patience)
        call = f"epoch_to_keep({scores}, {patience})"
        got = compare.number(answers.epoch_to_keep(scores, patience), call, LOOP)
        peaks = {k for k, score in enumerate(scores) if score == max(scores)}
        late = got in peaks and want not in peaks
        assert not late, (
            f"{call} returned {got:g}, expected {want}: the run had stopped before "
            f"epoch {got:g}; nobody knows its score. {LOOP}"
        )
        assert got == want, (
            f"{call} returned {got:g}, expected {want}. scores[0] is the untrained "
            "network, epoch 0; only a score above the best so far is better; the "
            "count of epochs without a better one starts anew after each better one. "
            f"{LOOP}"
        )


# ----------------------------------------------------------------- 07.2 NCA's loss


def _nca(dist, labels):
    """Return NCA's loss by loops over its formula, and its slope in dist."""
    n, losses = len(labels), []
    slope = torch.zeros(n, n, dtype=torch.float64)
    for i in range(n):
        others = [j for j in range(n) if j != i]
        friends = [j for j in others if labels[j] == labels[i]]
        if not friends:
            continue
        near, top = min(dist[i][j] for j in friends), min(dist[i][j] for j in others)
        right = sum(math.exp(near - dist[i][j]) for j in friends)
        total = sum(math.exp(top - dist[i][j]) for j in others)
        losses.append(math.log(total) - top - math.log(right) + near)
        for j in others:
            slope[i, j] -= math.exp(top - dist[i][j]) / total
        for j in friends:
            slope[i, j] += math.exp(near - dist[i][j]) / right
    return sum(losses) / max(len(losses), 1), slope / max(len(losses), 1)


def _slips(dist, labels):
    """Return usual mistakes in NCA's loss, with their names."""
    same = labels[:, None] == labels
    off = ~torch.eye(len(dist), dtype=torch.bool)
    e = torch.exp(-dist)
    p = e * off / (e * off).sum(dim=1, keepdim=True)
    own = e / e.sum(dim=1, keepdim=True)
    right = (p * same).sum(dim=1)
    some = right > 0
    clash = (e * (same & off)).sum(dim=1) / (e * ~same).sum(dim=1)
    return [
        ("each point is its own friend here; leave j = i out", own * same),
        ("j = i is left in the denominator", own * (same & off)),
        ("the denominator holds friends and strangers", clash),
        ("this is the mean of the p_i; take -log of each first", -right[some].mean()),
        ("this is the mean of the p_i; take -log of each first", right[some].mean()),
        (
            "this is the log of the mean, not the mean of the logs",
            -right[some].mean().log(),
        ),
        (
            "the sign is lost: a loss is small where p_i is large",
            right[some].log().mean(),
        ),
        ("this is the sum over the points, not the mean", -right[some].log().sum()),
        ("larger distances must weigh less: e^(-dist)", None),
    ]


def _check_nca(answers, dist, labels, name, slips=False):
    want = _nca(dist.double().tolist(), labels.tolist())[0]
    call = f"nca_loss(dist, labels) with {name}"
    got = compare.number(answers.nca_loss(dist, labels), call, NCA)
    fine = abs(got - want) < 1e-4 * (1 + abs(want))
    for words, wrong in _slips(dist.double(), labels) if slips and not fine else ():
        if wrong is None:
            wrong = _f64(_nca((-dist.double()).tolist(), labels.tolist())[0])
        elif wrong.dim():
            share = wrong.sum(dim=1) if wrong.dim() == 2 else wrong
            wrong = -share[share > 0].log().mean()
        assert abs(got - wrong.item()) > 1e-4, (
            f"{call} returned {got:.4f}, expected {want:.4f}: {words}. {NCA}"
        )
    assert fine, (
        f"{call} returned {got:.6g}, expected {want:.6g}. Work p_0 out by hand; row i "
        "of dist belongs to point i, its diagonal says nothing, and points without a "
        f"friend are left out of the mean. {NCA}"
    )


@task("07.2", points=1)
def test_nca_loss(answers):
    """Three points by hand, then random tables

    Point 0 has the friend 1 at 1 and the stranger 2 at 1: p_0 = 1/2. Point 1 has the
    friend at 1 and the stranger at 4: p_1 = 1/1.05. Point 2 has no friend.
    """
    dist = _f64([[0, 1, 1], [1, 0, 4], [1, 4, 0]])
    name = "dist = [[0, 1, 1], [1, 0, 4], [1, 4, 0]], labels = [0, 0, 1]"
    _check_nca(answers, dist, torch.tensor([0, 0, 1]), name, slips=True)
    dist = _f64([[0, 1, 2, 3], [1.5, 0, 0.5, 1], [2, 0.25, 0, 0.75], [3, 1, 0.5, 0]])
    name = "a table of four points that is not symmetric, labels = [5, 2, 5, 2]"
    _check_nca(answers, dist, torch.tensor([5, 2, 5, 2]), name, slips=True)
    for dtype in (torch.float32, torch.float64):
        labels = torch.arange(9)[torch.randperm(9)] % 3
        dist = (3 * torch.rand(9, 9)).fill_diagonal_(0).to(dtype)
        _check_nca(answers, dist, labels, f"9 random points of 3 classes, {dtype}")


@task("07.2", points=1, hidden=True)
def test_nca_loss_any_data(answers):
    """Classes of one point, no friend at all, far points, a diagonal that is not 0

    e^(-dist) of a whole row may be 0 in floating point; the p_i, ratios, may not be
    lost.
    """
    for _ in range(3):
        labels = torch.tensor([0, 0, 0, 1, 1, 2, 7, -3])[torch.randperm(8)]
        dist = 4 * torch.rand(8, 8)
        _check_nca(answers, dist, labels, "classes of 3, 2, 1, 1, 1 points")
        name = "far points: distances from 1000 to 1010"
        _check_nca(answers, 1000 + 10 * torch.rand(8, 8).double(), labels, name)
        wide = torch.where(labels[:, None] == labels, 800.0, 5.0).double()
        name = "friends at about 800 and strangers at about 5"
        _check_nca(answers, wide + torch.rand(8, 8), labels, name)
        shifted = dist.clone().fill_diagonal_(-3.0)
        _check_nca(answers, shifted, labels, "a diagonal of -3, which says nothing")
    call = "nca_loss(dist, labels) with five points of five classes"
    got = compare.number(answers.nca_loss(torch.rand(5, 5), torch.arange(5)), call, NCA)
    assert got == 0, f"{call} returned {got}, expected 0: nobody has a friend. {NCA}"


@task("07.2", points=1)
def test_nca_slope(answers):
    """The gradient in the distances that autograd finds

    A friend pulls, a stranger pushes: for row i the slopes are [j is a friend]
    p_ij / p_i - p_ij, over the number of points with a friend.
    """
    for trial in range(4):
        labels = torch.tensor([0, 1, 0, 1, 1, 2, 0])[torch.randperm(7)]
        dist = _random(7, 7).abs() * 2
        if trial == 3:
            dist += 500
        want = _nca(dist.tolist(), labels.tolist())[1]
        call = "the gradient of nca_loss(dist, labels) in dist, 7 random points"
        got = compare.table(answers.grad("nca_loss", dist, labels), (7, 7), call, NCA)
        worst = (got - want).abs().max().item()
        assert worst < 1e-5, (
            f"{call} is off by {worst:.1e}. It is 0 for j = i, negative for the "
            f"strangers of a point with a friend, and sums to 0 in each row. {NCA}"
        )


# -------------------------------------------------------------- 07.3 One step of psi


def _contrastive(L, x, S, D, margin):
    z, cost = x @ L.T, 0.0
    for i, j in S.tolist():
        cost += 0.5 * math.dist(z[i].tolist(), z[j].tolist()) ** 2
    for i, j in D.tolist():
        cost += 0.5 * max(margin - math.dist(z[i].tolist(), z[j].tolist()), 0) ** 2
    return cost / max(len(S) + len(D), 1)


def _slope(L, x, S, D, margin, h=1e-6):
    """Return the gradient of the loss in L by central differences."""
    slope = torch.zeros_like(L)
    for r in range(L.shape[0]):
        for c in range(L.shape[1]):
            move = torch.zeros_like(L)
            move[r, c] = h
            up, down = (_contrastive(L + s * move, x, S, D, margin) for s in (1, -1))
            slope[r, c] = (up - down) / (2 * h)
    return slope


def _pairs(n, s):
    every = [(i, j) for i in range(n) for j in range(i + 1, n)]
    random.shuffle(every)
    return torch.tensor(every[:s]).reshape(-1, 2), torch.tensor(every[s:])


def _compare_step(got, L, slope, lr, call, slips=()):
    told = f"Expected is L - lr times the gradient, here by finite differences. {LOOP}"
    compare.same(got, L - lr * slope, call, told, slips, tol=1e-4)


def _usual(L, slope, lr, pairs):
    return [
        ("this goes uphill; subtract the gradient", L + lr * slope),
        ("this is the gradient, not the new L", slope),
        ("this is the step, not the new L", -lr * slope),
        ("lr is not used", L - slope),
        ("the sum must be divided by the number of pairs", L - lr * pairs * slope),
        ("the halves of the formula are missing", L - 2 * lr * slope),
    ]


@task("07.3", points=1)
def test_step(answers):
    """One number L by hand

    z = 0, 1, 3. The similar pair is 1 apart and pulls, the dissimilar one 2 apart, less
    than the margin 4: it pushes. The slope is (1 * 1 - (4 - 2) * 2) / 2 = -1.5.
    """
    L, x = _f64([[1]]), _f64([[0], [1], [3]])
    S, D = torch.tensor([[0, 1]]), torch.tensor([[1, 2]])
    call = "step(L, x, S, D, 4.0, 0.4), L = [[1]], x = [[0], [1], [3]], S = [[0, 1]], "
    call += "D = [[1, 2]]"
    got = compare.table(answers.step(L, x, S, D, 4.0, 0.4), (1, 1), call, LOOP)
    slope = _f64([[-1.5]])
    slips = [
        *_usual(L, slope, 0.4, 2),
        (
            "the pair of D does not push; its hinge is margin - distance, with the "
            "distance not squared",
            _f64([[0.8]]),
        ),
        ("the pair of D pulls, and should push", _f64([[0.0]])),
        ("the pair of S does not pull", _f64([[1.8]])),
        ("the hinge on D is squared and halved", _f64([[1.2]])),
    ]
    _compare_step(got, L, slope, 0.4, call, slips)


@task("07.3", points=1)
def test_step_is_downhill(answers):
    """Random maps and pairs, against finite differences

    L (k, d) maps the rows of x; some dissimilar pairs are beyond the margin.
    """
    for trial in range(4):
        n, d, k = 5, 2 + trial % 3, 1 + trial % 2
        L, x = _random(k, d), _random(n, d)
        S, D = _pairs(n, 4)
        z = x @ L.T
        dist = (z[D[:, 0]] - z[D[:, 1]]).norm(dim=1)
        margin = dist.sort().values[3:5].mean().item()  # some are beyond it
        lr = 0.1 + torch.rand(()).item()
        slope = _slope(L, x, S, D, margin)
        call = f"step(L, x, S, D, {margin:.3f}, {lr:.3f}) with random L {(k, d)}"
        got = compare.table(answers.step(L, x, S, D, margin, lr), (k, d), call, LOOP)
        _compare_step(got, L, slope, lr, call, _usual(L, slope, lr, len(S) + len(D)))


@task("07.3", points=1, hidden=True)
def test_step_survives(answers):
    """Points in one place, no pairs of a kind, float32, and the same call twice

    Where two points have the distance 0, the pair counts as without slope.
    """
    L, x = _random(2, 3), _random(4, 3)
    x[1] = x[0]
    S, D = torch.tensor([[0, 2], [1, 3]]), torch.tensor([[0, 1], [2, 3], [0, 3]])
    none = torch.zeros(0, 2, dtype=torch.int64)
    for name, similar, dissimilar in (
        ("a dissimilar pair in one place", S, D),
        ("a similar pair in one place", torch.tensor([[0, 1], [0, 2]]), D[1:]),
        ("no dissimilar pair", S, none),
        ("no similar pair", none, D[1:]),
        ("no pair at all", none, none),
        ("one similar pair alone", S[:1], none),
        ("one dissimilar pair alone", none, D[1:2]),
    ):
        moving = [p for p in dissimilar.tolist() if p != [0, 1]]
        apart = torch.tensor(moving, dtype=torch.int64).reshape(-1, 2)
        slope = _slope(L, x, similar, apart, 5.0)
        slope *= (len(similar) + len(apart)) / max(len(similar) + len(dissimilar), 1)
        for dtype in (torch.float64, torch.float32):
            call = f"step(L, x, S, D, 5.0, 0.1) with {name}, {dtype}"
            a, b = L.to(dtype), x.to(dtype)
            for _ in range(2):
                got = answers.step(a, b, similar, dissimilar, 5.0, 0.1)
                got = compare.table(got, (2, 3), call, LOOP)
                _compare_step(got, L, slope, 0.1, call)


# ------------------------------------------------------------- 07.4 Balanced batches


@task("07.4", points=1)
def test_counts(answers):
    """Pairs and triplets of a few batches, counted one by one

    In [0, 0, 0, 1, 1] class 0 has 3 pairs and class 1 has 1. Anchors 0 to 2 have 2
    friends and 2 strangers each, 3 and 4 have 1 and 3: 12 + 6 triplets.
    """
    batches = [[0, 0, 0, 1, 1], [5, 5, 5, 5], [1, 2, 3], [7, -1, 7, 2, -1, 7, 7]]
    batches += [torch.randint(5, (n,)).tolist() for n in (1, 8, 14)]
    for labels in batches:
        n, pairs, triplets = len(labels), 0, 0
        for a in range(n):
            for p in range(n):
                if p != a and labels[p] == labels[a]:
                    pairs += p > a
                    triplets += sum(labels[m] != labels[a] for m in range(n))
        call = f"count_judgements({labels})"
        got = answers.count_judgements(torch.tensor(labels))
        got = compare.parts(got, ("pairs", "triplets"), call, BATCHES)
        s, t = (compare.number(value, call, BATCHES) for value in got)
        twice = s == 2 * pairs and pairs > 0
        assert not twice, (
            f"{call} has {s:g} similar pairs, expected {pairs}: (i, j) and (j, i) are "
            f"one pair. {BATCHES}"
        )
        assert s == pairs, (
            f"{call} has {s:g} similar pairs, expected {pairs}: a class of m points "
            f"has m (m - 1) / 2, and no point is paired with itself. {BATCHES}"
        )
        half = 2 * t == triplets and triplets > 0
        assert not half, (
            f"{call} has {t:g} triplets, expected {triplets}: (a, p, n) and (p, a, n) "
            f"are two. {BATCHES}"
        )
        assert t == triplets, (
            f"{call} has {t:g} triplets, expected {triplets}: every anchor, with each "
            f"of its friends and each of its strangers. {BATCHES}"
        )


def _batch(answers, labels, classes, per_class, seed):
    """Return the rows of one batch after the checks of its form."""
    call = f"balanced_batch(labels, {classes}, {per_class}, {seed})"
    got = answers.balanced_batch(torch.tensor(labels), classes, per_class, seed)
    shape = (classes * per_class,)
    rows = compare.whole(got, shape, len(labels), call, BATCHES).tolist()
    assert len(set(rows)) == len(rows), (
        f"{call} holds a point twice: {sorted(rows)}. A pair of a point with itself "
        f"teaches nothing; draw without replacement. {BATCHES}"
    )
    count = Counter(labels[r] for r in rows)
    assert set(count.values()) == {per_class}, (
        f"{call} has {dict(count)} points of its classes; expected are {classes} "
        f"classes with {per_class} points each. {BATCHES}"
    )
    return rows


@task("07.4", points=1)
def test_balanced_batch(answers):
    """The right number of classes and points, none twice, the same for the same seed

    Labels may be any integers in any order; a class with too few points is never drawn.
    """
    for trial in range(6):
        names = random.sample(range(-50, 50), 6)
        sizes = zip(names, (1, 2, 3, 4, 5, 9), strict=True)
        labels = [c for c, m in sizes for _ in range(m)]
        random.shuffle(labels)
        classes, per_class = ((2, 3), (4, 2), (3, 4), (1, 9), (6, 1), (4, 3))[trial]
        seed = random.randrange(10**6)
        rows = _batch(answers, labels, classes, per_class, seed)
        again = _batch(answers, labels, classes, per_class, seed)
        assert rows == again, (
            f"balanced_batch with the seed {seed} returned {rows}, then {again}; equal "
            "seeds must give equal batches: draw with a generator that has this seed. "
            f"{BATCHES}"
        )


@task("07.4", points=1, hidden=True)
def test_balanced_batch_is_fair(answers):
    """Over many seeds: every class as often as every other, and every point of it

    A class of 20 points is drawn no more often than a class of 4.
    """
    labels = [0] * 4 + [1] * 20 + [2] * 3 + [3] * 6 + [4] * 4
    random.shuffle(labels)
    runs = 300
    seen, points = Counter(), Counter()
    for seed in random.sample(range(10**6), runs):
        rows = _batch(answers, labels, 2, 4, seed)
        seen.update({labels[r] for r in rows})
        points.update(rows)
    for c in (0, 1, 3, 4):
        share = seen[c] / runs
        assert abs(share - 0.5) < 0.17, (
            f"balanced_batch(labels, 2, 4, seed) drew class {c}, one of four that are "
            f"large enough, in {share:.0%} of {runs} seeds, expected about 50 %: draw "
            f"classes, not points, with equal chance. {BATCHES}"
        )
    for r, c in enumerate(labels):
        if c == 2:
            continue
        share = points[r] / max(seen[c], 1)
        want = 4 / labels.count(c)
        assert abs(share - want) < 0.27, (
            f"balanced_batch(labels, 2, 4, seed) took row {r} in {share:.0%} of the "
            f"batches with its class, expected about {want:.0%}: all points of a "
            f"class have the same chance. {BATCHES}"
        )


# ----------------------------------------------------------------- 07.5 Break it


def _unit_rows(got, labels, widths, call):
    z = compare.table(got, (len(labels), None), call, COLLAPSE)
    assert z.shape[1] in widths, (
        f"{call} has {z.shape[1]} columns, expected {widths[0]} to {widths[-1]}. "
        f"{COLLAPSE}"
    )
    off = (z.norm(dim=1) - 1).abs().max().item()
    assert off < 1e-5, f"{call}: a row has not the length 1, off by {off:.1e}. {SPHERE}"
    return z


def _batches():
    """Return labels of balanced batches: classes, per class, in any order."""
    for classes, m in ((2, 2), (3, 2), (2, 5), (6, 4), (16, 4)):
        names = random.sample(range(100), classes)
        labels = [c for c in names for _ in range(m)]
        random.shuffle(labels)
        yield labels


def _ranking(z, labels):
    """Return the gap to the nearest friend, that to the farthest, and to strangers."""
    dist = _squares(z).sqrt()
    y = torch.tensor(labels)
    same = y[:, None] == y
    itself = torch.eye(len(y), dtype=torch.bool)
    friend = dist.masked_fill(~same | itself, torch.inf).amin(dim=1)
    farthest = dist.masked_fill(~same | itself, -torch.inf).amax(dim=1)
    stranger = dist.masked_fill(same, torch.inf).amin(dim=1)
    return dist, same & ~itself, friend, farthest, stranger


@task("07.5", points=1)
def test_s_alone_is_content(answers):
    """(a) The loss on S alone is almost 0, and no point finds a friend

    Nearly one place for all: then S has almost no distance left to pull at.
    """
    for labels in _batches():
        call = f"content({labels})"
        z = _unit_rows(
            answers.content(torch.tensor(labels)), labels, range(2, 65), call
        )
        dist, similar, friend, _, stranger = _ranking(z, labels)
        loss = dist[similar].square().mean().item() / 2
        assert loss <= 1e-4, (
            f"{call}: the loss on S, the mean of half the squared distances, is "
            f"{loss:.2e}, allowed is 0.0001: pull all points nearly together. "
            f"{COLLAPSE}"
        )
        assert stranger.min() > 1e-6, (
            f"{call}: two strangers have the distance {stranger.min():.1e}; keep them "
            f"1e-6 or more apart, so that the ranking means something. {COLLAPSE}"
        )
        found = int((friend <= stranger * (1 + 1e-3)).sum())
        assert found == 0, (
            f"{call}: {found} of {len(labels)} points have a friend as near as their "
            "nearest stranger; each must have a stranger nearer, by 0.1 % at least: "
            f"let strangers share a place, not friends. {COLLAPSE}"
        )


@task("07.5", points=1)
def test_at_the_margin(answers):
    """(b) Batch-hard's loss stands at its margin, and the ranking is perfect

    The loss sees how far, the ranking only in which order.
    """
    for labels in _batches():
        call = f"at_margin({labels})"
        got = answers.at_margin(torch.tensor(labels))
        z = _unit_rows(got, labels, range(2, 65), call)
        _, _, _, farthest, stranger = _ranking(z, labels)
        assert stranger.min() > 1e-6, (
            f"{call}: two strangers have the distance {stranger.min():.1e}; keep them "
            f"1e-6 or more apart. {COLLAPSE}"
        )
        worse = int((farthest * (1 + 1e-3) >= stranger).sum())
        assert worse == 0, (
            f"{call}: {worse} of {len(labels)} points have a stranger as near as their "
            f"farthest friend; every friend must be nearer, by 0.1 %. {COLLAPSE}"
        )
        hinge = (farthest - stranger + 0.2).clamp(min=0)
        loss = hinge.mean().item()
        assert 0.199 <= loss <= 0.2, (
            f"{call}: the batch-hard loss is {loss:.4f}, expected from 0.199 to 0.200: "
            f"all distances must be small beside the margin 0.2. {COLLAPSE}"
        )


@task("07.5", points=1)
def test_spread_alone_is_content(answers):
    """(c) R is almost 0, the points fill the sphere, and no point finds a friend

    R does not know the labels: whom it puts side by side is up to you.
    """
    for labels in _batches():
        n = len(labels)
        call = f"wide({labels})"
        z = _unit_rows(answers.wide(torch.tensor(labels)), labels, range(2, 65), call)
        _, _, friend, _, stranger = _ranking(z, labels)
        cos = (z @ z.T)[~torch.eye(n, dtype=torch.bool)]
        excess = max(cos.square().mean().item() - 1 / z.shape[1], 0)
        value, allowed = cos.mean().item() ** 2 + excess, 1.1 / (n - 1) ** 2 + 1e-3
        assert value <= allowed, (
            f"{call}: R, the squared mean cosine plus what the mean squared cosine has "
            f"above 1/k, is {value:.4f}, allowed is {allowed:.4f}: spread the points "
            f"evenly. {COLLAPSE}"
        )
        found = int((friend <= stranger * (1 + 1e-3)).sum())
        assert found == 0, (
            f"{call}: {found} of {n} points have a friend as near as their nearest "
            f"stranger; put strangers side by side. {COLLAPSE}"
        )


# ------------------------------------------------------------------- 07.6 Explain


#: Parts of the rubric that nobody writes by chance.
RUBRIC = (
    "all distances are nearly equal so every hinge is the margin",
    "raises the price of one place for all",
)
#: All that the task says: to quote it is no explanation.
STORY = """
diagnose a training run from its numbers a friend trains a network with a triplet loss
margin 0.2 on the hardest triplet of each anchor for an hour the printed loss has been
0.200 it has converged says your friend and recall@1 on the validation classes is 0.6 so
it has learned something in explain_07_6 in at least 40 words 100 are plenty what has
probably happened and why does the loss say 0.200 which number other than the loss would
you look at to be sure and why is recall@1 not enough name two different cures what is
the hinge of a triplet whose two distances are equal and of one that is solved delta ap
delta an m m for delta ap delta an recall@1 does not change when z is replaced by z 0 0
001 z four or five sentences between the triple quotes explain_07_6 what happened to be
sure recall@1 cures collapse not convergence all distances are nearly equal so every
hinge is the margin a solved task has the loss 0 to be sure the mean distance or the
singular values one direction has nearly all ρ is high recall@1 sees only the order of
tiny differences two cures with a reason such as all triplets instead of the hardest a
smaller learning rate a term with dissimilar pairs or a regularizer like spread which
raises the price of one place for all the machine looks for 40 words 20 of them
different for a number that confirms the suspicion distance singular values cosine norm
and for a cure rate negatives all triplets regularizer it refuses sentences of the
rubric and what you quote from this task does not count use your own words the points
are confirmed or not by the person who reads it
"""


@task("07.6", points=2)
def test_explanation_is_there(answers):
    """Your explanation, before a person reads it

    The machine looks for length and for the two ideas of the rubric only; the points
    are confirmed by the person who reads it.
    """
    joined = own_words(
        answers, "explain_07_6", rubric=RUBRIC, see=COLLAPSE, story=STORY
    )
    sign = ("distance", "singular", "spectral", "rho", "cosine", "norm", "spread")
    assert any(stem in joined for stem in sign), (
        "explain_07_6 does not name a number that would confirm the suspicion. "
        f"{COLLAPSE}"
    )
    cure = ("rate", "dissimilar", "negative", "triplet", "regulari", "spread", "step")
    assert any(stem in joined for stem in cure), (
        f"explain_07_6 does not name a cure. {COLLAPSE}"
    )


# ----------------------------------------------------------------- 07.7 Challenge


def _problem(units=False):
    """Return training points and labels, those of new classes, and the true map.

    Three of 12 hidden directions hold the class; the other nine are large and noise.
    """
    turn = torch.linalg.qr(_random(12, 12))[0]
    scale = torch.ones(12, dtype=torch.float64)
    if units:
        scale = 10 ** (4 * torch.rand(12, dtype=torch.float64) - 2)

    def draw(classes):
        y = torch.arange(classes).repeat_interleave(8)
        order = torch.randperm(len(y))
        own = 2 * _random(classes, 3)[y] + 0.4 * _random(len(y), 3)
        x = torch.cat([own, 3 * _random(len(y), 9)], dim=1) @ turn.T * scale
        return x[order], y[order] + random.randrange(100)

    return *draw(40), *draw(25), turn[:, :3].T / scale


def _recall(z, y):
    dist = _squares(z).fill_diagonal_(torch.inf)
    return (y[dist.argmin(dim=1)] == y).double().mean().item()


def _unseen(answers, share, units=False):
    x, y, new, new_y, true = _problem(units)
    call = "learn(x, y, 3) on 320 points of 40 classes in 12 dimensions"
    L = compare.table(answers.learn(x, y, 3), (3, 12), call, UNSEEN)
    raw, best = _recall(new, new_y), _recall(new @ true.T, new_y)
    got, wanted = _recall(new @ L.T, new_y), share * best
    assert got >= wanted, (
        f"{call}: Recall@1 on 25 other classes is {got:.2f}; all twelve coordinates "
        f"have {raw:.2f}, the true map {best:.2f}, asked for is {wanted:.2f}. Does "
        "your loss fall? Do validation classes choose when to stop? Are all "
        f"directions in one unit at the start? {UNSEEN}"
    )


@task("07.7", points=1)
def test_learn(answers):
    """Better than half of the true map on classes never seen

    Three of twelve directions matter, and they are the quiet ones.
    """
    _unseen(answers, 0.5)


@task("07.7", points=1, hidden=True)
def test_learn_well(answers):
    """85 % of the true map on classes never seen, in two runs of three

    New classes differ in the same three directions.
    """
    lost = []
    for _ in range(3):
        try:
            _unseen(answers, 0.85)
        except AssertionError as error:
            lost.append(error)
    if len(lost) > 1:
        raise lost[0]


@task("07.7", points=1, hidden=True)
def test_learn_in_any_unit(answers):
    """70 % of the true map where the measurements have other units

    Some columns are numbers in the hundreds, others in the hundredths.
    """
    lost = []
    for _ in range(2):
        try:
            _unseen(answers, 0.7, units=True)
        except AssertionError as error:
            lost.append(error)
    if len(lost) > 1:
        raise lost[0]
