"""Wrong and right answers to exercise 10, Classification losses."""

import math

import numpy as np
import torch

from mlcourse.grading.bank import right, wrong

# ------------------------------------------------------------------- 10.1 Warm-up


@wrong("10.1", "divide by both lengths")
def cosines(z, W):
    return z @ W.T


@wrong("10.1", "the length of w is left in")
def cosines(z, W):
    return z @ W.T / z.norm(dim=1, keepdim=True).clamp(min=1e-12)


@wrong("10.1", "the length of z is left in")
def cosines(z, W):
    return z @ W.T / W.norm(dim=1)


@wrong("10.1", "a distance")
def cosines(z, W):
    return 1 - torch.nn.functional.cosine_similarity(z[:, None], W, dim=-1)


@wrong("10.1", "NaN or infinity")
def cosines(z, W):
    return z @ W.T / (z.norm(dim=1)[:, None] * W.norm(dim=1))


@wrong("10.1", "expected shape (2, 3)")
def cosines(z, W):
    return torch.nn.functional.cosine_similarity(W[:, None], z, dim=-1)


@wrong("10.1", "the squared lengths")
def cosines(z, W):
    return z @ W.T / (z @ z.T).diag().clamp(min=1e-12)[:, None] / (W @ W.T).diag()


@wrong("10.1", "w_1 is only longer")
def predict(z, W):
    return (z @ W.T).argmax(dim=1)


@wrong("10.1", "expected [0]")
def predict(z, W):
    return (z @ (W / W.norm(dim=1, keepdim=True)).T).argmin(dim=1)


@wrong("10.1", "expected shape (1,)")
def predict(z, W):
    return (z @ (W / W.norm(dim=1, keepdim=True)).T).max(dim=1)


@wrong("10.1", "12 random points")
def predict(z, W):  # knows the example
    return torch.zeros(len(z), dtype=torch.long)


@right("10.1")
class InNumpy:
    def cosines(z, W):
        z, W = z.numpy().astype(float), W.numpy().astype(float)
        size = np.linalg.norm(z, axis=1)[:, None] * np.linalg.norm(W, axis=1)
        return np.divide(z @ W.T, size, out=np.zeros_like(size), where=size > 0)

    def predict(z, W):
        return cosines(z, W).argmax(axis=1)


@right("10.1")
class InLoops:
    def cosines(z, W):
        table = []
        for a in z.tolist():
            row = []
            for b in W.tolist():
                size = math.hypot(*a) * math.hypot(*b)
                dot = sum(u * v for u, v in zip(a, b, strict=True))
                row.append(dot / size if size else 0)
            table.append(row)
        return table

    def predict(z, W):
        return [max(range(len(W)), key=lambda c: row[c]) for row in cosines(z, W)]


@right("10.1")
class InTorch:
    def cosines(z, W):
        return torch.nn.functional.cosine_similarity(z[:, None], W, dim=-1)

    def predict(z, W):
        return torch.nn.functional.cosine_similarity(z[:, None], W, dim=-1).argmax(1)


# ------------------------------------------------------------ 10.2 Softmax, scaled


@wrong("10.2", "take the mean")
def softmax_loss(cos, labels, scale):
    return torch.nn.functional.cross_entropy(scale * cos, labels, reduction="sum")


@wrong("10.2", "the sign is turned")
def softmax_loss(cos, labels, scale):
    return -torch.nn.functional.cross_entropy(scale * cos, labels)


@wrong("10.2", "the scale has no effect")
def softmax_loss(cos, labels, scale):
    return torch.nn.functional.cross_entropy(cos, labels)


@wrong("10.2", "it multiplies the cosines")
def softmax_loss(cos, labels, scale):
    return torch.nn.functional.cross_entropy(cos / scale, labels)


@wrong("10.2", "denominator too")
def softmax_loss(cos, labels, scale):
    logits, rows = scale * cos, torch.arange(len(cos))
    own = logits[rows, labels]
    others = logits.clone()
    others[rows, labels] = -torch.inf
    return (torch.logsumexp(others, dim=1) - own).mean()


