"""Checks of exercise 15, Relations without labels."""

import itertools
import math
import random

import numpy as np
import torch

from mlcourse.grading import compare, own_words, task
from mlcourse.grading.as_numbers import as_numbers

HIDES = ("mlcourse.selfsupervised", "mlcourse.losses", "mlcourse.judgements")
#: Libraries that answer some of the tasks: a person looks at them, no point is lost.
FLAGS = ("pytorch_metric_learning",)

CLIQUES = "See lecture 15, section 'Cliques'."
BATCHES = "See lecture 15, section 'Batches without contradictions'."
LEARN = "See lecture 15, section 'Learning from surrogate classes'."
RELY = "See lecture 15, section 'Relations that can be relied on'."
VIEWS = "See lecture 15, section 'What the views know'."
DTYPES = (torch.float64, torch.float32)


def _number(got, call, reading):
    """Return got as a finite float, or say what came."""
    number = as_numbers(got)
    one = number is not None and number.numel() == 1
    assert one, f"{call} returned {got!r:.80}, expected one number. {reading}"
    return compare.table(number.reshape(1), (1,), call, reading).item()


def _symmetric(n, dtype=torch.float64):
    """Random similarities from -1 to 1 without ties; the diagonal means nothing."""
    sim = 2 * torch.rand(n, n, dtype=torch.float64) - 1
    sim = sim.triu(1) + sim.triu(1).T
    return sim.to(dtype).fill_diagonal_(round(5 * random.random(), 2))


# ------------------------------------------------------- 15.1 Were the groups right?


def _pairs(member):
    """Stated pairs i < j, group after group."""
    for row in member:
        points = row.nonzero().flatten().tolist()
        yield [(i, j) for i in points for j in points if i < j]


def _purity(labels):
    """Share of the most frequent class in a list, and that of the first label."""
    most = max(labels.count(label) for label in labels)
    return most / len(labels), labels.count(labels[0]) / len(labels)


def _check_judged(answers, member, labels, name):
    call = f"judge_groups(member, labels) with {name}"
    given = answers.judge_groups(member, labels)
    if isinstance(given, list | tuple) and len(given) == 3:
        given = [_number(part, f"{call}: each part", CLIQUES) for part in given]
    got = compare.table(given, (3,), call, CLIQUES).tolist()
    y, n = labels.tolist(), len(labels)
    groups = [[y[i] for i in row.nonzero().flatten().tolist()] for row in member]
    sizes = [len(group) for group in groups]
    purities = [_purity(group)[0] for group in groups]
    mean = sum(purities) / len(groups)
    once = [[y[i] for i in points] for points in sorted(
        {tuple(row.nonzero().flatten().tolist()) for row in member})]  # fmt: skip
    weighted = sum(p * s for p, s in zip(purities, sizes, strict=True)) / sum(sizes)
    by_group = list(_pairs(member))
    stated = set().union(*by_group)

    def right(pairs, alike=0):
        return (sum(y[i] == y[j] for i, j in pairs) + alike) / (len(pairs) + alike)

    share = right(stated)
    some = [right(pairs) for pairs in by_group if pairs]
    repeated = right([*itertools.chain(*by_group)])
    covered = int(member.any(dim=0).sum())
    present = torch.unique(labels[member.any(dim=0)])
    compare.one(got[0], mean, f"{call}: purity", CLIQUES, [
        ("each group counts once, whatever its size", weighted),
        ("of its most frequent class, not of its first image's",
         sum(_purity(group)[1] for group in groups) / len(groups)),
        ("this is the share of groups of one class",
         sum(p == 1 for p in purities) / len(groups)),
        ("this is the share of right pairs", share),
        ("each of the K groups counts, also one that is there twice",
         sum(_purity(group)[0] for group in once) / len(once)),
        ("groups of one image count too",
         sum(p for p, s in zip(purities, sizes, strict=True) if s > 1) / len(some)),
    ])  # fmt: skip
    compare.one(got[1], share, f"{call}: right", CLIQUES, [
        ("a pair that several groups state is one pair", repeated),
        ("an image is no pair with itself", right(stated, covered)),
        ("an image is no pair with itself", (2 * share * len(stated) + covered)
         / (2 * len(stated) + covered)),
        ("pairs are counted, not groups: this is a mean over groups",
         sum(some) / len(some)),
        ("of the stated pairs; this is a share of all pairs of n images",
         share * len(stated) / (n * (n - 1) / 2)),
        ("this is the share of pairs of one class that are stated; the share of stated "
         "pairs that are of one class is asked for",
         share * len(stated) / max(1, sum(y[i] == y[j] for i in range(n)
                                          for j in range(i)))),
    ])  # fmt: skip
    compare.one(got[2], covered / n, f"{call}: cover", CLIQUES, [
        ("an image in two groups is covered once", sum(sizes) / n),
        ("of the images, not of the classes", len(present) / len(labels.unique())),
        ("a group of one image covers it as well",
         int(member[member.sum(dim=1) > 1].any(dim=0).sum()) / n),
        ("this is the share of those in no group", 1 - covered / n),
    ])  # fmt: skip


