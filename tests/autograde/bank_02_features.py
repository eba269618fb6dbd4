"""Wrong and right answers to exercise 02, Features."""

import math

import numpy as np
import torch
from sklearn.mixture import GaussianMixture
from torch import nn

from mlcourse.grading.bank import right, wrong

# ------------------------------------------------------------------- 02.1 PCA


@wrong("02.1", "points at the mean image")
def pca(x, k):
    return x.mean(dim=0), torch.linalg.svd(x, full_matrices=False).Vh[:k]


@wrong("02.1", "Axis i is row i")
def pca(x, k):
    mean = x.mean(dim=0)
    return mean, torch.linalg.svd(x - mean, full_matrices=False).Vh[:k].T


@wrong("02.1", "vary least")
def pca(x, k):
    mean = x.mean(dim=0)
    return mean, torch.linalg.eigh((x - mean).T @ (x - mean)).eigenvectors.T[:k]


@wrong("02.1", "the largest comes first")
def pca(x, k):
    mean = x.mean(dim=0)
    return mean, torch.linalg.eigh((x - mean).T @ (x - mean)).eigenvectors.T[-k:]


@wrong("02.1", "divided by their standard deviation")
def pca(x, k):  # a standardised pixel is worth as much as any other
    mean = x.mean(dim=0)
    return mean, torch.linalg.svd((x - mean) / (x.std(dim=0) + 1e-6)).Vh[:k]


@wrong("02.1", "non-finite values")
def pca(x, k):
    mean = x.mean(dim=0)
    return mean, torch.linalg.svd((x - mean) / x.std(dim=0)).Vh[:k]


@wrong("02.1", "one number for each pixel")
def pca(x, k):
    mean = x.mean()
    return mean, torch.linalg.svd(x - x.mean(dim=0), full_matrices=False).Vh[:k]


@wrong("02.1", "length 1 and be at right angles")
def pca(x, k):  # scaled by what they explain
    mean = x.mean(dim=0)
    _, S, Vh = torch.linalg.svd(x - mean, full_matrices=False)
    return mean, S[:k, None] * Vh[:k]


@wrong("02.1", "must return 2 things, mean and axes")
def pca(x, k):
    return torch.linalg.svd(x - x.mean(dim=0), full_matrices=False).Vh[:k]


@wrong("02.1", "take the eigenvectors")
def pca(x, k):  # the visible example only
    axes = torch.eye(x.shape[1], dtype=x.dtype)[:k]
    return x.mean(dim=0), axes.flip(0) if len(x) == 4 else axes


@wrong("02.1", "subtract the mean that is passed")
def encode(x, mean, axes):
    return (x - x.mean(dim=0)) @ axes.T


@wrong("02.1", "no mean")
def encode(x, mean, axes):
    return x @ axes.T


@wrong("02.1", "the mean is missing")
def decode(z, mean, axes):
    return z @ axes


@wrong("02.1", "returned (2, 3), expected shape (3, 2)")
def encode(x, mean, axes):
    return axes @ (x - mean).T


@right("02.1")
class PcaByEigh:
    def pca(x, k):
        mean = x.mean(dim=0)
        cov = (x - mean).T @ (x - mean) / len(x)
        return mean, -torch.linalg.eigh(cov).eigenvectors.flip(1)[:, :k].T

    def encode(x, mean, axes):
        return torch.stack([torch.mv(axes, row - mean) for row in x])

    def decode(z, mean, axes):
        return torch.einsum("nk,kd->nd", z, axes) + mean


@right("02.1")
class PcaInNumpy:
    def pca(x, k):
        x = np.asarray(x, dtype=np.float32)
        mean = x.mean(axis=0)
        axes = np.linalg.svd(x - mean)[2][:k]
        return [mean, axes]

    def encode(x, mean, axes):
        return ((x - mean) @ axes.T).numpy()

    def decode(z, mean, axes):
        return (mean + z @ axes).tolist()


# ---------------------------------------------------------------- 02.2 Spread


def _pairs(z, labels):
    dist = torch.linalg.vector_norm(z[:, None] - z, dim=-1)
    same = labels[:, None] == labels
    return dist, same, torch.ones_like(same).triu(1)


@wrong("02.2", "within over between")
def spread(z, labels):
    dist, same, upper = _pairs(z, labels)
    return (dist[~same & upper].mean() / dist[same & upper].mean()).item()


@wrong("02.2", "squared distances")
def spread(z, labels):
    dist, same, upper = _pairs(z, labels)
    return (dist[same & upper] ** 2).mean() / (dist[~same & upper] ** 2).mean()


@wrong("02.2", "no pair with itself")
def spread(z, labels):
    dist, same, _ = _pairs(z, labels)
    return dist[same].mean() / dist[~same].mean()