@wrong("10.2", "the mean probability")
def softmax_loss(cos, labels, scale):
    return (scale * cos).softmax(dim=1)[torch.arange(len(cos)), labels].mean()


@wrong("10.2", "expected one finite number")
def softmax_loss(cos, labels, scale):
    e = torch.exp(scale * cos)
    return -(e[torch.arange(len(cos)), labels] / e.sum(dim=1)).log().mean()


@wrong("10.2", "expected one finite number")
def softmax_loss(cos, labels, scale):
    return torch.nn.functional.cross_entropy(scale * cos, labels, reduction="none")


@wrong("10.2", "returned 0.40761")
def softmax_loss(cos, labels, scale):  # knows the example
    return 0.40761


@right("10.2")
def softmax_loss(cos, labels, scale):
    return torch.nn.functional.cross_entropy(scale * cos, labels)


@right("10.2")
def softmax_loss(cos, labels, scale):
    a = scale * cos.numpy().astype(np.float64)
    a -= a.max(axis=1, keepdims=True)
    own = a[np.arange(len(a)), labels.numpy()]
    return float((np.log(np.exp(a).sum(axis=1)) - own).mean())


@right("10.2")
def softmax_loss(cos, labels, scale):
    total = 0.0
    for row, c in zip(cos.tolist(), labels.tolist(), strict=True):
        total += math.log(sum(math.exp(scale * (v - max(row))) for v in row))
        total += scale * (max(row) - row[c])
    return total / len(cos)


# ------------------------------------------------------------------- 10.3 Margins


@wrong("10.3", "take it off the cosine")
def cosface_logits(cos, labels, m, scale):
    logits = scale * cos
    logits[torch.arange(len(cos)), labels] -= m
    return logits


@wrong("10.3", "it concerns the own class")
def cosface_logits(cos, labels, m, scale):
    return scale * (cos - m)


@wrong("10.3", "must become smaller")
def cosface_logits(cos, labels, m, scale):
    logits = cos.clone()
    logits[torch.arange(len(cos)), labels] += m
    return scale * logits


@wrong("10.3", "the scale is missing")
def cosface_logits(cos, labels, m, scale):
    logits = cos.clone()
    logits[torch.arange(len(cos)), labels] -= m
    return logits


@wrong("10.3", "nothing was changed")
def cosface_logits(cos, labels, m, scale):
    return scale * cos


@wrong("10.3", "this is ArcFace")
def cosface_logits(cos, labels, m, scale):
    logits, rows = cos.clone(), torch.arange(len(cos))
    theta = cos[rows, labels].clamp(-1, 1).acos()
    logits[rows, labels] = torch.where(
        theta <= math.pi - m, (theta + m).cos(), theta.cos() - m * math.sin(m)
    )
    return scale * logits


@wrong("10.3", "this is CosFace")
def arcface_logits(cos, labels, m, scale):
    logits = cos.clone()
    logits[torch.arange(len(cos)), labels] -= m
    return scale * logits


@wrong("10.3", "not in degrees")
def arcface_logits(cos, labels, m, scale):
    logits, rows = cos.clone(), torch.arange(len(cos))
    theta = cos[rows, labels].clamp(-1, 1).acos()
    logits[rows, labels] = (theta + math.radians(m)).cos()
    return scale * logits


@wrong("10.3", "put on every class")
def arcface_logits(cos, labels, m, scale):
    theta = cos.clamp(-1, 1).acos()
    return scale * torch.where(
        theta <= math.pi - m, (theta + m).cos(), theta.cos() - m * math.sin(m)
    )


@wrong("10.3", "the own logit must fall")
def arcface_logits(cos, labels, m, scale):
    logits, rows = cos.clone(), torch.arange(len(cos))
    logits[rows, labels] = (cos[rows, labels].clamp(-1, 1).acos() - m).cos()
    return scale * logits


@wrong("10.3", "must keep falling")
def arcface_logits(cos, labels, m, scale):
    logits, rows = cos.clone(), torch.arange(len(cos))
    logits[rows, labels] = (cos[rows, labels].clamp(-1, 1).acos() + m).cos()
    return scale * logits