def _groups(K, n, classes, *, large=9):
    """Random overlapping groups of unequal sizes, half right, and their labels."""
    labels = torch.randint(classes, (n,)) * 7 - 9
    member = torch.zeros(K, n, dtype=torch.bool)
    for row in member:
        size = random.randrange(2, large)
        same = (labels == labels[random.randrange(n)]).double()
        row[torch.multinomial(same + 0.1, size)] = True
    member[-1] = False
    member[-1, random.randrange(n)] = True
    member[-2] = member[0]
    member[-2, member[0].nonzero()[0]] = False
    return member, labels


@task("15.1", points=1)
def test_judged(answers):
    """Three groups by hand, twelve random ones

    Compared with counts, pair by pair.
    """
    member = torch.zeros(3, 6, dtype=torch.bool)
    member[0, [0, 1, 3]] = member[1, [0, 1]] = member[2, 2] = True
    _check_judged(answers, member, torch.tensor([4, 4, 4, 7, 7, 9]), "the example")
    for _ in range(2):
        _check_judged(answers, *_groups(12, 40, 5), "12 random groups of 40 images")


@task("15.1", points=1, hidden=True)
def test_judged_at_the_ends(answers):
    """2,000 images, one group of all, a wrong pair, the same group twice

    The same three counts.
    """
    _check_judged(answers, *_groups(150, 2000, 60, large=12), "150 groups of 2,000")
    labels = torch.randint(5, (30,))
    _check_judged(answers, torch.ones(1, 30, dtype=torch.bool), labels, "one group")
    member = torch.zeros(2, 5, dtype=torch.bool)
    member[0, [1, 3]] = member[1, 4] = True
    _check_judged(answers, member, torch.tensor([0, 1, 1, 2, 2]), "a wrong pair")
    member, labels = _groups(6, 25, 4)
    _check_judged(answers, member.repeat(3, 1), labels, "each group three times")
    twice = torch.tensor([[1, 1, 1, 0], [0, 0, 1, 1], [1, 1, 1, 0]]).bool()
    _check_judged(answers, twice, torch.tensor([3, 3, 8, 5]), "one group twice")


# ------------------------------------------------------------- 15.2 Grow a clique


def _grown(sim, video, seed, size, how=min, apart="all", worst=False):
    """The clique by its definition; the keywords make the known mistakes."""
    s, clique = sim.double().numpy(), [seed]
    while len(clique) < size:
        known = {"all": clique, "seed": [seed], "none": []}[apart]
        taken = np.isin(video.numpy(), [int(video[i]) for i in known])
        taken[clique] = True
        if how == "seed":
            score = s[seed].copy()
        elif how == "last":
            score = s[clique[-1]].copy()
        else:
            score = {min: np.min, max: np.max, "mean": np.mean}[how](s[clique], axis=0)
        score[taken] = np.inf if worst else -np.inf
        clique.append(int(score.argmin() if worst else score.argmax()))
    return clique


SLIPS = [
    ("the least similarity to a member counts; with the largest the clique becomes a "
     "chain", {"how": max}),
    ("these are nearest to the seed; each must be like all members", {"how": "seed"}),
    ("the least similarity to a member counts, not the mean", {"how": "mean"}),
    ("this looks at the member that came last only", {"how": "last"}),
    ("two images are of one video", {"apart": "none"}),
    ("two images are of one video: compare with all members, not with the seed",
     {"apart": "seed"}),
    ("the most similar joins, not the least similar", {"worst": True}),
]  # fmt: skip


def _check_grown(answers, sim, video, seed, size, name):
    call = f"grow(sim, video, seed={seed}, size={size}) with {name}"
    given = as_numbers(answers.grow(sim, video, seed, size))
    count = None if given is None else given.numel()
    said = "the seed is in the clique" if count == size - 1 else "a row of images"
    fits = given is not None and given.shape == (size,)
    assert fits, (
        f"{call} returned {given!r:.80}, expected {size} numbers: {said}. {CLIQUES}"
    )
    got = compare.whole(given, (size,), len(sim), call, CLIQUES).tolist()
    assert len(set(got)) == size, (
        f"{call} returned {got}: an image joins once. {CLIQUES}"
    )
    want = _grown(sim, video, seed, size)
    if got == want:
        return
    assert sorted(got) != sorted(want), (
        f"{call} returned {got}: the right images, but in the order in which they came "
        f"they are {want}. {CLIQUES}"
    )
    for said, slip in SLIPS:
        assert got != _grown(sim, video, seed, size, **slip), (
            f"{call} returned {got}, expected {want}: {said}. {CLIQUES}"
        )
    films = [int(video[i]) for i in got]
    assert len(set(films)) == size, (
        f"{call} returned {got}, where two images are of one video. {CLIQUES}"
    )
    step = next(t for t in range(size) if got[t] != want[t])
    raise AssertionError(
        f"{call} returned {got}, expected {want}: after {want[:step]} image "
        f"{want[step]} joins, whose least similarity to them is largest. {CLIQUES}"
    )