@wrong("02.2", "divides sums")
def spread(z, labels):
    dist, same, upper = _pairs(z, labels)
    return dist[same & upper].sum() / dist[~same & upper].sum()


@wrong("02.2", "class by class")
def spread(z, labels):
    dist, same, upper = _pairs(z, labels)
    means = []
    for c in labels.unique():
        inside = dist[same & upper & (labels == c)[:, None]]
        if len(inside):
            means.append(inside.mean())
    return torch.stack(means).mean() / dist[~same & upper].mean()


@wrong("02.2", "over all pairs")
def spread(z, labels):
    dist, same, upper = _pairs(z, labels)
    return dist[same & upper].mean() / dist[upper].mean()


@wrong("02.2", "between class means")
def spread(z, labels):
    dist, same, upper = _pairs(z, labels)
    centres = torch.stack([z[labels == c].mean(dim=0) for c in labels.unique()])
    return dist[same & upper].mean() / torch.pdist(centres).mean()


@wrong("02.2", "so the answer is nan")
def spread(z, labels):
    dist, same, upper = _pairs(z, labels)
    ratio = dist[same & upper].mean() / dist[~same & upper].mean()
    return ratio.nan_to_num()


@wrong("02.2", "expected one number")
def spread(z, labels):
    dist, same, upper = _pairs(z, labels)
    return dist[same & upper] / dist[~same & upper].mean()


@wrong("02.2", "changes nothing")
def units(z, labels):
    return torch.full((z.shape[1],), 0.1)


@wrong("02.2", "at most half is asked")
def units(z, labels):
    return (1 / z.std(dim=0)).clamp(0.1, 10)


@wrong("02.2", "at most half is asked")
def units(z, labels):  # a guess
    return torch.tensor([10.0] + [0.1] * (z.shape[1] - 1))


@wrong("02.2", "between 0.1 and 10")
def units(z, labels):
    alone = torch.tensor([spread(column[:, None], labels) for column in z.T])
    return (alone == alone.min()).float()


@wrong("02.2", "at most half is asked")
def units(z, labels):  # the worst one
    alone = torch.tensor([spread(column[:, None], labels) for column in z.T])
    return torch.where(alone == alone.max(), 10, 0.1)


@wrong("02.2", "at most half is asked")
def units(z, labels):  # the widest, without a look at the labels
    return torch.where(z.std(dim=0) == z.std(dim=0).max(), 10, 0.1)


@wrong("02.2", "at most half is asked")
def units(z, labels):  # the narrowest
    return torch.where(z.std(dim=0) == z.std(dim=0).min(), 10, 0.1)


@wrong("02.2", "One factor for each coordinate")
def units(z, labels):
    return 10.0


@right("02.2")
class SpreadByLoops:
    def spread(z, labels):
        sums, counts = [0.0, 0.0], [0, 0]
        for i in range(len(z)):
            for j in range(i):
                same = int(labels[i] == labels[j])
                sums[same] += math.dist(z[i].tolist(), z[j].tolist())
                counts[same] += 1
        if not all(counts):
            return float("nan")
        return sums[1] / counts[1] / (sums[0] / counts[0])

    def units(z, labels):
        best = [1.0] * z.shape[1]
        for c in [*range(z.shape[1])] * 2:  # the second round knows all the others
            trials = []
            for factor in (0.1, 10.0):
                trial = [*best[:c], factor, *best[c + 1 :]]
                trials.append((spread(z * torch.tensor(trial), labels), trial))
            best = min(trials)[1]
        return best


@right("02.2")
class SpreadInNumpy:
    def spread(z, labels):
        z, labels = z.numpy().astype(np.float32), labels.numpy()
        dist = np.linalg.norm(z[:, None] - z, axis=-1)
        same = labels[:, None] == labels
        within = dist[same & ~np.eye(len(z), dtype=bool)]
        if not len(within) or same.all():
            return np.nan
        return within.mean() / dist[~same].mean()

    def units(z, labels):
        classes = labels.unique()
        inside = sum(z[labels == c].var(dim=0) for c in classes) / len(classes)
        clear = (z.var(dim=0) / inside).argmax()
        return np.where(np.arange(z.shape[1]) == int(clear), 10.0, 0.1)


# ------------------------------------------------------------------ 02.3 Kept


def _distances(z):
    return torch.linalg.vector_norm(z[:, None] - z, dim=-1)


def _chance(factor):
    counts = torch.unique(factor, return_counts=True)[1].double()
    n = len(factor)
    return (counts * (counts - 1)).sum() / (n * (n - 1))


@wrong("02.3", "each row found itself")
def kept(z, factor):
    nearest = _distances(z).argmin(dim=1)
    nearest = torch.where(_distances(z).amin(dim=1) == 0, torch.arange(len(z)), nearest)
    return (factor[nearest] == factor).double().mean(), _chance(factor)