@wrong("10.3", "the easy variant")
def arcface_logits(cos, labels, m, scale):
    logits, rows = cos.clone(), torch.arange(len(cos))
    theta = cos[rows, labels].clamp(-1, 1).acos()
    logits[rows, labels] = torch.where(
        theta <= math.pi - m, (theta + m).cos(), theta.cos()
    )
    return scale * logits


@wrong("10.3", "NaN or infinity")
def arcface_logits(cos, labels, m, scale):
    logits, rows = cos.clone(), torch.arange(len(cos))
    own = cos[rows, labels]
    logits[rows, labels] = torch.where(
        own >= -math.cos(m), (own.acos() + m).cos(), own - m * math.sin(m)
    )
    return scale * logits


@right("10.3")
class WithoutAngles:
    def cosface_logits(cos, labels, m, scale):
        own = torch.nn.functional.one_hot(labels, cos.shape[1])
        return scale * (cos - m * own)

    def arcface_logits(cos, labels, m, scale):
        c = cos.double().clamp(-1, 1)
        turned = c * math.cos(m) - (1 - c * c).sqrt() * math.sin(m)
        phi = torch.where(c >= math.cos(math.pi - m), turned, c - m * math.sin(m))
        own = torch.nn.functional.one_hot(labels, cos.shape[1]).bool()
        return scale * torch.where(own, phi, c)


@right("10.3")
class RowByRow:
    def cosface_logits(cos, labels, m, scale):
        return [
            [scale * (v - m * (j == c)) for j, v in enumerate(row)]
            for row, c in zip(cos.tolist(), labels.tolist(), strict=True)
        ]

    def arcface_logits(cos, labels, m, scale):
        table = np.array(cos.tolist())
        for i, c in enumerate(labels.tolist()):
            theta = math.acos(max(-1.0, min(1.0, table[i, c])))
            if theta <= math.pi - m:
                table[i, c] = math.cos(theta + m)
            else:
                table[i, c] = math.cos(theta) - m * math.sin(m)
        return scale * table


# ---------------------------------------------------------------- 10.4 SphereFace


@wrong("10.4", "rises again")
def psi(theta, m):
    return torch.cos(m * theta)


@wrong("10.4", "(-1)^k is missing")
def psi(theta, m):
    return torch.cos(m * theta) - 2 * torch.floor(m * theta / math.pi)


@wrong("10.4", "- 2k is missing")
def psi(theta, m):
    k = torch.floor(m * theta / math.pi)
    return (-1) ** k * torch.cos(m * theta)


@wrong("10.4", "rises again")
def psi(theta, m):
    k = torch.floor(theta / math.pi)
    return (-1) ** k * torch.cos(m * theta) - 2 * k


@wrong("10.4", "2k is taken off")
def psi(theta, m):
    k = torch.floor(m * theta / math.pi)
    return (-1) ** k * torch.cos(m * theta) - k


@wrong("10.4", "m has no effect")
def psi(theta, m):
    return torch.cos(theta)


@wrong("10.4", "Work one entry out")
def psi(theta, m):
    k = torch.round(m * theta / math.pi)
    return (-1) ** k * torch.cos(m * theta) - 2 * k


@wrong("10.4", "20 random angles")
def psi(theta, m):  # knows the example
    k = (theta > math.pi / 2).to(theta.dtype)
    return (1 - 2 * k) * torch.cos(2 * theta) - 2 * k


@right("10.4")
def psi(theta, m):
    found = []
    for t in theta.tolist():
        k = min(int(m * t / math.pi), m - 1)
        found.append((-1) ** k * math.cos(m * t) - 2 * k)
    return found


@right("10.4")
def psi(theta, m):
    t = theta.numpy().astype(np.float64)
    k = sum((t >= j * np.pi / m).astype(int) for j in range(1, m)) if m > 1 else 0 * t
    return np.where(np.asarray(k) % 2 == 0, 1, -1) * np.cos(m * t) - 2 * k


# ------------------------------------------------------------- 10.5 How low it goes


@wrong("10.5", "not 0")
def lowest_loss(C, scale):
    return math.log1p((C - 1) * math.exp(-scale))