def _films(n, films):
    """Points in the plane whose videos are clusters, and their similarities."""
    video = torch.cat([torch.arange(films), torch.randint(films, (n - films,))])
    video = video[torch.randperm(n)]
    x = torch.randn(films, 3, dtype=torch.float64)[video]
    x = x + 0.4 * torch.randn(n, 3, dtype=torch.float64)
    return x, 3 * video - 8


def _telling(size, dtype):
    """Images, videos and a seed from which each known mistake goes its own way."""
    while True:
        x, video = _films(50, 15)
        sim, seed = (-torch.cdist(x, x)).to(dtype), random.randrange(50)
        ways = [{}, *(slip for _, slip in SLIPS)]
        found = {tuple(_grown(sim, video, seed, size, **way)) for way in ways}
        if len(found) == len(ways) or size < 4:
            return sim, video, seed


@task("15.2", points=1)
def test_grown(answers):
    """Five points by hand, random ones

    Compared with the definition, step by step.
    """
    x = torch.tensor([0, 1, 1.9, -1.2, 0.1], dtype=torch.float64)
    video = torch.tensor([5, 6, 7, 8, 5])
    _check_grown(answers, -(x[:, None] - x).abs(), video, 0, 3, "the example")
    for dtype in DTYPES:
        for size in (6, 3):
            case = _telling(size, dtype)
            _check_grown(answers, *case, size, f"50 random images, {dtype}")


@task("15.2", points=2, hidden=True)
def test_grown_at_the_ends(answers):
    """2,000 images, negative similarities, any diagonal, sizes 1 and as large as can be

    An image of each video, where size is their number.
    """
    n = 2000
    sim = _symmetric(n)
    alone = torch.randperm(n)
    _check_grown(answers, sim, alone, random.randrange(n), 8, "2,000 images")
    far, name = 9000 * sim - 2e4, "similarities below -10,000"
    _check_grown(answers, far, alone, random.randrange(n), 6, name)
    x, video = _films(300, 12)
    sim = -torch.cdist(x, x).square()
    _check_grown(answers, sim, video, random.randrange(300), 12, "12 videos")
    sim = _symmetric(60)
    video = torch.randint(9, (60,))
    video[:9] = torch.arange(9)
    for size in (1, 2, 9):
        _check_grown(answers, sim, video, random.randrange(60), size, "60 images")


# ----------------------------------------------------------- 15.3 Cost of batches


def _terms(batches, S):
    """The three terms of E, counted one by one."""
    rows, s = batches.tolist(), S.double().tolist()
    similar = sum(s[k][m] for row in rows for k in row for m in row if k != m)
    again = sum(len({*p} & {*q}) for p, q in itertools.pairwise(rows))
    used = {k for row in rows for k in row}
    return similar, again, len(s) - len(used)


def _check_cost(answers, batches, S, repeat, cover, name):
    call = f"cost(batches, S, repeat={repeat}, cover={cover}) with {name}"
    got = _number(answers.cost(batches, S, repeat, cover), call, BATCHES)
    similar, again, never = _terms(batches, S)
    rows = batches.tolist()
    want = similar + repeat * again + cover * never
    own = sum(S[k, k].item() for row in rows for k in row)
    wrap = len({*rows[0]} & {*rows[-1]}) if len(rows) > 1 else 0
    count = torch.bincount(batches.flatten(), minlength=len(S))
    often = int((count - 1).clamp(min=0).sum())
    any_two = sum(
        len({*p} & {*q}) for i, p in enumerate(rows) for q in rows[:i]
    )  # fmt: skip
    compare.one(got, want, call, BATCHES, [
        ("a pair counts twice in the trace, once in either order", want - similar / 2),
        ("a group is no conflict with itself: take the diagonal off", want + own),
        ("a pair counts twice in the trace, and the diagonal does not",
         want - similar / 2 + own),
        ("the diagonal was taken off twice", want - own),
        ("the last batch has no next one; the first is not its neighbour",
         want + repeat * wrap),
        ("only the next batch is looked at, not all others",
         want + repeat * (any_two - again)),
        ("each pair of neighbours counts once", want + repeat * again),
        ("the last term counts groups that are never used, not the others",
         want + cover * (len(S) - 2 * never)),
        ("the last term is [1 - uses] with 0 for negative values: a group that is used "
         "twice earns nothing", want - cover * often),
        ("a group may be used more than once; only never costs",
         want + cover * often),
        ("the last term adds to the cost", want - 2 * cover * never),
        ("the last term is missing", want - cover * never),
        ("the second term is missing", want - repeat * again),
        ("repeat and cover have changed places",
         similar + cover * again + repeat * never),
    ])  # fmt: skip


def _shared_out(B, r, K, dtype=torch.float64):
    """Batches with some groups in two that follow each other, and similarities."""
    rows = [torch.randperm(K)[:r]]
    for _ in range(B - 1):
        old = rows[-1][torch.randperm(r)[: random.randrange(1, r)]]
        rest = torch.randperm(K)
        rest = rest[~torch.isin(rest, old)][: r - len(old)]
        rows.append(torch.cat([old, rest])[torch.randperm(r)])
    return torch.stack(rows), _symmetric(K, dtype)