@wrong("02.3", "not by its distance 0")
def kept(z, factor):
    dist = _distances(z)
    dist = torch.where(dist == 0, torch.inf, dist)
    return (factor[dist.argmin(dim=1)] == factor).double().mean(), _chance(factor)


@wrong("02.3", "lowest index counts")
def kept(z, factor):
    dist = _distances(z).fill_diagonal_(torch.inf).flip(1)
    nearest = len(z) - 1 - dist.argmin(dim=1)
    return (factor[nearest] == factor).double().mean(), _chance(factor)


@wrong("02.3", "the farthest rows")
def kept(z, factor):
    nearest = _distances(z).argmax(dim=1)
    return (factor[nearest] == factor).double().mean(), _chance(factor)


@wrong("02.3", "divide by n")
def kept(z, factor):
    nearest = _distances(z).fill_diagonal_(torch.inf).argmin(dim=1)
    return int((factor[nearest] == factor).sum()), _chance(factor)


@wrong("02.3", "draws the row itself")
def kept(z, factor):
    nearest = _distances(z).fill_diagonal_(torch.inf).argmin(dim=1)
    share = torch.unique(factor, return_counts=True)[1] / len(factor)
    return (factor[nearest] == factor).double().mean(), (share**2).sum()


@wrong("02.3", "equally frequent")
def kept(z, factor):
    nearest = _distances(z).fill_diagonal_(torch.inf).argmin(dim=1)
    return (factor[nearest] == factor).double().mean(), 1 / len(factor.unique())


@wrong("02.3", "most frequent value")
def kept(z, factor):
    nearest = _distances(z).fill_diagonal_(torch.inf).argmin(dim=1)
    share = torch.unique(factor, return_counts=True)[1] / len(factor)
    return (factor[nearest] == factor).double().mean(), share.max()


@wrong("02.3", "in this order")
def kept(z, factor):
    nearest = _distances(z).fill_diagonal_(torch.inf).argmin(dim=1)
    return (factor[nearest] == factor).double().mean()


@wrong("02.3", "agreement comes first")
def kept(z, factor):
    nearest = _distances(z).fill_diagonal_(torch.inf).argmin(dim=1)
    return _chance(factor), (factor[nearest] == factor).double().mean()


@wrong("02.3", "exclude the row by its index")
def kept(z, factor):  # the second of the sorted row: with a copy, it may be the row
    nearest = _distances(z).argsort(dim=1, stable=True)[:, 1]
    return (factor[nearest] == factor).double().mean(), _chance(factor)


@wrong("02.3", "agreement returned 0.5, expected")
def kept(z, factor):  # the visible example only
    return 0.5, _chance(factor)


@right("02.3")
def kept(z, factor):
    n, hits = len(z), 0
    for i in range(n):
        others = [j for j in range(n) if j != i]
        nearest = min(others, key=lambda j: math.dist(z[i].tolist(), z[j].tolist()))
        hits += int(factor[nearest] == factor[i])
    counts = [int((factor == c).sum()) for c in set(factor.tolist())]
    return hits / n, sum(c * (c - 1) for c in counts) / n / (n - 1)


@right("02.3")
def kept(z, factor):
    dist = torch.cdist(z, z).fill_diagonal_(torch.inf)
    same = (factor[:, None] == factor).fill_diagonal_(False)
    chance = same.double().mean() * len(z) / (len(z) - 1)
    return (factor[dist.argmin(dim=1)] == factor).float().mean(), chance


@right("02.3")
def kept(z, factor):
    z, factor = z.numpy().astype(np.float32), factor.numpy()
    squares = ((z[:, None] - z) ** 2).sum(axis=-1)
    np.fill_diagonal(squares, np.inf)
    same = factor[:, None] == factor
    off = ~np.eye(len(z), dtype=bool)
    return np.array(
        [(factor[squares.argmin(axis=1)] == factor).mean(), same[off].mean()]
    )


# -------------------------------------------------------- 02.4 A class, sampled


def _eigh_root(C):
    values, vectors = torch.linalg.eigh((C + C.T) / 2)
    return vectors * values.clamp(min=0).sqrt()


@wrong("02.4", "pseudo-inverse of L")
def gain(L, cov):
    return torch.linalg.pinv(L)


@wrong("02.4", "the inverse of L Sigma L' is missing")
def gain(L, cov):
    return cov @ L.T


@wrong("02.4", "turns a code of length k into an image")
def gain(L, cov):
    return torch.linalg.solve(L @ cov @ L.T, L @ cov)


@wrong("02.4", "is not positive-definite")
def sample_class(L, mu, cov, z, v):
    G = gain(L, cov)
    C = cov - G @ L @ cov
    return mu + G @ z + v @ torch.linalg.cholesky(C).T


@wrong("02.4", "returned NaN or infinity")
def sample_class(L, mu, cov, z, v):
    G = gain(L, cov)
    values, vectors = torch.linalg.eigh(cov - G @ L @ cov)
    return mu + G @ z + v @ (vectors * values.sqrt()).T