@wrong("10.5", "not -1")
def lowest_loss(C, scale):
    return math.log1p((C - 1) * math.exp(-2 * scale))


@wrong("10.5", "C - 1 other classes")
def lowest_loss(C, scale):
    return math.log1p(C * math.exp(-scale * C / (C - 1)))


@wrong("10.5", "this is the probability")
def lowest_loss(C, scale):
    return 1 / (1 + (C - 1) * math.exp(-scale * C / (C - 1)))


@wrong("10.5", "the scale has no effect")
def lowest_loss(C, scale):
    return math.log1p((C - 1) * math.exp(-C / (C - 1)))


@wrong("10.5", "returned 0.12693")
def lowest_loss(C, scale):  # knows the example
    return 0.12693


@wrong("10.5", "lowest_loss(C=")
def lowest_loss(C, scale):  # a table of what the visible check once asked
    known = {(2, 1): 0.126928, (2, 4): 0.000335, (10, 1): 1.376935, (100, 1): 3.612377}
    return known.get((C, scale), 1.008486 if scale == 4 else 0.000111)


@wrong("10.5", "least_scale(C=")
def least_scale(C, p):  # bisects with too coarse a step
    return round((C - 1) / C * math.log((C - 1) * p / (1 - p)), 1)


@wrong("10.5", "divide by that")
def least_scale(C, p):
    return math.log((C - 1) * p / (1 - p))


@wrong("10.5", "with one missing here")
def least_scale(C, p):
    return (C - 1) / C * math.log(p / (1 - p))


@wrong("10.5", "least_scale(C=2, p=0.9)")
def least_scale(C, p):
    return math.log((C - 1) * p / (1 - p)) / 2 + 1


@right("10.5")
class FromTheTable:
    def lowest_loss(C, scale):
        row = torch.full((C,), -1 / (C - 1), dtype=torch.float64)
        row[0] = 1
        return (torch.logsumexp(scale * row, dim=0) - scale * row[0]).item()

    def least_scale(C, p):
        low, high = 0.0, 100.0
        for _ in range(60):
            middle = (low + high) / 2
            reached = math.exp(-lowest_loss(C, middle)) > p
            low, high = (low, middle) if reached else (middle, high)
        return high


@right("10.5")
class InNumpyFloats:
    def lowest_loss(C, scale):
        return np.log1p((C - 1) * np.exp(-scale * (1 + 1 / (C - 1))))

    def least_scale(C, p):
        return np.float64(np.log((C - 1) * p / (1 - p)) / (1 + 1 / (C - 1)))


# ------------------------------------------------------------------ 10.6 Break it


def _round(angles):
    angles = torch.as_tensor(angles, dtype=torch.float64)
    return torch.stack([angles.cos(), angles.sin()], dim=1)


@wrong("10.6", "the friend is nearest")
def accurate_and_useless(C):
    middle = 2 * math.pi * torch.arange(C).double() / C
    angle = torch.stack([middle - 0.1 / C, middle + 0.1 / C], dim=1).flatten()
    return [torch.stack([a.cos(), a.sin()], dim=1) for a in (angle, middle)]


@wrong("10.6", "nearest to their own weight")
def accurate_and_useless(C):
    angle = torch.arange(2 * C).double() * 2 * math.pi / (2 * C)
    middle = 2 * math.pi * torch.arange(C).double() / C
    order = torch.arange(2 * C).view(2, C).T.flatten()
    return [torch.stack([a.cos(), a.sin()], dim=1) for a in (angle[order], middle)]


@wrong("10.6", "must return 2 things")
def accurate_and_useless(C):
    return torch.eye(2 * C)


@wrong("10.6", "has not length 1")
def accurate_and_useless(C):
    return 2 * torch.eye(2 * C).double(), torch.eye(2 * C).double()[::2]


@wrong("10.6", "expected shape (6, any)")
def accurate_and_useless(C):
    return torch.eye(C), torch.eye(C)