@task("15.3", points=1)
def test_cost(answers):
    """Two batches by hand, five random ones

    Compared with sums over pairs.
    """
    S = torch.full((4, 4), 0.4, dtype=torch.float64)
    S[:3, :3] = torch.tensor([[1, 0.5, 0.2], [0.5, 1, 0.1], [0.2, 0.1, 1]])
    S[3, 3] = 1
    _check_cost(answers, torch.tensor([[0, 1], [2, 0]]), S, 3, 10, "the example")
    for dtype in DTYPES:
        repeat, cover = (round(0.5 + 2 * random.random(), 2) for _ in range(2))
        batches, S = _shared_out(5, 4, 17, dtype)
        _check_cost(answers, batches, S, repeat, cover, f"5 random batches, {dtype}")


@task("15.3", points=1, hidden=True)
def test_cost_at_the_ends(answers):
    """200 groups, one batch, batches of one group, weights of 0

    Each term alone, too.
    """
    _check_cost(answers, *_shared_out(30, 16, 200), 1.5, 0.25, "30 batches of 200")
    for repeat, cover in ((0, 0), (1.25, 0), (0, 0.75)):
        batches, S = _shared_out(6, 3, 14)
        _check_cost(answers, batches, S, repeat, cover, "6 batches")
    batches, S = _shared_out(1, 5, 9)
    _check_cost(answers, batches, S, 2.0, 0.5, "one batch")
    single = torch.tensor([[2], [2], [0], [2]])
    _check_cost(answers, single, _symmetric(4), 0.8, 3.0, "batches of one group")
    every = torch.stack([torch.randperm(6) for _ in range(3)])
    _check_cost(answers, every, _symmetric(6), 0.3, 5.0, "all groups in each batch")


# --------------------------------------------------------------- 15.4 What follows?


def _followed(similar, dissimilar, n):
    """Apply the two rules until nothing new follows, on tables of truth values."""
    alike, apart = torch.eye(n), torch.zeros(n, n)
    for table, pairs in ((alike, similar), (apart, dissimilar)):
        for i, j in pairs.tolist():
            table[i, j] = table[j, i] = 1
    while True:
        more = ((alike @ alike) > 0).float()
        if torch.equal(more, alike):
            break
        alike = more
    apart = ((alike @ apart @ alike) > 0).float()
    return alike, apart


def _check_followed(answers, similar, dissimilar, n, name):
    call = f"follow(similar, dissimilar, n={n}) with {name}"
    got = compare.table(answers.follow(similar, dissimilar, n), (n, n), call, RELY)
    alike, apart = _followed(similar, dissimilar, n)
    both = alike * apart > 0
    want = (alike - apart).double().fill_diagonal_(1)
    if torch.equal(got, want):
        return
    assert bool((got.diagonal() == 1).all()), (
        f"{call}: every image is similar to itself, so the diagonal is 1. {RELY}"
    )
    assert torch.isin(got, torch.tensor([-1.0, 0.0, 1.0]).double()).all(), (
        f"{call}: entries must be 1, 0 or -1, got {got.min():g} to {got.max():g}. "
        f"{RELY}"
    )
    i, j = (got != want).nonzero()[0].tolist()
    at, mirror = int(got[i, j]), int(got[j, i])
    where = f"{call} has {at} at ({i}, {j}), expected {int(want[i, j])}"
    assert mirror == at, f"{where}, and {mirror} at ({j}, {i}): both ways. {RELY}"
    off = got != want
    assert not bool((off & both).any()) or bool((off & ~both).any()), (
        f"{where}: both relations follow there, so that neither can be relied on. "
        f"{RELY}"
    )
    i, j = (off & ~both).nonzero()[0].tolist()
    at, should = int(got[i, j]), int(want[i, j])
    where = f"{call} has {at} at ({i}, {j}), expected {should}"
    said = {
        (0, 1): "a chain of similar pairs leads from one to the other",
        (0, -1): "an image similar to one is dissimilar to an image similar to the "
        "other; the rule holds for all images of both parts",
        (1, 0): "no chain of similar pairs leads there: two that are dissimilar to the "
        "same image may be anything",
        (-1, 0): "nothing follows: what is unknown is not dissimilar",
        (1, -1): "a dissimilar pair joins their parts, and no chain of similar ones",
        (-1, 1): "a chain of similar pairs leads there, and nothing says dissimilar",
    }[at, should]
    raise AssertionError(f"{where}: {said}. {RELY}")


def _rows(pairs):
    """Pairs in any order, each turned or not, as a table (s, 2)."""
    pairs = [random.sample(pair, 2) for pair in pairs]
    random.shuffle(pairs)
    return torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)