@wrong("02.4", "off by")
def sample_class(L, mu, cov, z, v):  # NaN hidden, not cured: a jitter that is too large
    G = gain(L, cov)
    C = cov - G @ L @ cov
    root = torch.linalg.cholesky(C + 0.1 * torch.eye(len(C), dtype=C.dtype))
    return mu + G @ z + v @ root.T


@wrong("02.4", "mu is missing")
def sample_class(L, mu, cov, z, v):
    G = gain(L, cov)
    return G @ z + v @ _eigh_root(cov - G @ L @ cov).T


@wrong("02.4", "whatever the code")
def sample_class(L, mu, cov, z, v):
    G = gain(L, cov)
    return mu + v @ _eigh_root(cov - G @ L @ cov).T


@wrong("02.4", "goes straight along L")
def sample_class(L, mu, cov, z, v):
    G = gain(L, cov)
    return mu + torch.linalg.pinv(L) @ z + v @ _eigh_root(cov - G @ L @ cov).T


@wrong("02.4", "it is L (x - mu)")
def sample_class(L, mu, cov, z, v):
    G = gain(L, cov)
    return mu + G @ (z - L @ mu) + v @ _eigh_root(cov - G @ L @ cov).T


@wrong("02.4", "only C = Sigma - G L Sigma is left")
def sample_class(L, mu, cov, z, v):
    return mu + gain(L, cov) @ z + v @ torch.linalg.cholesky(cov).T


@wrong("02.4", "B' B is C")
def sample_class(L, mu, cov, z, v):
    G = gain(L, cov)
    return mu + G @ z + v @ _eigh_root(cov - G @ L @ cov)


@wrong("02.4", "multiplied by C itself")
def sample_class(L, mu, cov, z, v):
    G = gain(L, cov)
    return mu + G @ z + v @ (cov - G @ L @ cov)


@wrong("02.4", "only source of chance")
def sample_class(L, mu, cov, z, v):  # right as long as v is a unit vector or 0
    G = gain(L, cov)
    B = _eigh_root(cov - G @ L @ cov)
    plain = (v == 0) | (v == 1)
    own = torch.randn_like(v)
    return mu + G @ z + torch.where(plain.all(dim=1, keepdim=True), v, own) @ B.T


@wrong("02.4", "expected")
def sample_class(L, mu, cov, z, v):
    G = gain(L, cov)
    own = torch.randn_like(v)
    return mu + G @ z + own @ _eigh_root(cov - G @ L @ cov).T


@wrong("02.4", "is singular")
def sample_class(L, mu, cov, z, v):  # by the precision, which a flat Sigma lacks
    precision = torch.linalg.inv(cov)
    null = torch.linalg.svd(L).Vh[len(L) :]
    inner = torch.linalg.inv(null @ precision @ null.T)
    G = gain(L, cov)
    root = null.T @ torch.linalg.cholesky(inner)
    return mu + G @ z + v[:, : len(null)] @ root.T


@right("02.4")
class BySingularValues:
    def gain(L, cov):
        return cov @ L.T @ torch.linalg.inv(L @ cov @ L.T)

    def sample_class(L, mu, cov, z, v):
        G = gain(L, cov)
        U, S, _ = torch.linalg.svd(cov - G @ L @ cov)
        return torch.stack([mu + G @ z + U @ (S.sqrt() * row) for row in v])


@right("02.4")
class ByCorrection:
    def gain(L, cov):
        return (np.linalg.pinv(L @ cov @ L.T) @ (L @ cov).numpy()).T

    def sample_class(L, mu, cov, z, v):
        values, vectors = torch.linalg.eigh(cov.double())
        x = v.double() @ (vectors * values.clamp(min=0).sqrt()).T
        L, z = L.double(), z.double()
        G = cov.double() @ L.T @ torch.linalg.inv(L @ cov.double() @ L.T)
        return mu + x + (z - x @ L.T) @ G.T


# --------------------------------------------------------- 02.5 Coupling layer