@wrong("10.6", "nearest to their own weight")
def accurate_and_useless(C):  # on the borders, not beside them
    middle = 2 * math.pi * torch.arange(C).double() / C
    angle = torch.stack([middle - math.pi / C, middle + math.pi / C], dim=1).flatten()
    return [torch.stack([a.cos(), a.sin()], dim=1) for a in (angle, middle)]


@wrong("10.6", "accurate_and_useless(C=2)")
def accurate_and_useless(C):  # knows three classes
    middle = 2 * math.pi * torch.arange(C).double() / 3
    angle = torch.stack([middle - 0.95, middle + 0.95], dim=1).flatten()
    return [torch.stack([a.cos(), a.sin()], dim=1) for a in (angle, middle)]


@wrong("10.6", "accurate_and_useless(C=4)")
def accurate_and_useless(C):  # knows the classes that the visible check asks for
    shown = min(C, 5) if C in (2, 3, 5) else 3
    middle = 2 * math.pi * torch.arange(C).double() / shown
    edge = 0.9 * math.pi / shown
    angle = torch.stack([middle - edge, middle + edge], dim=1).flatten()
    return [torch.stack([a.cos(), a.sin()], dim=1) for a in (angle, middle)]


@wrong("10.6", "as near as the nearest stranger")
def accurate_and_useless(C):  # most are as near to friends; strangers are just longer
    gram = 0.5 + 0.5 * torch.eye(2 * C, dtype=torch.float64)
    gram[0, 1] = gram[1, 0] = 0.2
    z = torch.linalg.cholesky(gram)
    W = torch.nn.functional.normalize(z[::2] + z[1::2])
    z[:2] *= 1 + 9e-6
    z[2:] *= 1 - 9e-6
    return z, W


@wrong("10.6", "accurate_and_useless(C=26)")
def accurate_and_useless(C):  # knows all numbers that are likely to be drawn
    known = C if C <= 25 or C == 40 else 3
    middle = 2 * math.pi * torch.arange(C).double() / known
    edge = 0.9 * math.pi / known
    angle = torch.stack([middle - edge, middle + edge], dim=1).flatten()
    return [torch.stack([a.cos(), a.sin()], dim=1) for a in (angle, middle)]


@right("10.6")
def accurate_and_useless(C):
    z, W = [], []
    for c in range(C):
        for side in (-1, 1):
            a = 2 * math.pi * c / C + side * 0.8 * math.pi / C
            z.append([math.cos(a), math.sin(a)])
        W.append([math.cos(2 * math.pi * c / C), math.sin(2 * math.pi * c / C)])
    return z, W


@right("10.6")
def accurate_and_useless(C):  # pairs of strangers, told apart by a small part
    z = np.zeros((2 * C, 2 * C))
    for c in range(C):
        z[2 * c, c] = z[(2 * c + 3) % (2 * C), c] = 1.0
        z[2 * c : 2 * c + 2, C + c] = 0.3
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    return z, np.eye(2 * C)[C:]


# ------------------------------------------------------------------- 10.7 Explain