def _stated(sizes, apart, *, loose=2, false=0):
    """Chains of these sizes, pairs between so many of them, and some inside."""
    order = torch.randperm(sum(sizes) + loose).tolist()
    parts = [[order.pop() for _ in range(size)] for size in sizes]
    similar = [(p[random.randrange(t)], p[t]) for p in parts for t in range(1, len(p))]
    pool = [*parts, *([i] for i in order)]
    dissimilar = []
    for _ in range(apart):
        p, q = random.sample(pool, 2)
        dissimilar.append((random.choice(p), random.choice(q)))
    for p in parts[:false]:
        dissimilar.append(random.sample(p, 2))
    return _rows(similar), _rows(dissimilar), sum(sizes) + loose


@task("15.4", points=1)
def test_followed(answers):
    """Six images by hand, thirty random ones

    Compared with the rules, applied until nothing changes.
    """
    similar = torch.tensor([[0, 1], [1, 2], [4, 3]])
    dissimilar = torch.tensor([[2, 4], [3, 5]])
    _check_followed(answers, similar, dissimilar, 6, "the example")
    none = torch.zeros(0, 2, dtype=torch.int64)
    strangers = torch.tensor([[0, 1], [1, 2]])
    _check_followed(answers, none, strangers, 3, "two strangers of image 1")
    wrong = torch.tensor([[2, 4], [3, 5], [0, 2]])
    _check_followed(answers, similar, wrong, 6, "the example and a contradiction")
    for false in (0, 1):
        case = _stated([6, 5, 4, 4, 3, 2], 7, loose=5, false=false)
        _check_followed(answers, *case, "random pairs")


@task("15.4", points=2, hidden=True)
def test_followed_at_the_ends(answers):
    """999 images, a chain of 998, no pairs at all, pairs stated twice

    Contradictions in one part leave the others alone.
    """
    none = torch.zeros(0, 2, dtype=torch.int64)
    _check_followed(answers, none, none, 4, "no pair")
    links = _rows([(i, i + 1) for i in range(997)])
    _check_followed(answers, links, torch.tensor([[0, 998]]), 999, "a chain of 998")
    sizes = [random.randrange(2, 12) for _ in range(110)]
    case = _stated(sizes, 150, loose=max(0, 999 - sum(sizes)))
    _check_followed(answers, *case, f"{case[2]} images")
    for false in (1, 3):
        case = _stated([5, 4, 4, 3], 4, loose=3, false=false)
        _check_followed(answers, *case, "contradictions")
    similar, dissimilar, n = _stated([5, 4, 2], 3)
    twice = torch.cat([similar, similar.flip(1)])
    _check_followed(answers, twice, none, n, "similar pairs only, stated twice")
    _check_followed(answers, none, dissimilar, n, "dissimilar pairs only")
    both = torch.tensor([[0, 1]])
    _check_followed(answers, both, both, 3, "a pair that is said to be both")


# --------------------------------------------- 15.5 A loss that knows what it does not


def _unit(z):
    return z / z.norm(dim=1, keepdim=True)


def _loss(a, b, R, T, *, away=None, cosine=True, alone=False, own=True, rows=False):
    """The loss, a row after the other; the keywords make the known mistakes."""
    a, b = a.double(), b.double()
    s = (_unit(a) @ _unit(b).T if cosine else a @ b.T) / T
    found = []
    for i in range(len(s)):
        others = s[i][R[i] == -1 if away is None else away[i]]
        pairs = s[i, i : i + 1] if alone else s[i][R[i] == 1]
        g = others.logsumexp(dim=0) if len(others) else torch.tensor(-math.inf)
        if own:
            found.append(torch.logaddexp(pairs, g.to(s)) - pairs)
        elif len(others):
            found.append(g - pairs)
    means = [row.mean() for row in found] if rows else [torch.cat(found or [s[0] * 0])]
    return torch.stack(means).mean() if rows else means[0].mean()


def _check_loss(answers, a, b, R, T, name):
    call = f"known_loss(a, b, R, T={T}) with {name}"
    got = answers.known_loss(a, b, R, T)
    assert isinstance(got, torch.Tensor), (
        f"{call} returned {type(got).__name__}, expected a torch tensor: as a float "
        f"it has no gradient. {LEARN}"
    )
    got = _number(got, call, LEARN)
    want = _loss(a, b, R, T).item()
    eye = torch.eye(len(R), dtype=torch.bool)
    count = int((R == 1).sum())
    compare.one(got, want, call, LEARN, [
        ("what is unknown must not be treated as dissimilar",
         _loss(a, b, R, T, away=R != 1)),
        ("only dissimilar images are in the sum; here all others are, as in InfoNCE",
         _loss(a, b, R, T, away=~eye, alone=True)),
        ("only dissimilar images are in the sum; here the similar and the unknown are",
         _loss(a, b, R, T, away=~eye)),
        ("similar images are not in the sum", _loss(a, b, R, T, away=R != 0)),
        ("similar images count as well as the image's own view",
         _loss(a, b, R, T, alone=True)),
        ("the similar pair is in the denominator, too", _loss(a, b, R, T, own=False)),
        ("the mean is over all pairs, not first over those of an image",
         _loss(a, b, R, T, rows=True)),
        ("cosines, not dot products", _loss(a, b, R, T, cosine=False)),
        ("divide by T", _loss(a, b, R, 1)),
        ("divide by T, do not multiply", _loss(a, b, R, 1 / T)),
        ("the mean over pairs, not the sum", want * count),
        ("divide by the number of pairs, not of images", want * count / len(R)),
        ("the sign is turned", -want),
        ("rows are a, columns are b: this is turned", _loss(b, a, R, T)),
        ("the two views are compared, not a with itself", _loss(a, a, R, T)),
        ("this is a logarithm to base 10", want / math.log(10)),
    ], tol=1e-3 if a.dtype == torch.float32 else 1e-4)  # fmt: skip