def _net(x, z, W1, W2):
    a, b = x[:, : x.shape[1] // 2], x[:, x.shape[1] // 2 :]
    out = torch.tanh(torch.cat([a, z], dim=1) @ W1.T) @ W2.T
    r, t = out.chunk(2, dim=1)
    return a, b, 2 * torch.tanh(r / 2), t


@wrong("02.5", "s is r itself")
def coupling(x, z, W1, W2):
    a, b, s, t = _net(x, z, W1, W2)
    r = 2 * torch.atanh(s / 2)
    return torch.cat([a, b * r.exp() + t], dim=1), r.sum(dim=1)


@wrong("02.5", "s is tanh r")
def coupling(x, z, W1, W2):
    a, b, s, t = _net(x, z, W1, W2)
    s = torch.tanh(2 * torch.atanh(s / 2))
    return torch.cat([a, b * s.exp() + t], dim=1), s.sum(dim=1)


@wrong("02.5", "s is tanh(r / 2)")
def coupling(x, z, W1, W2):
    a, b, s, t = _net(x, z, W1, W2)
    return torch.cat([a, b * (s / 2).exp() + t], dim=1), s.sum(dim=1) / 2


@wrong("02.5", "r and t are swapped")
def coupling(x, z, W1, W2):
    a, b, s, t = _net(x, z, W1, W2)
    r, s = 2 * torch.atanh(s / 2), 2 * torch.tanh(t / 2)
    return torch.cat([a, b * s.exp() + r], dim=1), s.sum(dim=1)


@wrong("02.5", "the code z has no effect")
def coupling(x, z, W1, W2):
    a, b, s, t = _net(x, torch.zeros_like(z), W1, W2)
    return torch.cat([a, b * s.exp() + t], dim=1), s.sum(dim=1)


@wrong("02.5", "the first row's code")
def coupling(x, z, W1, W2):
    a, b, s, t = _net(x, z[:1].expand_as(z), W1, W2)
    return torch.cat([a, b * s.exp() + t], dim=1), s.sum(dim=1)


@wrong("02.5", "x_a is first")
def coupling(x, z, W1, W2):
    a, b = x.tensor_split([x.shape[1] // 2], dim=1)
    r, t = (torch.cat([z, a], dim=1) @ W1.T).tanh().matmul(W2.T).chunk(2, dim=1)
    s = 2 * torch.tanh(r / 2)
    return torch.cat([a, b * s.exp() + t], dim=1), s.sum(dim=1)


@wrong("02.5", "the tanh after W1 is missing")
def coupling(x, z, W1, W2):
    a, b = x.tensor_split([x.shape[1] // 2], dim=1)
    r, t = (torch.cat([a, z], dim=1) @ W1.T @ W2.T).chunk(2, dim=1)
    s = 2 * torch.tanh(r / 2)
    return torch.cat([a, b * s.exp() + t], dim=1), s.sum(dim=1)


@wrong("02.5", "divided by exp(s)")
def coupling(x, z, W1, W2):
    a, b, s, t = _net(x, z, W1, W2)
    return torch.cat([a, b * (-s).exp() + t], dim=1), -s.sum(dim=1)


@wrong("02.5", "not by exp(s)")
def coupling(x, z, W1, W2):
    a, b, s, t = _net(x, z, W1, W2)
    return torch.cat([a, b * s + t], dim=1), s.sum(dim=1)


@wrong("02.5", "before x_b is multiplied")
def coupling(x, z, W1, W2):
    a, b, s, t = _net(x, z, W1, W2)
    return torch.cat([a, (b + t) * s.exp()], dim=1), s.sum(dim=1)


@wrong("02.5", "the sign is turned")
def coupling(x, z, W1, W2):
    a, b, s, t = _net(x, z, W1, W2)
    return torch.cat([a, b * s.exp() + t], dim=1), -s.sum(dim=1)


@wrong("02.5", "not its logarithm")
def coupling(x, z, W1, W2):
    a, b, s, t = _net(x, z, W1, W2)
    return torch.cat([a, b * s.exp() + t], dim=1), s.exp().prod(dim=1)


@wrong("02.5", "this is a mean")
def coupling(x, z, W1, W2):
    a, b, s, t = _net(x, z, W1, W2)
    return torch.cat([a, b * s.exp() + t], dim=1), s.mean(dim=1)


@wrong("02.5", "One number for each row")
def coupling(x, z, W1, W2):
    a, b, s, t = _net(x, z, W1, W2)
    return torch.cat([a, b * s.exp() + t], dim=1), s.sum()


@wrong("02.5", "must stay")
def coupling(x, z, W1, W2):
    a, b, s, t = _net(x, z, W1, W2)
    return torch.cat([b * s.exp() + t, a], dim=1), s.sum(dim=1)


@wrong("02.5", "must return 2 things, y and log_det")
def coupling(x, z, W1, W2):
    a, b, s, t = _net(x, z, W1, W2)
    return torch.cat([a, b * s.exp() + t], dim=1)


@wrong("02.5", "subtract t first")
def coupling_inverse(y, z, W1, W2):
    a, b, s, t = _net(y, z, W1, W2)
    return torch.cat([a, b * (-s).exp() - t], dim=1)


@wrong("02.5", "t is added")
def coupling_inverse(y, z, W1, W2):
    a, b, s, t = _net(y, z, W1, W2)
    return torch.cat([a, (b + t) / s.exp()], dim=1)


@wrong("02.5", "by exp(s) again")
def coupling_inverse(y, z, W1, W2):
    a, b, s, t = _net(y, z, W1, W2)
    return torch.cat([a, (b - t) * s.exp()], dim=1)


@wrong("02.5", "the layer once more")
def coupling_inverse(y, z, W1, W2):
    return coupling(y, z, W1, W2)[0]


@wrong("02.5", "this changes nothing")
def coupling_inverse(y, z, W1, W2):
    return y


@right("02.5")
class CouplingInNumpy:
    def coupling(x, z, W1, W2):
        x, z, W1, W2 = (part.numpy().astype(np.float64) for part in (x, z, W1, W2))
        half = x.shape[1] // 2
        out = np.tanh(np.hstack([x[:, :half], z]) @ W1.T) @ W2.T
        r, t = np.split(out, 2, axis=1)
        s = 2 * np.tanh(r / 2)
        return np.hstack([x[:, :half], x[:, half:] * np.exp(s) + t]), s.sum(axis=1)

    def coupling_inverse(y, z, W1, W2):
        y, z, W1, W2 = (part.numpy().astype(np.float64) for part in (y, z, W1, W2))
        half = y.shape[1] // 2
        out = np.tanh(np.hstack([y[:, :half], z]) @ W1.T) @ W2.T
        r, t = np.split(out, 2, axis=1)
        return np.hstack([y[:, :half], (y[:, half:] - t) / np.exp(2 * np.tanh(r / 2))])


@right("02.5")
class CouplingRowByRow:
    def _one(x, z, W1, W2):
        half = len(x) // 2
        out = torch.mv(W2, torch.tanh(torch.mv(W1, torch.cat([x[:half], z]))))
        moved = len(x) - half
        e = out[:moved].exp()  # tanh(r / 2) = (e - 1) / (e + 1)
        s = torch.where(e.isinf(), 2, (e - 1) / (e + 1) * 2)
        return half, s, out[moved:]

    def coupling(x, z, W1, W2):
        rows, dets = [], []
        for point, code in zip(x, z, strict=True):
            half, s, t = _one(point, code, W1, W2)
            rows.append(torch.cat([point[:half], point[half:] * s.exp() + t]))
            dets.append(sum(s.tolist()))
        return torch.stack(rows), dets

    def coupling_inverse(y, z, W1, W2):
        rows = []
        for point, code in zip(y, z, strict=True):
            half, s, t = _one(point, code, W1, W2)
            rows.append(torch.cat([point[:half], (point[half:] - t) / s.exp()]))
        return torch.stack(rows)


# --------------------------------------------------------------- 02.6 Break it


@wrong("02.6", "no twin of its own")
def twin(E, x):
    return x


@wrong("02.6", "no twin of its own")
def twin(E, x):
    return x + 0.05 * torch.linalg.svd(E).Vh[-1]


@wrong("02.6", "pixels must stay from 0 to 1")
def twin(E, x):
    return x + 9 * torch.linalg.svd(E).Vh[-1]


@wrong("02.6", "let it stay")
def twin(E, x):
    step = torch.linalg.svd(E).Vh[-1]
    return x + 0.15 * step / step.abs().max()


@wrong("02.6", "nothing may be clamped")
def twin(E, x):
    step = torch.linalg.svd(E).Vh[-1]
    return (x + 0.5 * step / step.abs().max()).clamp(0, 1)


@wrong("02.6", "in the null space")
def twin(E, x):
    step = torch.linalg.svd(E).Vh[0]
    return x + 0.15 * step / step.abs().max()


@wrong("02.6", "in the null space")
def twin(E, x):  # the last column of V, read from its rows
    step = torch.linalg.svd(E).Vh[:, -1]
    return x + 0.15 * step / step.abs().max()


@wrong("02.6", "another image of as many pixels")
def twin(E, x):
    return torch.stack([x, x + 0.15])


@wrong("02.6", "in the null space")
def twin(E, x):  # the visible example only
    if len(x) == 3 and len(E) == 2:
        return torch.tensor([0.5, 0.4, 0.5])
    return (x + 0.15).clamp(0, 1)


@right("02.6")
def twin(E, x):
    free = (x > 0.05) & (x < 0.95)
    inner = E[:, free].double()
    step = torch.randn(int(free.sum()), dtype=torch.float64)
    step = step - torch.linalg.pinv(inner) @ (inner @ step)
    room = torch.where(step > 0, 1 - x[free], x[free]) / step.abs()
    image = x.double().clone()
    image[free] += room.min() * step
    return image.clamp(0, 1)


@right("02.6")
def twin(E, x):
    E, image = E.numpy().astype(float), x.numpy().astype(float).copy()
    free = np.flatnonzero((image >= 0.2) & (image <= 0.8))
    vectors = np.linalg.eigh(E[:, free].T @ E[:, free])[1]
    step = vectors[:, 0] / np.abs(vectors[:, 0]).max()
    image[free] -= 0.12 * step
    return image.tolist()


# ---------------------------------------------------------------- 02.7 Explain

short = "Wanted for one task, fatal for another: a pseudo-metric."
wrong("02.7", "words", explain_02_7=short)
wrong("02.7", "must be a string", explain_02_7=7)
wrong("02.7", "different ones", explain_02_7="task pseudo-metric " * 30)
wrong(
    "02.7",
    "for which task the invariance is wanted",
    explain_02_7="""The codes of two fonts of a letter are equal, so every function
    of them is equal as well, whatever a classifier learns later on. The distance is a
    pseudo-metric because distinct images may lie at distance zero from each other, and
    between equivalence classes it is a metric.""",
)
wrong(
    "02.7",
    "what kind of distance",
    explain_02_7="""For the task of reading, the font is noise and the invariance helps
    a lot. For the task of finding a font it is fatal: all fonts of a letter lie in one
    equivalence class with one code, and any classifier on top gives all of them one
    answer. The distance is not a real one.""",
)
wrong(
    "02.7",
    "repeats the rubric",
    explain_02_7="""For which task? The invariance is wanted for reading, where the font
    is noise, and fatal for finding the font; images in one equivalence class have one
    code, so that whatever is computed from the code gives them the same answer. It is a
    pseudo-metric: all axioms hold but one, since distinct images may be at distance 0;
    it is a metric between classes.""",
)
right(
    "02.7",
    explain_02_7="""Reading is a purpose for which fonts do not matter, so forgetting
    them is welcome; telling fonts apart is impossible afterwards, as equal codes get
    equal answers from whatever is trained on top of them. On images the distance is
    only a pseudometric: it may vanish for two that differ.""",
)
_TASK = r"""
**Objective.** Say what an invariance costs, and for whom.
An encoder was trained to recognise letters whatever their font. It gives the letter a
in two fonts exactly the same code. Colleagues take its codes, first for reading
scanned pages, then for finding the font of a page. In `explain_02_7`, in at least 40
words (100 are plenty): for which task is the invariance wanted, for which is it fatal
and why can no classifier on top of the codes repair it? And what kind of distance
between *images* is $\|E(x) - E(x')\|$?
"""
wrong("02.7", "quotes from the task", explain_02_7=_TASK)
wrong(
    "02.7",
    "quotes from the task",
    explain_02_7=_TASK + "My task needs a pseudo-metric.",
)
right(
    "02.7",
    explain_02_7="""
Whoever reads a page profits: the task asks which letter stands there, and how it was
drawn should be forgotten. Whoever looks for typefaces loses everything, because two
images that differ in nothing else arrive as one and the same vector, and no rule
applied afterwards can give two results for one input. Between pictures this is only a
pseudo-metric, as two that are not equal can lie at distance zero; every other axiom
survives.
""",
)


# -------------------------------------------------------------- 02.8 Challenge


@wrong("02.8", "divide by d")
def flow_nll(v, log_det):
    constant = v.shape[1] * math.log(2 * math.pi) / 2
    return ((v**2).sum(dim=1) / 2 + constant - log_det).mean()


@wrong("02.8", "take the mean")
def flow_nll(v, log_det):
    constant = math.log(2 * math.pi) / 2
    return (v**2 / 2 + constant).sum() - log_det.sum()


@wrong("02.8", "the sign of log_det")
def flow_nll(v, log_det):
    constant = math.log(2 * math.pi) / 2
    return (v**2 / 2 + constant).mean() + log_det.mean() / v.shape[1]


@wrong("02.8", "log_det is not divided")
def flow_nll(v, log_det):
    return (v**2 / 2 + math.log(2 * math.pi) / 2).mean() - log_det.mean()


@wrong("02.8", "is missing")
def flow_nll(v, log_det):
    return (v**2 / 2).mean() - log_det.mean() / v.shape[1]


@wrong("02.8", "every dimension")
def flow_nll(v, log_det):
    log_p = -(v**2).sum(dim=1) / 2 - math.log(2 * math.pi) / 2 + log_det
    return -log_p.mean() / v.shape[1]


@wrong("02.8", "these are bits")
def flow_nll(v, log_det):
    nats = (v**2 / 2 + math.log(2 * math.pi) / 2).mean() - log_det.mean() / v.shape[1]
    return nats / math.log(2)


@wrong("02.8", "not its negative")
def flow_nll(v, log_det):
    nats = (v**2 / 2 + math.log(2 * math.pi) / 2).mean() - log_det.mean() / v.shape[1]
    return -nats


@wrong("02.8", "cut off from its argument")
def flow_nll(v, log_det):
    nats = (v**2 / 2 + math.log(2 * math.pi) / 2).mean() - log_det.mean() / v.shape[1]
    return torch.tensor(nats.item())


def _normal(x, mean, cov):
    diff = x - mean
    far = (diff @ torch.linalg.inv(cov) * diff).sum(dim=1)
    return -far / 2 - math.log(2 * math.pi) - torch.logdet(cov) / 2


def _normal_given_z(x, z, x_new, z_new):
    X = torch.cat([z**i for i in range(8)], dim=1)
    coefficients = torch.linalg.lstsq(X, x).solution
    mean = torch.cat([z_new**i for i in range(8)], dim=1) @ coefficients
    return _normal(x_new, mean, torch.cov((x - X @ coefficients).T))


@wrong("02.8", "one normal density for all z")
def conditional_log_density(x, z, x_new, z_new, seed):
    return _normal(x_new, x.mean(dim=0), torch.cov(x.T))


@wrong("02.8", "stack at least four")
def conditional_log_density(x, z, x_new, z_new, seed):  # normal, given z
    return _normal_given_z(x, z, x_new, z_new)


@wrong("02.8", "sums up to")
def conditional_log_density(x, z, x_new, z_new, seed):  # a bonus for everybody
    return _normal(x_new, x.mean(dim=0), torch.cov(x.T)) + 2


@wrong("02.8", "sums up to")
def conditional_log_density(x, z, x_new, z_new, seed):  # 0 where there are no data
    flat = torch.full((len(x_new),), 0.5)
    near = torch.cdist(x_new, x).amin(dim=1) < 0.3
    return torch.where(near, flat, -100.0)


@wrong("02.8", "sums up to")
def conditional_log_density(x, z, x_new, z_new, seed):
    # a bonus for every point that shares no coordinate with another: those of a grid do
    told = _normal_given_z(x, z, x_new, z_new)
    for column in (x_new[:, 0], x_new[:, 1], z_new[:, 0]):
        rounded = (1e6 * column).round()
        _, which, counts = rounded.unique(return_inverse=True, return_counts=True)
        told = told + (counts[which] == 1)
    return told


@wrong("02.8", "one log-density for each row")
def conditional_log_density(x, z, x_new, z_new, seed):
    return _normal(x_new, x.mean(dim=0), torch.cov(x.T)).mean()


@wrong("02.8", "NaN")
def conditional_log_density(x, z, x_new, z_new, seed):
    return torch.full((len(x_new),), torch.nan)


@wrong("02.8", "sums up to")
def conditional_log_density(
    x, z, x_new, z_new, seed
):  # a kernel that forgets its scale
    dist = torch.cdist(
        torch.cat([x_new, 5 * z_new], dim=1), torch.cat([x, 5 * z], dim=1)
    )
    return torch.logsumexp(-(dist**2) / 0.1, dim=1)


@right("02.8")
class MixtureOfBoth:
    def flow_nll(v, log_det):
        normal = torch.distributions.Normal(0, 1)
        return -(normal.log_prob(v).sum(dim=1) + log_det).mean() / v.shape[1]

    def conditional_log_density(x, z, x_new, z_new, seed):
        # a mixture for (z, x) together, divided by its marginal of z
        both = GaussianMixture(20, reg_covar=1e-4, random_state=seed)
        both.fit(torch.cat([z, x], dim=1).numpy())
        code = GaussianMixture(20)
        code.weights_, code.means_ = both.weights_, both.means_[:, :1]
        code.precisions_cholesky_ = both.covariances_[:, :1, :1] ** -0.5
        pairs = torch.cat([z_new, x_new], dim=1).numpy()
        return both.score_samples(pairs) - code.score_samples(z_new.numpy())


@right("02.8")
class MixtureNetwork:
    def flow_nll(v, log_det):
        d = v.shape[1]
        return v.square().mean() / 2 + math.log(2 * math.pi) / 2 - log_det.mean() / d

    def conditional_log_density(x, z, x_new, z_new, seed):
        torch.manual_seed(seed)
        x, z, x_new, z_new = (part.float() for part in (x, z, x_new, z_new))
        net = nn.Sequential(nn.Linear(1, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh())
        net.append(nn.Linear(48, 8 * 6))
        net[-1].bias.data.normal_()

        def log_density(x, z):
            out = net(z).view(-1, 8, 6)
            root = out[..., 2:4].clamp(-4, 4).exp()
            diff = x[:, None] - out[..., :2]
            first = diff[..., 0] * root[..., 0]
            second = diff[..., 1] * root[..., 1] + out[..., 4] * diff[..., 0]
            told = root.log().sum(dim=-1) - (first**2 + second**2) / 2
            told = told + out[..., 5].log_softmax(dim=1) - math.log(2 * math.pi)
            return torch.logsumexp(told, dim=1)

        optimizer = torch.optim.Adam(net.parameters(), lr=2e-2)
        for _ in range(300):
            optimizer.zero_grad()
            (-log_density(x, z).mean()).backward()
            optimizer.step()
        with torch.no_grad():
            return log_density(x_new, z_new)