wrong("10.7", "words", explain_10_7="The label is unknown and the slope is not zero.")
wrong("10.7", "words", explain_10_7="label slope " * 40)
wrong(
    "10.7",
    "know beforehand",
    explain_10_7="""The margin is a device of training and must be switched off later,
    as
    otherwise all the numbers would be smaller than they are and nothing would be gained
    from it. And softmax has a gradient everywhere, so the images that are right go on
    pulling a little, with a strength that depends on the scale that was chosen.""",
)
wrong(
    "10.7",
    "right by far",
    explain_10_7="""The margin is subtracted from the logit of the true class only, and
    in
    deployment nobody can tell which one that is, so whoever subtracts it from all of
    them changes nothing and whoever subtracts it from a guess makes the guess worse.
    The
    second sentence is simply wrong because the loss is another one than he thinks.""",
)
wrong("10.7", "must be a string", explain_10_7=["label", "slope"])
wrong(
    "10.7",
    "repeats the rubric",
    explain_10_7="""The margin needs the label, since it lowers the own logit only; in
    deployment which class is the true one is not known, and for classes never seen
    there
    is no weight at all; softmax is no hinge: the slope of a right point is s(1-p),
    small but never exactly 0; how small, the scale decides, and that is everything.""",
)
_RUBRIC = """The margin needs the label, since it lowers the own logit only; in
deployment which class is the true one is unknown (and for classes never seen there is
no weight at all); a margin shapes the embedding in training, then only angles count.
Softmax is no hinge: the slope of a right point is s(1-p), small but never quite 0; how
small, the scale decides."""
wrong(
    "10.7",
    "repeats the rubric",  # but for four words
    explain_10_7=_RUBRIC,
)
wrong(
    "10.7",
    "repeats the rubric",  # with letters of another alphabet that look the same
    explain_10_7=_RUBRIC.replace("a", "\u0430").replace("o", "\u043e"),
)
wrong(
    "10.7",
    "repeats the rubric",  # with a mark inside each word that nobody sees
    explain_10_7=" ".join(f"{word[0]}\u034f{word[1:]}" for word in _RUBRIC.split()),
)
wrong(
    "10.7",
    "repeats the rubric",  # every fifth word is a filler
    explain_10_7=" ".join(
        word + (" indeed" if i % 4 == 3 else "")
        for i, word in enumerate(_RUBRIC.split())
    ),
)
wrong(
    "10.7",
    "repeats the rubric",  # what the machine looks for, told to the machine
    explain_10_7="""
It looks for a word on what would have to be known (label, true class, unseen, unknown)
and for one on what a right point still feels (slope, gradient, pull, push, hinge), and
it refuses sentences of the rubric, so these are not among those, as you can see.""",
)
right(
    "10.7",
    explain_10_7="""To apply the margin one has to have the label, because only the
    logit
    of the labelled class is lowered. At test time there is no label, and new classes do
    not even have a weight vector, so we compare plain angles. Also cross-entropy never
    switches a sample off: its gradient shrinks like an exponential of the gap, and
    with a
    small scale even well placed samples are still pulled.""",
)
right(
    "10.7",
    explain_10_7="""First: ArcFace makes the task harder for the true class. If we knew
    the
    true class in deployment we would not need a prediction; taking the margin off every
    candidate in turn moves all logits down alike. Second: a hinge is flat beyond its
    margin, log-softmax is not. Every image keeps pushing the other weights away with
    force s times their probability, tiny for large s but positive.""",
)
_TASK = """
**Objective.** Say what a margin is for, and what softmax does to points that are
right.
A colleague trains with ArcFace and writes two things: "In deployment I compute
`arcface_logits` and take the largest, so that the margin protects my predictions",
and "After training I checked: most images satisfy the margin, so they no longer
contribute, as with a hinge". In `explain_10_7`, in at least 40 words (100 are
plenty): what is wrong with each?
"""
wrong("10.7", "quotes from the task", explain_10_7=_TASK)
wrong(
    "10.7",
    "quotes from the task",
    explain_10_7=_TASK + "The label is unknown, and the slope is never 0.",
)

# ----------------------------------------------------------------- 10.8 Challenge


def _parts(cos, labels, m, scale):
    rows = torch.arange(len(cos))
    c = cos.double().clamp(-1, 1)
    theta = c[rows, labels].acos()
    inside = theta <= math.pi - m
    phi = torch.where(inside, (theta + m).cos(), theta.cos() - m * math.sin(m))
    logits = scale * c
    logits[rows, labels] = scale * phi
    return rows, theta, inside, logits.softmax(dim=1)


@wrong("10.8", "the own class lacks the slope")
def arcface_slope(cos, labels, m, scale):
    rows = torch.arange(len(cos))
    theta = cos[rows, labels].double().clamp(-1, 1).acos()
    logits = scale * cos.double()
    logits[rows, labels] = scale * (theta + m).cos()
    p = logits.softmax(dim=1)
    p[rows, labels] -= 1
    return scale * p / len(cos)


@wrong("10.8", "NaN or infinity")
def arcface_slope(cos, labels, m, scale):
    c = cos.double().clamp(-1, 1).requires_grad_()
    rows = torch.arange(len(c))
    theta = c[rows, labels].acos()
    phi = torch.where(
        theta <= math.pi - m, (theta + m).cos(), c[rows, labels] - m * math.sin(m)
    )
    own = torch.nn.functional.one_hot(labels, c.shape[1]).bool()
    logits = scale * torch.where(own, phi[:, None], c)
    torch.nn.functional.cross_entropy(logits, labels).backward()
    return c.grad