def _views(n, d, dtype=torch.float64, unknown=0.4):
    """Two views of n images of unequal lengths, and what is known of them."""
    y = torch.randint(max(2, n // 4), (n,))
    R = torch.where(y[:, None] == y, 1, -1)
    hide = torch.rand(n, n) < unknown
    R[(hide | hide.T) & ~torch.eye(n, dtype=torch.bool)] = 0
    z = torch.randn(n, d)
    a, b = ((z + 0.7 * torch.randn(n, d)) * (0.3 + 3 * torch.rand(n, 1)) for _ in "ab")
    return a.to(dtype), b.to(dtype), R


@task("15.5", points=1)
def test_loss(answers):
    """Three images by hand, sixteen random ones

    Compared with a loop over rows.
    """
    a = torch.tensor([[2, 0], [0, 1], [1, 1]], dtype=torch.float64)
    b = torch.tensor([[1, 0], [3, 4], [0, -5]], dtype=torch.float64)
    R = torch.tensor([[1, -1, 0], [-1, 1, 1], [0, 1, 1]])
    _check_loss(answers, a, b, R, 1.0, "the example")
    for dtype in DTYPES:
        T = round(0.2 + 0.5 * random.random(), 2)
        _check_loss(answers, *_views(16, 5, dtype), T, f"16 random images, {dtype}")


@task("15.5", points=2, hidden=True)
def test_loss_at_the_ends(answers):
    """200 images, T of 0.002 and 10, nobody known, one image, the gradient

    The gradient is compared with differences of the loss.
    """
    _check_loss(answers, *_views(200, 16), 0.1, "200 images")
    for dtype in DTYPES:
        _check_loss(answers, *_views(24, 4, dtype), 0.002, f"24 images, {dtype}")
    _check_loss(answers, *_views(12, 4), 10, "12 images")
    a, b, R = _views(9, 3)
    _check_loss(answers, a, b, R.clamp(min=0), 0.5, "nobody known to be dissimilar")
    strangers = 2 * torch.eye(9, dtype=torch.int64) - 1
    _check_loss(answers, a, b, strangers, 0.5, "all others known to be dissimilar")
    R = strangers.clone()
    R[:4], R[:, :4] = 0, 0
    _check_loss(answers, a, b, R.fill_diagonal_(1), 0.3, "images that know nobody")
    one = torch.ones(1, 1, dtype=torch.int64)
    _check_loss(answers, a[:1], b[:1], one, 0.5, "one image")
    for T in (0.4, 0.002):
        _check_gradient(answers, *_views(7, 3), T)


def _check_gradient(answers, a, b, R, T):
    R[0], R[:, 0] = 0, 0
    R[0, 0] = 1  # an image that knows nobody
    for wrt, name in enumerate("ab"):
        call = f"the gradient of known_loss(a, b, R, T={T}) in {name}"
        given = answers.grad("known_loss", a, b, R, T, wrt=wrt)
        got = compare.table(given, tuple(a.shape), call, LEARN)
        points = [a.clone(), b.clone()]
        want = torch.zeros_like(a)
        h = 1e-7
        for place in np.ndindex(*a.shape):
            old = points[wrt][place].item()
            ends = []
            for x in (old + h, old - h):
                points[wrt][place] = x
                ends.append(_loss(points[0], points[1], R, T).item())
            points[wrt][place] = old
            want[place] = (ends[0] - ends[1]) / (2 * h)
        off = (got - want).abs().max().item()
        assert off <= 1e-3 * max(1, want.abs().max().item()), (
            f"{call} is off by {off:.4g} from differences of the loss, at most "
            f"{want.abs().max():.4g}: let gradients flow through every cosine. {LEARN}"
        )


# ---------------------------------------------------------------------- 15.6 Break it


def _cosines(x):
    """Cosines as seen from the mean; 0 for a point at the mean."""
    x = x - x.mean(dim=0)
    unit = torch.nn.functional.normalize(x, dim=1, eps=1e-9)
    return unit @ unit.T


def _check_photos(answers, y, g, name):
    call = f"photos(y, g) with {name}"
    n = len(y)
    given = answers.photos(y, g)
    two = isinstance(given, list | tuple) and len(given) == 2
    assert two, f"{call} returned {given!r:.60}, expected the pair x, W. {VIEWS}"
    x, W = map(as_numbers, given)
    tables = x is not None and W is not None and x.ndim == W.ndim == 2
    fits = tables and len(x) == n and x.shape[1] == len(W) and 0 < len(W) <= 200
    assert fits, (
        f"{call}: expected x of shape ({n}, d), d from 1 to 200, and W of shape (d, k)."
        f" {VIEWS}"
    )
    numbers = W.shape[1] > 0 and bool(x.isfinite().all() and W.isfinite().all())
    assert numbers, f"{call}: x or W is empty, or holds NaN or infinity. {VIEWS}"
    scale = x.abs().max().clamp(min=1e-30)
    sim = _cosines(x / scale)
    alone = torch.arange(n)
    for seed in range(n):
        clique = _grown(sim, alone, seed, 3)
        inner = sim[clique][:, clique].min().item()
        classes = y[clique].tolist()
        assert inner >= 0.9 - 1e-9, (
            f"{call}: the clique {clique} is not compact, its least similarity is "
            f"{inner:.3f}, expected 0.9: images of one background must have much in "
            f"common, and more than with any other. {VIEWS}"
        )
        assert len(set(classes)) == 3, (
            f"{call}: the clique {clique} has the classes {classes}, expected three: "
            f"it is too good. Background must be louder than class. {VIEWS}"
        )
    z = x / scale @ (W / W.abs().max().clamp(min=1e-30))
    near = _cosines(z).fill_diagonal_(-torch.inf)
    same = y[:, None] == y
    own = near.masked_fill(~same, -torch.inf).amax(dim=1)
    strange = near.masked_fill(same, -torch.inf).amax(dim=1)
    worst = int((own - strange).argmin())
    gap = (own - strange)[worst].item()
    assert gap >= 0.1 - 1e-9, (
        f"{call}: by xW, image {worst} has the similarity {own[worst]:.3f} to its own "
        f"class and {strange[worst]:.3f} to another, expected a margin of 0.1: W must "
        f"bring out the class, and x must hold it. {VIEWS}"
    )


def _scenes(classes, scenes, leave=0.0):
    """Classes and backgrounds of images, no two alike in both, in any order."""
    while True:
        keep = torch.rand(classes, scenes) >= leave
        if keep.sum(dim=1).min() >= 2 and keep.sum(dim=0).min() >= 3:
            break
    y, g = keep.nonzero().T
    order = torch.randperm(len(y))
    y, g = y[order], g[order]
    return torch.randperm(classes)[y], torch.randperm(scenes)[g]


@task("15.6", points=1)
def test_photos(answers):
    """4 classes on 5 backgrounds, 6 on 6

    Compact, wrong, and plain to see by W.
    """
    for classes, scenes in ((4, 5), (6, 6)):
        name = f"{classes} classes, {scenes} backgrounds"
        _check_photos(answers, *_scenes(classes, scenes), name)


@task("15.6", points=1, hidden=True)
def test_photos_of_other_sizes(answers):
    """Up to 12 classes and 20 backgrounds, and some pairs left out

    The same construction must carry on.
    """
    for classes, scenes, leave in ((4, 4, 0), (12, 12, 0.3), (5, 20, 0.1), (8, 9, 0.4)):
        name = f"{classes} classes, {scenes} backgrounds, a share of {leave} left out"
        _check_photos(answers, *_scenes(classes, scenes, leave), name)


# ------------------------------------------------------------------------ 15.7 Explain

RUBRIC = """
labels chose among the settings so the method is not without labels a user who has none
could not have made this choice and it must be fixed beforehand or taken from data of
another kind or its spread shown the views state that turns and shifts do not matter
that is knowledge about letters which hog was not given one has to train without views
where recall@1 falls to 0.60 below hog the machine looks for 40 words 20 of them
different for a word on how labels came in validation settings choose tune select and
for one on what the views bring in views turned rotation shift augmentation it refuses
sentences of the rubric and what you quote from this task does not count use your own
words the points are confirmed or not by the person who reads it
"""
#: What else the task says: to quote it is no explanation.
STORY = """
find what a method without labels has been told a colleague reports no label of a
training image was used we tried 60 settings for the number of groups their size and how
far views are turned and kept the one with the best recall@1 on labelled validation
classes it reaches 0.82 histograms of gradients only 0.78 so the network has found out
by itself which letters are alike in explain_15_7 in at least 40 words 100 are plenty
name two ways in which a person told the network what is alike and say for each what you
would do or measure about it where did somebody who can read letters make a decision one
decision was made before the training for each image one after it for the whole run two
or three sentences on each between the triple quotes
"""


@task("15.7", points=2)
def test_explanation_is_there(answers):
    """Your explanation, before a person reads it

    The machine looks for length and for the two ideas of the rubric only; the points
    are confirmed by the person who reads it.
    """
    joined = own_words(answers, "explain_15_7", rubric=RUBRIC, see=VIEWS, story=STORY)
    chosen = ("valid", "setting", "chose", "choice", "choos", "tune", "tuning",
              "select", "pick", "hyperparameter", "hyper parameter", "60 ", "sixty",
              "ranked", "grid", "sweep", "trial")  # fmt: skip
    assert any(stem in joined for stem in chosen), (
        "explain_15_7 does not say where labels came in, though none of a training "
        f"image was used. {LEARN}"
    )
    views = ("view", "turn", "rotat", "shift", "augment", "warp", "tilt", "transform",
             "moving", "moved", "translat", "invarian", "distort")  # fmt: skip
    assert any(stem in joined for stem in views), (
        "explain_15_7 does not say what the network has been told about letters that "
        f"the histograms have not. {VIEWS}"
    )


# ---------------------------------------------------------------------- 15.8 Challenge


def _energy(rows, S):
    """E: similarities of different groups in a batch, either order."""
    return sum(
        (S[row][:, row].sum() - S[row, row].sum()).item() for row in rows
    )  # fmt: skip


def _best_exchange(rows, S):
    """The largest fall of E by one exchange, and between which groups."""
    best, who = 0.0, (0, 0)
    near = torch.stack([S[row].sum(dim=0) for row in rows])  # (B, K)
    for b in range(len(rows)):
        for c in range(b):
            k, m = rows[b][:, None], rows[c][None]
            stay = near[b, k] - S[k, k] + near[c, m] - S[m, m]
            change = 2 * (near[c, k] + near[b, m] - 2 * S[k, m] - stay)
            if change.min() < best:
                best = change.min().item()
                i, j = divmod(int(change.argmin()), len(rows[c]))
                who = int(rows[b][i]), int(rows[c][j])
    return -best, who


def _check_settled(answers, batches, S, name):
    call = f"settle(batches, S) with {name}"
    B, r = batches.shape
    given = answers.settle(batches, S)
    got = compare.whole(given, (B, r), B * r, call, BATCHES)
    twice = torch.bincount(got.flatten(), minlength=B * r).argmax().item()
    each = torch.equal(got.flatten().sort().values, torch.arange(B * r))
    assert each, (
        f"{call}: each group must be in one batch, once, but group {twice} occurs more "
        "often. Did a place get its new group before the old one was written down? "
        f"{BATCHES}"
    )
    exact = S.double().clone()
    exact.fill_diagonal_(0)
    total = exact.abs().sum().item()
    before, after = _energy(batches, exact), _energy(got, exact)
    same = [{*row} for row in got.tolist()] == [{*row} for row in batches.tolist()]
    assert after <= before + 1e-5 * total, (
        f"{call}: E has risen from {before:.4f} to {after:.4f}. Groups k and l that "
        "change places do not meet each other, and similar groups are to be in "
        f"different batches. {BATCHES}"
    )
    fall, (k, m) = _best_exchange(list(got), exact)
    said = "Nothing was changed" if same else "After a whole pass, start another one"
    assert fall <= 3e-6 * total, (
        f"{call} is not settled: an exchange of groups {k} and {m} lowers E from "
        f"{after:.4f} to {after - fall:.4f}. {said}. {BATCHES}"
    )


def _kin(B, r, dtype=torch.float64):
    """Random similarities of groups of a few classes, the diagonal anything."""
    K = B * r
    y = torch.randint(max(2, K // 3), (K,))
    S = 0.6 * (y[:, None] == y) + 0.4 * _symmetric(K)
    return torch.randperm(K).reshape(B, r), S.to(dtype).fill_diagonal_(random.random())


@task("15.8", points=1)
def test_settled(answers):
    """Four groups by hand, up to 24 random ones

    All exchanges of what comes back are tried.
    """
    S = torch.full((4, 4), 0.1, dtype=torch.float64)
    for i, j, s in ((0, 1, 0.9), (2, 3, 0.8), (0, 2, 0.5)):
        S[i, j] = S[j, i] = s
    _check_settled(answers, torch.tensor([[0, 1], [2, 3]]), S, "the example")
    for dtype in DTYPES:
        name = f"24 random groups in 4 batches, {dtype}"
        _check_settled(answers, *_kin(4, 6, dtype), name)
        _check_settled(answers, *_kin(3, 5, dtype), f"15 random groups, {dtype}")


@task("15.8", points=2, hidden=True)
def test_settled_at_the_ends(answers):
    """96 groups, a start that is settled, one batch, batches of one group

    E never rises, whatever the start.
    """
    batches, S = _kin(12, 8)
    _check_settled(answers, batches, S, "96 groups in 12 batches")
    _check_settled(answers, batches, _symmetric(96), "96 groups, any similarities")
    for _ in range(6):
        batches, S = _kin(4, 5)
        rows = list(batches.clone())
        while True:
            fall, who = _best_exchange(rows, S.clone().fill_diagonal_(0))
            if fall <= 1e-9:
                break
            flat = torch.cat(rows)
            at = [int((flat == k).nonzero()) for k in who]
            flat[at] = flat[at[::-1]]
            rows = list(flat.reshape(4, 5))
        _check_settled(answers, torch.stack(rows), S, "20 groups that are settled")
    batches, S = _kin(4, 6)
    _check_settled(answers, batches, 1e-6 * S, "24 groups of tiny similarities")
    _check_settled(answers, *_kin(1, 6), "one batch")
    _check_settled(answers, *_kin(7, 1), "batches of one group")
    equal = torch.full((12, 12), 0.1, dtype=torch.float64)
    _check_settled(answers, torch.randperm(12).reshape(3, 4), equal, "equal groups")