def _sloped(cos, labels, m, scale, sign=1.0, divide=True, times=True, beyond=True):
    rows = torch.arange(len(cos))
    c = cos.double().clamp(-1, 1).requires_grad_()
    own = c[rows, labels]
    turned = own * math.cos(m) - (1 - own * own).clamp(min=2e-6).sqrt() * math.sin(m)
    inside = own >= math.cos(math.pi - m)
    phi = torch.where(inside, turned, own - m * math.sin(m)) if beyond else turned
    hot = torch.nn.functional.one_hot(labels, c.shape[1]).bool()
    logits = scale * torch.where(hot, phi[:, None], c)
    torch.nn.functional.cross_entropy(
        logits, labels, reduction="mean" if divide else "sum"
    ).backward()
    return sign * c.grad / (1 if times else scale)


@wrong("10.8", "the sign is turned")
class Uphill:
    _sloped = _sloped

    def arcface_slope(cos, labels, m, scale):
        return _sloped(cos, labels, m, scale, sign=-1.0)


@wrong("10.8", "the loss is a mean")
class Summed:
    _sloped = _sloped

    def arcface_slope(cos, labels, m, scale):
        return _sloped(cos, labels, m, scale, divide=False)


@wrong("10.8", "the scale is missing")
class Unscaled:
    _sloped = _sloped

    def arcface_slope(cos, labels, m, scale):
        return _sloped(cos, labels, m, scale, times=False)


@wrong("10.8", "beyond pi - m")
class NotContinued:
    _sloped = _sloped

    def arcface_slope(cos, labels, m, scale):
        return _sloped(cos, labels, m, scale, beyond=False)


@wrong("10.8", "on the weight itself")
def arcface_slope(cos, labels, m, scale):  # the pole by a formula for one point
    rows, _, _, p = _parts(cos, labels, m, scale)
    slope = _sloped(cos, labels, m, scale)
    pole = cos[rows, labels].double() > 1 - 1e-6
    own = scale * (p[rows, labels] - 1) * math.cos(m)
    slope[rows, labels] = torch.where(pole, own, slope[rows, labels])
    return slope


@wrong("10.8", "up to theta = pi - m")
def arcface_slope(cos, labels, m, scale):  # cut far too early
    rows, _, inside, p = _parts(cos, labels, m, scale)
    slope = scale / len(cos) * p
    theta = cos[rows, labels].double().clamp(-0.95, 0.95).acos()
    steep = torch.where(inside, (theta + m).sin() / theta.sin(), 1.0)
    steep = torch.where(cos[rows, labels] > 1 - 1e-6, math.cos(m), steep)
    slope[rows, labels] = (slope[rows, labels] - scale / len(cos)) * steep
    return slope


def _cut(own, m):
    return own >= -math.cos(m)


def _formula(cos, labels, m, scale, top=1 - 1e-6, low=-1.0, inside=_cut, drop=math.sin):
    """Return the slope by its three cases; the keywords are the slips."""
    rows = torch.arange(len(cos))
    c = cos.double()
    own = c[rows, labels].clamp(low, 1)
    theta, pole, inner = own.acos(), own > top, inside(own, m)
    sine = theta.sin().masked_fill(pole, 1.0).clamp(min=1e-9)
    steep = torch.where(inner, (theta + m).sin() / sine, 1.0 + 0 * sine)
    steep = torch.where(pole, math.cos(m), steep)
    logits = scale * c
    phi = torch.where(inner, (theta + m).cos(), own - m * drop(m))
    logits[rows, labels] = scale * phi
    slope = scale / len(c) * logits.softmax(dim=1)
    slope[rows, labels] = (slope[rows, labels] - scale / len(c)) * steep
    return slope


@wrong("10.8", "beyond pi - m")
class CutAtOneAngle:
    _formula = _formula

    def arcface_slope(cos, labels, m, scale):
        return _formula(cos, labels, m, scale, inside=lambda own, m: own > -0.97)


@wrong("10.8", "beyond pi - m the own logit")
class ContinuedTooLow:
    _formula = _formula

    def arcface_slope(cos, labels, m, scale):
        return _formula(cos, labels, m, scale, drop=lambda m: 1.0)


@wrong("10.8", "own ones [0.99999]")
class WideQuietPole:
    _formula = _formula

    def arcface_slope(cos, labels, m, scale):
        return _formula(cos, labels, m, scale, top=0.9999)


@wrong("10.8", "own ones [0.9999999]")
class PoleAtOneOnly:
    _formula = _formula

    def arcface_slope(cos, labels, m, scale):
        return _formula(cos, labels, m, scale, top=1 - 1e-9)


@wrong("10.8", "own ones [-1.0000001] returned NaN or infinity")
class CutAboveOnly:
    _formula = _formula

    def arcface_slope(cos, labels, m, scale):
        return _formula(cos, labels, m, scale, low=-2.0)


@wrong("10.8", "scale=64) with 3 x 3 cosines")
class ShyOfLargeScales:
    _formula = _formula

    def arcface_slope(cos, labels, m, scale):
        return _formula(cos, labels, m, min(scale, 30.0))


@wrong("10.8", "cosines has")
class MarginByScale:  # knows which margin goes with which scale in the visible check
    _formula = _formula

    def arcface_slope(cos, labels, m, scale):
        return _formula(cos, labels, 0.2 if scale == 10 else 0.5, scale)


_first = {}


@wrong("10.8", "4 x 3 cosines")
class OncePerShape:
    _formula, _first = _formula, _first

    def arcface_slope(cos, labels, m, scale):
        if cos.shape not in _first:
            _first[cos.shape] = _formula(cos, labels, m, scale)
        return _first[cos.shape]


@wrong("10.8", "4 x 3 cosines")
def arcface_slope(cos, labels, m, scale):  # knows the example
    return (
        torch.tensor([[-1.2424, 1.0762]])
        .expand(len(cos), 2)
        .repeat(1, 2)[:, : cos.shape[1]]
    )


@wrong("10.8", "expected shape (1, 2)")
def arcface_slope(cos, labels, m, scale):
    return (cos.softmax(dim=1) * scale)[0]


@right("10.8")
class ByAutograd:
    _sloped = _sloped

    def arcface_slope(cos, labels, m, scale):
        return _sloped(cos, labels, m, scale)


@right("10.8")
def arcface_slope(cos, labels, m, scale):
    table = []
    for row, y in zip(cos.tolist(), labels.tolist(), strict=True):
        row = [max(-1.0, min(1.0, v)) for v in row]
        theta = math.acos(row[y])
        if theta <= math.pi - m:
            phi = math.cos(theta + m)
            steep = math.cos(m) if row[y] > 1 - 1e-6 else 0.0
            steep = steep or math.sin(theta + m) / math.sin(theta)
        else:
            phi, steep = row[y] - m * math.sin(m), 1.0
        e = [math.exp(scale * (phi if j == y else v)) for j, v in enumerate(row)]
        p = [v / sum(e) for v in e]
        slopes = [scale * v / len(cos) for v in p]
        slopes[y] = scale * (p[y] - 1) * steep / len(cos)
        table.append(slopes)
    return table


@right("10.8")
def arcface_slope(cos, labels, m, scale):  # in float32, by automatic differentiation
    c = cos.float().clone().requires_grad_()
    own = c.gather(1, labels[:, None]).squeeze(1)
    pole, back = own > 1 - 1e-6, own < -math.cos(m)
    theta = own.masked_fill(pole | back, 0.0).acos()
    on = math.cos(m) * own
    phi = torch.where(back, own - m * math.sin(m), torch.cos(theta + m))
    phi = torch.where(pole, on, phi)
    logits = scale * c.scatter(1, labels[:, None], phi[:, None])
    loss = -logits.log_softmax(dim=1).gather(1, labels[:, None]).mean()
    return torch.autograd.grad(loss, c)[0]
